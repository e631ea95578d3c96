"""What a machine calls its network interfaces, and what it knows of each: Windows' names, numbers and words.

A Hyper-V host has its NICs and ``vEthernet (…)``; a VM's guest has ``Ethernet``, ``Ethernet 2``, … in the order of its
adapters, whatever Hyper-V calls those, and what it has made of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address, ip_network
from typing import Any, Final

from lab.model.addresses import IpSettings, StaticRoute
from lab.model.bandwidth import ASSUMED_SPEED_BPS
from lab.model.interfaces import (
    IpInterface,
    host_interfaces,
    interfaces_of_computers,
    router_interfaces,
    vm_interfaces,
)
from lab.model.kinds import AdapterKind
from lab.model.objects import HypervHost, LabModel, VirtualMachine
from lab.model.recorded import Setting
from lab.shell.hyperv.nics import description as nic_description
from lab.shell.place import Machine, Place, vm_of
from lab.shell.recording import kept

ALIAS: Final = "InterfaceAlias"
INDEX: Final = "InterfaceIndex"
"""What an interface is called, and its number, are recorded where they are no longer those that it had at first."""
IDLE_GATEWAYS: Final = "IdleGateways"
IDLE_ROUTES: Final = "IdleRoutes"
"""So are gateways and routes that Windows keeps although no address of the interface leads to them."""

SYNTHETIC: Final = "Microsoft Hyper-V Network Adapter"
LEGACY: Final = "Intel 21140-Based PCI Fast Ethernet Adapter (Emulated)"
VIRTUAL: Final = "Hyper-V Virtual Ethernet Adapter"
TEAM: Final = "Microsoft Network Adapter Multiplexor Driver"

_LEGACY_BPS: Final = 100_000_000
_FIRST_INDEX: Final = 2
_INDEXES: Final = 97


class Kind(StrEnum):
    """What an interface is in the model."""

    NIC = "nic"
    MANAGEMENT = "management"
    ADAPTER = "adapter"
    VLAN = "vlan"
    TEAM = "team"
    COMPUTER = "computer"
    ROUTER = "router"


@dataclass(slots=True, eq=False)
class InterfaceRef:
    """An interface of a machine, by what it is in the model: ``name`` there, ``tag`` of a VLAN interface."""

    place: Place
    machine: Machine
    kind: Kind
    name: str
    tag: int = 0

    @property
    def now(self) -> NetInterface | None:
        """Return what it is now, None if it is no longer there."""
        key = (self.kind, self.name, self.tag)
        return next((each for each in interfaces_of(self.place, self.machine) if each.key == key), None)


@dataclass(frozen=True, slots=True)
class NetInterface:
    """An interface as its machine sees it. ``mac`` with dashes; ``speed_bps`` in bits per second.

    ``present``: the machine has a driver for it. ``own`` are its IP settings in the model; with DHCP its addresses are
    not among them. ``device`` is its Linux name.
    """

    kind: Kind
    name: str
    tag: int
    alias: str
    index: int
    description: str
    mac: str
    status: str
    speed_bps: int
    present: bool
    enabled: bool
    own: IpSettings
    device: str
    mtu: int
    bound_to: str = ""
    in_team: bool = False
    legacy: bool = False
    recorded: tuple[Setting, ...] = ()

    @property
    def key(self) -> tuple[Kind, str, int]:
        return self.kind, self.name, self.tag

    @property
    def up(self) -> bool:
        return self.status == "Up"

    @property
    def physical(self) -> bool:
        """Whether Windows takes it for hardware: so it does with a VM's adapters."""
        return self.kind in (Kind.NIC, Kind.ADAPTER, Kind.COMPUTER, Kind.ROUTER)

    @property
    def has_ip(self) -> bool:
        """Whether TCP/IP is bound to it: not to a NIC that a switch has taken, and not to a team's members."""
        return self.present and self.enabled and not self.bound_to and not self.in_team

    @property
    def idle(self) -> IpSettings:
        """Its gateways and routes that lead nowhere now, as it has no address for them."""
        return idle_settings(self.recorded)

    def kept(self, name: str, default: Any = None) -> Any:
        return kept(self.recorded, name, default)

    def at(self, place: Place, machine: Machine) -> InterfaceRef:
        """Return what stands for it."""
        return InterfaceRef(place, machine, self.kind, self.name, self.tag)


