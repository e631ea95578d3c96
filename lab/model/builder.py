"""How a topology script builds a lab.

>>> lab = Lab("demo")
>>> office = lab.physical_network("office", "192.168.1.0/24", router="192.168.1.1")
>>> pc1 = office.computer("pc1", "192.168.1.10")
>>> hv1 = lab.host("hv1")
>>> nic = hv1.nic("Ethernet", office, "192.168.1.20")
>>> switch = hv1.external_switch("External", "Ethernet")
>>> web1 = hv1.vm("web1", switch, "192.168.1.31")

Nothing is created by this: the script describes, ``hvlab up`` builds. An address may be written without its prefix
length where a subnet is known: that of the physical network, or of the management OS on an internal switch. A mistake
does not stop the script; all of them are reported together, each with the line that made it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from ipaddress import ip_address, ip_interface, ip_network
from pathlib import Path
from types import FrameType

from lab.errors import ErrorRecord, TopologyError
from lab.model.addresses import Address, Interface, IpSettings, Network, parse_mac
from lab.model.kinds import AdapterKind, LearningMode, SwitchType, VMState
from lab.model.objects import (
    DEFAULT_MTU,
    Computer,
    HypervHost,
    Internet,
    LabModel,
    NetworkAdapter,
    PhysicalNetwork,
    PhysicalNic,
    Router,
    VirtualMachine,
    VirtualSwitch,
)

_HERE = str(Path(__file__))


@dataclass(slots=True)
class _Notes:
    """The mistakes found so far, and where each object was declared."""

    mistakes: list[ErrorRecord] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)

    def mistake(self, message: str, *, target: str = "", remedy: str = "") -> None:
        self.mistakes.append(ErrorRecord(message, "TopologyError", target=target, remedy=remedy, where=_caller()))

    def declare(self, target: str) -> None:
        self.places.setdefault(target, _caller())


def _caller() -> str:
    """Return ``file:line`` of the topology script's own statement."""
    frame: FrameType | None = sys._getframe(1)
    while frame and frame.f_code.co_filename == _HERE:
        frame = frame.f_back
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}" if frame else ""


class Lab:
    """A lab under construction. ``interruption_s``: how long a NIC is cut off when a switch takes or releases it."""

    def __init__(self, name: str, *, interruption_s: float = 2.0) -> None:
        self.name = name
        self._interruption_s = interruption_s
        self._hosts: list[HostBuilder] = []
        self._networks: list[NetworkBuilder] = []
        self._internet: list[Computer] = []
        self._internet_subnets: list[Network] = []
        self._notes = _Notes()
        self._notes.declare(f"lab {name}")

    def physical_network(
        self, name: str, *subnets: str, router: str | tuple[str, ...] = (), nat: bool = True, mtu: int = DEFAULT_MTU
    ) -> NetworkBuilder:
        """Add a physical network. ``router``: the address(es) of its router to the internet; ``nat``: it hides IPv4."""
        network = NetworkBuilder(self, name, subnets, router=router, nat=nat, mtu=mtu)
        self._networks.append(network)
        return network

    def internet_host(self, name: str, *addresses: str) -> None:
        """Add a host on the internet, such as 203.0.113.80 (a documentation address, RFC 5737)."""
        self._notes.declare(name)
        parsed = tuple(_interface(self._notes, name, text, ()) for text in addresses)
        found = tuple(address for address in parsed if address)
        self._internet_subnets += [a.network for a in found if a.network not in self._internet_subnets]
        self._internet.append(Computer(name, IpSettings(found)))

    def host(self, name: str, *, forwarding: bool = False) -> HostBuilder:
        """Add a Hyper-V host; with ``forwarding`` its management OS routes."""
        host = HostBuilder(self, name, forwarding)
        self._hosts.append(host)
        return host

    def model(self) -> LabModel:
        """Return the described lab; TopologyError with every mistake there is."""
        from lab.model.validate import validate

        model = LabModel(
            name=self.name,
            hosts=tuple(host.value() for host in self._hosts),
            networks=tuple(network.value(at, self._internet_subnets) for at, network in enumerate(self._networks)),
            internet=Internet(tuple(self._internet_subnets), tuple(self._internet)),
            interruption_s=self._interruption_s,
        )
        places = self._notes.places
        found = [replace(each, where=each.where or places.get(each.target, "")) for each in validate(model)]
        mistakes = self._notes.mistakes + found
        if mistakes:
            raise TopologyError(mistakes)
        return model

    def main(self) -> None:
        """Start this lab and show who can talk to whom: what a topology script does when it is run by itself."""
        from lab.__main__ import run_topology

        run_topology(Path(sys.argv[0]))


