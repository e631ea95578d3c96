"""From what a switch holds to what it should hold, in the fewest changes, in an order that is safe to apply."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from controllers.compiler import Program
from controllers.openflow.cookies import remembered_cookie
from controllers.pipeline.checks import flow_text
from controllers.pipeline.values import Flow, Group, Meter, group_text


@dataclass(frozen=True, slots=True)
class Alien:
    """A flow the switch holds that no program of ours could contain; `message` is the decoded one."""

    text: str
    message: object = field(compare=False)


@dataclass(frozen=True, slots=True)
class Installed:
    """What a switch holds. ``learned`` are the cookies of the entries it learned; None is what is not ours."""

    flows: frozenset[Flow] = frozenset()
    groups: tuple[tuple[int, Group | None], ...] = ()
    learned: frozenset[int] = frozenset()
    aliens: tuple[Alien, ...] = ()
    meters: tuple[tuple[int, Meter | None], ...] = ()


@dataclass(frozen=True, slots=True)
class PutFlow:
    """Add a flow, or replace the one in its place."""

    flow: Flow

    def __str__(self) -> str:
        return f"add flow {flow_text(self.flow)}"


@dataclass(frozen=True, slots=True)
class DeleteFlow:
    """Delete exactly this flow."""

    flow: Flow

    def __str__(self) -> str:
        return f"delete flow {flow_text(self.flow)}"


@dataclass(frozen=True, slots=True)
class DeleteAlien:
    """Delete a flow that is not ours."""

    alien: Alien

    def __str__(self) -> str:
        return f"delete foreign flow {self.alien.text}"


@dataclass(frozen=True, slots=True)
class ForgetLearned:
    """Delete learned entries whose learn rule is not there any more."""

    cookie: int

    def __str__(self) -> str:
        return f"forget what was learned with cookie {self.cookie:#x}"


@dataclass(frozen=True, slots=True)
class AddGroup:
    """Add a group."""

    group: Group

    def __str__(self) -> str:
        return f"add group {group_text(self.group.group_id)}"


@dataclass(frozen=True, slots=True)
class ModifyGroup:
    """Give a group other buckets."""

    group: Group

    def __str__(self) -> str:
        return f"change group {group_text(self.group.group_id)}"


@dataclass(frozen=True, slots=True)
class DeleteGroup:
    """Delete a group; comes after every flow that could still use it was changed."""

    group_id: int

    def __str__(self) -> str:
        return f"delete group {group_text(self.group_id)}"


@dataclass(frozen=True, slots=True)
class PutMeter:
    """Add a meter, or change what it lets pass; comes before every flow that may use it."""

    meter: Meter
    is_new: bool

    def __str__(self) -> str:
        return f"{'add' if self.is_new else 'change'} {self.meter}"


@dataclass(frozen=True, slots=True)
class DeleteMeter:
    """Delete a meter; comes after every flow that could still use it was changed."""

    number: int

    def __str__(self) -> str:
        return f"delete meter {self.number}"


GroupChange: TypeAlias = AddGroup | ModifyGroup | DeleteGroup
MeterChange: TypeAlias = PutMeter | DeleteMeter
Change: TypeAlias = PutFlow | DeleteFlow | DeleteAlien | ForgetLearned | GroupChange | MeterChange


def holdings(program: Program) -> Installed:
    """Return what a switch holds once a program has been applied to it."""
    groups = tuple((group.group_id, group) for group in program.groups)
    meters = tuple((meter.number, meter) for meter in program.meters)
    return Installed(frozenset(program.flows), groups, meters=meters)


def diff(installed: Installed, wanted: Program) -> tuple[Change, ...]:
    """Return the changes from `installed` to exactly `wanted`. Learned entries whose rule stays are left alone."""
    return tuple(_changes(installed, wanted))


def _changes(installed: Installed, wanted: Program) -> Iterator[Change]:
    had_meters = dict(installed.meters)
    for meter in wanted.meters:
        if had_meters.get(meter.number) != meter:
            yield PutMeter(meter, is_new=meter.number not in had_meters)
    had_groups, want_groups = dict(installed.groups), wanted.groups_by_id()
    for group_id, group in sorted(want_groups.items()):
        if group_id not in had_groups:
            yield AddGroup(group)
        elif had_groups[group_id] != group:
            yield ModifyGroup(group)
    yield from (DeleteAlien(alien) for alien in installed.aliens)
    wanted_keys = {flow.key for flow in wanted.flows}
    gone = [flow for flow in installed.flows if flow.key not in wanted_keys]
    yield from (DeleteFlow(flow) for flow in sorted(gone, key=_order))
    yield from (PutFlow(flow) for flow in wanted.flows if flow not in installed.flows)
    rules = {remembered_cookie(action) for flow in wanted.flows for action in flow.actions}
    yield from (ForgetLearned(cookie) for cookie in sorted(installed.learned - rules))
    yield from (DeleteGroup(group_id) for group_id in sorted(set(had_groups) - set(want_groups)))
    yield from (DeleteMeter(number) for number in sorted(had_meters.keys() - {meter.number for meter in wanted.meters}))


def _order(flow: Flow) -> tuple[object, ...]:
    # Plain tuples: comparing the values themselves takes several times as long.
    return flow.stage, int(flow.priority), *[(c.field, c.value, c.mask) for c in flow.match]
