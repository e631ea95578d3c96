"""What pipelines are made of: Where-Object, ForEach-Object, Select-Object, Sort-Object and the like."""

import pytest

from tests.unit.shell.running import error, shown, texts

VMS = "$v = [pscustomobject]@{Name='web1'; State='Running'; Ram=512; Tags=@('a','b')}," \
      "[pscustomobject]@{Name='db1'; State='Off'; Ram=2048; Tags=@()}," \
      "[pscustomobject]@{Name='Web2'; State='Running'; Ram=1024; Tags=$null}; "  # fmt: skip


@pytest.mark.parametrize(
    ("test", "names"),
    [
        ("? { $_.Ram -gt 600 }", "db1 Web2"),
        ("Where-Object Name -eq WEB1", "web1"),
        ("where Name -ceq WEB1", ""),
        ("where Name -ne db1", "web1 Web2"),
        ("where Ram -gt 512", "db1 Web2"),
        ("where Ram -ge 512 ", "web1 db1 Web2"),
        ("where Ram -lt 1024", "web1"),
        ("where Ram -le 1024", "web1 Web2"),
        ("where Name -like web*", "web1 Web2"),
        ("where Name -clike web*", "web1"),
        ("where Name -notlike web*", "db1"),
        ("where Name -match '^[wd]'", "web1 db1 Web2"),
        ("where Name -notmatch 1$", "Web2"),
        ("where Tags -contains b", "web1"),
        ("where State -in Off, Paused", "db1"),
        ("where State -notin Off, Paused", "web1 Web2"),
        ("where Ram -is [int]", "web1 db1 Web2"),
        ("where Tags", "web1"),
        ("where Missing", ""),
        ("where -Not Tags", "db1 Web2"),
        ("where Name web1", "web1"),
        ("where { $_.Name -eq 'web1' -or $_.Ram -eq 2048 }", "web1 db1"),
    ],
)
def test_where(test: str, names: str) -> None:
    assert " ".join(texts(f"{VMS} $v | {test} | ForEach-Object Name")) == names


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("1..3 | % { $_ * 2 }", ["2", "4", "6"]),
        ("1..2 | ForEach-Object -Begin { 'b' } -Process { $_ } -End { 'e' }", ["b", "1", "2", "e"]),
        ("1..2 | % { 'b' } { $_ } { 'e' }", ["b", "1", "2", "e"]),
        ("1..2 | % { 'b' } { $_ }", ["b", "1", "2"]),
        ("1..2 | % { $sum = 0 } { $sum += $_ } { $sum }", ["3"]),
        ("'a', 'bc' | % Length", ["1", "2"]),
        ("'a', 'b' | % ToUpper", ["A", "B"]),
        ("'a,b' | % Split ','", ["a", "b"]),
        ("'abc' | foreach Replace b x", ["axc"]),
        ("@{a=5} | % a", ["5"]),
        ("1..5 | % { if ($_ -eq 2) { return } $_ } | select -First 2", ["1", "3"]),
    ],
)
def test_foreach(script: str, expected: list[str]) -> None:
    assert texts(script) == expected


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("1..9 | select -First 2", ["1", "2"]),
        ("1..9 | select -Last 2", ["8", "9"]),
        ("1..9 | select -Skip 7", ["8", "9"]),
        ("1..9 | select -Skip 1 -First 2", ["2", "3"]),
        ("1..9 | select -First 1 -Last 1", ["1", "9"]),
        ("1..9 | select -Last 2 -Skip 1", ["7", "8"]),
        ("1..9 | select -SkipLast 7", ["1", "2"]),
        ("1..9 | select -Index 0, 8, 20", ["1", "9"]),
        ("1, 2, 1, 'a', 'A', 'a' | select -Unique", ["1", "2", "a", "A"]),
        (VMS + "$v | select -ExpandProperty Name", ["web1", "db1", "Web2"]),
        (VMS + "$v | select -ExpandProperty Tags", ["a", "b"]),
        (VMS + "$v[0] | select name, @{n='GB'; e={$_.Ram / 1024}}", ["@{Name=web1; GB=0.5}"]),
        (VMS + "$v[0] | select @{Label='VM'; Expression='Name'}, Missing", ["@{VM=web1; Missing=}"]),
        (VMS + "$v[0] | select *a* -ExcludeProperty Ram, Tags", ["@{Name=web1; State=Running}"]),
        (VMS + "$v[1] | select {$_.Ram}", ["@{$_.Ram=2048}"]),
        (VMS + "($v[0] | select Name).pstypenames[0]", ["Selected.System.Management.Automation.PSCustomObject"]),
        (VMS + "$v | select State -Unique", ["@{State=Running}", "@{State=Off}"]),
        (VMS + "$v[0] | select @{n='Bad'; e={throw 'x'}}", ["@{Bad=}"]),
    ],
)
def test_select(script: str, expected: list[str]) -> None:
    assert texts(script) == expected


