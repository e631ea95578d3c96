"""What reads and writes text: JSON, CSV, HTML, files, dates, variables, what is said and asked."""

from pathlib import Path

import pytest

from lab.shell.host import BufferedHost
from tests.unit.shell.running import error, interpreter, shown, texts


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (
            "[ordered]@{Name='web1'; Ports=@(80, 443); Nic=@{Vlan=5}; None=$null; Yes=$true} | ConvertTo-Json",
            """{
    "Name":  "web1",
    "Ports":  [
                  80,
                  443
              ],
    "Nic":  {
                "Vlan":  5
            },
    "None":  null,
    "Yes":  true
}""",
        ),
        (
            "[pscustomobject]@{a=1}, [pscustomobject]@{a=1.5} | ConvertTo-Json",
            """[
    {
        "a":  1
    },
    {
        "a":  1.5
    }
]""",
        ),
        ("@{} | ConvertTo-Json", "{\n\n}"),
        ("[ordered]@{a=@()} | ConvertTo-Json", '{\n    "a":  [\n\n          ]\n}'),
        ("[ordered]@{a=1; b='x'} | ConvertTo-Json -Compress", '{"a":1,"b":"x"}'),
        ("'it''s <b> & \"c\"\\' | ConvertTo-Json", '"it\\u0027s \\u003cb\\u003e \\u0026 \\"c\\"\\\\"'),
        ("1, 2 | ConvertTo-Json -Compress", "[1,2]"),
        ("@{a=@{b=@{c=@{d=1}}}} | ConvertTo-Json -Compress", '{"a":{"b":{"c":"System.Collections.Hashtable"}}}'),
        ("@{a=@{b=@{c=@{d=1}}}} | ConvertTo-Json -Compress -Depth 5", '{"a":{"b":{"c":{"d":1}}}}'),
        ("[guid]'d61c1a2c-0000-0000-0000-000000000001' | ConvertTo-Json", '"d61c1a2c-0000-0000-0000-000000000001"'),
        ("ConvertTo-Json -InputObject @(1) -Compress", "[1]"),
    ],
)
def test_to_json(script: str, expected: str) -> None:
    assert texts(script) == [expected.replace("\n", "\r\n")]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ('(\'{"a": [1, {"b": "x"}], "c": null}\' | ConvertFrom-Json).a[1].b', ["x"]),
        ("('{\"a\": 1.5}' | ConvertFrom-Json).a.GetType().Name", ["Decimal"]),
        ("('[1, 2]' | ConvertFrom-Json | measure).Count", ["1"]),
        ("('{', '\"a\": 3', '}' | ConvertFrom-Json).a", ["3"]),
        ('(ConvertFrom-Json \'{"a": {"b": 5}}\').a.b', ["5"]),
        ('(\'{"a":1,"A2":2}\' | ConvertFrom-Json).a2', ["2"]),
    ],
)
def test_from_json(script: str, expected: list[str]) -> None:
    assert texts(script) == expected


def test_json_that_is_none() -> None:
    assert "Invalid JSON primitive: nope." in error("'nope' | ConvertFrom-Json")


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("[pscustomobject]@{Name='a \"b\"'; None=$null; Many=1, 2} | ConvertTo-Csv",
         ["#TYPE System.Management.Automation.PSCustomObject", '"Name","None","Many"', '"a ""b""",,"System.Object[]"']),
        ("[pscustomobject]@{a=1; b=2} | ConvertTo-Csv -NoTypeInformation -Delimiter ';'", ['"a";"b"', '"1";"2"']),
        ("[pscustomobject]@{a=1; b=2} | select a | ConvertTo-Csv | select -First 1",
         ["#TYPE Selected.System.Management.Automation.PSCustomObject"]),
        ("[pscustomobject]@{a=1}, [pscustomobject]@{b=2} | ConvertTo-Csv -NoType", ['"a"', '"1"', ""]),
        ("'name,ram', '\"web 1\",512', 'x,' | ConvertFrom-Csv", ["@{name=web 1; ram=512}", "@{name=x; ram=}"]),
        ("'web1;512' | ConvertFrom-Csv -Delimiter ';' -Header Name, Ram", ["@{Name=web1; Ram=512}"]),
    ],
)  # fmt: skip
def test_csv(script: str, expected: list[str]) -> None:
    assert texts(script) == expected


def test_csv_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    texts("[pscustomobject]@{a=1; b='ü'} | Export-Csv .\\out.csv -NoTypeInformation")
    assert Path("out.csv").read_text(encoding="utf-8") == '"a","b"\n"1","ü"\n'
    texts("[pscustomobject]@{b='z'; a=2} | Export-Csv out.csv -Append")
    assert texts("Import-Csv out.csv | % { $_.a + $_.b }") == ["1ü", "2z"]
    texts("[pscustomobject]@{a=1} | Export-Csv typed.csv")
    assert texts("(Import-Csv typed.csv).pstypenames[0]") == ["CSV:System.Management.Automation.PSCustomObject"]
    assert "Could not find file" in error("Import-Csv nothing.csv")


