"""The laws of changing a lab, on a backend that only remembers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lab import Lab
from lab.engine import state as states
from lab.engine.blueprint import lower
from lab.engine.session import Session
from lab.engine.state import State
from lab.errors import InputError, LabFault, SwitchFault
from lab.model.kinds import SwitchType, VMState
from lab.model.load import load
from lab.model.objects import LabModel

from .conftest import TOPOLOGIES, FakeBackend

THREE = TOPOLOGIES / "three_switches.py"


def changed(model: LabModel) -> LabModel:
    """The same lab with a VM less, the last one off, and no external switch."""
    host = model.hosts[0]
    vms = (*host.vms[1:-1], replace(host.vms[-1], state=VMState.OFF))
    switches = tuple(replace(switch, nics=(), type=SwitchType.INTERNAL) for switch in host.switches)
    return replace(model, hosts=(replace(host, vms=vms, switches=switches), *model.hosts[1:]))


def test_up_makes_everything_of_the_blueprint(session: Session, backend: FakeBackend, topology: Path) -> None:
    session.up(load(topology), str(topology), {})
    assert backend.resources == session.blueprint().by_key()


def test_apply_twice_is_an_empty_plan(session: Session, topology: Path) -> None:
    model = load(topology)
    session.up(model, str(topology), {})
    assert not session.plan(model)
    assert not session.apply(model, str(topology), {}).plan


def test_change_and_undo_is_the_same_lab(session: Session, backend: FakeBackend, topology: Path) -> None:
    model = load(topology)
    session.up(model, str(topology), {})
    before = dict(backend.resources)
    assert session.apply(changed(model), str(topology), {}).plan
    session.apply(model, str(topology), {})
    after = backend.resources
    assert before.keys() == after.keys()
    different = {key[0] for key in before if before[key] != after[key]}
    assert different <= {"port"}, "only port numbers may differ, for none is given twice"


def test_a_plan_changes_nothing(session: Session, backend: FakeBackend) -> None:
    model = load(THREE)
    session.up(model, "x", {})
    before = dict(backend.resources)
    state = session.state()
    assert session.plan(changed(model))
    assert backend.resources == before
    assert session.state() == state


@pytest.mark.parametrize("steps", range(12))
def test_an_interrupted_change_is_completed_by_the_next(session: Session, backend: FakeBackend, steps: int) -> None:
    model = load(THREE)
    session.up(model, "x", {})
    backend.fail_after = steps
    with pytest.raises(LabFault, match="broke down"):
        session.apply(changed(model), "x", {})
    backend.fail_after = None
    assert session.state().interrupted
    done = session.apply(changed(model), "x", {})
    assert done.resumed
    assert done.resumed.told() == 'the change begun by "hvlab apply x" failed; it has been completed'
    assert backend.resources == session.blueprint().by_key()
    assert not session.state().interrupted


@pytest.mark.parametrize("steps", range(12))
def test_an_interrupted_change_can_be_undone(session: Session, backend: FakeBackend, steps: int) -> None:
    model = load(THREE)
    session.up(model, "x", {})
    backend.fail_after = steps
    with pytest.raises(LabFault):
        session.apply(changed(model), "x", {})
    backend.fail_after = None
    done = session.apply(model, "x", {})
    assert done.resumed
    assert done.resumed.outcome == "undone"
    assert backend.resources == session.blueprint().by_key()


class Killed(BaseException):
    """What nobody catches, like a signal that nobody handles."""


def killed_after(session: Session, backend: FakeBackend, steps: int, model: LabModel) -> None:
    """Begin a change, and have it end without a word after some steps."""
    backend.fail_after, backend.failure = steps, Killed
    with pytest.raises(Killed):
        session.apply(model, "x", {})
    backend.fail_after, backend.failure = None, LabFault


@pytest.mark.parametrize("steps", range(0, 18, 3))
def test_an_interrupted_change_is_completed_when_it_is_resumed(
    session: Session, backend: FakeBackend, steps: int
) -> None:
    model = load(THREE)
    session.up(model, "x", {})
    assert session.resume() is None
    killed_after(session, backend, steps, changed(model))
    done = session.resume()
    assert done
    assert done.told() == 'the change begun by "hvlab apply x" was interrupted; it has been completed'
    assert session.state().model == changed(model)
    assert backend.resources == session.blueprint().by_key()
    assert session.resume() is None


def test_a_change_that_failed_is_not_tried_again_until_somebody_asks(session: Session, backend: FakeBackend) -> None:
    model = load(THREE)
    session.up(model, "x", {})
    backend.fail_after = 3
    with pytest.raises(LabFault):
        session.apply(changed(model), "x", {})
    backend.fail_after = None
    assert session.state().failure == "the machine broke down"
    assert session.resume() is None
    session.apply(changed(model), "x", {})
    assert not session.state().failure


@pytest.mark.parametrize("steps", range(0, 18, 3))
def test_of_several_interrupted_changes_nothing_stays(session: Session, backend: FakeBackend, steps: int) -> None:
    model = load(THREE)
    session.up(model, "x", {})
    before = {key for key in backend.resources if key[0] != "port"}
    host = model.hosts[0]
    extra = replace(host.vms[0], name="extra")
    another = replace(model, hosts=(replace(host, vms=(*host.vms, extra)), *model.hosts[1:]))
    killed_after(session, backend, len(session.plan(another).steps) - 1, another)
    assert ("node", "extra") in backend.resources
    killed_after(session, backend, steps, changed(model))
    done = session.apply(replace(model, interruption_s=1.0), "x", {})
    assert done.resumed
    assert done.resumed.outcome == "replaced"
    assert {key for key in backend.resources if key[0] != "port"} == before
    assert not session.state().abandoned


def test_what_may_be_half_made_is_made_again(session: Session, backend: FakeBackend) -> None:
    """A machine is there as soon as it has a process; what it is given next cannot be observed."""
    model = load(THREE)
    session.up(changed(model), "x", {})
    killed_after(session, backend, len(session.plan(model).steps) - 1, model)
    steps = {(step.action, step.title): step.reason for step in session.plan(model).steps}
    assert steps["create", 'VM "web1"'] == steps["remove", 'VM "web1"'] == "may be half made"
    assert ("create", 'VM "web2"') not in steps, "it was there before"


def test_what_is_lost_is_made_again_and_the_plan_says_so(session: Session, backend: FakeBackend) -> None:
    model = load(THREE)
    session.up(model, "x", {})
    before = dict(backend.resources)
    for key in [key for key in before if key[:2] == ("node", "web1") or key[1:2] == ("web1",)]:
        del backend.resources[key]
    plan = session.plan(model)
    assert "missing in the running lab" in {step.reason for step in plan.steps}
    titles = {step.title for step in plan.steps}
    assert 'VM "web1"' in titles
    assert any('port of "web1/Network Adapter"' in title for title in titles), "a port does not outlive its cable"
    session.apply(model, "x", {})
    assert backend.resources == before


def test_a_late_switch_is_named_with_its_reason(session: Session, backend: FakeBackend) -> None:
    backend.fault = "flow 3 of guard was refused"
    with pytest.raises(SwitchFault, match='switch "External" of "hv1": flow 3 of guard was refused'):
        session.up(load(THREE), "x", {})


def test_a_lab_keeps_its_numbers_when_its_file_is_edited(session: Session) -> None:
    model = load(THREE)
    session.up(model, "x", {})
    before = session.state().allocation
    session.apply(changed(model), "x", {})
    after = session.state().allocation
    kept = {name for name in after.macs if not name.startswith("hv1/vEthernet")}  # no NIC, no NIC's address
    assert {name: before.macs[name] for name in kept} == {name: after.macs[name] for name in kept}
    assert {key: number for key, number in before.ofports.items() if key in after.ofports} == after.ofports


def test_a_port_number_is_never_given_twice(session: Session) -> None:
    model = load(THREE)
    session.up(model, "x", {})
    old = session.state().allocation.ofports["hv1/External/web1/Network Adapter"]
    session.apply(changed(model), "x", {})
    session.apply(model, "x", {})
    new = session.state().allocation.ofports["hv1/External/web1/Network Adapter"]
    assert new > old
    assert new not in set(lower_ofports(session)) - {new}


def lower_ofports(session: Session) -> list[int]:
    state = session.state()
    return [port.ofport for port in lower(state.model, state.allocation).ports if port.bridge == "sw.External"]


def test_state_round_trip(session: Session, topology: Path, tmp_path: Path) -> None:
    session.up(load(topology), str(topology), {"vms": "3"})
    state = session.state()
    path = str(tmp_path / "copy.json")
    states.write(path, state)
    assert states.read(path) == state


def test_a_broken_state_file_is_a_fault_in_words(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text('{"model": 3}')
    with pytest.raises(LabFault, match="State"):
        states.read(str(path))


def test_a_state_that_cannot_be_written_keeps_the_old_one(tmp_path: Path) -> None:
    old = State(LabModel("a"), "file")
    path = tmp_path / "state.json"
    states.write(str(path), old)
    (tmp_path / "state.json.new").mkdir()
    with pytest.raises(LabFault, match="cannot write the state"):
        states.write(str(path), replace(old, generation=2))
    assert states.read(str(path)) == old


def test_an_exhausted_mac_pool_fails_in_words(session: Session) -> None:
    lab = Lab("pool")
    host = lab.host("hv1")
    host.private_switch("Private")
    for at in range(5):
        vm = host.vm(f"vm{at}", "Private")
        for _ in range(60):
            vm.adapter("Private")
    with pytest.raises(InputError, match="256 dynamic MAC addresses of host"):
        session.up(lab.model(), "x", {})


def test_what_cannot_be_observed_is_taken_from_what_there_was(session: Session, backend: FakeBackend) -> None:
    """A backend that sees only that a machine is there believes what it is told to look for."""
    model = load(THREE)
    session.up(model, "x", {})
    routing = replace(model, hosts=(replace(model.hosts[0], forwarding=True), *model.hosts[1:]))
    backend.observe = lambda known: known  # type: ignore[method-assign]
    assert 'Hyper-V host "hv1"' in {step.title for step in session.plan(routing).steps}
    backend.fail_after = 0
    with pytest.raises(LabFault):
        session.apply(routing, "x", {})
    assert 'Hyper-V host "hv1"' in {step.title for step in session.plan(model).steps}, "it may have been done"
    assert 'Hyper-V host "hv1"' in {step.title for step in session.plan(routing).steps}, "it may not have been done"
