"""Every sort of switch, compiled: the flows themselves, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from controllers.compiler import Program, ProgramFault, SwitchView, ViewError, assemble, compile_switch
from controllers.listing import listing
from controllers.openflow.cookies import FlowKind, cookie_of, explain, learned_cookie, read
from controllers.pipeline.checks import MAX_VISITS, worst_visits
from controllers.pipeline.priorities import Priority
from controllers.pipeline.reasons import DropReason
from controllers.pipeline.registers import RECEIVER, VERDICT
from controllers.pipeline.values import (
    Action,
    Consult,
    Drop,
    Flow,
    Goto,
    Group,
    Learn,
    Output,
    Owner,
    Replicate,
    SetRegister,
    match,
)
from lab.intent import PortIntent, PortKind
from lab.model.vlan import access
from tests.unit.controllers.views import EXTERNAL, HOST, IN_TEN, PRIVATE, VIEWS, WIRE, in_vlan, isolated_by, pinned, vm

OWNER = Owner("learning")


@pytest.mark.parametrize("name", sorted(VIEWS))
def test_golden(name: str, golden: Callable[[str, str], None]) -> None:
    golden(f"{name}.txt", listing(compile_switch(VIEWS[name])))


@pytest.mark.parametrize("name", sorted(VIEWS))
def test_compile_twice_is_equal(name: str) -> None:
    view = VIEWS[name]
    assert compile_switch(view) == compile_switch(view)
    backwards = compile_switch(replace(view, ports=view.ports[::-1]))
    assert (backwards.flows, backwards.groups) == (compile_switch(view).flows, compile_switch(view).groups)


@pytest.mark.parametrize("name", sorted(VIEWS))
def test_every_flow_explains_itself(name: str) -> None:
    program = compile_switch(VIEWS[name])
    for flow in program.flows:
        explanation = explain(cookie_of(flow), program)
        assert explanation is not None
        assert explanation.meaning.owner == flow.owner
        drops = [action.reason for action in flow.actions if isinstance(action, Drop)]
        assert explanation.meaning.reason is (drops[0] if drops else None)
        assert (explanation.meaning.kind is FlowKind.DROP) == bool(drops)
        names = {port.intent.adapter for port in program.view.ports} | {program.view.intent.switch}
        assert explanation.object_name in names


def test_learned_cookie_tells_the_port() -> None:
    program = compile_switch(VIEWS["learning"])
    explanation = explain(learned_cookie(3, 300), program)
    assert explanation is not None
    assert explanation.object_name == "vm3/Network Adapter"
    gone = explain(learned_cookie(77, 300), program)
    assert gone is not None
    assert (gone.port, gone.object_name) == (None, "port 77 (gone)")
    assert explain(0, program) is None
    assert read(0) is None


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (SwitchView(replace(EXTERNAL, ageing_s=0), ()), 'ageing time of switch "External" is 0 s, expected 1 to 65535'),
        (SwitchView(EXTERNAL, (vm(3), vm(3))), "both have port number 3"),
        (SwitchView(EXTERNAL, (vm(0),)), 'port number of "vm0/Network Adapter" is 0, expected 1 to 65279'),
        (
            SwitchView(pinned(EXTERNAL), (vm(3, address="00:15:5d"),)),
            '"00:15:5d" of "vm3/Network Adapter" is not a MAC',
        ),
        (SwitchView(EXTERNAL, (vm(3, address="01:00:5e:00:00:01"),)), "is a group address"),
        (
            SwitchView(pinned(PRIVATE), (replace(vm(3), intent=PortIntent("vm3/Network Adapter", PortKind.VM)),)),
            '"vm3/Network Adapter" has no MAC address, which learning mode Pinned needs',
        ),
        (SwitchView(EXTERNAL, (in_vlan(WIRE, access(10)),)), '"hv1/Ethernet" has a VLAN setting (reason 32)'),
        (SwitchView(EXTERNAL, (isolated_by(WIRE, IN_TEN),)), '"hv1/Ethernet" has an isolation setting (reason 60)'),
    ],
    ids=["ageing", "same number", "number", "mac", "group", "no mac", "vlan of the wire", "isolation of the wire"],
)
def test_view_that_cannot_be_carried_out(view: SwitchView, words: str) -> None:
    with pytest.raises(ViewError) as refusal:
        compile_switch(view)
    assert words in str(refusal.value)


def flow(stage: str, *actions: Action, priority: Priority = Priority.ORDINARY, **wanted: int | tuple[int, int]) -> Flow:
    return Flow(stage, priority, match(**wanted), actions, OWNER)


def added(*flows: Flow, groups: tuple[Group, ...] = ()) -> Program:
    """Assemble the program of a switch with these flows and groups besides its own."""
    program = compile_switch(SwitchView(EXTERNAL, (WIRE, HOST)))
    return assemble(program.view, (*program.flows, *flows), (*program.groups, *groups))


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        (flow("classify", Goto("guard_check"), eth_src=1), "does not declare that it matches eth_src"),
        (flow("learn", Goto("lookup"), eth_src=(1, 3)), "does not declare that it matches parts of eth_src"),
        (flow("classify", Goto("learn"), in_port=9), 'does not declare "goto learn"'),
        (flow("classify", SetRegister(RECEIVER, 1), in_port=9), "register receiver means nothing in this stage"),
        (flow("vlan_in", SetRegister(VERDICT, 1), in_port=9), "register verdict means nothing in this stage"),
        (flow("classify", Output(1), in_port=9), 'does not declare "output 1"'),
        (flow("classify", Learn(1, 300), in_port=9), "does not declare"),
        (flow("classify", Drop(DropReason.PVLAN), in_port=9), 'does not declare "drop: PVLAN (13)"'),
        (flow("classify", in_port=9), "no actions"),
        (flow("classify", Goto("guard_check"), Goto("guard_check"), in_port=9), "something follows the goto"),
        (flow("lookup", Consult("fdb"), Drop(DropReason.FILTERED), eth_dst=9), "a drop is not alone"),
        (flow("replicate", Replicate(4242), in_port=9), "there is no group 4242"),
        (flow("replicate", Goto("isolate"), in_port=9), "fit the same frame"),
        (flow("classify", Drop(DropReason.DATA_FLOW_DISABLED), in_port=1), "fit the same frame"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_program_that_breaks_a_declaration(extra: Flow, words: str) -> None:
    with pytest.raises(ProgramFault) as refusal:
        added(extra)
    assert words in str(refusal.value)


def test_stage_must_say_what_becomes_of_every_frame() -> None:
    program = compile_switch(SwitchView(EXTERNAL, (WIRE,)))
    with pytest.raises(ProgramFault, match="stage output has no flow for all other frames"):
        assemble(program.view, [f for f in program.flows if f.stage != "output" or f.match], program.groups)


def test_owners_may_not_share_a_flow() -> None:
    twin = Flow("classify", Priority.ORDINARY, match(in_port=1), (Goto("guard_check"),), Owner("guard", 1))
    with pytest.raises(ProgramFault, match="two flows are one to the switch"):
        added(twin)


@pytest.mark.parametrize(
    ("group", "words"),
    [
        (Group(5, "everyone", ()), "it has no receiver"),
        (Group(5, "everyone", ((Output(1),), (Output(1),))), "a receiver is in it twice"),
        (Group(5, "everyone", ((Consult("learn"),),)), "learn is not a stage that runs per receiver"),
        (Group(5, "everyone", ((Drop(DropReason.QOS),),)), "a bucket cannot"),
    ],
    ids=["empty", "twice", "stage", "action"],
)
def test_group_that_cannot_be(group: Group, words: str) -> None:
    with pytest.raises(ProgramFault) as refusal:
        added(groups=(group,))
    assert words in str(refusal.value)


def test_flood_that_open_vswitch_would_lose_is_a_fault() -> None:
    buckets = tuple((SetRegister(RECEIVER, number), Consult("isolate")) for number in range(1, 2100))
    program = compile_switch(VIEWS["learning"])
    large = Group(0, "everyone", buckets)
    visits = worst_visits(program.flows, {large.group_id: large})
    assert visits == 12 + 4 * 2099 > MAX_VISITS
    with pytest.raises(ProgramFault) as refusal:
        assemble(program.view, program.flows, [large])
    assert "cannot replicate one frame to 2099 receivers" in str(refusal.value)
    assert "drops a frame after 4097" in str(refusal.value)


def test_group_that_no_message_can_hold_is_a_fault() -> None:
    view = SwitchView(EXTERNAL, tuple(vm(number, address="00:15:5d:01:02:03") for number in range(1, 2049)))
    with pytest.raises(ProgramFault, match="cannot replicate one frame to 2048 receivers: that group has 65552 bytes"):
        compile_switch(view)
    compile_switch(replace(view, ports=view.ports[:2045]))


def test_worst_visits_of_plain_receivers_do_not_depend_on_their_number() -> None:
    few, many = (compile_switch(SwitchView(EXTERNAL, tuple(vm(n) for n in range(1, count)))) for count in (4, 200))
    assert worst_visits(few.flows, few.groups_by_id()) == worst_visits(many.flows, many.groups_by_id()) == 16