def test_html() -> None:
    script = "[pscustomobject]@{Name='a<b'; Ram=5} | ConvertTo-Html"
    assert texts(script) == [
        '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN"  "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">',
        '<html xmlns="http://www.w3.org/1999/xhtml">',
        "<head>",
        "<title>HTML TABLE</title>",
        "</head><body>",
        "<table>",
        "<colgroup><col/><col/></colgroup>",
        "<tr><th>Name</th><th>Ram</th></tr>",
        "<tr><td>a&lt;b</td><td>5</td></tr>",
        "</table>",
        "</body></html>",
    ]
    assert texts(f"{script} -Fragment -As List -PreContent '<h1>x</h1>' -Property Ram") == [
        "<h1>x</h1>", "<table>", "<tr><td>Ram:</td><td>5</td></tr>", "</table>",
    ]  # fmt: skip


def test_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    texts("'a', 'b' | Set-Content lines.txt; Add-Content lines.txt c")
    assert Path("lines.txt").read_bytes() == b"a\nb\nc\n"
    assert texts("Get-Content lines.txt") == ["a", "b", "c"]
    assert texts("gc .\\lines.txt -TotalCount 1; gc lines.txt -Tail 1; gc lines.txt -Raw") == ["a", "c", "a\nb\nc\n"]
    assert texts("Test-Path lines.txt; Test-Path nope; Test-Path . -PathType Leaf; Test-Path *.txt") == [
        "True", "False", "False", "True",
    ]  # fmt: skip
    assert texts("(Select-String b lines.txt).LineNumber; 'x', 'yb' | sls b | % Line") == ["2", "yb"]
    assert texts("'x' | sls b -Quiet; 'b' | sls b -Quiet; 'a.b' | sls . -SimpleMatch | % Line") == ["True", "a.b"]
    texts("[pscustomobject]@{A=1} | Out-File table.txt; 'more' | Out-File table.txt -Append")
    assert Path("table.txt").read_text() == "\nA\n-\n1\n\n\nmore\n"
    texts("mkdir sub | Out-Null; New-Item sub/new.txt -Value text | Out-Null; Copy-Item sub/new.txt sub/copy.txt")
    assert texts("Get-ChildItem sub | % Name; (gci sub -Filter c*).Length; gci -Directory -Name") == [
        "copy.txt", "new.txt", "4", "sub",
    ]  # fmt: skip
    texts("Move-Item sub/copy.txt moved.txt; Rename-Item moved.txt last.txt; del lines.txt; rm sub -Recurse")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["last.txt", "table.txt"]
    assert texts("cd /; (Get-Location).Path; pwd | % Path") == ["/", "/"]


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("Get-Content nope.txt", "because it does not exist."),
        ("Get-Content D:\\x.txt", "Cannot find drive. A drive with the name 'D' does not exist."),
        ("Set-Location /nope", "Cannot find path '/nope' because it does not exist."),
        ("mkdir / | Out-Null", "already exists."),
        ("New-Item x -ItemType Thing", "The type is not a known type for the file system."),
        ("Get-Variable nope", "Cannot find a variable with the name 'nope'."),
        ("Get-Alias nope", "because an alias with the name 'nope' does not exist."),
        ("New-Alias gci Get-VM", "because an alias with the name 'gci' already exists."),
        ("New-Object Nope", "Cannot find type [Nope]: verify that the assembly containing this type is loaded."),
        ("Import-Module Nope", "The specified module 'Nope' was not loaded because no valid module file was found"),
        ("Get-Random -Minimum 5 -Maximum 5", "The Minimum value (5) cannot be greater than or equal to the Maximum"),
        ("Get-Process", "Get-Process is not emulated."),
        ("Start-Transcript x.txt", "Start-Transcript is not emulated."),
        ("1 | Format-Custom", "Format-Custom is not emulated."),
        ("Read-Host x", "Read and Prompt functionality is not available."),
        ("$null | Get-Member", "You must specify an object for the Get-Member cmdlet."),
        ("Write-Error boo", "Write-Error boo : boo"),
        ("iex '1 +'", "You must provide a value expression following the '+' operator."),
    ],
)
def test_errors(script: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert message in error(script)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("Join-Path C:\\VMs web1; Join-Path /a/ b; Join-Path a, b c", ["C:\\VMs\\web1", "/a/b", "a/c", "b/c"]),
        ("Split-Path C:\\VMs\\web1; Split-Path C:\\VMs\\web1 -Leaf; Split-Path /a/b", ["C:\\VMs", "web1", "/a"]),
        ("Split-Path C:\\VMs -Qualifier; Split-Path C:\\VMs -NoQualifier; Split-Path a/b -IsAbsolute",
         ["C:", "\\VMs", "False"]),
        ("$d = Get-Date '2026-11-21 21:05:06'; Get-Date $d -Format 'dd.MM.yyyy HH:mm'", ["21.11.2026 21:05"]),
        ("Get-Date -Date 2026-11-21 -UFormat '%Y%m%d-%H'", ["20261121-00"]),
        ("(Get-Date -Date '2026-11-21' -Hour 7 -Minute 5).TimeOfDay", ["07:05:00"]),
        ("(New-TimeSpan -Hours 25).ToString()", ["1.01:00:00"]),
        ("(New-TimeSpan -Start 2026-01-01 -End 2026-01-03).Days", ["2"]),
        ("Start-Sleep -Milliseconds 1; sleep 0", []),
        ("Get-Random -Minimum 3 -Maximum 4; 7 | Get-Random; (1..5 | Get-Random -Count 3 | sort -Unique).Count",
         ["3", "7", "3"]),
        ("Get-Random -SetSeed 5 | Out-Null; $a = Get-Random; Get-Random -SetSeed 5 | Out-Null; $a -eq (Get-Random)",
         ["True"]),
        ("Set-Variable n 5; $n; (Get-Variable n).Value; gv n -ValueOnly; Clear-Variable n; $n -eq $null; "
         "Remove-Variable n; Test-Path variable:n", ["5", "5", "5", "True", "False"]),
        ("1, 2 | Set-Variable l; $l", ["1", "2"]),
        ("New-Variable c 1 -Option Constant; try { $c = 2 } catch { 'no' }; $c", ["no", "1"]),
        ("function f { Set-Variable x 1 -Scope Global }; f; $x", ["1"]),
        ("Set-Alias say Write-Output; say 5; (Get-Alias say).Definition", ["5", "Write-Output"]),
        ("(Get-Alias -Definition Where-Object).Name -join ' '", ["? where"]),
        ("Import-Module Hyper-V; Import-Module NetAdapter -PassThru; (Get-Module Hyper-V).Name", ["NetAdapter", "Hyper-V"]),
        ("Invoke-Expression '$q = 1 + 1'; $q", ["2"]),
        ("(Get-Host).Name; (Get-Culture).Name", ["ConsoleHost", "en-US"]),
        ("Set-StrictMode -Version Latest; Set-ExecutionPolicy Bypass -Force; Get-ExecutionPolicy", ["Unrestricted"]),
        ("Write-Error x -ErrorId E1 -ErrorAction SilentlyContinue; $Error[0].FullyQualifiedErrorId", ["E1"]),
        ("try { Write-Error x -Category ObjectNotFound -ErrorAction Stop } catch { \"$_ $($_.CategoryInfo.Category)\" }",
         ["x ObjectNotFound"]),
        ("try { throw 'old' } catch { Write-Error $_ -ErrorAction SilentlyContinue }; \"$($Error[0])\"", ["old"]),
    ],
)  # fmt: skip
def test_results(script: str, expected: list[str]) -> None:
    assert texts(script) == expected


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("Write-Host a b", "a b\n"),
        ("Write-Host 1, 2 -Separator '-' -ForegroundColor Red", "1-2\n"),
        ("Write-Host x -NoNewline; Write-Host", "x\n"),
        ("'a', 'b' | Write-Host", "a\nb\n"),
        ("Write-Warning careful", "WARNING: careful\n"),
        ("Write-Verbose v; Write-Verbose w -Verbose", "VERBOSE: w\n"),
        ("Write-Debug v; Write-Debug w -Debug", "DEBUG: w\n"),
        ("Write-Information i; Write-Information j -InformationAction Continue", "j\n"),
        ("[pscustomobject]@{A=1} | Out-Host", "\nA\n-\n1\n\n\n"),
        ("[pscustomobject]@{A=1} | Format-Table | Out-Default", "\nA\n-\n1\n\n\n"),
    ],
)
def test_what_is_said(script: str, expected: str) -> None:
    host = BufferedHost()
    assert texts(script, host) == []
    assert host.text == expected
    assert host.errors == []


def test_asking() -> None:
    host = BufferedHost(["web1"])
    assert texts("Read-Host 'Name'", host) == ["web1"]
    assert host.asked == ["Name: "]


def test_progress() -> None:
    host = BufferedHost()
    texts("Write-Progress -Activity Making -Status half -PercentComplete 50", host)
    assert host.progress == ["Making: half"]


def test_history() -> None:
    from lab.shell import history

    history.clear()
    history.remember("Get-VM")
    assert texts("Get-History | % CommandLine; Clear-History; (Get-History | measure).Count") == ["Get-VM", "0"]


def test_host_knows_its_width() -> None:
    host = BufferedHost(width=40)
    list(interpreter(host).run("[pscustomobject]@{A='x' * 60} | Out-Default"))
    assert host.text.splitlines()[3] == "x" * 36 + "..."


def test_aliases_are_shown_with_what_they_mean() -> None:
    assert shown("Set-Alias say Write-Output; Get-Alias say")[-1] == "Alias           say -> Write-Output"
