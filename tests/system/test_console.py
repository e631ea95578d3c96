"""The ways into the PowerShell console: a line, a script, standard input, a terminal, and a lab built by a script."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab.emulation.pod import pod as pods
from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.labs import TOPOLOGIES, Hvlab, RunningLab, command, fresh_name

pytestmark = pytest.mark.system

FILE = next(path for path in TOPOLOGIES if path.stem == "three_switches")


@pytest.fixture(scope="module")
def running(lab: LabOf) -> Iterator[RunningLab]:
    with lab(FILE) as found:
        yield found


def rows(text: str) -> list[list[str]]:
    """Return the words of each line that is not empty."""
    return [line.split() for line in text.splitlines() if line.strip()]


def test_a_line_is_run(running: RunningLab) -> None:
    assert rows(running("-c", "Get-VMSwitch Private").out) == [
        ["Name", "SwitchType", "NetAdapterInterfaceDescription"],
        ["----", "----------", "------------------------------"],
        ["Private", "Private"],
    ]


def test_an_error_is_told_as_windows_tells_it(running: RunningLab) -> None:
    done = running("-c", "Get-VM nope", check=1)
    assert done.out == ""
    assert done.err == (
        'Get-VM : Hyper-V was unable to find a virtual machine with name "nope".\n'
        "At line:1 char:1\n"
        "+ Get-VM nope\n"
        "+ ~~~~~~~~~~~\n"
        "    + CategoryInfo          : InvalidArgument: (nope:String) [Get-VM], VirtualizationException\n"
        "    + FullyQualifiedErrorId : InvalidParameter,Microsoft.HyperV.PowerShell.Commands.GetVM\n"
    )


def test_a_machine_has_a_drive_that_is_gone_with_the_lab(running: RunningLab) -> None:
    running("-c", r"New-Item C:\VMs -ItemType Directory; Get-VM | Export-Csv C:\Temp\report.csv")
    assert running("-c", r"(Import-Csv c:\temp\REPORT.csv).Name; Test-Path C:\VMs").out.split()[-2:] == ["db2", "True"]
    host = "$env:COMPUTERNAME; Test-Path C:\\VMs"
    assert running("-c", f"Invoke-Command -VMName web1 {{ {host} }}").out.split() == ["WEB1", "False"]
    assert not Path("/VMs").exists() and not Path("/run/hvlab/drives").exists()


def test_what_is_not_understood_runs_nothing(running: RunningLab) -> None:
    done = running("-c", "New-VMSwitch Never -SwitchType Private; if (", check=1)
    assert "FullyQualifiedErrorId : IfStatementMissingCondition" in done.err
    assert "Never" not in running("-c", "(Get-VMSwitch).Name").out


def test_a_change_is_one_of_the_lab(running: RunningLab) -> None:
    running.agrees()
    running("-c", "Set-VMNetworkAdapterVlan -VMName web1 -Access -VlanId 10")
    cells = running.cells()
    assert not cells["web1", "web2"] and cells["web2", "pc1"]
    running("-c", "Set-VMNetworkAdapterVlan -VMName web1 -Untagged")
    assert running.cells()["web1", "web2"]


def test_what_would_be_done_is_told_and_not_done(running: RunningLab) -> None:
    before = running.shown()
    said = running("-c", "Set-VMSwitch Internal -SwitchType Private -WhatIf").out.splitlines()
    assert said[0] == 'What if: Performing the operation "Set-VMSwitch" on target "Internal".'
    assert any("vEthernet (Internal)" in line for line in said[1:]), said
    assert running.shown() == before


def test_nobody_is_asked_where_nobody_can_answer(running: RunningLab) -> None:
    done = running("-c", "Remove-VMSwitch Private", check=1)
    assert "Private" in running("-c", "(Get-VMSwitch).Name").out, done.err


def test_a_script_gets_arguments_and_gives_an_exit_code(running: RunningLab, tmp_path: Path) -> None:
    script = tmp_path / "it's a script.ps1"
    script.write_text(
        'param([string] $Name, [int] $Number = 1, [switch] $Loud)\n"$Name $($Number + 1) $Loud"\nGet-VMSwitch $Name\n'
        "exit 3\n"
    )
    done = running("run", script, "Private", "-Number", "41", "-Loud", check=3)
    assert rows(done.out)[0] == ["Private", "42", "True"]
    assert ["Private", "Private"] in rows(done.out)


def test_a_script_that_does_not_exist_is_one_clear_error(running: RunningLab) -> None:
    assert 'script "nothing.ps1" does not exist' in running("run", "nothing.ps1", check=2).err


def test_standard_input_is_a_script(running: RunningLab) -> None:
    text = "$n = (Get-VM).Count\nif ($n -gt 5) {\n    'many'\n}\n"
    assert running("console", stdin=text).out.strip() == "many"
    assert running("-c", "-", stdin=text).out.strip() == "many"


def test_the_console_of_a_guest_is_that_of_its_machine(running: RunningLab) -> None:
    said = running("console", "web1", stdin="$env:COMPUTERNAME; (Get-NetAdapter).Name\n").out
    assert said.split() == ["WEB1", "Ethernet"]
    done = running("console", "web9", check=2)
    assert 'no machine of this lab is called "web9"' in done.err


def test_two_lines_at_once_lose_nothing(running: RunningLab) -> None:
    names = [f"P{number}" for number in range(4)]
    started = [
        running.hvlab.start("--lab", running.name, "-c", f"New-VMSwitch {name} -SwitchType Private | Out-Null")
        for name in names
    ]
    assert [process.wait(60) for process in started] == [0] * 4
    assert set(names) <= set(running("-c", "(Get-VMSwitch).Name").out.split())
    running("-c", "Get-VMSwitch P? | Remove-VMSwitch -Force")
    assert not set(names) & set(running("-c", "(Get-VMSwitch).Name").out.split())


class Keyboard:
    """A console on a terminal, and somebody who types."""

    def __init__(self, file: int) -> None:
        self._file = file
        self._seen = ""

    def types(self, text: str, expected: str) -> str:
        """Type a text and return what is shown from then on, when `expected` (a pattern) is in it."""
        self._seen = ""
        os.write(self._file, text.encode())
        return self.sees(expected)

    def sees(self, expected: str) -> str:
        return eventually(self._shown, lambda shown: re.search(expected, shown) is not None, timeout=20.0)

    def _shown(self) -> str:
        while select.select([self._file], [], [], 0.02)[0]:
            try:
                self._seen += os.read(self._file, 65536).decode(errors="replace")
            except OSError:
                break
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", self._seen)


@contextmanager
def keyboard(lab: RunningLab, home: Path, *arguments: str) -> Iterator[tuple[Keyboard, int]]:
    words = command("--lab", lab.name, "console", *arguments)
    environment = lab.hvlab.workplace.environment() | {"TERM": "xterm-256color", "XDG_STATE_HOME": str(home)}
    pid, file = pty.fork()
    if pid == 0:
        os.execvpe(words[0], words, environment)
    try:
        yield Keyboard(file), pid
    finally:
        ended = time.monotonic() + 5
        while os.waitpid(pid, os.WNOHANG) == (0, 0):
            if time.monotonic() > ended:
                os.kill(pid, signal.SIGKILL)
        os.close(file)


def test_somebody_types(running: RunningLab, tmp_path: Path) -> None:
    with keyboard(running, tmp_path) as (types, _):
        types.sees(r"PS hv1>\s*$")
        assert "External" in types.types("Get-VMSwitch\r", r"Private +Private[\s\S]*PS hv1>\s*$")
        types.types("Get-VMNetworkAdapterV\t", r"Get-VMNetworkAdapterVlan")
        types.types(" -VMName we\t", r"web1[\s\S]*web2")
        types.types("\x03", r"PS hv1>\s*$")
        types.types("if ($true) {\r", r">>\s*$")
        assert "several lines" in types.types("'several ' + 'lines'\r}\r", r"several lines\s+PS hv1>\s*$")
        types.types("Remove-VMSwitch Private\r", r'default is "Y"\):\s*$')
        types.types("n\r", r"PS hv1>\s*$")
        types.types("Enter-PSSession -VMName web1\r", r"\[web1\]: PS>\s*$")
        assert "Ethernet" in types.types("(Get-NetAdapter).Name\r", r"Ethernet\s+\[web1\]: PS>\s*$")
        types.types("exit\r", r"PS hv1>\s*$")
        assert "Private" in types.types("(Get-VMSwitch Private).Name\r", r"Private\s+PS hv1>\s*$")
        types.types("exit\r", r"exit")
    assert "Enter-PSSession -VMName web1" in (tmp_path / "hvlab" / "console_history").read_text()


@contextmanager
def built(hvlab: Hvlab, *arguments: str | Path) -> Iterator[RunningLab]:
    """Have a lab built by a script."""
    name = fresh_name()
    hvlab("up", "--name", name, *arguments)
    try:
        found = RunningLab(hvlab, name, Path(arguments[0]), {})
        found.remember()
        yield found
        assert found.complaints() == []
    finally:
        hvlab("down", name)
    assert found.survivors() == set()


SCRIPT = """
param([int] $Count = 2)
New-VMSwitch -Name Lab -SwitchType Internal | Out-Null
1..$Count | ForEach-Object {
    New-VM -Name "vm$_" -Generation 2 -NoVHD -SwitchName Lab | Start-VM
    Invoke-Command -VMName "vm$_" -ArgumentList $_ -ScriptBlock {
        param($n)
        New-NetIPAddress -InterfaceAlias Ethernet -IPAddress "10.0.0.$n" -PrefixLength 24 | Out-Null
    }
}
"""


def test_a_script_builds_a_lab(hvlab: Hvlab, tmp_path: Path) -> None:
    script = tmp_path / "classroom.ps1"
    script.write_text(SCRIPT)
    with built(hvlab, script, "--", "-Count", "3") as found:
        cells = found.cells()
        assert cells["vm1", "vm3"] and cells["vm2", "vm1"] and cells["HV1", "pc1"]


def test_a_script_is_run_on_what_a_topology_has(hvlab: Hvlab, tmp_path: Path) -> None:
    script = tmp_path / "classroom.ps1"
    script.write_text("New-VMSwitch -Name Ext -NetAdapterName Ethernet | Out-Null\n")
    with built(hvlab, script, "--on", FILE) as found:
        assert [switch["name"] for switch in found.status()["switches"]] == ["Ext"]
        assert found.cells()["hv1", "pc1"]


def test_a_script_that_is_ended_by_an_error_leaves_no_lab(hvlab: Hvlab, tmp_path: Path) -> None:
    script, name = tmp_path / "broken.ps1", fresh_name()
    script.write_text("New-VMSwitch -Name Lab -SwitchType Internal | Out-Null\nthrow 'enough'\n")
    done = hvlab("up", script, "--name", name, check=2)
    assert "enough" in done.err and "no lab was started" in done.err
    assert name not in [pod.name for pod in pods.find()]
