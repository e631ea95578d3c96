"""What is printed from declarations: ``--update-golden`` writes it anew, and the difference is reviewed."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    try:
        parser.addoption("--update-golden", action="store_true", help="write golden files anew")
    except ValueError:
        return  # another conftest has declared it
