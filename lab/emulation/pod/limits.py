"""What a lab's machines may use together: asked for by users, enforced by `init.limits`, told by `read`."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lab.emulation.pod.init import limits as groups
from lab.emulation.pod.init.admission import FOLDER
from lab.emulation.pod.init.leftovers import remove as remove
from lab.errors import EnvironmentFault, InputError

_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)([KMGT])(?:i?B)?", re.IGNORECASE | re.ASCII)

LEAST_MEMORY, MOST_MEMORY = 32 << 20, 1 << 50
LEAST_PROCESSES, MOST_PROCESSES = 8, 4_000_000
_PROCESSES, _PROCESSES_PER_MACHINE = 1024, 32
# Of the machine's memory: two labs out of bounds leave it some yet.
_SHARE_OF_MEMORY = 2 / 5


@dataclass(frozen=True, slots=True)
class Limits:
    """How many processes (threads count) and how many bytes of memory the machines of a lab may have together.

    `required` are those without which the lab shall not run at all: what a user asks for he relies on.
    """

    processes: int
    memory: int
    required: tuple[str, ...] = ()

    def arguments(self) -> tuple[str, ...]:
        """Return how a lab's first process is told."""
        return ("--processes", str(self.processes), "--memory", str(self.memory))


def default(machines: int = 0) -> Limits:
    """Return limits that nobody meets who does not look for them, for a lab of so many machines."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Limits(_PROCESSES + _PROCESSES_PER_MACHINE * machines, max(LEAST_MEMORY, int(memory * _SHARE_OF_MEMORY)))


def asked_for(processes: str | None, memory: str | None, machines: int) -> Limits:
    """Return the limits that a user wants of a lab of so many machines, and the usual ones where he wants none.

    InputError for what cannot be.
    """
    found = default(machines)
    if processes is not None:
        found = replace(found, processes=parse_processes(processes, machines), required=("processes",))
    if memory is not None:
        found = replace(found, memory=parse_memory(memory), required=(*found.required, "memory"))
    return found


def parse_memory(text: str) -> int:
    """Return the bytes of a size such as "2G"; InputError otherwise."""
    match = _SIZE.fullmatch(text.strip())
    size = int(float(match[1]) * _UNITS[match[2].upper()]) if match else 0
    if not LEAST_MEMORY <= size <= MOST_MEMORY:
        raise InputError(
            f'"{text}" cannot be the memory of a lab: expected a number with K, M, G or T, from '
            f"{size_in_words(LEAST_MEMORY)} to {size_in_words(MOST_MEMORY)}",
            remedy="for example --memory 2G",
            target=text,
        )
    return size


def parse_processes(text: str, machines: int) -> int:
    """Return the number in a text if so many machines can live with it; InputError otherwise."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
    least = max(LEAST_PROCESSES, 2 * machines)
    if not least <= number <= MOST_PROCESSES:
        raise InputError(
            f'"{text}" cannot be the number of processes of a lab of {machines} machines: expected {least} to '
            f"{MOST_PROCESSES}",
            remedy="for example --processes 500",
            target=text,
        )
    return number


def size_in_words(size: int) -> str:
    """Return a number of bytes as a person writes it.

    >>> size_in_words(3 << 29)
    '1.5G'
    """
    unit = next((unit for unit in "TGM" if size >= _UNITS[unit]), "K")
    return f"{size / _UNITS[unit]:.1f}".removesuffix(".0") + unit


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit of a running lab: how much there may be, how much there is, and what enforces it (empty: nothing)."""

    most: int
    used: int | None
    by: str


@dataclass(frozen=True, slots=True)
class Protection:
    """What limits a running lab; `processor` is what shares the processor, `why_not` why something is not limited."""

    processes: Limit
    memory: Limit
    processor: str
    why_not: str

    def __str__(self) -> str:
        memory = self.memory
        used = None if memory.used is None else size_in_words(memory.used)
        return ", ".join(
            (
                self._words("processes", str(self.processes.used or ""), str(self.processes.most), self.processes.by),
                self._words("memory", used or "", size_in_words(memory.most), memory.by),
            )
        )

    def _words(self, what: str, used: str, most: str, by: str) -> str:
        if not by:
            return f"{what} not limited ({self.why_not})"
        own = ", with the lab's own" if by == groups.NPROC else ""
        return f"{what} {used} of {most} ({by})" if used else f"{what} at most {most} ({by}{own})"


def require(root: str, names: Iterable[str]) -> None:
    """Raise EnvironmentFault if a lab lacks one of these limits."""
    found = read(root)
    for name in names:
        by = {"processes": found.processes.by, "memory": found.memory.by}[name] if found else ""
        if not by:
            raise EnvironmentFault(
                f"the {name} of a lab cannot be limited here: {found.why_not if found else 'it has no limits'}",
                remedy="hvlab doctor tells what to do",
                target=name,
            )


def read(root: str) -> Protection | None:
    """Return what limits a lab, `root` being its root directory as the caller sees it; None if it says nothing."""
    try:
        told = json.loads(Path(root.rstrip("/") + FOLDER, groups.ABOUT).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return protection(told, {what: _used(root, what, told["by"].get(what, "")) for what in told["limits"]})


def directories(root: str) -> tuple[str, ...]:
    """Return the control groups that must be removed when a lab has ended, as far as its own keeper has not yet."""
    try:
        told = json.loads(Path(root.rstrip("/") + FOLDER, groups.ABOUT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ()
    # Another version of hvlab may have started the lab, and this one must be able to end it.
    return () if told.get("unit") else tuple(told.get("groups", ()))


def protection(told: dict[str, Any], used: Mapping[str, int | None] = MappingProxyType({})) -> Protection:
    """Return what a lab told of its limits as a value."""
    limits = {what: Limit(most, used.get(what), told["by"].get(what, "")) for what, most in told["limits"].items()}
    return Protection(limits["processes"], limits["memory"], told["by"].get("processor", ""), told["why_not"])


def _used(root: str, what: str, by: str) -> int | None:
    file = groups.USAGE.get((by, what))
    found = Path(root.rstrip("/") + FOLDER).glob(f"*/{file}") if file else ()
    return next((int(path.read_text(encoding="ascii")) for path in found), None)
