"""A lab's limits: what one VM can take away from the lab's other machines, from other labs and from the machine.

What enforces them depends on the machine and on the user, and the lab says what it is. Every bomb here is bounded in
number and time, and a hog is only let loose where its memory is limited.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab.emulation.net import attach
from lab.emulation.pod import limits, pod
from lab.emulation.pod.process import Process, node
from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.labs import Hvlab, RunningLab, edited
from tests.system.pods import execute, fresh_name, log_of, processes_below, python

pytestmark = pytest.mark.system

TOPOLOGY = """
from lab import Lab

lab = Lab("limits", interruption_s=0)
hv1 = lab.host("hv1")
hv1.private_switch("Private")
hv1.vm("bad", "Private", "10.0.2.11/24")
hv1.vm("good", "Private", "10.0.2.12/24")
hv1.vm("nice", "Private", "10.0.2.13/24")
"""
NICE = "10.0.2.13"
PROCESSES, MEMORY = 120, 256 << 20

# Each process forks as fast as it can, and so do its children, until somebody makes a file, or for some seconds.
BOMB = """
import os, time
first, last, refused = os.getpid(), time.monotonic() + 20, ""
print("lit", flush=True)
while time.monotonic() < last and not os.path.exists("/run/stop"):
    try:
        os.fork()
    except OSError as error:
        refused = error.strerror
        time.sleep(0.02)  # shells wait for longer
if os.getpid() == first:
    print(refused)
"""
HOG = """
taken = []
for _ in range(1024):
    taken.append(bytearray(b"x" * (1 << 20)))
"""


def by_whom() -> dict[str, str]:
    """Return what limits labs here, for this user."""
    with_pod = pod.create(fresh_name())
    try:
        found = limits.read(with_pod.root)
    finally:
        with_pod.destroy()
    assert found
    return {"processes": found.processes.by, "memory": found.memory.by, "why_not": found.why_not}


ENFORCED = pytest.StashKey[dict[str, str]]()


@pytest.fixture(scope="module")
def enforced() -> dict[str, str]:
    return by_whom()


@pytest.fixture(scope="module")
def running(lab: LabOf, enforced: dict[str, str]) -> Iterator[RunningLab]:
    if not enforced["processes"]:
        pytest.skip(f"this user's labs have no limits here: {enforced['why_not']}")
    options = ["--processes", str(PROCESSES)]
    if enforced["memory"]:
        options += ["--memory", f"{MEMORY >> 20}M"]
    with lab(TOPOLOGY, options=options) as found:
        # A log that has grown too long, for a test at the end.
        found.run_inside(lambda: Path("/run/hvlab/log/long.log").write_text("a line\n" * 800_000))
        yield found


@pytest.fixture(scope="module")
def other(lab: LabOf) -> Iterator[RunningLab]:
    with lab(TOPOLOGY) as found:
        yield found


@contextmanager
def program(lab: RunningLab, machine: str, code: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a Python program in a machine meanwhile, and wait for its end."""
    arguments = ("--lab", lab.name, "exec", machine, "--", sys.executable, "-c", code)
    pipe = subprocess.PIPE
    with lab.hvlab.start(*arguments, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe) as process:
        try:
            yield process
        finally:
            process.kill()


def answers(lab: RunningLab) -> None:
    """Check that frames get through a lab's switch, one after the other."""
    lab.exec("good", "ping", "-n", "-c", "5", "-i", "0.1", "-W", "5", NICE)


def used(lab: RunningLab) -> limits.Protection:
    found = limits.read(lab.pod.root)
    assert found
    return found


def unharmed(lab: RunningLab) -> bool:
    """Tell whether none of the lab's own processes had to be started again."""
    return {process.restarts for process in lab.pod.processes().values()} == {0}


def in_machine(lab: RunningLab, machine: str) -> int:
    """Count the processes of a machine."""
    first = lab.pod.processes()[machine].pid
    assert first
    return len(list(Path(lab.pod.path(f"/proc/{first}/root/proc")).glob("[0-9]*")))


# Processes


