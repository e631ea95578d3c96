"""The settings of network adapters that a topology script gives by name (see :mod:`lab.model.host_builder`).

A setting is a keyword of the calls that add an adapter, a field of :class:`~lab.model.objects.NetworkAdapter`, and one
line in each of the two tables here: what may be written, and how it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypedDict

from lab.model import acl_builder
from lab.model.acl_builder import WrittenAcl, WrittenExtendedAcl
from lab.model.isolation import IsolationSettings
from lab.model.kinds import PortMirroring
from lab.model.names import quoted
from lab.model.reading import Reader
from lab.model.rules.mistakes import known
from lab.model.vlan import VlanSettings

Vlan = VlanSettings | int | None


class ManagementAdapterSettings(TypedDict, total=False):
    """What can be given to an adapter of the management OS."""

    mac: str
    vlan: Vlan
    acls: Sequence[WrittenAcl] | WrittenAcl
    extended_acls: Sequence[WrittenExtendedAcl] | WrittenExtendedAcl
    port_mirroring: PortMirroring | str
    team_mapping: str
    isolation: IsolationSettings
    ieee_priority_tag: bool
    maximum_bandwidth: int
    minimum_bandwidth_weight: int
    minimum_bandwidth_absolute: int


class VmAdapterSettings(ManagementAdapterSettings, total=False):
    """What can be given to an adapter of a VM."""

    mac_spoofing: bool
    mtu: int
    dhcp_guard: bool
    router_guard: bool
    storm_limit: int
    allow_teaming: bool


def _flag(name: str) -> Callable[[Reader, Any], bool]:
    return lambda read, value: read.flag(name, value, False)


def _number(name: str, fallback: int = 0) -> Callable[[Reader, Any], int]:
    return lambda read, value: read.number(name, value, fallback)


def _mirroring(read: Reader, value: object) -> PortMirroring:
    return read.choice("port_mirroring", value, PortMirroring, PortMirroring.NONE)


_READ: Final[Mapping[str, Callable[[Reader, Any], Any]]] = {
    "mac": Reader.mac,
    "vlan": Reader.vlan,
    "acls": acl_builder.port_acls,
    "extended_acls": acl_builder.extended_acls,
    "port_mirroring": _mirroring,
    "team_mapping": lambda read, value: read.name("NIC", value, ""),
    "isolation": Reader.isolation,
    "ieee_priority_tag": _flag("ieee_priority_tag"),
    "mac_spoofing": _flag("mac_spoofing"),
    "mtu": _number("mtu", 1500),
    "dhcp_guard": _flag("dhcp_guard"),
    "allow_teaming": _flag("allow_teaming"),
    "router_guard": _flag("router_guard"),
    "maximum_bandwidth": _number("maximum_bandwidth"),
    "storm_limit": _number("storm_limit"),
    "minimum_bandwidth_weight": _number("minimum_bandwidth_weight"),
    "minimum_bandwidth_absolute": _number("minimum_bandwidth_absolute"),
}


def read_settings(read: Reader, given: Mapping[str, object], kind: type[ManagementAdapterSettings]) -> dict[str, Any]:
    """Return the fields of a network adapter that were given, all of one `kind`; what is not of it is a mistake."""
    found = {}
    for name, value in given.items():
        if name in kind.__annotations__:
            found[name] = _READ[name](read, value)
        elif name in _READ:
            read.mistake(f"{quoted(read.owner)} is an adapter of the management OS and cannot have {quoted(name)}")
        else:
            remedy = known(sorted(kind.__annotations__), name)
            read.mistake(f"{quoted(read.owner)} has the setting {quoted(name)}, which does not exist", remedy)
    return found
