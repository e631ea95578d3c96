"""Nodes of clusters: the cmdlets of NlbClusterNode, and of the addresses and interfaces of nodes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface
from typing import Final

from lab.model.edit import Edit
from lab.model.nlb import LARGEST_CLUSTER, NlbNode
from lab.model.objects import NetworkAdapter
from lab.model.recorded import with_setting
from lab.shell.command import Call, Example, Impact, Parameter, Support, command
from lab.shell.dhcp.interfaces import guest_names
from lab.shell.nlb.mistakes import PACKAGE, error_class, nlb_error
from lab.shell.nlb.nodes import (
    NAME,
    NodeRef,
    adapter_edit,
    clusters,
    given_nodes,
    interface,
    members,
    node_edit,
    node_object,
    reports,
    the_machine,
)
from lab.shell.nlb.orders import obeyed
from lab.shell.nlb.parameters import CLUSTERS, DRAIN, FORCE, FORCE_ONLY, HOST, INTERFACE, NODES, TIMEOUT
from lab.shell.objects import PSObject
from lab.shell.recording import accepted, recorded, recorded_parameters
from lab.shell.views import show

_MODULE: Final = "NetworkLoadBalancingClusters"
_DIP: Final = f"{PACKAGE}.NodeDip"
_NIC: Final = f"{PACKAGE}.NodeNetworkInterface"

show(_DIP, "table", "IPAddress", "SubnetMask", "HostName")
show(_NIC, "table", "Name", "HostName", "IPAddress", "NlbBound")


@command(
    "Get-NlbClusterNode",
    _MODULE,
    "Gets the nodes of a cluster, with their states.",
    (
        CLUSTERS,
        replace(HOST, sets=()),
        INTERFACE,
        Parameter("NodeName", position=0, aliases=("Name", "NN"), help="One of them."),
    ),
    default_set="NonPipeline",
    output="Node",
    guest=True,
    error_class=error_class("Get-NlbClusterNode"),
    examples=(Example("Get-NlbClusterNode -HostName web1", "Gets all nodes of the cluster that web1 is one of."),),
)  # fmt: skip
def get_node(call: Call) -> Iterator[object]:
    """Output nodes by their host ids."""
    found = [each for ref in clusters(call) for each in members(ref)]
    name = call.get("NodeName")
    if name is not None:
        found = [each for each in found if each.vm.casefold() == name.casefold()]
        if not found:
            raise nlb_error(f"Node '{name}' is not found in the cluster.", "ObjectNotFound", name)
    said = reports(call.place)
    yield from (node_object(each, said) for each in found)


@command(
    "Add-NlbClusterNode",
    _MODULE,
    "Adds a node to a cluster.",
    (
        CLUSTERS,
        HOST,
        replace(INTERFACE, mandatory=True),
        Parameter("NewNodeName", position=0, mandatory=True, aliases=("NewNode", "NN"), complete="vm",
                  help="The VM that is to be a node."),
        Parameter("NewNodeInterface", position=1, mandatory=True, aliases=("NewInterface", "NI"),
                  help="Its interface, which has a static address of the cluster's subnet: Ethernet."),
        FORCE_ONLY,
    ),
    default_set="NonPipeline",
    output="Node",
    guest=True,
    error_class=error_class("Add-NlbClusterNode"),
    examples=(
        Example("Get-NlbCluster web1 | Add-NlbClusterNode -NewNodeName web2 -NewNodeInterface Ethernet",
                "Adds a node to the cluster of web1."),
    ),
)  # fmt: skip
def add_node(call: Call) -> Iterator[object]:
    """Make an adapter a node, with the cluster's settings and the lowest host id that is free."""
    accepted(call)
    for ref in list(clusters(call)):
        new = interface(call, the_machine(call, call.get("NewNodeName")), call.get("NewNodeInterface"))
        adapter = new.model
        if adapter is None or adapter.nlb:
            what = f"NLB is already bound to interface '{new.alias}' on host '{new.vm}'."
            raise nlb_error(what, "ResourceExists", new.vm)
        taken = {each.node.priority for each in members(ref)}
        free = next((number for number in range(1, LARGEST_CLUSTER + 1) if number not in taken), LARGEST_CLUSTER)
        node = replace(ref.node, priority=free, load_weight=None, handling_priority=0, shares=())
        if call.change(new.vm, _joining(new, node, ref.full_name)):
            yield node_object(new, reports(call.place))


