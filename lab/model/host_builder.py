"""How a topology script describes a Hyper-V host and its VMs (see :mod:`lab.model.builder`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from ipaddress import IPv4Network
from typing import Unpack

from lab.model.adapter_builder import ManagementAdapterSettings, VmAdapterSettings, read_settings
from lab.model.addresses import IpSettings
from lab.model.kinds import AdapterKind, SwitchType, VMState
from lab.model.names import quoted, vethernet, vlan_interface_name
from lab.model.nat import NetNat
from lab.model.nat_builder import WrittenMapping, read_mappings
from lab.model.network_builder import NetworkBuilder
from lab.model.notes import Notes
from lab.model.objects import (
    DEFAULT_MTU,
    GuestTeam,
    HypervHost,
    NetworkAdapter,
    PhysicalNic,
    VirtualMachine,
    VirtualSwitch,
    VlanInterface,
)
from lab.model.reading import Reader, Subnets, Texts, shown
from lab.model.rules.mistakes import known
from lab.model.switch_builder import ExternalSwitchSettings, InternalSwitchSettings, SwitchSettings, read_switch


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
        **settings: Unpack[VmAdapterSettings],
    ) -> VmBuilder:
        """Add a VM with one network adapter on a switch; without a switch the adapter is disconnected."""
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


class VmBuilder:
    """A VM under construction; every call returns it, so that calls can be chained."""

    def __init__(self, host: HostBuilder, value: VirtualMachine, notes: Notes) -> None:
        self._host = host
        self.value = value
        self._notes = notes

    def adapter(
        self,
        switch: str | None = None,
        *addresses: str,
        name: str = "",
        gateway: Texts = None,
        legacy: bool = False,
        **settings: Unpack[VmAdapterSettings],
    ) -> VmBuilder:
        """Add a network adapter (Add-VMNetworkAdapter); the first is called "Network Adapter", as New-VM does."""
        about = Reader(self._notes, self.value.name)
        old = about.flag("legacy", legacy, False)
        free = self._free_name("Legacy Network Adapter" if old else "Network Adapter")
        title = about.name("adapter", name, free) if name != "" else free
        read = Reader(self._notes, f"{self.value.name}/{title}")
        self._notes.declare(read.owner)
        kind = AdapterKind.LEGACY if old else AdapterKind.SYNTHETIC
        found = self._host.known_switch(switch, about)
        ip = self._host.settings_on(switch, read.owner, addresses, gateway)
        fields = read_settings(read, settings, VmAdapterSettings)
        adapter = NetworkAdapter(title, found, kind, ip=ip, **fields)
        self.value = replace(self.value, adapters=(*self.value.adapters, adapter))
        return self

    def vlan_interface(
        self, vlan_id: int, *addresses: str, adapter: str | None = None, gateway: Texts = None
    ) -> VmBuilder:
        """Have the guest make itself an interface for the tagged frames of a VLAN, on the first adapter or the named.

        The switch lets those frames pass if the adapter is a trunk that allows the VLAN (``vlan=trunk(...)``).
        """
        about = Reader(self._notes, self.value.name)
        number = about.number("the VLAN id of an interface", vlan_id, 0)
        at = self._adapter_named(adapter, about)
        if at is None or number != vlan_id:
            return self
        adapters = list(self.value.adapters)
        owner = f"{self.value.name}/{vlan_interface_name(adapters[at].name, number)}"
        self._notes.declare(owner)
        ip = self._host.settings_on(adapters[at].switch, owner, addresses, gateway)
        more = (*adapters[at].vlan_interfaces, VlanInterface(number, ip))
        adapters[at] = replace(adapters[at], vlan_interfaces=more)
        self.value = replace(self.value, adapters=tuple(adapters))
        return self

    def team(
        self, name: str, *addresses: str, adapters: Sequence[str] | None = None, gateway: Texts = None
    ) -> VmBuilder:
        """Have the guest make a team of two adapters, all of them unless named: it uses the first that has a link.

        The adapters are on two external switches, and have ``allow_teaming=True`` (New-NetLbfoTeam in the guest).
        """
        about = Reader(self._notes, self.value.name)
        title = about.name("team", name, "Team")
        owner = f"{self.value.name}/{title}"
        self._notes.declare(owner)
        given = [each.name for each in self.value.adapters] if adapters is None else adapters
        if self.value.team or not isinstance(given, list | tuple) or not all(isinstance(each, str) for each in given):
            wrong = f"adapters is {shown(adapters)}, expected a list of names"
            why = "it has a team already" if self.value.team else wrong
            about.mistake(f"VM {quoted(self.value.name)} cannot have the team {quoted(title)}: {why}")
            return self
        found = [at for each in given if (at := self._adapter_named(each, about)) is not None]
        members = [self.value.adapters[at] for at in found]
        switch = next((each.switch for each in members if each.switch), None)
        ip = self._host.settings_on(switch, owner, addresses, gateway)
        if len(found) == len(given):
            self.value = replace(self.value, team=GuestTeam(title, tuple(each.name for each in members), ip))
        return self

    def _adapter_named(self, name: object, read: Reader) -> int | None:
        """Return which adapter has a name, the first for None; None if there is no such one, which is noted."""
        names = [adapter.name for adapter in self.value.adapters]
        if name is None or name in names:
            return 0 if name is None else names.index(str(name))
        read.mistake(f"VM {quoted(self.value.name)} has no adapter called {quoted(name)}", known(names, name))
        return None

    def _free_name(self, stem: str) -> str:
        names = {adapter.name for adapter in self.value.adapters}
        return next(
            name for at in range(1, len(names) + 2) if (name := stem if at == 1 else f"{stem} {at}") not in names
        )
