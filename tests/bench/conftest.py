"""Fixtures of the benchmarks: labs as in the system tests, and a report that is printed and written at the end."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.bench import peers
from tests.bench.figures import Figure, merge, table
from tests.system.conftest import announce, hvlab, lab, workplace  # noqa: F401 - fixtures
from tests.system.pods import ROOT

RESULTS = ROOT / "build" / "bench.json"
ROUNDS = int(os.environ.get("HVLAB_BENCH_ROUNDS", "5"))

Record = Callable[[Figure], None]


@pytest.fixture(scope="session")
def record() -> Iterator[Record]:
    """`record(figure)` puts a figure into the table."""
    found: list[Figure] = []
    yield found.append
    if found:
        print(f"\n\n{table(merge(RESULTS, found))}\n\nwritten to {RESULTS.relative_to(ROOT)}")


@pytest.fixture(scope="session")
def beside_peers() -> None:
    """Leave a benchmark out, with the reason, where the peers cannot run."""
    if reason := peers.installed():
        pytest.skip(reason)


@pytest.fixture
def topology(tmp_path: Path) -> Callable[[str], Path]:
    """`topology(text)` writes a topology file and returns its path."""

    def write(text: str) -> Path:
        file = tmp_path / "bench.py"
        file.write_text(text, encoding="utf-8")
        return file

    return write


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(3600))