def _joining(ref: NodeRef, node: NlbNode, full_name: str) -> Edit:
    wanted = json.dumps(full_name) if full_name != node.cluster else None

    def joined(each: NetworkAdapter) -> NetworkAdapter:
        return replace(each, nlb=node, recorded=with_setting(each.recorded, NAME, wanted))

    return adapter_edit(ref, joined)


@command(
    "Set-NlbClusterNode",
    _MODULE,
    "Changes a node of a cluster.",
    (
        NODES,
        replace(HOST, position=0),
        INTERFACE,
        Parameter("HostPriority", "Int32", aliases=("HP",), minimum=1, maximum=LARGEST_CLUSTER,
                  help="Its host id; the lowest one is the default host."),
        Parameter("InitialHostState", "HostState", values=("Started", "Stopped", "Suspended"),
                  support=Support.RECORDED),
        Parameter("PersistSuspendOnReboot", "Boolean", support=Support.RECORDED),
        Parameter("RetainSuspended", "Boolean", support=Support.RECORDED),
    ),
    default_set="NonPipeline",
    output="Node",
    guest=True,
    error_class=error_class("Set-NlbClusterNode"),
    examples=(Example("Set-NlbClusterNode web2 -HostPriority 5", "Gives a node another host id."),),
)  # fmt: skip
def set_node(call: Call) -> Iterator[object]:
    """Change the priority of nodes; their state at start is recorded."""
    extras = recorded_parameters(call)
    if extras:
        recorded(call, "in which state a node starts")
    for ref in given_nodes(call):
        priority = call.get("HostPriority", ref.node.priority)

        def changed(each: NetworkAdapter, priority: int = priority) -> NetworkAdapter:
            kept = each.recorded
            for name, value in extras.items():
                kept = with_setting(kept, f"Nlb{name}", json.dumps(value))
            return replace(each, nlb=replace(each.nlb, priority=priority), recorded=kept) if each.nlb else each

        if call.change(ref.vm, adapter_edit(ref, changed)):
            yield node_object(ref, reports(call.place))


_ONE: Final = (NODES, replace(HOST, position=0), INTERFACE)


@command(
    "Remove-NlbClusterNode",
    _MODULE,
    "Takes a node out of its cluster.",
    (*_ONE, FORCE),
    default_set="NonPipeline",
    confirms=True,
    impact=Impact.HIGH,
    guest=True,
    error_class=error_class("Remove-NlbClusterNode"),
    examples=(Example("Remove-NlbClusterNode web3 -Force", "Takes web3 out of its cluster."),),
)  # fmt: skip
def remove_node(call: Call) -> None:
    """Take nodes out of their clusters."""
    for ref in given_nodes(call):
        call.change(ref.vm, node_edit(ref, lambda _: None), settle=True)


def _ordered(call: Call, order: str) -> Iterator[object]:
    """Give nodes an order, and output them."""
    found = given_nodes(call)
    for ref in found:
        obeyed(call, ref, order)
    said = reports(call.place)
    yield from (node_object(ref, said) for ref in found)


@command(
    "Start-NlbClusterNode", _MODULE, "Starts a node of a cluster.", _ONE,
    default_set="NonPipeline", output="Node", guest=True, error_class=error_class("Start-NlbClusterNode"),
    examples=(Example("Start-NlbClusterNode web1", "Lets web1 take part again."),),
)  # fmt: skip
def start_node(call: Call) -> Iterator[object]:
    """Start nodes."""
    yield from _ordered(call, "start")


