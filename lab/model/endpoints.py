"""The machines and addresses that a reachability matrix has as rows and columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from lab.model.addresses import Address, Interface
from lab.model.interfaces import IpInterface, Segment, host_interfaces, interfaces_of_computers, vm_interfaces
from lab.model.kinds import SwitchType
from lab.model.objects import HypervHost, LabModel


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address of one machine, or a machine that has none.

    ``name`` is what a matrix shows: the machine's name, and its interface's where the machine has several.
    ``interface`` and ``device`` are the user's and Linux's name of the interface (empty where there is none);
    ``why_down`` says why nothing can reach it at all (empty = it is up). Of a load-balancing cluster ``members`` are
    the nodes that have its address, each as an endpoint with that.
    """

    name: str
    node: str
    interface: str = ""
    device: str = ""
    v4: Interface | None = None
    v6: Interface | None = None
    why_down: str = ""
    members: tuple[Endpoint, ...] = ()

    @property
    def up(self) -> bool:
        return not self.why_down

    def address(self, version: int) -> Address | None:
        """Return the address of an IP version (4 or 6), if there is one."""
        found = self.v4 if version == 4 else self.v6
        return found.ip if found else None

    def __hash__(self) -> int:
        return hash((self.node, self.interface))


def endpoints(model: LabModel) -> tuple[Endpoint, ...]:
    """Return the endpoints of a lab, in the model's order.

    Every machine but the routers has at least one: one for each interface that has an address, or a single one where
    none has. A VM that is off is there, with the addresses it would have.
    """
    found: list[Endpoint] = []
    for host in model.hosts:
        found += _of_machine(host.name, tuple(host_interfaces(host)), _why_unaddressed(host))
        for vm in host.vms:
            off = "" if vm.running else f'VM "{vm.name}" is off'
            found += _of_machine(vm.name, tuple(vm_interfaces(host, vm)), "", off)
    for interface in interfaces_of_computers(model):
        found += _of_machine(interface.node, (interface,), "")
    return tuple(found)


def clusters(model: LabModel) -> tuple[Endpoint, ...]:
    """Return the clusters of Network Load Balancing of a lab: what can be reached, but is nowhere to start from."""
    found: dict[str, list[IpInterface]] = {}
    for host, vm in model.vms():
        for each in vm_interfaces(host, vm):
            if each.nlb:
                found.setdefault(each.nlb.cluster, []).append(each if vm.running else replace(each, why_down=OFF))
    return tuple(_cluster(name, nodes) for name, nodes in found.items())


OFF = "its VM is off"


def _cluster(name: str, nodes: list[IpInterface]) -> Endpoint:
    usable = [each for each in nodes if each.virtual and each.why_down != OFF]
    why = next((each.nlb_refused or each.why_down for each in nodes), "")
    members = (Endpoint(name, each.node, each.label, each.device, each.virtual, None, each.why_down) for each in usable)
    address = nodes[0].nlb.address if nodes[0].nlb else None
    down = "" if usable else f'no node of NLB cluster "{name}" has its address: {why}'
    return Endpoint(f"{name} (cluster)", f"cluster {name}", v4=address, why_down=down, members=tuple(members))


def _of_machine(
    node: str, interfaces: tuple[IpInterface, ...], why_unaddressed: str, why_off: str = ""
) -> Iterator[Endpoint]:
    usable = [each for each in interfaces if not each.bound_to]
    shown = [each for each in usable if each.ip.addresses] or usable[:1]
    if not shown or (why_unaddressed and not shown[0].ip.addresses):
        yield Endpoint(node, node, why_down=why_off or why_unaddressed or f'VM "{node}" has no network adapter')
        return
    for each in shown:
        yield Endpoint(
            name=node if len(shown) == 1 else f"{node} {each.label}",
            node=node,
            interface=each.label,
            device=each.device,
            v4=each.ip.of_version(4),
            v6=each.ip.of_version(6),
            why_down=why_off or each.why_down,
        )


def _why_unaddressed(host: HypervHost) -> str:
    """Say why a management OS has no address at all (a sentence for the case that it has none)."""
    for switch in host.switches:
        if switch.type is SwitchType.EXTERNAL and not host.adapters_on(switch.name):
            return not_shared(Segment(host.name, switch.name))
    return f'the management OS of "{host.name}" has no network adapter with an address'


def not_shared(switch: Segment) -> str:
    """Say that a switch has no adapter of its host's management OS."""
    return f"the management OS is not on {switch} (AllowManagementOS is False)"
