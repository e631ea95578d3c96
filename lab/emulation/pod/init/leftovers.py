"""Removing control groups that are directories: they outlast their processes, and systemd does not know of them.

A lab's keeper waits for the end of its first process. Should somebody kill both, the keeper of the next lab does it.
"""

from __future__ import annotations

import contextlib
import os
import re
import time

from . import kernel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# A lab's groups bear the number of its PID namespace, and pid and start time of their keeper, in this order.
_NAME = re.compile(r"hvlab-(\d+)-(\d+)-(\d+)")
_OLD_AFTER_S = 60.0

# Waits for the end of its input, of which the first process has the other end, and then for each group to be empty.
_KEEPER = (
    "read -r _; for group do tries=0; "
    'until rmdir -- "$group"/*/ "$group" 2>/dev/null || [ ! -d "$group" ] || [ "$tries" -ge 200 ]; '
    "do tries=$((tries + 1)); sleep 0.02; done; done"
)


def start_keeper(parents: list[str], mounts: list[str]) -> str:
    """Start what removes directories below the parents when this process and those that it forks have ended.

    Returns the name that they must bear. First it looks through the hierarchies that are mounted there for directories
    that nobody removes any more.
    """
    read_end, _ = os.pipe2(os.O_CLOEXEC)  # the other end stays open in the lab's first process for its whole life
    keeper = os.fork()
    if keeper:
        os.close(read_end)
        return name_after(keeper)
    try:
        os.setsid()
        os.chdir("/")
        null = os.open(os.devnull, os.O_RDWR)
        for fd, number in ((read_end, 0), (null, 1), (null, 2)):
            os.dup2(fd, number)
        os.closerange(3, 256)
        with contextlib.suppress(OSError):
            _sweep(mounts)
        groups = [f"{parent}/{name_after(os.getpid())}" for parent in parents]
        os.execv("/bin/sh", ["sh", "-c", _KEEPER, "hvlab-keeper", *groups])
    finally:
        os._exit(1)


def name_after(pid: int) -> str:
    """Return the name of the groups of a process, which no other process ever has; empty if it has ended."""
    stat = _read(f"/proc/{pid}/stat")
    return f"hvlab-{_pid_namespace()}-{pid}-{kernel.start_ticks(stat)}" if stat and not kernel.ended(stat) else ""


def _pid_namespace(proc: str = "/proc/self") -> str:
    return str(os.stat(f"{proc}/ns/pid").st_ino)


def _sweep(mounts: Iterable[str]) -> None:
    """Remove the directories of labs that ended together with their keepers."""
    for mount in mounts:
        if os.access(mount, os.W_OK):
            remove(_stale(mount))


def _stale(mount: str) -> Iterator[str]:
    for folder, names, _ in os.walk(mount):
        for name in names:
            match = _NAME.fullmatch(name)
            if match and (
                name_after(int(match[2])) != name
                if match[1] == _pid_namespace()
                else _is_old(int(match[3])) and match[1] not in _pid_namespaces()
            ):
                yield f"{folder}/{name}"


def _is_old(start_ticks: int) -> bool:
    """Tell whether a lab would have machines by now: that of another container is not seen, and must not be disturbed.

    All containers count from the machine's boot.
    """
    age_s = time.clock_gettime(time.CLOCK_BOOTTIME) - start_ticks / os.sysconf("SC_CLK_TCK")
    return age_s > _OLD_AFTER_S


def _pid_namespaces() -> set[str]:
    """Return all PID namespaces that processes are in, as far as this one sees them."""
    found = set()
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            found.add(_pid_namespace(f"/proc/{name}"))
        except OSError:
            continue
    return found


def remove(groups: Iterable[str]) -> None:
    """Remove groups with those in them; what is not empty yet is left to its keeper."""
    for group in groups:
        try:
            remove(entry.path for entry in os.scandir(group) if entry.is_dir())
            os.rmdir(group)
        except OSError:
            continue


def _read(path: str) -> str:
    try:
        with open(path, errors="replace") as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError):
        return ""