@dataclass(frozen=True, slots=True)
class _Source:
    """An interface of the model, and what of it only the model's object knows."""

    kind: Kind
    name: str
    real: IpInterface
    alias: str
    description: str
    tag: int = 0
    speed_bps: int = ASSUMED_SPEED_BPS
    in_team: bool = False
    recorded: tuple[Setting, ...] = ()


def idle_settings(recorded: tuple[Setting, ...]) -> IpSettings:
    """Return the gateways and routes that are recorded because they lead nowhere now."""
    gateways = tuple(ip_address(each) for each in kept(recorded, IDLE_GATEWAYS, []))
    routes = (StaticRoute(ip_network(to), ip_address(hop)) for to, hop in kept(recorded, IDLE_ROUTES, []))
    return IpSettings(gateways=gateways, routes=tuple(routes))


def interfaces_of(place: Place, machine: Machine, model: LabModel | None = None) -> tuple[NetInterface, ...]:
    """Return the interfaces of a machine, those first that it had first; in `model`, if one is given."""
    sources = list(_sources(model or place.model, machine))
    taken: set[int] = {1}  # the loopback interface
    found = []
    for source in sources:
        index = kept(source.recorded, INDEX) or _free(machine.name, source.real.device, taken)
        taken.add(index)
        found.append(_interface(place, source, index))
    return tuple(found)


def named(place: Place, machine: Machine, alias: str) -> NetInterface | None:
    """Return the interface of a machine that has a name, in whatever case."""
    wanted = alias.casefold()
    return next((each for each in interfaces_of(place, machine) if each.alias.casefold() == wanted), None)


def numbered(place: Place, machine: Machine, index: int) -> NetInterface | None:
    """Return the interface of a machine that has a number."""
    return next((each for each in interfaces_of(place, machine) if each.index == index), None)


def speed_text(bps: int) -> str:
    """Return a speed as Get-NetAdapter shows it: ``10 Gbps``."""
    for size, unit in ((10**9, "Gbps"), (10**6, "Mbps"), (10**3, "Kbps")):
        if bps >= size:
            return f"{bps / size:g} {unit}"
    return f"{bps} bps"


def dashed(mac: str) -> str:
    """Return a MAC address as Get-NetAdapter and ipconfig show it: ``00-15-5D-01-02-03``."""
    return mac.replace(":", "-").upper()


def _free(machine: str, device: str, taken: set[int]) -> int:
    """Return a number that depends on the interface alone, unless another one of the machine has it already."""
    digest = hashlib.blake2s(f"{machine}\0{device}".encode(), digest_size=4).digest()
    index = int.from_bytes(digest) % _INDEXES + _FIRST_INDEX
    while index in taken:
        index += 1
    return index


def _interface(place: Place, source: _Source, index: int) -> NetInterface:
    real = source.real
    mac = real.guest_mac or real.mac or place.macs.get(real.adapter_name, "")
    status = _status(real)
    return NetInterface(
        kind=source.kind,
        name=source.name,
        tag=source.tag,
        alias=kept(source.recorded, ALIAS) or source.alias,
        index=index,
        description=source.description,
        mac=dashed(mac) if mac else "00-00-00-00-00-00",
        status=status,
        speed_bps=source.speed_bps if status == "Up" else 0,
        present=real.has_driver,
        enabled=real.enabled,
        own=IpSettings() if real.bound_to or source.in_team else real.ip,
        device=real.device,
        mtu=real.mtu,
        bound_to=real.bound_to,
        in_team=source.in_team,
        legacy=real.legacy,
        recorded=source.recorded,
    )


