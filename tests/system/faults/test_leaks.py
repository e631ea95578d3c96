"""That nothing stays behind, however many labs come and go, and that a lab does not grow by being looked at.

The longer run, 20 labs 200 times, is `tests/bench/soak_leaks.py`.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.faults.rounds import GROWTH_KB, SMALL, available_mb, check, measured, resident_kb
from tests.system.labs import RunningLab
from tests.system.pods import fresh_name, processes_below, python

pytestmark = pytest.mark.system

LABS = 20
# The machine is not ours alone: a leak must be told from what neighbours use, so this is generous.
SHARED_MB = 400


ROUNDS = [(False, 4), (True, 2)] if os.geteuid() == 0 else [(True, 2)]


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("in_user_namespace", "number"), ROUNDS, ids=["on-the-machine", "in-a-user-namespace"][-len(ROUNDS) :]
)
def test_twenty_labs_at_once_leave_nothing(tmp_path: Path, in_user_namespace: bool, number: int) -> None:
    """No process, namespace, device, mount, socket, file, control group; and the machine has its memory back."""
    before = available_mb()
    found = measured(tmp_path, LABS, number, in_user_namespace=in_user_namespace, timeout_s=380)
    check(found, LABS, number)
    eventually(available_mb, lambda now: now > before - SHARED_MB, timeout=20.0)


# A program that goes on


CYCLES = """
import os
from lab.emulation.pod import pod
from lab.emulation.pod.process import node
from tests.system.faults.rounds import resident_kb

def cycle(number):
    lab = pod.create(f"{sys.argv[1]}-{number}")
    if number % 2:
        lab.commit()
    lab.spawn([node("vm")])
    assert lab.run_inside(os.getpid, node="vm") > 1
    assert lab.exec("vm", ["true"]) == 0
    lab.destroy()

def state():
    own = f"/proc/self/task/{os.getpid()}"
    children = len(open(f"{own}/children").read().split())
    return len(os.listdir("/proc/self/fd")), children, len(os.listdir("/proc/self/task"))

for number in range(10):
    cycle(number)
before, kb = state(), resident_kb("self")
for number in range(10, 60):
    cycle(number)
assert state() == before, (before, state())
print(resident_kb("self") - kb)
"""


def test_a_program_that_starts_and_ends_fifty_labs_does_not_grow() -> None:
    """No descriptor, zombie or thread more; hardly any memory."""
    done = subprocess.run(python(CYCLES, fresh_name()), capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < GROWTH_KB


# A lab that goes on


@pytest.fixture(scope="module")
def running(lab: LabOf) -> Iterator[RunningLab]:
    with lab(SMALL) as found:
        yield found


LOOKS = """
import os
from lab.emulation.pod import pod
lab = pod.get(sys.argv[1])
for number in range(int(sys.argv[2])):
    assert lab.exec("db1", ["true"]) == 0
    assert lab.run_inside(os.getpid) > 1
    assert lab.processes()["controller"].state == "running"
"""


PIPES = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}


def look_around(running: RunningLab, times: int) -> None:
    """Use a lab as often as that, and each command that stays in it for a while."""
    done = subprocess.run(python(LOOKS, running.name, str(times)), capture_output=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    with running.hvlab.start("--lab", running.name, "capture", "db1", "-c", "1", **PIPES) as capture:
        assert capture.stderr is not None
        assert capture.stderr.readline().startswith(b"capturing")
        running.exec("db2", "ping", "-c", "1", "-W", "2", "10.0.2.11")
        capture.communicate(timeout=20)
    assert capture.returncode == 0
    for command in ("matrix", "status", "learned"):
        running(command)


def descriptors(running: RunningLab) -> dict[int, int]:
    """Return how many descriptors each process of a lab has."""
    return {pid: len(os.listdir(f"/proc/{pid}/fd")) for pid in sorted(processes_below(running.pod.pid))}


def test_a_lab_that_is_used_two_hundred_times_does_not_grow(running: RunningLab) -> None:
    """Not a process, not a descriptor of any; its first process needs no more memory, and has nothing to log."""
    look_around(running, 20)
    log = Path(running.pod.path("/run/hvlab/log/init.log"))
    before, kb, size = descriptors(running), resident_kb(running.pod.pid), log.stat().st_size
    look_around(running, 200)
    eventually(lambda: descriptors(running), lambda now: now == before)
    assert resident_kb(running.pod.pid) - kb < GROWTH_KB // 2
    assert log.stat().st_size == size
