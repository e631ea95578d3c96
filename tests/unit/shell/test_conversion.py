"""Conversion, text, comparison, wildcards: as the commands of the console use them."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from ipaddress import IPv4Address, IPv6Address
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.shell.conversion import compare, convert, equal, to_text, truth, type_name
from lab.shell.errors import NotConverted, ShellError
from lab.shell.objects import Hashtable, PSObject, ScriptBlock, TypeValue, Version, custom
from lab.shell.scalars import ArrayList, Byte, Char, Int64
from lab.shell.syntax import Extent
from lab.shell.syntax import ScriptBlock as Body
from lab.shell.wildcards import has_wildcards, matches, unescaped


@pytest.mark.parametrize(
    ("value", "name", "expected"),
    [
        ("5", "int", 5),
        ("0x1F", "System.Int32", 31),
        ("2KB", "int", 2048),
        ("-7", "sbyte", -7),
        (True, "int", 1),
        (Char("A"), "int", 65),
        (2.5, "int", 2),
        (3.5, "long", 4),
        ([7], "int", 7),
        ("1e3", "double", 1000.0),
        ("1.50", "decimal", Decimal("1.50")),
        (5, "string", "5"),
        ([1, 2], "string", "1 2"),
        (None, "string", ""),
        ("x", "String[]", ["x"]),
        (["1", "2"], "Int32[]", [1, 2]),
        (None, "Int32[]", None),
        ("8.00:00:00", "TimeSpan", timedelta(days=8)),
        ("3", "timespan", timedelta(days=3)),
        ("-1:30", "timespan", timedelta(hours=-1, minutes=-30)),
        ("1:02:03.5", "timespan", timedelta(hours=1, minutes=2, seconds=3.5)),
        ("2024-02-03T04:05:06", "datetime", datetime(2024, 2, 3, 4, 5, 6)),
        ("3 February 2024", "datetime", datetime(2024, 2, 3)),
        ("2/3/2024 1:30 PM", "datetime", datetime(2024, 2, 3, 13, 30)),
        ("10.1", "ipaddress", IPv4Address("10.0.0.1")),
        ("fe80::1", "IPAddress", IPv6Address("fe80::1")),
        ("{00000000-0000-0000-0000-000000000001}", "guid", UUID(int=1)),
        ("10.0.17763.1", "version", Version((10, 0, 17763, 1))),
        ("false", "bool", True),
        ("", "switch", False),
        ("int", "type", TypeValue("System.Int32")),
        ("a", "char", "a"),
        (5, "object", 5),
    ],
)
def test_a_value_becomes_one_of_another_type(value: object, name: str, expected: object) -> None:
    found = convert(value, name)
    assert found == expected
    assert isinstance(found, type(expected))


@pytest.mark.parametrize(
    ("value", "name", "message"),
    [
        ("abc", "int", 'Cannot convert value "abc" to type "System.Int32". Error: "Input string was not in a correct format."'),
        (256, "byte", 'Cannot convert value "256" to type "System.Byte". Error: "Value was either too large or too small for an unsigned byte."'),
        (float("inf"), "int", 'Cannot convert value "Infinity" to type "System.Int32". Error: "Value was either too large or too small for an Int32."'),
        ("1.2.3.4.5", "ipaddress", 'Cannot convert value "1.2.3.4.5" to type "System.Net.IPAddress". Error: "An invalid IP address was specified."'),
        ("25:00", "timespan", 'Cannot convert value "25:00" to type "System.TimeSpan". Error: "String was not recognized as a valid TimeSpan."'),
        (None, "datetime", 'Cannot convert null to type "System.DateTime".'),
        (5, "scriptblock", 'Cannot convert the "5" value of type "System.Int32" to type "System.Management.Automation.ScriptBlock".'),
        ("x", "xml", "Unable to find type [xml]."),
    ],
)  # fmt: skip
def test_what_cannot_be_converted_is_told_in_the_words_of_powershell(value: object, name: str, message: str) -> None:
    with pytest.raises(NotConverted) as caught:
        convert(value, name)
    assert caught.value.record.message == message


def test_an_object_is_taken_for_a_type_that_it_is_of_and_refused_for_others() -> None:
    switch = PSObject(("Microsoft.HyperV.PowerShell.VMSwitch", "System.Object"))
    assert convert(switch, "VMSwitch") is switch
    assert convert([switch], "VMSwitch[]") == [switch]
    with pytest.raises(NotConverted):
        convert(switch, "VirtualMachine")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "True"),
        (1.0, "1"),
        (0.1 + 0.2, "0.3"),
        (1e15, "1E+15"),
        (123456789012345.0, "123456789012345"),
        (-1.5e-7, "-1.5E-07"),
        (float("nan"), "NaN"),
        (Decimal("2.10"), "2.10"),
        ([1, [2, 3], "x"], "1 2 3 x"),
        (Hashtable({"a": 1}), "System.Collections.Hashtable"),
        (custom(a=1, b=[1], c=None), "@{a=1; b=System.Object[]; c=}"),
        (PSObject("Some.Type", {"a": 1}), "Some.Type"),
        (PSObject("Some.Type", text="me"), "me"),
        (datetime(2024, 2, 3, 4, 5, 6), "02/03/2024 04:05:06"),
        (timedelta(days=1, microseconds=5), "1.00:00:00.0000050"),
        (timedelta(seconds=-1), "-00:00:01"),
        (TypeValue("System.Int32"), "int"),
        (TypeValue("Some.Type"), "Some.Type"),
        (ScriptBlock(Body(extent=Extent(" x ", 0, 3))), " x "),
        (Byte(5), "5"),
    ],
)
def test_a_value_is_a_text(value: object, text: str) -> None:
    assert to_text(value) == text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, False), (0, False), ("", False), ([], False), ([0], False), ([[]], False), (0.0, False),
        ("0", True), ([0, 0], True), (Hashtable(), True), (custom(), True), (-1, True), (timedelta(), True),
    ],
)  # fmt: skip
def test_a_value_is_true_or_false(value: object, expected: bool) -> None:
    assert truth(value) is expected


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (1, "System.Int32"), (2**31, "System.Int64"), (2**63, "System.UInt64"), (Int64(1), "System.Int64"),
        (True, "System.Boolean"), ("a", "System.String"), (Char("a"), "System.Char"), (1.0, "System.Double"),
        ([], "System.Object[]"), (ArrayList(), "System.Collections.ArrayList"),
        (Hashtable(), "System.Collections.Hashtable"), (custom(), "System.Management.Automation.PSCustomObject"),
    ],
)  # fmt: skip
def test_a_value_has_a_type(value: object, name: str) -> None:
    assert type_name(value) == name


def test_the_left_value_says_how_two_are_compared() -> None:
    assert equal("10", 10) and equal(10, "10.0") and not equal("10", 10.5)
    assert not equal("10.0", 10)
    assert compare("10", 9) < 0 < compare(10, "9")
    assert compare("a", "B") < 0
    with pytest.raises(ShellError, match="not IComparable"):
        compare(custom(), custom())


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("web*", "Web01", True), ("*", "", True), ("?", "", False), ("a?c", "abc", True), ("[a-c]x", "bx", True),
        ("[!a]", "!", True), ("a[", "a[", True), ("`*", "*", True), ("`*", "x", False), ("a.c", "abc", False),
        ("[]]", "]", True), ("x[0-9][0-9]", "x42", True), ("[z-a]", "m", True), ("line*", "line\nother", True),
    ],
)  # fmt: skip
def test_a_pattern_matches_the_whole_text(pattern: str, text: str, expected: bool) -> None:
    assert matches(pattern, text) is expected


def test_a_backtick_takes_the_meaning_of_a_wildcard_away() -> None:
    assert has_wildcards("a*") and not has_wildcards("a`*") and has_wildcards("a``*")
    assert unescaped("a`*b") == "a*b"


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_text_is_a_pattern(pattern: str, text: str) -> None:
    matches(pattern, text)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=8)
    | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)
TYPES = st.sampled_from(
    ["int", "long", "byte", "uint64", "double", "decimal", "bool", "string", "char", "datetime", "timespan", "ipaddress",
     "guid", "version", "hashtable", "regex", "int[]", "string[]", "array", "type", "pscustomobject", "dayofweek"]
)  # fmt: skip


@given(VALUES, TYPES)
def test_any_value_is_converted_or_refused(value: object, name: str) -> None:
    try:
        found = convert(value, name)
    except ShellError as error:
        assert error.record.message
    else:
        assert isinstance(to_text(found), str)
