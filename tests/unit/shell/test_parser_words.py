"""The words of a text, for colours, and what is being typed in it, for completion."""

from __future__ import annotations

import pytest

from lab.shell.parser import Typed, at, tokens
from tests.unit.shell.trees import show

WORDS = [
    ("Get-VM web1 -Name 5", "command=Get-VM argument=web1 parameter=-Name number=5"),
    ("f a,'b',$c", "command=f argument=a string='b' variable=$c"),
    ("f -a:b", "command=f parameter=-a: argument=b"),
    ("f @p", "command=f variable=@p"),
    ("$a.b[0].c()", "variable=$a member=b number=0 member=c"),
    ("[int]::MaxValue", "type=int member=MaxValue"),
    ('"a $b c"', 'string="a  variable=$b string= c"'),
    ('"a$(f b)c"', 'string="a command=f argument=b string=c"'),
    ("@'\na\n'@", "string=@'\na\n'@"),
    ("if ($a -eq 1) { f } else { g }", "keyword=if variable=$a operator=-eq number=1 command=f keyword=else command=g"),
    ("1..3 | % { $_ }", "number=1 operator=.. number=3 operator=| command=% variable=$_"),
    ("$a = f # c", "variable=$a operator== command=f comment=# c"),
    ("<# a #> f", "comment=<# a #> command=f"),
    ("function f($a) { return $a }", "keyword=function command=f variable=$a keyword=return variable=$a"),
    ("param([Parameter(Mandatory)][int]$a)", "keyword=param type=Parameter member=Mandatory type=int variable=$a"),
    ("@{a=1; 'b'=2}", "member=a operator== number=1 string='b' operator== number=2"),
    ("$i++; -not $a", "variable=$i operator=++ operator=-not variable=$a"),
    ("f > a 2>&1", "command=f operator=> argument=a operator=2>&1"),
    ("& $a; . b", "operator=& variable=$a operator=. command=b"),
    (":x while (1) { break x }", "keyword=:x keyword=while number=1 keyword=break argument=x"),
    ('f "a', 'command=f string="a'),
    ("f 'a\ng", "command=f string='a\ng"),
    ("<# a", "comment=<# a"),
    ("$a = 1 2\nf -b", "variable=$a operator== number=1 number=2 command=f parameter=-b"),
    ("class A {}; f 'b'", "keyword=class command=A command=f string='b'"),
    ("))) f", "command=f"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "expected"), WORDS, ids=[repr(text) for text, _ in WORDS])
def test_words_are_told_apart(text: str, expected: str) -> None:
    assert " ".join(f"{each.kind}={text[each.start : each.end]}" for each in tokens(text)) == expected


def place(typed: Typed) -> str:
    arguments = " ".join(map(show, typed.arguments))
    command = f" of {typed.command}({arguments})" if typed.command else ""
    parameter = f" -{typed.parameter}" if typed.parameter else ""
    target = f" of {show(typed.target)}" if typed.target else ""
    return f"{typed.kind} {typed.start} {typed.text!r}{command}{parameter}{target}"


