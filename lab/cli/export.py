"""`hvlab export`: a lab as a PowerShell script for real Hyper-V hosts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lab.cli.group import brief, lab_option
from lab.cli.life import SET, given_parameters
from lab.errors import InputError, printable

if TYPE_CHECKING:
    from lab.model.objects import LabModel


@click.command("export", short_help="Write a lab as a PowerShell script for real Hyper-V hosts.")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("-o", "output", type=click.Path(path_type=Path), metavar="SCRIPT.ps1", help="Write to this file.")
@SET
@lab_option
def export(file: Path | None, output: Path | None, settings: tuple[str, ...], lab: str | None) -> int:
    """Write a running lab, or the topology FILE, as a PowerShell script of Windows' own cmdlets.

    It makes the switches and VMs of the lab on Hyper-V hosts where nothing is configured yet, or in a lab (hvlab up
    SCRIPT.ps1 --on FILE). What it leaves out is said on standard error, and the exit code is 1 then.
    """
    if file and lab:
        raise click.UsageError("say FILE or --lab LAB, not both")
    if settings and not file:
        raise click.UsageError("--set is for the parameters of a topology FILE")
    model = _model(file, lab, given_parameters(settings))
    text, left_out = _script(model)
    if output is None:
        click.echo(text, nl=False)
    else:
        try:
            # Windows PowerShell takes a script for one in the code page of its machine unless it begins with a mark.
            output.write_text(text, encoding="utf-8" if text.isascii() else "utf-8-sig")
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise InputError(f'file "{printable(str(output))}" cannot be written: {why}', target=str(output)) from None
    for each in left_out:
        click.echo(brief(f"hvlab: not in the script: {each}"), err=True)
    return 1 if left_out else 0


def _model(file: Path | None, lab: str | None, parameters: dict[str, str]) -> LabModel:
    if file:
        from lab.model.load import load

        return load(file, parameters=parameters)
    from lab.cli.selection import finished_state, select

    return finished_state(select(lab)).model


def _script(model: LabModel) -> tuple[str, tuple[str, ...]]:
    """Return the script of a lab and what it leaves out; what nobody has foreseen stands at its end."""
    from lab.shell.export.comparing import missing
    from lab.shell.export.script import losses, script
    from lab.shell.export.writing import lost

    text = script(model)
    known = losses(text)
    found = tuple(dict.fromkeys(" ".join(each.split()) for each in missing(model, text)))
    unforeseen = tuple(each for each in found if each not in known)
    return text + "".join(f"{lost(each)}\n" for each in unforeseen), (*known, *unforeseen)
