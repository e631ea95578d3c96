"""Intent in, program out: everything a switch should hold, from scratch, every time.

The API for the lab side (no OpenFlow library needed)::

    view = SwitchView(switch_intent, (PortView(ofport, device, port_intent), ...))
    program = compile_switch(view)            # ViewError, ProgramFault: both are LabFault, with words
    program.flows, program.groups             # values of controllers.pipeline.values
    cookies.explain(cookie, program)          # controllers.openflow.cookies: which feature, which adapter, which reason

Compiling is pure: equal views give equal programs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from controllers.features import FEATURES
from controllers.pipeline.checks import MAX_GROUP_BYTES, MAX_VISITS, group_bytes, mistakes, worst_visits
from controllers.pipeline.tables import stage_named
from controllers.pipeline.values import Flow, Group, Meter
from controllers.view import PortView, SwitchView, ViewError
from lab.errors import LabFault

__all__ = ["PortView", "Program", "ProgramFault", "SwitchView", "ViewError", "assemble", "compile_switch"]


class ProgramFault(LabFault):
    """The flows made for a switch cannot be used; nothing was sent to it."""


@dataclass(frozen=True, slots=True)
class Program:
    """Everything one switch should hold, sorted, and the view it was made from."""

    view: SwitchView
    flows: tuple[Flow, ...]
    groups: tuple[Group, ...]

    @property
    def meters(self) -> tuple[Meter, ...]:
        return self.view.meters()

    def groups_by_id(self) -> Mapping[int, Group]:
        return {group.group_id: group for group in self.groups}


def compile_switch(view: SwitchView) -> Program:
    """Compile one switch: every feature, checked against the declarations of the pipeline."""
    view.check()
    flows: list[Flow] = []
    groups: list[Group] = []
    for feature in FEATURES:
        more_flows, more_groups = feature.build(view)
        flows.extend(more_flows)
        groups.extend(more_groups)
    return assemble(view, flows, groups)


def assemble(view: SwitchView, flows: Iterable[Flow], groups: Iterable[Group]) -> Program:
    """Sort, deduplicate and check; ProgramFault if the parts do not make a program."""
    program = Program(view, tuple(sorted(dict.fromkeys(flows), key=_order)), _sorted_groups(view, groups))
    by_id = program.groups_by_id()
    keys = [flow.key for flow in program.flows]
    wrong = [*mistakes(program.flows, by_id)]
    if len(set(keys)) != len(keys):
        double = sorted(str(key) for key in set(keys) if keys.count(key) > 1)
        wrong += [f"two flows are one to the switch: {key}" for key in double]
    if wrong:
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        raise ProgramFault(f'program of switch "{view.intent.switch}": {wrong[0]}{more}', target=view.intent.switch)
    _check_sizes(program)
    return program


def _check_sizes(program: Program) -> None:
    """Refuse what Open vSwitch would lose without a word, or what no message can hold."""
    name, groups = program.view.intent.switch, program.groups_by_id()
    largest = max(groups.values(), key=group_bytes, default=None)
    if largest is None:
        return
    remedy = "use fewer ports, or fewer ports with settings of their own, on this switch"
    cannot = f'switch "{name}" cannot replicate one frame to {len(largest.buckets)} receivers'
    visits = worst_visits(program.flows, groups)
    if visits > MAX_VISITS:
        reason = f"that takes {visits} steps, and Open vSwitch drops a frame after {MAX_VISITS}"
        raise ProgramFault(f"{cannot}: {reason}", remedy=remedy, target=name)
    if group_bytes(largest) > MAX_GROUP_BYTES:
        reason = f"that group has {group_bytes(largest)} bytes, and an OpenFlow message holds {MAX_GROUP_BYTES}"
        raise ProgramFault(f"{cannot}: {reason}", remedy=remedy, target=name)


def _order(flow: Flow) -> tuple[object, ...]:
    # Plain tuples: comparing the values themselves takes three times as long. What is equal in these is a mistake.
    return stage_named(flow.stage).number, -int(flow.priority), *[(c.field, c.value, c.mask) for c in flow.match]


def _sorted_groups(view: SwitchView, groups: Iterable[Group]) -> tuple[Group, ...]:
    by_id: dict[int, Group] = {}
    for group in groups:
        if by_id.setdefault(group.group_id, group) != group:
            raise ProgramFault(f'switch "{view.intent.switch}" has two groups {group.role} in VLAN {group.vlan}')
    return tuple(by_id[group_id] for group_id in sorted(by_id))
