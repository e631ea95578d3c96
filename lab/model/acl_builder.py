"""How a topology script writes the entries of access lists (see :mod:`lab.model.acl`).

>>> deny(remote="ANY")                                  # in both directions: two entries, as the cmdlet makes them
>>> allow(remote="192.168.1.0/24", direction="Inbound")
>>> meter(remote="0.0.0.0/0", direction="Outbound")
>>> extended_allow(10, "Inbound", protocol="TCP", local_port=80, stateful=True)
>>> extended_deny(1, "Inbound")

What they return is read where it is given to an adapter: there mistakes are reported, with its name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Final

from lab.model.acl import (
    ALL_PORTS,
    ANY,
    DEFAULT_IDLE_S,
    PROTOCOLS,
    AclAction,
    AclDirection,
    AclSide,
    ExtendedAcl,
    PortAcl,
    Ports,
)
from lab.model.addresses import Network
from lab.model.names import quoted
from lab.model.reading import Reader, shown

_BOTH: Final = "Both"
_PORTS: Final = re.compile(r"\s*([0-9]{1,5})\s*(?:-\s*([0-9]{1,5})\s*)?")


@dataclass(frozen=True, slots=True)
class WrittenAcl:
    """Entries of a port ACL as somebody wrote them."""

    action: AclAction
    direction: object
    local: object
    remote: object
    local_mac: object
    remote_mac: object


@dataclass(frozen=True, slots=True)
class WrittenExtendedAcl:
    """An extended entry as somebody wrote it."""

    action: AclAction
    weight: object
    direction: object
    local: object
    remote: object
    local_port: object
    remote_port: object
    protocol: object
    stateful: object
    idle_s: object


def allow(
    *, remote: str = "", local: str = "", direction: str = _BOTH, remote_mac: str = "", local_mac: str = ""
) -> WrittenAcl:
    """Return the entry ``-Action Allow`` for one address, prefix or ``ANY`` (Add-VMNetworkAdapterAcl)."""
    return WrittenAcl(AclAction.ALLOW, direction, local, remote, local_mac, remote_mac)


def deny(
    *, remote: str = "", local: str = "", direction: str = _BOTH, remote_mac: str = "", local_mac: str = ""
) -> WrittenAcl:
    """Return the entry ``-Action Deny`` for one address, prefix or ``ANY`` (Add-VMNetworkAdapterAcl)."""
    return WrittenAcl(AclAction.DENY, direction, local, remote, local_mac, remote_mac)


def meter(*, remote: str = "", local: str = "", direction: str = _BOTH) -> WrittenAcl:
    """Return the entry ``-Action Meter``: it counts bytes (Add-VMNetworkAdapterAcl)."""
    return WrittenAcl(AclAction.METER, direction, local, remote, "", "")


def extended_allow(  # noqa: PLR0913 - settings given by name
    weight: int,
    direction: str,
    *,
    local: str = ANY,
    remote: str = ANY,
    local_port: str | int = ANY,
    remote_port: str | int = ANY,
    protocol: str | int = ANY,
    stateful: bool = False,
    idle_s: int = DEFAULT_IDLE_S,
) -> WrittenExtendedAcl:
    """Return an extended entry with ``-Action Allow``; ``stateful``: answers pass too, for ``idle_s`` seconds."""
    return WrittenExtendedAcl(
        AclAction.ALLOW, weight, direction, local, remote, local_port, remote_port, protocol, stateful, idle_s
    )


def extended_deny(  # noqa: PLR0913 - settings given by name
    weight: int,
    direction: str,
    *,
    local: str = ANY,
    remote: str = ANY,
    local_port: str | int = ANY,
    remote_port: str | int = ANY,
    protocol: str | int = ANY,
) -> WrittenExtendedAcl:
    """Return an extended entry with ``-Action Deny``."""
    return WrittenExtendedAcl(
        AclAction.DENY, weight, direction, local, remote, local_port, remote_port, protocol, False, DEFAULT_IDLE_S
    )


def port_acls(read: Reader, value: object) -> tuple[PortAcl, ...]:
    """Return port ACL entries, given as one or a list."""
    found: list[PortAcl] = []
    for each in _items(value):
        if isinstance(each, WrittenAcl):
            found += _port_entries(read, each)
        else:
            read.mistake(
                f"acls of {quoted(read.owner)} has {shown(each)}", "expected allow(...), deny(...), meter(...)"
            )
    return tuple(found)


def extended_acls(read: Reader, value: object) -> tuple[ExtendedAcl, ...]:
    """Return extended ACL entries, given as one or a list."""
    found: list[ExtendedAcl] = []
    for each in _items(value):
        if isinstance(each, WrittenExtendedAcl):
            found += _extended_entry(read, each)
        else:
            read.mistake(
                f"extended_acls of {quoted(read.owner)} has {shown(each)}",
                "expected extended_allow(...) or extended_deny(...)",
            )
    return tuple(found)


def _items(value: object) -> tuple[object, ...]:
    if value is None:
        return ()
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _port_entries(read: Reader, written: WrittenAcl) -> list[PortAcl]:
    given = [
        (side, is_mac, value)
        for side, is_mac, value in (
            (AclSide.LOCAL, False, written.local),
            (AclSide.REMOTE, False, written.remote),
            (AclSide.LOCAL, True, written.local_mac),
            (AclSide.REMOTE, True, written.remote_mac),
        )
        if value not in ("", None)
    ]
    if len(given) != 1:
        read.mistake(
            f"a port ACL entry of {quoted(read.owner)} has {len(given)} addresses, expected one",
            'write one of local="...", remote="...", local_mac="...", remote_mac="..."',
        )
        return []
    directions = _directions(read, written.direction)
    side, is_mac, value = given[0]
    if is_mac:
        mac = ANY if _is_any(value) else read.mac(value)
        return [PortAcl(written.action, each, side, mac=mac) for each in directions if mac]
    good, prefix = _prefix(read, value)
    return [PortAcl(written.action, each, side, prefix) for each in directions if good]


def _directions(read: Reader, value: object) -> tuple[AclDirection, ...]:
    if isinstance(value, str) and value.casefold() == _BOTH.casefold():
        return (AclDirection.INBOUND, AclDirection.OUTBOUND)
    found = _direction(value)
    if found is None:
        read.mistake(
            f"the direction of a port ACL entry of {quoted(read.owner)} is {shown(value)}",
            "expected Inbound, Outbound or Both",
        )
    return (found,) if found else ()


def _direction(value: object) -> AclDirection | None:
    return next((each for each in AclDirection if isinstance(value, str) and value.casefold() == each.casefold()), None)


def _extended_entry(read: Reader, written: WrittenExtendedAcl) -> list[ExtendedAcl]:
    before = len(read.notes.mistakes)
    direction = _direction(written.direction)
    if direction is None:
        read.mistake(
            f"the direction of an extended ACL entry of {quoted(read.owner)} is {shown(written.direction)}",
            "expected Inbound or Outbound",
        )
    entry = ExtendedAcl(
        read.number("weight", written.weight, 1),
        written.action,
        direction or AclDirection.INBOUND,
        _prefix(read, written.local)[1],
        _prefix(read, written.remote)[1],
        _ports(read, "local_port", written.local_port),
        _ports(read, "remote_port", written.remote_port),
        _protocol(read, written.protocol),
        read.flag("stateful", written.stateful, False),
        read.number("idle_s", written.idle_s, DEFAULT_IDLE_S),
    )
    return [entry] if len(read.notes.mistakes) == before else []


def _is_any(value: object) -> bool:
    return isinstance(value, str) and value.strip().upper() == ANY


def _prefix(read: Reader, value: object) -> tuple[bool, Network | None]:
    """Return whether a prefix can be read, and it; None for ANY."""
    if _is_any(value):
        return True, None
    try:
        return True, ip_network(value.strip() if isinstance(value, str) else repr(value))
    except ValueError as error:
        why = "it has host bits set" if "host bits" in str(error) else "it is no IP address or prefix"
        read.mistake(
            f"an ACL entry of {quoted(read.owner)} has the address {shown(value)}: {why}",
            "write it like 192.168.1.0/24, 2001:db8::/32, 192.168.1.10 or ANY",
        )
        return False, None


def _ports(read: Reader, what: str, value: object) -> Ports:
    if _is_any(value):
        return ALL_PORTS
    plain = isinstance(value, str | int) and not isinstance(value, bool)
    found = _PORTS.fullmatch(str(value)) if plain else None
    first = int(found[1]) if found else 1
    last = int(found[2] or first) if found else 0
    if first > last or last > ALL_PORTS[1]:
        read.mistake(
            f"{what} of an extended ACL entry of {quoted(read.owner)} is {shown(value)}",
            "expected a port such as 80, a range such as 49152-49182, or ANY",
        )
        return ALL_PORTS
    return first, last


def _protocol(read: Reader, value: object) -> int | None:
    if _is_any(value):
        return None
    text = str(value).strip().upper() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    number = PROTOCOLS.get(text, int(text) if text.isascii() and text.isdigit() and len(text) <= 3 else -1)
    if 0 <= number <= 255:
        return number
    read.mistake(
        f"the protocol of an extended ACL entry of {quoted(read.owner)} is {shown(value)}",
        "expected TCP, UDP, a number from 0 to 255 (ICMP is 1), or ANY",
    )
    return None
