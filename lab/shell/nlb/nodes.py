"""Clusters and their nodes: which of them a cmdlet means, what they are as objects, and how they are changed.

In the lab's description each node has all settings of its cluster itself; what is done to a cluster is done to each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from lab.model.edit import Edit
from lab.model.nlb import NlbNode
from lab.model.objects import LabModel, NetworkAdapter, VirtualMachine
from lab.shell.command import Call
from lab.shell.dhcp.interfaces import guest_names
from lab.shell.dhcp.server import asked, vm_edit
from lab.shell.features.installed import following
from lab.shell.nlb.mistakes import PACKAGE, nlb_error
from lab.shell.objects import PSObject
from lab.shell.place import Machine, Place, machine_of, vm_of
from lab.shell.recording import kept
from lab.shell.text import to_text
from lab.shell.views import Column, show

CLUSTER: Final = f"{PACKAGE}.Cluster"
NODE: Final = f"{PACKAGE}.Node"
NAME: Final = "NlbClusterName"
"""What a cluster's full internet name is recorded as, where the lab's description cannot have it as its name."""

show(CLUSTER, "table", "Name", "IPAddress", "SubnetMask", "Mode")
show(NODE, "table", "Name", "State", "Interface", Column("HostID", align="left"))


@dataclass(frozen=True, slots=True)
class NodeRef:
    """A node of a cluster: a VM's adapter, by its name in the model, and what its guest calls it."""

    place: Place
    vm: str
    adapter: str
    alias: str

    @property
    def model(self) -> NetworkAdapter | None:
        """The adapter, None if it is no longer there."""
        found = (adapter for _, vm in self.place.model.vms() if vm.name == self.vm for adapter in vm.adapters)
        return next((each for each in found if each.name == self.adapter), None)

    @property
    def node(self) -> NlbNode:
        """The adapter as a node; an error if it is none any more."""
        adapter = self.model
        if adapter is None or adapter.nlb is None:
            raise nlb_error(f"NLB is not bound to interface '{self.alias}' on '{self.vm}'.", "ObjectNotFound", self.vm)
        return adapter.nlb

    @property
    def full_name(self) -> str:
        """The cluster's name as it was given."""
        adapter = self.model
        return str(kept(adapter.recorded, NAME, self.node.cluster)) if adapter else ""


def the_machine(call: Call, name: str | None) -> Machine:
    """Return the VM that -HostName means, or the one the script runs on; an error if it is none, or is off."""
    machine = call.machine
    if name and name not in (".", "localhost"):
        found = machine_of(call.place.model, name)
        if found is None:
            raise nlb_error(f"Host '{name}' could not be resolved or reached.", "ObjectNotFound", name)
        machine = found
    vm = vm_of(call.place.model, machine)
    if vm is None:
        what = f"NLB is not bound to any interface on host '{machine.name}'."
        raise nlb_error(what, "ObjectNotFound", machine.name, "In a lab VMs are nodes: use -HostName.")
    if not vm.running:
        what = f"Host '{machine.name}' could not be resolved or reached."
        raise nlb_error(what, "ObjectNotFound", machine.name, f'VM "{machine.name}" is off.')
    return machine


def interface(call: Call, machine: Machine, name: str) -> NodeRef:
    """Return the adapter that a guest calls by a name, be it a node or not; an error if it has none."""
    for alias, adapter in guest_names(call.place, machine).items():
        if alias.casefold() == name.casefold():
            return NodeRef(call.place, machine.name, adapter.name, alias)
    known = ", ".join(guest_names(call.place, machine))
    what = f"The interface '{name}' could not be found on host '{machine.name}'."
    raise nlb_error(what, "ObjectNotFound", name, f"It has {known}." if known else "It has none.")


def own_nodes(call: Call) -> list[NodeRef]:
    """Return what of a machine is a node: of -HostName, on -InterfaceName or any; an error if there is none."""
    machine = the_machine(call, call.get("HostName"))
    found = [
        NodeRef(call.place, machine.name, adapter.name, alias)
        for alias, adapter in guest_names(call.place, machine).items()
        if adapter.nlb
    ]
    if "InterfaceName" in call:
        wanted = interface(call, machine, call.get("InterfaceName"))
        found = [each for each in found if each.adapter == wanted.adapter]
    if not found:
        where = f"interface '{call.get('InterfaceName')}'" if "InterfaceName" in call else "any interface"
        raise nlb_error(f"NLB is not bound to {where} on host '{machine.name}'.", "ObjectNotFound", machine.name)
    return found


def given_nodes(call: Call) -> list[NodeRef]:
    """Return the nodes that -InputObject, clusters, nodes or port rules, or -HostName and -InterfaceName give."""
    if "InputObject" in call:
        return [item.source for item in call.get("InputObject")]
    return own_nodes(call)


