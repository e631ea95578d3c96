"""The plan of `hvlab apply` in words: its wording, and that no field of no object can change unseen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_interface, ip_network
from typing import Any

import pytest

from lab import Lab, dhcp_policy, dhcp_reservation, dhcp_reservation6, dhcp_scope, dhcp_scope6
from lab.model.acl import AclAction, AclDirection, AclSide, ExtendedAcl, PortAcl
from lab.model.addresses import IpSettings, StaticRoute
from lab.model.advertising import RouterAdvertisements
from lab.model.boot import BootFile, BootProgram, BootServer
from lab.model.changes import changes
from lab.model.dhcp import (
    DhcpFailover,
    DhcpOption,
    DhcpPolicy,
    DhcpRange,
    DhcpReservation,
    DhcpScope,
    DhcpServer,
)
from lab.model.dhcp6 import DhcpOption6, DhcpRange6, DhcpReservation6, DhcpScope6
from lab.model.extensions import SwitchExtension
from lab.model.isolation import IsolationSettings
from lab.model.kinds import SwitchType
from lab.model.nat import NetNat
from lab.model.objects import (
    Computer,
    GuestTeam,
    HypervHost,
    LabModel,
    NetworkAdapter,
    PhysicalNetwork,
    PhysicalNic,
    Router,
    VirtualMachine,
    VirtualSwitch,
    VlanInterface,
)
from lab.model.recorded import Setting
from lab.model.vlan import VlanSettings

NEW_OBJECTS: dict[str, Any] = {
    "hosts": HypervHost("extra"),
    "networks": PhysicalNetwork("extra"),
    "nics": PhysicalNic("extra", "office"),
    "switches": VirtualSwitch("extra", SwitchType.PRIVATE),
    "management_adapters": NetworkAdapter("extra", "Internal"),
    "vms": VirtualMachine("extra"),
    "adapters": NetworkAdapter("extra"),
    "computers": Computer("extra"),
    "subnets": ip_network("10.77.0.0/16"),
    "addresses": ip_interface("10.77.0.1/16"),
    "gateways": ip_address("10.77.0.2"),
    "routes": StaticRoute(ip_network("10.78.0.0/16"), ip_address("10.77.0.2")),
    "extensions": SwitchExtension.NDIS_CAPTURE,
    "recorded": Setting("Notes", '"extra"'),
    "acls": PortAcl(AclAction.DENY, AclDirection.INBOUND, AclSide.REMOTE),
    "extended_acls": ExtendedAcl(7, AclAction.DENY, AclDirection.INBOUND),
    "vlan_interfaces": VlanInterface(7),
    "dhcp_relay": ip_address("10.77.0.3"),
    "scopes": DhcpScope(ip_network("10.79.0.0/24"), ip_address("10.79.0.1"), ip_address("10.79.0.9")),
    "scopes6": DhcpScope6(ip_network("fd00:79::/64")),
    "replicated": DhcpScope(ip_network("10.79.0.0/24"), ip_address("10.79.0.1"), ip_address("10.79.0.9")),
    "exclusions": DhcpRange(ip_address("10.0.1.150"), ip_address("10.0.1.159")),
    "reservations": DhcpReservation(ip_address("10.0.1.151"), "00:15:5d:00:00:02"),
    "options": DhcpOption(42, ("10.0.1.1",)),
    "values": "10.0.1.9",
    "policies": DhcpPolicy("extra", 7),
    "files": BootFile("boot.sdi", 7),
    "programs": BootProgram(9, "boot.efi"),
    "scope_ids": ip_address("10.79.0.0"),
}


DHCP = (DhcpServer, DhcpScope, DhcpRange, DhcpReservation, DhcpPolicy, DhcpOption, DhcpFailover)
BOOT = (BootServer, BootFile, BootProgram)
DHCP6 = (DhcpScope6, DhcpRange6, DhcpReservation6, DhcpOption6, RouterAdvertisements)


MAY_BE_MISSING: dict[str, Any] = {
    "router": Router("extra"),
    "ip": IpSettings((ip_interface("10.77.0.1/16"),)),
    "nat": NetNat("NAT", ip_network("10.0.0.0/24")),
    "team": GuestTeam("Team", ("Network Adapter",)),
    "dhcp_server": DhcpServer(),
    "failover": DhcpFailover("extra", "db1"),
    "boot_server": BootServer(),
    "advertisements": RouterAdvertisements(),
    "router_advertisements": RouterAdvertisements(),
}


def full_lab(edit: Callable[[Lab], None] = lambda lab: None) -> LabModel:
    lab = Lab("full")
    lab.internet_host("internet", "203.0.113.80/24")
    office = lab.physical_network("office", "192.168.1.0/24", router="192.168.1.1")
    office.computer("pc1", "192.168.1.10")
    hv1 = lab.host("hv1")
    hv1.nic("Ethernet", office, "192.168.1.20")
    hv1.external_switch("External", nic="Ethernet")
    hv1.internal_switch("Internal", "10.0.1.1/24")
    hv1.vm("web1", "External", "192.168.1.31", vlan=10).adapter("Internal", "10.0.1.31", name="Second")
    hv1.vm("db1", "Internal", "10.0.1.11", running=False)
    scope = dhcp_scope(
        "10.0.1.0/24",
        "10.0.1.100",
        "10.0.1.199",
        router="10.0.1.1",
        exclusions=[("10.0.1.140", "10.0.1.149")],
        reservations=[dhcp_reservation("10.0.1.145", "00155D000001", boot_file="x")],
        policies=[dhcp_policy("PXE", vendor_class="PXEClient", boot_file="y")],
    )
    hv1.vm("dhcp1", "Internal", "10.0.1.2").dhcp_server(scope, dns_server="10.0.1.2").dhcp_failover("pair", "dhcp2")
    hv1.vm("dhcp2", "Internal", "10.0.1.3").dhcp_server()
    hv1.vm("wds1", "Internal", "10.0.1.4").wds_server()
    scope6 = dhcp_scope6(
        "fd00:1::/64",
        dns_server="fd00:1::2",
        exclusions=["fd00:1::1"],
        reservations=[dhcp_reservation6("fd00:1::5", "00155D000001", dns_server="fd00:1::3")],
    )
    hv1.vm("dhcp6", "Internal", "fd00:1::2/64").dhcp_server(scope6).router_advertisements(adapters="Network Adapter")
    edit(lab)
    return lab.model()


def edited(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    """Return a copy of a value with something else at a place inside it."""
    if not path:
        return new
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        return (*value[:step], edited(value[step], rest, new), *value[step + 1 :])
    return replace(value, **{step: edited(getattr(value, step), rest, new)})


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Yield every place in a model with something else that could stand there."""
    if is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            inner = getattr(value, field.name)
            if field.name in MAY_BE_MISSING and inner:
                yield (*path, field.name), None
            if field.name in MAY_BE_MISSING and inner is None:
                yield (*path, field.name), MAY_BE_MISSING[field.name]
                continue
            yield from places(inner, (*path, field.name))
    elif isinstance(value, tuple):
        names_nics = path[-3:-2] == ("switches",)
        yield path, (*value, "Ethernet 9" if names_nics else NEW_OBJECTS[str(path[-1])])
        if value:
            yield path, value[:-1]
        for at, each in enumerate(value):
            yield from places(each, (*path, at))
    else:
        yield path, other(value)


