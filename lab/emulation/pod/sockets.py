"""Ending a lab with many sockets in a moment.

At the close of a packet socket the kernel waits until no processor can still be using it (an RCU grace period, some
ten milliseconds), and Open vSwitch has one for each port: a process that ends closes them one after the other, two
seconds for two hundred ports. Whoever has duplicates can close these side by side, and the periods pass together.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import threading
from collections.abc import Iterable, Iterator
from typing import Final

_PIDFD_GETFD: Final = 438  # the same on every architecture; Linux 5.6, os has none
_FEW: Final = 32
_THREADS: Final = 64

_LIBC: Final = ctypes.CDLL(None, use_errno=True)


def duplicate(children_of: int) -> list[int]:
    """Return duplicates of all sockets of those children of a process that have many.

    Where the kernel does not allow that there are none: then ending takes longer, that is all.
    """
    with _as_many_as_allowed():
        return [fd for pid in _children(children_of) for fd in _sockets(pid)]


def close(descriptors: list[int]) -> None:
    """Close all, side by side."""
    slices = [descriptors[start::_THREADS] for start in range(min(_THREADS, len(descriptors)))]
    threads = [threading.Thread(target=_close, args=(each,)) for each in slices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@contextlib.contextmanager
def _as_many_as_allowed() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _close(descriptors: Iterable[int]) -> None:
    for fd in descriptors:
        os.close(fd)


def _children(pid: int) -> Iterator[int]:
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            yield from map(int, file.read().split())
    except OSError:
        return


def _sockets(pid: int) -> Iterator[int]:
    folder = f"/proc/{pid}/fd"
    try:
        numbers = os.listdir(folder)
        if len(numbers) < _FEW:
            return
        handle = os.pidfd_open(pid)
    except OSError:
        return
    try:
        for number in numbers:
            if _is_socket(f"{folder}/{number}"):
                fd = _LIBC.syscall(_PIDFD_GETFD, handle, int(number), 0)
                if fd >= 0:
                    yield fd
    finally:
        os.close(handle)


def _is_socket(path: str) -> bool:
    try:
        return os.readlink(path).startswith("socket:")
    except OSError:
        return False
