"""`hvlab console`, `hvlab run` and `hvlab -c`: the PowerShell console on a running lab."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lab.cli.completion import complete_nodes
from lab.cli.group import lab_option
from lab.errors import InputError, LabError, UnknownName

if TYPE_CHECKING:
    from lab.cli.running_place import RunningPlace
    from lab.model.objects import LabModel
    from lab.shell.interpreter import Interpreter
    from lab.shell.place import Machine, Place


@click.command("console", short_help="Open a PowerShell on a Hyper-V host, or in a VM.")
@click.argument("host", required=False, metavar="[HOST]", shell_complete=complete_nodes)
@lab_option
def console(host: str | None, lab: str | None) -> int:
    """Open a PowerShell on HOST, by default the lab's first Hyper-V host; in a VM it is that of its guest.

    What is not a terminal is read as one script: hvlab console < script.ps1
    """
    place = _place(lab)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return run_text(place, _machine(place.model, host), sys.stdin.read())
    from lab.cli.console import interact

    return interact(place, _machine(place.model, host))


@click.command(
    "run",
    short_help="Run a PowerShell script on a running lab.",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.argument("script", type=click.Path(path_type=Path), metavar="SCRIPT.ps1")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[ARGUMENTS]...")
@lab_option
def run_script(script: Path, arguments: tuple[str, ...], lab: str | None) -> int:
    """Run SCRIPT.ps1 on the lab's first Hyper-V host; its exit code is that of this command.

    The arguments are the script's: values, and -Name value for its parameters.
    """
    place = _place(lab)
    return run_file(place, _machine(place.model, None), script, arguments)


def run_line(line: str, lab: str | None) -> int:
    """Run a line of PowerShell on a running lab (`hvlab -c`); ``-`` reads a script from standard input."""
    place = _place(lab)
    return run_text(place, _machine(place.model, None), sys.stdin.read() if line == "-" else line)


def run_text(place: Place, machine: Machine, text: str) -> int:
    """Run a script in a new session and return its exit code."""
    from lab.cli.terminal import Terminal
    from lab.shell.interpreter import Interpreter

    return execute(Interpreter(place, machine, Terminal()), text)


def run_file(place: Place, machine: Machine, script: Path, arguments: tuple[str, ...]) -> int:
    """Run a script file with its arguments in a new session and return its exit code."""
    if not script.is_file():
        raise InputError(f'script "{script}" does not exist', remedy="expected a file with PowerShell commands")
    words = " ".join(map(_argument, arguments))
    from lab.cli.terminal import Terminal
    from lab.shell.interpreter import Interpreter

    interpreter = Interpreter(place, machine, Terminal())

    def said() -> int:
        """Return what PowerShell ends with that was started with a script: what that said with `exit`."""
        code = interpreter.session.script_code
        return int(interpreter.failed) if code is None else code

    return execute(interpreter, f"& {_quoted(str(script.resolve()))} {words}", code=said)


def _argument(word: str) -> str:
    """Return an argument as the script's call has it: names of parameters as they are, all else as text."""
    return word if re.fullmatch(r"-[A-Za-z_]\w*(:\$(true|false))?", word) else _quoted(word)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def execute(
    interpreter: Interpreter, text: str, *, leaving: bool = False, code: Callable[[], int] | None = None
) -> int:
    """Run a script in a session, show what it outputs, carry out what it has changed; return its exit code.

    With `leaving` the statement ``exit`` raises :class:`~lab.shell.flow.Exit`, for the end of the whole session. `code`
    tells the exit code where it is another one than that of what was run.
    """
    from lab.shell.flow import Exit
    from lab.shell.formatting import formatted

    ui = interpreter.ui
    ends: list[Exit] = []

    def outputs() -> Iterator[object]:
        try:
            yield from interpreter.run(text)
        except Exit as end:  # what was output before is still to be shown
            ends.append(end)

    try:
        try:
            for line in formatted(outputs(), ui.width):
                ui.write_line(line)
        finally:
            interpreter.place.settle()
    except LabError as error:
        for told in (*error.records, *getattr(error, "__notes__", ())):
            ui.write_error(f"hvlab: {told}")
        return error.exit_code
    if ends and leaving:
        raise ends[0]
    if code is not None and not ends:
        return code()
    return ends[0].code if ends else interpreter.exit_code


def _place(lab: str | None) -> RunningPlace:
    from lab.cli.running_place import RunningPlace
    from lab.cli.selection import finished_state, select

    pod = select(lab)
    finished_state(pod)
    return RunningPlace(pod)


def _machine(model: LabModel, name: str | None) -> Machine:
    from lab.shell.place import machine_of

    if name is None:
        if not model.hosts:
            raise InputError(f'lab "{model.name}" has no Hyper-V host')
        name = model.hosts[0].name
    found = machine_of(model, name)
    if found is None:
        raise UnknownName("machine of this lab", name, model.node_names())
    return found