PLACES = [
    ("", "command 0 ''"),
    ("Get-V", "command 0 'Get-V'"),
    ("f; ", "command 3 ''"),
    ("f\n", "command 2 ''"),
    ("f | ", "command 4 ''"),
    ("f | Sel", "command 4 'Sel'"),
    ("$a = ", "command 5 ''"),
    ("$a = Get", "command 5 'Get'"),
    ("if (", "command 4 ''"),
    ("if (1) { ", "command 9 ''"),
    ("if (1) { f } ", "command 13 ''"),
    ("& f", "command 2 'f'"),
    ("@{ a = f", "command 7 'f'"),
    ('"$(f', "command 3 'f'"),
    ("f (g", "command 3 'g'"),
    ("f -a (", "command 6 ''"),
    ("if", "command 0 'if'"),
    ("f ", "value 2 '' of f()"),
    ("f a", "value 2 'a' of f()"),
    ("f a ", "value 4 '' of f(~a)"),
    ("f a b", "value 4 'b' of f(~a)"),
    ("f -", "parameter 2 '-' of f()"),
    ("f -Na", "parameter 2 '-Na' of f()"),
    ("f a -b c -Na", "parameter 9 '-Na' of f(~a -b ~c)"),
    ("f `\n -Na", "parameter 5 '-Na' of f()"),
    ("f -Name ", "value 8 '' of f(-Name) -Name"),
    ("f -Name w", "value 8 'w' of f(-Name) -Name"),
    ("f -Name 'w", 'value 8 "\'w" of f(-Name) -Name'),
    ('f -Name "w x', "value 8 '\"w x' of f(-Name) -Name"),
    ("f -Name 'w'", "value 8 \"'w'\" of f(-Name) -Name"),
    ("f -Name a,", "value 10 '' of f(-Name) -Name"),
    ("f -Name a, b", "value 11 'b' of f(-Name) -Name"),
    ("f -Name 'a','b", 'value 12 "\'b" of f(-Name) -Name'),
    ("f -Name:", "value 8 '' of f() -Name"),
    ("f -Name:w", "value 8 'w' of f() -Name"),
    ("f -Name:w ", "value 10 '' of f(-Name:~w)"),
    ("f -A:$true -B ", "value 14 '' of f(-A:$true -B) -B"),
    ('f "a$b-c', "value 2 '\"a$b-c' of f()"),
    ("f a | g -", "parameter 8 '-' of g()"),
    ("f (g -", "parameter 5 '-' of g()"),
    ("f (g a) -b ", "value 11 '' of f(({g ~a}) -b) -b"),
    ("f { g -", "parameter 6 '-' of g()"),
    ("f {g} -", "parameter 6 '-' of f({{{g}}})"),
    ("if (1) { f -x 1; g -", "parameter 19 '-' of g()"),
    ("function f { param($a) g -", "parameter 25 '-' of g()"),
    ("$x = f -", "parameter 7 '-' of f()"),
    ("$x = 1 2\nf -Na", "parameter 11 '-Na' of f()"),
    ("| | f -Na", "parameter 6 '-Na' of f()"),
    ("$", "variable 0 '$'"),
    ("$gl", "variable 0 '$gl'"),
    ("f $", "variable 2 '$'"),
    ("f -a $x", "variable 5 '$x'"),
    ('"a $x', "variable 3 '$x'"),
    ("$env:PA", "variable 0 '$env:PA'"),
    ("f @p", "variable 2 '@p'"),
    ("$a.", "member 3 '' of $a"),
    ("$a.Na", "member 3 'Na' of $a"),
    ("f $a.", "member 5 '' of $a"),
    ("f $a.Na", "member 5 'Na' of $a"),
    ("f | ? { $_.", "member 11 '' of $_"),
    ("(f).", "member 4 '' of ({f})"),
    ("$a.b[0].", "member 8 '' of $a.'b'[0]"),
    ("[int]::", "member 7 '' of [int]"),
    ("[int]::Max", "member 7 'Max' of [int]"),
    ("[in", "type 1 'in'"),
    ("f | ? { $_.a -e", "operator 13 '-e'"),
    ("$a -", "operator 3 '-'"),
    ("$a -eq ", "nothing 7 ''"),
    ("1 + ", "nothing 4 ''"),
    ("f # a", "nothing 5 ''"),
    ("f (g)", "nothing 5 ''"),
    ("'abc", "nothing 4 ''"),
]


@pytest.mark.parametrize(("text", "expected"), PLACES, ids=[repr(text) for text, _ in PLACES])
def test_what_is_typed_is_known(text: str, expected: str) -> None:
    assert place(at(text, len(text))) == expected


def test_what_comes_behind_does_not_count() -> None:
    assert place(at("f -Na x; g )", 5)) == "parameter 2 '-Na' of f()"
