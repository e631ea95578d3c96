"""Lines of a script: commands with their parameters, blocks, what only a lab understands, and what cannot be said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Final

from lab.shell.export.quoting import written

NOT_EXPRESSIBLE: Final = "# hvlab: not expressible: "
"""What a line begins with that says what the script leaves out."""

_INDENT: Final = "    "
_WIDTH: Final = 108


class Switch(Enum):
    """The value of a switch parameter that is on."""

    ON = True


ON: Final = Switch.ON


def line(command: str, /, *arguments: object, **parameters: object) -> str:
    """Return a command; parameters that are None are left out. One that is long is continued with backticks."""
    parts = [command, *map(written, arguments)]
    for name, value in parameters.items():
        if value is ON:
            parts.append(f"-{name}")
        elif value is not None:
            parts.append(f"-{name} {written(value)}")
    rows = [parts[0]]
    for part in parts[1:]:
        if len(rows[-1]) + len(part) >= _WIDTH and rows[-1].strip() != command:
            rows[-1] += " `"
            rows.append(f"{_INDENT}{part}")
        else:
            rows[-1] += f" {part}"
    return "\n".join(rows)


def indented(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines one step further in."""
    for each in lines:
        for row in each.split("\n"):
            yield f"{_INDENT}{row}" if row else row


def block(head: str, lines: Iterable[str], tail: str = "") -> Iterator[str]:
    """Yield lines within braces, with `tail` behind; only comments are yielded without."""
    inside = list(lines)
    if any(each and not each.startswith("#") for each in inside):
        yield head + " {"
        yield from indented(_trimmed(inside))
        yield "}" + tail
    else:
        yield from inside


def guarded(lines: Iterable[str], otherwise: Iterable[str] = (), *, command: str = "") -> Iterator[str]:
    """Yield lines that only a lab carries out, as Windows has no such cmdlet; and those for Windows instead of them.

    ``command`` is the cmdlet by which a lab is known, the first of the lines unless given.
    """
    inside, instead = list(lines), list(otherwise)
    if not any(not each.startswith("#") for each in inside):
        yield from inside
        return
    command = command or next(each for each in inside if not each.startswith("#")).split(maxsplit=1)[0]
    yield from block(f"if (Get-Command {command} -ErrorAction SilentlyContinue)", inside)
    if instead:
        yield from block("else", instead)


def unasked(command: str) -> str:
    """Return a command that asks before it does something as one that does not."""
    return f"{command} -Confirm:$false"


def section(title: str, lines: Iterable[str]) -> Iterator[str]:
    """Yield lines under a title, with an empty line before it; nothing if there are none."""
    inside = _trimmed(list(lines))
    if inside:
        yield ""
        yield f"# {title}"
        yield from inside


def lost(what: str) -> str:
    """Return the line that says what the script leaves out."""
    return NOT_EXPRESSIBLE + " ".join(what.split())


def _trimmed(lines: list[str]) -> list[str]:
    """Return lines without empty ones at their ends, and never two of them together."""
    found: list[str] = []
    for each in lines:
        if each or (found and found[-1]):
            found.append(each)
    while found and not found[-1]:
        found.pop()
    return found