def test_a_fork_bomb_stays_in_its_lab_and_the_switches_go_on(running: RunningLab, other: RunningLab) -> None:
    running.exec("bad", "true")  # so that its processes can be counted
    with program(running, "bad", BOMB) as bomb:
        assert bomb.stdout
        assert bomb.stdout.readline() == b"lit\n"
        eventually(lambda: in_machine(running, "bad"), lambda count: count > PROCESSES // 2)
        answers(running)
        answers(other)
        assert in_machine(running, "bad") <= PROCESSES
        # One can still get in and do something about it.
        assert bomb.poll() is None
        running.exec("bad", "touch", "/run/stop")
        assert bomb.stdout.read() == b"Resource temporarily unavailable\n"
        assert bomb.wait(60) == 0
    eventually(lambda: in_machine(running, "bad"), lambda count: count < 4, timeout=30.0)
    assert unharmed(running)
    assert unharmed(other)
    answers(running)


# Memory


def test_a_memory_hog_is_killed_and_nobody_else(
    running: RunningLab, other: RunningLab, enforced: dict[str, str]
) -> None:
    if not enforced["memory"]:
        pytest.skip(f"memory is not limited here: {enforced['why_not']}")
    with program(running, "good", "import time; print('there', flush=True); time.sleep(60)") as neighbour:
        assert neighbour.stdout
        assert neighbour.stdout.readline() == b"there\n"
        for _ in range(2):
            ended = running.exec("bad", "bash", "-c", '"$0" -c "$1"; echo "ended with $?"', sys.executable, HOG)
            assert ended.out == "ended with 137\n"
            assert "Killed" in ended.err
            answers(running)
        assert used(running).memory.used < MEMORY
        assert neighbour.poll() is None
    answers(other)
    assert unharmed(running)


def test_memory_that_cannot_be_limited_is_not_promised(
    hvlab: Hvlab, other: RunningLab, enforced: dict[str, str]
) -> None:
    if enforced["memory"]:
        pytest.skip("memory is limited here")
    refused = hvlab("up", other.file, "--name", "never", "--memory", "2G", check=1)
    assert refused.err.startswith("hvlab: the memory of a lab cannot be limited here: ")
    assert refused.err.count("\n") == 1
    assert '"never"' not in hvlab("list", "--json").out
    assert "memory not limited" in other("status").out
    doctor = next(each for each in hvlab("doctor", "--json", check=None).json() if each["name"] == "limits of a lab")
    assert (doctor["ok"], doctor["needed"]) == (False, False)
    assert "memory" in doctor["found"]


def test_a_file_system_in_memory_has_room_for_so_much(running: RunningLab) -> None:
    full = running.exec("bad", "dd", "if=/dev/zero", "of=/run/full", "bs=1M", "count=40", check=1)
    assert "No space left on device" in full.err
    running.exec("bad", "rm", "/run/full")

    def room() -> int:
        found = os.statvfs("/dev/shm")
        return found.f_blocks * found.f_frsize

    assert running.run_inside(room, "bad") <= used(running).memory.most // 4 + os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize(("option", "value"), [("--processes", "3"), ("--memory", "2X")])
def test_a_limit_that_cannot_be_is_told_in_one_sentence(
    hvlab: Hvlab, other: RunningLab, option: str, value: str
) -> None:
    refused = hvlab("up", other.file, "--name", "never", option, value, check=2)
    assert refused.err.startswith(f'hvlab: "{value}" cannot be the ')
    assert refused.err.count("\n") == 1


# What is limited, and what is not


def test_status_tells_the_limits_and_what_enforces_them(running: RunningLab, enforced: dict[str, str]) -> None:
    told = running.status()["limits"]
    assert told["processes"]["most"] == PROCESSES
    assert {what: told[what]["by"] for what in ("processes", "memory")} == {
        what: enforced[what] for what in ("processes", "memory")
    }
    assert str(used(running)).partition(",")[0].startswith("processes ")
    assert f"machines: {str(used(running))[:12]}" in running("status").out


SHOW = ("bash", "-c", "cat /proc/self/cgroup; ulimit -u")


def test_whoever_gets_into_a_machine_is_limited(running: RunningLab) -> None:
    inside = dict.fromkeys(("net", "mnt", "pid", "uts"), "bad")
    running.pod.spawn([Process(name="shown", argv=SHOW, log="/run/hvlab/log/shown.log", enter=inside)])
    eventually(lambda: running.pod.processes()["shown"].state, lambda state: state == "exited")
    by_spawn = log_of(running.pod, "shown")
    running.pod.stop(["shown"])
    by_call = running.run_inside(lambda: subprocess.run(SHOW, capture_output=True, text=True, check=True).stdout, "bad")
    with attach(running.name) as net:
        by_mininet = net.get("bad").popen(list(SHOW), text=True).communicate()[0]
    assert running.exec("bad", *SHOW).out == by_spawn == by_call == by_mininet


def test_what_holds_the_lab_together_is_not_limited(running: RunningLab, enforced: dict[str, str]) -> None:
    own = Path(f"/proc/{running.pod.pid}/cgroup").read_text()
    machines = Path(running.pod.path(f"/proc/{running.pod.processes()['bad'].pid}/cgroup")).read_text()
    assert (machines == own) == (enforced["processes"] == "RLIMIT_NPROC")
    states = {name: each for name, each in running.pod.processes().items() if each.state == "running"}
    assert len(states) >= 8
    for name, state in states.items():
        shown = Path(running.pod.path(f"/proc/{state.pid}/cgroup")).read_text()
        assert shown == (machines if name in ("bad", "good", "nice", "hv1", "physical.networks") else own), name


def test_one_machine_leaves_the_others_their_share_of_the_processor(running: RunningLab) -> None:
    if not used(running).processor:
        pytest.skip("the processor is not shared out here")
    many, one = "import os, time; [os.fork() for _ in range(5)]" + SPIN, "import os, time" + SPIN
    with program(running, "bad", many) as crowd, program(running, "good", one) as single:
        assert single.stdout
        assert crowd.stdout
        alone = float(single.stdout.readline())
        together = [float(crowd.stdout.readline()) for _ in range(32)]
    # Were all of them alike the one would have had as much as each of the others.
    assert alone > 4 * max(together), (alone, together)


# Turn for two seconds, and tell how much of them this process was really given.
SPIN = """
end = time.monotonic() + 2.0
while time.monotonic() < end:
    pass
os.write(1, b"%f\\n" % time.process_time())
"""


# Nothing stays behind


def directories(lab: pod.Pod) -> list[Path]:
    about = json.loads(Path(lab.path("/run/hvlab/limits/limits.json")).read_text())
    return [Path(each) for each in about["groups"]]


def keepers() -> set[int]:
    """Return what waits for the end of a lab, to remove its groups."""
    return {pid for pid in processes_below(1) if b"hvlab-keeper" in cmdline(pid)}


def cmdline(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def ended(lab: pod.Pod) -> None:
    lab.destroy()


def killed(lab: pod.Pod) -> None:
    os.kill(lab.pid, signal.SIGKILL)


@pytest.mark.parametrize("end", [ended, killed], ids=lambda end: end.__name__)
def test_the_groups_go_with_the_lab(end: Callable[[pod.Pod], None]) -> None:
    lab = pod.create(fresh_name())
    found = directories(lab)
    try:
        lab.spawn([node("vm")])
        assert execute(lab, "vm", "sh", "-c", "setsid sleep 100 >/dev/null 2>&1 </dev/null &").returncode == 0
        assert all(each.is_dir() for each in found)
    finally:
        end(lab)
        eventually(lambda: [each for each in found if each.exists()], lambda left: not left, timeout=5.0)
        lab.destroy()


def test_the_groups_go_with_a_creator_that_is_killed() -> None:
    code = "from lab.emulation.pod import pod; import time\nlab = pod.create(sys.argv[1]); print(lab.pid, flush=True); time.sleep(60)"
    with subprocess.Popen(python(code, name := fresh_name()), stdout=subprocess.PIPE) as creator:
        assert creator.stdout
        assert creator.stdout.readline()
        found = directories(pod.get(name))
        creator.kill()
    eventually(lambda: [each for each in found if each.exists()], lambda left: not left, timeout=5.0)


def test_groups_that_lost_their_keeper_too_are_swept_up_by_the_next_lab() -> None:
    before = keepers()
    lab = pod.create(fresh_name())
    found = directories(lab)
    mine = keepers() - before
    if not found or not mine:
        lab.destroy()
        pytest.skip("nothing has to be removed here")
    mine = {pid for pid in mine if str(found[0]).encode() in cmdline(pid)}
    for pid in mine:
        os.kill(pid, signal.SIGKILL)
    os.kill(lab.pid, signal.SIGKILL)
    eventually(lambda: lab.alive, lambda alive: not alive)
    eventually(keepers, lambda left: not left & mine)
    assert all(each.is_dir() for each in found)
    following = pod.create(fresh_name())
    try:
        eventually(lambda: [each for each in found if each.exists()], lambda left: not left, timeout=5.0)
    finally:
        following.destroy()


# Logs


def test_full_logs_do_not_stop_a_lab(running: RunningLab, announce: Callable[[str], None]) -> None:
    def fill() -> None:
        with open("/run/hvlab/log/filler", "wb", buffering=0) as file:
            for size in (1 << 20, 1 << 12):
                with pytest.raises(OSError, match="No space left"):
                    while True:
                        file.write(bytes(size))

    announce("No space left on device")
    running.run_inside(fill)
    try:
        running.apply(edited(TOPOLOGY, ("10.0.2.13", "10.0.2.14")))
        running.exec("good", "ping", "-c", "1", "-W", "5", "10.0.2.14")
        running.pod.kill(["controller"])
        running.healthy(timeout=20.0)
        running.apply(TOPOLOGY)
        answers(running)
    finally:
        running.run_inside(lambda: Path("/run/hvlab/log/filler").unlink())
        running.pod.processes()


def test_a_log_that_has_grown_long_is_cut(running: RunningLab) -> None:
    log = Path(running.pod.path("/run/hvlab/log/long.log"))

    def size() -> int:
        running.pod.processes()  # the first process wakes up
        return log.stat().st_size

    eventually(size, lambda found: found == 0, timeout=30.0)
    kept = log.with_name("long.log.1").read_text()
    assert set(kept.splitlines()) == {"a line"}
    assert 100_000 < len(kept) < 300_000