def other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, Enum):
        return next(each for each in type(value) if each is not value)
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, str):
        return f"{value}x" if value else "00:15:5d:00:00:01"
    if value is None:
        return "x"
    if isinstance(value, IPv4Network | IPv6Network):
        return ip_network("10.78.0.0/16" if value.version == 4 else "fd00:78::/64")
    return value + 1


MODEL = full_lab()
PLACES = list(places(MODEL))


def named(path: tuple[str | int, ...]) -> str:
    return ".".join(map(str, path))


@pytest.mark.parametrize(
    ("path", "new"), PLACES, ids=[f"{number}-{named(path)}" for number, (path, _) in enumerate(PLACES)]
)
def test_no_change_of_any_field_is_unseen(path: tuple[str | int, ...], new: Any) -> None:
    model = edited(MODEL, path, new)
    assert model != MODEL
    assert changes(MODEL, model)
    assert changes(model, MODEL)


def test_the_walk_reaches_every_field_of_every_kind() -> None:
    reached = {step for path, _ in PLACES for step in path if isinstance(step, str)}
    kinds = (LabModel, HypervHost, PhysicalNic, VirtualSwitch, VirtualMachine, NetworkAdapter, PhysicalNetwork)
    assert {
        field.name
        for kind in (*kinds, *DHCP, *DHCP6, *BOOT, Computer, Router, IpSettings, VlanSettings, IsolationSettings)
        for field in fields(kind)
    } == reached