class NetworkBuilder:
    """A physical network under construction."""

    def __init__(
        self, lab: Lab, name: str, subnets: tuple[str, ...], *, router: str | tuple[str, ...], nat: bool, mtu: int
    ) -> None:
        self.name = name
        self._notes = lab._notes
        self._notes.declare(name)
        self.subnets = tuple(net for text in subnets if (net := _network(self._notes, name, text)))
        self._computers: list[Computer] = []
        self._nat = nat
        self._mtu = mtu
        texts = (router,) if isinstance(router, str) else router
        self._router = tuple(
            a for text in texts if (a := _interface(self._notes, f"{name}-router", text, self.subnets))
        )

    def computer(self, name: str, *addresses: str, gateway: str | tuple[str, ...] | None = None, mac: str = "") -> None:
        """Add a physical computer. Its gateway is the network's router unless given ("" for none)."""
        self._notes.declare(name)
        ip = self.settings(name, addresses, gateway)
        self._computers.append(Computer(name, ip, _mac(self._notes, name, mac), self._mtu))

    def settings(self, owner: str, addresses: tuple[str, ...], gateway: str | tuple[str, ...] | None) -> IpSettings:
        """Return the settings of something on this network; its router is the default gateway."""
        ip = _settings(self._notes, owner, addresses, gateway or (), self.subnets)
        if gateway is None:
            routers = (router.ip for router in self._router if ip.of_version(router.version))
            ip = replace(ip, gateways=tuple(routers))
        return ip

    @property
    def mtu(self) -> int:
        return self._mtu

    def value(self, at: int, internet: list[Network]) -> PhysicalNetwork:
        """Return the finished value; `at` numbers the networks, for their routers' outside addresses."""
        router = None
        if self._router:
            outside = tuple(_interface_at(net, net.num_addresses - 2 - at) for net in internet)
            router = Router(f"{self.name}-router", IpSettings(self._router), IpSettings(outside), nat=self._nat)
        return PhysicalNetwork(self.name, self.subnets, tuple(self._computers), router, self._mtu)


