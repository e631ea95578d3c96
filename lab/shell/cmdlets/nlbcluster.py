"""Clusters: New-, Get-, Set-, Remove-, Start-, Stop-, Suspend- and Resume-NlbCluster."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface
from typing import Final

from lab.model.edit import Edit
from lab.model.names import is_node_name
from lab.model.nlb import NlbMode, NlbNode
from lab.model.objects import LabModel, NetworkAdapter
from lab.model.recorded import with_setting
from lab.shell.command import Call, Example, Impact, Parameter, command
from lab.shell.dhcp.server import both
from lab.shell.nlb.mistakes import error_class, nlb_error
from lab.shell.nlb.nodes import (
    NAME,
    NodeRef,
    adapter_edit,
    cluster_edit,
    cluster_object,
    clusters,
    interface,
    members,
    the_machine,
)
from lab.shell.nlb.orders import obeyed
from lab.shell.nlb.parameters import CLUSTERS, DRAIN, FORCE, FORCE_ONLY, HOST, INTERFACE, MODES, TIMEOUT
from lab.shell.recording import accepted

_MODULE: Final = "NetworkLoadBalancingClusters"


@command(
    "New-NlbCluster",
    _MODULE,
    "Creates a cluster with one node.",
    (
        replace(HOST, sets=(), position=0),
        replace(INTERFACE, sets=(), position=1, mandatory=True),
        Parameter("ClusterPrimaryIP", "IPAddress", position=2, mandatory=True, aliases=("PrimaryIP", "IPAddress", "IP"),
                  help="The address that all nodes share, of the subnet of the interface."),
        Parameter("ClusterName", aliases=("Name", "CN", "N"), help="The cluster's name."),
        Parameter("SubnetMask", "IPAddress", help="The mask of the address; that of the interface unless given."),
        Parameter("DedicatedIP", "IPAddress", aliases=("DIP",), help="The node's own address."),
        Parameter("DedicatedIPSubnetMask", "IPAddress", aliases=("DIPSubnetMask",), help="The mask of that."),
        Parameter("OperationMode", "ClusterMode", aliases=("Mode",), values=MODES,
                  help="Unicast unless given; that needs MacAddressSpoofing On."),
        FORCE_ONLY,
    ),
    output="Cluster",
    guest=True,
    error_class=error_class("New-NlbCluster"),
    examples=(
        Example("New-NlbCluster -InterfaceName Ethernet -ClusterName web -ClusterPrimaryIP 192.168.1.100",
                "Makes a cluster of the VM that the script runs on."),
        Example("New-NlbCluster web1 Ethernet 192.168.1.100 -OperationMode Multicast", "Does so on another VM."),
    ),
)  # fmt: skip
def new_cluster(call: Call) -> Iterator[object]:
    """Make an adapter with a static address the first node of a cluster, with the port rule for everything."""
    accepted(call)
    ref = interface(call, the_machine(call, call.get("HostName")), call.get("InterfaceName"))
    adapter = ref.model
    if adapter is None or adapter.nlb:
        raise nlb_error(
            f"NLB is already bound to interface '{ref.alias}' on host '{ref.vm}'.", "ResourceExists", ref.vm
        )
    adapter = _with_dedicated(call, adapter)
    address = _address(call, ref, adapter)
    given = call.get("ClusterName") or "cluster"
    node = NlbNode(_name(call.place.model, given), address, NlbMode(call.get("OperationMode", "Unicast")))

    def joined(each: NetworkAdapter) -> NetworkAdapter:
        recorded = with_setting(each.recorded, NAME, json.dumps(given) if given != node.cluster else None)
        return replace(_with_dedicated(call, each), nlb=node, recorded=recorded)

    if call.change(given, adapter_edit(ref, joined)):
        yield cluster_object(ref)


def _with_dedicated(call: Call, adapter: NetworkAdapter) -> NetworkAdapter:
    """Return an adapter with the address of -DedicatedIP, if it has not got it."""
    own = call.get("DedicatedIP")
    ip = adapter.ip
    if own is None or ip is None or any(each.ip == own for each in ip.addresses):
        return adapter
    mask = call.get("DedicatedIPSubnetMask") or call.get("SubnetMask") or "255.255.255.0"
    return replace(adapter, ip=replace(ip, dhcp=False, addresses=(*ip.addresses, IPv4Interface(f"{own}/{mask}"))))


def _address(call: Call, ref: NodeRef, adapter: NetworkAdapter) -> IPv4Interface:
    """Return the cluster's address with its mask; an error if there is none for it."""
    primary = call.get("ClusterPrimaryIP")
    static = [each for each in adapter.ip.addresses if each.version == 4] if adapter.ip else []
    if adapter.ip and adapter.ip.dhcp:
        what = f"Interface '{ref.alias}' on host '{ref.vm}' is DHCP-enabled: NLB needs a static address."
        raise nlb_error(what, "InvalidOperation", ref.alias, "Give it one: New-NetIPAddress.")
    if not isinstance(primary, IPv4Address):
        raise nlb_error(f"'{primary}' cannot be the primary address: in a lab clusters have IPv4 ones.", target=primary)
    around = next((each for each in static if primary in each.network), None)
    mask = call.get("SubnetMask") or (around.netmask if around else None)
    if mask is None:
        subnets = ", ".join(str(each.network) for each in static) or "none"
        what = f"The address {primary} is not of the subnet of interface '{ref.alias}' on host '{ref.vm}'."
        raise nlb_error(what, target=primary, remedy=f"Its subnet is {subnets}.")
    try:
        return IPv4Interface(f"{primary}/{mask}")
    except ValueError:
        raise nlb_error(f"The subnet mask {mask} is invalid.", target=mask) from None


