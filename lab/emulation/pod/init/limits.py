"""The limits of a lab: its machines together may have so many processes, and so much memory, and no more.

What runs in machines is put into control groups of its own; the first process, the controller and Open vSwitch are not,
so that they are refused nothing and go on forwarding. The processor is shared evenly between the two.

The launcher makes the groups while it still is an ordinary process of the machine. The first process shows them in a
folder, for whoever runs something in a machine to go into them (see `admission`). In order of preference:

- control groups, version 1: directories beside the caller's own, if he may make them. They outlast their processes; a
  keeper outside the lab, which sleeps until the first process ends, removes them.
- version 2: a scope of systemd's, of which the launcher is given the inside; systemd removes it when it is empty. Where
  there is no systemd, a directory as above.
- neither: in an ordinary user's lab RLIMIT_NPROC. From Linux 5.14 on it counts the processes of a user in each user
  namespace by itself, so that it is a limit of the lab, its first process and switches included.
"""

from __future__ import annotations

import json
import os
import re

from . import kernel, leftovers, systemd
from .admission import ADMISSION, ALL_IN_ONE, FOLDER, IDLE

ABOUT = "limits.json"

# What is limited, in the words of users and in those of the kernel.
CONTROLLERS = {"processes": "pids", "memory": "memory", "processor": "cpu"}
V1, V2, NPROC = "cgroup v1", "cgroup v2", "RLIMIT_NPROC"

# Files of a group into which the limit is written, or something else; those marked optional a kernel may lack. The
# processor is shared: when all are busy the machines together weigh as much as two other programs.
_SETTINGS: dict[tuple[str, str], tuple[tuple[str, str, bool], ...]] = {
    (V1, "processes"): (("pids.max", "", False),),
    (V2, "processes"): (("pids.max", "", False),),
    (V1, "memory"): (("memory.limit_in_bytes", "", False), ("memory.memsw.limit_in_bytes", "", True)),
    (V2, "memory"): (("memory.max", "", False), ("memory.swap.max", "0", True)),
    (V1, "processor"): (("cpu.shares", "2048", False),),
    (V2, "processor"): (("cpu.weight", "200", False),),
}

# Files of a group that tell how much is used.
USAGE = {
    (V1, "processes"): "pids.current",
    (V2, "processes"): "pids.current",
    (V1, "memory"): "memory.usage_in_bytes",
    (V2, "memory"): "memory.current",
}


_FIRST_KERNEL_WITH_COUNTS = (5, 14)


