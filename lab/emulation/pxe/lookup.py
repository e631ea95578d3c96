"""Programs of the machine, wherever they are."""

from __future__ import annotations

import shutil

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def program(name: str) -> str:
    """Return the path of a program; FileNotFoundError if there is none."""
    found = shutil.which(name, path=_PATH)
    if found is None:
        raise FileNotFoundError(f'there is no program "{name}"')
    return found
