"""The IP interfaces that a model implies: which machine has which, where it is plugged in, and why it may be down.

This is where Hyper-V's rules about the management OS live: an external switch takes every protocol but its own from its
NIC; the first management-OS adapter on it has that NIC's MAC address and, unless it has settings of its own, the NIC's
addresses (KB2486812, create-a-virtual-switch-for-hyper-v-virtual-machines).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Interface
from typing import Final

from lab.model.acl import ExtendedAcl, PortAcl
from lab.model.addresses import Address, IpSettings
from lab.model.isolation import NO_ISOLATION, IsolationSettings, VlanPolicy, policy_of
from lab.model.kinds import AdapterKind, LearningMode, PortMirroring
from lab.model.names import (
    device_name,
    quoted,
    vethernet,
    vethernet_device,
    vlan_interface_device,
    vlan_interface_name,
)
from lab.model.nlb import NlbMode, NlbNode, masked_mac
from lab.model.objects import (
    DEFAULT_MTU,
    Computer,
    GuestTeam,
    HypervHost,
    LabModel,
    NetworkAdapter,
    PhysicalNetwork,
    PhysicalNic,
    VirtualMachine,
    VirtualSwitch,
    VlanInterface,
)
from lab.model.vlan import UNTAGGED, GuestVlan, NotTaken, Tagging, VlanSettings, access

TEAM_DEVICE: Final = "team0"
"""The Linux name of the team that a guest has made."""


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """A place to plug into: a virtual switch (with its host), a physical network, or the internet (both empty)."""

    host: str = ""
    name: str = ""

    @property
    def is_switch(self) -> bool:
        return bool(self.host)

    def __str__(self) -> str:
        if self.is_switch:
            return f"switch {quoted(self.name)} of {quoted(self.host)}"
        return f"physical network {quoted(self.name)}" if self.name else "the internet"


@dataclass(frozen=True, slots=True)
class IpInterface:
    """One network interface of one machine's IP stack.

    ``label`` is the user's name for it, ``device`` the Linux one, ``why_down`` a reason in words (empty = it is up).
    ``mac`` is empty where the lab chooses. ``segment`` is None for an unplugged adapter. ``bound_to`` names the
    external switch that has taken a NIC: the stack then has no protocol on it.
    ``vlan``, the access lists and the settings after them are those of the port that it is plugged into.
    ``tag`` is the VLAN of an interface that a guest has made itself on its adapter ``adapter``, 0 for an adapter.
    ``members`` are the devices of a team that a guest has made; it has the MAC address of its first one's ``adapter``,
    and uses ``via``. ``not_taken`` says why the switch does not take what it sends.
    ``maximum_bandwidth`` is that of an adapter of the management OS, in bits per second.
    ``nlb``: it is a node of a cluster, unless ``nlb_refused`` says why it cannot be.
    ``enabled``: its operating system has not disabled it. ``guest_mac``: the MAC address that it was given there, if it
    is another one than the adapter's.
    """

    node: str
    label: str
    device: str
    segment: Segment | None
    ip: IpSettings
    mac: str
    mtu: int
    why_down: str = ""
    bound_to: str = ""
    legacy: bool = False
    is_vm: bool = False
    has_driver: bool = True
    vlan: VlanSettings = UNTAGGED
    acls: tuple[PortAcl, ...] = ()
    extended_acls: tuple[ExtendedAcl, ...] = ()
    port_mirroring: PortMirroring = PortMirroring.NONE
    team_mapping: str = ""
    isolation: IsolationSettings = NO_ISOLATION
    ieee_priority_tag: bool = False
    maximum_bandwidth: int = 0
    tag: int = 0
    adapter: str = ""
    members: tuple[str, ...] = ()
    via: str = ""
    not_taken: str = ""
    nlb: NlbNode | None = None
    nlb_refused: str = ""
    enabled: bool = True
    guest_mac: str = ""

    @property
    def made_by_guest(self) -> bool:
        """Whether it is no adapter, but something that a guest has made of some."""
        return bool(self.tag or self.members)

    @property
    def vlan_policy(self) -> VlanPolicy:
        """The setting of its port that says in which VLANs frames travel: that of isolation, or else that of VLANs."""
        return policy_of(self.vlan, self.isolation)

    @property
    def tagging(self) -> Tagging:
        """In which VLANs it is."""
        if self.not_taken:
            return NotTaken(self.not_taken)
        return GuestVlan(self.vlan_policy, self.tag) if self.tag else self.vlan_policy

    @property
    def parent(self) -> str:
        """The device that the switch's port leads to: its own, or that of the adapter it was made on, or uses."""
        if self.members:
            return self.via
        return self.device.rpartition(".")[0] if self.tag else self.device

    @property
    def adapter_name(self) -> str:
        """The full name of the adapter that it is, or was made on."""
        return f"{self.node}/{self.adapter or self.label}"

    @property
    def virtual(self) -> IPv4Interface | None:
        """The address that it has in common with the other nodes of its cluster."""
        return self.nlb.address if self.nlb and not self.nlb_refused else None

    @property
    def shared_mac(self) -> str:
        """The MAC address that it has in common with them in place of its own; empty if it has its own."""
        return self.nlb.mac if self.nlb and not self.nlb_refused and self.nlb.mode is NlbMode.UNICAST else ""

    @property
    def sends_from(self) -> str:
        """The MAC address that its frames come from; empty where the lab chooses."""
        return masked_mac(self.nlb) if self.nlb and self.shared_mac else self.guest_mac or self.mac

    def mac_for(self, address: Address) -> str:
        """Return the MAC address of frames for one of its addresses; empty where the lab chooses."""
        if self.nlb and self.virtual and address == self.virtual.ip:
            return self.nlb.mac
        return self.shared_mac or self.guest_mac or self.mac

    @property
    def up(self) -> bool:
        return not self.why_down

    @property
    def usable(self) -> bool:
        """Whether its machine's operating system can use it, with or without a link."""
        return self.has_driver and self.enabled

    @property
    def full_name(self) -> str:
        """The interface's name in the whole lab: ``web1/Network Adapter``."""
        return f"{self.node}/{self.label}"


