"""A parser of JSON streams for the `ovs` package, whose own looks at every character in Python: 0.5 s for a megabyte.

That is what a database says when access lists change. Where the package comes with its parser in C, that one stays.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

import ovs.json

_STRING: Final = re.compile(r'[^"\\]*(?:\\.[^"\\]*)*', re.DOTALL)
_BETWEEN: Final = re.compile(r'[^"{}]*')


def install() -> None:
    """Have all connections to databases use :class:`Parser` from now on."""
    if ovs.json.PARSER != ovs.json.PARSER_C:
        ovs.json.Parser = Parser


class Parser:
    """Finds where a JSON object that arrives in pieces ends, and leaves the rest to :mod:`json`."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._depth = 0
        self._in_string = False
        self._escaping = False
        self._done = False

    def feed(self, text: str) -> int:
        """Take what belongs to the object; return how many characters those were."""
        at = 0
        while at < len(text) and not self._done:
            at = self._through_string(text, at) if self._in_string else self._to_mark(text, at)
        self._pieces.append(text[:at])
        return at

    def is_done(self) -> bool:
        """Tell whether the object is complete, or cannot become one."""
        return self._done

    def finish(self) -> Any:
        """Return the object; if it is none, in words what is wrong."""
        try:
            return json.loads("".join(self._pieces))
        except (ValueError, RecursionError) as error:
            return str(error)

    def _through_string(self, text: str, at: int) -> int:
        found = _STRING.match(text, at + self._escaping)
        assert found is not None
        end = found.end()
        # It ends at a quotation mark, or in the middle of an escape sequence, or where the piece does.
        self._escaping = text[end:] == "\\"
        self._in_string = text[end : end + 1] != '"'
        return min(end + 1, len(text))

    def _to_mark(self, text: str, at: int) -> int:
        found = _BETWEEN.match(text, at)
        assert found is not None
        end = found.end()
        mark = text[end : end + 1]
        is_object = self._depth > 0 or (mark in ("", "{") and not found[0].strip())
        self._depth += {"{": 1, "}": -1}.get(mark, 0)
        self._done = not is_object or (mark == "}" and self._depth == 0)
        self._in_string = mark == '"'
        return end + len(mark)
