"""Time and chance: Get-Date, New-TimeSpan, Start-Sleep, Get-Random."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from lab.shell.command import Call, Example, Parameter, command
from lab.shell.comparison import as_number
from lab.shell.composite import formatted
from lab.shell.errors import failure
from lab.shell.incoming import incoming
from lab.shell.text import to_text

_MODULE = "Microsoft.PowerShell.Utility"
_LONGEST_SLEEP: Final = 2_147_483
_UNIX: Final[dict[str, str | Callable[[datetime], str]]] = {
    "n": "\n", "t": "\t", "%": "%", "e": lambda when: f"{when.day:2}", "k": lambda when: f"{when.hour:2}",
    "l": lambda when: f"{when.hour % 12 or 12:2}", "h": "%b", "r": "%I:%M:%S %p", "R": "%H:%M", "T": "%H:%M:%S",
    "X": "%H:%M:%S", "x": "%m/%d/%y", "D": "%m/%d/%y", "F": "%Y-%m-%d", "c": "%a %b %e %H:%M:%S %Y",
    "s": lambda when: f"{when.timestamp():.5f}".rstrip("0").rstrip("."),
    "Z": lambda when: when.astimezone().strftime("%z")[:3],
    "u": lambda when: str(when.isoweekday() % 7), "w": lambda when: str(when.isoweekday() % 7),
}  # fmt: skip


@command(
    "Get-Date",
    _MODULE,
    "Gets the current date and time.",
    (
        Parameter("Date", "DateTime", position=0, aliases=("LastWriteTime",), pipe="VP", help="Another date than now."),
        Parameter("Year", "Int32", minimum=1, maximum=9999, help="Another year."),
        Parameter("Month", "Int32", minimum=1, maximum=12, help="Another month."),
        Parameter("Day", "Int32", minimum=1, maximum=31, help="Another day of the month."),
        Parameter("Hour", "Int32", minimum=0, maximum=23, help="Another hour."),
        Parameter("Minute", "Int32", minimum=0, maximum=59, help="Another minute."),
        Parameter("Second", "Int32", minimum=0, maximum=59, help="Another second."),
        Parameter("Millisecond", "Int32", minimum=0, maximum=999, help="Other milliseconds."),
        Parameter("DisplayHint", values=("Date", "Time", "DateTime"), help="Which part of it is shown."),
        Parameter("UFormat", sets=("UFormat",), help="A format of Unix; the result is a string."),
        Parameter("Format", sets=("net",), help="A format of .NET; the result is a string."),
    ),
    default_set="net",
    output="DateTime",
    examples=(Example("Get-Date -Format 'yyyy-MM-dd'", "Returns today's date as text."),),
)
def get_date(call: Call) -> Iterator[object]:
    """Output the date, or its text."""
    when: datetime = call.get("Date") or datetime.now()
    given = {name: call.get(name.capitalize()) for name in ("year", "month", "day", "hour", "minute", "second")}
    changed: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if "Millisecond" in call:
        changed["microsecond"] = call.get("Millisecond") * 1000
    try:
        when = when.replace(**changed)
    except ValueError as error:
        raise failure(
            f"Year, Month, and Day parameters describe an un-representable DateTime: {error}.",
            error_id="ArgumentOutOfRangeException", exception="System.ArgumentOutOfRangeException",
        ) from None  # fmt: skip
    if "UFormat" in call:
        yield _unix(when, call.get("UFormat"))
    elif "Format" in call:
        yield _net(when, call.get("Format"))
    elif call.get("DisplayHint") in ("Date", "Time"):
        yield formatted(when, "D" if call.get("DisplayHint") == "Date" else "T")
    else:
        yield when


def _net(when: datetime, form: str) -> str:
    known = {"filedate": "yyyyMMdd", "filedatetime": "yyyyMMddTHHmmssffff"}
    try:
        return formatted(when, known.get(form.casefold(), form))
    except ValueError:
        raise failure(
            "Input string was not in a correct format.", category="NotSpecified", error_id="System.FormatException",
            exception="System.FormatException",
        ) from None  # fmt: skip


def _unix(when: datetime, form: str) -> str:
    """Return a date in a format as ``date`` of Unix takes it; a letter that means nothing stands for itself."""
    made, at = "", form.removeprefix("+")
    while at:
        char, at = at[0], at[1:]
        if char != "%" or not at:
            made += char
            continue
        letter, at = at[0], at[1:]
        meant = _UNIX.get(letter, f"%{letter}" if letter in "aAbBCdgGHIjmMpSUVWyY" else letter)
        if callable(meant):
            made += meant(when)
        elif letter == "c":
            made += f"{when:%a %b} {when.day:2} {when:%H:%M:%S %Y}"
        else:
            made += when.strftime(meant) if "%" in meant and letter != "%" else meant
    return made


@command(
    "New-TimeSpan",
    _MODULE,
    "Creates a TimeSpan object.",
    (
        Parameter("Start", "DateTime", sets=("Date",), position=0, aliases=("LastWriteTime",), pipe="VP",
                  help="The beginning, by default now."),
        Parameter("End", "DateTime", sets=("Date",), position=1, pipe="P", help="The end, by default now."),
        Parameter("Days", "Int32", sets=("Time",), default=0, help="Days."),
        Parameter("Hours", "Int32", sets=("Time",), default=0, help="Hours."),
        Parameter("Minutes", "Int32", sets=("Time",), default=0, help="Minutes."),
        Parameter("Seconds", "Int32", sets=("Time",), default=0, help="Seconds."),
    ),
    default_set="Date",
    output="TimeSpan",
    examples=(Example("New-TimeSpan -Days 8", "Makes a span of eight days."),),
)  # fmt: skip
def new_timespan(call: Call) -> Iterator[object]:
    """Output a span of time."""
    if any(name in call for name in ("Days", "Hours", "Minutes", "Seconds")):
        units = ("Days", "Hours", "Minutes", "Seconds")
        try:
            yield timedelta(**{name.lower(): call.get(name) for name in units})
        except OverflowError:
            raise failure(
                "TimeSpan overflowed because the duration is too long.", error_id="OverflowException",
                category="NotSpecified", exception="System.OverflowException",
            ) from None  # fmt: skip
        return
    now = datetime.now()
    yield call.get("End", now) - call.get("Start", now)


@command(
    "Start-Sleep",
    _MODULE,
    "Suspends the activity in a script or session for the specified period of time.",
    (
        Parameter("Seconds", "Double", sets=("Seconds",), position=0, mandatory=True, pipe="VP",
                  help="How many seconds."),
        Parameter("Milliseconds", "Int32", sets=("Milliseconds",), mandatory=True, pipe="P", minimum=0,
                  help="How many milliseconds."),
    ),
    default_set="Seconds",
    aliases=("sleep",),
    examples=(Example("Start-Sleep -Seconds 5", "Waits for five seconds."),),
)  # fmt: skip
def start_sleep(call: Call) -> None:
    """Wait. What was changed before takes effect before that."""
    call.place.settle()
    seconds = call.get("Milliseconds") / 1000 if "Milliseconds" in call else call.get("Seconds")
    if not 0 <= seconds <= _LONGEST_SLEEP:
        raise failure(
            f"Cannot validate argument on parameter 'Seconds'. The {to_text(seconds)} argument is not between 0 and "
            f"{_LONGEST_SLEEP}.", category="InvalidData", error_id="ParameterArgumentValidationError",
            exception="System.Management.Automation.ParameterBindingValidationException",
        )  # fmt: skip
    time.sleep(seconds)


@command(
    "Get-Random",
    _MODULE,
    "Gets a random number, or selects objects randomly from a collection.",
    (
        Parameter("SetSeed", "Int32", help="Makes the numbers that follow the same each time."),
        Parameter("Maximum", "Object", sets=("RandomNumberParameterSet",), position=0, help="They are less than this."),
        Parameter("Minimum", "Object", sets=("RandomNumberParameterSet",), help="They are at least this."),
        Parameter("InputObject", "Object[]", sets=("RandomListItemParameterSet",), position=0, pipe="V",
                  help="The objects to choose from."),
        Parameter("Count", "Int32", sets=("RandomListItemParameterSet",), minimum=1, default=1,
                  help="How many are chosen."),
    ),
    default_set="RandomNumberParameterSet",
    stream=True,
    examples=(Example("Get-Random -Minimum 2 -Maximum 4095", "Chooses a number."),),
)  # fmt: skip
def get_random(call: Call) -> Iterator[object]:
    """Output a number, or some of the objects."""
    if "SetSeed" in call:
        _CHANCE.seed(call.get("SetSeed"))
    if call.piped or "InputObject" in call:
        items = list(incoming(call)) if call.piped else call.get("InputObject")
        yield from _CHANCE.sample(items, min(call.get("Count"), len(items)))
        return
    least, most = _bound(call, "Minimum", 0), _bound(call, "Maximum", 2**31 - 1)
    if not least < most:
        raise failure(
            f"The Minimum value ({least}) cannot be greater than or equal to the Maximum value ({most}).",
            error_id="MinGreaterThanOrEqualMax", exception="System.ArgumentException",
        )  # fmt: skip
    if isinstance(least, float) or isinstance(most, float):
        yield _CHANCE.uniform(least, most)
    else:
        yield _CHANCE.randrange(least, most)


def _bound(call: Call, name: str, usual: int) -> int | float:
    """Return a bound as a number; NotConverted if it is none."""
    given = call.get(name, usual)
    return given if isinstance(given, int | float) else as_number(given)  # type: ignore[return-value]


_CHANCE: Final = random.Random()
