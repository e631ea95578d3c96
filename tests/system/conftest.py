"""Fixtures of the system tests: `hvlab`, `lab`, `announce`, and what is checked after each test and at the end."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.system.labs")

from tests.system.labs import (  # noqa: E402
    Hvlab,
    RunningLab,
    Workplace,
    lab_of,
    unexpected,
)
from tests.system.together import machine_as_before  # noqa: E402

LabOf = Callable[..., AbstractContextManager[RunningLab]]


@pytest.fixture(scope="session")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    """Where `hvlab` is called from. At the end the machine is as it was before the first lab, and nothing is left."""
    base = tmp_path_factory.mktemp("labs")
    place = Workplace(base / "home", base / "tmp")
    place.home.mkdir()
    place.temporary.mkdir()
    with machine_as_before(tmp_path_factory, os.environ.get("PYTEST_XDIST_WORKER")):
        yield place
        assert not place.labs
        assert place.leftovers() == []


@pytest.fixture(scope="session")
def hvlab(workplace: Workplace) -> Hvlab:
    """`hvlab("up", file)` runs the command and returns its code, out and err; the code must be `check` (default 0)."""
    return Hvlab(workplace)


@pytest.fixture(scope="session")
def lab(hvlab: Hvlab) -> LabOf:
    """`with lab(topology_file_or_text, name=None, settings=None) as running:` starts a lab and ends it."""
    return partial(lab_of, hvlab)


@pytest.fixture
def announce(workplace: Workplace) -> Iterator[Callable[[str], None]]:
    """`announce(pattern)`: lines like this may stand in the logs of the labs until this test's end."""
    before = len(workplace.announced)
    yield lambda pattern: workplace.announced.append(re.compile(pattern))
    # The lines that came of it may be written a moment later: they are read now, or count as announced no longer.
    for running in workplace.labs:
        assert not unexpected(workplace, running)
    del workplace.announced[before:]


@pytest.fixture(autouse=True)
def _quiet(request: pytest.FixtureRequest) -> Iterator[None]:
    """After each test that uses labs no log of a running one complains of anything unannounced."""
    yield
    if "workplace" in request.fixturenames:
        place: Workplace = request.getfixturevalue("workplace")
        for running in place.labs:
            complaints = unexpected(place, running)
            assert not complaints, "\n".join(complaints)


def topology_id(path: Path) -> str:
    return path.stem


Settings = Mapping[str, str]
