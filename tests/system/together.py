"""What several processes that run tests side by side check together: at the end, the machine is as it was before."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.eventually import eventually
from tests.system.labs import machine_leftovers, machine_network


@contextmanager
def machine_as_before(temporary: pytest.TempPathFactory, worker: str | None) -> Iterator[None]:
    """Check the machine when the last of the processes that share `temporary`'s parent has ended its last lab.

    `worker` is the name of this process among several (pytest-xdist), None if it is alone.
    """
    base = temporary.getbasetemp()
    notes = (base.parent if worker else base) / "machine.json"
    with _locked(notes) as seen:
        seen.setdefault("network", machine_network())
        seen.setdefault("leftovers", {kind: sorted(found) for kind, found in machine_leftovers().items()})
        seen["processes"] = seen.get("processes", 0) + 1
    try:
        yield
    finally:
        with _locked(notes) as seen:
            seen["processes"] -= 1
    if seen["processes"] == 0:
        _check(seen)


def _check(seen: dict[str, Any]) -> None:
    network, leftovers = seen["network"], seen["leftovers"]
    # Other people's programs may come and go meanwhile; what stays is somebody's fault, and most likely ours.
    eventually(lambda: _differing(network, machine_network()), lambda found: not found, timeout=10.0)
    eventually(
        lambda: {kind: sorted(found - {*leftovers[kind]}) for kind, found in machine_leftovers().items()},
        lambda more: not any(more.values()),
        timeout=10.0,
    )


def _differing(before: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """Return what is another now; a program that no longer listens was somebody else's, as ours began later."""
    found = {kind: now.get(kind, "gone") for kind in {*before, *now} if now.get(kind) != before.get(kind)}
    if {*found.get("ss -ltn", "").splitlines()} <= {*before["ss -ltn"].splitlines()}:
        found.pop("ss -ltn", None)
    return found


@contextmanager
def _locked(notes: Path) -> Iterator[dict[str, Any]]:
    """Yield what is written in a file, to be changed; nobody else reads or writes it meanwhile."""
    with notes.open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        seen = json.loads(file.read() or "{}")
        try:
            yield seen
        finally:
            file.truncate(0)
            file.write(json.dumps(seen))
            file.flush()
