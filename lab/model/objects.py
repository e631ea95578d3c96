"""Everything a lab consists of: hosts, switches, VMs, adapters, and the physical world around them.

All values are frozen and compare by content. Names are the user's; a name that refers to something else (an adapter's
switch, a switch's NIC) is checked by :mod:`lab.model.validate`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from lab.model.acl import ExtendedAcl, PortAcl
from lab.model.addresses import NO_IP, IpSettings, Network
from lab.model.advertising import RouterAdvertisements
from lab.model.boot import BootServer
from lab.model.default_switch import DEFAULT_SWITCH
from lab.model.dhcp import DhcpServer
from lab.model.extensions import ENABLED_BY_DEFAULT, SwitchExtension
from lab.model.isolation import NO_ISOLATION, IsolationSettings
from lab.model.kinds import (
    AdapterKind,
    BandwidthReservationMode,
    BootDevice,
    LearningMode,
    LoadBalancing,
    PortMirroring,
    SwitchType,
    VMState,
)
from lab.model.names import vethernet
from lab.model.nat import NetNat
from lab.model.nlb import NlbNode
from lab.model.recorded import Setting
from lab.model.vlan import UNTAGGED, VlanSettings

DEFAULT_MTU = 1500


@dataclass(frozen=True, slots=True)
class VlanInterface:
    """An interface that a VM's guest makes itself on an adapter: its frames carry the tag of one VLAN."""

    vlan_id: int
    ip: IpSettings = NO_IP

    def __str__(self) -> str:
        addresses = ", ".join(map(str, self.ip.addresses))
        return f"{self.vlan_id} ({addresses})" if addresses else str(self.vlan_id)


@dataclass(frozen=True, slots=True)
class NetworkAdapter:
    """A virtual network adapter, of a VM or of the management OS.

    ``switch`` is None while the adapter is disconnected. ``mac`` is the static address, empty for one of the host's
    pool. ``ip`` is None for an adapter of the management OS that takes over the settings of its switch's NIC.
    ``mtu`` in bytes. ``maximum_bandwidth`` limits what it sends, in bits per second, ``storm_limit``
    what of that is for many receivers, in packets per second; 0 is no limit. ``team_mapping`` names the physical NIC
    that it is mapped to in its switch's team, empty for one that the switch chooses. With ``allow_teaming`` the VM may
    send by it from the addresses of its other adapters, and it loses its link when its switch's NICs have none.
    ``ieee_priority_tag``: what it sends and gets keeps its 802.1p priority. ``vlan_interfaces`` are the guest's own.
    ``minimum_bandwidth_weight`` and ``minimum_bandwidth_absolute``, in bits per second, are its share of its switch's
    NIC; 0 is none of its own. ``nlb``: its guest has made it a node of a cluster (Network Load Balancing).
    ``enabled`` and ``guest_mac`` are what its operating system has set (Disable-NetAdapter, Set-NetAdapter -MacAddress;
    empty for the adapter's own): one that is disabled sends and gets nothing, and no switch is told of another address.
    ``recorded``, here and elsewhere, are settings that are kept and have no effect.
    """

    name: str
    switch: str | None = None
    kind: AdapterKind = AdapterKind.SYNTHETIC
    mac: str = ""
    ip: IpSettings | None = NO_IP
    mac_spoofing: bool = False
    mtu: int = DEFAULT_MTU
    vlan: VlanSettings = UNTAGGED
    dhcp_guard: bool = False
    router_guard: bool = False
    acls: tuple[PortAcl, ...] = ()
    extended_acls: tuple[ExtendedAcl, ...] = ()
    port_mirroring: PortMirroring = PortMirroring.NONE
    maximum_bandwidth: int = 0
    storm_limit: int = 0
    team_mapping: str = ""
    allow_teaming: bool = False
    vlan_interfaces: tuple[VlanInterface, ...] = ()
    isolation: IsolationSettings = NO_ISOLATION
    ieee_priority_tag: bool = False
    minimum_bandwidth_weight: int = 0
    minimum_bandwidth_absolute: int = 0
    nlb: NlbNode | None = None
    enabled: bool = True
    guest_mac: str = ""
    recorded: tuple[Setting, ...] = ()


@dataclass(frozen=True, slots=True)
class GuestTeam:
    """A team that a VM's guest makes itself of some of its adapters: it uses the first of them that has a link."""

    name: str
    adapters: tuple[str, ...] = ()
    ip: IpSettings = NO_IP
    recorded: tuple[Setting, ...] = ()


