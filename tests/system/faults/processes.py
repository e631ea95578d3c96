"""The processes of a lab as the machine sees them: what can be killed, and what of them must be gone afterwards."""

from __future__ import annotations

import os
import re
import signal
from dataclasses import dataclass
from pathlib import Path

from tests.eventually import eventually
from tests.system.labs import RunningLab
from tests.system.pods import processes_below

NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")


def listed(lab: RunningLab) -> dict[str, int]:
    """Return the machine's pid of each process of the lab but the first, by its name in the pod.

    AssertionError if one stays that the pod does not know, and that no process has started which it knows.
    """
    return eventually(lambda: _listed(lab), lambda seen: not seen[1], timeout=10.0)[0]


def _listed(lab: RunningLab) -> tuple[dict[str, int], list[str]]:
    """Return the processes that the pod knows, and who is a stranger or missing. Some come and go at a restart."""
    found: dict[str, int] = {}
    names = {state.pid: name for name, state in lab.pod.processes().items() if state.pid}
    for pid in sorted(processes_below(lab.pod.pid) - {lab.pod.pid}):
        name = names.get(_inner(pid))
        if name and _parent(pid) == lab.pod.pid:
            found[name] = pid
    known = {lab.pod.pid}.union(*(processes_below(pid) for pid in found.values()))
    strangers = [" ".join(_lines(f"/proc/{pid}/cmdline")) for pid in processes_below(lab.pod.pid) - known]
    return found, [*strangers, *(set(names.values()) - set(found))]


def is_machine(lab: RunningLab, name: str) -> bool:
    """Tell whether a process stands for a machine; others are programs, which are restarted."""
    return lab.pod.processes()[name].argv is None


def kill(lab: RunningLab, name: str, number: int = signal.SIGKILL) -> int:
    """Send a signal to a process as the machine's user can, and return its pid."""
    pid = listed(lab)[name]
    os.kill(pid, number)
    return pid


def _inner(pid: int) -> int:
    """Return how the pod numbers a process; 0 if it has ended."""
    numbers = re.search(r"^NSpid:\s+(.*)$", _status(pid), re.MULTILINE)
    return int(numbers[1].split()[1]) if numbers and len(numbers[1].split()) > 1 else 0


def _parent(pid: int) -> int:
    parent = re.search(r"^PPid:\s+(\d+)", _status(pid), re.MULTILINE)
    return int(parent[1]) if parent else 0


def _status(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return ""


@dataclass(frozen=True, slots=True)
class Belongings:
    """What a lab has of the machine beyond its processes."""

    namespaces: frozenset[str]
    groups: frozenset[Path]

    def left(self) -> set[str]:
        """Return what is there although the lab is gone: held by any process, or a folder."""
        held = frozenset().union(*(_namespaces(pid) for pid in _everybody()))
        return {*(self.namespaces & held), *(str(path) for path in self.groups if path.exists())}


def belongings(lab: RunningLab) -> Belongings:
    """Return the namespaces and control groups that are this lab's alone."""
    members = processes_below(lab.pod.pid)
    namespaces = frozenset().union(*(_namespaces(pid) for pid in members)) - _namespaces("self")
    groups = frozenset().union(*(_groups(pid) for pid in members)) - _groups("self")
    return Belongings(namespaces, groups)


def _everybody() -> set[int]:
    return {int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()}


def _namespaces(pid: int | str) -> frozenset[str]:
    found = set()
    for kind in NAMESPACES:
        try:
            found.add(os.readlink(f"/proc/{pid}/ns/{kind}"))
        except OSError:
            continue
    return frozenset(found)


def _groups(pid: int | str) -> frozenset[Path]:
    """Return the control groups of a process, of either version of them, that are seen here."""
    found: set[Path] = set()
    for line in _lines(f"/proc/{pid}/cgroup"):
        _, kinds, group = line.split(":", 2)
        places = [Path("/sys/fs/cgroup") / kind for kind in (kinds.split(",") if kinds else ["", "unified"])]
        found |= {place / group.lstrip("/") for place in places if group != "/"}
    return frozenset(path for path in found if path.exists())


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []
