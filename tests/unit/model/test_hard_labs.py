"""Labs in which a host model, a route or an address decides: every verdict, word for word.

A test in namespaces should hold the same labs against a measurement: each of them tells a careless IP stack from ours.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lab.model.load import load
from lab.model.reachability import matrix

LABS = sorted((Path(__file__).parent / "labs").glob("*.py"))


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("file", LABS, ids=[file.stem for file in LABS])
def test_verdicts(file: Path, version: int, golden: Callable[[Path, str], None]) -> None:
    lines = [
        f"{source.name} -> {target.name}: {found.answered_by or 'nobody'}: {found.reason}"
        for (source, target), found in matrix(load(file), version).items()
    ]
    golden(file.with_suffix(f".ipv{version}.txt"), "\n".join(lines) + "\n")
