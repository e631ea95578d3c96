"""For tests of what permissions forbid: root would be forbidden nothing."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NOBODY = 65534


@contextmanager
def ordinary_user() -> Iterator[Path]:
    """Be an ordinary user for a while, also if this is root; yield a folder of that user's."""
    with tempfile.TemporaryDirectory() as name:
        was = os.geteuid()
        if was == 0:
            os.chown(name, _NOBODY, -1)
            os.seteuid(_NOBODY)
        try:
            yield Path(name)
        finally:
            os.seteuid(was)
