"""Switches to compile: one of each sort that matters."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, ip_network

from controllers.view import PortView, SwitchView
from lab.intent import LearningMode, PortIntent, PortKind, SwitchIntent, SwitchType
from lab.model.acl import AclAction, AclDirection, AclSide, ExtendedAcl, PortAcl
from lab.model.default_switch import LeasedSubnet
from lab.model.isolation import IsolationSettings, isolation
from lab.model.kinds import LoadBalancing, PortMirroring
from lab.model.vlan import VlanSettings, access, community, isolated, promiscuous, trunk

EXTERNAL = SwitchIntent("External", "hv1", SwitchType.EXTERNAL)
PRIVATE = SwitchIntent("Private", "hv1", SwitchType.PRIVATE)


def mac(number: int) -> str:
    """Return the address of VM `number`."""
    return f"00:15:5d:01:02:{number:02x}"


def vm(ofport: int, *, spoofing: bool = False, address: str = "") -> PortView:
    """Return the port of a VM."""
    intent = PortIntent(f"vm{ofport}/Network Adapter", PortKind.VM, address or mac(ofport), spoofing)
    return PortView(ofport, f"vm{ofport}", intent)


WIRE = PortView(1, "nic1", PortIntent("hv1/Ethernet", PortKind.EXTERNAL))
HOST = PortView(2, "host2", PortIntent("hv1/vEthernet (External)", PortKind.MANAGEMENT, mac(2)))


def pinned(intent: SwitchIntent) -> SwitchIntent:
    """Return the same switch in mode Pinned."""
    return replace(intent, learning=LearningMode.PINNED)


def in_vlan(port: PortView, setting: VlanSettings) -> PortView:
    """Return a port with a VLAN setting."""
    return replace(port, intent=replace(port.intent, vlan=setting))


def isolated_by(port: PortView, setting: IsolationSettings) -> PortView:
    """Return a port with an isolation setting."""
    return replace(port, intent=replace(port.intent, isolation=setting))


def keeping_priority(port: PortView) -> PortView:
    """Return a port with IeeePriorityTag On."""
    return replace(port, intent=replace(port.intent, ieee_priority_tag=True))


def guarded(port: PortView, *, dhcp: bool = False, router: bool = False) -> PortView:
    """Return a port with DHCP guard or router guard."""
    return replace(port, intent=replace(port.intent, dhcp_guard=dhcp, router_guard=router))


def with_acls(port: PortView, *entries: PortAcl | ExtendedAcl) -> PortView:
    """Return a port with access lists."""
    plain = tuple(entry for entry in entries if isinstance(entry, PortAcl))
    extended = tuple(entry for entry in entries if isinstance(entry, ExtendedAcl))
    return replace(port, intent=replace(port.intent, acls=plain, extended_acls=extended))


def teaming(port: PortView, *macs: str) -> PortView:
    """Return a port whose VM may send from other addresses, too."""
    return replace(port, intent=replace(port.intent, teaming_macs=macs))


def mirroring(port: PortView, mode: PortMirroring) -> PortView:
    """Return a port that is a Source or a Destination of port mirroring."""
    return replace(port, intent=replace(port.intent, port_mirroring=mode))


SOURCE, DESTINATION = PortMirroring.SOURCE, PortMirroring.DESTINATION
MIRRORS = (
    mirroring(WIRE, SOURCE),
    HOST,
    vm(3),
    mirroring(in_vlan(vm(4), access(10)), SOURCE),
    mirroring(vm(5), DESTINATION),
    mirroring(in_vlan(vm(6), trunk("1-4094", native=0)), DESTINATION),
)


def limited(port: PortView, packets_per_s: int) -> PortView:
    """Return a port with a storm limit."""
    return replace(port, intent=replace(port.intent, storm_limit=packets_per_s))


def metered(port: PortView) -> PortView:
    """Return the port of a VM with resource metering."""
    return replace(port, intent=replace(port.intent, resource_metering=True))


PORT_ACL = (
    PortAcl(AclAction.DENY, AclDirection.INBOUND, AclSide.REMOTE),
    PortAcl(AclAction.ALLOW, AclDirection.INBOUND, AclSide.REMOTE, ip_network("10.0.1.0/24")),
    PortAcl(AclAction.DENY, AclDirection.OUTBOUND, AclSide.REMOTE, ip_network("2001:db8::/32")),
    PortAcl(AclAction.DENY, AclDirection.OUTBOUND, AclSide.REMOTE, mac="00:15:5d:01:02:09"),
    PortAcl(AclAction.METER, AclDirection.OUTBOUND, AclSide.REMOTE),
    PortAcl(AclAction.METER, AclDirection.OUTBOUND, AclSide.REMOTE, ip_network("10.0.1.0/24")),
)
EQUAL_PREFIXES = (
    *(PortAcl(AclAction.DENY, AclDirection.INBOUND, side) for side in AclSide),
    *(PortAcl(AclAction.DENY, AclDirection.INBOUND, side, ip_network("0.0.0.0/0")) for side in AclSide),
    *(PortAcl(AclAction.DENY, AclDirection.INBOUND, side, ip_network("10.0.1.0/24")) for side in AclSide),
    *(PortAcl(AclAction.ALLOW, AclDirection.INBOUND, side, ip_network("10.0.2.0/24")) for side in AclSide),
    *(PortAcl(AclAction.METER, AclDirection.INBOUND, side, ip_network("::/0")) for side in AclSide),
    *(PortAcl(AclAction.METER, AclDirection.INBOUND, side) for side in AclSide),
    *(PortAcl(AclAction.DENY, AclDirection.INBOUND, side, mac="ANY") for side in AclSide),
    *(PortAcl(AclAction.DENY, AclDirection.INBOUND, side, mac="00:15:5d:01:02:09") for side in AclSide),
)
EXTENDED_ACL = (
    ExtendedAcl(1, AclAction.DENY, AclDirection.INBOUND),
    ExtendedAcl(10, AclAction.ALLOW, AclDirection.INBOUND, local_port=(80, 81), protocol=6),
    ExtendedAcl(20, AclAction.ALLOW, AclDirection.OUTBOUND, protocol=17, stateful=True, idle_s=30),
    ExtendedAcl(
        65535, AclAction.DENY, AclDirection.OUTBOUND, ip_network("10.0.1.4/32"), ip_network("10.0.2.0/24"), protocol=1
    ),
)

VLANS = (
    WIRE,
    in_vlan(HOST, access(20)),
    vm(3),
    in_vlan(vm(4), access(10)),
    in_vlan(vm(5), trunk("10,20-29", native=5)),
)
IN_TEN = isolation(allow_untagged_traffic=True, default_isolation_id=10)
ISOLATION = (WIRE, vm(3), in_vlan(vm(4), access(10)), isolated_by(vm(5), IN_TEN), isolated_by(vm(6), isolation()))
PRIORITY = (
    WIRE,
    keeping_priority(vm(3)),
    vm(4),
    keeping_priority(in_vlan(vm(5), access(10))),
    keeping_priority(in_vlan(vm(6), trunk("10,20-29", native=5))),
    in_vlan(vm(7), trunk("10", native=0)),
    mirroring(in_vlan(vm(8), promiscuous(100, "101")), SOURCE),
    mirroring(keeping_priority(isolated_by(vm(9), IN_TEN)), DESTINATION),
)
PRIVATE_VLAN = (
    WIRE,
    in_vlan(vm(3), promiscuous(100, "101-102")),
    in_vlan(vm(4), isolated(100, 101)),
    in_vlan(vm(5), community(100, 102)),
    in_vlan(vm(6), access(100)),
    in_vlan(vm(7), trunk("100-102", native=0)),
)

TEAM = (
    *(
        PortView(
            number,
            f"n{number}",
            PortIntent(f"hv1/Ethernet {number}", PortKind.EXTERNAL, f"00:15:5d:0a:00:{number:02x}"),
        )
        for number in (10, 11, 12)
    ),
    replace(HOST, intent=replace(HOST.intent, mac="00:15:5d:0a:00:0b")),
    vm(3),
    replace(vm(4), intent=replace(vm(4).intent, team_mapping="hv1/Ethernet 11")),
    vm(5, spoofing=True),
)

DEFAULT = SwitchIntent(
    "Default Switch", "hv1", SwitchType.INTERNAL,
    default_switch=LeasedSubnet(IPv4Interface("172.27.48.1/20"), (IPv4Address("172.27.48.9"),)),
)  # fmt: skip

VIEWS = {
    "default-switch": SwitchView(DEFAULT, (HOST, vm(3), in_vlan(vm(4), access(10)))),
    "default-switch-mirror": SwitchView(
        pinned(DEFAULT), (HOST, mirroring(vm(3), SOURCE), mirroring(vm(4), DESTINATION))
    ),
    "default-switch-without-host": SwitchView(DEFAULT, (vm(3),)),
    "empty": SwitchView(PRIVATE, ()),
    "learning": SwitchView(EXTERNAL, (WIRE, HOST, vm(3), vm(4))),
    "learning-one-port": SwitchView(PRIVATE, (vm(3),)),
    "pinned": SwitchView(pinned(EXTERNAL), (WIRE, HOST, vm(3), vm(4))),
    "pinned-spoofing": SwitchView(pinned(EXTERNAL), (WIRE, HOST, vm(3), vm(4, spoofing=True))),
    "pinned-private": SwitchView(pinned(PRIVATE), (vm(3), vm(4))),
    "pinned-same-address-twice": SwitchView(pinned(PRIVATE), (vm(3), vm(4, address=mac(3)))),
    "pinned-empty": SwitchView(pinned(PRIVATE), ()),
    "vlans": SwitchView(EXTERNAL, VLANS),
    "vlans-pinned": SwitchView(pinned(EXTERNAL), VLANS),
    "private-vlan": SwitchView(EXTERNAL, PRIVATE_VLAN),
    "private-vlan-pinned": SwitchView(pinned(EXTERNAL), PRIVATE_VLAN),
    "isolation": SwitchView(EXTERNAL, ISOLATION),
    "isolation-pinned": SwitchView(pinned(EXTERNAL), ISOLATION),
    "priority": SwitchView(EXTERNAL, PRIORITY),
    "priority-pinned": SwitchView(pinned(EXTERNAL), PRIORITY),
    "priority-team": SwitchView(EXTERNAL, (*TEAM[:2], *PRIORITY[1:4])),
    "guards": SwitchView(EXTERNAL, (WIRE, vm(3), guarded(vm(4), dhcp=True), guarded(vm(5), dhcp=True, router=True))),
    "port-acl": SwitchView(EXTERNAL, (WIRE, vm(3), with_acls(vm(4), *PORT_ACL))),
    "port-acl-equal-prefixes": SwitchView(PRIVATE, (vm(3), with_acls(vm(4), *EQUAL_PREFIXES))),
    "extended-acl": SwitchView(pinned(PRIVATE), (vm(3), with_acls(vm(4), *EXTENDED_ACL))),
    "mirrors": SwitchView(EXTERNAL, MIRRORS),
    "mirrors-pinned": SwitchView(pinned(EXTERNAL), (*MIRRORS, mirroring(with_acls(vm(7), *PORT_ACL), SOURCE))),
    "storm-limit": SwitchView(pinned(EXTERNAL), (WIRE, vm(3), limited(vm(4), 100))),
    "storm-limits": SwitchView(EXTERNAL, (limited(vm(3), 7), limited(vm(4), 200))),
    "team": SwitchView(EXTERNAL, TEAM),
    "team-pinned-dynamic": SwitchView(replace(pinned(EXTERNAL), load_balancing=LoadBalancing.DYNAMIC), TEAM),
    "team-vlans-mirror": SwitchView(
        EXTERNAL, (*(mirroring(member, SOURCE) for member in TEAM[:3]), *VLANS[1:4], mirroring(vm(9), DESTINATION))
    ),
    "resource-metering": SwitchView(EXTERNAL, (WIRE, vm(3), metered(vm(4)), metered(with_acls(vm(5), *PORT_ACL)))),
    "forwarding-extension": SwitchView(
        replace(EXTERNAL, forwarding_extension="Microsoft Azure VFP Switch Extension"),
        (WIRE, guarded(vm(3), dhcp=True), in_vlan(vm(4), trunk("10,20-29", native=5))),
    ),
    "pinned-allow-teaming": SwitchView(pinned(EXTERNAL), (WIRE, vm(3), teaming(vm(4), mac(9), mac(4)))),
    "short-ageing": SwitchView(replace(EXTERNAL, ageing_s=15), (WIRE, HOST, vm(3))),
}
