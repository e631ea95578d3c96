"""What holds for every script: it gives what it gives or errors of PowerShell, and never one of Python."""

from __future__ import annotations

from itertools import islice

from hypothesis import given, settings
from hypothesis import strategies as st

from lab.shell.flow import Exit
from lab.shell.formatting import formatted
from tests.unit.shell.sessions import session

WORDS = st.sampled_from(
    """$a $b $null $true $_ $x[0] $h.a $h['k'] 1 2 0 -1 3.5 1KB 'text' "a$b" "$(1)" @() @(1,2) @{a=1} @{} {1} {$_} [int] [string]
    [array] [datetime] [ipaddress] [void] [math]::Max(1,2) [int]::MaxValue [pscustomobject] [ordered] + - * / % .. , ; | = += ++
    -eq -ne -gt -like -match -replace -split -join -contains -in -is -as -f -and -not -band -shl ! ( ) { } [ ] . :: $( @( & &
    if else foreach in while do until switch try catch finally throw return break continue function f param exit
    ForEach-Object Where-Object Select-Object -First Sort-Object Measure-Object Out-Null Write-Output Write-Error
    .Count .Length .ToString() .Foo() .ToUpper() .Split(',') .Substring(1) .GetType() .Where({$_}) [0] [-1] [1..2] ['a'] 2>&1 >
    2>$null -ErrorAction Stop SilentlyContinue @a f begin process end default""".split()  # noqa: SIM905 - a list of it is longer
)  # fmt: skip
LITERALS = st.sampled_from(
    ["$null", "0", "-1", "1.5", "'5'", "'abc'", "''", "@()", "@(1,'x',$null)", "@{a=1}", "{1}", "[int]", "$true", "1d",
     "2147483647", "9223372036854775807", "[datetime]'2024-01-01'", "[timespan]'1:00'", "[ipaddress]'10.0.0.1'",
     "[pscustomobject]@{a=1}", "[char]'a'", "[byte]5", "[guid]::Empty", "[version]'1.2'", "(1..3)", "([ordered]@{z=1})"]
)  # fmt: skip
OPERATORS = st.sampled_from(
    ["+", "-", "*", "/", "%", "..", ",", "-eq", "-ne", "-lt", "-ge", "-ceq", "-like", "-notmatch", "-match", "-replace",
     "-split", "-join", "-contains", "-in", "-is", "-as", "-f", "-and", "-xor", "-band", "-bor", "-shl", "-shr"]
)  # fmt: skip
MEMBERS = st.sampled_from(
    [".Count", ".Length", ".Foo", ".ToString()", ".ToString('N2')", ".GetType().Name", ".Substring(1)", ".Split(',')",
     ".Add(1)", ".Add(1,2)", ".Contains(1)", ".Replace('a','b')", ".PadLeft(5)", ".AddDays(1)", ".Keys", "[0]", "[-1]",
     "[0..1]", "['a']", "[$null]", ".PSObject.Properties.Name", ".CompareTo(1)", ".Equals(1)", ".Where({$_})",
     ".ForEach({$_})", ".Invoke()", ".IndexOf('a')", ".Remove(0)", ".Insert(0,'x')", ".a", ".a.b"]
)  # fmt: skip
LIMIT = 200

session()  # sets the limit of recursion, which Hypothesis wants to find as it leaves it


def run(source: str) -> None:
    """Run a script and show what comes of it, up to a number of objects."""
    shell = session()
    try:
        found = list(islice(shell.interpreter.run(source), LIMIT))
    except Exit:
        return
    list(formatted(found, 80))
    for text in shell.host.errors:
        assert "FullyQualifiedErrorId" in text


def endless(source: str) -> bool:
    return any(word in source for word in ("while", "do", "until"))


@settings(max_examples=400, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=12))
def test_words_in_any_order_give_no_error_of_python(words: list[str]) -> None:
    source = " ".join(words)
    if not endless(source) and ">" not in words:
        run(source)


@settings(max_examples=400, deadline=None)
@given(LITERALS, OPERATORS, LITERALS)
def test_every_operator_takes_or_refuses_all_values(left: str, operator: str, right: str) -> None:
    run(f"({left}) {operator} ({right})")


@settings(max_examples=300, deadline=None)
@given(LITERALS, MEMBERS, MEMBERS)
def test_every_value_has_a_member_or_has_it_not(value: str, first: str, second: str) -> None:
    run(f"({value}){first}{second}")


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=30), LITERALS)
def test_any_text_is_a_format_or_is_refused(form: str, value: str) -> None:
    quoted = (
        form.replace("'", "''").replace("\u2018", "").replace("\u2019", "").replace("\u201a", "").replace("\u201b", "")
    )
    run(f"'{quoted}' -f ({value})")
    run(f"({value}).ToString('{quoted}')")
