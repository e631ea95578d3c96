"""From what a lab remembers to Mininet's nodes and links; of the lab itself only DHCP clients are asked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from lab.emulation import leases
from lab.emulation.net.door import Place
from lab.emulation.net.nodes import LabHost, LabIntf, LabLink, LabNetwork, LabSwitch, SwitchIntf
from lab.emulation.observe import pids
from lab.emulation.pod.pod import Pod
from lab.engine.blueprint import lower, network_device
from lab.engine.leased import with_addresses
from lab.engine.resources import PHYSICAL, Blueprint, Bridge, Program
from lab.engine.state import State
from lab.model.names import bridge_device, host_name
from lab.model.objects import LabModel

INTERNET: Final = "internet"


@dataclass(slots=True)
class Population:
    """The nodes and links of a lab, in the model's order."""

    hosts: list[LabHost] = field(default_factory=list)
    switches: list[LabSwitch] = field(default_factory=list)
    networks: list[LabNetwork] = field(default_factory=list)
    links: list[LabLink] = field(default_factory=list)


def populate(pod: Pod, state: State) -> Population:
    """Return everything of a lab that is on, with its interfaces and the links between them."""
    blueprint = lower(state.model, state.numbers())
    if any(each.program is Program.DHCP_CLIENT for each in blueprint.services):
        wanted = blueprint.services
        blueprint = with_addresses(blueprint, pod.run_inside(lambda: leases.read(wanted, pids(pod))))
    names = switch_names(state.model)
    found = Population()
    roles = {node.name: node.role for node in blueprint.nodes}
    for name in state.model.node_names():
        if name in roles:
            found.hosts.append(LabHost(host_name(name), Place(pod, name, machine=name), roles[name]))
    for bridge in blueprint.bridges:
        name = names[bridge.node, bridge.device]
        if bridge.node == PHYSICAL:
            found.networks.append(LabNetwork(name, Place(pod, PHYSICAL), bridge.device, bridge.dpid))
        else:
            found.switches.append(LabSwitch(name, Place(pod, bridge.node), bridge.device, bridge.dpid))
    _connect(blueprint, found)
    return found


def switch_names(model: LabModel) -> dict[tuple[str, str], str]:
    """Return the name in Mininet of every switch, by node and bridge device.

    It is the switch's own name, or `host.switch` where another switch or a machine has that name. Physical networks
    give way to both: `network.NAME`.
    """
    taken = Counter(map(host_name, model.node_names()))
    taken.update(switch.name for host in model.hosts for switch in host.switches)
    names: dict[tuple[str, str], str] = {}
    for host in model.hosts:
        for switch in host.switches:
            full = f"{host.name}.{switch.name}"
            while taken[full]:
                full = f"{host.name}.{full}"
            names[host.name, bridge_device(switch.name)] = switch.name if taken[switch.name] == 1 else full
    for network in (*(each.name for each in model.networks), ""):
        shown = network or INTERNET
        free = not taken[shown] and (bool(network) or all(each.name != INTERNET for each in model.networks))
        full = f"network.{shown}"
        while taken[full]:
            full = f"network.{full}"
        names[PHYSICAL, network_device(network)] = shown if free else full
    return names


def _connect(blueprint: Blueprint, found: Population) -> None:
    """Give every node its interfaces, then join those that a cable or a switch port joins."""
    ends: dict[tuple[str, str], LabIntf] = {}
    hosts = {host.name: host for host in found.hosts}
    for interface in blueprint.interfaces:
        host = hosts[host_name(interface.node)]
        intf = LabIntf(interface.device, host, len(host.intfs), alias=interface.alias, mac=interface.mac)
        first = min(interface.addresses, key=lambda address: ":" in address, default="")
        if first:
            intf.ip, _, length = first.partition("/")
            intf.prefixLen = int(length)
            intf.v6 = next((address.partition("/")[0] for address in interface.addresses if ":" in address), "")
        ends[interface.node, interface.device] = intf
    ports: dict[tuple[str, str], SwitchIntf] = {}
    sockets = blueprint.sockets()
    for switch, bridge in zip((*found.switches, *found.networks), _ordered(blueprint), strict=True):
        mine = [port for port in blueprint.ports if (port.node, port.bridge) == (bridge.node, bridge.device)]
        for at, port in enumerate(mine, 1):
            socket = sockets.get((port.node, port.device), port.device)
            intf = SwitchIntf(port.device, switch, port.ofport or at, mac=port.mac, socket=socket)
            ports[port.node, port.device] = intf
            if port.internal:
                found.links.append(LabLink(ends[port.node, port.device], intf))
    for one, other in blueprint.wires():
        near = ports.get(one) or ends.get(one)
        far = ports.get(other)
        if near and far:
            found.links.append(LabLink(near, far))


def _ordered(blueprint: Blueprint) -> list[Bridge]:
    return sorted(blueprint.bridges, key=lambda bridge: bridge.node == PHYSICAL)
