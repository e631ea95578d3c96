"""Consoles in trouble: two of them on one lab, a lab that ends or cannot do what it is told, Ctrl-C, scripts with errors."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab.cli.running_place import RunningPlace
from lab.cli.shell import execute
from lab.emulation import running as work
from lab.engine.resources import Blueprint
from lab.engine.session import Session
from lab.errors import LabFault, SwitchFault
from lab.model.objects import LabModel
from lab.shell.host import BufferedHost
from lab.shell.interpreter import Interpreter
from lab.shell.place import Machine
from lab.shell.text import to_text
from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.faults.interrupting import interrupted, on_a_terminal, read_until
from tests.system.faults.places import NO_SPACE, full
from tests.system.faults.processes import kill
from tests.system.labs import Hvlab, RunningLab, command

pytestmark = pytest.mark.system

TOPOLOGY = """
from lab import Lab

lab = Lab("consoles", interruption_s=0)
hv1 = lab.host("hv1")
hv1.private_switch("Private")
hv1.private_switch("Other")
hv1.vm("web1", "Private", "10.0.2.11/24")
hv1.vm("web2", "Private", "10.0.2.12/24")
"""


class Console:
    """A console in this process; what it is told lasts from line to line, as in a window."""

    def __init__(self, lab: RunningLab) -> None:
        self.shell = Interpreter(RunningPlace(lab.pod), Machine("hv1", "hv1"), BufferedHost())

    def __call__(self, line: str) -> str:
        """Type a line, and return what is shown; there is no error."""
        code, shown, errors = self.trouble(line)
        assert (code, errors) == (0, [])
        return shown

    def trouble(self, line: str) -> tuple[int, str, list[str]]:
        """Type a line, and return its exit code, what is shown, and the errors."""
        ui = self.shell.session.ui = BufferedHost()
        code = execute(self.shell, line)
        return code, ui.text, ui.errors

    def begin(self, line: str) -> Iterator[str]:
        """Run a script one output at a time; nothing is carried out before it ends."""
        self.shell.session.ui = BufferedHost()
        yield from map(to_text, self.shell.run(line))
        self.shell.place.settle()

    @property
    def errors(self) -> list[str]:
        ui = self.shell.session.ui
        assert isinstance(ui, BufferedHost)
        return ui.errors


@pytest.fixture(scope="module")
def shared(lab: LabOf) -> Iterator[RunningLab]:
    """Every test leaves it as it was."""
    with lab(TOPOLOGY) as found:
        yield found


@pytest.fixture
def pair(shared: RunningLab) -> Iterator[RunningLab]:
    yield shared
    shared.apply(TOPOLOGY)


def as_modelled(lab: RunningLab) -> LabModel:
    """Return the lab's model; the lab is what that says."""

    def look(session: Session) -> tuple[LabModel, list[str]]:
        model = session.state().model
        return model, [f"{step.title}: {step.reason}" for step in session.plan(model).steps]

    model, missing = work.work(lab.pod, lambda step: None, look)
    assert missing == []
    return model


def vms(lab: RunningLab) -> set[str]:
    return {vm.name for _, vm in as_modelled(lab).vms()}


# Two at once


def test_each_sees_what_the_other_does(pair: RunningLab) -> None:
    one, other = Console(pair), Console(pair)
    one("$vm = Get-VM web1; New-VM new1 -SwitchName Private | Out-Null")
    assert other("(Get-VM).Name -join ','").split() == ["web1,web2,new1"]
    other("Stop-VM web1 -TurnOff; Rename-VMSwitch Other Third")
    assert one("$vm.State; (Get-VMSwitch).Name").split() == ["Off", "Private", "Third"]
    assert vms(pair) == {"web1", "web2", "new1"}


def test_changes_of_both_at_once_are_both_made(pair: RunningLab) -> None:
    one, other = Console(pair), Console(pair)
    script = one.begin("Set-VMNetworkAdapter -VMName web1 -MacAddressSpoofing On; 'half'; (Get-VM).Name; New-VM new1")
    assert next(script) == "half"
    other("Set-VMNetworkAdapter -VMName web1 -DhcpGuard On; New-VM new2 | Out-Null; Remove-VMSwitch Other -Force")
    assert [next(script) for _ in range(3)] == ["web1", "web2", "new2"], "in the middle of its script"
    list(script)
    model = as_modelled(pair)
    adapter = next(vm for _, vm in model.vms() if vm.name == "web1").adapters[0]
    assert (adapter.mac_spoofing, adapter.dhcp_guard) == (True, True)
    assert {vm.name for _, vm in model.vms()} == {"web1", "web2", "new1", "new2"}
    assert [switch.name for switch in model.hosts[0].switches] == ["Private"]


