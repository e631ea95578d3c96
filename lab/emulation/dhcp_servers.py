"""Asking the DHCP servers in VMs what they lease, over the control socket that each has in its VM (Kea)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final

from lab.emulation import guest_files
from lab.engine import dhcp6_config
from lab.errors import printable

FOLDER: Final = "/run/kea"
"""Where a VM has its DHCP server's files."""
SOCKET: Final = f"{FOLDER}/control.sock"
SOCKET6: Final = f"{dhcp6_config.FOLDER}/control.sock"
SERVING: Final = ("", "load-balancing", "hot-standby", "partner-down")
"""The states of a relationship in which a server answers clients; empty for one without a relationship."""

_TIMEOUT_S: Final = 5.0
_LONGEST: Final = 64 << 20
_LAST: Final = 1 << 40
"""No lease ends later, in seconds of the epoch."""
_EMPTY: Final = 3
"""The result of a command that has found nothing."""


@dataclass(frozen=True, slots=True)
class Lease:
    """One lease, as a server knows it. ``state``: 0 is in use, 1 declined, 2 given back.

    ``expires`` in seconds of the epoch.
    """

    ip: str
    mac: str
    host_name: str
    state: int
    expires: int


@dataclass(frozen=True, slots=True)
class Lease6:
    """One lease of IPv6, as a server knows it; of ``state`` and ``expires`` as :class:`Lease` tells it."""

    ip: str
    duid: str
    iaid: int
    host_name: str
    state: int
    expires: int


@dataclass(frozen=True, slots=True)
class Answer6:
    """What a DHCPv6 server says: its leases; or why it says nothing."""

    leases: tuple[Lease6, ...] = ()
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server says: its leases, and the state of its failover relationship; or why it says nothing."""

    leases: tuple[Lease, ...] = ()
    failover: str = ""
    fault: str = ""


def ask(names: Iterable[str], pids: Mapping[str, int]) -> dict[str, Answer]:
    """Ask the servers in the named VMs; ``pids``: a process of each machine. Inside the pod only."""
    return {name: _ask(pids[name]) if name in pids else Answer(fault="the VM is off") for name in names}


def ask6(names: Iterable[str], pids: Mapping[str, int]) -> dict[str, Answer6]:
    """Ask the DHCPv6 servers in the named VMs; ``pids``: a process of each machine. Inside the pod only."""
    return {name: _ask6(pids[name]) if name in pids else Answer6(fault="the VM is off") for name in names}


def _ask6(pid: int) -> Answer6:
    try:
        leases = _command(pid, SOCKET6, "lease6-get-all")
        return Answer6(tuple(map(_lease6, leases.get("leases", []))))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, OverflowError) as error:
        return Answer6(fault=f"it does not answer: {error}")  # the guest's own program may say anything


def _lease6(found: Mapping[str, Any]) -> Lease6:
    return Lease6(
        ip=str(IPv6Address(found["ip-address"])),
        duid=str(found["duid"]),
        iaid=int(found["iaid"]),
        host_name=str(found.get("hostname", "")).rstrip("."),
        state=int(found["state"]),
        expires=_expiry(found),
    )


def _ask(pid: int) -> Answer:
    try:
        leases = _command(pid, SOCKET, "lease4-get-all")
        status = _command(pid, SOCKET, "status-get")
        return Answer(tuple(map(_lease, leases.get("leases", []))), _failover(status))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, OverflowError) as error:
        return Answer(fault=f"it does not answer: {error}")  # the guest's own program may say anything


def _command(pid: int, path: str, name: str) -> dict[str, Any]:
    question = json.dumps({"command": name}).encode()
    said = guest_files.ask(pid, path, question, timeout_s=_TIMEOUT_S, longest=_LONGEST)
    try:
        answer = json.loads(said)
    except RecursionError as error:
        raise ValueError("its answer is too deep") from error
    if answer["result"] not in (0, _EMPTY):
        raise ValueError(printable(str(answer.get("text", "no reason given"))))
    arguments = answer.get("arguments", {})
    return arguments if isinstance(arguments, dict) else {}


def _lease(found: Mapping[str, Any]) -> Lease:
    return Lease(
        ip=str(IPv4Address(found["ip-address"])),
        mac=str(found["hw-address"]),
        host_name=str(found.get("hostname", "")),
        state=int(found["state"]),
        expires=_expiry(found),
    )


def _expiry(found: Mapping[str, Any]) -> int:
    return max(0, min(int(found["cltt"]) + int(found["valid-lft"]), _LAST))


def _failover(status: Mapping[str, Any]) -> str:
    relations = status.get("high-availability", [])
    return str(relations[0]["ha-servers"]["local"]["state"]) if relations else ""
