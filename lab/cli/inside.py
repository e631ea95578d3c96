"""`hvlab exec`: a command inside a machine of the lab."""

from __future__ import annotations

import click

from lab.cli.completion import complete_nodes
from lab.cli.group import lab_option


class NodeThenCommand(click.Command):
    """A command whose first word is a machine and whose rest, with or without ``--``, is taken as it is."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, _separated(args))


def _separated(args: list[str]) -> list[str]:
    """Put ``--`` between the machine and the command, unless it is there; one further on is the command's own."""
    at = 0
    machine_named = False
    while at < len(args) and args[at] != "--":
        word = args[at]
        ours = word.startswith("--lab=") or word in ("--lab", "--help", "-h")
        if machine_named and not ours:
            return [*args[:at], "--", *args[at:]]
        machine_named = machine_named or not word.startswith("-")
        at += 2 if word == "--lab" else 1
    return args


@click.command("exec", cls=NodeThenCommand, short_help="Run a command inside a machine.")
@click.argument("node", metavar="NODE", shell_complete=complete_nodes)
@click.argument("command", nargs=-1, type=click.UNPROCESSED, metavar="-- COMMAND...")
@lab_option
def exec_in_node(node: str, command: tuple[str, ...], lab: str | None) -> int:
    """Run COMMAND inside NODE, a VM, a Hyper-V host, a computer or a router, with its exit code, input and terminal."""
    from lab.cli.selection import finished_state, running_node, select

    pod = select(lab)
    name = running_node(finished_state(pod).model, node)
    return pod.exec(name, command or ("bash",))
