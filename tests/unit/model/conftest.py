"""Golden files of the model's tests: ``pytest tests/unit/model --update-golden-model`` rewrites them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden-model", action="store_true", help="rewrite the golden files of the model's tests")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compare a text with a golden file, or rewrite the file."""

    def check(path: Path, text: str) -> None:
        if request.config.getoption("--update-golden-model", default=False):
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return check
