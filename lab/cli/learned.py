"""`hvlab learned`: which address is behind which port of a virtual switch."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from lab.cli.completion import complete_switches
from lab.cli.group import json_option, lab_option

if TYPE_CHECKING:
    from lab.emulation.learned import Entry
    from lab.engine.resources import Blueprint, Bridge


@click.command("learned", short_help="Show the MAC tables of the virtual switches.")
@click.argument("switch", required=False, metavar="[SWITCH]", shell_complete=complete_switches)
@json_option
@lab_option
def learned(switch: str | None, as_json: bool, lab: str | None) -> None:
    """Show the MAC table of SWITCH, or of every virtual switch: VLAN, address, port, adapter, and age.

    Where hosts have switches of one name, say HOST/SWITCH for one of them. The age is the time since the last frame
    from the address; a learned address is forgotten when it is too old, a static one belongs to its adapter.
    """
    from lab.cli.selection import finished_state, select
    from lab.emulation.learned import mac_tables
    from lab.engine.blueprint import lower

    pod = select(lab)
    state = finished_state(pod)
    blueprint = lower(state.model, state.numbers())
    bridges = switches_called(blueprint, switch)
    entries = pod.run_inside(lambda: mac_tables(blueprint, bridges, _own_pid()))
    if as_json:
        click.echo(json.dumps([asdict(entry) for entry in entries], indent=2, ensure_ascii=False))
    else:
        _print(entries)


def _own_pid() -> int:
    import os

    return os.getpid()


def switches_called(blueprint: Blueprint, name: str | None) -> list[Bridge]:
    """Return the virtual switches that a name means; UnknownName if there is none of it, InputError if several."""
    from lab.errors import InputError, UnknownName

    switches = {f"{b.node}/{b.intent.switch}": b for b in blueprint.bridges if b.intent}
    if name is None:
        return list(switches.values())
    wanted = name.casefold()
    found = [full for full in switches if wanted in (full.casefold(), full.partition("/")[2].casefold())]
    if not found:
        raise UnknownName("virtual switch", name, switches)
    if len(found) > 1:
        raise InputError(f'{len(found)} virtual switches are called "{name}"', remedy=f"say {' or '.join(found)}")
    return [switches[found[0]]]


def _print(entries: list[Entry]) -> None:
    from lab.cli.tables import print_table

    if not entries:
        click.echo("nothing is learned")
        return
    print_table(
        ["HOST", "SWITCH", "VLAN", "MAC", "PORT", "ADAPTER", "MAC OF", "HOW", "AGE", "FORGOTTEN IN"],
        [
            [
                entry.host, entry.switch, str(entry.vlan), entry.mac, str(entry.port), entry.adapter,
                entry.owner, entry.how, _seconds(entry.age_s), _seconds(entry.forgotten_in_s) or "never",
            ]
            for entry in entries
        ],
    )  # fmt: skip


def _seconds(number: int | None) -> str:
    return "" if number is None else f"{number} s"
