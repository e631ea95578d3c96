"""What moments and durations have (System.DateTime, System.TimeSpan)."""

from __future__ import annotations

import re
from calendar import isleap, monthrange
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from lab.shell.casts import convert
from lab.shell.dotnet.table import Refused, Table, integer, real
from lab.shell.enumerations import enumeration
from lab.shell.moment_formats import format_moment, format_span
from lab.shell.moments import parse_moment, parse_span
from lab.shell.scalars import Int64
from lab.shell.text import to_text

MOMENT: Final = Table()
SPAN: Final = Table()
MOMENTS: Final = Table()
SPANS: Final = Table()

_TICK: Final = timedelta(microseconds=1)
_BEGINNING: Final = datetime(1, 1, 1)
_RANGE: Final = "ArgumentOutOfRangeException"
_UNREPRESENTABLE: Final = (
    "The added or subtracted value results in an un-representable DateTime.\nParameter name: value"
)
_TOO_LONG: Final = "TimeSpan overflowed because the duration is too long."


def _day(value: datetime) -> object:
    return list(enumeration("System.DayOfWeek"))[value.isoweekday() % 7]


def _moved(value: datetime, span: timedelta) -> datetime:
    try:
        return value + span
    except OverflowError:
        raise Refused(_UNREPRESENTABLE, _RANGE) from None


def _span(unit: str, amount: object) -> timedelta:
    try:
        return timedelta(**{unit.casefold(): real(amount)})
    except (OverflowError, ValueError):
        raise Refused(_TOO_LONG, "OverflowException") from None


def _months(value: datetime, count: int) -> datetime:
    months = value.year * 12 + value.month - 1 + count
    year, month = divmod(months, 12)
    if not 1 <= year <= 9999:
        raise Refused(_UNREPRESENTABLE, _RANGE)
    return value.replace(year=year, month=month + 1, day=min(value.day, monthrange(year, month + 1)[1]))


def _subtract(value: datetime, other: object) -> object:
    if isinstance(other, timedelta):
        return _moved(value, -other)
    return value - _as_moment(other)


def _as_moment(value: object) -> datetime:
    found = convert(value, "datetime")
    assert isinstance(found, datetime)
    return found


def _as_span(value: object) -> timedelta:
    found = convert(value, "timespan")
    assert isinstance(found, timedelta)
    return found


def _text(act: Callable[[Any, str], str], usual: str) -> Callable[..., str]:
    def text(value: Any, form: object = "", *_: object) -> str:
        try:
            return act(value, to_text(form) or usual)
        except ValueError as error:
            raise Refused(str(error), "FormatException") from None

    return text


for _name in ("Year", "Month", "Day", "Hour", "Minute", "Second"):
    MOMENT.prop(_name, lambda value, name=_name: getattr(value, name.casefold()))  # type: ignore[misc]
