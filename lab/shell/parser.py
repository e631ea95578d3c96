"""From the text of a script to its syntax tree, after the PowerShell language specification, chapter 15.

What PowerShell 5.1 knows and this console does not is refused with what to write instead; nothing is evaluated here.
What the parts of a script are is read by the modules ``parse_…``, each of which builds on the one before.
"""

from __future__ import annotations

from lab.shell import syntax
from lab.shell.errors import ParseError
from lab.shell.lexer import Token, Unfinished
from lab.shell.parse_definitions import Definitions
from lab.shell.survey import Typed, at, tokens

__all__ = ["Token", "Typed", "at", "incomplete", "parse", "tokens"]


def parse(text: str, file: str = "") -> syntax.ScriptBlock:
    """Return a script's syntax tree. ``file`` is where it comes from; empty for what was typed.

    Raises :class:`ParseError` with PowerShell's message, its FullyQualifiedErrorId and the place in the script.
    """
    reader = Definitions(text, file)
    try:
        return reader.script()
    except RecursionError:  # less stack was left than the reader's own bound on depth assumes
        raise reader.too_deep(reader.pos) from None


def incomplete(text: str) -> bool:
    """Tell whether a text that was typed goes on in the next line: something in it is open."""
    reader = Definitions(text)
    try:
        reader.script()
    except Unfinished:
        return True
    except (ParseError, RecursionError):
        return False
    return reader.ends_in_continuation
