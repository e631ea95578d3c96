"""Listening Unix sockets that init keeps for a process, so that nobody is refused while it restarts."""

from __future__ import annotations

import os
import socket

_BACKLOG = 128


def open_all(paths: tuple[str, ...]) -> list[socket.socket]:
    """Bind and listen on each path, all or none; `OSError` names the path."""
    opened: list[socket.socket] = []
    for path in paths:
        handle = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        opened.append(handle)
        try:
            handle.bind(path)
            os.chmod(path, 0o600)
            handle.listen(_BACKLOG)
        except OSError as error:
            words = f'listen on "{path}": {error.strerror or error}'
            opened.remove(handle)
            handle.close()
            close_all(opened)
            raise OSError(error.errno, words) from error
    return opened


def close_all(handles: list[socket.socket]) -> None:
    """Close the sockets and remove their paths."""
    for handle in handles:
        path = handle.getsockname()
        handle.close()
        if isinstance(path, str) and os.path.exists(path):
            os.unlink(path)
    handles.clear()
