"""The reader's place in a script: what is skipped between words, where words end, how mistakes are reported.

PowerShell has no words that could be cut out beforehand: where ``10.0.0.1`` ends depends on whether an expression or
an argument is expected there (about_Parsing). Therefore the parser asks for what it expects at its place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from lab.shell import syntax
from lab.shell.errors import ErrorRecord, ParseError

DASHES: Final = "-\u2013\u2014\u2015"
SINGLE_QUOTES: Final = "'\u2018\u2019\u201a\u201b"
DOUBLE_QUOTES: Final = '"\u201c\u201d\u201e'

_BLANK: Final = r"[^\S\r\n]+|`(?:\r\n|[\r\n])|`(?=[^\S\r\n])|#[^\r\n]*|<#.*?#>"
_SPACE: Final = re.compile(rf"(?:{_BLANK})*", re.DOTALL)
_NEWLINES: Final = re.compile(rf"(?:[\r\n]+|{_BLANK})*", re.DOTALL)
_TERMINATORS: Final = re.compile(rf"(?:[\r\n;]+|{_BLANK})*", re.DOTALL)
_COMMENT: Final = re.compile(r"#[^\r\n]*|<#.*?#>", re.DOTALL)

NAME: Final = re.compile(r"[^\W\d]\w*")
WORD: Final = re.compile(r"[^\s{}();,|&]+|.", re.DOTALL)
"""What a message calls the token at some place."""

_ENDS_TOKEN: Final = frozenset("\0\t\r\n &(){};,|")
_ENDS_NUMBER: Final = frozenset("!#%*+-./<=>]")

_DEEPEST: Final = 100
"""So many brackets and blocks in one another are more than anybody writes, and fewer than Python's stack holds."""


class Unfinished(ParseError):
    """The script ends in the middle of something: with more text it may become one that is understood."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a script, for colours and for completion.

    ``kind`` is command, parameter, argument, string, number, variable, operator, keyword, comment, type or member.
    """

    kind: str
    start: int
    end: int


@dataclass(slots=True)
class Draft:
    """A command as far as it was read; ``end`` is None as long as it has not been read to its end.

    Without a name it is an expression in the place of a command.
    ``pending`` is the parameter whose argument is being read after a colon; ``verbatim``: nothing is a parameter now.
    """

    start: int
    name: syntax.Expression | None
    arguments: list[syntax.CommandParameter | syntax.Splat | syntax.Expression]
    pending: str = ""
    verbatim: bool = False
    end: int | None = None


class Notes:
    """What is noted while reading, besides the syntax tree: for colours and completion.

    ``marks`` are the words by their beginning, ``drafts`` the commands, ``targets`` what members are of, by the place
    where their name begins. ``element_start`` is the last place where a command could begin.
    """

    def __init__(self) -> None:
        self.marks: dict[int, Token] = {}
        self.drafts: list[Draft] = []
        self.targets: dict[int, syntax.Expression] = {}
        self.element_start = -1


