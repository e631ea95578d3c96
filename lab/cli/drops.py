"""`hvlab drops` and `hvlab meters`: what the virtual switches count."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Final, TypeVar

import click

from lab.cli.completion import complete_adapters
from lab.cli.group import json_option, lab_option

if TYPE_CHECKING:
    from lab.emulation.adapter_counters import AdapterCounters
    from lab.emulation.counters import Drop, Metered
    from lab.emulation.pod.pod import Pod

    Counted = TypeVar("Counted", Drop, Metered, AdapterCounters)

_PERIOD_S: Final = 1.0


@click.command("drops", short_help="Say which frames the virtual switches dropped, and why.")
@click.argument("adapter", required=False, metavar="[ADAPTER]", shell_complete=complete_adapters)
@click.option("--follow", is_flag=True, help="Go on, with a line for each drop that comes; end with Ctrl-C.")
@json_option
@lab_option
def drops(adapter: str | None, follow: bool, as_json: bool, lab: str | None) -> None:
    """Show what was dropped on account of ADAPTER, or of all: Hyper-V's reason, how often, the last frame, the setting.

    ADAPTER is a machine (web1), or one of its adapters ("web1/Network Adapter"). Below the table is what would let the
    frames pass. Drops count since their setting was made; the last frame is known for ten seconds.
    """
    from lab.cli.selection import select

    pod = select(lab)
    check_adapter(pod, adapter)
    found = of_adapter(_drops(pod), adapter)
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], indent=2, ensure_ascii=False))
    else:
        _print_drops(found)
    while follow:
        time.sleep(_PERIOD_S)
        now = of_adapter(_drops(pod), adapter)
        _print_news(found, now, as_json=as_json)
        found = now


@click.command("meters", short_help="Show what the Meter entries of port ACLs have counted.")
@click.argument("adapter", required=False, metavar="[ADAPTER]", shell_complete=complete_adapters)
@json_option
@lab_option
def meters(adapter: str | None, as_json: bool, lab: str | None) -> None:
    """Show the frames and bytes that each Meter entry of ADAPTER, or of all, has counted."""
    from lab.cli.selection import finished_state, select
    from lab.cli.tables import print_table
    from lab.emulation.counters import metered
    from lab.engine.blueprint import lower

    pod = select(lab)
    state = finished_state(pod)
    blueprint = lower(state.model, state.numbers())
    bridges = [bridge for bridge in blueprint.bridges if bridge.intent]
    check_adapter(pod, adapter)
    found = of_adapter(pod.run_inside(lambda: metered(blueprint, bridges, _own_pid())), adapter)
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], indent=2, ensure_ascii=False))
    elif found:
        rows = [[each.adapter, each.entry, str(each.frames), str(each.bytes)] for each in found]
        print_table(["ADAPTER", "ENTRY", "FRAMES", "BYTES"], rows)
    else:
        click.echo("nothing is metered")


def check_adapter(pod: Pod, adapter: str | None) -> None:
    """Raise UnknownName unless a name is that of an adapter on a switch, or of a machine that has one."""
    from lab.cli.selection import finished_state
    from lab.engine.blueprint import lower
    from lab.errors import UnknownName

    if adapter is None:
        return
    state = finished_state(pod)
    known = [port.intent.adapter for port in lower(state.model, state.numbers()).ports if port.intent]
    names = dict.fromkeys(part for full in known for part in (full, full.partition("/")[0]))
    if adapter.casefold() not in {name.casefold() for name in names}:
        raise UnknownName("adapter on a virtual switch", adapter, names)


def _own_pid() -> int:
    import os

    return os.getpid()


def _drops(pod: Pod) -> list[Drop]:
    from lab.cli.selection import finished_state
    from lab.emulation.counters import drops as read_drops
    from lab.engine.blueprint import lower

    state = finished_state(pod)
    blueprint = lower(state.model, state.numbers())
    bridges = [bridge for bridge in blueprint.bridges if bridge.intent]
    return pod.run_inside(lambda: read_drops(blueprint, bridges, _own_pid()))


def of_adapter(found: Iterable[Counted], adapter: str | None) -> list[Counted]:
    """Return what is about an adapter, or about any of a machine; all of it without a name."""
    if adapter is None:
        return list(found)
    wanted = adapter.casefold()
    return [each for each in found if wanted in (each.adapter.casefold(), each.adapter.partition("/")[0].casefold())]


def _print_drops(found: list[Drop]) -> None:
    from lab.cli.tables import print_table

    if not found:
        click.echo("nothing was dropped")
        return
    print_table(
        ["SWITCH", "ADAPTER", "REASON", "FRAMES", "SETTING", "LAST FRAME"],
        [
            [
                f"{each.host}/{each.switch}", each.adapter, f"{each.reason} {each.words}", str(each.frames),
                each.setting, _last(each),
            ]
            for each in found
        ],
    )  # fmt: skip
    remedies = dict.fromkeys(each.remedy for each in found if each.remedy)
    if remedies:
        click.echo("to change that:")
        for remedy in remedies:
            click.echo(f"  {remedy}")


def _last(drop: Drop) -> str:
    return f"{drop.last}, {drop.seconds_ago:.0f} s ago" if drop.last and drop.seconds_ago is not None else ""


def _print_news(before: list[Drop], now: list[Drop], *, as_json: bool) -> None:
    """Print what was dropped between two looks."""
    known = {(each.host, each.switch, each.adapter, each.reason, each.setting): each.frames for each in before}
    for each in now:
        more = each.frames - known.get((each.host, each.switch, each.adapter, each.reason, each.setting), 0)
        if more <= 0:
            continue
        if as_json:
            click.echo(json.dumps(asdict(each), ensure_ascii=False))
            continue
        setting = f" ({each.setting})" if each.setting else ""
        last = f": {each.last}" if each.last else ""
        whose = each.adapter or f"switch {each.switch}"
        click.echo(f"{whose}: {more} dropped, reason {each.reason}: {each.words}{setting}{last}")
