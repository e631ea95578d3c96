"""The command line as such: exit codes, one clear sentence for each mistake, options, completion. No lab is needed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from lab.cli import completion
from lab.cli.group import Commands, lab_option, run
from lab.cli.inside import _separated
from lab.errors import (
    EnvironmentFault,
    ErrorRecord,
    InputError,
    InvalidState,
    LabError,
    LabFault,
    SwitchFault,
    TopologyError,
    UnknownName,
)

ROOT = Path(__file__).parents[2]
NOBODY = "no-such-lab-runs-here"


def hvlab(*arguments: str, env: dict[str, str] | None = None, typed: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command line as a user does."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HVLAB_", "COMP_"))}
    return subprocess.run(
        [sys.executable, "-m", "lab", *arguments],
        cwd=ROOT, env=environment | (env or {}), input=typed, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


# A command line of our own, with a command for each way to end


def ending_with(act: Callable[[], int | None]) -> click.Group:
    @click.group(cls=Commands)
    @click.option("--lab", "lab")
    def group(lab: str | None) -> None:
        """A command line."""

    @group.command("do")
    @lab_option
    def do(lab: str | None) -> int | None:
        click.echo(f"lab {lab}")
        return act()

    return group


def raising(error: BaseException) -> Callable[[], None]:
    def act() -> None:
        raise error

    return act


ERRORS: list[tuple[LabError, int]] = [
    (InputError("it cannot be", remedy="do something else"), 2),
    (UnknownName("VM", "web9", ["web1", "web2"]), 2),
    (InvalidState("it is off"), 2),
    (TopologyError([ErrorRecord("one", "a", where="f.py:1"), ErrorRecord("two", "b", where="f.py:2")]), 2),
    (EnvironmentFault("it is missing", remedy="install it"), 1),
    (LabFault("it does not do it"), 1),
    (SwitchFault("it refuses"), 1),
]


@pytest.mark.parametrize(("error", "code"), ERRORS, ids=[type(error).__name__ for error, _ in ERRORS])
def test_an_error_is_a_sentence_and_an_exit_code(
    error: LabError, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(ending_with(raising(error)), ["do"]) == code
    said = capsys.readouterr().err
    assert said.splitlines() == [f"hvlab: {record}" for record in error.records]


def test_notes_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    error = LabFault("it does not do it")
    error.add_note("the end of its log")
    assert run(ending_with(raising(error)), ["do"]) == 1
    assert capsys.readouterr().err == "hvlab: it does not do it\nthe end of its log\n"


@pytest.mark.parametrize(
    ("act", "code"),
    [(lambda: None, 0), (lambda: 0, 0), (lambda: 1, 1), (lambda: 42, 42), (raising(KeyboardInterrupt()), 130)],
    ids=["nothing", "0", "1", "42", "interrupted"],
)
def test_exit_codes(act: Callable[[], int | None], code: int) -> None:
    assert run(ending_with(act), ["do"]) == code


def test_what_is_not_ours_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        run(ending_with(lambda: 1 // 0), ["do"])


@pytest.mark.parametrize(
    ("arguments", "lab"),
    [
        (["do"], None),
        (["--lab", "a", "do"], "a"),
        (["do", "--lab", "a"], "a"),
        (["--lab=a", "do"], "a"),
        (["do", "--lab=a"], "a"),
        (["--lab", "a", "do", "--lab", "a"], "a"),
    ],
    ids=str,
)
def test_the_lab_stands_before_or_after_the_command(
    arguments: list[str], lab: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(ending_with(lambda: 0), arguments) == 0
    assert capsys.readouterr().out == f"lab {lab}\n"


def test_two_labs_are_one_too_many(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(ending_with(lambda: 0), ["--lab", "a", "do", "--lab", "b"]) == 2
    assert 'two labs are named: "a" and "b"' in capsys.readouterr().err


# The real one, in a process of its own


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["matrx"], 'no command "matrx". Did you mean "matrix"?'),
        (["frobnicate"], 'no command "frobnicate". See `hvlab --help`.'),
        (["up"], "Missing argument 'FILE'"),
        (["up", "no-such-file.py"], 'topology file "no-such-file.py" does not exist'),
        (["up", "topologies/three_switches.py", "--frob"], "No such option"),
        (["up", "topologies/three_switches.py", "--set", "vms"], '"vms" is not of the form NAME=VALUE'),
        (["up", "topologies/three_switches.py", "--name", "a b"], "a b"),
        (["up", "topologies/three_switches.py", "--name", "; rm -rf /"], "; rm -rf /"),
        (["up", "topologies"], "is a directory"),
        (["down", NOBODY], f'no lab is called "{NOBODY}"'),
        (["down", "--all", NOBODY], "not both"),
        (["--lab", NOBODY, "status"], f'no lab is called "{NOBODY}"'),
        (["status", "--lab", NOBODY], f'no lab is called "{NOBODY}"'),
        (["matrix", "--lab", NOBODY], f'no lab is called "{NOBODY}"'),
        (["apply", "topologies/three_switches.py", "--lab", NOBODY], f'no lab is called "{NOBODY}"'),
        (["--lab", NOBODY, "exec", "web1", "--", "ls"], f'no lab is called "{NOBODY}"'),
        (["exec"], "Missing argument 'NODE'"),
        (["--lab", "a", "status", "--lab", "b"], "two labs are named"),
        (["--frob"], "No such option"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_input_is_one_clear_sentence(arguments: list[str], words: str) -> None:
    done = hvlab(*arguments)
    assert done.returncode == 2, done.stderr
    assert words in done.stderr
    assert done.stdout == "" and "Traceback" not in done.stderr
    assert len([line for line in done.stderr.splitlines() if line.startswith(("hvlab: ", "Error: "))]) == 1


def test_help_is_there_for_every_command() -> None:
    from lab.__main__ import hvlab as commands

    shown = hvlab("--help")
    assert shown.returncode == 0 and shown.stderr == ""
    for name, command in commands.commands.items():
        assert f"  {name} " in shown.stdout, name
        assert command.get_short_help_str(), name
        assert run(commands, [name, "--help"]) == 0


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom lab.__main__ import hvlab\nfrom lab.cli.group import run\nrun(hvlab, ['--help'])\n"
        "heavy = ('os_ken', 'ryu', 'eventlet', 'mininet', 'networkx', 'rich', 'ovs')\n"
        "print([name for name in heavy if name in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stderr == "[]\n"


def test_a_reader_that_has_gone_is_no_error() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "lab", "--help"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()


# exec: what is ours and what is the command's


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("web1", "web1"),
        ("web1 ls", "web1 -- ls"),
        ("web1 -- ls", "web1 -- ls"),
        ("web1 ls -l --help", "web1 -- ls -l --help"),
        ("web1 --lab x ls -l", "web1 --lab x -- ls -l"),
        ("--lab x web1 ls --lab y", "--lab x web1 -- ls --lab y"),
        ("--lab=x web1 ls", "--lab=x web1 -- ls"),
        ("web1 --lab=x -- ls", "web1 --lab=x -- ls"),
        ("web1 sh -c x -- y", "web1 -- sh -c x -- y"),
        ("web1 -- sh -c x -- y", "web1 -- sh -c x -- y"),
        ("web1 git log -- file", "web1 -- git log -- file"),
        ("web1 -x", "web1 -- -x"),
        ("--help", "--help"),
        ("web1 -h", "web1 -h"),
        ("-- web1 ls", "-- web1 ls"),
        ("web1 --lab", "web1 --lab"),
        ("", ""),
    ],
)
def test_a_command_is_taken_as_it_is(given: str, taken: str) -> None:
    assert " ".join(_separated(given.split())) == taken


# Completion


def completed(*words: str) -> list[str]:
    """Return what bash would be offered for the last word."""
    done = hvlab(
        env={
            "_HVLAB_COMPLETE": "bash_complete",
            "COMP_WORDS": "\n".join(("hvlab", *words)),
            "COMP_CWORD": str(len(words)),
        }
    )
    assert done.returncode == 0 and done.stderr == ""
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


def test_commands_and_options_are_completed() -> None:
    assert completed("ma") == ["matrix"]
    assert "--json" in completed("status", "--")


@pytest.mark.parametrize("argument", [("exec", ""), ("exec", "web"), ("--lab", NOBODY, "exec", "")])
def test_completion_never_complains(argument: tuple[str, ...]) -> None:
    completed(*argument)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    if shell == "bash" and not shutil.which("bash"):
        pytest.skip("click asks bash for its version")
    group = ending_with(lambda: 0)
    group.add_command(completion.completion)
    assert run(group, ["completion", shell]) == 0
    said = capsys.readouterr().out
    assert "_HVLAB_COMPLETE" in said and "hvlab" in said


def test_no_such_shell(capsys: pytest.CaptureFixture[str]) -> None:
    group = ending_with(lambda: 0)
    group.add_command(completion.completion)
    assert run(group, ["completion", "csh"]) == 2
    assert "'csh' is not one of" in capsys.readouterr().err


def test_bash_is_offered_names_that_it_can_read(monkeypatch: pytest.MonkeyPatch) -> None:
    from click import shell_completion

    before = dict(shell_completion._available_shells)
    monkeypatch.setattr(shell_completion, "_available_shells", before)
    completion.quote_for_bash()
    found = shell_completion.get_completion_class("bash")
    assert found is not None
    offered = found(ending_with(lambda: 0), {}, "hvlab", "_HVLAB_COMPLETE").format_completion(
        shell_completion.CompletionItem("hv1/vEthernet (External)")
    )
    assert offered == r"plain,hv1/vEthernet\\ \\(External\\)"
