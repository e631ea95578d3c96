"""Scripts that are very deep are refused in words, and very long ones are read at once."""

from __future__ import annotations

import sys

import pytest

from lab.shell.errors import ParseError
from lab.shell.parser import incomplete, parse

DEEP = [
    "(", "()", "{", "@(", "$(", '"$(', "!", "-", "-not ", "@{a=", "$a[", "$a.b(", "$a.b{", "[a(", "[a({", "f {", "if (1) {",
    "$a=", ",", "f (", "function f {", "switch (1) { 1 {", "for (;;) {", "try {", "return (", "[int](", '@"\n$(',
]  # fmt: skip


@pytest.mark.parametrize("text", DEEP, ids=repr)
def test_what_is_too_deep_is_told(text: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse(text * 10_000)
    assert caught.value.record.error_id in ("ScriptTooComplicated", "ExpectedExpression")
    assert not incomplete(text * 10_000)


def test_a_depth_that_people_write_is_read() -> None:
    for text, end in (("(", ")"), ("{", "}"), ("f {", "}"), ("$a.b(", ")"), ("@{a=", "}")):
        parse(text * 40 + "1" + end * 40)


def test_little_stack_that_is_left_is_told_too() -> None:
    def deep(depth: int) -> None:
        if depth:
            deep(depth - 1)
        else:
            parse("(" * 90 + "1" + ")" * 90)

    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000)  # an interpreter that another test has made allows more
    try:
        with pytest.raises(ParseError) as caught:
            deep(700)
    finally:
        sys.setrecursionlimit(before)
    assert caught.value.record.error_id == "ScriptTooComplicated"


LONG = [
    "1+" * 20_000 + "1", "$a" + ".b" * 20_000, "f " + "a," * 20_000 + "b", "f a;" * 20_000, "f a |" * 5_000 + "g",
    "if (1) {2} " + "elseif (1) {2} " * 5_000, "[int]" * 5_000, "# a\n" * 20_000, "<# a #>" * 20_000, " `\n" * 20_000,
    "f " + "-a b " * 20_000, '"' + "$a" * 20_000 + '"', "f " + "$a" * 20_000, "f " + "'a'" * 20_000, "1," * 20_000 + "1",
    "@{" + "".join(f"a{number}=1;" for number in range(5_000)) + "}", "'" * 40_000, "switch (1) {" + "1 {2};" * 5_000 + "}",
]  # fmt: skip


@pytest.mark.parametrize("text", LONG, ids=[text[:12] for text in LONG])
@pytest.mark.timeout(20)
def test_what_is_long_is_read_at_once(text: str) -> None:
    parse(text)
