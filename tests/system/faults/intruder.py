"""What another user of the machine can do to a lab's processes: everything that gets hold of somebody's is tried.

A program: `python3 intruder.py UID HIDEPID JSON`, as root. It becomes that user and tells, as JSON, what worked.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

_LIBC = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNS, _CLONE_NEWNET, _CLONE_NEWUSER = 0x00020000, 0x40000000, 0x10000000
_MS_PRIVATE_ALL = 0x44000
_PTRACE_SEIZE = 0x4206
_PIDFD_GETFD = 438
_LINKS = ("root", "cwd", "exe", "ns/net", "ns/mnt", "ns/pid", "ns/uts", "ns/ipc", "ns/user", "fd/0")
_FILES = ("environ", "maps", "auxv", "io", "mountstats")


def try_all(first: int, pids: Sequence[int], words: Sequence[str]) -> dict[str, list[int]]:
    """Try every way on every process, of which one is the lab's `first`; return the pids that each worked on."""
    ways: dict[str, Callable[[int], object]] = {
        **{f"readlink {name}": lambda pid, name=name: os.readlink(f"/proc/{pid}/{name}") for name in _LINKS},
        **{f"read {name}": lambda pid, name=name: Path(f"/proc/{pid}/{name}").read_bytes() for name in _FILES},
        "list fd": lambda pid: os.listdir(f"/proc/{pid}/fd"),
        "list root": lambda pid: os.listdir(f"/proc/{pid}/root/run"),
        "open mem": lambda pid: os.close(os.open(f"/proc/{pid}/mem", os.O_RDONLY)),
        "list task": lambda pid: os.listdir(f"/proc/{pid}/task/{pid}/fd"),
        "take a descriptor": _take_descriptor,
        "trace": lambda pid: _checked(_LIBC.ptrace(_PTRACE_SEIZE, pid, None, None)),
        "enter": lambda pid: _in_a_child(lambda: _enter(pid)),
        "signal": lambda pid: os.kill(pid, 0),
        "signal through a handle": _signal_through_handle,
        "renice": lambda pid: os.setpriority(os.PRIO_PROCESS, pid, os.getpriority(os.PRIO_PROCESS, pid)),
        "limit": lambda pid: _checked(_LIBC.prlimit(pid, 7, None, ctypes.create_string_buffer(16))),
        "control socket": lambda pid: _connect(f"/proc/{first}/root/run/hvlab/init.sock"),
        "name or file": lambda pid: _told(pid, words),
        "exist": lambda pid: os.stat(f"/proc/{pid}"),
    }
    return {way: [pid for pid in pids if _works(act, pid)] for way, act in ways.items()}


def kill(pids: Sequence[int]) -> dict[str, list[int]]:
    """Try to end every process, with each signal that ends one or stops it."""
    numbers = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGSTOP)
    return {number.name: [pid for pid in pids if _works(lambda p, n=number: os.kill(p, n), pid)] for number in numbers}


def _works(act: Callable[[int], object], pid: int) -> bool:
    try:
        return act(pid) is not False
    except OSError:
        return False


def _checked(result: int) -> None:
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")


def _take_descriptor(pid: int) -> None:
    handle = os.pidfd_open(pid)
    try:
        taken = _LIBC.syscall(_PIDFD_GETFD, handle, 0, 0)
        _checked(taken)
        os.close(taken)
    finally:
        os.close(handle)


def _signal_through_handle(pid: int) -> None:
    handle = os.pidfd_open(pid)
    try:
        signal.pidfd_send_signal(handle, 0)
    finally:
        os.close(handle)


def _in_a_child(act: Callable[[], None]) -> bool:
    child = os.fork()
    if child == 0:
        status = 1
        with contextlib.suppress(OSError):
            act()
            status = 0
        os._exit(status)
    return os.waitpid(child, 0)[1] == 0


def _enter(pid: int) -> None:
    handle = os.pidfd_open(pid)
    _LIBC.setns(handle, _CLONE_NEWUSER)  # refused where it is one's own already
    _checked(_LIBC.setns(handle, _CLONE_NEWNET))


def _connect(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(path)


def _told(pid: int, words: Sequence[str]) -> bool:
    """Tell whether anything of a process that can be read has one of these words."""
    said = b""
    for folder in (Path(f"/proc/{pid}"), Path(f"/proc/{pid}/net")):
        for path in folder.iterdir():
            with contextlib.suppress(OSError):
                said += _beginning(path)
    return any(word.encode() in said for word in words)


def _beginning(path: Path) -> bytes:
    """Return what a file has to say at once: some files of /proc wait, or never end."""
    if not path.is_file():
        return b""
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        return os.read(fd, 1 << 16) if select.select([fd], [], [], 0)[0] else b""
    finally:
        os.close(fd)


def hide_processes() -> None:
    """Mount /proc as it is on a machine that shows each user only his own processes."""
    _checked(_LIBC.unshare(_CLONE_NEWNS))
    _checked(_LIBC.mount(b"none", b"/", None, _MS_PRIVATE_ALL, None))
    _checked(_LIBC.mount(b"proc", b"/proc", b"proc", 0, b"hidepid=2"))


def become(uid: int) -> None:
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def as_user(uid: int, request: dict[str, Any], *, hidden: bool = False) -> dict[str, list[int]]:
    """Run this program as another user and return what worked."""
    command = [sys.executable, "-B", __file__, str(uid), "2" if hidden else "0", json.dumps(request)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, list[int]] = json.loads(done.stdout)
    return {way: pids for way, pids in found.items() if pids}


def main(arguments: Sequence[str]) -> None:
    uid, hidepid, request = int(arguments[0]), arguments[1], json.loads(arguments[2])
    if hidepid != "0":
        hide_processes()
    become(uid)
    found = try_all(**request) if "words" in request else kill(**request)
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1:])
