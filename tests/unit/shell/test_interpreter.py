"""The interpreter as its surroundings use it: sessions, script files, streams, machines, questions, errors of the lab."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lab.errors import ErrorRecord as Mistake
from lab.errors import InvalidState, TopologyError
from lab.model.objects import HypervHost, LabModel, VirtualMachine
from lab.shell.command import REGISTERED, Call, Parameter, command
from lab.shell.error_objects import record_of
from lab.shell.errors import failure
from lab.shell.flow import Exit
from lab.shell.host import BufferedHost
from lab.shell.interpreter import Interpreter
from lab.shell.objects import PSObject
from lab.shell.place import Description, Machine
from tests.unit.shell.sessions import session


@pytest.fixture
def commands() -> Iterator[None]:
    """Declare commands that only the tests have."""

    @command("Test-Trouble", "Hyper-V", "Has trouble.", (Parameter("Name", position=0, pipe="V"),))
    def trouble(call: Call) -> Iterator[object]:
        yield f"before {call.get('Name')}"
        if call.get("Name") == "two":
            raise TopologyError((Mistake("the first", "E", "a"), Mistake("the second", "E", "b", "do it better")))
        raise failure(
            f'Hyper-V was unable to find a virtual machine with name "{call.get("Name")}".', target=call.get("Name")
        )

    @command("Test-State", "Hyper-V", "Is in a wrong state.", (Parameter("Name", position=0),))
    def state(call: Call) -> None:
        raise InvalidState("the VM runs", remedy="stop it", target="vm1")

    @command("Test-Here", "Hyper-V", "Says where it is.", guest=True)
    def here(call: Call) -> Iterator[object]:
        yield PSObject("Place", {"Name": call.machine.name})

    @command("tprog", "guest", "A program.", (Parameter("words", "String[]", rest=True),), guest=True)
    def program(call: Call) -> Iterator[object]:
        yield "|".join(call.get("words"))

    yield
    for name in ("test-trouble", "test-state", "test-here", "tprog"):
        del REGISTERED[name]


@pytest.mark.usefixtures("commands")
class TestCommands:
    def test_what_a_cmdlet_refuses_is_shown_as_its_error(self) -> None:
        shell = session()
        assert shell.run("Test-Trouble x; 'goes on'") == ["before x", "goes on"]
        assert shell.host.errors == [
            'Test-Trouble : Hyper-V was unable to find a virtual machine with name "x".\n'
            "At line:1 char:1\n"
            "+ Test-Trouble x; 'goes on'\n"
            "+ ~~~~~~~~~~~~~~\n"
            "    + CategoryInfo          : InvalidArgument: (x:String) [Test-Trouble], VirtualizationException\n"
            "    + FullyQualifiedErrorId : InvalidParameter,Microsoft.HyperV.PowerShell.Commands.TestTrouble"
        ]

    def test_mistakes_of_a_lab_are_sentences_with_their_remedy(self) -> None:
        shell = session()
        shell.run("Test-Trouble two")
        assert [error.partition("\n")[0] for error in shell.host.errors] == [
            "Test-Trouble : The first.",
            "Test-Trouble : The second. Do it better.",
        ]
        shell = session()
        shell.run("Test-State")
        assert shell.host.errors[0].startswith("Test-State : The VM runs. Stop it.\nAt line:1 char:1\n")

    def test_a_quiet_command_goes_on_with_the_next_object(self) -> None:
        shell = session()
        assert shell.run("'a', 'b' | Test-Trouble -ErrorAction SilentlyContinue -ErrorVariable e; $e.Count; $Error.Count") == [
            "before a", "before b", 2, 2,
        ]  # fmt: skip
        assert shell.host.errors == []

    def test_stop_ends_the_script(self) -> None:
        shell = session()
        assert shell.run("Test-Trouble x -ErrorAction Stop; 'never'") == ["before x"]
        assert shell.interpreter.failed
        assert session().run("try { Test-Trouble x } catch { $_.FullyQualifiedErrorId }") == [
            "before x", "InvalidParameter,Microsoft.HyperV.PowerShell.Commands.TestTrouble",
        ]  # fmt: skip

    def test_a_program_gets_its_words_as_they_are(self) -> None:
        source = "$x = 5; tprog -n 010 /all \"a b\" $x -t:3 --long=1 @('p','q')"
        assert session().run(source) == ["-n|010|/all|a b|5|-t:3|--long=1|p|q"]

    def test_a_machine_has_the_commands_that_are_there(self) -> None:
        vm = session(machine=Machine("vm1", "hv1"))
        assert [each.get("Name") for each in vm.run("Test-Here") if isinstance(each, PSObject)] == ["vm1"]
        vm.run("Test-State")
        assert "is not recognized as the name of a cmdlet" in vm.host.errors[0]
        assert vm.run("1 | ForEach-Object { $env:COMPUTERNAME }") == ["VM1"]

    def test_a_block_runs_on_another_machine(self) -> None:
        shell = session()
        block = next(
            iter(shell.interpreter.run("$x = 5; function f {}; { param($y) Test-Here; $using:x; $y; $x; $z = 1; f }"))
        )
        found = list(shell.interpreter.on(Machine("vm1", "hv1"), block, [7]))  # type: ignore[arg-type]
        assert isinstance(found[0], PSObject)
        assert dict(found[0].items()) == {"Name": "vm1", "PSComputerName": "vm1"}
        assert found[1:] == [5, 7, None]
        assert shell.host.errors[0].startswith("f : The term 'f' is not recognized")
        assert shell.run("$z") == [None]


def test_a_script_file_has_parameters_a_scope_and_a_place(tmp_path: Path) -> None:
    script = tmp_path / "make.ps1"
    script.write_text(
        "param([int]$Count = 1, $Name)\n$inner = 5\nfunction helper { 'helped' }\n"
        "\"$Count $Name $PSScriptRoot $($MyInvocation.MyCommand.Name)\"\nhelper\nexit 3\n'never'",
        encoding="utf-8-sig",
    )
    shell = session()
    assert shell.run(f"{script} 4 -Name x; $?; $LASTEXITCODE; $inner") == [
        f"4 x {tmp_path} make.ps1",
        "helped",
        False,
        3,
        None,
    ]
    assert shell.run(f". {script}; $inner")[:2] == [f"1  {tmp_path} make.ps1", "helped"]
    assert shell.run("$inner; helper") == [5, "helped"]


def test_an_error_in_a_script_file_tells_the_file_and_the_line(tmp_path: Path) -> None:
    script = tmp_path / "bad.ps1"
    script.write_text("'first'\n\n    [int]'abc'\r\n", encoding="utf-16")
    shell = session()
    assert shell.run(f"& '{script}'") == ["first"]
    assert shell.host.errors[0].split("\n")[1:4] == [f"At {script}:3 char:5", "+     [int]'abc'", "+     ~~~~~~~~~~"]


def test_the_text_of_a_file_runs_in_a_scope_of_its_own(tmp_path: Path) -> None:
    shell = session()
    source = "param($a) $v = $a; $v; $PSCommandPath; exit 2"
    assert list(shell.interpreter.run(source, str(tmp_path / "x.ps1"), ["5"])) == ["5", str(tmp_path / "x.ps1")]
    assert shell.interpreter.session.exit_code == 2
    assert shell.run("$v") == [None]


def test_exit_ends_the_session() -> None:
    with pytest.raises(Exit) as caught:
        session().run("exit 4")
    assert caught.value.code == 4


def test_a_script_that_cannot_be_read_is_told_and_nothing_of_it_runs() -> None:
    shell = session()
    assert shell.run("'before'; if (") == []
    assert shell.interpreter.failed
    assert shell.host.errors[0].startswith("At line:1 char:")
    assert "CategoryInfo          : ParserError: (:) [], Parse" in shell.host.errors[0]


def test_redirections_write_files(tmp_path: Path) -> None:
    shell = session()
    out = tmp_path / "out.txt"
    assert shell.run(f"1..2 > {out}; 'x' >> {out}; Write-Warning w 3>> {out}; nosuch 2>> {out}") == []
    lines = out.read_text(encoding="utf-8").splitlines()
    assert lines[:4] == ["1", "2", "x", "w"]
    assert lines[4].startswith("nosuch : The term")
    shell.run("1 > /nonexistent/file")
    assert "Could not write to" in shell.host.errors[0]


def test_who_can_be_asked_is_asked_for_what_is_missing() -> None:
    shell = session("web1", "a", "b", "")
    source = 'function f { param([Parameter(Mandatory)]$Name, [Parameter(Mandatory)][string[]]$List) "$Name $List" }; f'
    assert shell.run(source) == ["web1 a b"]
    assert shell.host.asked == ["Name: ", "List[0]: ", "List[1]: ", "List[2]: "]


def test_confirmation_is_asked_once_for_all() -> None:
    source = (
        "function f { [CmdletBinding(SupportsShouldProcess, ConfirmImpact='High')] param([Parameter(ValueFromPipeline)]$x) "
        "process { if ($PSCmdlet.ShouldProcess($x, 'Remove')) { $x } } }; 'a', 'b' | f"
    )
    shell = session("n", "y")
    assert shell.run(source) == ["b"]
    assert shell.host.asked[0] == 'Performing the operation "Remove" on target "a".'
    quiet = session()
    assert quiet.run(f"{source} -Confirm:$false") == ["a", "b"]


def test_pipelines_stop_what_is_endless() -> None:
    shell = session()
    assert shell.run("function f { $i = 0; while ($true) { $i++; $i } }; f | Select-Object -First 2") == [1, 2]
    found = shell.interpreter.run("while ($true) { 1 }")
    assert [next(found), next(found)] == [1, 1]
    found.close()  # type: ignore[attr-defined]


def test_what_is_kept_of_errors_is_limited_and_newest_first() -> None:
    shell = session()
    shell.run('1..300 | ForEach-Object { Write-Error "e$_" -ErrorAction SilentlyContinue }')
    errors = shell.interpreter.session.errors
    assert len(errors) == 256
    newest = record_of(errors[0])
    assert newest is not None and newest.message == "e300"


def test_a_long_line_is_cut_around_the_mistake() -> None:
    shell = session()
    source = f"{'$x = 1; ' * 12}[int]'abc'; {'$y = 2; ' * 12}"
    shell.run(source)
    assert shell.host.errors[0].split("\n")[1:4] == [
        "At line:1 char:97",
        f"+ ... {source[96 - 51 : 96 + 10 + 8]} ...",
        f"+ {' ' * (51 + 4)}{'~' * 10}",
    ]


def test_deep_recursion_is_an_error_of_powershell() -> None:
    shell = session()
    shell.run("function f($n) { foreach ($x in 1) { try { 1 | ForEach-Object { f ($n + 1) } } finally { } } }; f 1")
    assert "The script failed due to call depth overflow." in shell.host.errors[0]
    assert shell.run("function g($n) { if ($n) { g ($n - 1) } else { 'bottom' } }; g 150") == ["bottom"]


def test_names_of_variables_know_scopes() -> None:
    shell = session()
    shell.interpreter.set_variable("x", 5)
    assert shell.run("$x; $global:x") == [5, 5]
    assert shell.run("function f { $x = 1; & { $x = 2; Get-Variable x -Scope 1 -ValueOnly } }; f") == [1]
    assert shell.interpreter.variable("x") == 5
    assert shell.interpreter.variable("env:COMPUTERNAME") == "HV1"


def test_a_host_without_anybody_is_not_asked() -> None:
    shell = session()
    shell.run("Read-Host 'Name'")
    assert "NonInteractive mode" in shell.host.errors[0]


def test_machines_of_a_model_are_found_by_computer_name() -> None:
    model = LabModel(
        name="lab", hosts=(HypervHost(name="hv1"), replace(HypervHost(name="hv2"), vms=(VirtualMachine(name="vm1"),)))
    )
    host = BufferedHost()
    shell = Interpreter(Description(model), Machine("hv1", "hv1"), host)
    assert [each.get("Name") for each in shell.run("Get-VM -ComputerName hv2") if isinstance(each, PSObject)] == ["vm1"]