def interfaces(model: LabModel) -> Iterator[IpInterface]:
    """Yield the interfaces of every machine that runs, in the model's order."""
    for host in model.hosts:
        yield from host_interfaces(host)
        for vm in host.vms:
            if vm.running:
                yield from vm_interfaces(host, vm)
    for network in model.networks:
        yield from router_interfaces(network)
    yield from interfaces_of_computers(model)


def interfaces_of_computers(model: LabModel) -> Iterator[IpInterface]:
    """Yield the one interface that each physical computer and each internet host has."""
    for network in model.networks:
        for computer in network.computers:
            yield _computer(computer, Segment(name=network.name))
    for computer in model.internet.hosts:
        yield _computer(computer, Segment())


def host_interfaces(host: HypervHost) -> Iterator[IpInterface]:
    """Yield the interfaces of a management OS: its NICs, then its adapters on virtual switches."""
    for nic in host.nics:
        yield _nic(host, nic)
    for adapter in host.management_adapters:
        yield _management_adapter(host, adapter)


def vm_interfaces(host: HypervHost, vm: VirtualMachine) -> Iterator[IpInterface]:
    """Yield the interfaces of a VM, as its guest would have them: each adapter, and those that are made on it."""
    # A script makes hundreds of models that differ in one VM each, and every rule asks for the interfaces of all.
    on = (vm, host.name, host.nics, host.switches)
    key = tuple(map(id, on))
    found = _KNOWN.get(key)
    if found is None:
        if len(_KNOWN) >= _MOST_KNOWN:
            _KNOWN.clear()
        found = _KNOWN[key] = on, tuple(_vm_interfaces(HypervHost(*on[1:]), vm))
    yield from found[1]


_MOST_KNOWN: Final = 4096
_KNOWN: Final[dict[tuple[int, ...], tuple[tuple[object, ...], tuple[IpInterface, ...]]]] = {}
"""The interfaces of VMs by the identities of all that they follow from, which is kept with them."""


def _vm_interfaces(host: HypervHost, vm: VirtualMachine) -> Iterator[IpInterface]:
    adapters = tuple(vm_adapters(host, vm))
    if not vm.has_system:
        yield from adapters
        return
    for interface, adapter in zip(adapters, vm.adapters, strict=True):
        yield interface
        yield from (_vlan_interface(interface, each) for each in adapter.vlan_interfaces)
    if vm.team:
        yield from _team(host, vm, vm.team, {each.label: each for each in adapters})


