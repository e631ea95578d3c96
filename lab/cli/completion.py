"""Names for the shell's completion, read from the lab's state file alone: fast, and silent if anything is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from lab.errors import LabError

if TYPE_CHECKING:
    from lab.model.objects import LabModel


def complete_nodes(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the names of machines."""
    model = _model(ctx)
    return _fitting(model.node_names() if model else (), incomplete)


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
    from lab.cli.selection import select, state_of

    try:
        state = state_of(select(ctx.params.get("lab") or ctx.find_root().params.get("lab")))
    except LabError:
        return None
    return state.model if state else None


def _fitting(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in names if name.casefold().startswith(incomplete.casefold())]
