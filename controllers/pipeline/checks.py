"""Does a program keep to the declarations? Called by the compiler for every program, before anything is sent.

What is refused here is a mistake in a feature, never in what the user asked for, with one exception: a switch so large
that a flood would exceed what Open vSwitch allows one frame.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from itertools import combinations
from typing import Final

from controllers.pipeline.fields import FIELDS
from controllers.pipeline.registers import BY_NAME as REGISTER_BY_NAME
from controllers.pipeline.tables import PER_RECEIVER, STAGES, Stage, stage_named
from controllers.pipeline.values import (
    Action,
    Admit,
    AskController,
    Choose,
    Consult,
    Count,
    Drop,
    EnterBy,
    Flow,
    Goto,
    Group,
    Learn,
    Match,
    Output,
    Police,
    Pop,
    PopTag,
    Push,
    PushTag,
    ReadPcp,
    ReadTag,
    Replicate,
    SetRegister,
    SetSource,
    WritePcp,
    WriteTag,
)

MAX_VISITS: Final = 1 + 4096
"""How many stages one frame may visit, all copies together: the first, and 4,096 others. Open vSwitch silently drops it
past that."""

MAX_GROUP_BYTES: Final = 65535 - 24
"""How large an OpenFlow message with a group may be when it travels in a bundle."""

Shape = tuple[tuple[str, int], ...]


def mistakes(flows: Iterable[Flow], groups: Mapping[int, Group]) -> Iterator[str]:
    """Yield, in words, everything in which a program breaks the pipeline's declarations."""
    by_stage: dict[str, list[Flow]] = defaultdict(list)
    for flow in flows:
        by_stage[flow.stage].append(flow)
    for flow in (flow for stage_flows in by_stage.values() for flow in stage_flows):
        for problem in (*_match_mistakes(flow), *_action_mistakes(flow, groups)):
            yield f"{flow_text(flow)}: {problem}"
    for group in groups.values():
        for problem in _bucket_mistakes(group):
            yield f"group {group.role} of VLAN {group.vlan}: {problem}"
    unused = {stage.name for stage in STAGES if stage.asks} - _entered(by_stage)
    for stage in STAGES:
        if stage.name not in unused and not any(flow.match == () for flow in by_stage[stage.name]):
            yield f"stage {stage.name} has no flow for all other frames"
        yield from _overlaps(by_stage[stage.name])


def _entered(by_stage: Mapping[str, list[Flow]]) -> set[str]:
    """Return the stages that any frame goes to, or that have flows."""
    flows = [flow for stage_flows in by_stage.values() for flow in stage_flows]
    return {flow.stage for flow in flows} | {
        action.stage for flow in flows for action in flow.actions if isinstance(action, Goto | Consult)
    }


def flow_text(flow: Flow) -> str:
    """Return a flow on one line, without its table's number."""
    criteria = ",".join(map(str, flow.match)) or "any"
    actions = ", ".join(map(str, flow.actions)) or "return"
    return f"{flow.stage} {int(flow.priority)} {criteria} -> {actions}"


def _match_mistakes(flow: Flow) -> Iterator[str]:
    stage = stage_named(flow.stage)
    for criterion in flow.match:
        if criterion.field not in stage.matches:
            yield f"the stage does not declare that it matches {criterion.field}"
        elif not criterion.is_exact and criterion.field not in stage.masked:
            yield f"the stage does not declare that it matches parts of {criterion.field}"
        if criterion.field in REGISTER_BY_NAME:
            yield from _lifetime_mistakes(stage, criterion.field)


def _lifetime_mistakes(stage: Stage, register_name: str) -> Iterator[str]:
    register = REGISTER_BY_NAME[register_name]
    born, dies = stage_named(register.born).number, stage_named(register.dies).number
    if not born <= stage.number <= dies:
        yield f"register {register.name} means nothing in this stage"


def _action_mistakes(flow: Flow, groups: Mapping[int, Group]) -> Iterator[str]:
    stage = stage_named(flow.stage)
    if not flow.actions and not stage.returns:
        yield "no actions, and the stage is not one that returns"
    for position, action in enumerate(flow.actions):
        if isinstance(action, Drop) and len(flow.actions) > 1:
            yield "a drop is not alone"
        if isinstance(action, Goto) and position != len(flow.actions) - 1:
            yield "something follows the goto"
        if isinstance(action, Replicate) and action.group_id not in groups:
            yield f"there is no group {action.group_id}"
        if isinstance(action, SetRegister | ReadTag | WriteTag | ReadPcp | WritePcp | Choose):
            yield from _lifetime_mistakes(stage, action.register.name)
        if not _is_declared(stage, action):
            yield f'the stage does not declare "{action}"'
        if isinstance(action, Goto | Consult) and stage_named(action.stage).number <= stage.number:
            yield f"{action.stage} is not a later stage"


