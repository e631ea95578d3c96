"""`hvlab`: the command line. See :mod:`lab.cli` for the commands."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from lab.cli.capture import capture
from lab.cli.completion import completion
from lab.cli.counters import counters
from lab.cli.dhcp import dhcp
from lab.cli.doctor import doctor
from lab.cli.drops import drops, meters
from lab.cli.export import export
from lab.cli.flows import flows
from lab.cli.graph import graph
from lab.cli.group import Commands, complete_labs, run
from lab.cli.inside import exec_in_node
from lab.cli.learned import learned
from lab.cli.life import apply, down, list_labs, up
from lab.cli.measure import measure
from lab.cli.mininet import mininet
from lab.cli.nat import nat
from lab.cli.nlb import nlb
from lab.cli.pxe import pxe
from lab.cli.reach import matrix
from lab.cli.shell import console, run_line, run_script
from lab.cli.status import status
from lab.cli.trace import trace


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    invoke_without_command=True,
    no_args_is_help=True,
)
@click.version_option(package_name="hvlab", prog_name="hvlab")
@click.option(
    "--lab", "lab", metavar="LAB", shell_complete=complete_labs,
    help="The lab to act on; not needed while only one runs.",
)  # fmt: skip
@click.option("-c", "line", metavar="LINE", help="Run a line of PowerShell on the lab's first Hyper-V host.")
@click.pass_context
def hvlab(ctx: click.Context, lab: str | None, line: str | None) -> int | None:
    """Microsoft Hyper-V's virtual network as a lab on this machine.

    \b
    hvlab up topologies/three_switches.py   start a lab
    hvlab matrix                            who can talk to whom, and why
    hvlab exec web1 -- ping web2            run a command in a VM
    hvlab -c Get-VMSwitch                   run a line of PowerShell
    hvlab console                           open a PowerShell
    hvlab down                              end it; nothing is left
    """
    if line is None:
        return None
    if ctx.invoked_subcommand is not None:
        raise click.UsageError(f'-c runs a line of PowerShell, and "{ctx.invoked_subcommand}" is a command', ctx)
    return run_line(line, lab)


COMMANDS = (
    *(up, down, list_labs, apply, status),
    *(exec_in_node, mininet),
    *(console, run_script),
    *(matrix, trace, drops, meters, measure, counters, learned, flows, nat, dhcp, nlb, pxe, capture, graph, export),
    *(doctor, completion),
)

for command in COMMANDS:
    hvlab.add_command(command)


def main() -> None:
    """Run the command line and end the process with its exit code."""
    sys.exit(run(hvlab))


def run_topology(file: Path, name: str) -> None:
    """Start the lab of a topology file and show its matrix: what the file does when it is run by itself."""
    sys.exit(run(hvlab, ["up", str(file), *sys.argv[1:]]) or run(hvlab, ["--lab", name, "matrix"]))


if __name__ == "__main__":
    main()
