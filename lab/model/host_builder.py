"""How a topology script describes a Hyper-V host (see :mod:`lab.model.builder`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from ipaddress import IPv4Network
from typing import Unpack

from lab.model.adapter_builder import ManagementAdapterSettings, VmAdapterSettings, read_settings
from lab.model.addresses import IpSettings
from lab.model.advertising import RouterAdvertisements
from lab.model.advertising_builder import read_advertisements
from lab.model.default_switch import DEFAULT_SWITCH, host_address
from lab.model.kinds import BootDevice, SwitchType, VMState
from lab.model.names import quoted, vethernet
from lab.model.nat import NetNat
from lab.model.nat_builder import WrittenMapping, read_mappings
from lab.model.network_builder import NetworkBuilder
from lab.model.notes import Notes
from lab.model.objects import (
    DEFAULT_MTU,
    HypervHost,
    NetworkAdapter,
    PhysicalNic,
    VirtualMachine,
    VirtualSwitch,
)
from lab.model.reading import Reader, Subnets, Texts
from lab.model.rules.mistakes import known
from lab.model.switch_builder import ExternalSwitchSettings, InternalSwitchSettings, SwitchSettings, read_switch
from lab.model.vm_builder import VmBuilder


class HostBuilder:
    """A Hyper-V host under construction."""

    def __init__(self, notes: Notes, networks: list[NetworkBuilder], name: str, *, forwarding: bool) -> None:
        self._notes = notes
        self._networks = networks
        self.name = Reader(notes, "Hyper-V host").name("Hyper-V host", name, "host")
        notes.declare(self.name)
        self._forwarding = Reader(notes, self.name).flag("forwarding", forwarding, False)
        self._nics: list[PhysicalNic] = []
        self._switches: list[VirtualSwitch] = []
        self._adapters: list[NetworkAdapter] = []
        self._vms: list[VmBuilder] = []
        self._unsure: set[str] = set()
        self._nat: NetNat | None = None
        self._advertisements: RouterAdvertisements | None = None
        self._mac_range = ("", "")

    def set_mac_range(self, minimum: object, maximum: object) -> None:
        """Set the first and the last dynamic MAC address of the host (Set-VMHost)."""
        read = Reader(self._notes, self.name)
        self._mac_range = read.mac(minimum), read.mac(maximum)

    def nic(  # noqa: PLR0913 - settings given by name
        self,
        name: str,
        network: NetworkBuilder | str,
        *addresses: str,
        gateway: Texts = None,
        mac: str = "",
        mtu: int | None = None,
        connected: bool = True,
        speed: int = 0,
    ) -> str:
        """Add a physical NIC, with the addresses the management OS has on it while no switch owns it.

        ``connected``: its cable is plugged in. ``speed`` in bits per second; 0 is as fast as the machine.
        """
        title = self._name("NIC", name, f"Ethernet {len(self._nics) + 1}")
        read = self._declare(title)
        builder = self._network(network)
        if builder:
            ip = builder.settings(read.owner, addresses, gateway)
        else:
            ip = read.settings(addresses, gateway, None)
        target = network.name if isinstance(network, NetworkBuilder) else read.name("physical network", network, "")
        size = read.number("mtu", mtu, DEFAULT_MTU) if mtu is not None else (builder.mtu if builder else DEFAULT_MTU)
        plugged = read.flag("connected", connected, True)
        rate = read.number("speed", speed, 0)
        self._nics.append(PhysicalNic(title, target, ip, read.mac(mac), size, plugged, rate))
        return title

    def external_switch(
        self,
        name: str,
        nic: str | Sequence[str],
        *,
        allow_management_os: bool = True,
        **settings: Unpack[ExternalSwitchSettings],
    ) -> str:
        """Add an external switch on a NIC; with the management OS on it, unless told otherwise (New-VMSwitch).

        Several NICs are a switch-embedded team; ``embedded_teaming`` makes one of a single NIC. Settings of adapters
        are those of the management OS. ``mirror_external_port``: what passes the NIC is copied to the adapters that are
        Destination of port mirroring. ``extensions`` are those that are enabled, by name.
        """
        title, given = self._switch(name, SwitchType.EXTERNAL, nic, settings, ExternalSwitchSettings)
        switch = self._switches[-1]
        if self._reader(title).flag("allow_management_os", allow_management_os, True):
            fields = read_settings(self._management_reader(title), given, ManagementAdapterSettings)
            mtu = next((each.mtu for each in self._nics if each.name == switch.nic), DEFAULT_MTU)
            self._adapters.append(NetworkAdapter(title, title, ip=None, mtu=mtu, **fields))
        elif given:
            names = ", ".join(map(quoted, given))
            what = f"switch {quoted(f'{self.name}/{title}')} has {names}, and the management OS has no adapter on it"
            self._reader(title).mistake(what, "say it in management_adapter(...), or without allow_management_os=False")
        return title

    def internal_switch(self, name: str, *addresses: str, **settings: Unpack[InternalSwitchSettings]) -> str:
        """Add an internal switch; the addresses and settings of adapters are the management OS's on it."""
        title, given = self._switch(name, SwitchType.INTERNAL, None, settings, InternalSwitchSettings)
        read = self._management_reader(title)
        ip = read.settings(addresses, (), ())
        if len(ip.addresses) < len(addresses):
            self._unsure.add(title)
        fields = read_settings(read, given, ManagementAdapterSettings)
        self._adapters.append(NetworkAdapter(title, title, ip=ip, **fields))
        return title

    def default_switch(self, subnet: str = "", **settings: object) -> str:
        """Add the Default Switch of client Windows: its host leases addresses, answers names and translates.

        ``subnet``: a /20 of 172.16.0.0/12, one that nothing else in the lab uses unless given. It has no settings.
        """
        read = self._declare(DEFAULT_SWITCH)
        for name in settings:
            what = f"the Default Switch of host {quoted(self.name)} is to have {quoted(name)}"
            read.mistake(what, "Windows itself makes it, and nobody can rename, delete or reconfigure it")
        if any(each.is_default for each in self._switches):
            read.mistake(f"host {quoted(self.name)} has the Default Switch already", "there is one for a host")
            return DEFAULT_SWITCH
        found = read.networks((subnet,) if subnet != "" else ())
        given = next((each for each in found or () if isinstance(each, IPv4Network)), None)
        if found and given is None:
            read.mistake(f"the Default Switch of host {quoted(self.name)} has the subnet {found[0]}", "expected IPv4")
        ip = IpSettings((host_address(given),)) if given else IpSettings()
        self._switches.append(VirtualSwitch(DEFAULT_SWITCH, SwitchType.INTERNAL, is_default=True))
        self._adapters.append(NetworkAdapter(DEFAULT_SWITCH, DEFAULT_SWITCH, ip=ip))
        return DEFAULT_SWITCH

    def private_switch(self, name: str, **settings: Unpack[SwitchSettings]) -> str:
        """Add a private switch: VMs only."""
        return self._switch(name, SwitchType.PRIVATE, None, settings, SwitchSettings)[0]

    def management_adapter(
        self,
        name: str,
        switch: str,
        *addresses: str,
        gateway: Texts = None,
        **settings: Unpack[ManagementAdapterSettings],
    ) -> str:
        """Add a further adapter of the management OS (Add-VMNetworkAdapter -ManagementOS); no gateway unless given."""
        title = self._name("adapter", name, f"adapter {len(self._adapters) + 1}")
        read = self._declare(title)
        ip = self.settings_on(switch, read.owner, addresses, "" if gateway is None else gateway)
        found = self.known_switch(switch, read)
        if found or switch is None:
            fields = read_settings(read, settings, ManagementAdapterSettings)
            self._adapters.append(NetworkAdapter(title, found, ip=ip, **fields))
        return title

    def nat(self, name: str, prefix: str, *mappings: WrittenMapping) -> str:
        """Translate what comes from a subnet inside to the host's own addresses (New-NetNat); one for a host.

        ``mappings`` are made by :func:`nat_mapping`: they let others in, each by one port of the host.
        """
        title = self._name("NAT", name, "NAT")
        read = self._declare(title)
        found = read.networks((prefix,))
        if self._nat is not None:
            what = f"host {quoted(self.name)} has the NAT {quoted(self._nat.name)} already"
            read.mistake(what, "a host has one internal prefix at most: give it all subnets in one")
        elif found and not isinstance(found[0], IPv4Network):
            read.mistake(f"NAT {quoted(read.owner)} is to translate {found[0]}", "expected an IPv4 subnet")
        elif found and isinstance(found[0], IPv4Network):
            self._nat = NetNat(title, found[0], read_mappings(read, mappings))
        return title

    def router_advertisements(
        self,
        *,
        managed: bool = False,
        other: bool = False,
        autonomous: bool = True,
        default_route: bool = True,
        adapters: Sequence[str] = (),
    ) -> None:
        """Have the management OS tell the machines beside it that it is a router for their IPv6 subnets.

        ``managed``: they are to ask a DHCPv6 server for addresses; ``other``: for all but those; ``autonomous``: they
        may make themselves addresses. ``adapters`` names those that advertise; all that have IPv6 do unless some are
        named (Set-NetIPInterface -Advertising Enabled; RFC 4861).
        """
        read = Reader(self._notes, self.name)
        self._advertisements = read_advertisements(
            read, managed=managed, other=other, autonomous=autonomous, default_route=default_route, adapters=adapters
        )

    def vm(  # noqa: PLR0913 - settings given by name
        self,
        name: str,
        switch: str | None = None,
        *addresses: str,
        gateway: Texts = None,
        generation: int = 2,
        running: bool = True,
        integration_services: bool = True,
        forwarding: bool = False,
        resource_metering: bool = False,
        legacy: bool = False,
        boot_device: BootDevice | str = BootDevice.VHD,
        real_machine: bool = False,
        **settings: Unpack[VmAdapterSettings],
    ) -> VmBuilder:
        """Add a VM with one network adapter on a switch; without a switch the adapter is disconnected.

        ``boot_device``: with ``NetworkAdapter`` (generation 2) or ``LegacyNetworkAdapter`` (generation 1) its disk is
        empty, and it is installed over the network before it has its addresses (New-VM -BootDevice). With
        ``real_machine`` it is run by QEMU, with real firmware, and has only the addresses that its guest takes.
        """
        title = self._name("VM", name, f"VM-{len(self._vms) + 1}")
        self._notes.declare(title)
        read = Reader(self._notes, title)
        value = VirtualMachine(
            title,
            generation=read.number("generation", generation, 2),
            state=VMState.RUNNING if read.flag("running", running, True) else VMState.OFF,
            integration_services=read.flag("integration_services", integration_services, True),
            forwarding=read.flag("forwarding", forwarding, False),
            resource_metering=read.flag("resource_metering", resource_metering, False),
            boot_device=read.choice("boot_device", boot_device, BootDevice, BootDevice.VHD),
            real_machine=read.flag("real_machine", real_machine, False),
        )
        vm = VmBuilder(self, value, self._notes)
        self._vms.append(vm)
        return vm.adapter(switch, *addresses, gateway=gateway, legacy=legacy, **settings)

    def settings_on(self, switch: object, owner: str, addresses: object, gateway: object) -> IpSettings:
        """Return IP settings for an adapter on a switch: the subnets are those known there."""
        found = next((each for each in self._switches if each.name == switch), None)
        nic = next((each for each in self._nics if found and each.name == found.nic), None)
        network = self._network(nic.network) if nic else None
        if network:
            return network.settings(owner, addresses, gateway)
        return Reader(self._notes, owner).settings(addresses, gateway, self._subnets_inside(found, switch))

    def known_switch(self, switch: object, read: Reader) -> str | None:
        """Return the name of a switch of this host; None if it was not declared before, which is noted."""
        names = [each.name for each in self._switches]
        if switch is None or switch in names:
            return None if switch is None else str(switch)
        host = quoted(self.name)
        self._notes.mistake(
            f"{quoted(read.owner)} is to be on switch {quoted(switch)}, which host {host} does not have (yet)",
            target=read.owner,
            remedy=known(names, switch),
        )
        return None

    def leases(self, switch: str | None) -> bool:
        """Tell whether a switch is the Default Switch, whose VMs are DHCP clients unless they have addresses."""
        return any(each.is_default and each.name == switch for each in self._switches)

    def value(self) -> HypervHost:
        """Return the finished value."""
        vms = tuple(vm.value for vm in self._vms)
        return HypervHost(
            self.name,
            tuple(self._nics),
            tuple(self._switches),
            tuple(self._adapters),
            vms,
            self._forwarding,
            *self._mac_range,
            nat=self._nat,
            router_advertisements=self._advertisements,
        )

    def _subnets_inside(self, found: VirtualSwitch | None, switch: object) -> Subnets:
        if switch is not None and (found is None or found.nic is not None or found.name in self._unsure):
            return None
        inside = [adapter.ip for adapter in self._adapters if found and adapter.switch == found.name and adapter.ip]
        return tuple(address.network for ip in inside for address in ip.addresses)

    def _switch(
        self, name: object, kind: SwitchType, nic: object, given: Mapping[str, object], allowed: type[SwitchSettings]
    ) -> tuple[str, dict[str, object]]:
        """Add a switch; return its name and what was given for the management OS's adapter on it.

        An external one without a usable NIC goes on as an internal one, of unknown subnets.
        """
        title = self._name("switch", name, f"switch-{len(self._switches) + 1}")
        read = self._declare(title)
        nics = tuple(nic) if isinstance(nic, tuple | list) else (nic,)
        if kind is not SwitchType.EXTERNAL:
            nics = ()
        elif not nics or not all(isinstance(each, str) for each in nics):
            read.name("NIC", next((each for each in nics if not isinstance(each, str)), nic), "")
            self._unsure.add(title)
            kind, nics = SwitchType.INTERNAL, ()
        switch = VirtualSwitch(title, kind, tuple(map(str, nics)))
        fields, adapter = read_switch(read, switch, given, allowed)
        self._switches.append(replace(switch, **fields))
        return title, adapter

    def _management_reader(self, title: str) -> Reader:
        return Reader(self._notes, f"{self.name}/{vethernet(title)}")

    def _name(self, kind: str, name: object, fallback: str) -> str:
        return Reader(self._notes, self.name).name(kind, name, fallback)

    def _reader(self, title: str) -> Reader:
        return Reader(self._notes, f"{self.name}/{title}")

    def _declare(self, title: str) -> Reader:
        read = self._reader(title)
        self._notes.declare(read.owner)
        return read

    def _network(self, network: object) -> NetworkBuilder | None:
        if isinstance(network, NetworkBuilder):
            return network
        return next((each for each in self._networks if each.name == network), None)
