"""What a program in a machine of a lab can try in order to get out of it. Run there, as root of that machine.

A program: JSON with what to try on standard input, what worked as JSON on standard output. Standard library only.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

_LIBC = ctypes.CDLL(None, use_errno=True)
_ANSWER_S = 1.0
_MNT_DETACH = 2
_MS_PRIVATE_ALL = 0x44000
_CLONE_NEWNS, _CLONE_NEWUSER = 0x00020000, 0x10000000
_NAMESPACES = ("mnt", "net", "ipc", "uts", "pid", "user")


def _own_mounts() -> None:
    """What is unmounted shall come back, so that each way is tried in the same place; refused where no mount can be."""
    if _LIBC.unshare(_CLONE_NEWNS) == 0:
        _LIBC.mount(b"none", b"/", None, _MS_PRIVATE_ALL, None)


def _umount(path: str) -> bool:
    """Take away what is mounted at a path; what was there before comes to light."""
    return bool(_LIBC.umount2(path.encode(), _MNT_DETACH) == 0)


def _umount_all(path: str) -> None:
    while _umount(path):
        pass


def _own_user_namespace() -> None:
    """Become root of a user namespace, with every capability there."""
    _LIBC.unshare(_CLONE_NEWUSER | _CLONE_NEWNS)
    with contextlib.suppress(OSError):
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text("0 0 1")


def _user_namespace_without_run() -> None:
    _own_user_namespace()
    _umount("/run")


def _without_its_mounts() -> None:
    _umount("/run")
    _umount("/proc")


def _without_mounts() -> None:
    _umount_all("/run")
    _umount_all("/proc")


def _fresh_proc() -> None:
    _LIBC.mount(b"proc", b"/proc", b"proc", 0, b"")


def _others_namespaces() -> None:
    """Enter every namespace of every process that can be seen."""
    for process in _processes():
        for kind in _NAMESPACES:
            with contextlib.suppress(OSError):
                handle = os.open(f"{process}/ns/{kind}", os.O_RDONLY)
                _LIBC.setns(handle, 0)
                os.close(handle)


def _out_of_a_chroot() -> None:
    """The old way out: change the root below an open directory, and climb from there."""
    with contextlib.suppress(OSError), tempfile.TemporaryDirectory() as folder:
        top = os.open("/", os.O_RDONLY)
        os.chroot(folder)
        os.fchdir(top)
        for _ in range(64):
            os.chdir("..")
        os.chroot(".")


WAYS: dict[str, Callable[[], None]] = {
    "as it is": lambda: None,
    "without its /run and /proc": _without_its_mounts,
    "without any /run and /proc": _without_mounts,
    "with another /proc": _fresh_proc,
    "root of a user namespace": _own_user_namespace,
    "without its /run in a user namespace": _user_namespace_without_run,
    "in the namespaces of others": _others_namespaces,
    "out of a chroot": _out_of_a_chroot,
}


def _processes() -> Iterator[str]:
    yield from (f"/proc/{name}" for name in os.listdir("/proc") if name.isdigit())


def _connects(address: str) -> bool:
    """Tell whether somebody answers at a path, or at an abstract name, which begins with an @."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, kind) as caller:
            caller.connect(address.replace("@", "\0", 1) if address.startswith("@") else address)
            return True
    return False


def _everywhere(path: str) -> Iterator[str]:
    yield path
    with contextlib.suppress(OSError):
        yield from (f"{process}/{root}{path}" for process in _processes() for root in ("root", "cwd/../../.."))


def sockets_reached(paths: Sequence[str], names: Sequence[str], ways: Sequence[str]) -> dict[str, list[str]]:
    """Try each way in a process of its own; return the sockets that were reached by it."""
    found: dict[str, list[str]] = {}
    for way in ways:
        read_fd, write_fd = os.pipe()
        if os.fork() == 0:
            _own_mounts()
            WAYS[way]()
            reached = [path for path in paths if any(_connects(place) for place in _everywhere(path))]
            reached += [name for name in names if _connects(name)]
            with os.fdopen(write_fd, "w") as stream:
                json.dump(reached, stream)
            os._exit(0)
        os.close(write_fd)
        with os.fdopen(read_fd) as stream:
            found[way] = json.loads(stream.read() or "[]")
        os.wait()
    return {way: reached for way, reached in found.items() if reached}


def answering(targets: Sequence[Sequence[object]], addresses: Sequence[str]) -> dict[str, list[str]]:
    """Call each (address, port) by TCP, and send it a datagram; ping each address. Return who takes calls and answers.

    All at once, for nobody answers most of them, and that takes as long as an answer may.
    """
    silent: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    pings = {each: subprocess.Popen(["ping", "-n", "-c", "1", "-w", "1", each], **silent) for each in addresses}
    callers: dict[int, socket.socket] = {}
    for address, port in targets:
        family = socket.AF_INET6 if ":" in str(address) else socket.AF_INET
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"hello", (address, port))
        caller = socket.socket(family, socket.SOCK_STREAM)
        caller.setblocking(False)
        caller.connect_ex((address, port))
        callers[caller.fileno()] = caller
    _settle(callers)
    taken = [str(target[0]) for target, caller in zip(targets, callers.values(), strict=True) if _is_connected(caller)]
    return {"calls": taken, "pings": [each for each, ping in pings.items() if ping.wait() == 0]}


def _settle(callers: dict[int, socket.socket]) -> None:
    """Wait until each call has an outcome, or for as long as an answer may take."""
    poll = select.poll()
    for fd in callers:
        poll.register(fd, select.POLLOUT)
    undecided, deadline = set(callers), time.monotonic() + _ANSWER_S
    while undecided and (left := deadline - time.monotonic()) > 0:
        for fd, _ in poll.poll(left * 1000):
            poll.unregister(fd)
            undecided.discard(fd)


def _is_connected(caller: socket.socket) -> bool:
    try:
        caller.getpeername()
    except OSError:
        return False
    return True


def main() -> None:
    wanted = json.load(sys.stdin)
    tried = {"sockets": sockets_reached, "network": answering}
    print(json.dumps({name: tried[name](**arguments) for name, arguments in wanted.items()}))


if __name__ == "__main__":
    main()
