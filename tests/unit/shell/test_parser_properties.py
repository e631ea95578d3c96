"""What holds for every script: extents, and that any text is read or refused, soon, without any other exception."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from lab.shell import syntax
from lab.shell.errors import ParseError
from lab.shell.parser import at, incomplete, parse, tokens
from tests.unit.shell.trees import tree

SCRIPT = """\
#Requires -Modules Hyper-V
#requires -RunAsAdministrator
<#
.SYNOPSIS
Makes a lab.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory = $true)][string]$Name,
    [ValidateRange(1, 9)][int]$Count = 3
)
# a comment
function New-Lab($Prefix) {
    begin { $made = @() }
    process {
        foreach ($i in 1..$Count) {
            $vm = New-VM "$Prefix-$i" -SwitchName $Name -NoVHD
            $made += [PSCustomObject]@{ Name = $vm.Name; Number = $i; Half = $i / 2 }
        }
    }
    end { $made | Where-Object { $_.Half -gt 1 -and $_.Name -like 'web*' } | Format-Table Name,@{n='x';e={$_.Half}} }
}
$settings = @{
    VlanId = 10; Access = $true
    MacAddress = "00-15-5D-00-00-$('{0:X2}' -f 1)"
}
Get-VMNetworkAdapter -VMName web1,db1 | Set-VMNetworkAdapterVlan @settings -Confirm:$false 2>&1 > log.txt
:outer while ($true) {
    switch -Wildcard (Get-VM $Name) {
        'web*' { continue outer }
        { $_.State -eq 'Off' } { Start-VM $_ }
        default { break }
    }
    if ($x.y[0].z() -ne $null) { $x++ } elseif (!$y) { --$y } else { throw "no `"$y`"" }
}
$text = @"
$Name is ${Name}, $($settings.VlanId * 1KB) of $env:COMPUTERNAME
"@
try { New-NetIPAddress 10.0.0.1 -PrefixLength 24 -InterfaceAlias 'vEthernet (Lab)' } `
catch [System.Exception] { Write-Warning "$_" } finally { & { $args[0] } 1 }
do { $i -= 1 } until ($i -le 0)
for ($i = 0; $i -lt 3; $i++) { $a, $b = $b, ($a -as [int[]]) }
"""


def nodes(value: object) -> Iterator[syntax.Node]:
    """Yield every node of a tree."""
    if isinstance(value, syntax.Node):
        yield value
    if is_dataclass(value):
        for each in fields(value):
            yield from nodes(getattr(value, each.name))
    elif isinstance(value, tuple):
        for element in value:
            yield from nodes(element)


def test_every_node_knows_where_it_is() -> None:
    found = list(nodes(parse(SCRIPT, "lab.ps1")))
    assert len(found) > 200
    for node in found:
        if isinstance(node, syntax.ScriptBlock | syntax.StatementBlock):
            assert node.extent.text or not node.extent.start > len(SCRIPT)
        elif not (isinstance(node, syntax.Constant | syntax.Variable) and not node.extent.source):
            assert node.extent.text.strip() == node.extent.text != ""
            assert node.extent.file == "lab.ps1"


def test_an_expression_of_its_own_text_is_the_same() -> None:
    kinds = (
        syntax.Binary | syntax.Paren | syntax.Hashtable | syntax.Member | syntax.MethodCall | syntax.Index | syntax.Cast
        | syntax.SubExpression | syntax.ScriptBlockExpression | syntax.Unary | syntax.Array
    )  # fmt: skip
    count = 0
    for node in nodes(parse(SCRIPT)):
        if isinstance(node, kinds) and "@" not in node.extent.text and not has_bare(node):
            (statement,) = parse(node.extent.text).end.statements  # type: ignore[union-attr]
            assert isinstance(statement, syntax.Pipeline)
            assert statement.elements[0].expression == node  # type: ignore[union-attr]
            count += 1
    assert count > 30


def has_bare(node: syntax.Node) -> bool:
    """Tell whether a list is one of arguments, which is read in another way when it is alone."""
    return isinstance(node, syntax.Array) and any(getattr(each, "bare", False) for each in node.elements)


def test_the_parts_of_a_command_are_where_they_were_written() -> None:
    text = "  Get-VM -Name:a,'b c' 0x10 | f $x.y 2> log"
    found = [(type(node).__name__, node.extent.text) for node in nodes(parse(text).end)]
    assert found[1:] == [
        ("Pipeline", "Get-VM -Name:a,'b c' 0x10 | f $x.y 2> log"),
        ("Command", "Get-VM -Name:a,'b c' 0x10"),
        ("Constant", "Get-VM"),
        ("CommandParameter", "-Name:a,'b c'"),
        ("Array", "a,'b c'"),
        ("Constant", "a"),
        ("Constant", "'b c'"),
        ("Constant", "0x10"),
        ("Command", "f $x.y 2> log"),
        ("Constant", "f"),
        ("Member", "$x.y"),
        ("Variable", "$x"),
        ("Constant", "y"),
        ("Redirection", "2> log"),
        ("Constant", "log"),
    ]


def test_a_line_and_a_column_are_counted_from_1() -> None:
    statement = parse("f\r\n  g a").end.statements[1]  # type: ignore[union-attr]
    assert (statement.extent.line, statement.extent.column) == (2, 3)


def test_a_script_block_is_what_is_between_its_braces() -> None:
    (statement,) = parse("f { Get-VM }").end.statements  # type: ignore[union-attr]
    block = statement.elements[0].arguments[0]  # type: ignore[union-attr]
    assert (block.extent.text, block.body.extent.text) == ("{ Get-VM }", " Get-VM ")


def test_what_a_script_requires_is_read() -> None:
    assert parse(SCRIPT).requires == ("-Modules Hyper-V", "-RunAsAdministrator")
    assert parse("'\n#requires a'; f #requires b\n  #REQUIRES -Version 5").requires == ("-Version 5",)


HELP = [
    ("<#\n.SYNOPSIS\nA\n#>\nfunction f {1}", ".SYNOPSIS\nA"),
    ("# .SYNOPSIS\n# A\nfunction f {1}", ".SYNOPSIS\nA"),
    ("function f {\n<#\n.Description\n  B\n#>\n1}", ".Description\n  B"),
    ("function f {\n  # .Synopsis\n  # C\n  param($a)\n}", ".Synopsis\nC"),
    ("function f {1\n<#\n.SYNOPSIS\nD\n#>\n}", ".SYNOPSIS\nD"),
    ("# a comment\nfunction f {1}", ""),
    ("<# no help #>\nfunction f {1}", ""),
    ("function f {1}", ""),
    ("g\n\nfunction f {1}", ""),
]


@pytest.mark.parametrize(("text", "expected"), HELP, ids=[repr(text) for text, _ in HELP])
def test_help_in_comments_is_read(text: str, expected: str) -> None:
    found = [node for node in nodes(parse(text)) if isinstance(node, syntax.FunctionDefinition)]
    assert [node.help for node in found] == [expected]


def test_line_ends_of_windows_change_nothing() -> None:
    assert tree(SCRIPT.replace("\n", "\r\n")).replace("\\r\\n", "\\n") == tree(SCRIPT)


def test_every_beginning_of_a_script_is_read_or_refused() -> None:
    refused = 0
    for end in range(len(SCRIPT)):
        beginning = SCRIPT[:end]
        try:
            parse(beginning)
        except ParseError as error:
            refused += 1
            assert error.record.extent is not None
            assert error.record.extent.end <= end
        if end % 5 == 0:
            incomplete(beginning)
            at(SCRIPT, end)
            tokens(beginning)
    assert refused > len(SCRIPT) / 2


def test_a_beginning_that_ends_in_the_middle_goes_on() -> None:
    start = SCRIPT.index("function")
    end = SCRIPT.index("$settings")
    function = SCRIPT[start:end].rstrip()
    lines = function.splitlines()
    for count in range(1, len(lines)):
        assert incomplete("\n".join(lines[:count]))
    assert not incomplete(function)


def test_words_do_not_overlap_and_are_complete() -> None:
    found = tokens(SCRIPT)
    for before, after in pairwise(found):
        assert before.start < before.end <= after.start
    covered = {place for each in found for place in range(each.start, each.end)}
    rest = {character for place, character in enumerate(SCRIPT) if place not in covered}
    assert rest <= set(" \n(){}[];,.:@`$")


def test_a_long_script_is_read_in_a_second() -> None:
    body = SCRIPT[SCRIPT.index("# a comment") :]
    script = body * (5_000 // body.count("\n"))
    started = time.process_time()
    parse(script)
    assert time.process_time() - started < 1.5  # about 0.4 s; tests run beside others


PIECES = some.sampled_from(
    [
        "Get-VM", " ", " ", "\n", "-Name", "-eq", "-and", "-not", "$a", "${a b}", "$_", "a", "b,", "1", "1KB", "0x", "1..3",
        "(", ")", "{", "}", "[", "]", "@(", "@{", "$(", "[int]", "[a(", ".", "::", ",", ";", "|", "=", "+=", "+", "-", "--",
        "++", "!", "'", '"', "'a'", '"$a"', "@'\n", "\n'@", '@"\n', '\n"@', "`", "`\n", "#", "<#", "#>", "&", "&&", ">", "2>&1",
        "if", "else", "(1)", "foreach", "in", "switch", "default", "while", "do", "for", "function", "f", "param", "try",
        "catch", "finally", "return", "break", ":x", "begin", "process", "class", "--%", "\r\n", "\t", "“", "–", "?", "??",
        "%", "*", "/", "\\", "~", "^", "\0", "é", "\u2028", "-a:", "@a", "$", "${",
    ]
)  # fmt: skip


def read_or_refused(text: str) -> None:
    started = time.process_time()
    try:
        parse(text)
    except ParseError as error:
        extent = error.record.extent
        assert extent is not None
        assert extent.start <= extent.end <= len(extent.source)
        assert (extent.line, extent.column) >= (1, 1)
    incomplete(text)
    words = tokens(text)
    assert all(before.end <= after.start for before, after in pairwise(words))
    assert words == [] or words[-1].end <= len(text)
    typed = at(text, len(text))
    assert typed.start <= len(text)
    assert time.process_time() - started < 5


@given(some.lists(PIECES, max_size=30).map("".join))
def test_anything_is_read_or_refused(text: str) -> None:
    read_or_refused(text)


@given(some.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    read_or_refused(text)


@given(some.integers(0, len(SCRIPT)), some.integers(0, 40), PIECES)
def test_a_script_with_a_mistake_in_it_is_read_or_refused(start: int, length: int, piece: str) -> None:
    read_or_refused(SCRIPT[:start] + piece + SCRIPT[start + length :])


@given(some.lists(PIECES, max_size=12).map("".join))
def test_what_is_whole_stays_whole_with_a_line_end(text: str) -> None:
    try:
        expected = tree(text)
    except ParseError:
        return
    if not incomplete(text) and "`" not in text[-1:]:
        assert tree(text + "\n") == expected
