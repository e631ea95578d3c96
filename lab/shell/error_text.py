"""Errors as Windows PowerShell 5.1 shows them: what is wrong, where, and its category and id."""

from __future__ import annotations

from typing import Final

from lab.shell.errors import ErrorRecord, ParseError
from lab.shell.syntax import Extent
from lab.shell.text import to_text
from lab.shell.type_names import exception_types, short_type_name

_LONGEST_LINE: Final = 69
_BEFORE: Final = 12
_AFTER: Final = 8
_LONGEST_TARGET: Final = 40
_HALF: Final = 15


def render(record: ErrorRecord) -> str:
    """Return an error's text, without a new line at its end."""
    lines = [f"{_prefix(record)}{said(record)}"]
    if position := position_text(record.extent):
        lines.append(position)
    lines.append(f"    + CategoryInfo          : {category_text(record)}")
    lines.append(f"    + FullyQualifiedErrorId : {record.error_id}")
    return "\n".join(lines)


def render_parse_error(error: ParseError) -> str:
    """Return the text of all mistakes in a script."""
    first = error.records[0]
    pieces = [f"{position_text(record.extent)}\n{said(record)}" for record in error.records]
    pieces.append(f"    + CategoryInfo          : {category_text(first)}")
    pieces.append(f"    + FullyQualifiedErrorId : {first.error_id}")
    return "\n".join(pieces)


def said(record: ErrorRecord) -> str:
    """Return an error's message, and what to do about it as a sentence after it."""
    if not record.remedy:
        return record.message
    remedy = record.remedy[:1].upper() + record.remedy[1:]
    return f"{record.message} {remedy}{'' if remedy[-1] in '.?!' else '.'}"


def _prefix(record: ErrorRecord) -> str:
    """Return the command that an error comes from, as it stands before the message."""
    if record.exception.endswith("CommandNotFoundException") and record.target is not None:
        return f"{to_text(record.target)} : "
    named = record.caller or record.activity
    return f"{named} : " if named else ""


def category_text(record: ErrorRecord) -> str:
    """Return the line CategoryInfo: ``InvalidArgument: (x:String) [Get-VM], VirtualizationException``."""
    reason = exception_types(record.exception)[0].rpartition(".")[2]
    target = "" if record.target is None else to_text(record.target)
    kind = "" if record.target is None else short_type_name(record.target)
    if target.splitlines()[1:]:
        target = target.splitlines()[0]
    activity = "" if record.exception.endswith("CommandNotFoundException") else record.activity
    return f"{record.category}: ({_shortened(target)}:{_shortened(kind)}) [{_shortened(activity)}], {reason}"


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_TARGET else f"{text[:_HALF]}...{text[-_HALF:]}"


def position_text(extent: Extent | None) -> str:
    """Return where an error is: file and line, the line itself, and a mark under the piece in question."""
    if extent is None or not extent.source:
        return ""
    where = extent.file or "line"
    head = f"At {where}:{extent.line} char:{extent.column}"
    line = _line(extent)
    return f"{head}\n+ {line}" if line else head


def _line(extent: Extent) -> str:
    source = extent.source.split("\n")[extent.line - 1].rstrip()
    before = extent.column - 1
    first = extent.text.split("\n")[0]
    marked = len(first) if "\n" not in extent.text else len(source) - before
    if "\t" in source:
        spaced = [part.replace("\t", "    ") for part in (source[:before], source[before : before + marked])]
        source = "".join((*spaced, source[before + marked :].replace("\t", "    ")))
        before, marked = len(spaced[0]), len(spaced[1])
    if not source:
        return ""
    left = right = ""
    if len(source) > _LONGEST_LINE:
        source, before, marked, left, right = _cut(source, before, marked)
    return f"{left}{source}{right}\n+ {' ' * (before + len(left))}{'~' * max(marked, 1)}"


def _cut(source: str, before: int, marked: int) -> tuple[str, int, int, str, str]:
    """Return a long line cut to what is around the mark, and the dots on its sides."""
    after = len(source) - marked - before
    prefix, suffix = min(before, _BEFORE), min(after, _AFTER)
    room = _LONGEST_LINE - prefix - marked - suffix
    if room <= 0:
        marked = min(marked, _LONGEST_LINE - prefix)
        cut_right = True
    else:
        more = min(before - prefix, room)
        prefix += more
        suffix += min(after, room - more)
        cut_right = suffix < after
    start = before - prefix
    left = "... " if start > 0 else ""
    text = source[start : start + _LONGEST_LINE]
    return text, prefix, min(marked, _LONGEST_LINE - prefix), left, " ..." if cut_right else ""