class HostBuilder:
    """A Hyper-V host under construction."""

    def __init__(self, lab: Lab, name: str, forwarding: bool) -> None:
        self.name = name
        self._forwarding = forwarding
        self._notes = lab._notes
        self._notes.declare(name)
        self._networks = lab._networks
        self._nics: list[PhysicalNic] = []
        self._switches: list[VirtualSwitch] = []
        self._adapters: list[NetworkAdapter] = []
        self._vms: list[VmBuilder] = []

    def nic(
        self,
        name: str,
        network: NetworkBuilder | str,
        *addresses: str,
        gateway: str | tuple[str, ...] | None = None,
        mac: str = "",
        mtu: int | None = None,
    ) -> str:
        """Add a physical NIC, with the addresses the management OS has on it while no switch owns it."""
        owner = f"{self.name}/{name}"
        self._notes.declare(owner)
        builder = self._network(network)
        if builder is None:
            ip = _settings(self._notes, owner, addresses, gateway or (), ())
        else:
            ip = builder.settings(owner, addresses, gateway)
        size = mtu or (builder.mtu if builder else DEFAULT_MTU)
        target = network if isinstance(network, str) else network.name
        self._nics.append(PhysicalNic(name, target, ip, _mac(self._notes, owner, mac), size))
        return name

    def external_switch(
        self,
        name: str,
        nic: str,
        *,
        allow_management_os: bool = True,
        learning: LearningMode = LearningMode.LEARNING,
        ageing_s: int = 300,
    ) -> str:
        """Add an external switch on a NIC; with the management OS on it, unless told otherwise (New-VMSwitch)."""
        self._switch(VirtualSwitch(name, SwitchType.EXTERNAL, nic, learning, ageing_s))
        if allow_management_os:
            self._adapters.append(NetworkAdapter(name, name, ip=None, mtu=self._mtu_of(nic)))
        return name

    def internal_switch(
        self, name: str, *addresses: str, learning: LearningMode = LearningMode.LEARNING, ageing_s: int = 300
    ) -> str:
        """Add an internal switch; the addresses are the management OS's on it."""
        self._switch(VirtualSwitch(name, SwitchType.INTERNAL, None, learning, ageing_s))
        ip = _settings(self._notes, f"{self.name}/{name}", addresses, (), ())
        self._adapters.append(NetworkAdapter(name, name, ip=ip))
        return name

    def private_switch(self, name: str, *, learning: LearningMode = LearningMode.LEARNING, ageing_s: int = 300) -> str:
        """Add a private switch: VMs only."""
        self._switch(VirtualSwitch(name, SwitchType.PRIVATE, None, learning, ageing_s))
        return name

    def management_adapter(
        self, name: str, switch: str, *addresses: str, gateway: str | tuple[str, ...] | None = None, mac: str = ""
    ) -> str:
        """Add a further adapter of the management OS (Add-VMNetworkAdapter -ManagementOS)."""
        owner = f"{self.name}/{name}"
        self._notes.declare(owner)
        ip = self.settings_on(switch, owner, addresses, "" if gateway is None else gateway)
        self._adapters.append(NetworkAdapter(name, switch, mac=_mac(self._notes, owner, mac), ip=ip))
        return name

    def vm(
        self,
        name: str,
        switch: str | None = None,
        *addresses: str,
        gateway: str | tuple[str, ...] | None = None,
        generation: int = 2,
        running: bool = True,
        integration_services: bool = True,
        forwarding: bool = False,
        legacy: bool = False,
        mac: str = "",
        mtu: int = DEFAULT_MTU,
    ) -> VmBuilder:
        """Add a VM with one network adapter on a switch; without a switch the adapter is disconnected."""
        self._notes.declare(name)
        state = VMState.RUNNING if running else VMState.OFF
        value = VirtualMachine(name, (), generation, state, integration_services, forwarding)
        vm = VmBuilder(self, value, self._notes)
        self._vms.append(vm)
        return vm.adapter(switch, *addresses, gateway=gateway, legacy=legacy, mac=mac, mtu=mtu)

    def settings_on(
        self, switch: str | None, owner: str, addresses: tuple[str, ...], gateway: str | tuple[str, ...] | None
    ) -> IpSettings:
        """Return IP settings for an adapter on a switch: the subnets are those known there."""
        found = next((each for each in self._switches if each.name == switch), None)
        nic = next((each for each in self._nics if found and each.name == found.nic), None)
        network = self._network(nic.network, quiet=True) if nic else None
        if network:
            return network.settings(owner, addresses, gateway)
        inside = [adapter.ip for adapter in self._adapters if adapter.switch == switch and adapter.ip]
        subnets = tuple(address.network for ip in inside for address in ip.addresses)
        return _settings(self._notes, owner, addresses, gateway or (), subnets)

    def value(self) -> HypervHost:
        """Return the finished value."""
        vms = tuple(vm.value for vm in self._vms)
        return HypervHost(
            self.name, tuple(self._nics), tuple(self._switches), tuple(self._adapters), vms, self._forwarding
        )

    def _switch(self, switch: VirtualSwitch) -> None:
        self._notes.declare(f"{self.name}/{switch.name}")
        self._switches.append(switch)

    def _mtu_of(self, nic: str) -> int:
        return next((each.mtu for each in self._nics if each.name == nic), DEFAULT_MTU)

    def _network(self, network: NetworkBuilder | str, *, quiet: bool = False) -> NetworkBuilder | None:
        if isinstance(network, NetworkBuilder):
            return network
        return next((each for each in self._networks if each.name == network), None)


