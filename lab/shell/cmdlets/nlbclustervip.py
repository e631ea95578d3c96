"""Addresses of clusters, what the driver of a node knows, and nlb.exe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from ipaddress import AddressValueError, IPv4Address, IPv4Interface
from typing import Any, Final

from lab.model.nlb import NlbMode, cluster_mac
from lab.shell.command import Call, Example, Parameter, command
from lab.shell.errors import ShellError
from lab.shell.nlb.mistakes import PACKAGE, error_class, nlb_error, not_there
from lab.shell.nlb.nodes import NodeRef, cluster_edit, clusters, dashes, members, own_nodes, reports, state_of
from lab.shell.nlb.parameters import CLUSTERS, FORCE, HOST, INTERFACE
from lab.shell.objects import PSObject
from lab.shell.place import Description
from lab.shell.views import show

_MODULE: Final = "NetworkLoadBalancingClusters"
_VIP: Final = f"{PACKAGE}.ClusterVip"
_DRIVER: Final = f"{PACKAGE}.DriverInfo"
_HISTORY: Final = f"{PACKAGE}.ConvergenceHistory"

show(_VIP, "table", "IPAddress", "SubnetMask")
show(
    _DRIVER, "list", "FullyQualifiedDomainName", "ParametersVersion", "EffectiveNlbVersion", "HostId", "ClusterName",
    "ClusterIPAddress", "ClusterMacAddress", "AliveMsgPeriod", "MaxConnectionDescriptors", "IcmpFilteringEnabled",
    "InitialHostState", "CurrentHostState", "PersistedHostStates",
)  # fmt: skip
show(_HISTORY, "table", "Time", "Event")

_IP: Final = Parameter("IP", "IPAddress", position=0, mandatory=True, help="The address.")


def _vip(address: IPv4Interface, ref: NodeRef) -> PSObject:
    properties: dict[str, object] = {"IPAddress": str(address.ip), "SubnetMask": str(address.netmask)}
    return PSObject(_VIP, properties, source=ref, text=_VIP)


@command(
    "Get-NlbClusterVip",
    _MODULE,
    "Gets the addresses that the nodes of a cluster share.",
    (CLUSTERS, HOST, INTERFACE, replace(_IP, mandatory=False)),
    default_set="NonPipeline",
    output="ClusterVip",
    guest=True,
    error_class=error_class("Get-NlbClusterVip"),
    examples=(Example("Get-NlbClusterVip -HostName web1", "Gets the address of the cluster."),),
)  # fmt: skip
def get_vip(call: Call) -> Iterator[object]:
    """Output the address of clusters; one of a lab has one."""
    for ref in clusters(call):
        if call.get("IP") in (None, ref.node.address.ip):
            yield _vip(ref.node.address, ref)


@command(
    "Add-NlbClusterVip",
    _MODULE,
    "Adds an address to a cluster; not in a lab, where it has one.",
    (CLUSTERS, HOST, INTERFACE, _IP, Parameter("SubnetMask", "IPAddress", position=1, help="Its mask.")),
    default_set="NonPipeline",
    output="ClusterVip",
    guest=True,
    error_class=error_class("Add-NlbClusterVip"),
    examples=(Example("Add-NlbClusterVip 192.168.1.101 255.255.255.0 -HostName web1", "Is refused."),),
)  # fmt: skip
def add_vip(call: Call) -> None:
    """Say that a cluster has one address."""
    for ref in clusters(call):
        if call.get("IP") == ref.node.address.ip:
            what = f"The address {ref.node.address.ip} is an address of cluster '{ref.full_name}' already."
            raise nlb_error(what, "ResourceExists", call.get("IP"))
        raise not_there(
            f"The address {call.get('IP')} cannot be added to cluster '{ref.full_name}'.",
            "In a lab a cluster has one address; make another cluster, of other adapters.",
        )


@command(
    "Set-NlbClusterVip",
    _MODULE,
    "Changes an address of a cluster.",
    (
        CLUSTERS,
        HOST,
        INTERFACE,
        _IP,
        Parameter("NewIP", "IPAddress", position=1, mandatory=True, help="The address that it is to be."),
    ),
    default_set="NonPipeline",
    output="ClusterVip",
    guest=True,
    error_class=error_class("Set-NlbClusterVip"),
    examples=(Example("Set-NlbClusterVip 192.168.1.100 192.168.1.110 -HostName web1", "Changes the address."),),
)  # fmt: skip
def set_vip(call: Call) -> Iterator[object]:
    """Change the address of a cluster, and with it its MAC address."""
    for ref in clusters(call):
        _check(ref, call.get("IP"))
        new = call.get("NewIP")
        if not isinstance(new, IPv4Address):
            raise nlb_error(f"'{new}' is no IPv4 address.", target=new)
        address = IPv4Interface(f"{new}/{ref.node.address.netmask}")
        change = cluster_edit(ref, lambda node, address=address: replace(node, address=address))  # type: ignore[misc]
        if call.change(ref.full_name, change):
            yield _vip(address, ref)


def _check(ref: NodeRef, address: object) -> None:
    if address != ref.node.address.ip:
        what = f"The address {address} is no address of cluster '{ref.full_name}'."
        raise nlb_error(what, "ObjectNotFound", address)


@command(
    "Remove-NlbClusterVip",
    _MODULE,
    "Removes an address from a cluster; not the primary one.",
    (CLUSTERS, HOST, INTERFACE, _IP, FORCE),
    default_set="NonPipeline",
    confirms=True,
    guest=True,
    error_class=error_class("Remove-NlbClusterVip"),
    examples=(Example("Remove-NlbClusterVip 192.168.1.101 -HostName web1", "Removes an address that was added."),),
)  # fmt: skip
def remove_vip(call: Call) -> None:
    """Refuse to remove the only address of a cluster."""
    for ref in clusters(call):
        _check(ref, call.get("IP"))
        what = f"The primary address {call.get('IP')} of cluster '{ref.full_name}' cannot be removed."
        raise nlb_error(what, "InvalidOperation", call.get("IP"))


@command(
    "Get-NlbClusterDriverInfo",
    _MODULE,
    "Gets what the driver of a node knows.",
    (
        replace(INTERFACE, sets=()),
        Parameter("Params", "Switch", sets=("Params",), help="Its settings; that is what is output anyway."),
        Parameter("ConvergenceHistory", "Switch", sets=("ConvergenceHistory",), mandatory=True,
                  help="What happened to the node."),
        Parameter("OpenConnections", "Switch", sets=("OpenConnections",), mandatory=True,
                  help="How many connections it has."),
        Parameter("ExtendedAffinityList", "Switch", sets=("Affinity",), mandatory=True, help="Not in a lab."),
        Parameter("Filter", "Protocol", sets=("Filter",), mandatory=True, values=("Tcp", "Udp", "Icmp"),
                  help="Not here: `hvlab trace` says which node accepts a packet."),
        Parameter("ClientIP", "IPAddress", sets=("Filter",), help="The client's address."),
        Parameter("ClientPort", "Int32", sets=("Filter",), help="The client's port."),
        Parameter("ServerIP", "IPAddress", sets=("Filter",), help="The cluster's address."),
        Parameter("ServerPort", "Int32", sets=("Filter",), help="The cluster's port."),
    ),
    default_set="Params",
    output="DriverInfo",
    guest=True,
    error_class=error_class("Get-NlbClusterDriverInfo"),
    examples=(
        Example("Get-NlbClusterDriverInfo", "Gets the settings of the node that the script runs on."),
        Example("Get-NlbClusterDriverInfo -ConvergenceHistory", "Gets what happened to it."),
    ),
)  # fmt: skip
def get_driver_info(call: Call) -> Iterator[object]:
    """Output the settings, the history or the connections of the nodes that the machine is."""
    if call.is_on("ExtendedAffinityList"):
        raise not_there("There is no list of extended affinity.", "In a lab there is no extended affinity.")
    if "Filter" in call:
        raise not_there("The driver's filter cannot be asked.", "Test-LabPath and `hvlab trace` say who accepts it.")
    for ref in own_nodes(call):
        said = reports(call.place).get((ref.vm, ref.adapter), {})
        if call.is_on("ConvergenceHistory"):
            yield from _history(said)
        elif call.is_on("OpenConnections"):
            yield PSObject(f"{PACKAGE}.OpenConnections", {"Connections": said.get("connections", 0)})
        else:
            yield _driver(ref, said)


def _history(said: dict[str, Any]) -> Iterator[PSObject]:
    now = datetime.now()
    for ago, text in said.get("history", []):
        when = (now - timedelta(seconds=ago)).replace(microsecond=0)
        yield PSObject(_HISTORY, {"Time": when, "Event": text}, text=_HISTORY)


def _driver(ref: NodeRef, said: dict[str, Any]) -> PSObject:
    node, state = ref.node, state_of(said)
    current = state if state in ("Stopped", "Suspended", "Draining", "Unknown") else "Started"
    return PSObject(
        _DRIVER,
        {
            "FullyQualifiedDomainName": ref.full_name,
            "ParametersVersion": 6,
            "EffectiveNlbVersion": 513,
            "HostId": node.priority,
            "ClusterName": ref.full_name.partition(".")[0],
            "ClusterIPAddress": str(node.address.ip),
            "ClusterMacAddress": dashes(node.mac),
            "AliveMsgPeriod": 1000,
            "MaxConnectionDescriptors": 262144,
            "IcmpFilteringEnabled": False,
            "InitialHostState": "Started",
            "CurrentHostState": current,
            "PersistedHostStates": True,
        },
        text=_DRIVER,
    )


_BANNER: Final = "WLBS Cluster Control Utility V2.6 (c) 1997-2012 Microsoft Corporation."
_DONE: Final = {
    "start": "Cluster operations started.",
    "stop": "Cluster operations stopped.",
    "drainstop": "Connection draining started.",
    "suspend": "Cluster operations control suspended.",
    "resume": "Cluster operations control resumed.",
}
_USAGE: Final = (
    "Usage: nlb <command> [<cluster>[:{<host> | all}]]",
    "<command>",
    "  help                - displays this help",
    "  ip2mac    <address> - displays the MAC addresses of a cluster with this address",
    "  query               - displays which hosts are part of the cluster",
    "  display             - displays the settings of the cluster and its state",
    "  start               - starts cluster operations on this host",
    "  stop                - stops cluster operations on this host",
    "  drainstop           - finishes all existing connections and stops",
    "  suspend             - suspends control over cluster operations",
    "  resume              - resumes control over cluster operations",
)


@command(
    "nlb",
    _MODULE,
    "Controls Network Load Balancing on a node (nlb.exe).",
    (
        Parameter("Arguments", "String[]", position=0, rest=True,
                  help="query, display, ip2mac ADDRESS, start, stop, drainstop, suspend or resume."),
    ),
    aliases=("wlbs",),
    guest=True,
    examples=(
        Example("nlb ip2mac 192.168.1.100", "Prints the MAC addresses that a cluster with this address has."),
        Example("nlb drainstop", "Takes no new connections, and stops when the others have ended."),
    ),
)  # fmt: skip
def nlb(call: Call) -> Iterator[object]:
    """Print what nlb.exe prints."""
    words = [str(each) for each in call.get("Arguments", [])]
    yield _BANNER
    order = words[0].casefold() if words else "help"
    if order == "ip2mac":
        yield from _ip2mac(words[1] if len(words) > 1 else "")
    elif order in ("query", "display", *_DONE):
        yield from _told(call, order, words[1] if len(words) > 1 else "")
    else:
        yield from _USAGE


def _ip2mac(text: str) -> Iterator[str]:
    try:
        address = IPv4Address(text)
    except AddressValueError:
        yield f"Could not resolve {text or 'the address'}: expected an IPv4 address."
        return
    yield f"Cluster:                {address}"
    for label, mode in (("Unicast", NlbMode.UNICAST), ("Multicast", NlbMode.MULTICAST),
                        ("IGMP Multicast", NlbMode.IGMP_MULTICAST)):  # fmt: skip
        yield f"{label + ':':<24}{cluster_mac(mode, address).replace(':', '-')}"


def _told(call: Call, order: str, whom: str) -> Iterator[str]:
    """Print the state of nodes, or carry out an order on them: of this machine's, or of those CLUSTER:HOST names."""
    try:
        nodes = _meant(call, whom)
    except ShellError:
        yield "NLB is not installed on this system or you do not have sufficient privileges to administer the cluster."
        return
    for ref in nodes:
        yield f"Cluster {ref.node.address.ip}"
        if order in _DONE:
            call.place.tell("nlb", order, ref.vm, ref.node.cluster)
            yield _DONE[order]
            continue
        if order == "display":
            yield from _settings(ref)
        yield from _state(call, ref)