def _status(real: IpInterface) -> str:
    if not real.has_driver:
        return "Not Present"
    if not real.enabled:
        return "Disabled"
    return "Disconnected" if real.segment is None or real.why_down else "Up"


def _sources(model: LabModel, machine: Machine) -> Iterator[_Source]:
    host = model.host(machine.host) if machine.host else None
    if host and machine.is_host:
        yield from _of_host(host)
    elif host:
        vm = vm_of(model, machine)
        yield from _of_vm(host, vm) if vm else ()
    else:
        yield from _of_others(model, machine.name)


def _of_host(host: HypervHost) -> Iterator[_Source]:
    real = iter(tuple(host_interfaces(host)))
    for nic in host.nics:
        speed = nic.speed or ASSUMED_SPEED_BPS
        text = nic_description(host, nic.name)
        yield _Source(Kind.NIC, nic.name, next(real), nic.name, text, speed_bps=speed, recorded=nic.recorded)
    for at, adapter in enumerate(host.management_adapters, 1):
        mine = next(real)
        text = _numbered(VIRTUAL, at)
        yield _Source(Kind.MANAGEMENT, adapter.name, mine, mine.label, text, recorded=adapter.recorded)


def _of_vm(host: HypervHost, vm: VirtualMachine) -> Iterator[_Source]:
    places = {adapter.name: at for at, adapter in enumerate(vm.adapters, 1)}
    adapters = {adapter.name: adapter for adapter in vm.adapters}
    words = dict(_descriptions(vm))
    members = vm.team.adapters if vm.team else ()
    for real in vm_interfaces(host, vm):
        if real.members and vm.team:
            speed = _LEGACY_BPS if real.legacy else ASSUMED_SPEED_BPS
            yield _Source(Kind.TEAM, vm.team.name, real, vm.team.name, TEAM, speed_bps=speed, recorded=vm.team.recorded)
            continue
        adapter = adapters[real.adapter or real.label]
        own = _automatic(places[adapter.name])
        speed = _LEGACY_BPS if adapter.kind is AdapterKind.LEGACY else ASSUMED_SPEED_BPS
        if real.tag:
            alias = f"{kept(adapter.recorded, ALIAS) or own} - VLAN {real.tag}"
            text = f"{words[adapter.name]} - VLAN : {real.tag}"
            yield _Source(Kind.VLAN, adapter.name, real, alias, text, real.tag, speed)
        else:
            yield _Source(
                Kind.ADAPTER, adapter.name, real, own, words[adapter.name], speed_bps=speed,
                in_team=adapter.name in members, recorded=adapter.recorded,
            )  # fmt: skip


def _descriptions(vm: VirtualMachine) -> Iterator[tuple[str, str]]:
    counts = {SYNTHETIC: 0, LEGACY: 0}
    for adapter in vm.adapters:
        make = LEGACY if adapter.kind is AdapterKind.LEGACY else SYNTHETIC
        counts[make] += 1
        yield adapter.name, _numbered(make, counts[make])


def _of_others(model: LabModel, name: str) -> Iterator[_Source]:
    computers = {each.name: each for net in model.networks for each in net.computers}
    computers |= {each.name: each for each in model.internet.hosts}
    for real in interfaces_of_computers(model):
        if real.node == name:
            text = "hvlab Ethernet Adapter"
            yield _Source(Kind.COMPUTER, name, real, real.label, text, recorded=computers[name].recorded)
    for network in model.networks:
        for at, real in enumerate(router_interfaces(network), 1):
            if real.node == name:
                yield _Source(Kind.ROUTER, real.label, real, real.label, _numbered("hvlab Ethernet Adapter", at))


def _numbered(make: str, at: int) -> str:
    """Return a description: as on Windows the second and later ones of a make are numbered."""
    return make if at == 1 else f"{make} #{at}"


def _automatic(at: int) -> str:
    """Return the name that Windows gives its interface number `at`."""
    return "Ethernet" if at == 1 else f"Ethernet {at}"
