"""Labs up and down, many at once, again and again, and what is left of them after each round.

A program: `python3 -m tests.system.faults.rounds LABS ROUNDS FOLDER`, as the first process of a PID namespace, with mount
and network namespaces of its own: what others do on the machine is not seen there, so every figure is exact. Each
round must leave nothing, and is told as a line of JSON. In a user namespace of its own it counts namespaces as well, by
what the kernel books to that user namespace: those too that no process is in and no file refers to.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from lab.emulation import running
from lab.emulation.pod import census
from lab.emulation.pod import pod as pods
from lab.emulation.pod.init import kernel
from lab.model.load import load
from tests.eventually import eventually
from tests.system.pods import ROOT

SMALL = """
from lab import Lab

lab = Lab("small", interruption_s=0)
hv1 = lab.host("hv1")
hv1.private_switch("Private")
hv1.vm("db1", "Private", "10.0.2.11/24")
hv1.vm("db2", "Private", "10.0.2.12/24")
"""
# The kernel takes network namespaces down in the background, one after the other.
_CLEAN_UP_S = 60.0
_OWN_NAMESPACES = ("--mount", "--pid", "--net", "--ipc", "--fork", "--mount-proc", "--kill-child")
# What Python itself may need more after a while; a lab has 40 times as much.
GROWTH_KB = 1024


def namespaces(at_least: Mapping[str, int]) -> dict[str, int]:
    """Return how many namespaces of each kind the user namespace we are root of has, by trying how many it may have."""
    return {kind: _count(kind, at_least.get(kind, 0)) for kind in kernel.NAMESPACES}


def _count(kind: str, number: int) -> int:
    setting = Path(f"/proc/sys/user/max_{kind}_namespaces")
    usual = setting.read_text()
    try:
        while True:
            setting.write_text(str(number + 1))
            if _one_more(kind):
                return number
            number += 1
    finally:
        setting.write_text(usual)


def _one_more(kind: str) -> bool:
    child = os.fork()
    if child == 0:
        try:
            kernel.unshare((kind,))
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def processes(own: set[int]) -> dict[int, str]:
    """Return the processes that are not our own, with what they run, after having reaped what has ended."""
    for pid in _all_pids() - own:
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
    return {pid: name for pid in _all_pids() - own if (name := _name(pid))}


def _all_pids() -> set[int]:
    return {int(name) for name in os.listdir("/proc") if name.isdigit()}


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def resident_kb(pid: int | str) -> int:
    """Return the resident memory of a process that is its own: not of files that it shares with others."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.partition("RssAnon:")[2].split()[0])


def available_mb() -> int:
    return int(Path("/proc/meminfo").read_text().partition("MemAvailable:")[2].split()[0]) // 1024


def surroundings(folder: Path) -> dict[str, Any]:
    """Return all that a lab might leave around it, but for processes and namespaces."""
    return {
        "mounts": sorted(Path("/proc/self/mountinfo").read_text().splitlines()),
        "devices": [name for _, name in socket.if_nameindex()],
        "Unix sockets": Path("/proc/net/unix").read_text().splitlines()[1:],
        "descriptors": sorted(os.listdir("/proc/self/fd")),
        "files": sorted(str(path) for path in folder.rglob("*")),
        "control groups": control_groups(),
    }


def control_groups() -> list[str]:
    """Return the control groups of labs of this PID namespace, which is part of their names."""
    beginning = f"hvlab-{os.stat('/proc/self/ns/pid').st_ino}-"
    folders = os.walk("/sys/fs/cgroup")
    return sorted(f"{folder}/{name}" for folder, names, _ in folders for name in names if name.startswith(beginning))


def in_user_namespace() -> bool:
    return Path("/proc/self/uid_map").read_text().split()[2] == "1"


