"""nftables rule sets: what the Linux kernel must not see, and what a router or a strong host does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from lab.model.nat import ANY_ADDRESS, NatMapping, NetNat

NFT: Final = ("nft", "-f", "-")

_BLIND: Final = "hvlab_blind"
_RELAY: Final = "hvlab_relay"


def blind_ports(devices: Iterable[str]) -> str:
    """Return rules after which the IP stack sees no frame of the given devices; Open vSwitch still gets all of them.

    OVS in userspace taps a device before its ingress hook. Without this the host's own stack would answer, past the
    switch, for what arrives at the switch's side of a cable.
    """
    chains = "\n".join(
        f'  chain on_{device} {{ type filter hook ingress device "{device}" priority 0; policy drop; }}'
        for device in sorted(devices)
    )
    return f"table netdev {_BLIND} {{\n{chains}\n}}\n"


def see_port(device: str) -> str:
    """Return rules that undo :func:`blind_ports` for one device, whether it was done or not."""
    return f"{blind_ports([device])}delete chain netdev {_BLIND} on_{device}\n"


def relay(near: str, far: str) -> str:
    """Return rules after which what arrives at either of two devices leaves by the other one, and nobody else sees it.

    What leaves is a copy: the frame itself would still count against the buffer of the socket that it was sent from.
    They come before those of :func:`blind_ports`.
    """
    chains = "\n".join(
        f'  chain {_from(device)} {{ type filter hook ingress device "{device}" priority -1; policy drop; }}'
        for device in (near, far)
    )
    rules = "".join(
        f'flush chain netdev {_RELAY} {_from(one)}\nadd rule netdev {_RELAY} {_from(one)} dup to "{other}"\n'
        for one, other in ((near, far), (far, near))
    )
    return f"table netdev {_RELAY} {{\n{chains}\n}}\n{rules}"


def no_relay(near: str, far: str) -> str:
    """Return rules that undo :func:`relay`, whether it was done or not."""
    gone = "".join(f"delete chain netdev {_RELAY} {_from(device)}\n" for device in (near, far))
    return relay(near, far) + gone


def _from(device: str) -> str:
    return f"from_{device}"


_FORGET: Final = """
add table inet hvlab_strong_host
delete table inet hvlab_strong_host
"""

_STRONG_HOST: Final = """
table inet hvlab_strong_host {
  chain prerouting {
    type filter hook prerouting priority raw; policy accept;
    iif "lo" accept
    fib daddr type local fib daddr . iif type != local drop
  }
}
"""


def strong_host(wanted: bool) -> str:
    """Return rules after which a machine accepts only what is for the very interface it came in by, or any no more.

    RFC 1122 3.3.4.2; Windows does so since Vista.
    """
    return _FORGET + (_STRONG_HOST if wanted else "")


_FROM_INSIDE: Final = 0x6876
"""The mark of what a NAT forwards from inside: what the host itself sends from an address there is not translated."""

_FORGET_NAT: Final = """
add table ip hvlab_netnat
delete table ip hvlab_netnat
"""


def translate(nats: Sequence[NetNat], *, routes: bool) -> str:
    """Return the rules of a host's NATs in place of those it had; none is no NAT any more.

    What comes from a prefix leaves with the address of the interface it leaves by, and answers come back. Nothing
    else is forwarded, unless the host ``routes``.
    """
    return _FORGET_NAT + (_translating(nats, routes) if nats else "")


def _translating(nats: Sequence[NetNat], routes: bool) -> str:
    mappings = "\n".join(f"    ip saddr != {nat.prefix} {_mapping(each)}" for nat in nats for each in nat.mappings)
    mark = f"ct state new meta mark set {_FROM_INSIDE} accept"
    inside = "\n".join(f"    ip saddr {nat.prefix} ip daddr != {nat.prefix} {mark}" for nat in nats)
    others = "accept" if routes else "drop"
    return f"""
table ip hvlab_netnat {{
  chain prerouting {{
    type nat hook prerouting priority dstnat;
{mappings}
  }}
  chain postrouting {{
    type nat hook postrouting priority srcnat;
    meta mark {_FROM_INSIDE} masquerade
  }}
  chain forward {{
    type filter hook forward priority 0; policy accept;
    ct state established,related accept
{inside}
    ct status dnat accept
    {others}
  }}
}}
"""


def _mapping(mapping: NatMapping) -> str:
    where = "fib daddr type local" if mapping.external_ip == ANY_ADDRESS else f"ip daddr {mapping.external_ip}"
    port = f"{mapping.protocol.lower()} dport {mapping.external_port}"
    return f"{where} {port} dnat to {mapping.internal_ip}:{mapping.internal_port}"


_SHOW: Final = """
add table ip hvlab_nat
delete table ip hvlab_nat
"""


def hide_behind(device: str) -> str:
    """Return a router's rules in place of those it had: IPv4 leaves `device` with its address, nothing gets in unasked.

    An empty `device` hides nothing any more.
    """
    return _SHOW + (_hiding(device) if device else "")


def _hiding(device: str) -> str:
    return f"""
table ip hvlab_nat {{
  chain postrouting {{ type nat hook postrouting priority srcnat; oifname "{device}" masquerade; }}
  chain forward {{
    type filter hook forward priority 0; policy accept;
    iifname "{device}" ct state new,invalid drop
    oifname "{device}" ct state invalid drop
  }}
}}
"""
