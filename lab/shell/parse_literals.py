"""Variables and strings of a script (about_Variables, about_Quoting_Rules)."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from itertools import pairwise
from typing import Final

from lab.shell import syntax
from lab.shell.lexer import DOUBLE_QUOTES, SINGLE_QUOTES
from lab.shell.parse_numbers import Numbers

_VARIABLE: Final = re.compile(r"[$?^]|(?:[\w?]|:(?!:))+")
_ESCAPES: Final = {"0": "\0", "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_CONSTANTS: Final = {"true": True, "false": False, "null": None}

_SINGLE: Final = re.compile(f"[^{SINGLE_QUOTES}]*")
_EXPANDABLE: Final = re.compile(f"[^{DOUBLE_QUOTES}`$]+")
_HERE_EXPANDABLE: Final = re.compile(r"[^\r\n`$]+")
_HERE_HEADER: Final = re.compile(r"[^\S\r\n]*(\r\n|[\r\n])")
_HERE_INDENTED: Final = {
    quotes: re.compile(rf"[\r\n][^\S\r\n]+[{quotes}]@") for quotes in (SINGLE_QUOTES, DOUBLE_QUOTES)
}
_HERE_FOOTER: Final = {quotes: re.compile(rf"(?:\r\n|[\r\n])[{quotes}]@") for quotes in (SINGLE_QUOTES, DOUBLE_QUOTES)}
_GENERIC: Final = re.compile(rf"[^\s\0&(){{}};,|`${SINGLE_QUOTES}{DOUBLE_QUOTES}]+")

_SUB_EXPRESSION: Final = re.compile(rf"[()]|[`{DOUBLE_QUOTES}](?=[{DOUBLE_QUOTES}])")
_LONGEST_SUB_EXPRESSION: Final = 4000
"""Farther than that no end is looked for, so that the time for a text of nothing but beginnings stays linear."""


class _Pieces:
    """The pieces of a string that is being read: text and expressions in turns."""

    def __init__(self) -> None:
        self.parts: list[syntax.Expression] = []
        self.text: list[str] = []

    def add(self, expression: syntax.Expression) -> None:
        self._close()
        self.parts.append(expression)

    def _close(self) -> None:
        if self.text:
            self.parts.append(syntax.Constant("".join(self.text)))
            self.text = []

    def finish(self, extent: syntax.Extent, bare: bool = False) -> syntax.Constant | syntax.ExpandableString:
        if not self.parts:
            return syntax.Constant("".join(self.text), bare, extent=extent)
        self._close()
        return syntax.ExpandableString(tuple(self.parts), bare, extent=extent)


class Literals(Numbers, ABC):
    """Reads what has no parts that are statements, but for what is in ``$( )`` in strings."""

    @abstractmethod
    def sub_expression(self) -> syntax.Expression:
        """Read ``$( … )``."""

    # Variables

    def variable(self) -> syntax.Variable | syntax.Constant | None:
        """Read ``$name`` or ``${any name}``; None if what is after ``$`` is no name."""
        start = self.pos
        if self.text.startswith("{", start + 1):
            return self._braced()
        found = _VARIABLE.match(self.text, start + 1)
        if found is None:
            return None
        name = found[0]
        self.pos = found.end()
        self.mark("variable", start)
        if name.endswith(":"):
            message = (
                "Variable reference is not valid. ':' was not followed by a valid variable name character. "
                "Consider using ${} to delimit the name."
            )
            raise self.fail("InvalidVariableReferenceWithDrive", message, start, self.pos)
        return self._named(name, start)

    def _named(self, name: str, start: int) -> syntax.Variable | syntax.Constant:
        extent = self.extent(start)
        if (constant := name.lower()) in _CONSTANTS:
            return syntax.Constant(_CONSTANTS[constant], extent=extent)
        scope, colon, rest = name.partition(":")
        return syntax.Variable(rest, scope.lower(), extent=extent) if colon else syntax.Variable(name, extent=extent)

    def _braced(self) -> syntax.Variable | syntax.Constant:
        start = self.pos
        name: list[str] = []
        place = start + 2
        while not self.text.startswith("}", place):
            if self.text.startswith("`", place):
                place += 1
                name.append(_ESCAPES.get(self.text[place : place + 1], self.text[place : place + 1]))
            else:
                name.append(self.text[place : place + 1])
            if place >= self.length:
                self.mark("variable", start, self.length)
                message = "${variable} reference starting is missing the closing '}'."
                raise self.unfinished("IncompleteDollarVariableReference", message, start, self.length)
            if self.text[place] == "{" and self.text[place - 1] != "`":
                message = "Use `{ instead of { in variable names."
                raise self.fail("OpenBraceNeedsToBeBackTickedInVariableName", message, place, place + 1)
            place += 1
        self.pos = place + 1
        self.mark("variable", start)
        if not name:
            message = "An empty ${} variable reference was found. A name is required inside the braces."
            raise self.fail("EmptyVariableReference", message, start, self.pos)
        return self._named("".join(name), start)

    # Strings

    def string(self) -> syntax.Constant | syntax.ExpandableString:
        """Read a string in quotes of any kind."""
        start = self.pos
        pieces = _Pieces()
        if self.text[start] in SINGLE_QUOTES:
            self._literal(pieces)
        else:
            self._expandable(pieces, start)
        return pieces.finish(self.extent(start))

    def _literal(self, pieces: _Pieces) -> None:
        start = self.pos
        self.pos += 1
        while True:
            found = _SINGLE.match(self.text, self.pos)
            assert found is not None, "the pattern fits everywhere"
            pieces.text.append(found[0])
            self.pos = found.end()
            if self.at_end():
                raise self._no_terminator("'", start, start)
            self.pos += 1
            if self.at_end() or self.text[self.pos] not in SINGLE_QUOTES:
                self.mark("string", start)
                return
            pieces.text.append(self.text[self.pos])
            self.pos += 1

    def _expandable(self, pieces: _Pieces, start: int) -> None:
        marked = self.pos
        self.pos += 1
        while True:
            found = _EXPANDABLE.match(self.text, self.pos)
            if found:
                pieces.text.append(found[0])
                self.pos = found.end()
            if self.at_end():
                raise self._no_terminator('"', start, marked)
            if self.text[self.pos] in "`$":
                marked = self._expanded(pieces, marked)
                continue
            self.pos += 1
            if self.at_end() or self.text[self.pos] not in DOUBLE_QUOTES:
                self.mark("string", marked)
                return
            pieces.text.append(self.text[self.pos])
            self.pos += 1

    def _expanded(self, pieces: _Pieces, marked: int, kind: str = "string", here: bool = False) -> int:
        """Read what a backtick or a dollar begins in a string; return where the text begins that is not marked yet."""
        start = self.pos
        if self.text[start] == "`":
            following = self.text[start + 1 : start + 2]
            pieces.text.append(_ESCAPES.get(following, following))
            self.pos += 2 if following else 1
            return marked
        self.mark(kind, marked)
        found: syntax.Expression | None
        if self.text.startswith("(", start + 1):
            found = self.sub_expression() if here else self._sub_expression_in_quotes()
        else:
            found = self.variable()
        if found is None:
            pieces.text.append("$")
            self.pos += 1
            return marked
        pieces.add(found)
        return self.pos

    def _sub_expression_in_quotes(self) -> syntax.Expression:
        """Read ``$( … )`` in a string; quotes in it may be written as the string's own are: ``""a""``.

        As in PowerShell, brackets and quotes are only counted to find that out, wherever they are.
        """
        start = self.pos
        depth, end = 0, self.length
        escapes: list[int] = []
        for found in _SUB_EXPRESSION.finditer(self.text, start, start + _LONGEST_SUB_EXPRESSION):
            if found[0] == ")":
                depth -= 1
                if not depth:
                    end = found.end()
                    break
            elif found[0] == "(":
                depth += 1
            elif not escapes or found.start() > escapes[-1] + 1:
                escapes.append(found.start())
        return self._without(escapes, end) if escapes and end < self.length else self.sub_expression()

    def _without(self, escapes: list[int], end: int) -> syntax.Expression:
        """Read what is here up to some place as if some characters of it were not there."""
        text = self.text
        places = [-1, *escapes, end]
        self.text = "".join(text[before + 1 : after] for before, after in pairwise(places)) + text[end:]
        self.length = len(self.text)
        try:
            found = self.sub_expression()
        finally:
            self.text = text
            self.length = len(text)
        self.pos += len(escapes)
        return found

    def _no_terminator(self, terminator: str, start: int, marked: int) -> Exception:
        self.mark("string", marked, self.length)
        message = f"The string is missing the terminator: {terminator}."
        return self.unfinished("TerminatorExpectedAtEndOfString", message, start, self.length)

    def here_string(self) -> syntax.Constant | syntax.ExpandableString:
        """Read ``@'`` or ``@"`` up to the line that begins with ``'@`` or ``"@``."""
        start = self.pos
        quotes = SINGLE_QUOTES if self.text[start + 1] in SINGLE_QUOTES else DOUBLE_QUOTES
        header = _HERE_HEADER.match(self.text, start + 2)
        if header is None:
            if not self.text[start + 2 :].strip():
                raise self._no_here_terminator(quotes, start, start)
            message = "No characters are allowed after a here-string header but before the end of the line."
            raise self.fail("UnexpectedCharactersAfterHereStringHeader", message, start, start + 2)
        self.pos = header.start(1)
        pieces = _Pieces()
        if quotes == SINGLE_QUOTES:
            footer = _HERE_FOOTER[quotes].search(self.text, self.pos)
            if footer is None:
                raise self._no_here_terminator(quotes, start, start)
            pieces.text.append(self.text[header.end() : max(footer.start(), header.end())])
            self.pos = footer.end()
            self.mark("string", start)
        else:
            self._here_expandable(pieces, start, header.end())
        return pieces.finish(self.extent(start))

    def _here_expandable(self, pieces: _Pieces, start: int, body: int) -> None:
        marked = start
        while not self.at_end():
            if self.text[self.pos] in "`$":
                marked = self._expanded(pieces, marked, here=True)
                continue
            footer = _HERE_FOOTER[DOUBLE_QUOTES].match(self.text, self.pos)
            if footer:
                self.pos = footer.end()
                self.mark("string", marked)
                return
            found = _HERE_EXPANDABLE.match(self.text, self.pos)
            end = found.end() if found else self.pos + 1
            if self.pos >= body:
                pieces.text.append(self.text[self.pos : end])
            self.pos = end
        raise self._no_here_terminator(DOUBLE_QUOTES, start, marked)

    def _no_here_terminator(self, quotes: str, start: int, marked: int) -> Exception:
        self.mark("string", marked, self.length)
        indented = _HERE_INDENTED[quotes].search(self.text, start)
        if indented:
            message = "White space is not allowed before the string terminator."
            return self.unfinished("WhitespaceBeforeHereStringFooter", message, indented.end() - 2, indented.end())
        message = f"The string is missing the terminator: {quotes[0]}@."
        return self.unfinished("TerminatorExpectedAtEndOfString", message, start, self.length)

    # Words without quotes

    def generic(self, kind: str, expand: bool = True) -> syntax.Constant | syntax.ExpandableString:
        """Read a word as arguments are: up to a blank or a separator; quotes and variables in it count.

        Without ``expand``, for names of commands, variables in it are text.
        """
        start = marked = self.pos
        pieces = _Pieces()
        while True:
            found = _GENERIC.match(self.text, self.pos)
            if found:
                pieces.text.append(found[0])
                self.pos = found.end()
            character = self.peek()
            if not character or character not in "`$" + SINGLE_QUOTES + DOUBLE_QUOTES:
                break
            if character in SINGLE_QUOTES + DOUBLE_QUOTES:
                self.mark(kind, marked)
                self._literal(pieces) if character in SINGLE_QUOTES else self._expandable(pieces, start)
                marked = self.pos
            elif expand or character == "`":
                marked = self._expanded(pieces, marked, kind)
            else:
                pieces.text.append(character)
                self.pos += 1
        self.mark(kind, marked)
        return pieces.finish(self.extent(start), bare=True)
