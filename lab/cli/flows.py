"""`hvlab flows`: what the controller has put into the virtual switches, and what for."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING

import click

from lab.cli.completion import complete_switches
from lab.cli.group import json_option, lab_option

if TYPE_CHECKING:
    from lab.emulation.flows import InstalledFlow


@click.command("flows", short_help="Show the OpenFlow flows of the virtual switches, and what each is for.")
@click.argument("switch", required=False, metavar="[SWITCH]", shell_complete=complete_switches)
@json_option
@lab_option
def flows(switch: str | None, as_json: bool, lab: str | None) -> None:
    """Show the flows of SWITCH, or of every virtual switch, stage by stage: priority, match, actions, packets.

    In brackets stands which feature wants a flow, and for whom: an adapter, or the switch as a whole. Where hosts have
    switches of one name, say HOST/SWITCH for one of them. `python -m controllers describe` says what the stages do.
    """
    from lab.cli.learned import switches_called
    from lab.cli.selection import finished_state, select
    from lab.emulation.flows import flows as read_flows
    from lab.engine.blueprint import lower

    pod = select(lab)
    state = finished_state(pod)
    blueprint = lower(state.model, state.numbers())
    bridges = switches_called(blueprint, switch)
    found = pod.run_inside(lambda: read_flows(blueprint, bridges, os.getpid()))
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], indent=2, ensure_ascii=False))
    else:
        _print(found)


def _print(found: Sequence[InstalledFlow]) -> None:
    for (host, switch), mine in groupby(found, key=lambda each: (each.host, each.switch)):
        click.echo(f"switch {host}/{switch}")
        for (table, stage), flows_of in groupby(mine, key=lambda each: (each.table, each.stage)):
            click.echo(f"{table:>4} {stage}")
            for each in flows_of:
                setting = f", {each.setting}" if each.setting else ""
                what = f"{each.priority:>10} {each.match or 'any':<44} {each.actions}"
                click.echo(f"{what}  [{each.feature}: {each.object}{setting}]  {each.packets} packets")
    if not found:
        click.echo("there is no virtual switch")