class Enclosure:
    """The groups of one lab: `by` tells what enforces each limit, `why_not` why nothing does."""

    def __init__(self, processes: int, memory_bytes: int) -> None:
        self.limits = {"processes": processes, "memory": memory_bytes}
        self.by: dict[str, str] = {}
        self.why_not = ""
        self.groups: dict[str, str] = {}
        self.unit = ""
        self.nproc = 0

    def publish(self, folder: str = FOLDER) -> None:
        """Show the groups, and what there is to know of them, in a folder of the lab."""
        os.mkdir(folder, 0o700)
        for name, group in self.groups.items():
            os.mkdir(f"{folder}/{name}")
            kernel.mount(group, f"{folder}/{name}", "bind", kernel.MS_BIND)
        about = {ABOUT: json.dumps(self.describe()), ADMISSION: f"{self.nproc} {','.join(self.groups)} {self.unit}"}
        for name, text in about.items():
            with open(os.open(f"{folder}/{name}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(text)

    def describe(self) -> dict[str, object]:
        return {
            "limits": self.limits,
            "by": self.by,
            "why_not": self.why_not,
            "groups": sorted(set(self.groups.values())),
            "unit": self.unit,
        }

    def count_by_user_namespace(self, release: str = os.uname().release) -> None:
        """Limit the number of processes by RLIMIT_NPROC too: some programs may get in without joining the groups."""
        if tuple(map(int, re.findall(r"\d+", release)[:2])) >= _FIRST_KERNEL_WITH_COUNTS:
            self.nproc = self.limits["processes"]
            self.by.setdefault("processes", NPROC)


class Place:
    """Where a controller's groups are: its version, and the directory of the group that this process is in."""

    __slots__ = ("directory", "mount", "version")

    def __init__(self, version: str, mount: str, directory: str) -> None:
        self.version = version
        self.mount = mount
        self.directory = directory


def enclose(processes: int, memory_bytes: int) -> Enclosure:
    """Make the groups of a lab that this process is about to become; what cannot be limited is left so, with why."""
    found = Enclosure(processes, memory_bytes)
    try:
        with open("/proc/self/mountinfo") as mounts, open("/proc/self/cgroup") as own:
            places = find(mounts.read(), own.read())
        first = {what: place for what, place in places.items() if place.version == V1}
        second = {what: place for what, place in places.items() if place.version == V2}
        if first:
            _make_directories(found, first)
        if second and systemd.is_running():
            _make_scope(found, second)
        elif second:
            _make_directories(found, _enabled(second))
        if not places:
            found.why_not = "there are no control groups here"
    except OSError as error:
        found.why_not = str(error.strerror or error)
    return found


def find(mountinfo: str, own: str) -> dict[str, Place]:
    """Tell from the texts of /proc/self/mountinfo and /proc/self/cgroup where each limit can be set."""
    paths = {names: path for _, names, path in (line.split(":", 2) for line in own.splitlines())}
    places: dict[str, Place] = {}
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        root, mount = (_unescaped(word) for word in before.split()[3:5])
        kind, _, options = after.split(" ", 2)
        if kind == "cgroup2":
            directory = _below(mount, root, paths.get("", ""))
            offered = _read(f"{mount}/cgroup.controllers").split()
            for what, controller in CONTROLLERS.items():
                if directory and controller in offered:
                    places.setdefault(what, Place(V2, mount, directory))
        elif kind == "cgroup":
            controllers = options.split(",")
            for what, controller in CONTROLLERS.items():
                path = next((path for names, path in paths.items() if controller in names.split(",")), "")
                directory = _below(mount, root, path)
                if directory and controller in controllers:
                    places[what] = Place(V1, mount, directory)
    return places


def _unescaped(path: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), path)


def _below(mount: str, root: str, path: str) -> str:
    """Return the directory of the group with this path where `root` of its hierarchy is mounted; empty if not there."""
    if not f"{path}/".startswith(f"{root.rstrip('/')}/") or path.startswith("/.."):
        return ""
    return os.path.normpath(f"{mount}/{path.removeprefix(root.rstrip('/'))}")


# Directories


def _make_directories(found: Enclosure, places: dict[str, Place]) -> None:
    """Make a directory in each place that may be written, and a keeper that removes them."""
    writable = {what: place for what, place in places.items() if os.access(place.directory, os.W_OK)}
    if not writable:
        found.why_not = found.why_not or "this user may make no control groups"
        return
    parents = sorted({place.directory for place in writable.values()})
    name = leftovers.start_keeper(parents, sorted({place.mount for place in places.values()}))
    for parent in parents:
        os.mkdir(f"{parent}/{name}")
    for what, place in writable.items():
        group = f"{place.directory}/{name}"
        found.groups[what if place.version == V1 else ALL_IN_ONE] = group
        _set(found, what, place.version, group)


def _enabled(places: dict[str, Place]) -> dict[str, Place]:
    """Return the places of version 2 in which directories have the controller; only the root can have processes too."""
    return {what: place for what, place in places.items() if _enable(place.directory, CONTROLLERS[what])}


def _enable(directory: str, controller: str) -> bool:
    file = f"{directory}/cgroup.subtree_control"
    if controller not in _read(file).split():
        try:
            _write(file, f"+{controller}")
        except OSError:
            return False
    return True


def _set(found: Enclosure, what: str, version: str, group: str) -> None:
    for file, value, optional in _SETTINGS[version, what]:
        if not optional or os.path.exists(f"{group}/{file}"):
            _write(f"{group}/{file}", value or str(found.limits[what]))
    if (version, what) == (V2, "processor") and _enable(group, CONTROLLERS[what]):
        os.mkdir(f"{group}/{IDLE}")
    found.by[what] = version


# systemd


def _make_scope(found: Enclosure, places: dict[str, Place]) -> None:
    """Have systemd put this process into a scope, and divide that into one group for the machines and one for others.

    Not before both are there does the scope hand its controllers down: a group with processes in it must not.
    """
    mount = next(iter(places.values())).mount
    unit = f"{leftovers.name_after(os.getpid())}.scope"
    scope = mount + systemd.start_scope(unit, "a virtual lab (hvlab)")
    machines = f"{scope}/{ALL_IN_ONE}"
    for group in (f"{scope}/lab", machines):
        os.mkdir(group)
    _write(f"{scope}/lab/cgroup.procs", "0")
    found.unit, found.groups = unit, {ALL_IN_ONE: machines}
    for what in places:
        if _enable(scope, CONTROLLERS[what]):
            _set(found, what, V2, machines)
    if len(found.by) < len(CONTROLLERS):
        found.why_not = "systemd has not delegated all controllers to this user"


def _read(path: str) -> str:
    try:
        with open(path, errors="replace") as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError, NotADirectoryError):
        return ""


def _write(path: str, text: str) -> None:
    try:
        with open(path, "w") as file:
            file.write(text)
    except OSError as error:
        raise OSError(error.errno, f"write {text} to {path}: {error.strerror}") from error