MOMENT.prop("Millisecond", lambda value: value.microsecond // 1000)
MOMENT.prop("DayOfWeek", _day)
MOMENT.prop("DayOfYear", lambda value: value.timetuple().tm_yday)
MOMENT.prop("Date", lambda value: value.replace(hour=0, minute=0, second=0, microsecond=0))
MOMENT.prop("TimeOfDay", lambda value: value - value.replace(hour=0, minute=0, second=0, microsecond=0))
MOMENT.prop("Ticks", lambda value: Int64((value - _BEGINNING) // _TICK * 10))
MOMENT.prop("Kind", lambda value: "Unspecified")
MOMENT.prop("DateTime", lambda value: format_moment(value, "F"))
for _name in ("Days", "Hours", "Minutes", "Seconds", "Milliseconds"):
    MOMENT.method(f"Add{_name}", lambda value, by, unit=_name: _moved(value, _span(unit, by)), 1)
MOMENT.method("AddMonths", lambda value, by: _months(value, integer(by)), 1)
MOMENT.method("AddYears", lambda value, by: _months(value, 12 * integer(by)), 1)
MOMENT.method("AddTicks", lambda value, by: _moved(value, timedelta(microseconds=integer(by) // 10)), 1)
MOMENT.method("Add", lambda value, by: _moved(value, _as_span(by)), 1)
MOMENT.method("Subtract", _subtract, 1)
MOMENT.method("ToString", _text(format_moment, "G"), 0, 2)
MOMENT.method("ToShortDateString", lambda value: format_moment(value, "d"))
MOMENT.method("ToLongDateString", lambda value: format_moment(value, "D"))
MOMENT.method("ToShortTimeString", lambda value: format_moment(value, "t"))
MOMENT.method("ToLongTimeString", lambda value: format_moment(value, "T"))
MOMENT.method("ToUniversalTime", lambda value: value.astimezone(UTC).replace(tzinfo=None))
MOMENT.method("ToLocalTime", lambda value: value.replace(tzinfo=UTC).astimezone().replace(tzinfo=None))
MOMENT.method("CompareTo", lambda value, other: (value > _as_moment(other)) - (value < _as_moment(other)), 1)

for _name, _unit in (
    ("Days", timedelta(days=1)), ("Hours", timedelta(hours=1)), ("Minutes", timedelta(minutes=1)),
    ("Seconds", timedelta(seconds=1)), ("Milliseconds", timedelta(milliseconds=1)),
):  # fmt: skip
    SPAN.prop(f"Total{_name}", lambda value, unit=_unit: value / unit)  # type: ignore[misc]


def _part(unit: timedelta, whole: timedelta | None) -> Callable[[timedelta], int]:
    def read(value: timedelta) -> int:
        count = abs(value) // unit
        count = count % (whole // unit) if whole else count
        return -count if value < timedelta() else count

    return read


SPAN.prop("Days", _part(timedelta(days=1), None))
SPAN.prop("Hours", _part(timedelta(hours=1), timedelta(days=1)))
SPAN.prop("Minutes", _part(timedelta(minutes=1), timedelta(hours=1)))
SPAN.prop("Seconds", _part(timedelta(seconds=1), timedelta(minutes=1)))
SPAN.prop("Milliseconds", _part(timedelta(milliseconds=1), timedelta(seconds=1)))
SPAN.prop("Ticks", lambda value: Int64(value // _TICK * 10))
SPAN.method("Add", lambda value, other: value + _as_span(other), 1)
SPAN.method("Subtract", lambda value, other: value - _as_span(other), 1)
SPAN.method("Negate", lambda value: -value)
SPAN.method("Duration", abs)
SPAN.method("ToString", _text(format_span, "c"), 0, 2)
SPAN.method("CompareTo", lambda value, other: (value > _as_span(other)) - (value < _as_span(other)), 1)


def _parsed(parse: Callable[[str], object], kind: str) -> Callable[..., object]:
    def parsed(text: object, *_: object) -> object:
        try:
            return parse(to_text(text).strip())
        except ValueError:
            raise Refused(f"String was not recognized as a valid {kind}.", "FormatException") from None

    return parsed


_FORMS: Final = {
    "yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "hh": "%I", "mm": "%M", "ss": "%S", "tt": "%p", "yy": "%y",
    "MMMM": "%B", "MMM": "%b", "fff": "%f", "M": "%m", "d": "%d", "H": "%H", "h": "%I",
}  # fmt: skip


def _parse_exact(text: object, form: object, *_: object) -> datetime:
    pieces = re.findall(r"y+|M+|d+|H+|h+|m+|s+|t+|f+|'[^']*'|.", to_text(form))
    made = "".join(_FORMS.get(each, each.strip("'").replace("%", "%%")) for each in pieces)
    try:
        return datetime.strptime(to_text(text), made)
    except (ValueError, re.error):  # a directive that is there twice is an error of the expression made of it
        raise Refused("String was not recognized as a valid DateTime.", "FormatException") from None


def _new_moment(*given: object) -> datetime:
    if len(given) == 1:
        return _as_moment(given[0])
    parts = [integer(each) for each in given[:7]]
    try:
        made = datetime(*parts[:6])  # type: ignore[arg-type]
    except (ValueError, TypeError):
        raise Refused("Year, Month, and Day parameters describe an un-representable DateTime.", _RANGE) from None
    return made + timedelta(milliseconds=parts[6] if len(parts) > 6 else 0)


def _new_span(*given: object) -> timedelta:
    parts = [integer(each) for each in given]
    if len(parts) == 1:
        return timedelta(microseconds=parts[0] // 10)
    if len(parts) == 3:
        parts.insert(0, 0)
    units = ("days", "hours", "minutes", "seconds", "milliseconds")
    return timedelta(**dict(zip(units, parts, strict=False)))


def _days_in_month(year: object, month: object) -> int:
    if not (1 <= integer(year) <= 9999 and 1 <= integer(month) <= 12):
        raise Refused("Month must be between one and twelve.\nParameter name: month", _RANGE)
    return monthrange(integer(year), integer(month))[1]


MOMENTS.prop("Now", lambda _: datetime.now())
MOMENTS.prop("UtcNow", lambda _: datetime.now(UTC).replace(tzinfo=None))
MOMENTS.prop("Today", lambda _: datetime.now().replace(hour=0, minute=0, second=0, microsecond=0))
MOMENTS.prop("MinValue", lambda _: datetime.min)
MOMENTS.prop("MaxValue", lambda _: datetime.max)
MOMENTS.method("Parse", _parsed(parse_moment, "DateTime"), 1, 3)
MOMENTS.method("ParseExact", _parse_exact, 2, 4)
MOMENTS.method("DaysInMonth", _days_in_month, 2)
MOMENTS.method("IsLeapYear", lambda year: isleap(integer(year)), 1)
MOMENTS.method("new", _new_moment, 1, 7)
SPANS.prop("Zero", lambda _: timedelta())
SPANS.prop("MaxValue", lambda _: timedelta.max)
SPANS.prop("TicksPerSecond", lambda _: Int64(10_000_000))
for _name in ("Days", "Hours", "Minutes", "Seconds", "Milliseconds"):
    SPANS.method(f"From{_name}", lambda amount, unit=_name: _span(unit, amount), 1)
SPANS.method("FromTicks", lambda ticks: timedelta(microseconds=integer(ticks) // 10), 1)
SPANS.method("Parse", _parsed(parse_span, "TimeSpan"), 1, 2)
SPANS.method("new", _new_span, 1, 5)
