"""One plan being carried out in the pod, phase by phase: namespaces, cables, Open vSwitch, IP settings."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Final, TypeVar

from lab.emulation import (
    firewall,
    links,
    netlink,
    nodes,
    ovs,
    relays,
    services,
    shaping,
    snooping,
    team_devices,
    vlan_devices,
)
from lab.emulation.netlink import Message
from lab.emulation.netns import Batch, run_batches, write_sysctls
from lab.emulation.observe import pids, read_tables
from lab.emulation.ovsdb import Operation, OvsdbClient
from lab.emulation.pod.pod import Pod
from lab.emulation.routing import RouteChanges
from lab.engine.plan import Action, Plan, Step
from lab.engine.resources import (
    PHYSICAL,
    Blueprint,
    Bridge,
    Cable,
    Instance,
    Interface,
    Node,
    Port,
    Relay,
    Resource,
    Route,
    Rule,
    Service,
    TeamDevice,
    VlanDevice,
)
from lab.errors import LabFault
from lab.intent import PortKind

Kind = TypeVar("Kind", Node, Cable, VlanDevice, TeamDevice, Instance, Bridge, Port, Interface, Route, Service)

DEVICE_TIMEOUT_S: Final = 10.0


class Execution:
    """One plan being carried out."""

    def __init__(self, pod: Pod, plan: Plan, wanted: Blueprint, generation: int) -> None:
        self._pod = pod
        self._plan = plan
        self._wanted = wanted
        self._generation = generation
        self._pids: dict[str, int] = {}
        self._committed: dict[str, int] = {}

    def phases(self) -> Iterator[tuple[str, Callable[[], None]]]:
        """Yield what is to be done, in order, with a title for each phase that this plan needs."""
        self._pids = pids(self._pod)
        create, change, remove = Action.CREATE, Action.CHANGE, Action.REMOVE
        settings = (Interface, Route, Rule)
        phases: tuple[tuple[str, Callable[[], None], tuple[type[Resource], ...], tuple[Action, ...]], ...] = (
            ("stopping services", self._stop_services, (Service,), (change, remove)),
            ("removing routes", self._remove_routes, (Route, Rule), (remove,)),
            ("disconnecting", self._remove_ports_and_bridges, (Port, Bridge), (remove,)),
            ("removing VLAN interfaces and teams", self._remove_made, (VlanDevice, TeamDevice), (remove,)),
            ("stopping machines", self._remove_nodes_and_cables, (Node, Cable, Relay, Instance), (remove,)),
            ("starting machines", self._create_nodes, (Node, Interface), (create, change, remove)),
            ("plugging in cables", self._create_cables, (Cable, Relay), (create, change)),
            ("making VLAN interfaces and teams", self._create_made, (VlanDevice, TeamDevice), (create,)),
            ("starting Open vSwitch", self._create_instances, (Instance,), (create,)),
            ("creating switches", self._create_bridges_and_ports, (Bridge, Port), (create, change)),
            ("configuring addresses", lambda: self._configure(internal=False), settings, (create, change)),
            ("connecting ports", self._await_ports, (Bridge, Port), (create, change)),
            ("configuring the management OS", lambda: self._configure(internal=True), settings, (create, change)),
        )
        for title, act, kinds, actions in phases:
            if any(isinstance(step.resource, kinds) and step.action in actions for step in self._plan.steps):
                yield title, act
        yield "releasing NICs", self._release_nics

    def _release_nics(self) -> None:
        """Let the management OS see the NICs that no switch has; whatever an interrupted change has left behind."""
        taken = {(port.node, port.device) for port in self._wanted.ports}
        created = {node.name for node in self._resources(Node, Action.CREATE)}
        free: dict[str, list[str]] = defaultdict(list)
        for cable in self._wanted.cables:
            nic = (cable.a_node, cable.a_device)
            if cable.a_node not in {PHYSICAL, *created} and nic not in taken and self._is_host(cable.a_node):
                free[cable.a_node].append(cable.a_device)
        rules = [Batch(self._pids[n], firewall.NFT, "".join(map(firewall.see_port, free[n]))) for n in sorted(free)]
        run_batches(rules)

    def _is_host(self, node: str) -> bool:
        return any(instance.node == node for instance in self._wanted.instances)

    def _stop_services(self) -> None:
        """While machines still have their network: a DHCP client gives its address back."""
        gone = {node.name for node in self._resources(Node, Action.REMOVE)}
        steps = self._plan.of(Service, Action.CHANGE, Action.REMOVE)
        found = [each.resource for each in steps if isinstance(each.resource, Service)]
        services.stop(self._pod, [each for each in found if each.node not in gone])
        removed = [each for each in self._resources(Service, Action.REMOVE) if each.node not in gone]
        services.undo(removed, self._pids)

    def _remove_routes(self) -> None:
        """Before anything else: a device that is changed or removed takes routes with it."""
        routes = RouteChanges(self._plan, self._wanted)
        links.run({self._pids[node]: routes.removals(node) for node in sorted(routes.nodes & set(self._pids))})

    def _remove_ports_and_bridges(self) -> None:
        removed: dict[str, list[Bridge | Port]] = defaultdict(list)
        for bridge in self._resources(Bridge, Action.REMOVE):
            removed[bridge.node].append(bridge)
        gone = {(bridge.node, bridge.device) for bridge in self._resources(Bridge, Action.REMOVE)}
        for port in self._resources(Port, Action.REMOVE):
            if (port.node, port.bridge) not in gone:
                removed[port.node].append(port)
        for node in sorted(removed):
            if f"ovs-vswitchd@{node}" in self._pids:
                self._disconnect(node, removed[node])

    def _disconnect(self, node: str, resources: list[Bridge | Port]) -> None:
        tables = read_tables(node)
        operations: list[Operation] = []
        for resource in resources:
            if isinstance(resource, Bridge):
                operations += ovs.remove_bridge(tables, resource)
            else:
                operations += ovs.remove_port(tables, resource)
        for bridge in sorted({each.bridge for each in resources if isinstance(each, Port) and each.intent}):
            operations += ovs.raise_generation(bridge, self._generation)
        if operations:
            self._await(node, self._commit(node, operations))

    def _remove_made(self) -> None:
        """Remove what guests have made."""
        vlans, teams = self._resources(VlanDevice, Action.REMOVE), self._resources(TeamDevice, Action.REMOVE)
        self._stop_programs(vlans, teams)
        vlan_devices.remove(vlans, self._pids)
        team_devices.remove(teams, self._pids)

    def _remove_nodes_and_cables(self) -> None:
        gone = {node.name for node in self._resources(Node, Action.REMOVE)}
        relays.remove(self._plan, self._pids)
        names = [name for name in self._pids if name in gone or name.partition("@")[2] in gone]
        names += [
            f"{program}@{instance.node}"
            for instance in self._resources(Instance, Action.REMOVE)
            for program in ovs.PROGRAMS
            if f"{program}@{instance.node}" in self._pids and instance.node not in gone
        ]
        if names:
            self._pod.stop(names)
        for instance in self._resources(Instance, Action.REMOVE):
            ovs.remove(instance.node)
        by_node: dict[str, list[Message]] = defaultdict(list)
        removed = [cable for cable in self._resources(Cable, Action.REMOVE) if cable.b_node not in gone]
        for cable in removed:
            if cable.a_node not in gone:
                by_node[cable.b_node].append(links.remove_cable(cable))
        links.run({self._pids[node]: by_node[node] for node in sorted(by_node)})
        self._clear((cable.b_node, cable.b_device) for cable in removed if cable.a_node in gone)

    def _clear(self, ends: Iterable[tuple[str, str]]) -> None:
        """Remove what may be left of cables whose other machine has ended."""
        dangling: dict[str, list[str]] = defaultdict(list)
        for node, device in ends:
            dangling[node].append(device)
        for node in sorted(dangling):
            links.clear(self._pids[node], dangling[node])

    # -- creation -----------------------------------------------------------------------------------------------------

    def _create_nodes(self) -> None:
        created = self._resources(Node, Action.CREATE)
        if created:
            self._pod.spawn([nodes.process(node) for node in created])
            self._pids = pids(self._pod)
        rules: list[Batch] = []
        for step in self._plan.of(Node, Action.CREATE, Action.CHANGE):
            node, old = step.new, step.old
            assert isinstance(node, Node)
            before = old if isinstance(old, Node) else None
            if before:
                write_sysctls(self._pids[node.name], nodes.sysctls(node))
            if text := nodes.rules(node, before):
                rules.append(Batch(self._pids[node.name], firewall.NFT, text))
        run_batches(rules)
        for step in self._plan.of(Node, Action.CREATE, Action.CHANGE):
            if isinstance(step.new, Node) and step.new.nats:  # the kernel has these only when its rules are there
                write_sysctls(self._pids[step.new.name], nodes.nat_sysctls())

    def _create_cables(self) -> None:
        created = self._resources(Cable, Action.CREATE)
        fresh = {node.name for node in self._resources(Node, Action.CREATE)}
        both = [end for each in created for end in ((each.a_node, each.a_device), (each.b_node, each.b_device))]
        self._clear((node, device) for node, device in both if node not in fresh)
        if created:
            links.run({os.getpid(): [links.add_cable(cable, self._pids) for cable in created]})
        ends: dict[str, list[Message]] = defaultdict(list)
        shapes: dict[str, list[str]] = defaultdict(list)
        blind: dict[str, list[str]] = defaultdict(list)
        for step in self._plan.of(Cable, Action.CREATE, Action.CHANGE):
            cable, old = step.new, step.old
            assert isinstance(cable, Cable)
            ends[cable.b_node].append(links.plug(cable))
            if not isinstance(old, Cable):
                blind[cable.b_node].append(cable.b_device)
            before = (old.sent_bps, old.received_bps) if isinstance(old, Cable) else (0, 0)
            if cable.sent_bps != before[0]:
                shapes[cable.a_node].append(shaping.shape(cable.a_device, cable.sent_bps))
            if cable.received_bps != before[1]:
                shapes[cable.b_node].append(shaping.shape(cable.b_device, cable.received_bps))
        self._blind(blind)
        links.run({self._pids[node]: ends[node] for node in sorted(ends)})
        run_batches([links.tc_batch(self._pids[node], shapes[node]) for node in sorted(shapes)])
        relays.build(self._plan, self._pids)

    def _blind(self, devices: Mapping[str, list[str]]) -> None:
        rules = [Batch(self._pids[n], firewall.NFT, firewall.blind_ports(devices[n])) for n in sorted(devices)]
        run_batches(rules)

    def _create_made(self) -> None:
        """Make what guests make."""
        vlans, teams = self._resources(VlanDevice, Action.CREATE), self._resources(TeamDevice, Action.CREATE)
        self._stop_programs(vlans, teams)
        programs = [*vlan_devices.make(vlans, self._pids), *team_devices.make(teams, self._pids)]
        if programs:
            self._pod.spawn(programs)

    def _stop_programs(self, vlans: list[VlanDevice], teams: list[TeamDevice]) -> None:
        names = {vlan_devices.process_name(each) for each in vlans}
        names |= {team_devices.process_name(each) for each in teams}
        left = sorted(names & self._pod.processes().keys())
        if left:
            self._pod.stop(left)
        self._pids = {name: pid for name, pid in self._pids.items() if name not in names}

    def _create_instances(self) -> None:
        created = [instance.node for instance in self._resources(Instance, Action.CREATE)]
        if not created:
            return
        # What an instance has left whose machine has ended: processes that wait for it, and a database.
        names = {f"{program}@{node}" for node in created for program in ovs.PROGRAMS}
        left = sorted(names & self._pod.processes().keys())
        if left:
            self._pod.stop(left)
        for node in created:
            ovs.remove(node)
            nodes.prepare_switch_directory(node)
        self._pod.spawn([program for node in created for program in ovs.processes(node)])
        for node in created:
            with OvsdbClient(str(ovs.directory(node) / "db.sock")) as database:
                database.transact(ovs.first_configuration())
            ovs.join(node)

    def _create_bridges_and_ports(self) -> None:
        operations: dict[str, list[Operation]] = defaultdict(list)
        touched: dict[str, set[str]] = defaultdict(set)
        for at, step in enumerate(self._plan.of(Bridge, Action.CREATE, Action.CHANGE)):
            bridge = step.new
            assert isinstance(bridge, Bridge)
            if step.action is Action.CREATE:
                operations[bridge.node] += ovs.create_bridge(bridge, at, self._generation)
            else:
                operations[bridge.node] += ovs.change_bridge(bridge)
                touched[bridge.node].add(bridge.device)
        ports = self._plan.of(Port, Action.CREATE, Action.CHANGE)
        self._prepare_nics(ports)
        created = {(bridge.node, bridge.device) for bridge in self._resources(Bridge, Action.CREATE)}
        for at, step in enumerate(ports):
            port = step.new
            assert isinstance(port, Port)
            create = step.action is Action.CREATE
            operations[port.node] += ovs.create_port(port, at) if create else ovs.change_port(port)
            if port.intent and (port.node, port.bridge) not in created:
                touched[port.node].add(port.bridge)
        for node in sorted(operations):
            for device in sorted(touched[node]):
                operations[node] += ovs.raise_generation(device, self._generation)
            self._committed[node] = self._commit(node, operations[node])

    def _await_ports(self) -> None:
        for node, number in self._committed.items():
            self._await(node, number)
        for step in self._plan.of(Bridge, Action.CREATE, Action.CHANGE):
            old, new = step.old, step.new
            snooped = isinstance(old, Bridge) and old.igmp_snooping
            if isinstance(new, Bridge) and new.igmp_snooping is not snooped:
                snooping.set_up(new)

    def _prepare_nics(self, ports: Iterable[Step]) -> None:
        """Hide the NICs that switches take from the management OS, and switch those on that are to be on.

        Open vSwitch reads the flags of a device that it takes and writes them back with one more: a device that is
        switched on in between is off again, with nobody to notice.
        """
        taken: dict[str, list[str]] = defaultdict(list)
        for step in ports:
            port = step.new
            if isinstance(port, Port) and port.intent and port.intent.kind is PortKind.EXTERNAL and not step.old:
                taken[port.node].append(port.device)
        self._blind(taken)
        on = {(interface.node, interface.device) for interface in self._wanted.interfaces if interface.up}
        links.run(
            {
                self._pids[node]: [netlink.set_link(device, up=True) for device in devices if (node, device) in on]
                for node, devices in sorted(taken.items())
            }
        )

    def _commit(self, node: str, operations: list[Operation]) -> int:
        """Commit to a node's database and return the number of the configuration that this makes."""
        with OvsdbClient(str(ovs.directory(node) / "db.sock")) as database:
            results = database.transact(*operations, *ovs.raise_next_cfg())
        number: int = results[len(operations) + 1]["rows"][0]["next_cfg"]
        return number

    def _await(self, node: str, number: int) -> None:
        """Wait until the daemon has done a configuration: then every device is there, or the reason why not."""
        with OvsdbClient(str(ovs.directory(node) / "db.sock"), timeout_s=2 * DEVICE_TIMEOUT_S) as database:
            database.transact(ovs.wait_for_cfg(number, DEVICE_TIMEOUT_S))
            errors = list(ovs.broken(database.rows(ovs.SELECT_ERRORS)[0]))
        if errors:
            device, reason = errors[0]
            raise LabFault(f'Open vSwitch of "{node}" could not make the port {device}: {reason}')

    # -- addresses ----------------------------------------------------------------------------------------------------

    def _configure(self, *, internal: bool) -> None:
        """Give interfaces their settings: first those on cables, and when the switches are there those inside them."""
        changes: dict[str, list[Message]] = defaultdict(list)
        risen: dict[int, list[str]] = defaultdict(list)
        silenced: dict[str, dict[str, str]] = defaultdict(dict)
        offloads: list[Batch] = []
        shapes: dict[str, list[str]] = defaultdict(list)
        inside = {(port.node, port.device) for port in self._wanted.ports if port.internal}
        routes = RouteChanges(self._plan, self._wanted)
        late = {node for node, _ in inside}
        routed = {node for node in routes.nodes & set(self._pids) if (node in late) == internal}
        for step in self._plan.of(Interface, Action.CREATE, Action.CHANGE):
            interface, old = step.new, step.old
            assert isinstance(interface, Interface)
            if ((interface.node, interface.device) in inside) != internal:
                continue
            if any(":" in address for address in interface.addresses):
                write_sysctls(self._pids[interface.node], {f"ipv6/conf/{interface.device}/disable_ipv6": "0"})
            elif isinstance(old, Interface) and old.addresses and self._is_host(interface.node):
                silenced[interface.node] |= {f"ipv6/conf/{interface.device}/disable_ipv6": "1"}
            before = old if isinstance(old, Interface) else None
            changes[interface.node] += links.set_interface(interface, before)
            if interface.up and not (before and before.up):
                risen[self._pids[interface.node]].append(interface.device)
            if command := links.segmentation(interface, before):
                offloads.append(Batch(self._pids[interface.node], command, ""))
            if interface.sent_bps != (before.sent_bps if before else 0):
                shapes[interface.node].append(shaping.shape(interface.device, interface.sent_bps))
        for node in sorted(routed):
            changes[node] += routes.additions(node)
        run_batches(offloads + [links.tc_batch(self._pids[node], shapes[node]) for node in sorted(shapes)])
        links.run({self._pids[node]: changes[node] for node in sorted(changes)})
        links.settle(risen)
        for node, values in sorted(silenced.items()):
            write_sysctls(self._pids[node], values)

    # -- the moment without a network ---------------------------------------------------------------------------------

    @contextmanager
    def interruption(self, seconds: float) -> Iterator[None]:
        """Cut off, for at least that long, the NICs of running hosts that a switch takes or releases meanwhile."""
        new_nodes = {node.name for node in self._resources(Node, Action.CREATE)}
        nics = {
            (step.resource.node, step.resource.device)
            for step in self._plan.of(Port, Action.CREATE, Action.REMOVE)
            if isinstance(step.resource, Port) and step.resource.intent and step.resource.node not in new_nodes
            if step.resource.intent.kind is PortKind.EXTERNAL
        }
        plugged = set(self._wanted.cables).difference(self._resources(Cable, Action.CREATE))
        cut = [cable for cable in self._wanted.cables if (cable.a_node, cable.a_device) in nics and cable in plugged]
        if not cut or seconds <= 0:
            yield
            return
        pid = pids(self._pod)[PHYSICAL]
        started = time.monotonic()
        links.run({pid: [links.plug(replace(cable, plugged=False)) for cable in cut]})
        try:
            yield
            time.sleep(max(0.0, seconds - (time.monotonic() - started)))
        finally:
            links.run({pid: map(links.plug, cut)})

    # -- helpers ------------------------------------------------------------------------------------------------------

    def _resources(self, kind: type[Kind], action: Action) -> list[Kind]:
        return [step.resource for step in self._plan.of(kind, action) if isinstance(step.resource, kind)]
