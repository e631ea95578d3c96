"""Values as they are written come back as they were when PowerShell reads them."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from lab.shell.export.quoting import Raw, pattern, text, written
from lab.shell.export.writing import ON, block, guarded, line, lost, section, unasked
from lab.shell.wildcards import has_wildcards, matches
from tests.unit.shell.running import texts

NASTY = [
    "It's", "a 'b' c", "''", "'", '"', 'say "x"', "$env:PATH", "$(Get-VM)", "`n", "a`", "vEthernet (External)", "a;b",
    "a|b", "a,b", "@x", "@{", "#x", "-Name", "--%", "%x", "1", "0x10", "1KB", "1e3", "007", "$true", "", " ", " a ",
    "a\nb", "a\r\n\tb", "\0", "\x1b[31m", "‘x’", "“x” `$y\n", "ä ö", "日本", "a\u00a0b", "\u2028", "C:\\v\\x.vhdx", "\\",
    "é́", "😀", "{x}", "[int]", "a*b?", "&", "<x>", ">x", "2>&1", "if", "fd00:1::/64", "~", "=", "!x", "*>&1",
]  # fmt: skip


@pytest.mark.parametrize("value", NASTY, ids=ascii)
def test_a_text_comes_back(value: str) -> None:
    assert texts(f"Write-Output {text(value)}; Write-Output -InputObject {text(value)}") == [value, value]
    assert "\n" not in text(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("web1", "web1"),
        ("It's", "'It''s'"),
        ("vEthernet (External)", "'vEthernet (External)'"),
        ("a\nb", '"a`nb"'),
        ("192.168.1.0/24", "192.168.1.0/24"),
        (ip_address("fd00::1"), "'fd00::1'"),
        (12, "12"),
        (True, "$true"),
        (["a b", "c"], "'a b', c"),
        ([], "@()"),
        (Raw("$feature"), "$feature"),
    ],
)
def test_how_values_are_written(value: object, expected: str) -> None:
    assert written(value) == expected


@pytest.mark.parametrize("name", ["LAN [1]", "a*", "?", "`x", "plain", "[a-z]*"])
def test_a_name_stands_for_itself_where_patterns_are_taken(name: str) -> None:
    assert not has_wildcards(pattern(name))
    assert matches(pattern(name), name)
    assert not matches(pattern(name), name + "x")


def test_long_commands_are_continued() -> None:
    command = line("Set-VMNetworkAdapter", VMName="web1", Name=None, MacAddressSpoofing="On", Passthru=ON,
                   A="x" * 40, B="y" * 40, C="z" * 40)  # fmt: skip
    assert command == (
        "Set-VMNetworkAdapter -VMName web1 -MacAddressSpoofing On -Passthru `\n"
        f"    -A {'x' * 40} -B {'y' * 40} `\n    -C {'z' * 40}"
    )
    assert texts("'a',\n'b' | ForEach-Object `\n    -Process { $_ }") == ["a", "b"]
    assert unasked("Remove-VM web1") == "Remove-VM web1 -Confirm:$false"


def test_blocks_guards_and_sections() -> None:
    assert list(block("if ($x)", ["", "a `\n    -b", "", "", "c", ""])) == [
        "if ($x) {", "    a `", "        -b", "", "    c", "}",
    ]  # fmt: skip
    assert list(block("if ($x)", ["# nothing"])) == ["# nothing"]
    assert list(guarded(["Set-LabVM x"], ["wdsutil"])) == [
        "if (Get-Command Set-LabVM -ErrorAction SilentlyContinue) {", "    Set-LabVM x", "}", "else {", "    wdsutil",
        "}",
    ]  # fmt: skip
    assert list(guarded([])) == []
    assert list(section("title", ["", ""])) == []
    assert list(section("title", ["a"])) == ["", "# title", "a"]
    assert lost("a\nb") == "# hvlab: not expressible: a b"
