"""`hvlab graph`: the lab as a picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from lab.cli.group import lab_option
from lab.errors import EnvironmentFault, InputError, LabFault, printable

if TYPE_CHECKING:
    from lab.model.objects import LabModel

FORMATS: Final = ("mermaid", "dot", "svg", "text")
_SUFFIXES: Final = {
    ".mmd": "mermaid",
    ".mermaid": "mermaid",
    ".dot": "dot",
    ".gv": "dot",
    ".svg": "svg",
    ".txt": "text",
}
_TIMEOUT_S: Final = 60.0


@click.command("graph", short_help="Draw the lab: mermaid, dot, svg or text.")
@click.option("--format", "wanted", type=click.Choice(FORMATS), help="What to write; else by -o's ending, or mermaid.")
@click.option("-o", "output", type=click.Path(path_type=Path), metavar="FILE", help="Write to FILE.")
@click.option("--file", type=click.Path(path_type=Path), metavar="FILE", help="Draw this topology; it need not run.")
@lab_option
def graph(wanted: str | None, output: Path | None, file: Path | None, lab: str | None) -> None:
    """Draw a running lab, or a topology file: hosts with their switches, adapters and VMs, and the physical networks.

    Mermaid is for slides and Markdown, text for the terminal, svg for everything else (it needs graphviz).
    """
    if file and lab:
        raise click.UsageError("say --file FILE or --lab LAB, not both")
    model = _model(file, lab)
    text = _drawn(model, wanted or _SUFFIXES.get(output.suffix if output else "", "mermaid"))
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InputError(f'file "{printable(str(output))}" cannot be written: {why}', target=str(output)) from None


def _model(file: Path | None, lab: str | None) -> LabModel:
    if file:
        from lab.model.load import load

        return load(file)
    from lab.cli.selection import finished_state, select, with_leases

    pod = select(lab)
    return with_leases(pod, finished_state(pod).model)


def _drawn(model: LabModel, wanted: str) -> str:
    from lab.engine.graph.dot import dot
    from lab.engine.graph.mermaid import mermaid
    from lab.engine.graph.scene import scene
    from lab.engine.graph.tree import tree

    drawings: dict[str, Callable[[], str]] = {
        "mermaid": lambda: mermaid(scene(model)),
        "dot": lambda: dot(scene(model)),
        "svg": lambda: _svg(dot(scene(model))),
        "text": lambda: tree(model),
    }
    return drawings[wanted]()


def _svg(text: str) -> str:
    import shutil
    import subprocess

    program = shutil.which("dot")
    if program is None:
        raise EnvironmentFault(
            'graphviz\'s program "dot" is missing, svg needs it',
            remedy="run: sudo apt-get install graphviz, or take --format mermaid",
        )
    try:
        done = subprocess.run(
            [program, "-Tsvg"], input=text.encode(), capture_output=True, timeout=_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise LabFault(f"dot did not end within {_TIMEOUT_S:g} s", remedy="take --format mermaid") from None
    if done.returncode != 0:
        raise LabFault(f"dot failed: {' '.join(done.stderr.decode(errors='replace').split())}")
    return done.stdout.decode()