@pytest.mark.parametrize("reads", [True, False], ids=["told when it looks", "told at its end"])
def test_a_change_that_no_longer_fits_is_one_error(pair: RunningLab, reads: bool) -> None:
    one, other = Console(pair), Console(pair)
    script = one.begin("Set-VM web1 -Notes x; New-VM new1 -SwitchName Other | Out-Null; 'half'" + "; Get-VM" * reads)
    assert next(script) == "half"
    other("Remove-VMSwitch Other -Force")
    if reads:
        assert list(script) == []
        (said,) = one.errors
    else:
        code, _, (said,) = one.trouble("")
        assert code == 2
    assert "changed by another command meanwhile, and a change made here does not fit: " in said
    assert vms(pair) == {"web1", "web2"}
    assert one("(Get-VM).Name -join ','; New-VM new1 -SwitchName Private | Out-Null").split() == ["web1,web2"]
    assert vms(pair) == {"web1", "web2", "new1"}


# What the lab does not do


@pytest.mark.parametrize("unsettled", ["", "New-VM new1 | Out-Null; "])
def test_the_lab_ends(hvlab: Hvlab, lab: LabOf, unsettled: str) -> None:
    with lab(TOPOLOGY) as ending:
        console = Console(ending)
        script = console.begin(f"{unsettled}'half'; Get-VM; Get-VMSwitch | Remove-VMSwitch -Force")
        assert next(script) == "half"
        hvlab("down", ending.name)
        with pytest.raises(LabFault if unsettled else StopIteration):
            next(script)
        assert all("is not running any more" in said for said in console.errors)
        assert console.errors
        for line in ("Get-VM", "New-VM new2", "ping web1", "$x = Get-VMSwitch Private"):
            code, _, errors = console.trouble(line)
            assert code == 1
            assert len(errors) == 1
            assert "is not running any more" in errors[0]


_TWELVE = "1..12 | ForEach-Object { New-VM new$_ -SwitchName Private } | Start-VM"


def test_a_change_that_cannot_begin(pair: RunningLab, announce: Callable[[str], None]) -> None:
    announce(NO_SPACE)
    console = Console(pair)
    with full(pair, 0):
        code, _, errors = console.trouble(f"Set-VMNetworkAdapter -VMName web1 -DhcpGuard On; {_TWELVE}")
        assert code == 1
        assert any("No space left on device" in said for said in errors)
        assert console("(Get-VM).Name -join ','").split() == ["web1,web2"]
    assert vms(pair) == {"web1", "web2"}
    console(_TWELVE)
    assert len(vms(pair)) == 14


