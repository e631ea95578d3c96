"""The laws of differences, over every pair of programs."""

from __future__ import annotations

from itertools import product

import pytest

from controllers.compiler import compile_switch
from controllers.diff import (
    AddGroup,
    Alien,
    Change,
    DeleteAlien,
    DeleteFlow,
    DeleteGroup,
    DeleteMeter,
    ForgetLearned,
    Installed,
    ModifyGroup,
    PutFlow,
    PutMeter,
    diff,
    holdings,
)
from controllers.openflow.cookies import learned_cookie
from controllers.pipeline.values import Meter
from tests.unit.controllers.views import VIEWS

PROGRAMS = {name: compile_switch(view) for name, view in VIEWS.items()}


def applied(installed: Installed, changes: tuple[Change, ...]) -> Installed:
    """Return what a switch would hold after the changes, checking that each is possible when it is made."""
    flows = {flow.key: flow for flow in installed.flows}
    groups = dict(installed.groups)
    meters = dict(installed.meters)
    aliens, learned = set(installed.aliens), set(installed.learned)
    for change in changes:
        match change:
            case PutFlow(flow):
                flows[flow.key] = flow
            case DeleteFlow(flow):
                del flows[flow.key]
            case DeleteAlien(alien):
                aliens.remove(alien)
            case ForgetLearned(cookie):
                learned.remove(cookie)
            case AddGroup(group):
                assert group.group_id not in groups
                groups[group.group_id] = group
            case ModifyGroup(group):
                assert group.group_id in groups
                groups[group.group_id] = group
            case DeleteGroup(group_id):
                del groups[group_id]
            case PutMeter() | DeleteMeter():
                police(meters, change)
    return Installed(
        frozenset(flows.values()),
        tuple(sorted(groups.items())),
        frozenset(learned),
        tuple(aliens),
        tuple(sorted(meters.items())),
    )


def police(meters: dict[int, Meter | None], change: PutMeter | DeleteMeter) -> None:
    match change:
        case PutMeter(meter, is_new):
            assert is_new == (meter.number not in meters)
            meters[meter.number] = meter
        case DeleteMeter(number):
            del meters[number]


@pytest.mark.parametrize(("before", "after"), list(product(sorted(PROGRAMS), repeat=2)))
def test_difference_leads_from_one_to_the_other(before: str, after: str) -> None:
    start, goal = holdings(PROGRAMS[before]), holdings(PROGRAMS[after])
    changes = diff(start, PROGRAMS[after])
    assert applied(start, changes) == goal
    assert diff(goal, PROGRAMS[after]) == ()
    others = set(start.groups) ^ set(goal.groups) | set(start.meters) ^ set(goal.meters)
    assert len(changes) <= len(start.flows ^ goal.flows) + len(others)


def test_flow_with_another_owner_is_put_anew() -> None:
    changes = diff(holdings(PROGRAMS["pinned"]), PROGRAMS["pinned-same-address-twice"])
    assert any(isinstance(change, PutFlow) for change in changes)


def test_groups_come_before_flows_that_use_them_and_go_after() -> None:
    there = diff(Installed(), PROGRAMS["pinned"])
    assert [type(change) for change in there][:2] == [AddGroup, AddGroup]
    back = diff(holdings(PROGRAMS["pinned"]), PROGRAMS["empty"])
    assert [type(change) for change in back][-2:] == [DeleteGroup, DeleteGroup]


def test_learned_entries_stay_while_their_rule_stays() -> None:
    program = PROGRAMS["learning"]
    kept, orphan, old = learned_cookie(3, 300), learned_cookie(9, 300), learned_cookie(3, 15)
    installed = Installed(frozenset(program.flows), holdings(program).groups, frozenset({kept, orphan, old}))
    assert set(diff(installed, program)) == {ForgetLearned(orphan), ForgetLearned(old)}


def test_aliens_and_foreign_groups_go() -> None:
    program = PROGRAMS["learning"]
    alien = Alien("table 3 priority 7", None)
    (group_id, _), *_ = holdings(program).groups
    installed = Installed(frozenset(program.flows), ((group_id, None), (99999, None)), aliens=(alien,))
    assert diff(installed, program) == (ModifyGroup(program.groups[0]), DeleteAlien(alien), DeleteGroup(99999))
