"""What tests of several users share."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.faults.users import TOPOLOGY


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A directory of everybody's; pytest's own is closed to other users."""
    found = Path(tempfile.mkdtemp(prefix="hvlab-access-"))
    found.chmod(0o755)
    (found / "secret-exam.py").write_text(TOPOLOGY)
    yield found
    shutil.rmtree(found)
