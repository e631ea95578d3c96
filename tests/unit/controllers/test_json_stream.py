"""Objects in a stream are found wherever the pieces end, and are what the parser of the `ovs` package makes of them."""

from __future__ import annotations

import json
from typing import Any

import ovs.json
import pytest

from controllers.json_stream import Parser

TEXTS = [
    "{}",
    '{"id":null,"method":"update2","params":[{"a":{"b":[1,-2,true,false]}},"c"]}',
    json.dumps({"quote": 'a "b" \\', "{": "}", "": '\\"}', "inner": json.dumps({"name": 'Müller "1"\n', "x": [{}]})}),
    json.dumps({"ümläut": "日本 \U0001f600"}, ensure_ascii=False),
    '{"\\\\":"\\\\\\\\","\\"{":"\\u007d\\/"}',
]
SPACES = " \n"


def pieces(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


def objects(parser: Any, text: str, size: int) -> list[object]:
    """Return the objects in a text that comes in pieces, read as `ovs.jsonrpc` does."""
    found: list[object] = []
    current = parser()
    for piece in pieces(text, size):
        rest = piece
        while rest:
            rest = rest[current.feed(rest) :]
            if current.is_done():
                found.append(current.finish())
                current = parser()
    return found


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 1000])
def test_objects_are_found_wherever_pieces_end(size: int) -> None:
    stream = SPACES.join(TEXTS) + "".join(TEXTS)
    expected = [json.loads(text) for text in TEXTS] * 2
    assert objects(Parser, stream, size) == expected == objects(ovs.json.Parser, stream, size)


@pytest.mark.parametrize("size", [1, 4, 1000])
@pytest.mark.parametrize("text", ["nonsense {}", '"{}"', " }", "[1]", '{"a" 1}', "{1:2}", '{"a":"\n"}', "{[}"])
def test_what_is_no_object_is_an_error_in_words(text: str, size: int) -> None:
    for parser in (Parser, ovs.json.Parser):
        first = objects(parser, text, size)[0]
        assert isinstance(first, str) or text == "[1]", (parser, first)


@pytest.mark.parametrize("text", ["", " ", '{"a":1', '{"a":"}', '{"a":"\\'])
def test_what_has_not_ended_is_waited_for(text: str) -> None:
    assert objects(Parser, text, 1) == []
