"""Labs for the tests of `lab.emulation.pod`: fresh names, callers in processes of their own, what is left behind."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.emulation.pod import pod
from lab.emulation.pod.pod import Pod

ROOT = Path(__file__).resolve().parents[2]
EXEC = """
from lab.emulation.pod import pod
sys.exit(pod.get(sys.argv[1]).exec(sys.argv[2] or None, sys.argv[3:]))
"""
_numbers = itertools.count(1)


def fresh_name() -> str:
    """Return a lab name that nobody else uses."""
    return f"test-{os.getpid()}-{next(_numbers)}"


@contextmanager
def running(*, committed: bool = False) -> Iterator[Pod]:
    """Yield a new lab, and end it."""
    found = pod.create(fresh_name(), file="/nowhere/topology.py")
    try:
        if committed:
            found.commit()
        yield found
    finally:
        found.destroy()


def python(code: str, *arguments: str) -> list[str]:
    """Return the command that runs this code with the source tree importable."""
    return [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}", *arguments]


def caller(lab: Pod, node: str | None, *argv: str) -> list[str]:
    """Return the command of a process that executes a program in a node and hands on its status."""
    return python(EXEC, lab.name, node or "", *argv)


def execute(lab: Pod, node: str | None, *argv: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Execute a program in a node from a process of its own."""
    return subprocess.run(caller(lab, node, *argv), input=stdin, capture_output=True, timeout=60, check=False)


def output(lab: Pod, node: str | None, *argv: str) -> str:
    """Execute a program that succeeds, and return what it says."""
    done = execute(lab, node, *argv)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def states(lab: Pod) -> dict[int, str]:
    """Return the state letter of every process of a lab, by its pid inside."""
    found: dict[int, str] = {}
    for entry in Path(lab.path("/proc")).iterdir():
        if entry.name.isdigit():
            try:
                found[int(entry.name)] = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found


def log_of(lab: Pod, name: str) -> str:
    """Return the log of a process."""
    return Path(lab.path(f"/run/hvlab/log/{name}.log")).read_text()


def machine() -> dict[str, set[str]]:
    """Return what a lab could leave on the machine: mounts and, where programs keep state, files."""
    places = ("/run", "/tmp", "/dev/shm", "/var/run", str(Path.home()))
    files = {str(entry) for place in places if Path(place).is_dir() for entry in _list(Path(place))}
    mounts = set(Path("/proc/self/mountinfo").read_text().splitlines())
    return {"files": files, "mounts": mounts}


def _list(place: Path) -> list[Path]:
    try:
        return list(place.iterdir())
    except PermissionError:
        return []


def processes_below(root: int) -> set[int]:
    """Return the machine's pids of a process and its descendants."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
    found = {root}
    while grown := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= grown
    return found


def networks(pids: set[int]) -> set[int]:
    """Return the inodes of the network namespaces of those processes that can be looked at."""
    found: set[int] = set()
    for pid in pids:
        try:
            found.add(Path(f"/proc/{pid}/ns/net").stat().st_ino)
        except OSError:
            continue
    return found