def _name(model: LabModel, given: str) -> str:
    """Return what the lab's description can call a cluster: a name without dots that nothing else has."""
    plain = given.partition(".")[0] if not is_node_name(given) else given
    plain = plain if is_node_name(plain) else "cluster"
    taken = {each.casefold() for each in model.node_names()}
    taken |= {a.nlb.cluster.casefold() for _, vm in model.vms() for a in vm.adapters if a.nlb}
    names = (plain, *(f"{plain[:50]}-nlb{number or ''}" for number in range(len(taken) + 1)))
    return next(each for each in names if each.casefold() not in taken)


@command(
    "Get-NlbCluster",
    _MODULE,
    "Gets the clusters that a machine is a node of.",
    (replace(HOST, sets=(), position=0), replace(INTERFACE, sets=(), position=1)),
    output="Cluster",
    guest=True,
    error_class=error_class("Get-NlbCluster"),
    examples=(Example("Get-NlbCluster -HostName web1", "Gets the cluster that web1 is a node of."),),
)  # fmt: skip
def get_cluster(call: Call) -> Iterator[object]:
    """Output the clusters of a machine."""
    yield from map(cluster_object, clusters(call))


@command(
    "Set-NlbCluster",
    _MODULE,
    "Changes a cluster: on all of its nodes.",
    (
        CLUSTERS,
        replace(HOST, position=0),
        replace(INTERFACE, position=1, mandatory=True),
        Parameter("Name", aliases=("ClusterName",), help="The name that it is to have."),
        Parameter("ClusterPrimaryIP", "IPAddress", aliases=("PrimaryIP", "PIP"), help="The address of the cluster."),
        Parameter("OperationMode", "ClusterMode", values=MODES, help="The mode that it is to have."),
    ),
    default_set="NonPipeline",
    output="Cluster",
    guest=True,
    error_class=error_class("Set-NlbCluster"),
    examples=(Example("Get-NlbCluster web1 | Set-NlbCluster -OperationMode Multicast", "Changes the mode."),),
)  # fmt: skip
def set_cluster(call: Call) -> Iterator[object]:
    """Change the name, the address or the mode of clusters."""
    for ref in clusters(call):
        if call.change(ref.full_name, _setting(call, ref)):
            yield cluster_object(ref)


