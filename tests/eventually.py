"""Wait for something without guessing how long it takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_PAUSE_S = 0.005


def eventually(value: Callable[[], T], holds: Callable[[T], bool] = bool, *, timeout: float = 10.0) -> T:
    """Return the first value for which `holds`; AssertionError, with the last value seen, after `timeout` seconds.

    >>> eventually(lambda: 3, lambda number: number > 2)
    3
    """
    deadline = time.monotonic() + timeout
    while True:
        seen = value()
        if holds(seen):
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout:g} s; last value seen: {seen!r}")
        time.sleep(_PAUSE_S)
