"""Paths of Windows: drive C: of a machine is a folder that nothing leads out of."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from lab.cli.starting_place import StartingPlace
from lab.model.objects import HypervHost, LabModel
from lab.shell.completion import Surroundings, candidates
from lab.shell.drive import Drive, in_full
from lab.shell.files import Files, joined, relative, split
from lab.shell.host import BufferedHost
from lab.shell.interpreter import Interpreter
from lab.shell.place import Description, Machine
from lab.shell.text import to_text
from tests.unit.shell.running import error
from tests.unit.shell.sessions import session


def texts(script: str) -> list[str]:
    """Return what a script on a Hyper-V host outputs, each object as a string; an error fails the test."""
    shell = session()
    found = [to_text(item) for item in shell.run(script)]
    assert not shell.host.errors, shell.host.errors
    return found


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (r"New-Item C:\VMs -ItemType Directory | % FullName; Test-Path c:\vms", [r"C:\VMs", "True"]),
        (r"Test-Path C:\VHD; Test-Path D:\; Test-Path C:\; Test-Path C:; Test-Path \Windows",
         ["False", "False", "True", "True", "True"]),
        (r"[pscustomobject]@{a=1} | Export-Csv C:\Temp\r.csv; (Import-Csv c:/temp/R.CSV).a", ["1"]),
        (r"'x' > $env:TEMP\x.txt; Get-Content $env:TEMP\X.txt; Test-Path $env:USERPROFILE\AppData\Local\Temp\x.txt",
         ["x", "True"]),
        (r"cd C:\; $pwd.Path; cd Users; (Get-Location).Path; 'x' | Set-Content a.txt; Resolve-Path a.txt -Relative",
         ["C:\\", r"C:\Users", r".\a.txt"]),
        (r"cd C:\Users; Test-Path C:Public; cd /; $pwd.Path; Test-Path C:Public", ["True", "/", "True"]),
        (r"cd C:\Windows; Push-Location \Users; $pwd.Path; Pop-Location; $pwd.Path", [r"C:\Users", r"C:\Windows"]),
        (r"Join-Path $env:SystemDrive x; Join-Path C:\VMs\ a/b; Join-Path \VMs a", [r"C:\x", r"C:\VMs\a\b", r"\VMs\a"]),
        (r"mkdir C:\a\b | % FullName; 'x' > C:\a\b\c.txt; gci C:\a -Recurse -Name", [r"C:\a\b", "b", r"b\c.txt"]),
        (r"mkdir C:\a | Out-Null; 'x' > C:\a\c.txt; gci C:\a\*.TXT | % { $_.FullName, $_.DirectoryName, $_.Name }",
         [r"C:\a\c.txt", r"C:\a", "c.txt"]),
        (r"mkdir C:\a\b | Out-Null; 'x' > C:\a\b\c.txt; gci C:\a\*.txt -Recurse -Name", [r"b\c.txt"]),
        (r"'x' > C:\a.txt; Copy-Item C:\a.txt C:\Users -PassThru | % FullName; Move-Item c:\A.txt C:\b.txt; gc C:\b.txt",
         [r"C:\Users\a.txt", "x"]),
        (r"'x' > C:\a.txt; Rename-Item C:\a.txt A.txt -PassThru | % Name; Remove-Item C:\a.TXT; Test-Path C:\a.txt",
         ["A.txt", "False"]),
        (r"""'"$PSScriptRoot|$PSCommandPath"' > C:\s.ps1; C:\s.ps1; cd C:\; .\s; & 'c:\S.PS1'""",
         ["C:\\|C:\\s.ps1"] * 3),
        (r"New-VHD C:\VHD\a.vhdx 10GB | Out-Null; Test-Path c:\vhd\A.vhdx; Test-Path C:\VHD\*.vhdx; "
         r"Test-Path C:\VHD\a.vhdx -PathType Container; Remove-Item C:\VHD\a.vhdx; Test-Path C:\VHD\a.vhdx; "
         r"Get-VHD C:\VHD\a.vhdx -ErrorAction SilentlyContinue", ["True", "True", "False", "False"]),
        (r"New-VM web1 -Path C:\VMs -NewVHDPath C:\VHD\web1.vhdx -NewVHDSizeBytes 9GB | Out-Null; "
         r"Test-Path C:\VHD\web1.vhdx", ["True"]),
        (r"[IO.File]::WriteAllText('C:\a.txt', 'x'); [IO.File]::ReadAllText('c:\A.txt'); [IO.File]::Exists('C:\b.txt');"
         r"[IO.Directory]::CreateDirectory('C:\a\b').FullName; [IO.Directory]::Exists('C:\A'); [IO.File]::Exists('D:\')",
         ["x", "False", r"C:\a\b", "True", "False"]),
        (r"[IO.Path]::Combine('C:\VMs', 'a', 'b'); [IO.Path]::GetDirectoryName('C:\VMs\a'); [IO.Path]::GetTempPath();"
         r"[IO.Path]::ChangeExtension('C:\a.b\c.txt', 'md'); [IO.Path]::GetFullPath('C:\a\..\b')",
         [r"C:\VMs\a\b", r"C:\VMs", "C:\\Users\\Administrator\\AppData\\Local\\Temp\\", r"C:\a.b\c.md", r"C:\b"]),
        (r"Get-PSDrive C | % { $_.Name, $_.Root, ($_.Free -gt 0) }", ["C", "C:\\", "True"]),
        (r"$HOME; $env:SystemRoot; $env:ProgramData; ${env:ProgramFiles(x86)}; Test-Path $HOME\Desktop",
         [r"C:\Users\Administrator", r"C:\Windows", r"C:\ProgramData", r"C:\Program Files (x86)", "True"]),
        (r"Resolve-Path 'C:\Program*' | % Path", [r"C:\Program Files", r"C:\Program Files (x86)", r"C:\ProgramData"]),
        (r"Test-Path 'C:\a<b'; Test-Path '\\server\share'; Test-Path ('C:\' + 'a' * 300)", ["False"] * 3),
        (r"'x' > C:\a.txt; 'y' >> C:\a.txt; 'z' 2> C:\e.txt; gc C:\a.txt; (gi C:\e.txt).Length", ["z", "x", "y", "0"]),
        (r"'x' > C:\a.txt; Invoke-Command { gc C:\a.txt }; Select-String x C:\a.txt | % { $_.Path }", ["x", r"C:\a.txt"]),
        (r"cd C:\; [Environment]::CurrentDirectory; 'a' > /dev/null; Test-Path /etc/passwd; Test-Path ~",
         ["C:\\", "True", "True"]),
    ],
)  # fmt: skip
def test_scripts_use_drive_c(script: str, expected: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert texts(script) == expected


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (r"Get-Content C:\..\..\etc\passwd", r"Cannot find path 'C:\etc\passwd' because it does not exist."),
        (r"cd C:\; Get-Content ..\..\etc\passwd", r"Cannot find path 'C:\etc\passwd' because it does not exist."),
        (r"Get-Content C:\etc\passwd", r"Cannot find path 'C:\etc\passwd' because it does not exist."),
        (r"Get-Item \etc", r"Cannot find path 'C:\etc' because it does not exist."),
        (r"Get-Item \\server\share", r"Cannot find path '\\server\share' because it does not exist."),
        (r"cd C:\nope", r"Cannot find path 'C:\nope' because it does not exist."),
        (r"Get-ChildItem D:\VMs", "Cannot find drive. A drive with the name 'D' does not exist."),
        (r"Get-PSDrive D", "Cannot find drive. A drive with the name 'D' does not exist."),
        (r"New-Item 'C:\a|b'", "Illegal characters in path."),
        (r"New-Item C:\a:b", "The given path's format is not supported."),
        (r"1 | Export-Csv C:\nope\x.csv", r"Could not find a part of the path 'C:\nope\x.csv'."),
        (r"'x' > C:\a.txt; Rename-Item C:\a.txt ..\b", "Cannot rename the specified target, because it represents a path"),
        (r"Remove-Item C:\ -Recurse", r"Cannot remove the item at 'C:\' because it is in use."),
        (r"Move-Item C:\ /tmp/x", r"Cannot remove the item at 'C:\' because it is in use."),
        (r"mkdir C:\a | Out-Null; mkdir C:\A", r"An item with the specified name C:\a already exists."),
        (r"C:\nope.ps1", r"The term 'C:\nope.ps1' is not recognized"),
        (r"D:\nope.ps1", r"The term 'D:\nope.ps1' is not recognized"),
    ],
)  # fmt: skip
def test_errors_tell_paths_of_windows(script: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert message in error(script)


def test_links_are_not_followed(tmp_path: Path) -> None:
    place = Description(LabModel(name="lab"))
    machine = Machine("lab")
    folder = Path(place.drive(machine))
    (folder / "secret").symlink_to(tmp_path)
    (tmp_path / "file.txt").write_text("secret")
    (folder / "VMs").mkdir()
    (folder / "VMs" / "link.txt").symlink_to(tmp_path / "file.txt")
    for script in (
        r"Get-Content C:\secret\file.txt", r"Get-Content C:\SECRET\file.txt", r"'x' > C:\VMs\link.txt", r"cd C:\secret",
        r"Copy-Item /etc/hostname C:\VMs\link.txt", r"Remove-Item C:\secret\file.txt",
        r"'x' > C:\link.txt; Copy-Item C:\link.txt C:\VMs",
    ):  # fmt: skip
        host = BufferedHost()
        list(Interpreter(place, machine, host).run(script))
        assert len(host.errors) == 1 and " is denied." in host.errors[0], (script, host.errors)
    for script in (r"Get-Content C:\VMs\*.txt", r"gci C:\VMs -Recurse", r"gci C:\sec*", r"Get-Content C:\sec*\*"):
        host = BufferedHost()
        assert [] == list(Interpreter(place, machine, host).run(script)) == host.errors
    assert (tmp_path / "file.txt").read_text() == "secret"


def test_a_folder_that_is_copied_out_keeps_its_links(tmp_path: Path) -> None:
    place, machine = Description(LabModel(name="lab")), Machine("lab")
    folder = Path(place.drive(machine))
    (folder / "a").mkdir()
    (folder / "a" / "link").symlink_to("/etc/passwd")
    list(Interpreter(place, machine, BufferedHost()).run(rf"Copy-Item C:\a {tmp_path}/a -Recurse"))
    assert (tmp_path / "a" / "link").is_symlink()


def test_each_machine_has_a_drive_that_ends_with_the_lab() -> None:
    place = Description(LabModel(name="lab", hosts=(HypervHost(name="hv1"), HypervHost(name="hv2"))))
    one, two = place.drive(Machine("hv1", "hv1")), place.drive(Machine("hv2", "hv2"))
    assert one != two and one == place.drive(Machine("HV1", "HV1"))
    assert stat.S_IMODE(os.stat(one).st_mode) == 0o700
    del place
    assert not os.path.exists(one) and not os.path.exists(two)


def test_nothing_is_made_for_a_script_that_uses_no_drive() -> None:
    place = Description(LabModel(name="lab"))
    list(Interpreter(place, Machine("lab"), BufferedHost()).run("Test-Path /etc; $pwd; Get-Location; Test-Path D:\\"))
    assert place.drives == {}


def test_a_lab_that_starts_takes_its_files_along(tmp_path: Path) -> None:
    class Running(Description):
        def drive(self, machine: Machine) -> str:
            folder = tmp_path / machine.name.casefold()
            folder.mkdir(exist_ok=True)
            return str(folder)

    model, machine = LabModel(name="lab", hosts=(HypervHost(name="HV1"),)), Machine("HV1", "HV1")
    place = StartingPlace(model, Running)  # type: ignore[arg-type]
    files = Files(place, machine)
    files.path("C:\\a.txt").write_text("before")
    place.running()
    assert files.path("C:\\A.txt").read_text() == "before"
    assert files.path("C:\\A.txt") == tmp_path / "hv1" / "a.txt"
    assert files.shown(files.path("C:\\x")) == "C:\\x"


@pytest.mark.parametrize(
    ("path", "location", "expected"),
    [
        ("C:\\a\\..\\..\\b", "C:\\", "C:\\b"), ("c:a", "C:\\VMs", "C:\\VMs\\a"), ("C:", "C:\\VMs", "C:\\VMs"),
        ("..\\..\\..", "C:\\VMs", "C:\\"), ("C:/a//b/", "C:\\", "C:\\a\\b"), ("a/../..", "C:\\x", "C:\\"),
        ("C:\\\\server\\share", "C:\\", "C:\\server\\share"), ("\\x", "C:\\VMs", "C:\\x"),
    ],
)  # fmt: skip
def test_paths_are_made_whole(path: str, location: str, expected: str) -> None:
    assert in_full(path, location) == expected


def test_names_are_found_in_whatever_case(tmp_path: Path) -> None:
    drive = Drive(str(tmp_path))
    (tmp_path / "VMs").mkdir()
    assert drive.path("C:\\vms\\New.txt") == tmp_path / "VMs" / "New.txt"
    assert drive.windows(tmp_path / "VMs") == "C:\\VMs"
    assert drive.windows(tmp_path) == "C:\\"
    assert drive.windows(f"{tmp_path}x") == ""
    assert drive.matching("C:\\V*") == [tmp_path / "VMs"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("C:\\VMs\\a", ("C:\\VMs", "a")), ("C:\\VMs", ("C:\\", "VMs")), ("C:\\", ("", "C:\\")), ("/a", ("/", "a")),
        ("/a/b", ("/a", "b")), ("a", ("", "a")), ("/", ("", "/")), ("a\\b/", ("a", "b")), ("C:a", ("C:", "a")),
    ],
)  # fmt: skip
def test_paths_have_two_parts(path: str, expected: tuple[str, str]) -> None:
    assert split(path) == expected


def test_paths_as_texts() -> None:
    assert joined("C:", "VMs/a") == "C:\\VMs\\a"
    assert joined("/home/u/", "\\a") == "/home/u/a"
    assert relative("C:\\VMs\\a", "C:\\") == "VMs\\a"
    assert relative("/a/b", "C:\\") == "/a/b"


def test_paths_are_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place, machine = Description(LabModel(name="lab")), Machine("lab")
    (tmp_path / "out").mkdir()
    (tmp_path / "over.csv").touch()
    monkeypatch.chdir(tmp_path)
    files = Files(place, machine)
    assert files.beginning("o") == ["out/", "over.csv"]
    assert files.beginning(f"{tmp_path}/ou") == [f"{tmp_path}/out/"]
    assert files.beginning("c:\\prog") == ["c:\\Program Files\\", "c:\\Program Files (x86)\\", "c:\\ProgramData\\"]
    assert files.beginning("D:\\") == files.beginning("C:\\a*") == []
    around = Surroundings(place.model, machine, files=files)
    assert [each.text for each in candidates("Get-Content C:\\W", 16, around)] == ["C:\\Windows\\"]
    files.go("C:\\")
    assert files.beginning("Us") == ["Users\\"]