def _setting(call: Call, ref: NodeRef) -> Edit:
    given = call.get("Name")
    name = _name(call.place.model, given) if given and given != ref.full_name else ref.node.cluster
    address = _new_address(call, ref.node)
    mode = NlbMode(call.get("OperationMode", ref.node.mode.value))
    change = cluster_edit(ref, lambda node: replace(node, cluster=name, address=address, mode=mode))
    if not given:
        return change
    wanted = json.dumps(given) if given != name else None

    def called(each: NetworkAdapter) -> NetworkAdapter:
        return replace(each, recorded=with_setting(each.recorded, NAME, wanted))

    return both(change, *(adapter_edit(each, called) for each in members(ref)))


def _new_address(call: Call, node: NlbNode) -> IPv4Interface:
    new = call.get("ClusterPrimaryIP")
    if new is None:
        return node.address
    if not isinstance(new, IPv4Address):
        raise nlb_error(f"'{new}' cannot be the primary address: in a lab clusters have IPv4 ones.", target=new)
    return IPv4Interface(f"{new}/{node.address.netmask}")


_ONE: Final = (CLUSTERS, replace(HOST, position=0), replace(INTERFACE, position=1))


@command(
    "Remove-NlbCluster",
    _MODULE,
    "Deletes a cluster: no machine is a node of it any more.",
    (*_ONE, FORCE),
    default_set="NonPipeline",
    confirms=True,
    impact=Impact.HIGH,
    guest=True,
    error_class=error_class("Remove-NlbCluster"),
    examples=(Example("Get-NlbCluster web1 | Remove-NlbCluster -Force", "Deletes a cluster."),),
)  # fmt: skip
def remove_cluster(call: Call) -> None:
    """Delete clusters."""
    for ref in clusters(call):
        call.change(ref.full_name, cluster_edit(ref, lambda _: None), settle=True)


def _ordered(call: Call, order: str) -> Iterator[object]:
    """Give all nodes of clusters an order, and output the clusters."""
    for ref in list(clusters(call)):
        for each in members(ref):
            obeyed(call, each, order)
        yield cluster_object(ref)


@command(
    "Start-NlbCluster", _MODULE, "Starts all nodes of a cluster.", _ONE,
    default_set="NonPipeline", output="Cluster", guest=True, error_class=error_class("Start-NlbCluster"),
    examples=(Example("Start-NlbCluster web1", "Starts the cluster that web1 is a node of."),),
)  # fmt: skip
def start_cluster(call: Call) -> Iterator[object]:
    """Start all nodes."""
    yield from _ordered(call, "start")


@command(
    "Stop-NlbCluster", _MODULE, "Stops all nodes of a cluster.", (*_ONE, DRAIN, TIMEOUT),
    default_set="NonPipeline", output="Cluster", guest=True, error_class=error_class("Stop-NlbCluster"),
    examples=(Example("Stop-NlbCluster web1 -Drain", "Stops it when its connections have ended."),),
)  # fmt: skip
def stop_cluster(call: Call) -> Iterator[object]:
    """Stop all nodes, at once or when their connections have ended."""
    yield from _ordered(call, "drainstop" if call.is_on("Drain") else "stop")


@command(
    "Suspend-NlbCluster", _MODULE, "Suspends all nodes of a cluster.", _ONE,
    default_set="NonPipeline", output="Cluster", guest=True, error_class=error_class("Suspend-NlbCluster"),
    examples=(Example("Suspend-NlbCluster web1", "Its nodes take no order but to resume."),),
)  # fmt: skip
def suspend_cluster(call: Call) -> Iterator[object]:
    """Suspend all nodes."""
    yield from _ordered(call, "suspend")


@command(
    "Resume-NlbCluster", _MODULE, "Resumes all nodes of a cluster; they are stopped then.", _ONE,
    default_set="NonPipeline", output="Cluster", guest=True, error_class=error_class("Resume-NlbCluster"),
    examples=(Example("Resume-NlbCluster web1; Start-NlbCluster web1", "Puts a suspended cluster to work."),),
)  # fmt: skip
def resume_cluster(call: Call) -> Iterator[object]:
    """Resume all nodes."""
    yield from _ordered(call, "resume")