def test_select_stops_what_comes_before_it() -> None:
    assert texts("1..1000000 | % { $script:n = $_; $_ } | select -First 2 | Out-Null; $n") == ["2"]


@pytest.mark.parametrize(
    ("script", "message", "error_id"),
    [
        ("[pscustomobject]@{a=1} | select -ExpandProperty b", 'Property "b" cannot be found.',
         "ExpandPropertyNotFound,Microsoft.PowerShell.Commands.SelectObjectCommand"),
        ("[pscustomobject]@{a=1} | select a, a", 'Property cannot be processed because property "a" already exists.',
         "AlreadyExistingUserSpecifiedPropertyNoExpand,Microsoft.PowerShell.Commands.SelectObjectCommand"),
        ("1 | select @{Nope=1}", "The Nope key is not valid.",
         "DictionaryKeyUnknown,Microsoft.PowerShell.Commands.SelectObjectCommand"),
        ("'x' | measure -Sum", 'Input object "x" is not numeric.',
         "NonNumericInputObject,Microsoft.PowerShell.Commands.MeasureObjectCommand"),
        ("1 | measure Nope", 'The property "Nope" cannot be found in the input for any objects.',
         "GenericMeasurePropertyNotFound,Microsoft.PowerShell.Commands.MeasureObjectCommand"),
    ],
)  # fmt: skip
def test_errors(script: str, message: str, error_id: str) -> None:
    told = error(script)
    assert f" : {message}" in told
    assert f"FullyQualifiedErrorId : {error_id}" in told


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("3, 1, 2 | sort", "1 2 3"),
        ("3, 1, 2 | sort -Descending", "3 2 1"),
        ("'b', 'A', 'a', 'C' | sort", "A a b C"),
        ("'b', 'B', 'a' | sort -Unique", "a b"),
        ("'10', 9, 100 | sort", "9 10 100"),
        (VMS + "$v | sort State, @{e='Name'; Descending=$true} | % Name", "db1 Web2 web1"),
        (VMS + "$v | sort { $_.Ram } | % Name", "web1 Web2 db1"),
        (VMS + "$v | sort @{Expression='State'; Descending=$true}, Ram | % Name", "web1 Web2 db1"),
        (VMS + "$v | sort Ram -Descending | % Name", "db1 Web2 web1"),
        ("[ipaddress]'10.0.0.9', [ipaddress]'10.0.0.1' | sort { [version]\"$_\" }", "10.0.0.1 10.0.0.9"),
    ],
)
def test_sort(sort: str, expected: str) -> None:
    assert " ".join(texts(sort)) == expected


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (VMS + "$v | group State | % { \"$($_.Name) $($_.Count)\" }", ["Running 2", "Off 1"]),
        (VMS + "($v | group State)[0].Group | % Name", ["web1", "Web2"]),
        (VMS + "($v | group State -AsHashTable -AsString)['Off'].Name", ["db1"]),
        (VMS + "$v | group State, Ram | % Name", ["Running, 512", "Off, 2048", "Running, 1024"]),
        ("'a', 'A', 'b' | group -NoElement | % Count", ["2", "1"]),
        ("'a', 'A' | group -CaseSensitive | % Count", ["1", "1"]),
        ("(1..4 | measure -Sum -Average -Maximum -Minimum | % { $_.Count, $_.Sum, $_.Average, $_.Maximum, $_.Minimum }) "
         "-join ' '", ["4 10 2.5 4 1"]),
        (VMS + "($v | measure Ram -Sum).Sum", ["3584"]),
        ("(1..4 | measure).Count", ["4"]),
        ("($null | measure).Count", ["0"]),
        ("('b', 'a' | measure -Minimum).Minimum", ["a"]),
        ("('one two', 'three' | measure -Word -Line -Character | % { $_.Words, $_.Lines, $_.Characters }) -join ' '",
         ["3 2 12"]),
        ("compare 1, 2, 3 2, 3, 4 | % { \"$($_.InputObject)$($_.SideIndicator)\" }", ["4=>", "1<="]),
        ("compare 1, 2 2, 3 -IncludeEqual | % SideIndicator", ["==", "=>", "<="]),
        ("compare 1, 2 2, 3 -IncludeEqual -ExcludeDifferent | % InputObject", ["2"]),
        ("compare 1, 2 2, 3 -PassThru", ["3", "1"]),
        (VMS + "compare $v $v[0] -Property State | % SideIndicator", ["<=", "<="]),
        ("1, 1, 2, 1 | Get-Unique", ["1", "2", "1"]),
        ("'a', 'A' | Get-Unique -AsString", ["a", "A"]),
        ("1, 2, 'a' | Get-Unique -OnType", ["1", "a"]),
        ("(Measure-Command { 1 }).TotalSeconds -lt 5", ["True"]),
        ("1, 2 | Tee-Object -Variable t | Out-Null; $t", ["1", "2"]),
        ("Write-Output 1, 2 | % { $_ + 1 }", ["2", "3"]),
        ("(Write-Output 1, 2 -NoEnumerate).Count", ["2"]),
        ("echo a b", ["a", "b"]),
    ],
)  # fmt: skip
def test_results(script: str, expected: list[str]) -> None:
    assert texts(script) == expected


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("$o = New-Object PSObject -Property @{a=1}; $o | Add-Member NoteProperty b 2; $o", ["@{a=1; b=2}"]),
        ("$o = [pscustomobject]@{a=1}; $o | Add-Member b 2 -PassThru", ["@{a=1; b=2}"]),
        ("$o = [pscustomobject]@{a=1}; $o | Add-Member @{b=2}; $o.b", ["2"]),
        ("$o = [pscustomobject]@{a=3}; $o | Add-Member ScriptMethod Twice { $this.a * 2 }; $o.Twice()", ["6"]),
        ("$o = [pscustomobject]@{a=3}; $o | Add-Member ScriptProperty b { $this.a + 1 }; $o.b", ["4"]),
        ("$o = [pscustomobject]@{a=3}; $o | Add-Member a 4 -Force; $o.a", ["4"]),
        ("$l = New-Object System.Collections.ArrayList; [void]$l.Add(1); [void]$l.Add(2); $l.Remove(1); $l.Count", ["1"]),
        ("(New-Object System.Net.IPAddress 16777343).IPAddressToString", ["127.0.0.1"]),
        ("$h = New-Object Hashtable; $h.a = 1; $h.Count", ["1"]),
        ("[pscustomobject]@{b=1; a='x'} | Get-Member -MemberType NoteProperty | % { $_.Definition }",
         ["string a=x", "int b=1"]),
        ("'x' | gm Length | % { \"$($_.TypeName) $($_.MemberType)\" }", ["System.String Property"]),
    ],
)  # fmt: skip
def test_objects(script: str, expected: list[str]) -> None:
    assert texts(script) == expected


def test_out_string_is_what_is_shown() -> None:
    assert texts("[pscustomobject]@{A=1} | Out-String") == ["\r\nA\r\n-\r\n1\r\n\r\n\r\n"]
    assert texts("[pscustomobject]@{A=1} | Out-String -Stream") == ["", "A", "-", "1", "", ""]
    assert texts("[pscustomobject]@{A='abcdef'} | Out-String -Width 5 -Stream")[3] == "ab..."


def test_format_commands_can_be_printed_later() -> None:
    assert shown("$t = [pscustomobject]@{A=1} | Format-Table; $t") == ["A", "-", "1"]
    assert texts("[pscustomobject]@{A=1} | ft | Out-String -Stream") == ["", "A", "-", "1", "", ""]


def test_the_limit_of_shown_elements_can_be_set() -> None:
    assert texts("$FormatEnumerationLimit = 2; [pscustomobject]@{A=1..3} | Out-String -Stream")[3] == "{1, 2...}"
    assert (
        texts("$FormatEnumerationLimit = -1; [pscustomobject]@{A=1..6} | Out-String -Stream")[3] == "{1, 2, 3, 4, 5, 6}"
    )
