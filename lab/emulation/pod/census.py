"""Finding the labs that run, without any file: their first processes carry a mark in their arguments.

A lab belongs to the user whose effective uid its first process has, and is only shown to that user. What it is called
and what it was made from is in its environment, which Linux lets nobody else read; arguments can be read by everybody.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from lab.emulation.pod.init import FILE_KEY, NAME_KEY, kernel

MARK = "--hvlab-pod"
MAIN = str(Path(__file__).resolve().with_name("init") / "__main__.py")


@dataclass(frozen=True, slots=True)
class Sighting:
    """One lab's first process, as the machine sees it; pid and start time together are never used again."""

    name: str
    file: str
    pid: int
    start_ticks: int


def arguments(report_fd: int) -> tuple[str, ...]:
    """Return the marked arguments of a lab's first process."""
    return (MARK, "--report", str(report_fd))


def environment(name: str, file: str) -> dict[str, str]:
    """Return what a lab's first process has in its environment besides its creator's."""
    return {NAME_KEY: name, FILE_KEY: file}


def sightings() -> tuple[Sighting, ...]:
    """Return this user's labs, sorted by name."""
    uid = os.geteuid()
    depth = len(_field(_read("/proc/self/status") or "", "NSpid"))
    found = [_look(int(entry), uid, depth) for entry in os.listdir("/proc") if entry.isdigit()]
    return tuple(sorted((seen for seen in found if seen is not None), key=lambda seen: (seen.name, seen.pid)))


def still_there(seen: Sighting) -> bool:
    """Tell whether that very process, and not one that inherited its pid, still runs."""
    stat = _read(f"/proc/{seen.pid}/stat")
    return stat is not None and kernel.start_ticks(stat) == seen.start_ticks and not kernel.ended(stat)


def start_ticks_at(proc: str) -> int | None:
    """Return the start time of the process with this /proc directory, None if there is none."""
    stat = _read(f"{proc}/stat")
    return None if stat is None else kernel.start_ticks(stat)


def is_stopped_at(proc: str) -> bool:
    """Tell whether a signal or a debugger has stopped the process with this /proc directory."""
    stat = _read(f"{proc}/stat")
    return stat is not None and stat.rpartition(")")[2].split()[0] in "Tt"


def outer_pid(first: int, inner: int) -> int | None:
    """Return the pid, as the caller sees it, of a child of a lab's first process that the lab numbers `inner`."""
    depth = len(_field(_read("/proc/self/status") or "", "NSpid"))
    for pid in (_read(f"/proc/{first}/task/{first}/children") or "").split():
        if _field(_read(f"/proc/{pid}/status") or "", "NSpid")[depth : depth + 1] == [str(inner)]:
            return int(pid)
    return None


def _look(pid: int, uid: int, depth: int) -> Sighting | None:
    command = _read(f"/proc/{pid}/cmdline")
    if command is None or MARK not in command:
        return None
    name, file = parse(_read(f"/proc/{pid}/environ") or "") or ("", "")
    status, stat = _read(f"/proc/{pid}/status"), _read(f"/proc/{pid}/stat")
    if not name or status is None or stat is None or kernel.ended(stat):
        return None
    # PID 1 of a namespace right below ours: a lab inside a lab is that lab's affair, and its launcher is not the lab.
    pids, uids = _field(status, "NSpid"), _field(status, "Uid")
    if len(pids) != depth + 1 or pids[-1] != "1" or int(uids[1]) != uid:
        return None
    return Sighting(name, file, pid, kernel.start_ticks(stat))


def parse(environ: str) -> tuple[str, str] | None:
    """Return the lab's name and file from the text of a `/proc/PID/environ`, None if it is no lab's."""
    found = dict(each.split("=", 1) for each in environ.split("\0") if "=" in each)
    return (found[NAME_KEY], found[FILE_KEY]) if NAME_KEY in found and FILE_KEY in found else None


def _field(status: str, key: str) -> list[str]:
    for line in status.splitlines():
        if line.startswith(key + ":"):
            return line.split()[1:]
    return []


def _read(path: str) -> str | None:
    # Not with pathlib, which would have the interpreter remember every process number for a while.
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