@dataclass(frozen=True, slots=True)
class VirtualMachine:
    """A VM.

    Without integration services its synthetic adapters have no driver (hyper-v-integration-services).
    ``forwarding``: its IP stack routes between its adapters. ``resource_metering``: what they send and get is counted.
    ``team`` is what its guest has made of several adapters. ``dhcp_server`` is its role, if it has that;
    ``dhcp_relay`` are the servers that it passes to what DHCP clients beside it ask, none if it is no relay agent.
    ``boot_device`` is what it boots from first; ``installed``: it has booted from its network adapter before, so that
    its disk is no longer empty. ``boot_server`` is what others boot from, if it is for that. ``real_machine``: it is
    run by a machine emulator with real firmware, so that its guest is whatever that boots.
    ``router_advertisements``: it tells the machines beside it that it is a router, None if it does not.
    """

    name: str
    adapters: tuple[NetworkAdapter, ...] = ()
    generation: int = 2
    state: VMState = VMState.RUNNING
    integration_services: bool = True
    forwarding: bool = False
    resource_metering: bool = False
    team: GuestTeam | None = None
    dhcp_server: DhcpServer | None = None
    dhcp_relay: tuple[IPv4Address, ...] = ()
    boot_device: BootDevice = BootDevice.VHD
    installed: bool = False
    boot_server: BootServer | None = None
    real_machine: bool = False
    router_advertisements: RouterAdvertisements | None = None
    recorded: tuple[Setting, ...] = ()

    @property
    def running(self) -> bool:
        return self.state is VMState.RUNNING

    @property
    def has_system(self) -> bool:
        """Whether there is an operating system of ours on its disk."""
        return not self.real_machine and (self.installed or self.boot_device is BootDevice.VHD)

    def adapter_id(self, adapter: NetworkAdapter) -> str:
        """Return the adapter's full name in this lab: ``web1/Network Adapter``."""
        return f"{self.name}/{adapter.name}"

    def has_driver(self, adapter: NetworkAdapter) -> bool:
        """Tell whether the guest can use the adapter at all; a firmware that boots has drivers of its own."""
        return self.integration_services or adapter.kind is AdapterKind.LEGACY or not self.has_system


@dataclass(frozen=True, slots=True)
class VirtualSwitch:
    """A Hyper-V virtual switch. ``nics`` names the physical NICs of an external one. ``ageing_s`` in seconds.

    With ``embedded_teaming`` they are a team (New-VMSwitch -EnableEmbeddedTeaming); without, there is one NIC.
    ``mirror_external_port``: the external port is a Source of port mirroring (Add-VMSwitchExtensionPortFeature).
    ``extensions`` are those that are enabled, in the order of :class:`~lab.model.extensions.SwitchExtension`.
    ``bandwidth_reservation`` is fixed at creation. The default flow is what all adapters without a minimum bandwidth of
    their own share: its weight, or bits per second, of which 0 is a tenth of the NIC's speed. ``is_default``: it is the
    Default Switch of client Windows.
    """

    name: str
    type: SwitchType
    nics: tuple[str, ...] = ()
    learning: LearningMode = LearningMode.LEARNING
    ageing_s: int = 300
    mirror_external_port: bool = False
    embedded_teaming: bool = False
    load_balancing: LoadBalancing = LoadBalancing.HYPERVPORT
    extensions: tuple[SwitchExtension, ...] = ENABLED_BY_DEFAULT
    bandwidth_reservation: BandwidthReservationMode = BandwidthReservationMode.WEIGHT
    default_flow_minimum_bandwidth_weight: int = 1
    default_flow_minimum_bandwidth_absolute: int = 0
    is_default: bool = False
    recorded: tuple[Setting, ...] = ()

    @property
    def nic(self) -> str | None:
        """Return the NIC whose MAC address and IP settings the management OS takes over; None if there is none."""
        return next(iter(self.nics), None)


@dataclass(frozen=True, slots=True)
class PhysicalNic:
    """A network card of a Hyper-V host, and the settings its IP stack has while no switch owns the card.

    ``connected``: its cable is plugged in; without, it has no link. ``speed`` in bits per second, in each direction; 0
    is as fast as the machine. ``enabled``: nobody has disabled it (Disable-NetAdapter).
    """

    name: str
    network: str
    ip: IpSettings = NO_IP
    mac: str = ""
    mtu: int = DEFAULT_MTU
    connected: bool = True
    speed: int = 0
    enabled: bool = True
    recorded: tuple[Setting, ...] = ()

    @property
    def has_link(self) -> bool:
        return self.connected and self.enabled


