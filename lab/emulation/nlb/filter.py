"""What a member accepts, as rules of nftables: replaced as a whole, in one transaction.

All members get every frame for the cluster. Of what is for its IP address a member takes ICMP, connections of TCP that
are its own, and what begins in its buckets; everything else it drops without a word, for another member has it. A
packet in the middle of a connection that this member does not know belongs to somebody else, whoever has the bucket
now.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from .buckets import EVERY_BUCKET, spans
from .setup import Rule, Setup

NFT: Final = ("nft", "-f", "-")
TABLE: Final = "hvlab_nlb"

Buckets = Sequence[frozenset[int]]

_PROTOCOLS: Final = {"Both": ("tcp", "udp"), "Tcp": ("tcp",), "Udp": ("udp",)}
_KEYS: Final = {"None": "ip saddr . {} sport", "Single": "ip saddr", "Network": "@nh,96,24"}
"""What of a packet decides, by affinity. The bits are the first three octets of the source address."""


def cluster(setup: Setup, owned: Buckets, kept: Buckets, *, started: bool) -> str:
    """Return the rules of a member with these buckets of each port rule, the default host's last.

    ``kept`` are those in which it may have connections, at least those it owns: TCP in the others is dropped first of
    all, before the kernel looks for its connection. One that is not started takes nothing that is for the cluster.
    """
    return "".join((_disguise(setup), _resolution(setup, started), _acceptance(setup, owned, kept, started)))


def none() -> str:
    """Return what removes all rules of a member, whatever there is of them."""
    return "".join(_forget(family) for family in ("netdev", "arp", "ip"))


def _forget(family: str) -> str:
    return f"table {family} {TABLE}\ndelete table {family} {TABLE}\n"


def _disguise(setup: Setup) -> str:
    """Unicast: no frame leaves with the cluster's address as its source, nor for another member of the cluster."""
    if not setup.is_unicast:
        return _forget("netdev")
    return f"""{_forget("netdev")}table netdev {TABLE} {{
  chain sent {{
    type filter hook egress device "{setup.device}" priority 0; policy accept;
    ether daddr {setup.cluster_mac} drop
    ether saddr {setup.cluster_mac} ether saddr set {setup.sent_from}
  }}
}}
"""


def _resolution(setup: Setup, started: bool) -> str:
    """Multicast: the cluster's IP address has the cluster's MAC address. Who is not started does not answer for it."""
    silence = "" if started else f"arp daddr ip {setup.vip} drop"
    answer = "" if setup.is_unicast else f"arp saddr ip {setup.vip} arp saddr ether set {setup.cluster_mac}"
    return f"""{_forget("arp")}table arp {TABLE} {{
  chain asked {{
    type filter hook input priority 0; policy accept;
    {silence}
  }}
  chain told {{
    type filter hook output priority 0; policy accept;
    {answer}
  }}
}}
"""


def _acceptance(setup: Setup, owned: Buckets, kept: Buckets, started: bool) -> str:
    # Linux takes no TCP that came in a frame to many.
    own = "" if setup.is_unicast else "meta pkttype set host"
    rules = list(_rules(setup, owned)) if started else []
    first = [each for each in _rules(setup, kept, ("tcp",)) if each[1] != _ALL] if started else []
    others = "accept" if started and owned[-1] else "drop"
    mine = (
        "    ip protocol icmp accept\n"
        "    ct direction reply ct state established,related accept\n"
        "    ip protocol tcp ct state established accept\n"
        "    ip protocol tcp tcp flags & (fin | syn | rst | ack) != syn drop\n"
    )
    return f"""{_forget("ip")}table ip {TABLE} {{
{_chains("early", first)}{_chains("rule", rules)}  chain first {{
    type filter hook prerouting priority raw; policy accept;
    iifname != "{setup.device}" accept
    ip daddr != {setup.vip} accept
{_jumps("early", first)}  }}
  chain got {{
    type filter hook prerouting priority mangle; policy accept;
    iifname != "{setup.device}" accept
    ip daddr != {setup.vip} accept
    {own}
{mine if started else ""}{_jumps("rule", rules)}    {others}
  }}
}}
"""


_Decisions = Sequence[tuple[str, str]]
"""What packets are meant, and what is done with them."""


def _chains(name: str, decisions: _Decisions) -> str:
    return "".join(f"  chain {name}_{at} {{\n{text}  }}\n" for at, (_, text) in enumerate(decisions))


def _jumps(name: str, decisions: _Decisions) -> str:
    return "".join(f"    {match} goto {name}_{at}\n" for at, (match, _) in enumerate(decisions))


def _rules(setup: Setup, buckets: Buckets, protocols: Sequence[str] = ("tcp", "udp")) -> Iterator[tuple[str, str]]:
    """Yield, for each port rule and protocol, what it is about, and what is done with that."""
    for rule, mine in zip(setup.rules, buckets, strict=False):
        for protocol in _PROTOCOLS[rule.protocol]:
            if protocol in protocols:
                yield f"{protocol} dport {rule.start}-{rule.end}", _decision(setup, rule, protocol, mine)


def _decision(setup: Setup, rule: Rule, protocol: str, mine: frozenset[int]) -> str:
    if not mine:
        return _NOTHING
    if mine == EVERY_BUCKET:
        return _ALL
    key = _KEYS[rule.affinity].format(protocol)
    verdicts = ", ".join(
        f"{first}-{last} : accept" if last > first else f"{first} : accept" for first, last in spans(mine)
    )
    return f"    jhash {key} mod 60 seed {setup.seed:#x} vmap {{ {verdicts} }}\n    drop\n"


_ALL: Final = "    accept\n"
_NOTHING: Final = "    drop\n"
