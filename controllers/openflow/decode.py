"""What a switch says it holds, as values. What we could not have sent exactly so is an alien, never a guess."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import product
from typing import Any, Final

from controllers.diff import Alien, Installed
from controllers.framework import nicira_ext, ofproto
from controllers.openflow.cookies import FlowKind, cookie_of, read
from controllers.openflow.encode import (
    DOT1Q,
    METER_FLAGS,
    PCP_BITS,
    PORTS,
    STACKED,
    TAG,
    TAG_PCP,
    VERSIONS,
    VLAN_ID_BITS,
    admit_action,
    learn_action,
    teaming_action,
)
from controllers.pipeline.fields import BY_OPENFLOW_NAME
from controllers.pipeline.registers import BY_NAME
from controllers.pipeline.tables import STAGES, stage_numbered
from controllers.pipeline.values import (
    ROLES,
    VLAN_COUNT,
    Action,
    Actions,
    Admit,
    AskController,
    Choose,
    Consult,
    Count,
    Criterion,
    Drop,
    EnterBy,
    Flow,
    Goto,
    Group,
    Learn,
    Match,
    Meter,
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
    Teaming,
    WritePcp,
    WriteTag,
    limit_of,
)

_REMEMBERED = (FlowKind.LEARNED, FlowKind.ADMITTED)
"""The kinds of flows that a switch makes by itself."""


class _Foreign(Exception):
    """Something no program of ours contains."""


def installed(flow_stats: Iterable[Any], group_stats: Iterable[Any], meter_stats: Iterable[Any] = ()) -> Installed:
    """Return everything a switch holds, from the bodies of its flow, group description and meter config replies."""
    flows: set[Flow] = set()
    learned: set[int] = set()
    aliens: list[Alien] = []
    for stats in flow_stats:
        meaning = read(stats.cookie)
        if meaning is not None and meaning.kind in _REMEMBERED:
            learned.add(stats.cookie)
            continue
        try:
            flows.add(flow_of(stats))
        except _Foreign as foreign:
            aliens.append(Alien(f"table {stats.table_id} priority {stats.priority}: {foreign}", stats))
    groups = tuple(sorted(((stats.group_id, _group_or_none(stats)) for stats in group_stats), key=lambda pair: pair[0]))
    meters = tuple(sorted(((stats.meter_id, _meter_or_none(stats)) for stats in meter_stats), key=lambda pair: pair[0]))
    return Installed(frozenset(flows), groups, frozenset(learned), tuple(aliens), meters)


def _meter_or_none(stats: Any) -> Meter | None:
    bands = [(band.type, band.rate) for band in stats.bands]
    if stats.flags != METER_FLAGS or [kind for kind, _ in bands] != [ofproto.OFPMBT_DROP]:
        return None
    limit, ofport = limit_of(stats.meter_id)
    return Meter(ofport, bands[0][1], limit)


def flow_of(stats: Any) -> Flow:
    """Return the compiled flow that was installed as `stats`."""
    meaning = read(stats.cookie)
    if meaning is None:
        raise _Foreign(f"its cookie {stats.cookie:#x} is not ours")
    if stats.table_id >= len(STAGES) or stats.idle_timeout or stats.hard_timeout or stats.flags:
        raise _Foreign("it has a table, timeouts or flags that ours have not")
    actions: Actions = tuple(action for part in stats.instructions for action in _instruction(part))
    if meaning.reason is not None:
        actions = (*actions, Drop(meaning.reason, meaning.entry))
    elif meaning.kind is FlowKind.COUNT:
        actions = (Count(meaning.entry), *actions)
    flow = Flow(stage_numbered(stats.table_id).name, stats.priority, _match(stats.match), actions, meaning.owner)
    if cookie_of(flow) != stats.cookie:
        raise _Foreign("its cookie says something else than its actions do")
    return flow


def _group_or_none(stats: Any) -> Group | None:
    role, vlan = divmod(stats.group_id - 1, VLAN_COUNT)
    if stats.type != ofproto.OFPGT_ALL or not 0 <= role < len(ROLES):
        return None
    try:
        buckets = tuple(tuple(_action(action) for action in bucket.actions) for bucket in stats.buckets)
    except _Foreign:
        return None
    return Group(vlan, ROLES[role], buckets)


def _match(wanted: Any) -> Match:
    criteria = []
    for name, found in wanted.items():
        field = BY_OPENFLOW_NAME.get(name)
        if field is None:
            raise _Foreign(f"it matches {name}")
        value, mask = found if isinstance(found, tuple) else (found, None)
        try:
            mask = field.full_mask if mask is None else field.read(mask)
            criteria.append(Criterion(field.name, field.read(value), mask))
        except ValueError as error:
            raise _Foreign(f"it matches {error}") from error
    return tuple(sorted(criteria))


def _instruction(instruction: Any) -> Iterable[Action]:
    if instruction.type == ofproto.OFPIT_GOTO_TABLE:
        return (Goto(_stage_name(instruction.table_id)),)
    if instruction.type == ofproto.OFPIT_APPLY_ACTIONS:
        return tuple(_action(action) for action in instruction.actions)
    if instruction.type == ofproto.OFPIT_METER:
        limit, ofport = limit_of(instruction.meter_id)
        return (Police(ofport, limit),)
    raise _Foreign(f"it has an instruction of type {instruction.type}")


def _action(action: Any) -> Action:
    kind = type(action).__name__
    read_action = _READERS.get(kind)
    found = read_action(action) if read_action else None
    if found is None:
        raise _Foreign(f"it has an action {kind} that is not ours")
    return found


def _output(action: Any) -> Action | None:
    if action.port != ofproto.OFPP_CONTROLLER:
        return Output(action.port)
    return AskController() if action.max_len == ofproto.OFPCML_NO_BUFFER else None


def _set_field(action: Any) -> Action | None:
    field = BY_OPENFLOW_NAME.get(action.key)
    if field is not None and field.name == "eth_src":
        return SetSource(field.read(action.value))
    if field is not None and field.name in BY_NAME and isinstance(action.value, int):
        return SetRegister(BY_NAME[field.name], action.value)
    return None


def _consult(action: Any) -> Action | None:
    return Consult(_stage_name(action.table_id)) if action.in_port == ofproto.OFPP_IN_PORT & 0xFFFF else None


def _choose(action: Any) -> Action | None:
    register = BY_OPENFLOW_NAME.get(action.dst)
    if register is None or register.name not in BY_NAME:
        return None
    by_flow = action.algorithm == nicira_ext.NX_BD_ALG_HRW
    return _if_ours(Choose(BY_NAME[register.name], tuple(action.slaves), by_flow), action)


def _stacked(kind: type[Push | Pop], action: Any) -> Action | None:
    field = next((name for name, stacked in STACKED.items() if stacked == action.field), None)
    return _if_ours(kind(field), action) if field else None


def _if_ours(found: Teaming, action: Any) -> Action | None:
    return found if _wire(teaming_action(found)) == _wire(action) else None


_MOVES: Final[Mapping[tuple[str, int], tuple[type[ReadTag | ReadPcp], type[WriteTag | WritePcp]]]] = {
    (TAG, VLAN_ID_BITS): (ReadTag, WriteTag),
    (TAG_PCP, PCP_BITS): (ReadPcp, WritePcp),
}
"""The parts of a tag, with their sizes, and what moves them into and out of registers."""


def _move(action: Any) -> Action | None:
    registers = {register.openflow_name: register for register in BY_NAME.values()}
    source, target, size = action.src_field, action.dst_field, action.n_bits
    if (action.src_ofs, action.dst_ofs) != (0, 0):
        return None
    if (source, size) in _MOVES and target in registers:
        return _MOVES[source, size][0](registers[target])
    return _MOVES[target, size][1](registers[source]) if (target, size) in _MOVES and source in registers else None


def _learn(action: Any) -> Action | None:
    meaning = read(action.cookie)
    if meaning is not None and meaning.kind is FlowKind.ADMITTED:
        for version, protocol in product(VERSIONS, PORTS):
            admit = Admit(meaning.ofport, meaning.way, version, protocol, action.idle_timeout, meaning.entry)
            if _wire(admit_action(admit)) == _wire(action):
                return admit
    source = action.specs[-1].src if action.specs else None
    if isinstance(source, int):
        learn = Learn(source, action.hard_timeout)
        if _wire(learn_action(learn)) == _wire(action):
            return learn
    return None


def _wire(action: Any) -> bytes:
    buffer = bytearray()
    action.serialize(buffer, 0)
    return bytes(buffer)


def _stage_name(table_id: int) -> str:
    if table_id >= len(STAGES):
        raise _Foreign(f"it leads to table {table_id}")
    return stage_numbered(table_id).name


_READERS: Final[Mapping[str, Callable[[Any], Action | None]]] = {
    "OFPActionOutput": _output,
    "OFPActionGroup": lambda action: Replicate(action.group_id),
    "OFPActionSetField": _set_field,
    "OFPActionPopVlan": lambda _: PopTag(),
    "OFPActionPushVlan": lambda action: PushTag() if action.ethertype == DOT1Q else None,
    "NXActionResubmitTable": _consult,
    "NXActionRegMove": _move,
    "NXActionRegLoad": lambda action: _if_ours(EnterBy(action.value), action),
    "NXActionStackPush": lambda action: _stacked(Push, action),
    "NXActionStackPop": lambda action: _stacked(Pop, action),
    "NXActionBundleLoad": _choose,
    "NXActionLearn": _learn,
}
"""What reads each action of OpenFlow; None if it is not as ours are."""
