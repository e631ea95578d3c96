"""Getting into the limited part of a lab, for whoever runs a program in a machine. Imports next to nothing."""

from __future__ import annotations

import os
import resource

from . import systemd

FOLDER = "/run/hvlab/limits"
"""Where a lab shows its control groups, each as a folder, and the file that is read here."""

ADMISSION = "admission"

# Each machine has a group of its own within the one that shares the processor out, lest one leaves nothing to others.
PROCESSOR, ALL_IN_ONE = "processor", "machines"
IDLE = "idle"


class Admission:
    """What a process needs to go into the limited part of a lab.

    It is opened where the folder can be seen, before the process goes into a machine; without a machine it is for what
    machines begin with. A lab that shows no limits has none.
    """

    def __init__(self, folder: str = FOLDER, machine: str = "") -> None:
        self._files: list[int] = []
        self._bus: systemd.Bus | None = None
        self._group = ""
        self._nproc, names, unit = _read(folder)
        subgroup = f"vm-{machine}" if machine else ""
        for name in names:
            path = f"{folder}/{name}"
            if name == ALL_IN_ONE and os.path.isdir(f"{path}/{IDLE}"):
                path = _made(f"{path}/{subgroup or IDLE}")
            elif name == PROCESSOR and subgroup:
                path = _made(f"{path}/{subgroup}")
            file = f"{path}/tasks" if os.path.exists(f"{path}/tasks") else f"{path}/cgroup.procs"
            self._files.append(os.open(file, os.O_WRONLY | os.O_CLOEXEC))
            self._group = path.removeprefix(folder)
        if unit and folder != FOLDER and os.geteuid() != 0:
            # From a login session into what the user's own systemd has, only the machine's may move a process.
            self._bus = systemd.Bus(unit)

    def move(self, pid: int) -> None:
        """Move a process, as this one numbers it, if it may not go by itself; called outside, before it joins."""
        if self._bus is not None:
            self._bus.attach(pid, self._group)

    def join(self) -> None:
        """Go into the groups, with all processes that this one will start."""
        for file in self._files:
            if self._bus is None:
                # "tasks" of version 1, unlike "cgroup.procs", does this without stopping the machine for a moment.
                os.write(file, b"0")
            os.close(file)
        self._files.clear()
        if self._nproc:
            _, hard = resource.getrlimit(resource.RLIMIT_NPROC)
            most = self._nproc if hard == resource.RLIM_INFINITY else min(self._nproc, hard)
            resource.setrlimit(resource.RLIMIT_NPROC, (most, most))


def _made(group: str) -> str:
    try:
        os.mkdir(group)
    except FileExistsError:
        return group
    return group


def _read(folder: str) -> tuple[int, list[str], str]:
    try:
        with open(f"{folder}/{ADMISSION}") as file:
            nproc, names, unit = file.read().split(" ")
    except FileNotFoundError:
        return 0, [], ""
    return int(nproc), [name for name in names.split(",") if name], unit
