"""`hvlab mininet`: Mininet's console over a running lab."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from lab.cli.group import lab_option


@click.command("mininet", short_help="Open Mininet's console on a running lab.")
@click.option("-c", "commands", multiple=True, metavar="COMMANDS", help="Run these lines instead; may be repeated.")
@click.option("--script", type=click.Path(path_type=Path), metavar="FILE", help="Run the lines of FILE instead.")
@lab_option
def mininet(commands: tuple[str, ...], script: Path | None, lab: str | None) -> int:
    """Open Mininet's console on a running lab: nodes, net, links, dump, pingall, iperf, `web1 ping -c1 web2`, sh, py.

    Commands come from the terminal, or from a pipe: `echo pingall | hvlab mininet`. The exit code is 2 if a line was
    wrong and nobody was there to see it. The lab runs on afterwards.
    """
    from lab.cli.selection import finished_state, select
    from lab.emulation.net.console import Console
    from lab.emulation.net.labnet import LabNet

    if commands and script:
        raise click.UsageError("say -c COMMANDS or --script FILE, not both")
    lines = _lines(script) if script else [line for text in commands for line in text.splitlines()]
    pod = select(lab)
    finished_state(pod)
    with LabNet(pod) as net:
        console = Console(net)
        interactive = not commands and not script and sys.stdin.isatty()
        if interactive:
            click.echo(f'Mininet\'s console on lab "{pod.name}": help, nodes, net, pingall, web1 ping -c1 web2, exit')
        if commands or script:
            console.run_lines(lines)
        else:
            console.run()
    click.echo(f'lab "{pod.name}" is still up; hvlab down {pod.name} ends it', err=True)
    return 2 if console.mistakes and not interactive else 0


def _lines(script: Path) -> list[str]:
    from lab.errors import InputError
    from lab.model.names import quoted

    try:
        return script.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise InputError(f"script {quoted(str(script))} cannot be read: {why}") from None
