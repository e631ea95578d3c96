"""The PowerShell console: a line as a whole process, a line in a console, a script beside a topology of the same lab."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from lab.cli.running_place import RunningPlace
from lab.cli.shell import execute
from lab.emulation.pod import pod as pods
from lab.shell.host import BufferedHost
from lab.shell.interpreter import Interpreter
from lab.shell.place import Machine
from tests.bench.conftest import ROUNDS, Record
from tests.bench.figures import Goal, compare
from tests.bench.labs import timed
from tests.system.labs import Hvlab

Write = Callable[[str], Path]
NAME = "bench-console"
VMS = 50
LINES = 20

SMALL = """
from lab import Lab

lab = Lab("bench", interruption_s=0)
hv1 = lab.host("hv1")
hv1.private_switch("Private")
hv1.vm("web1", "Private", "10.0.2.11/24")
hv1.vm("web2", "Private", "10.0.2.12/24")
"""
EMPTY = """
from lab import Lab

lab = Lab("bench", interruption_s=0)
lab.host("hv1")
"""
TOPOLOGY = f"""
from lab import Lab

lab = Lab("bench")
hv1 = lab.host("hv1")
hv1.private_switch("First")
hv1.private_switch("Second")
for n in range(1, {VMS} + 1):
    hv1.vm(f"vm{{n}}", "First", f"10.0.1.{{n}}/24").adapter("Second", f"10.0.2.{{n}}/24", name="Second")
"""
SCRIPT = f"""
New-VMSwitch First -SwitchType Private | Out-Null
New-VMSwitch Second -SwitchType Private | Out-Null
foreach ($n in 1..{VMS}) {{
    New-VM "vm$n" -Generation 2 -NoVHD -SwitchName First | Out-Null
    Add-VMNetworkAdapter -VMName "vm$n" -Name Second -SwitchName Second
}}
Start-VM vm*
foreach ($n in 1..{VMS}) {{
    Invoke-Command -VMName "vm$n" -ArgumentList $n -ScriptBlock {{
        param($n)
        New-NetIPAddress 10.0.1.$n -InterfaceAlias Ethernet -PrefixLength 24 | Out-Null
        New-NetIPAddress 10.0.2.$n -InterfaceAlias "Ethernet 2" -PrefixLength 24 | Out-Null
    }}
}}
"""
"""The same lab, command by command."""


def test_lines(hvlab: Hvlab, topology: Write, record: Record) -> None:
    """In a console until a line's result is shown and, of a change, every switch has acknowledged it."""
    hvlab("up", topology(SMALL), "--name", NAME)
    whole = [timed(hvlab, "--lab", NAME, "-c", "Get-VM") for _ in range(ROUNDS)]
    shell = Interpreter(RunningPlace(pods.get(NAME)), Machine("hv1", "hv1"), BufferedHost())
    _line(shell, "Get-VM; Set-VM web1 -Notes warm")
    got = [_line(shell, "Get-VM") for _ in range(LINES)]
    told = [_line(shell, f"Set-VMNetworkAdapter -VMName web1 -DhcpGuard {('On', 'Off')[n % 2]}") for n in range(LINES)]
    hvlab("down", NAME)
    record(compare("hvlab -c Get-VM, whole process", "s", whole, None, Goal(0.5)))
    record(compare("Get-VM in a console", "ms", got, None, Goal(10)))
    record(compare("Set-VMNetworkAdapter in a console, until acknowledged", "ms", told, None, Goal(100)))


def _line(shell: Interpreter, line: str) -> float:
    began = time.monotonic()
    assert execute(shell, line) == 0
    return time.monotonic() - began


def test_script_of_50_vms(hvlab: Hvlab, topology: Write, tmp_path: Path, record: Record) -> None:
    """Two adapters each with static addresses: by `hvlab up` of a topology, of a script, and by a script on a lab."""
    script = tmp_path / "bench.ps1"
    script.write_text(SCRIPT, encoding="utf-8")
    described, scripted, typed, removed = [], [], [], []
    for _ in range(ROUNDS):
        described.append(timed(hvlab, "up", str(topology(TOPOLOGY)), "--name", NAME))
        hvlab("down", NAME)
        scripted.append(timed(hvlab, "up", str(script), "--on", topology(EMPTY), "--name", NAME))
        hvlab("down", NAME)
        hvlab("up", topology(EMPTY), "--name", NAME)
        typed.append(timed(hvlab, "--lab", NAME, "run", str(script)))
        away = "Stop-VM * -TurnOff -Force; Remove-VM * -Force; Remove-VMSwitch * -Force"
        removed.append(timed(hvlab, "--lab", NAME, "-c", away))
        hvlab("down", NAME)
    what = f"{VMS} VMs with two adapters each"
    record(compare(f"hvlab up of a script that makes {what} / of a topology", "s", scripted, described, Goal(1.3)))
    record(compare(f"hvlab run of it on a lab that runs, {what}", "s", typed, None, Goal(5)))
    record(compare(f"{what} stopped and removed by a line", "s", removed, None, Goal(5)))
