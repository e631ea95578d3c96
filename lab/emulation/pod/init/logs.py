"""Keeping logs short: one that has grown long is cut, its end kept beside it as NAME.log.1.

The processes go on writing into the same file, which they have opened to append.
"""

from __future__ import annotations

import os

_MOST_BYTES, _KEPT_BYTES = 4 << 20, 256 << 10
_MOST_OF_FILE_SYSTEM = 0.5


def trim(folder: str) -> None:
    """Cut the logs of a folder that are too long, and all that are longer than what is kept if they are too many."""
    room = os.statvfs(folder)
    crowded = room.f_bfree < room.f_blocks * (1 - _MOST_OF_FILE_SYSTEM)
    for name in os.listdir(folder):
        path = f"{folder}/{name}"
        if name.endswith(".log") and os.stat(path).st_size > (_KEPT_BYTES if crowded else _MOST_BYTES):
            _cut(path)


def _cut(path: str) -> None:
    with open(path, "r+b") as log:
        log.seek(-_KEPT_BYTES, os.SEEK_END)
        end = log.read(_KEPT_BYTES)
        log.truncate(0)  # first, for there may be no room left
    with open(os.open(f"{path}.1", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as kept:
        kept.write(end.partition(b"\n")[2])
