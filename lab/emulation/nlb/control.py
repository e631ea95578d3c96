"""Questions and orders from outside: a Unix socket, one line of JSON for each, one line back."""

from __future__ import annotations

import contextlib
import glob
import json
import os
import socket
from collections.abc import Callable
from typing import Any

_LONGEST = 1 << 16
_TIMEOUT_S = 1.0

Answer = Callable[[dict[str, Any]], dict[str, Any]]


def forget(ready: str) -> None:
    """Remove the files by which former programs have said that they had begun."""
    for each in glob.glob(f"{ready.rpartition('.')[0]}.*"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(each)


def listen(path: str, ready: str) -> socket.socket:
    """Return the socket at a path, in place of one that a former program has left, and say that the work has begun."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    os.chmod(path, 0o600)
    listener.listen(16)
    listener.setblocking(False)
    os.close(os.open(ready, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    return listener


def answer_all(listener: socket.socket, answer: Answer) -> None:
    """Answer everybody who waits. Who does not say what he wants in time, or nonsense, gets no answer."""
    while True:
        try:
            connection, _ = listener.accept()
        except BlockingIOError:
            return
        with connection, contextlib.suppress(OSError, ValueError):
            connection.settimeout(_TIMEOUT_S)
            question = json.loads(_line(connection))
            connection.sendall(json.dumps(answer(question)).encode() + b"\n")


def _line(connection: socket.socket) -> bytes:
    said = b""
    while not said.endswith(b"\n") and len(said) < _LONGEST:
        more = connection.recv(4096)
        if not more:
            break
        said += more
    return said