def _meant(call: Call, whom: str) -> list[NodeRef]:
    own = own_nodes(call)
    cluster, _, host = whom.partition(":")
    if cluster:
        names = {str(each.node.address.ip): each for each in own} | {each.full_name.casefold(): each for each in own}
        if cluster.casefold() not in names:
            raise nlb_error(f"There is no cluster {cluster} here.", "ObjectNotFound", cluster)
        own = [names[cluster.casefold()]]
    if not host:
        return own
    found = [each for ref in own for each in members(ref)]
    if host.casefold() != "all":
        found = [each for each in found if host.casefold() in (each.vm.casefold(), str(each.node.priority))]
    return found


def _settings(ref: NodeRef) -> Iterator[str]:
    node = ref.node
    yield "=== Configuration: ==="
    for label, value in (
        ("ClusterName", ref.full_name), ("ClusterIPAddress", node.address.ip), ("ClusterNetworkMask",
        node.address.netmask), ("ClusterModeOnStart", "STARTED"), ("HostPriority", node.priority),
        ("McastSupport", "DISABLED" if node.mode is NlbMode.UNICAST else "ENABLED"),
        ("IGMPSupport", "ENABLED" if node.mode is NlbMode.IGMP_MULTICAST else "DISABLED"),
        ("NumberOfRules", len(node.rules)),
    ):  # fmt: skip
        yield f"{label:<22}= {value}"
    yield "VIP              Start  End  Prot   Mode   Pri Load Affinity"
    yield "---------------- ----- ----- ---- -------- --- ---- --------"
    for rule in node.rules:
        share = node.share(rule)
        load = "Eql" if share.load_weight is None else share.load_weight
        single, multiple = rule.mode == "Single", rule.mode == "Multiple"
        yield (
            f"{'All':<16} {rule.start_port:>5} {rule.end_port:>5} {rule.protocol.value:<4} {rule.mode.value:<8} "
            f"{node.handling_in(rule) if single else '':>3} {load if multiple else '':>4} "
            f"{rule.affinity.value if multiple else ''}"
        ).rstrip()
    yield "=== Current state: ==="


def _state(call: Call, ref: NodeRef) -> Iterator[str]:
    node = ref.node
    if isinstance(call.place, Description):
        yield f"Host {node.priority} ({ref.vm}) did not reply."
        return
    said = reports(call.place).get((ref.vm, ref.adapter), {})
    state, others = state_of(said), ", ".join(map(str, said.get("view", [])))
    if state.startswith("Converged"):
        how = "converged as DEFAULT" if "default" in state else "converged"
        yield f"Host {node.priority} ({ref.vm}) {how} with the following host(s) as part of the cluster:"
        yield others
    elif state == "Unknown":
        yield f"Host {node.priority} ({ref.vm}) did not reply."
    else:
        words = "is in state converging" if "onverging" in state or "Stable" in state else f"is {state.casefold()}"
        yield f"Host {node.priority} ({ref.vm}) {words} with the following host(s) as part of the cluster:"
        yield others or str(node.priority)
    if said.get("refusal"):
        yield str(said["refusal"])
