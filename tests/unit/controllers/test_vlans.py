"""VLANs as a switch matches them, and which ports get the frames of which: against the settings, id by id."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from controllers.compiler import compile_switch
from controllers.pipeline.values import Replicate
from controllers.spans import prefixes
from controllers.view import PortView, SwitchView
from lab.model.isolation import IsolationSettings, VlanPolicy, isolation
from lab.model.vlan import (
    LARGEST,
    NO_VLAN,
    UNTAGGED,
    access,
    community,
    contains,
    isolated,
    promiscuous,
    trunk,
)
from tests.unit.controllers.views import EXTERNAL, WIRE, in_vlan, isolated_by, pinned, vm

SPANS = st.tuples(st.integers(0, LARGEST), st.integers(0, LARGEST)).map(lambda pair: (min(pair), max(pair)))
FEW = st.integers(1, 12)
SETTINGS: st.SearchStrategy[VlanPolicy] = st.one_of(
    st.just(UNTAGGED),
    FEW.map(access),
    st.tuples(FEW, FEW, FEW).map(lambda ids: trunk(f"{ids[0]},{ids[1]}-{ids[1] + 9}", native=ids[2] - 1)),
    st.tuples(FEW, FEW).map(lambda ids: isolated(ids[0], ids[1] + 12)),
    st.tuples(FEW, FEW).map(lambda ids: community(ids[0], ids[1] + 12)),
    st.tuples(FEW, FEW).map(lambda ids: promiscuous(ids[0], f"13-{ids[1] + 13}")),
    st.just(isolation()),
    FEW.map(lambda vlan: isolation(allow_untagged_traffic=True, default_isolation_id=vlan)),
)


@given(SPANS)
def test_prefixes_are_exactly_a_span(span: tuple[int, int]) -> None:
    found = list(prefixes([span]))
    assert len(found) <= 24
    covered = [vlan for value, mask in found for vlan in range(value, value + (~mask & 0xFFF) + 1)]
    assert covered == list(range(span[0], span[1] + 1))
    assert all(value & ~mask & 0xFFF == 0 for value, mask in found)


def set_to(port: PortView, setting: VlanPolicy) -> PortView:
    return isolated_by(port, setting) if isinstance(setting, IsolationSettings) else in_vlan(port, setting)


def switch(settings: list[VlanPolicy], *, wire: bool, fixed: bool) -> SwitchView:
    ports = [set_to(vm(number), setting) for number, setting in enumerate(settings, start=2)]
    return SwitchView(pinned(EXTERNAL) if fixed else EXTERNAL, tuple([WIRE, *ports] if wire else ports))


@given(st.lists(SETTINGS, max_size=7), st.booleans())
def test_a_vlan_s_members_are_those_who_hear_it(settings: list[VlanPolicy], wire: bool) -> None:
    view = switch(settings, wire=wire, fixed=False)
    found = {vlan: each.ports for each in view.members() for vlan in range(each.span[0], each.span[1] + 1)}
    sent = {port.membership.sends for port in view.ports if not port.is_external}
    assert NO_VLAN not in found
    for vlan in range(60):
        hearing = tuple(port for port in view.sorted_ports() if contains(port.membership.hears, vlan))
        if vlan in found:
            assert found[vlan] == hearing
        else:
            assert all(port.is_external for port in hearing)
            assert vlan not in sent


@given(st.lists(SETTINGS, max_size=7), st.booleans(), st.booleans())
def test_any_settings_make_a_program(settings: list[VlanPolicy], wire: bool, fixed: bool) -> None:
    """The compiler checks it against the declarations of the pipeline; nothing overlaps, no group is missing."""
    program = compile_switch(switch(settings, wire=wire, fixed=fixed))
    used = {action.group_id for flow in program.flows for action in flow.actions if isinstance(action, Replicate)}
    assert used == set(program.groups_by_id())