def test_a_change_that_fails_in_its_middle_is_undone(pair: RunningLab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here a switch refuses its policy when all else has been done, and takes the old one again."""
    wait, waited = Session._wait_for_switches, []

    def refuse_once(session: Session, wanted: Blueprint) -> None:
        waited.append(wanted)
        if len(waited) == 1:
            raise SwitchFault("switch refused")
        wait(session, wanted)

    console = Console(pair)
    monkeypatch.setattr(Session, "_wait_for_switches", refuse_once)
    code, _, errors = console.trouble(f"Set-VMNetworkAdapter -VMName web1 -DhcpGuard On; {_TWELVE}")
    monkeypatch.undo()
    assert (code, errors) == (1, ["hvlab: switch refused"])
    assert vms(pair) == {"web1", "web2"}
    assert console("(Get-VM).Name -join ','").split() == ["web1,web2"]
    pair.agrees()
    console(_TWELVE)
    assert len(vms(pair)) == 14


def test_a_controller_that_is_stopped(pair: RunningLab) -> None:
    console = Console(pair)
    kill(pair, "controller", signal.SIGSTOP)
    try:
        code, _, (said,) = console.trouble("New-VM new1 -SwitchName Private | Out-Null")
        assert code == 1
        assert '"controller"' in said
        assert "is stopped" in said
        assert "nothing was changed" in said
        assert console("(Get-VM).Name -join ','").split() == ["web1,web2"], "what can be read is read"
    finally:
        kill(pair, "controller", signal.SIGCONT)
    console("New-VM new2 -SwitchName Private | Out-Null")
    assert vms(pair) == {"web1", "web2", "new2"}, "what was told to be left out comes not later"


# Ctrl-C


def test_ctrl_c_in_a_script_keeps_what_was_done(pair: RunningLab, hvlab: Hvlab) -> None:
    loop = "foreach ($i in 1..200) { New-VM $('c{0}' -f $i) | Out-Null; Write-Host $('made {0}.' -f $i) }"
    with on_a_terminal(hvlab, *command("--lab", pair.name, "-c", loop)) as (pid, terminal):
        said = read_until(terminal, "made 3.")
        os.kill(pid, signal.SIGINT)
        said += read_until(terminal, "interrupted")
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 130
    made = {name for name in vms(pair) if name.startswith("c")}
    assert {"c1", "c2", "c3"} <= made
    assert said.count("made") - 1 <= len(made) <= said.count("made") + 1
    assert "c200" not in made


def test_ctrl_c_while_the_lab_is_changed(pair: RunningLab, hvlab: Hvlab) -> None:
    """The change is completed by whatever comes next, and is told."""
    line = "New-VM new1 -SwitchName Private | Start-VM"
    said = interrupted(hvlab, "the state is written#1", signal.SIGINT, "--lab", pair.name, "-c", line)
    assert said.split("\n")[-2:] == ["hvlab: interrupted", ""]
    done = pair("-c", "(Get-VM).Name -join ','")
    assert done.out.split() == ["web1,web2,new1"]
    assert "was interrupted; it has been completed" in done.err
    assert vms(pair) == {"web1", "web2", "new1"}


def test_ctrl_c_and_the_end_of_the_lab_at_the_prompt(hvlab: Hvlab, lab: LabOf) -> None:
    with (
        lab(TOPOLOGY) as ending,
        on_a_terminal(hvlab, *command("--lab", ending.name, "console")) as (pid, terminal),
    ):
        read_until(terminal, "PS hv1> ")
        _type(terminal, "New-VM new1 | Out-Null; while ($true) { $x = 1 }")
        eventually(lambda: _spinning(pid), lambda ticks: ticks > 100, timeout=20.0)
        os.write(terminal, b"\x03")
        read_until(terminal, "PS hv1> ")
        eventually(lambda: vms(ending), lambda names: "new1" in names, timeout=5.0)
        _type(terminal, "'still ' + 'here'")
        read_until(terminal, "still here")
        hvlab("down", ending.name)
        _type(terminal, "Get-VM")
        read_until(terminal, "is not running any more")
        _type(terminal, "exit 3")
        eventually(lambda: os.waitpid(pid, os.WNOHANG), lambda ended: ended[0] == pid, timeout=10.0)
    shutil.rmtree(hvlab.workplace.home / ".local")  # the lines that were typed


def _type(terminal: int, line: str) -> None:
    os.write(terminal, f"{line}\r".encode())


def _spinning(pid: int) -> int:
    """Return how much processor time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11])


# Errors


@pytest.mark.parametrize(
    ("end", "code"),
    [("throw 'enough'", 1), ("Get-VM nobody -ErrorAction Stop", 1), ("exit 7", 7), ("[int]'x'; exit 0", 0)],
    ids=["throw", "Stop", "exit", "an error that ends nothing"],
)
def test_a_script_that_ends_keeps_what_it_did(pair: RunningLab, tmp_path: Path, end: str, code: int) -> None:
    script = tmp_path / "script.ps1"
    script.write_text(
        "New-VM new1 -SwitchName Private | Out-Null\nSet-VMNetworkAdapter -VMName web1 -DhcpGuard On\n"
        f"{end}\nNew-VM never\n"
    )
    pair("run", script, check=code)
    model = as_modelled(pair)
    found = {vm.name: vm for _, vm in model.vms()}
    assert found.keys() - {"never"} == {"web1", "web2", "new1"}
    assert found["web1"].adapters[0].dhcp_guard
    assert "never" not in found
