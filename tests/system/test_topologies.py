"""The laws of a lab, over every topology there is: up, oracle = measurement, apply = nothing, flows = program, down."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.model.endpoints import endpoints
from lab.model.load import load
from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.labs import SETTINGS, TOPOLOGIES, Hvlab, RunningLab

pytestmark = pytest.mark.system


@pytest.fixture(scope="module", params=TOPOLOGIES, ids=lambda path: path.stem)
def running(request: pytest.FixtureRequest, lab: LabOf) -> Iterator[RunningLab]:
    """Every topology of topologies/, one after another."""
    with lab(request.param) as found:
        yield found


def test_every_pair_is_as_the_oracle_says(running: RunningLab) -> None:
    cells = running.cells()
    assert len(cells) > 10
    assert any(cells.values())


def test_every_pair_is_as_the_oracle_says_in_ipv6(running: RunningLab) -> None:
    model = load(running.file, parameters=dict(word.split("=") for word in running.settings[1::2]))
    if not any(each.address(6) for each in endpoints(model)):
        assert not any(running.cells("-6").values())
        return
    assert any(running.cells("-6").values())


def test_every_switch_has_acknowledged_its_policy(running: RunningLab) -> None:
    status = running.status()
    assert status["state"] == "running"
    assert [switch["policy"] for switch in status["switches"]] == ["acknowledged"] * len(status["switches"])
    assert {process["state"] for process in status["processes"]} == {"running"}
    assert {process["restarts"] for process in status["processes"]} == {0}


def test_its_services_serve(running: RunningLab) -> None:
    """Clients have leases, VMs that boot from the network are installed, and clusters converge."""
    leased = running("dhcp", "--json").json()
    assert leased["faults"] == {}
    assert {each["state"] for each in leased["clients"]} <= {"leased"}
    assert all(bool(each["leased"]) == each["managed"] for each in leased["clients6"])
    assert all(each["installed"] for each in running("pxe", "--json").json())
    eventually(
        lambda: {node["state"] for each in running("nlb", "--json").json() for node in each["nodes"]},
        lambda states: states <= {"Converged", "Converged(default)"},
        timeout=20.0,
    )


def test_what_the_switches_hold_is_what_their_intent_compiles_to(running: RunningLab) -> None:
    assert running.switches()


def test_applying_the_same_file_does_nothing(running: RunningLab) -> None:
    before = running.addresses(), running.shown()
    for _ in range(2):
        done = running("apply", running.file, *running.settings, "--json").json()
        assert (done["changes"], done["steps"]) == ([], [])
    assert (running.addresses(), running.shown()) == before


def test_down_leaves_nothing(hvlab: Hvlab, lab: LabOf) -> None:
    """For every topology the fixture looks for processes that are left, and the session for all else."""
    with lab(next(path for path in TOPOLOGIES if path.stem == "two_hosts")) as found:
        assert found.name in {each["name"] for each in hvlab("list", "--json").json()}
        root = Path(found.pod.root)
        hvlab("down", found.name)
        assert found.name not in {each["name"] for each in hvlab("list", "--json").json()}
        assert not root.exists()
        assert eventually(found.survivors, lambda left: not left, timeout=1.0) == set()


def test_the_settings_of_the_tests_are_for_topologies_that_exist() -> None:
    assert set(SETTINGS) <= {path.stem for path in TOPOLOGIES}
