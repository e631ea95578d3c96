"""The sessions of hosts' NATs, as their kernels know them (Get-NetNatSession). Runs inside the pod."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final

from lab.emulation.netns import network_of
from lab.model.nat import NetNat
from lab.model.objects import LabModel

_TABLE: Final = Path("/proc/thread-self/net/nf_conntrack")
_ENTRY: Final = re.compile(r"ipv4 +\d+ (?P<protocol>\w+) +\d+ (?P<seconds>\d+)")
_FIELD: Final = re.compile(r"\b(src|dst|sport|dport|id)=(\S+)")


@dataclass(frozen=True, slots=True)
class Session:
    """What a NAT translates now: the ends with their ports, and how long it is remembered without a packet."""

    host: str
    nat: str
    protocol: str
    internal: str
    external: str
    remote: str
    seconds: int


def sessions(model: LabModel, pids: Mapping[str, int]) -> list[Session]:
    """Return the sessions of all hosts that have a NAT; ``pids``: a process of each machine."""
    found: list[Session] = []
    for host in model.hosts:
        if host.nats and host.name in pids:
            with network_of(pids[host.name]):
                lines = _TABLE.read_text().splitlines() if _TABLE.exists() else []
            for nat in host.nats:
                found += sorted(_sessions(host.name, nat, lines), key=lambda s: (s.internal, s.remote, s.external))
    return found


def _sessions(host: str, nat: NetNat, lines: list[str]) -> Iterator[Session]:
    for line in lines:
        entry, fields = _ENTRY.match(line), _FIELD.findall(line)
        ends = [value for name, value in fields if name in ("src", "dst")]
        if entry is None or len(ends) != 4:
            continue
        ports = [value for name, value in fields if name in ("sport", "dport")]
        asked, answer = _with_ports(ends[:2], ports[:2]), _with_ports(ends[2:], ports[2:])
        within = [IPv4Address(each) in nat.prefix for each in ends]
        if within[0] and not within[1]:
            inside, outside, remote = asked[0], answer[1], asked[1]
        elif within[2] and not within[1]:
            inside, outside, remote = answer[0], asked[1], asked[0]
        else:
            continue
        yield Session(host, nat.name, entry["protocol"].upper(), inside, outside, remote, int(entry["seconds"]))


def _with_ports(ends: list[str], ports: list[str]) -> list[str]:
    return [f"{end}:{port}" for end, port in zip(ends, ports, strict=True)] if len(ports) == len(ends) else ends
