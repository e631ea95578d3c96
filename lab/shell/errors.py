"""Errors of the console: what PowerShell calls error records, and the exceptions that carry them.

ShellError                 a terminating error: ends the pipeline, can be caught by ``try``
├── ParseError             the script is not understood, or uses what is outside the subset; nothing of it was run
└── NotConverted           a value cannot become what is asked for
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from lab.errors import LabError
from lab.shell.syntax import Extent


@dataclass(frozen=True, slots=True)
class ErrorRecord:
    """One error as PowerShell tells it (about_Errors, System.Management.Automation.ErrorRecord).

    ``category`` is one of System.Management.Automation.ErrorCategory, ``exception`` the .NET name of the exception
    without its namespace, or with it where ``catch`` is to find it. ``error_id`` is the FullyQualifiedErrorId; what
    comes after the comma in it, the command, is added where the error is reported. ``target`` is what it is about.
    ``activity`` is the command that it comes from, ``extent`` the place in the script. ``remedy`` says what to do; it
    is shown after the message. ``caller`` is named before the message instead of the activity: the function that
    called Write-Error.
    """

    message: str
    category: str = "NotSpecified"
    error_id: str = "RuntimeException"
    exception: str = "RuntimeException"
    target: object = None
    activity: str = ""
    extent: Extent | None = None
    remedy: str = ""
    caller: str = ""

    def at(self, activity: str, command: str, extent: Extent | None) -> ErrorRecord:
        """Return it with the command it comes from and the place of that, where it does not know better."""
        known = "," in self.error_id or not command
        return replace(
            self,
            activity=self.activity or activity,
            error_id=self.error_id if known else f"{self.error_id},{command}",
            extent=self.extent or extent,
        )


class ShellError(Exception):
    """A terminating error. ``placed``: its record says already where it comes from, whatever it passes on its way."""

    def __init__(self, record: ErrorRecord) -> None:
        super().__init__(record.message)
        self.record = record
        self.placed = False


class ParseError(ShellError):
    """A script that is not understood; ``records`` are all mistakes found in it, the first of them in ``record``."""

    def __init__(self, *records: ErrorRecord) -> None:
        super().__init__(records[0])
        self.records = records


class NotConverted(ShellError):
    """A value that cannot become what is asked for."""


def failure(  # noqa: PLR0913 - settings given by name
    message: str,
    *,
    category: str = "InvalidArgument",
    error_id: str = "InvalidParameter",
    exception: str = "VirtualizationException",
    target: object = None,
    remedy: str = "",
) -> ShellError:
    """Return a terminating error of a cmdlet; unless told otherwise as those of module Hyper-V are."""
    return ShellError(ErrorRecord(message, category, error_id, exception, target, remedy=remedy))


def refusals(error: LabError) -> list[ErrorRecord]:
    """Return what a lab has against something, in the form of module Hyper-V: all mistakes, each as a sentence."""
    return [
        ErrorRecord(
            _sentence(each.message), "InvalidArgument", "InvalidParameter", "VirtualizationException",
            each.target or None, remedy=each.remedy,
        )
        for each in error.records
    ]  # fmt: skip


def _sentence(message: str) -> str:
    text = message[:1].upper() + message[1:]
    return text if text[-1:] in ".?!" else f"{text}."