@command(
    "Stop-NlbClusterNode", _MODULE, "Stops a node of a cluster.", (*_ONE, DRAIN, TIMEOUT),
    default_set="NonPipeline", output="Node", guest=True, error_class=error_class("Stop-NlbClusterNode"),
    examples=(
        Example("Stop-NlbClusterNode web1", "Cuts all connections of web1."),
        Example("Stop-NlbClusterNode web1 -Drain -Timeout 60", "Lets them end, for a minute."),
    ),
)  # fmt: skip
def stop_node(call: Call) -> Iterator[object]:
    """Stop nodes, at once or when their connections have ended."""
    yield from _ordered(call, "drainstop" if call.is_on("Drain") else "stop")


@command(
    "Suspend-NlbClusterNode", _MODULE, "Suspends a node of a cluster: it takes no order but to resume.", _ONE,
    default_set="NonPipeline", output="Node", guest=True, error_class=error_class("Suspend-NlbClusterNode"),
    examples=(Example("Suspend-NlbClusterNode web1", "Suspends web1."),),
)  # fmt: skip
def suspend_node(call: Call) -> Iterator[object]:
    """Suspend nodes."""
    yield from _ordered(call, "suspend")


@command(
    "Resume-NlbClusterNode", _MODULE, "Resumes a node of a cluster; it is stopped then.", _ONE,
    default_set="NonPipeline", output="Node", guest=True, error_class=error_class("Resume-NlbClusterNode"),
    examples=(Example("Resume-NlbClusterNode web1; Start-NlbClusterNode web1", "Puts it to work again."),),
)  # fmt: skip
def resume_node(call: Call) -> Iterator[object]:
    """Resume nodes."""
    yield from _ordered(call, "resume")


_IP: Final = Parameter("IP", "IPAddress", position=0, mandatory=True, help="The dedicated address.")
_MASK: Final = Parameter("SubnetMask", "IPAddress", position=1, mandatory=True, help="Its mask.")


def _dips(ref: NodeRef) -> list[IPv4Interface]:
    adapter = ref.model
    found = adapter.ip.addresses if adapter and adapter.ip else ()
    return [each for each in found if isinstance(each, IPv4Interface)]


def _dip_object(ref: NodeRef, address: IPv4Interface) -> PSObject:
    return PSObject(
        _DIP,
        {"IPAddress": str(address.ip), "SubnetMask": str(address.netmask), "HostName": ref.vm},
        source=ref,
        text=_DIP,
    )


@command(
    "Get-NlbClusterNodeDip",
    _MODULE,
    "Gets the addresses that a node has for itself.",
    (NODES, HOST, INTERFACE, replace(_IP, mandatory=False)),
    default_set="NonPipeline",
    output="NodeDip",
    guest=True,
    error_class=error_class("Get-NlbClusterNodeDip"),
    examples=(Example("Get-NlbClusterNodeDip -HostName web1", "Gets the dedicated addresses of web1."),),
)  # fmt: skip
def get_dip(call: Call) -> Iterator[object]:
    """Output the static addresses of nodes."""
    for ref in given_nodes(call):
        for each in _dips(ref):
            if call.get("IP") in (None, each.ip):
                yield _dip_object(ref, each)


@command(
    "Add-NlbClusterNodeDip",
    _MODULE,
    "Gives a node another address for itself.",
    (NODES, HOST, INTERFACE, _IP, _MASK),
    default_set="NonPipeline",
    output="NodeDip",
    guest=True,
    error_class=error_class("Add-NlbClusterNodeDip"),
    examples=(Example("Add-NlbClusterNodeDip 192.168.1.41 255.255.255.0 -HostName web1", "Adds an address."),),
)  # fmt: skip
def add_dip(call: Call) -> Iterator[object]:
    """Add a static address to a node's interface."""
    new = _interface(call, call.get("IP"), call.get("SubnetMask"))
    for ref in given_nodes(call):
        if any(each.ip == new.ip for each in _dips(ref)):
            raise nlb_error(f"The address {new.ip} is on interface '{ref.alias}' of '{ref.vm}' already.",
                            "ResourceExists", new.ip)  # fmt: skip
        if call.change(ref.vm, _addressing(ref, None, new)):
            yield _dip_object(ref, new)


