"""Tables for a terminal, through rich; in a pipe they are plain text that is never cut off."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from datetime import timedelta

from lab.errors import printable


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]], *, title: str = "") -> None:
    """Print a table; cells are plain text, never markup."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    console = Console()
    if not sys.stdout.isatty():
        console = Console(width=max(console.width, 400))
    console.print(table)


def span(seconds: int) -> str:
    """Return a time as PowerShell shows it: ``8.00:00:00``."""
    found = timedelta(seconds=seconds)
    clock = timedelta(seconds=found.seconds)
    return f"{found.days}.{str(clock).zfill(8)}" if found.days else str(clock).zfill(8)


def moment(seconds: int) -> str:
    """Return a time of the epoch as a date and a time of day; nothing for 0."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds)) if seconds else ""
