"""Telling what is going on while a command works: one line that changes on a terminal, nothing in a pipe.

With ``-v`` every step is a line with its time, for those who want to know where it goes.
"""

from __future__ import annotations

import sys
import time


class ProgressLine:
    """A status line on standard error; a context manager that clears it at the end. Safe to use in a forked child."""

    def __init__(self, title: str, *, verbose: bool = False) -> None:
        self._title = title
        self._verbose = verbose
        self._started = time.monotonic()
        self._shown = sys.stderr.isatty() and not verbose

    def __call__(self, step: str) -> None:
        """Show what is being done now."""
        if self._verbose:
            print(f"{(time.monotonic() - self._started) * 1000:7.0f} ms  {step}", file=sys.stderr, flush=True)
        elif self._shown:
            print(f"\r\033[K{self._title}: {step} …", end="", file=sys.stderr, flush=True)

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self._started