@dataclass(frozen=True, slots=True)
class HypervHost:
    """A Hyper-V host: its NICs, switches, management-OS adapters and VMs.

    ``forwarding``: the management OS routes between its interfaces; Windows Server does not by default.
    ``mac_address_minimum`` and ``mac_address_maximum`` are the first and the last of its dynamic MAC addresses
    (Set-VMHost), both empty for those that its IPv4 address gives it. ``nat`` hides a subnet behind its addresses.
    """

    name: str
    nics: tuple[PhysicalNic, ...] = ()
    switches: tuple[VirtualSwitch, ...] = ()
    management_adapters: tuple[NetworkAdapter, ...] = ()
    vms: tuple[VirtualMachine, ...] = ()
    forwarding: bool = False
    mac_address_minimum: str = ""
    mac_address_maximum: str = ""
    nat: NetNat | None = None
    router_advertisements: RouterAdvertisements | None = None
    recorded: tuple[Setting, ...] = ()

    def switch(self, name: str | None) -> VirtualSwitch | None:
        return next((switch for switch in self.switches if switch.name == name), None)

    def nic(self, name: str | None) -> PhysicalNic | None:
        return next((nic for nic in self.nics if nic.name == name), None)

    @property
    def default_switch(self) -> VirtualSwitch | None:
        """Return the Default Switch of client Windows, if the host has it."""
        return next((switch for switch in self.switches if switch.is_default), None)

    @property
    def default_subnet(self) -> IPv4Network | None:
        """Return the subnet of which its Default Switch leases addresses."""
        return self.default_address.network if self.default_address else None

    @property
    def default_address(self) -> IPv4Interface | None:
        """Return the address that the management OS has on its Default Switch."""
        mine = (adapter.ip for adapter in self.adapters_on(self.default_switch.name)) if self.default_switch else ()
        found = (address for ip in mine if ip for address in ip.addresses)
        return next((address for address in found if isinstance(address, IPv4Interface)), None)

    @property
    def nats(self) -> tuple[NetNat, ...]:
        """Return every address translation of the host: its own, and that of its Default Switch."""
        shared = self.default_subnet
        return (*((self.nat,) if self.nat else ()), *((NetNat(DEFAULT_SWITCH, shared),) if shared else ()))

    def switch_of_nic(self, nic: str) -> VirtualSwitch | None:
        """Return the external switch that owns a NIC, if any."""
        return next((switch for switch in self.switches if nic in switch.nics), None)

    def adapters_on(self, switch: str) -> tuple[NetworkAdapter, ...]:
        """Return the management-OS adapters on a switch; empty means AllowManagementOS is False."""
        return tuple(adapter for adapter in self.management_adapters if adapter.switch == switch)

    def management_id(self, adapter: NetworkAdapter) -> str:
        """Return the full name of a management-OS adapter: ``hv1/vEthernet (External)``."""
        return f"{self.name}/{vethernet(adapter.name)}"


@dataclass(frozen=True, slots=True)
class Computer:
    """A physical computer, on a physical network or on the internet.

    ``vlan``: that of the physical switch's port it is plugged into, which is an access port; 0 is no VLAN.
    """

    name: str
    ip: IpSettings = NO_IP
    mac: str = ""
    mtu: int = DEFAULT_MTU
    vlan: int = 0
    recorded: tuple[Setting, ...] = ()


@dataclass(frozen=True, slots=True)
class Router:
    """What joins a physical network to the internet. ``nat``: it hides IPv4 addresses behind its own.

    ``advertisements``: it tells the computers of the network that it is their router.
    """

    name: str
    inside: IpSettings = NO_IP
    outside: IpSettings = NO_IP
    nat: bool = True
    advertisements: RouterAdvertisements | None = None


@dataclass(frozen=True, slots=True)
class PhysicalNetwork:
    """A physical Ethernet with its computers and, maybe, a router.

    ``igmp_snooping``: its switch gives frames for a multicast group to those who have joined only (RFC 4541).
    """

    name: str
    subnets: tuple[Network, ...] = ()
    computers: tuple[Computer, ...] = ()
    router: Router | None = None
    mtu: int = DEFAULT_MTU
    igmp_snooping: bool = False


@dataclass(frozen=True, slots=True)
class Internet:
    """The network beyond the routers, and the hosts on it."""

    subnets: tuple[Network, ...] = ()
    hosts: tuple[Computer, ...] = ()


@dataclass(frozen=True, slots=True)
class LabModel:
    """A whole lab. ``interruption_s``: how long a NIC is cut off when a switch takes or releases it, in seconds."""

    name: str
    hosts: tuple[HypervHost, ...] = ()
    networks: tuple[PhysicalNetwork, ...] = ()
    internet: Internet = field(default_factory=Internet)
    interruption_s: float = 2.0

    def network(self, name: str) -> PhysicalNetwork | None:
        return next((network for network in self.networks if network.name == name), None)

    def host(self, name: str) -> HypervHost | None:
        return next((host for host in self.hosts if host.name == name), None)

    def vms(self) -> Iterator[tuple[HypervHost, VirtualMachine]]:
        """Yield every VM with its host."""
        for host in self.hosts:
            for vm in host.vms:
                yield host, vm

    def node_names(self) -> Iterator[str]:
        """Yield the name of everything that has an IP stack of its own, running or not."""
        for host in self.hosts:
            yield host.name
            for vm in host.vms:
                yield vm.name
        for network in self.networks:
            for computer in network.computers:
                yield computer.name
            if network.router:
                yield network.router.name
        for computer in self.internet.hosts:
            yield computer.name