def vm_adapters(host: HypervHost, vm: VirtualMachine) -> Iterator[IpInterface]:
    """Yield the interfaces of a VM that are adapters, in their order."""
    for at, adapter in enumerate(vm.adapters):
        switch = host.switch(adapter.switch)
        connected = switch is not None
        driver = vm.has_driver(adapter)
        if not driver:
            why = f'VM "{vm.name}" has no driver for its synthetic adapter: integration services are off'
        elif not adapter.enabled:
            why = f'adapter "{vm.adapter_id(adapter)}" is disabled in its guest'
        elif not connected:
            why = f'media disconnected: adapter "{vm.adapter_id(adapter)}" is connected to no switch'
        elif switch and not has_link(host, switch, adapter):
            why = f'media disconnected: no NIC of switch "{switch.name}" has a link, and AllowTeaming is On'
        elif vm.real_machine:
            why = f'VM "{vm.name}" is a real machine: what it boots has addresses of its own (see `hvlab pxe`)'
        elif not vm.has_system:
            why = f'VM "{vm.name}" has no operating system yet: it has not booted from the network (see `hvlab pxe`)'
        else:
            why = ""
        yield IpInterface(
            node=vm.name,
            label=adapter.name,
            device=f"eth{at}",
            segment=Segment(host.name, adapter.switch) if connected and adapter.switch else None,
            ip=adapter.ip or IpSettings(),
            mac=adapter.mac,
            mtu=adapter.mtu,
            why_down=why,
            legacy=adapter.kind is AdapterKind.LEGACY,
            is_vm=True,
            has_driver=driver,
            enabled=adapter.enabled,
            guest_mac=adapter.guest_mac if vm.has_system and not adapter.nlb else "",
            not_taken=_not_taken(switch, vm, adapter),
            vlan=adapter.vlan,
            acls=adapter.acls,
            extended_acls=adapter.extended_acls,
            port_mirroring=adapter.port_mirroring,
            isolation=adapter.isolation,
            ieee_priority_tag=adapter.ieee_priority_tag,
            nlb=adapter.nlb if vm.has_system else None,
            nlb_refused=_nlb_refused(vm, adapter),
        )


def _not_taken(switch: VirtualSwitch | None, vm: VirtualMachine, adapter: NetworkAdapter) -> str:
    """Return why a switch takes nothing from an adapter whose guest has given it another MAC address; empty if so."""
    if not adapter.guest_mac or adapter.mac_spoofing or not vm.has_system or adapter.nlb:
        return ""
    if switch is None or switch.learning is not LearningMode.PINNED:
        return ""
    return (
        f'MacAddressSpoofing of adapter "{vm.adapter_id(adapter)}" is Off: its switch takes nothing from the MAC '
        "address that its guest has given it (16, spoofed MAC)"
    )


def _nlb_refused(vm: VirtualMachine, adapter: NetworkAdapter) -> str:
    """Return why a guest cannot give an adapter its cluster's MAC address (KB4494444); empty if it can, or need not."""
    if adapter.nlb is None or adapter.nlb.mode is not NlbMode.UNICAST or adapter.mac_spoofing:
        return ""
    return (
        f'MacAddressSpoofing of adapter "{vm.adapter_id(adapter)}" is Off: its guest may not change its MAC address '
        "(event 53: the adapter does not support dynamic change of its MAC address)"
    )


def has_link(host: HypervHost, switch: VirtualSwitch, adapter: NetworkAdapter) -> bool:
    """Tell whether an adapter on a switch has a link: with AllowTeaming On not while none of the switch's NICs has one.

    So the team of its guest notices that the switch is cut off.
    """
    nics = [nic for nic in host.nics if nic.name in switch.nics]
    return not (adapter.allow_teaming and nics) or any(nic.has_link for nic in nics)


