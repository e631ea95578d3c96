"""What was entered at the prompt of this process."""

from __future__ import annotations

from typing import Final

MAXIMUM: Final = 4096
ENTRIES: Final[list[str]] = []
"""The lines, the oldest first."""


def remember(line: str) -> None:
    """Add a line that was entered."""
    ENTRIES.append(line)
    del ENTRIES[:-MAXIMUM]


def clear() -> None:
    """Forget all of them."""
    ENTRIES.clear()
