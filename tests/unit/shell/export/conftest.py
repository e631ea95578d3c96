"""Golden scripts: ``pytest tests/unit/shell/export --update-golden-export`` rewrites them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden-export", action="store_true", help="rewrite the golden scripts of the export")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compare a text with a golden file, or rewrite the file."""

    def check(path: Path, text: str) -> None:
        if request.config.getoption("--update-golden-export", default=False):
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return check
