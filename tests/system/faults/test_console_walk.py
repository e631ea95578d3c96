"""Lines that nobody would think of, typed in the console of a lab that runs: model and lab never differ.

`HVLAB_SEED` and `HVLAB_LINES` choose another walk. A failure prints the seed and the lines so far.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from random import Random

import pytest

from lab.cli.running_place import RunningPlace
from lab.cli.shell import execute
from lab.emulation import running as work
from lab.engine.session import Session
from lab.model.objects import LabModel
from lab.model.validate import validate
from lab.shell.host import BufferedHost
from lab.shell.interpreter import Interpreter
from lab.shell.place import Machine
from tests.lines import Writer
from tests.lines.vocabulary import NO_PART_OF_THE_MODEL
from tests.system.conftest import LabOf
from tests.system.faults.wandering import GOODBYE, PULLED
from tests.system.labs import RunningLab

pytestmark = [pytest.mark.system, pytest.mark.switching]

LINES = int(os.environ.get("HVLAB_LINES", "60"))
_CHANGES_AT_LEAST = LINES // 10
"""A walk on the spot proves little: it goes on until so many lines have changed something."""
_LOOK_EVERY = 5
_LINES_AT_MOST = 20 * LINES

TOPOLOGY = """
from lab import Lab, dhcp_scope, nlb_rule

lab = Lab("typed", interruption_s=0)
office = lab.physical_network("office", "192.168.1.0/24", router="192.168.1.1")
office.computer("pc1", "192.168.1.10")
hv1 = lab.host("hv1")
hv1.nic("Ethernet", office, "192.168.1.20")
hv1.nic("Ethernet 2", office)
hv1.external_switch("External", nic="Ethernet")
hv1.internal_switch("Internal", "10.0.1.1/24")
hv1.private_switch("Private")
farm = lab.nlb_cluster("web", "10.0.1.100/24", mode="Multicast", rules=[nlb_rule(80, 80)])
hv1.vm("web1", "Internal", "10.0.1.11").nlb_node(farm, priority=1)
hv1.vm("web2", "Internal", "10.0.1.12").nlb_node(farm, priority=2)
hv1.vm("old1", "External", "192.168.1.31", generation=1)
hv1.vm("dhcp1", "Private", "10.0.2.2/24").dhcp_server(dhcp_scope("10.0.2.0/24", "10.0.2.110", "10.0.2.119"))
hv1.vm("client1", "Private", "dhcp")
"""


@pytest.mark.timeout(max(180, 4 * LINES))
def test_model_and_lab_are_never_apart(lab: LabOf, announce: Callable[[str], None]) -> None:
    announce(GOODBYE)
    announce(PULLED)
    seed = int(os.environ.get("HVLAB_SEED") or secrets.randbelow(10**6))
    print(f"HVLAB_SEED={seed}")
    with lab(TOPOLOGY) as running:
        walk = _Walk(running, seed)
        number = 0
        while number < LINES or (walk.changes < _CHANGES_AT_LEAST and number < _LINES_AT_MOST):
            walk.step()
            number += 1
            if number % _LOOK_EVERY == 0:
                walk.look()
        walk.look()
        print(f"{walk.changes} changes in {number} lines")
        assert walk.changes >= _CHANGES_AT_LEAST
        running.healthy()
        running.agrees()


class _Walk:
    """Consoles on the host and in two VMs that stand for one user with three windows."""

    def __init__(self, lab: RunningLab, seed: int) -> None:
        self._lab = lab
        self._random = Random(seed)
        self._place = RunningPlace(lab.pod)
        machines = (Machine("hv1", "hv1"), Machine("web1", "hv1"), Machine("dhcp1", "hv1"))
        self._shells = [Interpreter(self._place, each, BufferedHost()) for each in machines]
        self._writers = [Writer(self._random, each, wrong=0.1, without=NO_PART_OF_THE_MODEL) for each in machines]
        self.changes = 0

    def step(self) -> None:
        at = self._random.choices((0, 1, 2), (0.7, 0.15, 0.15))[0]
        shell, before = self._shells[at], self._place.model
        ui = shell.session.ui = BufferedHost()
        line = self._writers[at].line(before)
        print(f"{shell.machine.name}> {line}")
        code = execute(shell, line.text)
        assert code in (0, 1)
        refused = [each for each in ui.errors if each.startswith("hvlab: ")]
        assert not refused, "what the model allows the lab can do"
        self.changes += self._place.model != before

    def look(self) -> None:
        """The lab is what its model says, and knows it; nothing of it differs from what it should be."""
        model = self._place.model
        assert validate(model, whole=False) == ()
        remembered, missing = work.work(self._lab.pod, lambda step: None, _remembered)
        assert remembered == model
        assert missing == []


def _remembered(session: Session) -> tuple[LabModel, list[str]]:
    """Return the model that a lab remembers, and what would have to be done to have it so."""
    model = session.state().model
    return model, [f"{step.title}: {step.reason}" for step in session.plan(model).steps]
