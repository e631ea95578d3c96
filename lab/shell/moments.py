"""Moments and durations as text: what ``[datetime]`` and ``[timespan]`` can read (culture en-US)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

_SPAN: Final = re.compile(
    r"(?P<sign>-?)(?:(?P<days>\d+)(?:\.|:(?=\d+:\d+:)))?(?P<hours>\d+):(?P<minutes>\d+)"
    r"(?::(?P<seconds>\d+)(?:\.(?P<part>\d{1,7}))?)?",
    re.ASCII,
)
_DATE: Final = (
    "%m/%d/%Y", "%m/%d/%y", "%Y-%m-%d", "%Y/%m/%d", "%m-%d-%Y", "%d %B %Y", "%d %b %Y", "%B %d, %Y", "%b %d, %Y",
    "%B %d %Y",
    "%A, %B %d, %Y", "%Y-%m", "%B %Y", "%Y%m%dX",
)  # fmt: skip
_TIME: Final = ("%H:%M:%S.%f", "%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p", "%I %p")


def parse_span(text: str) -> timedelta:
    """Return the duration that a text is: ``8.00:00:00``, ``1:30``, or a number of days; ValueError if it is none."""
    if re.fullmatch(r"-?\d{1,8}", text, re.ASCII):
        return timedelta(days=int(text))
    found = _SPAN.fullmatch(text)
    if not found:
        raise ValueError(text)
    hours, minutes, seconds = int(found["hours"]), int(found["minutes"]), int(found["seconds"] or 0)
    if hours > 23 or minutes > 59 or seconds > 59:
        raise ValueError(text)
    ticks = int((found["part"] or "0").ljust(7, "0"))
    span = timedelta(
        days=int(found["days"] or 0), hours=hours, minutes=minutes, seconds=seconds, microseconds=ticks // 10
    )
    return -span if found["sign"] else span


def parse_moment(text: str) -> datetime:
    """Return the moment that a text is, in local time; ValueError if it is none."""
    folded = re.sub(r"\s+", " ", text.strip()).replace("T", " ", 1) if re.match(r"\d{4}-\d\d-\d\dT", text) else text
    folded = re.sub(r"\s+", " ", folded.strip())
    offset = re.search(r"(?<=\d)(Z|[+-]\d\d:\d\d)$", folded)
    if offset and ":" in folded:
        iso = folded.replace(" ", "T", 1)
        return datetime.fromisoformat(iso.replace("Z", "+00:00")).astimezone().replace(tzinfo=None)
    folded = re.sub(r"(\.\d{6})\d+$", r"\1", folded)
    for date in _DATE:
        for form in (date, *(f"{date} {time}" for time in _TIME)):
            try:
                return datetime.strptime(folded, form)
            except ValueError:
                continue
    for form in _TIME:
        try:
            found = datetime.strptime(folded, form)
        except ValueError:
            continue
        return datetime.now().replace(hour=found.hour, minute=found.minute, second=found.second, microsecond=0)
    raise ValueError(text)
