"""What can go wrong, as a tree.

LabError                      every error hvlab raises on purpose; carries an ErrorRecord
├── InputError                the user gave something that cannot be: exit code 2
│   ├── TopologyError         one or more mistakes in a topology file, all of them reported
│   ├── UnknownName           a lab, VM, switch or adapter that does not exist
│   └── InvalidState          it exists, but not in the state that the command needs
├── EnvironmentFault          this machine lacks something hvlab needs: exit code 1
└── LabFault                  a lab did not do what it was told: exit code 1
    └── SwitchFault           a switch refused, or did not acknowledge, its policy

A message says what is wrong, quotes the name, tells what was found and what was expected: lower case, no trailing
period. The remedy is a field of its own.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


def printable(text: str, keep: str = "") -> str:
    """Return a text with escapes for what a terminal would act upon or not show, but for the characters to `keep`."""
    return "".join(char if char.isprintable() or char in keep else ascii(char)[1:-1] for char in text)


@dataclass(frozen=True, slots=True)
class ErrorRecord:
    """One mistake, in words: what is wrong, about which object, and what to do about it."""

    message: str
    error_id: str
    target: str = ""
    remedy: str = ""
    where: str = ""

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f"; {self.remedy}" if self.remedy else ""
        return f"{place}{self.message}{remedy}"


class LabError(Exception):
    """Base of all errors that hvlab raises on purpose."""

    exit_code = 1

    def __init__(self, message: str, *, remedy: str = "", target: str = "", where: str = "") -> None:
        self.records: tuple[ErrorRecord, ...] = (
            ErrorRecord(message, type(self).__name__, target=target, remedy=remedy, where=where),
        )
        super().__init__(str(self.records[0]))

    @property
    def record(self) -> ErrorRecord:
        return self.records[0]


class InputError(LabError):
    """The user asked for something that cannot be; nothing was changed."""

    exit_code = 2


class TopologyError(InputError):
    """All mistakes found in one topology."""

    def __init__(self, records: Iterable[ErrorRecord]) -> None:
        self.records = tuple(records)
        Exception.__init__(self, "\n".join(str(record) for record in self.records))


class UnknownName(InputError):
    """No object of that kind has this name; the message lists the names there are."""

    def __init__(self, kind: str, name: str, known: Iterable[str], *, where: str = "") -> None:
        names = sorted(known)
        close = difflib.get_close_matches(name, names, n=1)
        if close:
            remedy = f'did you mean "{close[0]}"?'
        elif names:
            remedy = f"known: {', '.join(names[:12])}{', …' if len(names) > 12 else ''}"
        else:
            remedy = f"there is no {kind} at all"
        super().__init__(f'no {kind} is called "{printable(name)}"', remedy=remedy, target=name, where=where)


class InvalidState(InputError):
    """The object exists, but not in the state that the command needs."""


class EnvironmentFault(LabError):
    """This machine lacks something that hvlab needs."""


class LabFault(LabError):
    """A lab did not do what it was told."""


class SwitchFault(LabFault):
    """A switch refused its policy, or did not acknowledge it in time."""
