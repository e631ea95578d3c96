"""The pipeline manual, generated from the declarations, so that it cannot be wrong about them."""

from __future__ import annotations

from collections.abc import Iterator

from controllers.pipeline.priorities import Priority
from controllers.pipeline.registers import REGISTERS
from controllers.pipeline.tables import STAGES, Stage


def manual() -> str:
    """Return the manual as markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# The pipeline of a virtual switch"
    yield ""
    yield "A frame enters at the first stage. Every drop is a flow of its own, with one of Hyper-V's numbered reasons;"
    yield "the cookie of every flow says which feature wanted it, and for which network adapter."
    yield ""
    yield "| Table | Stage | What the switch does there |"
    yield "|---|---|---|"
    for stage in STAGES:
        yield f"| {stage.number} | [{stage.name}](#{stage.name}) | {stage.does} |"
    yield ""
    yield "## Registers"
    yield ""
    yield "| Register | Name | From | To | Meaning |"
    yield "|---|---|---|---|---|"
    for register in REGISTERS:
        yield f"| reg{register.number} | {register.name} | {register.born} | {register.dies} | {register.meaning} |"
    yield ""
    yield "## Priorities"
    yield ""
    for priority in sorted(Priority, reverse=True):
        yield f"* {int(priority)}: {priority.name.lower().replace('_', ' ')}"
    for stage in STAGES:
        yield ""
        yield from _section(stage)


def _section(stage: Stage) -> Iterator[str]:
    yield f"## {stage.name}"
    yield ""
    yield f"Table {stage.number}: {stage.does}."
    yield ""
    matches = [f"{name} (or part of it)" if name in stage.masked else name for name in sorted(stage.matches)]
    facts = (
        ("matches", matches),
        ("writes", sorted(stage.writes)),
        ("consults", stage.consults),
        ("goes to", stage.goes),
        ("learns into", [stage.learns_into] if stage.learns_into else ()),
        ("drops for", [str(reason) for reason in stage.drops]),
        ("tags", ["puts 802.1Q tags on, or takes them off"] if stage.tags else ()),
        ("teams", ["looks at the members of a team and their links"] if stage.teams else ()),
        ("replicates", ["to a group: that of the frame's VLAN and role, or the mirrors"] if stage.replicates else ()),
        ("polices", ["by the sender's meter"] if stage.polices else ()),
        ("asks", ["the controller, whose answers come in by the management OS's port"] if stage.asks else ()),
        ("counts", ["for Meter entries"] if stage.counts else ()),
        ("outputs", ["to the receiver"] if stage.outputs else ()),
        ("returns", ["to the stage that consulted it"] if stage.returns else ()),
    )
    for name, values in facts:
        if values:
            yield f"* {name}: {', '.join(values)}"