def _team(
    host: HypervHost, vm: VirtualMachine, team: GuestTeam, adapters: Mapping[str, IpInterface]
) -> Iterator[IpInterface]:
    members = [adapters[name] for name in team.adapters if name in adapters]
    if not members:
        return
    active = next((each for each in members if each.up), members[0])
    adapter = next(each for each in vm.adapters if each.name == active.label)
    switch = host.switch(adapter.switch)
    own = active is members[0] or adapter.allow_teaming or adapter.mac_spoofing
    pinned = switch is not None and switch.learning is LearningMode.PINNED
    yield replace(
        active,
        label=team.name,
        device=TEAM_DEVICE,
        ip=team.ip,
        nlb=None,
        mac=members[0].mac,
        adapter=members[0].label,
        members=tuple(each.device for each in members),
        via=active.device,
        not_taken=""
        if own or not pinned
        else f'AllowTeaming of adapter "{active.full_name}" is Off: its switch takes '
        f'nothing from the address of "{members[0].full_name}" (16, spoofed MAC)',
    )


def _vlan_interface(on: IpInterface, made: VlanInterface) -> IpInterface:
    return replace(
        on,
        label=vlan_interface_name(on.label, made.vlan_id),
        device=vlan_interface_device(on.device, made.vlan_id),
        ip=made.ip,
        nlb=None,
        tag=made.vlan_id,
        adapter=on.label,
    )


def router_interfaces(network: PhysicalNetwork) -> Iterator[IpInterface]:
    """Yield the interfaces of a network's router, if it has one: towards the network, and towards the internet."""
    router = network.router
    if router:
        segment = Segment(name=network.name)
        yield IpInterface(router.name, "inside", "inside", segment, router.inside, "", network.mtu)
        if router.outside.addresses:
            yield IpInterface(router.name, "outside", "outside", Segment(), router.outside, "", DEFAULT_MTU)


def takes_over(host: HypervHost, adapter: NetworkAdapter) -> PhysicalNic | None:
    """Return the NIC whose MAC address a management-OS adapter has: that of its external switch, if it is the first."""
    switch = host.switch(adapter.switch)
    nic = host.nic(switch.nic) if switch else None
    return (
        nic
        if switch and nic and host.switch_of_nic(nic.name) == switch and adapter in host.adapters_on(switch.name)[:1]
        else None
    )


def _nic(host: HypervHost, nic: PhysicalNic) -> IpInterface:
    switch = host.switch_of_nic(nic.name)
    return IpInterface(
        node=host.name,
        label=nic.name,
        device=device_name(nic.name),
        segment=Segment(name=nic.network) if nic.has_link else None,
        ip=IpSettings() if switch else nic.ip,
        mac=nic.mac,
        mtu=nic.mtu,
        why_down=_why_no_link(host, nic),
        bound_to=switch.name if switch else "",
        enabled=nic.enabled,
    )


def _why_no_link(host: HypervHost, nic: PhysicalNic) -> str:
    name = f'NIC "{host.name}/{nic.name}"'
    if not nic.enabled:
        return f"{name} is disabled"
    return "" if nic.connected else f"media disconnected: the cable of {name} is unplugged"


def _management_adapter(host: HypervHost, adapter: NetworkAdapter) -> IpInterface:
    nic = takes_over(host, adapter)
    inherited = nic.ip if nic else IpSettings()
    switch = host.switch(adapter.switch)
    return IpInterface(
        node=host.name,
        label=vethernet(adapter.name),
        device=vethernet_device(adapter.name),
        segment=Segment(host.name, switch.name) if switch else None,
        ip=inherited if adapter.ip is None else adapter.ip,
        mac=adapter.mac or (nic.mac if nic else ""),
        mtu=adapter.mtu,
        why_down=_why_management_down(host, adapter, switch),
        enabled=adapter.enabled,
        vlan=adapter.vlan,
        acls=adapter.acls,
        extended_acls=adapter.extended_acls,
        port_mirroring=adapter.port_mirroring,
        team_mapping=adapter.team_mapping,
        isolation=adapter.isolation,
        ieee_priority_tag=adapter.ieee_priority_tag,
        maximum_bandwidth=adapter.maximum_bandwidth,
    )


def _why_management_down(host: HypervHost, adapter: NetworkAdapter, switch: VirtualSwitch | None) -> str:
    if not adapter.enabled:
        return f'"{host.management_id(adapter)}" is disabled'
    return "" if switch else f'media disconnected: adapter "{adapter.name}" is connected to no switch'


def _computer(computer: Computer, segment: Segment) -> IpInterface:
    port = access(computer.vlan) if computer.vlan else UNTAGGED
    return IpInterface(computer.name, "Ethernet", "eth0", segment, computer.ip, computer.mac, computer.mtu, vlan=port)
