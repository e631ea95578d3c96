"""What differs between two models, in Hyper-V's words: the plan that ``hvlab apply`` shows.

An object is what has a name: host, NIC, switch, VM, adapter, physical network, router, computer. It is added, removed,
or changed, with one :class:`Change` for each setting. What an added or removed object contains is not listed again.
The order of things means nothing, but for adapters: a VM numbers them, and the first on a switch has its NIC's MAC.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

from lab.model.acl import ExtendedAcl, PortAcl
from lab.model.addresses import IpSettings, StaticRoute, hyperv_mac
from lab.model.advertising import RouterAdvertisements
from lab.model.boot import BootFile, BootProgram
from lab.model.dhcp import DhcpOption, DhcpPolicy, DhcpRange, DhcpReservation, DhcpScope
from lab.model.dhcp6 import DhcpOption6, DhcpRange6, DhcpReservation6, DhcpScope6
from lab.model.isolation import IsolationSettings
from lab.model.kinds import VMState
from lab.model.names import vethernet
from lab.model.nat import NatMapping
from lab.model.nlb import NlbNode
from lab.model.objects import HypervHost, LabModel, NetworkAdapter, PhysicalNetwork, VirtualMachine, VlanInterface
from lab.model.recorded import Setting
from lab.model.vlan import VlanSettings

Action = Literal["remove", "change", "add"]

_ACTIONS: Final = ("remove", "change", "add")

_LABELS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "acls": "port ACL",
        "adapters": "adapters",
        "allow_teaming": "AllowTeaming",
        "ageing_s": "ageing time in seconds",
        "boot_device": "BootDevice",
        "bandwidth_reservation": "BandwidthReservationMode",
        "default_flow_minimum_bandwidth_absolute": "DefaultFlowMinimumBandwidthAbsolute in bits per second",
        "default_flow_minimum_bandwidth_weight": "DefaultFlowMinimumBandwidthWeight",
        "dhcp_guard": "DhcpGuard",
        "dhcp_relay": "DHCP servers of the relay agent",
        "lease_duration_s": "lease duration in seconds",
        "max_client_lead_time_s": "MaxClientLeadTime in seconds",
        "reserve_percent": "ReservePercent",
        "scope_ids": "scopes",
        "server_role": "ServerRole",
        "files": "boot files",
        "installed": "operating system installed",
        "real_machine": "real machine",
        "recorded": "recorded settings",
        "programs": "boot programs",
        "use_dhcp_ports": "UseDhcpPorts",
        "enabled": "enabled",
        "extensions": "enabled extensions",
        "extended_acls": "extended ACL",
        "forwarding": "IP forwarding",
        "guest_mac": "MAC address in the guest",
        "ip": "addresses",
        "igmp_snooping": "IGMP snooping",
        "ieee_priority_tag": "IeeePriorityTag",
        "integration_services": "integration services",
        "interruption_s": "interruption in seconds",
        "learning": "learning mode",
        "mac": "MAC address",
        "mappings": "static mappings",
        "mac_address_maximum": "MacAddressMaximum",
        "mac_address_minimum": "MacAddressMinimum",
        "maximum_bandwidth": "MaximumBandwidth in bits per second",
        "mac_spoofing": "MacAddressSpoofing",
        "minimum_bandwidth_absolute": "MinimumBandwidthAbsolute in bits per second",
        "minimum_bandwidth_weight": "MinimumBandwidthWeight",
        "mtu": "MTU",
        "nat": "NAT",
        "network": "physical network",
        "nics": "NICs",
        "nlb": "NLB node",
        "connected": "cable plugged in",
        "embedded_teaming": "EnableEmbeddedTeaming",
        "load_balancing": "LoadBalancingAlgorithm",
        "team_mapping": "NIC of the team mapping",
        "mirror_external_port": "port mirroring of the external port",
        "port_mirroring": "PortMirroring",
        "prefix": "InternalIPInterfaceAddressPrefix",
        "advertisements": "Advertising",
        "preferred_lifetime_s": "preferred lifetime in seconds",
        "resource_metering": "resource metering",
        "router_advertisements": "Advertising",
        "router_guard": "RouterGuard",
        "speed": "speed in bits per second",
        "storm_limit": "StormLimit in packets per second",
        "valid_lifetime_s": "valid lifetime in seconds",
        "vlan": "VLAN",
        "vlan_interfaces": "VLAN interfaces of the guest",
    }
)

_IP_PARTS: Final = {
    "addresses": "addresses", "gateways": "gateways", "dhcp": "DHCP", "auto": "RouterDiscovery", "routes": "routes",
}  # fmt: skip

_SETTINGS: Final = (
    *(IpSettings, StaticRoute, VlanSettings, IsolationSettings, PortAcl, ExtendedAcl, VlanInterface, NatMapping),
    *(DhcpOption, DhcpPolicy, DhcpRange, DhcpReservation, NlbNode),
    *(DhcpOption6, DhcpRange6, DhcpReservation6, RouterAdvertisements),
    *(BootFile, BootProgram, Setting),
)
"""The dataclasses that are values of settings, where others are objects with names of their own."""


@dataclass(frozen=True, slots=True)
class Change:
    """One step from one model to another: what happens to the `kind` called `name` (of the host or VM `of`).

    ``detail`` says which setting changes, and how; it is empty where the name says all.
    """

    action: Action
    kind: str
    name: str
    detail: str = ""
    of: str = ""

    def __str__(self) -> str:
        owner = f' of "{self.of}"' if self.of else ""
        detail = f": {self.detail}" if self.detail else ""
        return f'{self.action} {self.kind} "{self.name}"{owner}{detail}'


def changes(old: LabModel, new: LabModel) -> tuple[Change, ...]:
    """Return what is to be done to get from `old` to `new`, sorted; nothing for equal models."""
    return tuple(sorted(_lab(old, new), key=_order))


def _order(change: Change) -> tuple[int, str, str, str, str]:
    return _ACTIONS.index(change.action), change.of, change.kind, change.name, change.detail


def _lab(old: LabModel, new: LabModel) -> Iterator[Change]:
    yield from _settings(("lab", old.name, ""), old, new)
    yield from _settings(("network", "the internet", ""), old.internet, new.internet)
    yield from _pairs("internet host", "", old.internet.hosts, new.internet.hosts)
    yield from _pairs("physical network", "", old.networks, new.networks)
    yield from _pairs("Hyper-V host", "", old.hosts, new.hosts)


def _pairs(kind: str, of: str, old: Sequence[Any], new: Sequence[Any]) -> Iterator[Change]:
    """Yield what happens to the objects of one kind; the same name is the same object."""
    before, after = ({_name_of(each): each for each in side} for side in (old, new))
    for name in before.keys() - after.keys():
        yield Change("remove", kind, _shown(kind, name), of=of)
    for name in after.keys() - before.keys():
        yield Change("add", kind, _shown(kind, name), of=of)
    for name in before.keys() & after.keys():
        yield from _settings((kind, _shown(kind, name), of), before[name], after[name])
        yield from _inside(before[name], after[name])


def _name_of(value: Any) -> str:
    return str(value.id) if isinstance(value, DhcpScope | DhcpScope6) else str(value.name)


def _shown(kind: str, name: str) -> str:
    return vethernet(name) if kind == "management-OS adapter" else name


def _inside(old: object, new: object) -> Iterator[Change]:
    """Yield what happens to the objects within an object."""
    if isinstance(old, PhysicalNetwork) and isinstance(new, PhysicalNetwork):
        yield from _pairs("computer", old.name, old.computers, new.computers)
        routers = [[each.router] if each.router else [] for each in (old, new)]
        yield from _pairs("router", old.name, *routers)
    elif isinstance(old, HypervHost) and isinstance(new, HypervHost):
        yield from _pairs("NIC", old.name, old.nics, new.nics)
        yield from _pairs("switch", old.name, old.switches, new.switches)
        yield from _sharing(old, new)
        yield from _adapters("management-OS adapter", old.name, old.management_adapters, new.management_adapters)
        yield from _pairs("VM", old.name, old.vms, new.vms)
        nats = [[each.nat] if each.nat else [] for each in (old, new)]
        yield from _pairs("NAT", old.name, *nats)
    elif isinstance(old, VirtualMachine) and isinstance(new, VirtualMachine):
        yield from _adapters("adapter", old.name, old.adapters, new.adapters)
        teams = [[each.team] if each.team else [] for each in (old, new)]
        yield from _pairs("team", old.name, *teams)
        yield from _dhcp(old, new)
        yield from _boot_server(old, new)


def _dhcp(old: VirtualMachine, new: VirtualMachine) -> Iterator[Change]:
    had, has = old.dhcp_server, new.dhcp_server
    if bool(had) is not bool(has):
        yield Change("add" if has else "remove", "role", "DHCP Server", of=old.name)
    if had and has:
        yield from _settings(("role", "DHCP Server", old.name), had, has)
        yield from _pairs("DHCP scope", old.name, had.scopes, has.scopes)
        yield from _pairs("DHCPv6 scope", old.name, had.scopes6, has.scopes6)
        one, other = had.failover, has.failover
        yield from _pairs("DHCP failover", old.name, *([each] if each else [] for each in (one, other)))
        yield from _pairs(
            "replicated DHCP scope", old.name, *(each.replicated if each else () for each in (one, other))
        )


def _boot_server(old: VirtualMachine, new: VirtualMachine) -> Iterator[Change]:
    had, has = old.boot_server, new.boot_server
    if had and has and had.role == has.role:
        yield from _settings(("role", has.role, old.name), had, has)
        return
    if had:
        yield Change("remove", "role", had.role, of=old.name)
    if has:
        yield Change("add", "role", has.role, of=old.name)


def _sharing(old: HypervHost, new: HypervHost) -> Iterator[Change]:
    for switch in old.switches:
        before, after = (bool(host.adapters_on(switch.name)) for host in (old, new))
        if new.switch(switch.name) and before is not after:
            yield Change("change", "switch", switch.name, f"AllowManagementOS {before} -> {after}", old.name)


def _adapters(kind: str, of: str, old: tuple[NetworkAdapter, ...], new: tuple[NetworkAdapter, ...]) -> Iterator[Change]:
    yield from _pairs(kind, of, old, new)
    both = {each.name for each in old} & {each.name for each in new}
    before, after = ([each.name for each in side if each.name in both] for side in (old, new))
    if before != after:
        detail = f"order of {kind}s {', '.join(before)} -> {', '.join(after)}"
        yield Change("change", "Hyper-V host" if kind != "adapter" else "VM", of, detail)


def _settings(what: tuple[str, str, str], old: object, new: object) -> Iterator[Change]:
    """Yield the settings that differ: every field but those that hold objects with names of their own."""
    kind, name, of = what
    assert is_dataclass(old)
    for field in fields(old):
        before, after = getattr(old, field.name), getattr(new, field.name)
        if before != after and not _holds_objects(before) and not _holds_objects(after):
            for detail in _details(field.name, before, after):
                yield Change("change", kind, name, detail, of)


def _holds_objects(value: object) -> bool:
    if isinstance(value, tuple):
        return any(map(_holds_objects, value))
    return is_dataclass(value) and not isinstance(value, _SETTINGS)


def _details(field: str, before: Any, after: Any) -> Iterator[str]:
    if isinstance(before, VMState):
        yield "starts" if after is VMState.RUNNING else "stops"
    elif field == "switch":
        yield _moves(before, after)
    elif isinstance(before, IpSettings) and isinstance(after, IpSettings):
        prefix = "" if field == "ip" else f"{field} "
        for part, name in _IP_PARTS.items():
            one, other = getattr(before, part), getattr(after, part)
            if one != other:
                yield f"{prefix}{name} {_words(part, one)} -> {_words(part, other)}"
    else:
        yield f"{_LABELS.get(field, field)} {_words(field, before)} -> {_words(field, after)}"


def _moves(before: str | None, after: str | None) -> str:
    if before is None:
        return f'connects to switch "{after}"'
    if after is None:
        return f'disconnects from switch "{before}"'
    return f'moves from switch "{before}" to "{after}"'


def _words(field: str, value: object) -> str:
    if field == "mac":
        return hyperv_mac(str(value)) if value else "dynamic"
    if field == "guest_mac":
        return hyperv_mac(str(value)) if value else "its own"
    if field in ("mac_address_minimum", "mac_address_maximum"):
        return hyperv_mac(str(value)) if value else "from its IPv4 address"
    if field == "ip":
        return "its NIC's" if value is None else ", ".join(map(str, getattr(value, "addresses", ()))) or "none"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)
