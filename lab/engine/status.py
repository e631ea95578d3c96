"""What a lab is and how it is, put together from its model, its switches' acknowledgements and what was observed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from lab.engine.allocation import Allocation
from lab.engine.backend import Acknowledgement
from lab.engine.leased import Lease
from lab.engine.resources import Blueprint
from lab.model.addresses import hyperv_mac
from lab.model.extensions import DESCRIPTIONS, ENABLED_BY_DEFAULT
from lab.model.interfaces import IpInterface, interfaces, vm_interfaces
from lab.model.isolation import NO_ISOLATION
from lab.model.names import bridge_device
from lab.model.objects import LabModel, VirtualSwitch
from lab.model.vlan import UNTAGGED

MISSING = "missing in the running lab"
"""The status of what should be there."""


@dataclass(frozen=True, slots=True)
class ExtensionStatus:
    """An extension of a virtual switch (Get-VMSwitchExtension)."""

    id: str
    name: str
    vendor: str
    type: str
    enabled: bool


@dataclass(frozen=True, slots=True)
class SwitchStatus:
    """A virtual switch; ``policy`` says in words whether it does what it shall."""

    host: str
    name: str
    type: str
    nic: str
    learning: str
    ports: int
    generation: int
    applied: int
    fault: str
    extensions: tuple[ExtensionStatus, ...] = ()

    @property
    def is_extended(self) -> bool:
        """Whether other extensions are enabled than those that are from the beginning."""
        return {each.name for each in self.extensions if each.enabled} != set(ENABLED_BY_DEFAULT)

    @property
    def policy(self) -> str:
        if self.fault:
            return f"fault: {self.fault}"
        if self.applied >= self.generation > 0:
            return "acknowledged"
        return f"waiting ({self.applied} of {self.generation})"


@dataclass(frozen=True, slots=True)
class AdapterStatus:
    """A network interface of a machine; ``addresses`` are those it really has.

    ``vlan`` is the mode and the list of its VLAN setting, empty for Untagged; of an interface that a guest has made
    itself it is its tag. ``isolation`` is the mode and the VLAN of its isolation setting, empty for None. As in Hyper-V
    neither setting shows the other.
    """

    machine: str
    kind: str
    name: str
    device: str
    connected_to: str
    mac: str
    addresses: tuple[str, ...]
    status: str
    vlan: str = ""
    isolation: str = ""


def switch_statuses(
    model: LabModel, observed: Blueprint, acknowledgements: Mapping[tuple[str, str], Acknowledgement]
) -> Iterator[SwitchStatus]:
    """Yield every virtual switch, with how far it has acknowledged its policy."""
    for host in model.hosts:
        for switch in host.switches:
            device = bridge_device(switch.name)
            said = acknowledgements.get((host.name, device), Acknowledgement(0, 0, "the switch is missing"))
            yield SwitchStatus(
                host=host.name,
                name=switch.name,
                type=switch.type.value,
                nic=", ".join(switch.nics),
                learning=switch.learning.value,
                ports=sum(port.node == host.name and port.bridge == device for port in observed.ports),
                generation=said.generation,
                applied=said.applied,
                fault=said.fault,
                extensions=tuple(_extensions(switch)),
            )


def _extensions(switch: VirtualSwitch) -> Iterator[ExtensionStatus]:
    for extension, found in DESCRIPTIONS.items():
        enabled = extension in switch.extensions
        yield ExtensionStatus(found.id, extension.value, found.vendor, found.type.value, enabled)


def adapter_statuses(
    model: LabModel, allocation: Allocation, observed: Blueprint, leases: Iterable[Lease] = ()
) -> Iterator[AdapterStatus]:
    """Yield every interface of every machine that runs, then the adapters of VMs that are off."""
    found = {(each.node, each.device): each for each in observed.interfaces}
    kinds = dict(_kinds(model))
    got: dict[tuple[str, str], list[Lease]] = {}
    for lease in leases:
        got.setdefault((lease.node, lease.device), []).append(lease)
    for interface in interfaces(model):
        real = found.get((interface.node, interface.device))
        mine = got.get((interface.node, interface.device), [])
        dynamic = (str(address) for one in mine for address in one.addresses)
        yield AdapterStatus(
            machine=interface.node,
            kind=kinds[interface.node],
            name=interface.label,
            device=interface.device,
            connected_to=_connection(interface),
            mac=hyperv_mac(real.mac if real else allocation.mac(interface)),
            addresses=(*dynamic, *real.addresses) if real else (),
            status=_status(interface, real is not None, mine),
            vlan=_vlan(interface),
            isolation=_isolation(interface),
        )
    for host, vm in model.vms():
        if not vm.running:
            for each in vm_interfaces(host, vm):
                mac = hyperv_mac(each.mac or allocation.macs.get(each.adapter_name, "00:00:00:00:00:00"))
                where, policy = _connection(each), (_vlan(each), _isolation(each))
                yield AdapterStatus(vm.name, "VM", each.label, "", where, mac, (), "VM is off", *policy)


def _vlan(interface: IpInterface) -> str:
    if interface.tag:
        return f"tag {interface.tag}"
    return "" if interface.not_taken or interface.vlan == UNTAGGED else str(interface.vlan)


def _isolation(interface: IpInterface) -> str:
    return "" if interface.tag or interface.isolation == NO_ISOLATION else str(interface.isolation)


def _connection(interface: IpInterface) -> str:
    if interface.bound_to:
        return f"switch {interface.bound_to}"
    segment = interface.segment
    if segment is None:
        return ""
    if segment.is_switch:
        return f"switch {segment.name}"
    return f"network {segment.name}" if segment.name else "internet"


def _status(interface: IpInterface, present: bool, leases: Iterable[Lease]) -> str:
    if not present:
        return MISSING
    if interface.bound_to:
        return f"bound to switch {interface.bound_to}: no protocol but the switch's"
    return interface.why_down or ", ".join(["Ok", *(each.told for each in leases)])


def _kinds(model: LabModel) -> Iterator[tuple[str, str]]:
    for host in model.hosts:
        yield host.name, "management OS"
        for vm in host.vms:
            yield vm.name, "VM"
    for network in model.networks:
        for computer in network.computers:
            yield computer.name, "computer"
        if network.router:
            yield network.router.name, "router"
    for computer in model.internet.hosts:
        yield computer.name, "internet"
