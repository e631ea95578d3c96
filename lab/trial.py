"""Try what only trying can tell: whether this user can make namespaces, and what the kernel lets one do in them.

Everything happens in a forked child in namespaces of its own, so nothing is left and nothing on the machine changes.
The child is this Python, not a program started anew: that keeps the quick trial at a few milliseconds.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import subprocess
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE = 2, 4, 8, 16384, 1 << 18

# What a child reports through a pipe, as JSON.
Report = dict[str, Any]

STEPS: tuple[tuple[str, list[str], str], ...] = (
    ("veth", ["ip", "link", "add", "hvlab-a", "type", "veth", "peer", "name", "hvlab-b"], ""),
    (
        "nft",
        ["nft", "-f", "-"],
        'table netdev hvlab { chain in { type filter hook ingress device "hvlab-a" priority 0; policy drop; }; }\n',
    ),
    ("htb", ["tc", "qdisc", "replace", "dev", "hvlab-a", "root", "handle", "1:", "htb"], ""),
    ("bpf", ["tc", "filter", "add", "dev", "hvlab-a", "parent", "1:", "bpf", "bytecode", "1,6 0 0 0"], ""),
    (
        "dup",
        ["nft", "-f", "-"],
        'table netdev hvlab { chain a { type filter hook ingress device "hvlab-b" priority 0; dup to "hvlab-a"; }; }\n',
    ),
    ("netem", ["tc", "qdisc", "replace", "dev", "hvlab-b", "root", "netem", "delay", "1ms"], ""),
    (
        "nlb",
        ["nft", "-f", "-"],
        'table netdev hvlab_nlb { chain a { type filter hook egress device "hvlab-a" priority 0; }; }\n'
        "table ip hvlab_nlb { chain a { type filter hook prerouting priority -150; ct state established accept; "
        "jhash ip saddr . tcp sport mod 60 seed 1 vmap { 0-9 : accept }; }; }\n",
    ),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One program tried inside."""

    name: str
    ok: bool
    error: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How far the child came; `error` is why it came no further."""

    entered: bool
    proc_mounted: bool
    error: str = ""
    steps: tuple[Step, ...] = ()


def try_namespaces(*, deep: bool = False) -> Outcome:
    """Make namespaces as a lab does and mount /proc there; with `deep`, also try the kernel's network modules."""
    report = _in_child(lambda: _enter(deep))
    return Outcome(
        entered=report.get("entered", False),
        proc_mounted=report.get("proc_mounted", False),
        error=report.get("error", ""),
        steps=tuple(Step(**step) for step in report.get("steps", ())),
    )


def try_limits() -> Report:
    """Limit a process as a lab limits its machines, and return what it tells of that."""
    from lab.emulation.pod.init.limits import enclose
    from lab.emulation.pod.limits import default

    def limited() -> Report:
        usual = default()
        enclosure = enclose(usual.processes, usual.memory)
        if os.geteuid():
            enclosure.count_by_user_namespace()
        return enclosure.describe()

    return _in_child(limited)


def _in_child(work: Callable[[], Report]) -> Report:
    """Do the work in a forked child and return what it reports."""
    read_end, write_end = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside threads: the child takes no locks
        pid = os.fork()
    if pid == 0:
        os.close(read_end)
        try:
            os.write(write_end, json.dumps(work()).encode())
        finally:
            os._exit(0)  # whatever happened: what follows here is the parent's
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        said = pipe.read()
    os.waitpid(pid, 0)
    report: Report = json.loads(said or b'{"error": "the trial ended without a word"}')
    return report


def _enter(deep: bool) -> Report:
    try:
        _unshare()
    except OSError as error:
        return {"error": error.strerror}
    # Only a child of the process that made a namespace of processes is in it.
    return _in_child(lambda: _inside(deep))


def _unshare() -> None:
    uid, gid = os.geteuid(), os.getegid()
    flags = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS
    _checked(_libc().unshare(flags if uid == 0 else flags | CLONE_NEWUSER))
    if uid:
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"0 {uid} 1")
        _write("/proc/self/gid_map", f"0 {gid} 1")


def _inside(deep: bool) -> Report:
    libc = _libc()
    try:
        _checked(libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None))
        _checked(libc.mount(b"proc", b"/proc", b"proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, None))
    except OSError as error:
        return {"entered": True, "error": error.strerror}
    return {"entered": True, "proc_mounted": True, "steps": [_try(*step) for step in STEPS] if deep else []}


def _try(name: str, command: list[str], text: str) -> Report:
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
    program = shutil.which(command[0], path=path)
    if program is None:
        return {"name": name, "ok": False, "error": f"no {command[0]} to try it with"}
    try:
        subprocess.run([program, *command[1:]], input=text, capture_output=True, text=True, timeout=10, check=True)
    except subprocess.TimeoutExpired:
        return {"name": name, "ok": False, "error": f"{command[0]} did not return within 10 s"}
    except subprocess.CalledProcessError as error:
        said = error.stderr.strip().splitlines() or [f"exit status {error.returncode}"]
        return {"name": name, "ok": False, "error": said[0]}
    return {"name": name, "ok": True}


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _write(path: str, text: str) -> None:
    Path(path).write_text(text, encoding="ascii")