def _is_declared(stage: Stage, action: Action) -> bool:
    tests: Mapping[type, Callable[..., bool]] = {
        Goto: lambda goto: goto.stage in stage.goes,
        Consult: lambda consult: consult.stage in stage.consults,
        SetRegister: lambda write: write.register.name in stage.writes,
        ReadTag: lambda read: stage.tags and read.register.name in stage.writes,
        ReadPcp: lambda read: stage.tags and read.register.name in stage.writes,
        PopTag: lambda _: stage.tags,
        PushTag: lambda _: stage.tags,
        WriteTag: lambda _: stage.tags,
        EnterBy: lambda _: stage.teams,
        Push: lambda _: stage.teams,
        Pop: lambda _: stage.teams,
        Choose: lambda choose: stage.teams and choose.register.name in stage.writes,
        SetSource: lambda _: stage.teams,
        WritePcp: lambda _: stage.tags,
        Drop: lambda drop: drop.reason in stage.drops,
        Count: lambda _: stage.counts,
        Police: lambda _: stage.polices,
        AskController: lambda _: stage.asks,
        Learn: lambda _: bool(stage.learns_into),
        Admit: lambda _: bool(stage.learns_into),
        Replicate: lambda _: stage.replicates,
        Output: lambda _: stage.outputs,
    }
    return tests[type(action)](action)


def _bucket_mistakes(group: Group) -> Iterator[str]:
    if not group.buckets:
        yield "it has no receiver"
    if len(set(group.buckets)) != len(group.buckets):
        yield "a receiver is in it twice"
    for bucket in group.buckets:
        for action in bucket:
            if isinstance(action, Consult) and action.stage not in PER_RECEIVER:
                yield f"{action.stage} is not a stage that runs per receiver"
            if not isinstance(action, Consult | Output | SetRegister | PushTag | WriteTag | WritePcp):
                yield f'a bucket cannot "{action}"'


def _overlaps(flows: list[Flow]) -> Iterator[str]:
    """Yield pairs of one priority that fit the same frame and do different things."""
    bands: dict[int, dict[Shape, list[Flow]]] = defaultdict(lambda: defaultdict(list))
    for flow in flows:
        bands[int(flow.priority)][tuple((c.field, c.mask) for c in flow.match)].append(flow)
    for shapes in bands.values():
        for one, other in (*((shape, shape) for shape in shapes), *combinations(shapes, 2)):
            yield from _clashes(shapes[one], shapes[other], _common(one, other))


def _common(one: Shape, other: Shape) -> Shape:
    masks = dict(other)
    return tuple((name, mask & masks[name]) for name, mask in one if name in masks)


def _clashes(some: list[Flow], others: list[Flow], common: Shape) -> Iterator[str]:
    index: dict[tuple[int, ...], list[Flow]] = defaultdict(list)
    for flow in some:
        index[_project(flow.match, common)].append(flow)
    for flow in others:
        for candidate in index[_project(flow.match, common)]:
            if candidate is not flow and candidate.actions != flow.actions and flow_text(candidate) < flow_text(flow):
                yield f"{flow_text(candidate)} and {flow_text(flow)} fit the same frame"


def _project(wanted: Match, common: Shape) -> tuple[int, ...]:
    values = {criterion.field: criterion.value for criterion in wanted}
    return tuple(values[name] & mask for name, mask in common)


def worst_visits(flows: Iterable[Flow], groups: Mapping[int, Group]) -> int:
    """Return the largest number of stages that one frame can make the switch visit, all copies together."""
    by_stage: dict[str, set[tuple[Action, ...]]] = defaultdict(set)
    for flow in flows:
        by_stage[flow.stage].add(flow.actions)

    @cache
    def stage_cost(name: str) -> int:
        return 1 + max((actions_cost(actions) for actions in by_stage[name]), default=0)

    def actions_cost(actions: tuple[Action, ...]) -> int:
        return sum(action_cost(action) for action in actions)

    def action_cost(action: Action) -> int:
        if isinstance(action, Goto | Consult):
            return stage_cost(action.stage)
        if isinstance(action, Replicate) and action.group_id in groups:
            return sum(actions_cost(bucket) for bucket in groups[action.group_id].buckets)
        return 0

    return stage_cost(STAGES[0].name)


def group_bytes(group: Group) -> int:
    """Return an upper bound of the size of the message that adds a group."""
    return 16 + sum(16 + sum(map(_action_bytes, bucket)) for bucket in group.buckets)


def _action_bytes(action: Action) -> int:
    return 24 if isinstance(action, WriteTag | WritePcp) else 16


assert all(name in FIELDS for stage in STAGES for name in stage.matches | stage.masked)
