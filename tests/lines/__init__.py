"""Random command lines of the console, made from the commands' own declarations; the same ones for the same seed.

What unit and system tests type. A line is valid as far as its declaration says so, or nearly valid, or hostile: it may
be anything but the cause of an exception. Nothing here touches a file, waits, or asks.
"""

from __future__ import annotations

from tests.lines.making import Line, Writer

__all__ = ["Line", "Writer"]
