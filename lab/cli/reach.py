"""`hvlab matrix`: who answers whom, measured and predicted."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import click

from lab.cli.group import json_option, lab_option
from lab.cli.progress import ProgressLine

if TYPE_CHECKING:
    from lab.emulation.pod.pod import Pod
    from lab.engine.matrix import Cell, Pair
    from lab.model.objects import LabModel

_ATTEMPTS = 3
ANSWER, SILENCE, WRONG, SELF, DOWN = "✓", "·", "!", "-", "x"


@click.command("matrix", short_help="Ping every pair of machines and say who reaches whom, and why not.")
@click.option("-4", "version", flag_value=4, type=int, help="IPv4 only.")
@click.option("-6", "version", flag_value=6, type=int, help="IPv6 only.")
@json_option
@lab_option
def matrix(version: int | None, as_json: bool, lab: str | None) -> int:
    """Ping every pair of endpoints side by side: VMs, management OS, physical computers, internet.

    Every result is held against what the oracle predicts from the topology alone; where they disagree the pair is
    marked and the exit code is 1.
    """
    from lab.cli.selection import finished_state, select

    pod = select(lab)
    model = finished_state(pod).model
    with ProgressLine(f"measuring {pod.name}") as progress:
        progress("pinging every pair")
        cells = measure(pod, model, version)
    if as_json:
        click.echo(json.dumps([_as_json(cell) for cell in cells], indent=2, ensure_ascii=False))
    else:
        _print(cells)
    return 0 if all(cell.agrees for cell in cells) else 1


def measure(pod: Pod, model: LabModel, version: int | None = None) -> tuple[Cell, ...]:
    """Measure a lab's matrix from inside its pod."""
    from lab.emulation import leases
    from lab.emulation.observe import pids
    from lab.emulation.probes import Ping, ping_all
    from lab.engine.leased import leased
    from lab.engine.matrix import measure_matrix
    from lab.engine.services import services

    def inside() -> tuple[Cell, ...]:
        running = pids(pod)

        def ping(pairs: Iterable[Pair], number: int) -> Mapping[Pair, float | None]:
            wanted = {
                pair: Ping(pair[0].node, str(pair[0].address(number)), str(pair[1].address(number))) for pair in pairs
            }
            times = ping_all((each for each in wanted.values() if each.node in running), running)
            return {pair: times.get(each) for pair, each in wanted.items()}

        clients = tuple(services(model))
        for _ in range(_ATTEMPTS):
            got = leases.read(clients, running)
            cells = measure_matrix(leased(model, got), ping, version)
            if all(cell.agrees for cell in cells) or leases.read(clients, running) == got:
                break  # a DHCP client that got another address meanwhile would be sought at its old one
        return cells

    return pod.run_inside(inside)


def _as_json(cell: Cell) -> dict[str, object]:
    return {
        "from": cell.source.name,
        "to": cell.target.name,
        "version": cell.version or None,
        "measured": cell.measured,
        "time_ms": cell.time_ms,
        "predicted": cell.verdict.pings,
        "agrees": cell.agrees,
        "reason": cell.verdict.reason,
    }


def _print(cells: tuple[Cell, ...]) -> None:
    sources = list(dict.fromkeys(cell.source.name for cell in cells))
    names = list(dict.fromkeys([*sources, *(cell.target.name for cell in cells)]))
    by_pair = {(cell.source.name, cell.target.name): cell for cell in cells}
    width = max((len(name) for name in names), default=0)
    digits = len(str(len(names)))
    click.echo(" " * (digits + width + 3) + " ".join(f"{at:>{digits}}" for at in range(1, len(names) + 1)))
    for at, source in enumerate(names, 1):
        asked = names if source in sources else []  # nothing starts from a cluster
        marks = " ".join(f"{_mark(by_pair.get((source, target))):>{digits}}" for target in asked)
        click.echo(f"{at:>{digits}} {source:<{width}}  {marks}".rstrip())
    click.echo(f"\n{ANSWER} answers   {SILENCE} no answer, as predicted   {DOWN} cannot send   {SELF} the same machine")
    _print_reasons(cells)
    wrong = [cell for cell in cells if not cell.agrees]
    for cell in wrong:
        click.echo(f"{WRONG} {cell.source.name} -> {cell.target.name}: {_disagreement(cell)}")
    answers = sum(cell.measured for cell in cells)
    verdict = "measurement and prediction disagree" if wrong else "all as predicted"
    click.echo(f"\n{len(cells)} pairs: {answers} answer, {len(cells) - answers} do not; {verdict}")


def _mark(cell: Cell | None) -> str:
    if cell is None:
        return SELF
    if not cell.agrees:
        return WRONG
    if cell.measured:
        return ANSWER
    return DOWN if cell.source.why_down else SILENCE


def _print_reasons(cells: tuple[Cell, ...]) -> None:
    reasons: dict[str, list[Cell]] = {}
    for cell in cells:
        if not cell.verdict.pings:
            reasons.setdefault(_short(cell.verdict.reason), []).append(cell)
    if reasons:
        click.echo("\nwhy not:")
    for reason, found in sorted(reasons.items(), key=lambda item: (-len(item[1]), item[0])):
        shown = ", ".join(f"{cell.source.name} -> {cell.target.name}" for cell in found[:2])
        more = f" and {len(found) - 2} more" if len(found) > 2 else ""
        click.echo(f"  {reason}\n      {shown}{more}")


def _short(reason: str) -> str:
    """Return a reason without the address that it is about, so that equal causes are told once."""
    return reason.partition(" and ")[0] if reason.startswith("no route") else reason


def _disagreement(cell: Cell) -> str:
    predicted = "an answer" if cell.verdict.pings else f"no answer ({cell.verdict.reason})"
    measured = f"an answer after {cell.time_ms:.1f} ms" if cell.time_ms is not None else "no answer"
    return f"predicted {predicted}, measured {measured}"
