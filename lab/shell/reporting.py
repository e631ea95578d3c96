"""What becomes of an error: it is shown, kept quiet, or it ends the statement, the script, or nothing at all.

about_Preference_Variables ($ErrorActionPreference), about_Try_Catch_Finally.
"""

from __future__ import annotations

from dataclasses import replace

from lab.shell.casts import truth
from lab.shell.error_objects import error_object
from lab.shell.errors import ErrorRecord, ParseError, ShellError
from lab.shell.flow import Thrown
from lab.shell.frames import ERROR, Frame
from lab.shell.objects import PSObject
from lab.shell.syntax import Extent
from lab.shell.text import to_text


def placed(error: ShellError, extent: Extent | None) -> ShellError:
    """Return an error that knows where it comes from: the place of the statement, unless it has one."""
    if not error.placed:
        if error.record.extent is None:
            error.record = replace(error.record, extent=extent)
        error.placed = True
    return error


def action_of(frame: Frame, given: object = None) -> str:
    """Return what is to be done about errors, in lower case."""
    return to_text(given if given is not None else frame.variable("ErrorActionPreference")).casefold() or "continue"


def settle(error: ShellError, extent: Extent | None, frame: Frame) -> None:
    """Decide about an error that has ended a statement: report it and go on with the next, or raise it again."""
    placed(error, extent)
    frame.session.ok = False
    if frame.catching:
        raise error
    action = action_of(frame)
    quiet = action in ("silentlycontinue", "ignore")
    if isinstance(error, Thrown) and not quiet:
        raise error
    if action == "stop":
        stopped = Thrown(error.record)
        stopped.placed = True
        raise stopped from error
    report(error, frame, action)


def report(error: ShellError, frame: Frame, action: str = "continue") -> PSObject:
    """Put an error into $Error and, unless it is to be quiet, show it; return it as an object."""
    if isinstance(error, ParseError):
        shown = [error_object(record) for record in error.records]
    else:
        shown = [shown_of(error)]
    for each in shown:
        if action != "ignore":
            frame.session.remember(each)
        if action not in ("silentlycontinue", "ignore"):
            frame.streams.write(ERROR, each)
    return shown[0]


def shown_of(error: ShellError) -> PSObject:
    """Return an error as an object: the same one each time, so that it is in $Error only once."""
    known = getattr(error, "shown", None)
    if isinstance(known, PSObject) and known.source is error.record:
        return known
    made = error_object(error.record)
    error.shown = made  # type: ignore[attr-defined]
    return made


def non_terminating(record: ErrorRecord, frame: Frame, given: object = None) -> PSObject | None:
    """Report an error after which a command goes on; Thrown if errors are to stop it."""
    action = action_of(frame, given)
    if action == "stop":
        stopped = Thrown(record)
        stopped.placed = True
        raise stopped
    if action == "ignore":
        return None
    error = ShellError(record)
    error.placed = True
    return report(error, frame, action)


def wanted(value: object) -> bool:
    """Tell whether a preference variable says that something is to be shown."""
    return to_text(value).casefold() not in ("silentlycontinue", "ignore", "") and truth(value)