class VmBuilder:
    """A VM under construction; every call returns it, so that calls can be chained."""

    def __init__(self, host: HostBuilder, value: VirtualMachine, notes: _Notes) -> None:
        self._host = host
        self.value = value
        self._notes = notes

    def adapter(
        self,
        switch: str | None = None,
        *addresses: str,
        name: str = "",
        gateway: str | tuple[str, ...] | None = None,
        legacy: bool = False,
        mac: str = "",
        mac_spoofing: bool = False,
        mtu: int = DEFAULT_MTU,
    ) -> VmBuilder:
        """Add a network adapter (Add-VMNetworkAdapter); the first is called "Network Adapter", as New-VM does."""
        kind = AdapterKind.LEGACY if legacy else AdapterKind.SYNTHETIC
        title = name or self._free_name("Legacy Network Adapter" if legacy else "Network Adapter")
        owner = f"{self.value.name}/{title}"
        self._notes.declare(owner)
        ip = self._host.settings_on(switch, owner, addresses, gateway)
        adapter = NetworkAdapter(title, switch, kind, _mac(self._notes, owner, mac), ip, mac_spoofing, mtu)
        self.value = replace(self.value, adapters=(*self.value.adapters, adapter))
        return self

    def _free_name(self, stem: str) -> str:
        names = {adapter.name for adapter in self.value.adapters}
        return next(
            name for at in range(1, len(names) + 2) if (name := stem if at == 1 else f"{stem} {at}") not in names
        )


def _settings(
    notes: _Notes,
    owner: str,
    addresses: tuple[str, ...],
    gateway: str | tuple[str, ...],
    subnets: tuple[Network, ...],
) -> IpSettings:
    texts = (gateway,) if isinstance(gateway, str) else gateway
    found = tuple(a for text in addresses if (a := _interface(notes, owner, text, subnets)))
    return IpSettings(found, tuple(g for text in texts if text and (g := _address(notes, owner, text))))


def _interface(notes: _Notes, owner: str, text: str, subnets: tuple[Network, ...]) -> Interface | None:
    try:
        found = ip_interface(text)
    except ValueError:
        notes.mistake(
            f'"{owner}" has the address {text!r}, which is not an IP address',
            target=owner,
            remedy="write it like 192.168.1.10/24 or 2001:db8::10/64",
        )
        return None
    if "/" in str(text):
        return found
    known = [net for net in subnets if net.version == found.version]
    if not known:
        notes.mistake(
            f'"{owner}" has the address {text} without a prefix length, and no subnet is known there',
            target=owner,
            remedy=f"write it like {text}/{24 if found.version == 4 else 64}",
        )
        return None
    inside = next((net for net in known if found.ip in net), None)
    if inside is None:
        nets = ", ".join(map(str, known))
        notes.mistake(
            f'"{owner}" has the address {text}, which is outside its subnet {nets}',
            target=owner,
            remedy=f"give it an address of {nets}",
        )
        return None
    return ip_interface(f"{found.ip}/{inside.prefixlen}")


def _interface_at(net: Network, index: int) -> Interface:
    return ip_interface(f"{net[index]}/{net.prefixlen}")


def _address(notes: _Notes, owner: str, text: str) -> Address | None:
    try:
        return ip_address(text)
    except ValueError:
        notes.mistake(f'"{owner}" has the gateway {text!r}, which is not an IP address', target=owner)
        return None


def _network(notes: _Notes, owner: str, text: str) -> Network | None:
    try:
        return ip_network(text)
    except ValueError as error:
        notes.mistake(
            f'"{owner}" has the subnet {text!r}: {error}', target=owner, remedy="write it like 192.168.1.0/24"
        )
        return None


def _mac(notes: _Notes, owner: str, text: str) -> str:
    if not text:
        return ""
    try:
        return parse_mac(text)
    except ValueError as error:
        notes.mistake(f'"{owner}": {error}', target=owner)
        return ""