def node_of(item: object) -> NodeRef:
    """Return the node that an object stands for: itself, or one of a cluster; an error if it is neither."""
    if isinstance(item, PSObject) and isinstance(item.source, NodeRef):
        return item.source
    raise nlb_error(f"'{to_text(item)}' is neither a cluster nor a node.", target=item)


def members(ref: NodeRef) -> list[NodeRef]:
    """Return all nodes of a node's cluster, by their host ids."""
    cluster = ref.node.cluster
    found = []
    for host, vm in ref.place.model.vms():
        names = {adapter.name: alias for alias, adapter in guest_names(ref.place, Machine(vm.name, host.name)).items()}
        for adapter in vm.adapters:
            if adapter.nlb and adapter.nlb.cluster == cluster:
                alias = names.get(adapter.name, adapter.name)
                found.append((adapter.nlb.priority, NodeRef(ref.place, vm.name, adapter.name, alias)))
    return [each for _, each in sorted(found, key=lambda pair: (pair[0], pair[1].vm))]


def clusters(call: Call) -> Iterator[NodeRef]:
    """Yield one node of each cluster that a cmdlet is given."""
    seen = set()
    for each in given_nodes(call):
        if each.node.cluster not in seen:
            seen.add(each.node.cluster)
            yield each


def adapter_edit(ref: NodeRef, change: Callable[[NetworkAdapter], NetworkAdapter]) -> Edit:
    """Return the change of a node's adapter."""

    def changed(vm: VirtualMachine) -> VirtualMachine:
        adapters = tuple(change(each) if each.name == ref.adapter else each for each in vm.adapters)
        return following(vm, replace(vm, adapters=adapters))

    return vm_edit(ref.vm, changed)


def node_edit(ref: NodeRef, change: Callable[[NlbNode], NlbNode | None]) -> Edit:
    """Return the change of a node; None ends it."""
    return adapter_edit(ref, lambda each: replace(each, nlb=change(each.nlb)) if each.nlb else each)


def cluster_edit(ref: NodeRef, change: Callable[[NlbNode], NlbNode | None]) -> Edit:
    """Return the change of all nodes of a cluster."""
    cluster = ref.node.cluster

    def adapter(each: NetworkAdapter) -> NetworkAdapter:
        return replace(each, nlb=change(each.nlb)) if each.nlb and each.nlb.cluster == cluster else each

    def vm(each: VirtualMachine) -> VirtualMachine:
        new = replace(each, adapters=tuple(map(adapter, each.adapters)))
        return each if new == each else following(each, new)

    def edit(model: LabModel) -> LabModel:
        hosts = tuple(replace(host, vms=tuple(map(vm, host.vms))) for host in model.hosts)
        return replace(model, hosts=hosts)

    return edit


def cluster_object(ref: NodeRef) -> PSObject:
    """Return a cluster as the cmdlets output it, seen from one of its nodes."""
    node = ref.node
    return PSObject(
        CLUSTER,
        {
            "Name": ref.full_name,
            "IPAddress": str(node.address.ip),
            "SubnetMask": str(node.address.netmask),
            "Mode": node.mode.value.upper(),
            "MacAddress": dashes(node.mac),
            "InterfaceName": ref.alias,
            "HostName": ref.vm,
        },
        source=ref,
        text=CLUSTER,
    )


def dashes(mac: str) -> str:
    """Return a MAC address as Windows writes it."""
    return mac.replace(":", "-").upper()


def reports(place: Place) -> dict[tuple[str, str], dict[str, Any]]:
    """Return what each node says of itself (`hvlab nlb`), by VM and adapter; nothing if the lab does not run."""
    found = asked(place, "nlb") or []
    return {(each["node"], each["interface"]): each for one in found for each in one["nodes"]}


def node_object(ref: NodeRef, said: dict[tuple[str, str], dict[str, Any]]) -> PSObject:
    """Return a node as the cmdlets output it; `said` are the :func:`reports`."""
    node = ref.node
    own = said.get((ref.vm, ref.adapter), {})
    adapter = ref.model
    extras = partial(kept, adapter.recorded) if adapter else partial(kept, ())
    return PSObject(
        NODE,
        {
            "Name": ref.vm,
            "State": state_of(own),
            "Interface": ref.alias,
            "HostID": node.priority,
            "HostPriority": node.priority,
            "Cluster": ref.full_name,
            "InitialHostState": extras("NlbInitialHostState", "Started"),
            "PersistSuspendOnReboot": extras("NlbPersistSuspendOnReboot", False),
            "MacAddress": dashes(own.get("mac", "")),
            "Connections": own.get("connections", 0),
            "Message": own.get("refusal", ""),
        },
        source=ref,
        text=NODE,
    )


def state_of(said: dict[str, Any]) -> str:
    """Return a node's state as Get-NlbClusterNode has it: Unknown if it says nothing."""
    state = str(said.get("state", ""))
    return state if state and " " not in state else "Unknown"