class Cursor:
    """A script and the place in it. Places are counted from 0; every method leaves blanks before its end alone."""

    def __init__(self, text: str, file: str = "", notes: Notes | None = None) -> None:
        self.text = text
        self.file = file
        self.length = len(text)
        self.pos = 0
        self.depth = 0
        self.commas = True
        self.comments: dict[int, int] = {}
        self.notes = notes
        self.ends_in_continuation = False

    def extent(self, start: int, end: int = -1) -> syntax.Extent:
        return syntax.Extent(self.text, start, self.pos if end < 0 else end, self.file)

    def restart(self, place: int) -> None:
        """Go to a place as if a script began there."""
        self.pos = place
        self.depth = 0
        self.commas = True

    # What is between words

    def skip_space(self) -> None:
        """Go over blanks, comments, and line ends after a backtick."""
        self._skip(_SPACE)

    def skip_newlines(self) -> None:
        self._skip(_NEWLINES)

    def skip_terminators(self) -> None:
        """Go over the ends of statements: line ends and semicolons."""
        self._skip(_TERMINATORS)

    def _skip(self, blanks: re.Pattern[str]) -> None:
        text, start = self.text, self.pos
        found = blanks.match(text, start)
        end = self.pos = found.end() if found else start
        if end > start and text.find("#", start, end) >= 0:
            self._note_comments(start, end)
        if end == self.length:
            self._note_continuation(start)
            return
        if text[end] == "`" and end + 1 == self.length:
            raise self.unfinished("IncompleteString", "Incomplete string token.", end)
        if text.startswith("<#", end):
            self.mark("comment", end, self.length)
            message = "The terminator '#>' is missing from the multiline comment."
            raise self.unfinished("MissingTerminatorMultiLineComment", message, end, self.length)

    def _note_comments(self, start: int, end: int) -> None:
        for comment in _COMMENT.finditer(self.text, start, end):
            self.comments[comment.start()] = comment.end()
            self.mark("comment", comment.start(), comment.end())

    def _note_continuation(self, start: int) -> None:
        """Note whether the last sign of the script, if it is a blank's, is a backtick: its line goes on."""
        last = len(self.text.rstrip()) - 1
        if start <= last < self.length and self.text[last] == "`":
            self.ends_in_continuation = not self.comments or max(self.comments.values()) <= last

    # What is at the place

    def peek(self, length: int = 1) -> str:
        return self.text[self.pos : self.pos + length]

    def at_end(self) -> bool:
        return self.pos >= self.length

    def ends_token(self, place: int) -> bool:
        """Tell whether no word goes on there, whatever is expected."""
        if place >= self.length:
            return True
        character = self.text[place]
        return character in _ENDS_TOKEN or character.isspace()

    def ends_number(self, place: int, argument: bool) -> bool:
        return self.ends_token(place) or (not argument and self.text[place] in _ENDS_NUMBER)

    def keyword(self) -> str:
        """Return the word here in lower case if it is nothing but letters; empty otherwise."""
        found = NAME.match(self.text, self.pos)
        return found[0].lower() if found and self.ends_token(found.end()) else ""

    def take_keyword(self, *words: str) -> bool:
        """Go over one of these words."""
        found = self.keyword()
        if not found or found not in words:
            return False
        self.pos += len(found)
        self.mark("keyword", self.pos - len(found))
        return True

    def take(self, text: str) -> bool:
        """Go over exactly that."""
        if self.text.startswith(text, self.pos):
            self.pos += len(text)
            return True
        return False

    # Mistakes

    def fail(self, error_id: str, message: str, start: int, end: int = -1, remedy: str = "") -> ParseError:
        """Return a mistake, to be raised."""
        return ParseError(self._record(error_id, message, start, end, remedy))

    def unfinished(self, error_id: str, message: str, start: int, end: int = -1) -> ParseError:
        return Unfinished(self._record(error_id, message, start, end, ""))

    def missing(self, error_id: str, message: str, start: int, end: int = -1) -> ParseError:
        """Return the mistake that something is missing here; it is an unfinished script if nothing follows."""
        found = _NEWLINES.match(self.text, self.pos)
        if found is None or found.end() >= self.length:
            return self.unfinished(error_id, message, start, end)
        return self.fail(error_id, message, start, end)

    def unexpected(self, remedy: str = "") -> ParseError:
        """Return the mistake that the token here cannot be here."""
        found = WORD.match(self.text, self.pos)
        token = found[0] if found else ""
        message = f"Unexpected token '{token}' in expression or statement."
        return self.fail("UnexpectedToken", message, self.pos, self.pos + len(token), remedy)

    def unknown(self, what: str, start: int, end: int, remedy: str) -> ParseError:
        """Return the mistake that something is PowerShell's, but not this console's."""
        return self.fail("NotSupported", f"this console does not know {what}", start, end, remedy)

    def _record(self, error_id: str, message: str, start: int, end: int, remedy: str) -> ErrorRecord:
        return ErrorRecord(
            message,
            "ParserError",
            error_id,
            "ParseException",
            extent=self.extent(start, start if end < 0 else end),
            remedy=remedy,
        )

    def deeper(self, start: int) -> None:
        """Note that something begins inside of something; whoever calls it subtracts 1 from ``depth`` at its end."""
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self.too_deep(start)

    def too_deep(self, start: int) -> ParseError:
        message = "Processing was stopped because the script is too complex."
        return self.fail("ScriptTooComplicated", message, start)

    # Notes

    def begin_element(self) -> None:
        """Note that a command could begin here."""
        if self.notes is not None:
            self.notes.element_start = self.pos

    def mark(self, kind: str, start: int, end: int = -1) -> None:
        """Note a word, if notes are taken."""
        if self.notes is not None:
            stop = self.pos if end < 0 else end
            if stop > start:
                self.notes.marks[start] = Token(kind, start, stop)
