"""The shape all commands share: ``--lab`` anywhere, errors as one clear sentence, helpful misses."""

from __future__ import annotations

import difflib
import io
import os
import re
import sys
from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

from lab.errors import LabError, printable

F = TypeVar("F", bound=Callable[..., Any])

_LONG_WORD: Final = re.compile(r"\S{200,}")
_LONG_WORD_KEEPS: Final = 80
_LONG_LINE: Final = 2000


class Elsewhere(Exception):
    """The lab that is meant, OWNER/LAB, is another user's."""


class Commands(click.Group):
    """A group that suggests the command that was meant, and takes ``--lab`` before the command's name."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = super().get_command(ctx, cmd_name)
        if found is None:
            close = difflib.get_close_matches(cmd_name, self.list_commands(ctx), n=1)
            hint = f' Did you mean "{close[0]}"?' if close else " See `hvlab --help`."
            raise click.UsageError(f'There is no command "{printable(cmd_name)}".{hint}', ctx)
        return found

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


def lab_option(command: F) -> F:
    """Give a command the option ``--lab``, which may also stand before the command's name."""

    def remember(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
        outer = ctx.find_root().params.get("lab")
        if value and outer and value != outer:
            raise click.UsageError(f'two labs are named: "{outer}" and "{value}"', ctx)
        return value or outer

    option = click.option(
        "--lab", "lab", metavar="LAB", callback=remember, shell_complete=complete_labs,
        help="The lab to act on; not needed while only one runs.",
    )  # fmt: skip
    return option(command)


def json_option(command: F) -> F:
    """Give a command the option ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")(command)


def complete_labs(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the names of running labs for the shell's completion."""
    from lab.emulation.pod import pod

    return [each.name for each in pod.find() if each.name.startswith(incomplete)]


def run(command: click.Command, arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 done, 1 failed, 2 wrong input, 130 interrupted."""
    _extend_path()
    try:
        code = _main(command, arguments)
    except LabError as error:
        report(error)
        return error.exit_code
    except click.ClickException as error:
        shown = io.StringIO()
        error.show(shown)
        click.echo(brief(shown.getvalue()), err=True, nl=False)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("hvlab: interrupted", err=True)
        return 130
    except BrokenPipeError:
        # The reader of our output has gone (`hvlab status | head`): not an error, but nothing may be written any more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    return code if isinstance(code, int) else 0


def _main(command: click.Command, arguments: list[str] | None) -> object:
    try:
        return command.main(args=arguments, prog_name="hvlab", standalone_mode=False)
    except Elsewhere as place:
        from lab.cli.visit import carry_out

        return carry_out(str(place), sys.argv[1:] if arguments is None else arguments)


def _extend_path() -> None:
    """Make `nft`, `tc` and Open vSwitch found: Debian keeps them where an ordinary user's PATH does not lead."""
    folders = os.environ.get("PATH", "/usr/bin:/bin").split(":")
    missing = [folder for folder in ("/usr/local/sbin", "/usr/sbin", "/sbin") if folder not in folders]
    os.environ["PATH"] = ":".join([*folders, *missing])


def report(error: LabError) -> None:
    """Print every mistake on a line of its own, and whatever else is known about it."""
    for record in error.records:
        click.echo(brief(f"hvlab: {record}"), err=True)
    for note in getattr(error, "__notes__", ()):
        click.echo(brief(note), err=True)


def brief(text: str) -> str:
    """Return a message that can be read: without the middle of what is far too long, be it a word or a line.

    And that a terminal only shows: what a user or a file is called may hold anything.
    """
    shown = printable(text, keep="\n\t")
    words = _LONG_WORD.sub(lambda found: _without_middle(found[0], _LONG_WORD_KEEPS), shown)
    return "\n".join(_without_middle(line, _LONG_LINE) for line in words.split("\n"))


def _without_middle(text: str, length: int) -> str:
    left_out = len(text) - length
    return text if left_out <= 0 else f"{text[: length // 2]}… ({left_out} characters left out) …{text[-length // 2 :]}"
