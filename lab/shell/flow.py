"""How control leaves the usual order: jumps, and errors that end more than a statement."""

from __future__ import annotations

from typing import Final

from lab.shell.errors import ErrorRecord, ShellError


class Jump(Exception):
    """Base of what ``break``, ``continue``, ``return`` and ``exit`` do."""


class BreakLoop(Jump):
    """``break``, out of the loop of that label, or the innermost one."""

    def __init__(self, label: str = "") -> None:
        super().__init__(label)
        self.label = label.casefold()


class ContinueLoop(BreakLoop):
    """``continue``."""


class Return(Jump):
    """``return``; what it returns has been yielded before."""


class Exit(Jump):
    """``exit``: the end of a script file, or of the whole session."""

    def __init__(self, code: int = 0) -> None:
        super().__init__(code)
        self.code = code


class Thrown(ShellError):
    """An error that ends the script and not only its statement: by ``throw``, or because errors are to stop it."""


class _Nothing:
    """What a pipeline without output gives (AutomationNull): $null as a value, nothing at all in a pipeline."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING: Final = _Nothing()

MAXIMUM_DEPTH: Final = 400
"""How deep functions may call each other; PowerShell's own limit depends on the size of its stack, too."""


def too_deep() -> ShellError:
    """Return the error for functions that call themselves too often."""
    return ShellError(
        ErrorRecord("The script failed due to call depth overflow.", "InvalidOperation", "CallDepthOverflow",
                    "ParentContainsErrorRecordException", 0)
    )  # fmt: skip