@contextmanager
def workers(count: int, folder: Path) -> Iterator[list[subprocess.Popen[str]]]:
    """Yield programs that start and end a lab each, as often as they are told: such as a teacher's may be."""
    pipe = subprocess.PIPE
    environment = os.environ | {"HOME": str(folder), "TMPDIR": str(folder)}
    lines = ([sys.executable, "-m", __spec__.name, "work", f"leak-{number}"] for number in range(count))
    found = [subprocess.Popen(line, stdin=pipe, stdout=pipe, text=True, env=environment) for line in lines]
    try:
        yield found
    finally:
        for each in found:
            each.communicate()


def tell(programs: Sequence[subprocess.Popen[str]], word: str) -> list[Any]:
    """Tell all programs to do something, at once, and return what each says when it is done."""
    for each in programs:
        assert each.stdin is not None
        each.stdin.write(f"{word}\n")
        each.stdin.flush()
    return [json.loads(each.stdout.readline()) for each in programs if each.stdout is not None]


def work(name: str) -> None:
    """Start and end a lab as told on standard input, and say after each step what this process has."""
    topology = Path(os.environ["HOME"]).with_suffix(".py")
    model = load(topology, name=name, parameters={})
    for line in sys.stdin:
        if line == "up\n":
            running.start(model, str(topology), {}, lambda step: None)
        else:
            pods.get(name).destroy()
        own = {"descriptors": len(os.listdir("/proc/self/fd")), "kb": resident_kb("self"), "children": _children()}
        print(json.dumps(own), flush=True)


def _children() -> int:
    own = os.getpid()
    return len(Path(f"/proc/{own}/task/{own}/children").read_text().split())


# Called from outside


def measured(
    folder: Path, labs: int, number: int, *, in_user_namespace: bool, timeout_s: float
) -> list[dict[str, Any]]:
    """Run this program and return what it measured after each round; AssertionError if anything was left."""
    extra = ("--user", "--map-root-user") if in_user_namespace else ()
    line = ["unshare", *_OWN_NAMESPACES, *extra, sys.executable, "-m", "tests.system.faults.rounds"]
    done = subprocess.run(
        [*line, str(labs), str(number), str(folder / "home")],
        capture_output=True, text=True, timeout=timeout_s, check=False, cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def check(found: Sequence[dict[str, Any]], labs: int, number: int) -> None:
    """Check that all labs were there at once in every round, and that those who started and ended them did not grow."""
    assert [each["labs"] for each in found] == [labs] * number
    assert min(each["processes"] for each in found) >= 8 * labs
    first, last = found[0]["callers"], found[-1]["callers"]
    assert [each["descriptors"] for each in last] == [each["descriptors"] for each in first]
    assert {each["children"] for each in last} == {0}
    assert max(now["kb"] - then["kb"] for then, now in zip(first, last, strict=True)) < GROWTH_KB


# The program


def main(labs: int, rounds: int, folder: Path) -> None:
    folder.mkdir()
    folder.with_suffix(".py").write_text(SMALL)
    booked = namespaces({}) if in_user_namespace() else {}
    with workers(labs, folder) as programs:
        own = {os.getpid(), *(each.pid for each in programs)}
        before = surroundings(folder)

        def changes() -> dict[str, Any]:
            now = surroundings(folder)
            return {name: (before[name], now[name]) for name in before if before[name] != now[name]}

        for _ in range(rounds):
            tell(programs, "up")
            at_once, inside = len(census.sightings()), len(processes(own))
            callers = tell(programs, "down")
            eventually(lambda: processes(own), lambda left: not left, timeout=_CLEAN_UP_S)
            eventually(changes, lambda found: not found, timeout=_CLEAN_UP_S)
            told = {"labs": at_once, "processes": inside, "available_mb": available_mb(), "callers": callers}
            print(json.dumps(told), flush=True)
    if booked:
        eventually(lambda: namespaces(booked), lambda now: now == booked, timeout=_CLEAN_UP_S)


if __name__ == "__main__":
    if sys.argv[1] == "work":
        work(sys.argv[2])
    else:
        main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
