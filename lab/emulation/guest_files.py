"""Files and sockets of guests, of whose root user anything must be expected.

No symbolic link on the way is followed: one that a guest has made would lead to what the machine has not.
"""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import socket
import stat
import time
from typing import Final

_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_OPENAT2: Final = 437
"""The number of the system call, the same on all architectures but Alpha (since Linux 5.6)."""
_NO_SYMLINKS, _IN_ROOT = 0x04, 0x10
_LONGEST_SETTINGS: Final = 4096
_SECONDS: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")


class _How(ctypes.Structure):
    """``struct open_how`` of the kernel's uapi header openat2.h."""

    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


def opened(pid: int, path: str, flags: int) -> int:
    """Return a descriptor of what a machine has at a path; ``pid`` is one of its processes. OSError as open(2)."""
    root = os.open(f"/proc/{pid}/root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    how = _How(flags | os.O_CLOEXEC, 0, _NO_SYMLINKS | _IN_ROOT)
    try:
        found: int = _LIBC.syscall(_OPENAT2, root, path.encode(), ctypes.byref(how), ctypes.sizeof(how))
    finally:
        os.close(root)
    if found < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), path)
    return found


def has_folder(pid: int, path: str) -> bool:
    """Tell whether a machine has a folder at a path."""
    try:
        os.close(opened(pid, path, os.O_PATH | os.O_DIRECTORY))
    except OSError:
        return False
    return True


def read(pid: int, path: str, longest: int) -> bytes | None:
    """Return the beginning of a regular file; None if there is none."""
    try:
        descriptor = opened(pid, path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with open(descriptor, "rb") as file:
        return file.read(longest) if stat.S_ISREG(os.fstat(descriptor).st_mode) else None


def settings(pid: int, path: str) -> dict[str, str]:
    """Return what a file of lines of NAME=VALUE says, in printable characters; of what is no such file, nothing."""
    text = (read(pid, path, _LONGEST_SETTINGS) or b"").decode(errors="replace")
    lines = (line.partition("=") for line in text.splitlines())
    return {name: "".join(filter(str.isprintable, value)) for name, _, value in lines}


def seconds(text: str) -> float:
    """Return a number that is written like one of seconds, 0 for anything else."""
    return float(text) if _SECONDS.fullmatch(text) else 0.0


def ask(pid: int, path: str, question: bytes, *, timeout_s: float, longest: int) -> bytes:
    """Return all that is answered at a Unix socket of a machine; OSError for silence, and for too much.

    It may take ``timeout_s`` seconds in all, and be ``longest`` octets long.
    """
    deadline = time.monotonic() + timeout_s
    place = opened(pid, path, os.O_PATH | os.O_NOFOLLOW)
    try:
        if not stat.S_ISSOCK(os.fstat(place).st_mode):
            raise OSError(f"{path} is no socket")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(timeout_s)
            connection.connect(f"/proc/self/fd/{place}")
            connection.sendall(question)
            connection.shutdown(socket.SHUT_WR)
            return _all_of(connection, deadline, longest)
    finally:
        os.close(place)


def _all_of(connection: socket.socket, deadline: float, longest: int) -> bytes:
    said = bytearray()
    while (left := deadline - time.monotonic()) > 0:
        connection.settimeout(left)
        part = connection.recv(1 << 20)
        if not part:
            return bytes(said)
        said += part
        if len(said) > longest:
            raise OSError("the answer is too long")
    raise TimeoutError("it has not answered in time")


def remove(pid: int, folder: str) -> None:
    """Remove a folder of a machine with all that is in it; one that is not there, or is none, is left alone."""
    above, _, name = folder.rpartition("/")
    try:
        parent = opened(pid, above, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return
    try:
        # Python does so by descriptors: a link that is put in its place meanwhile is not followed, either.
        shutil.rmtree(name, ignore_errors=True, dir_fd=parent)
    finally:
        os.close(parent)
