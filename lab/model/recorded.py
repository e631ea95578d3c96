"""Settings that a lab keeps and that have no effect on any frame: notes, processors, memory, disks.

So that a script written for a real host can set them and read them back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Setting:
    """A setting by its name, as its cmdlet has it (``ProcessorCount``), and its value as JSON."""

    name: str
    value: str

    def __str__(self) -> str:
        return f"{self.name} {self.value}"


def setting(of: Iterable[Setting], name: str, default: str = "null") -> str:
    """Return a recorded setting's value, as JSON."""
    return next((each.value for each in of if each.name.casefold() == name.casefold()), default)


def with_setting(of: Iterable[Setting], name: str, value: str | None) -> tuple[Setting, ...]:
    """Return recorded settings with one of them set to a value, as JSON; None takes it away."""
    kept = [each for each in of if each.name.casefold() != name.casefold()]
    return tuple(sorted([*kept, *([] if value is None else [Setting(name, value)])]))