def test_equal_models_need_nothing() -> None:
    assert changes(MODEL, full_lab()) == ()


def at(path: tuple[str | int, ...], new: Any) -> list[str]:
    return [str(each) for each in changes(MODEL, edited(MODEL, path, new))]


WEB1: tuple[str | int, ...] = ("hosts", 0, "vms", 0)
ROUTE = StaticRoute(ip_network("10.1.0.0/16"), ip_address("192.168.1.2"))


def test_words_of_a_vm_that_comes_and_of_one_that_goes() -> None:
    assert at(("hosts", 0, "vms"), (MODEL.hosts[0].vms[0], *MODEL.hosts[0].vms[2:], VirtualMachine("web3"))) == [
        'remove VM "db1" of "hv1"',
        'add VM "web3" of "hv1"',
    ]


@pytest.mark.parametrize(
    ("path", "new", "words"),
    [
        ((*WEB1, "adapters", 0, "switch"), "Internal", 'moves from switch "External" to "Internal"'),
        ((*WEB1, "adapters", 0, "switch"), None, 'disconnects from switch "External"'),
        ((*WEB1, "adapters", 0, "mac"), "00:15:5d:00:00:01", "MAC address dynamic -> 00155D000001"),
        ((*WEB1, "adapters", 0, "ip", "gateways"), (), "gateways 192.168.1.1 -> none"),
        ((*WEB1, "adapters", 0, "ip", "routes"), (ROUTE,), "routes none -> 10.1.0.0/16 by 192.168.1.2"),
        ((*WEB1, "adapters", 0, "enabled"), False, "enabled True -> False"),
        ((*WEB1, "adapters", 0, "guest_mac"), "00:15:5d:00:00:01", "MAC address in the guest its own -> 00155D000001"),
    ],
    ids=["moves", "disconnects", "mac", "gateways", "routes", "disabled", "guest's mac"],
)
def test_words_of_an_adapter(path: tuple[str | int, ...], new: Any, words: str) -> None:
    assert at(path, new) == [f'change adapter "Network Adapter" of "web1": {words}']


def test_words_of_a_vm_that_starts_or_stops() -> None:
    model = edited(MODEL, ("hosts", 0, "vms", 1, "state"), other(MODEL.hosts[0].vms[1].state))
    assert [str(each) for each in changes(MODEL, model)] == ['change VM "db1" of "hv1": starts']
    assert [str(each) for each in changes(model, MODEL)] == ['change VM "db1" of "hv1": stops']


def test_words_of_a_switch_that_is_no_longer_shared() -> None:
    adapters = MODEL.hosts[0].management_adapters
    assert at(("hosts", 0, "management_adapters"), adapters[1:]) == [
        'remove management-OS adapter "vEthernet (External)" of "hv1"',
        'change switch "External" of "hv1": AllowManagementOS True -> False',
    ]


def test_words_of_a_conversion() -> None:
    switches = MODEL.hosts[0].switches
    internal = replace(switches[0], type=switches[1].type, nics=())
    assert at(("hosts", 0, "switches", 0), internal) == [
        'change switch "External" of "hv1": NICs Ethernet -> none',
        'change switch "External" of "hv1": type External -> Internal',
    ]


def test_the_order_of_adapters_counts_that_of_vms_does_not() -> None:
    host = MODEL.hosts[0]
    assert not at(("hosts", 0, "vms"), tuple(reversed(host.vms)))
    assert at((*WEB1, "adapters"), tuple(reversed(host.vms[0].adapters))) == [
        'change VM "web1": order of adapters Network Adapter, Second -> Second, Network Adapter'
    ]
