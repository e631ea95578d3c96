"""The backend of a pod: what the engine needs, done with real namespaces and Open vSwitch. Runs inside the pod."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from lab.emulation import leases, network_boot, services
from lab.emulation.announce import Presence, announce, forget
from lab.emulation.execution import Execution
from lab.emulation.nodes import write_names
from lab.emulation.observe import observe, pids, read_external_ids
from lab.emulation.pod.pod import Pod
from lab.engine.backend import Acknowledgement, Progress
from lab.engine.leased import Lease
from lab.engine.plan import Action, Plan, Step
from lab.engine.resources import Blueprint, Interface, Key, Port, Service
from lab.intent import APPLIED_KEY, FAULT_KEY, GENERATION_KEY, PortKind

_FAULT: Final = re.compile(r"generation (?P<generation>\d+): (?P<why>.*)", re.DOTALL)


class PodBackend:
    """The backend of one pod."""

    def __init__(self, pod: Pod) -> None:
        self._pod = pod

    def require(self, wanted: Blueprint) -> None:
        """Raise EnvironmentFault if this machine lacks a program that the blueprint needs."""
        services.require(wanted.services)

    def observe(self, known: Blueprint) -> Blueprint:
        """Return what exists of `known`; see :func:`lab.emulation.observe.observe`."""
        processes = self._pod.processes()
        found = observe(known, pids(self._pod))[0]
        return replace(found, services=services.observed(known.services, processes))

    def announce(self, plan: Plan, wanted: Blueprint) -> None:
        """Announce every address that is new at its place, or has another MAC address; forget those that are gone.

        A place is new for what is connected to another switch than before, or whose switch has another NIC.
        """
        running = pids(self._pod)
        gone = _gone(plan, wanted)
        for node in wanted.nodes if gone else ():
            if node.name in running:
                forget(running[node.name], gone)
        moved = _moved(plan, wanted)
        found = [_news(step, running) for step in plan.of(Interface)]
        found += [_presence(each, each.addresses, running) for each in wanted.interfaces if each.key in moved]
        announce(presence for presence in found if presence)

    def start_services(self, plan: Plan, wanted: Blueprint, *, patient: bool) -> None:
        """Start the services that the plan creates or changes; those that serve others come first."""
        steps = plan.of(Service, Action.CREATE, Action.CHANGE)
        begun = [step.resource for step in steps if isinstance(step.resource, Service)]
        services.start(self._pod, begun, patient=patient)
        self._write_names(wanted)

    def leases(self, wanted: Blueprint) -> tuple[Lease, ...]:
        """Return what the clients have got."""
        return leases.read(wanted.services, pids(self._pod)) if wanted.services else ()

    def _write_names(self, wanted: Blueprint) -> None:
        write_names(wanted, self.leases(wanted))
        services.names_changed(self._pod, wanted.services)

    def booted(self, wanted: Blueprint, again: frozenset[str]) -> frozenset[str]:
        """Return the VMs that have booted from the network; those in `again` try once more before."""
        network_boot.boot_again(self._pod, [each for each in wanted.services if each.node in again])
        return network_boot.remember(self._pod, wanted.services)

    def acknowledged(self, wanted: Blueprint) -> dict[tuple[str, str], Acknowledgement]:
        """Return what each virtual switch has confirmed, by (host, bridge device)."""
        found: dict[tuple[str, str], Acknowledgement] = {}
        for host in sorted({bridge.node for bridge in wanted.bridges if bridge.intent}):
            for name, ids in sorted(read_external_ids(host).items()):
                if GENERATION_KEY in ids:
                    generation, applied = int(ids[GENERATION_KEY]), int(ids.get(APPLIED_KEY, "0"))
                    found[host, name] = Acknowledgement(generation, applied, current_fault(ids, generation))
        return found

    def execute(
        self, plan: Plan, wanted: Blueprint, generation: int, interruption_s: float, progress: Progress
    ) -> None:
        """Carry out a plan. Every switch it touches gets the generation."""
        work = Execution(self._pod, plan, wanted, generation)
        with work.interruption(interruption_s):
            for title, act in work.phases():
                progress(title)
                act()
        # Even where no machine is touched: an interrupted change may have written others.
        self._write_names(wanted)


def _gone(plan: Plan, wanted: Blueprint) -> set[str]:
    """Return the addresses, without prefix lengths, that an interface had and no longer has."""
    kept = {interface.key: interface.addresses for interface in wanted.interfaces if interface.up}
    had = [step.old for step in plan.of(Interface) if isinstance(step.old, Interface)]
    gone = (address for old in had for address in old.addresses if address not in kept.get(old.key, ()))
    return {address.partition("/")[0] for address in gone}


def _news(step: Step, running: Mapping[str, int]) -> Presence | None:
    new, old = step.new, step.old
    if not isinstance(new, Interface) or not new.up or new.node not in running:
        return None
    mac = new.mac, new.cluster_mac
    same = old.addresses if isinstance(old, Interface) and (old.mac, old.cluster_mac) == mac else ()
    return _presence(new, tuple(address for address in new.addresses if address not in same), running)


def _presence(interface: Interface, addresses: tuple[str, ...], running: Mapping[str, int]) -> Presence | None:
    if not addresses or not interface.up or interface.node not in running:
        return None
    mac = interface.cluster_mac or interface.mac
    return Presence(running[interface.node], interface.device, mac, addresses)


def _moved(plan: Plan, wanted: Blueprint) -> set[Key]:
    """Return the interfaces whose frames take another way into the physical network than before."""
    steps = [(step.old, step.new) for step in plan.of(Port)]
    new = {
        each
        for old, each in steps
        if isinstance(each, Port) and not (isinstance(old, Port) and old.bridge == each.bridge)
    }
    uplinks = {(port.node, port.bridge) for port in new if port.intent and port.intent.kind is PortKind.EXTERNAL}
    names = {
        port.intent.adapter
        for port in wanted.ports
        if port.intent and (port in new or (port.node, port.bridge) in uplinks)
    }
    found = {each.key for each in wanted.interfaces if f"{each.node}/{each.alias}" in names}
    made = {("interface", v.node, v.device) for v in wanted.vlan_devices if ("interface", v.node, v.parent) in found}
    teams = (each for each in wanted.team_devices if any(("interface", each.node, m) in found for m in each.members))
    return found | made | {("interface", each.node, each.device) for each in teams}


def current_fault(external_ids: Mapping[str, str], generation: int) -> str:
    """Return the fault of a bridge, unless it is about an older generation than the one that is wanted now."""
    text = external_ids.get(FAULT_KEY, "")
    match = _FAULT.fullmatch(text)
    if match is None:
        return text
    return match["why"] if int(match["generation"]) >= generation else ""