def _interface(call: Call, address: object, mask: object) -> IPv4Interface:
    try:
        return IPv4Interface(f"{address}/{mask}")
    except ValueError:
        raise nlb_error(f"'{address}' with the mask '{mask}' is no IPv4 address.", target=address) from None


def _addressing(ref: NodeRef, old: IPv4Address | None, new: IPv4Interface | None) -> Edit:
    """Return the change of a node's addresses: one replaced, added if there is no old one, removed if no new one."""

    def changed(each: NetworkAdapter) -> NetworkAdapter:
        if each.ip is None:
            return each
        found = [new if one.ip == old and new else one for one in each.ip.addresses if new or one.ip != old]
        found += [new] if new and old is None else []
        return replace(each, ip=replace(each.ip, addresses=tuple(found)))

    return adapter_edit(ref, changed)


@command(
    "Set-NlbClusterNodeDip",
    _MODULE,
    "Changes an address that a node has for itself.",
    (
        NODES,
        HOST,
        INTERFACE,
        _IP,
        Parameter("NewIP", "IPAddress", position=1, mandatory=True, help="The address that it is to be."),
    ),
    default_set="NonPipeline",
    output="NodeDip",
    guest=True,
    error_class=error_class("Set-NlbClusterNodeDip"),
    examples=(Example("Set-NlbClusterNodeDip 192.168.1.31 192.168.1.41 -HostName web1", "Changes an address."),),
)  # fmt: skip
def set_dip(call: Call) -> Iterator[object]:
    """Replace a static address of a node's interface."""
    for ref in given_nodes(call):
        old = _dip(ref, call.get("IP"))
        new = _interface(call, call.get("NewIP"), old.netmask)
        if call.change(ref.vm, _addressing(ref, old.ip, new)):
            yield _dip_object(ref, new)


def _dip(ref: NodeRef, address: object) -> IPv4Interface:
    found = next((each for each in _dips(ref) if each.ip == address), None)
    if found is None:
        what = f"The address {address} is not on interface '{ref.alias}' of '{ref.vm}'."
        raise nlb_error(what, "ObjectNotFound", address)
    return found


@command(
    "Remove-NlbClusterNodeDip",
    _MODULE,
    "Takes an address from a node.",
    (NODES, HOST, INTERFACE, _IP, FORCE),
    default_set="NonPipeline",
    confirms=True,
    guest=True,
    error_class=error_class("Remove-NlbClusterNodeDip"),
    examples=(Example("Remove-NlbClusterNodeDip 192.168.1.41 -HostName web1", "Takes an address away."),),
)  # fmt: skip
def remove_dip(call: Call) -> None:
    """Remove a static address from a node's interface."""
    for ref in given_nodes(call):
        call.change(ref.vm, _addressing(ref, _dip(ref, call.get("IP")).ip, None), settle=True)


@command(
    "Get-NlbClusterNodeNetworkInterface",
    _MODULE,
    "Gets the interfaces of a machine, and whether NLB is bound to them.",
    (replace(HOST, sets=(), position=0), replace(INTERFACE, sets=(), position=1)),
    output="NodeNetworkInterface",
    guest=True,
    error_class=error_class("Get-NlbClusterNodeNetworkInterface"),
    examples=(Example("Get-NlbClusterNodeNetworkInterface web1", "Gets the interfaces of web1."),),
)  # fmt: skip
def get_interface(call: Call) -> Iterator[object]:
    """Output the interfaces of a machine, of which no one needs to be a node."""
    machine = the_machine(call, call.get("HostName"))
    wanted = interface(call, machine, call.get("InterfaceName")).adapter if "InterfaceName" in call else None
    for alias, adapter in guest_names(call.place, machine).items():
        if wanted in (None, adapter.name):
            addresses = [str(each.ip) for each in adapter.ip.addresses] if adapter.ip else []
            properties: dict[str, object] = {
                "Name": alias, "HostName": machine.name, "IPAddress": addresses, "NlbBound": adapter.nlb is not None,
            }  # fmt: skip
            yield PSObject(_NIC, properties, text=_NIC)
