"""`hvlab exec`: a command inside a machine of the lab."""

from __future__ import annotations

import click

from lab.cli.group import lab_option


class NodeThenCommand(click.Command):
    """A command whose first word is a machine and whose rest, with or without ``--``, is taken as it is."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, _separated(args))


def _separated(args: list[str]) -> list[str]:
    """Put ``--`` between the machine and the command, unless it is there."""
    if "--" in args:
        return args
    at = 0
    words = 0
    while at < len(args):
        if args[at] == "--lab":
            at += 1
        elif not args[at].startswith("-"):
            words += 1
            if words == 2:
                return [*args[:at], "--", *args[at:]]
        elif words == 1 and not args[at].startswith("--lab=") and args[at] != "--help":
            return [*args[:at], "--", *args[at:]]
        at += 1
    return args


@click.command("exec", cls=NodeThenCommand, short_help="Run a command inside a machine.")
@click.argument("node", metavar="NODE")
@click.argument("command", nargs=-1, type=click.UNPROCESSED, metavar="-- COMMAND...")
@lab_option
def exec_in_node(node: str, command: tuple[str, ...], lab: str | None) -> int:
    """Run COMMAND inside NODE, a VM, a Hyper-V host, a computer or a router, with its exit code, input and terminal."""
    from lab.cli.selection import finished_state, running_node, select

    pod = select(lab)
    name = running_node(finished_state(pod).model, node)
    return pod.exec(name, command or ("bash",))
