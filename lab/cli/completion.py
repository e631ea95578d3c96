"""`hvlab completion`, and the names that the shell then completes.

Those are read from the lab's state file alone: fast, and silent whatever is wrong, for nobody asked for an error while
pressing Tab.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from lab.errors import LabError

if TYPE_CHECKING:
    from lab.model.objects import LabModel


COMPLETE_VARIABLE = "_HVLAB_COMPLETE"


@click.command("completion", short_help="Print what makes the shell complete hvlab's commands and names.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script for a shell: commands, options, labs, machines, switches and adapters.

    \b
    bash:  eval "$(hvlab completion bash)"             in ~/.bashrc
    zsh:   eval "$(hvlab completion zsh)"              in ~/.zshrc, after compinit
    fish:  hvlab completion fish | source              in ~/.config/fish/config.fish
    """
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(ctx.find_root().command, {}, "hvlab", COMPLETE_VARIABLE).source())


def quote_for_bash() -> None:
    """Make click quote what it offers to bash: names of adapters have spaces and parentheses."""
    from click.shell_completion import BashComplete, CompletionItem, add_completion_class

    class Quoting(BashComplete):
        def format_completion(self, item: CompletionItem) -> str:
            # Twice, since the script of click reads it without `read -r`.
            quoted = re.sub(r"([^A-Za-z0-9_./:@%+,=-])", r"\\\\\1", str(item.value))
            return f"{item.type},{quoted}"

    add_completion_class(Quoting)


if COMPLETE_VARIABLE in os.environ:
    quote_for_bash()


def complete_nodes(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the names of machines."""
    model = _model(ctx)
    return _fitting(model.node_names() if model else (), incomplete)


def complete_vms(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the names of VMs."""
    model = _model(ctx)
    return _fitting((vm.name for _, vm in model.vms()) if model else (), incomplete)


def complete_adapters(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the full names of the adapters of running machines."""
    from lab.model.interfaces import interfaces

    model = _model(ctx)
    return _fitting((each.full_name for each in interfaces(model)) if model else (), incomplete)


def complete_switches(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the names of virtual switches, with their hosts where a name alone would be ambiguous."""
    model = _model(ctx)
    return _fitting(_switches(model) if model else (), incomplete)


def _switches(model: LabModel) -> Iterator[str]:
    names = [switch.name for host in model.hosts for switch in host.switches]
    for host in model.hosts:
        for switch in host.switches:
            yield switch.name if names.count(switch.name) == 1 else f"{host.name}/{switch.name}"


def _model(ctx: click.Context) -> LabModel | None:
    try:
        from lab.cli.selection import select, state_of

        state = state_of(select(ctx.params.get("lab") or ctx.find_root().params.get("lab")))
    except (LabError, OSError, ValueError, TypeError, LookupError):
        # The shell is waiting for names, and would print whatever else we say between them.
        return None
    return state.model if state else None


def _fitting(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in names if name.casefold().startswith(incomplete.casefold())]
