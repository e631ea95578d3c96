"""How a plan is told: what changes in Hyper-V's words, then what is done for it, with reasons."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import click

from lab.engine.plan import Plan
from lab.engine.session import Resumption
from lab.model.changes import changes
from lab.model.objects import LabModel

_MARKS = {"create": "+", "add": "+", "change": "~", "remove": "-"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a change was: from one model to another by a plan. ``dry_run``: it was not carried out.

    ``resumed``: what became of an earlier change that had been interrupted.
    """

    old: LabModel
    new: LabModel
    plan: Plan
    resumed: Resumption | None = None
    dry_run: bool = False


def print_plan(done: Outcome, *, as_json: bool, verbose: bool) -> None:
    """Print the difference of two models and the steps that it takes."""
    told = changes(done.old, done.new)
    if as_json:
        content = {
            "changes": [
                {"action": c.action, "kind": c.kind, "name": c.name, "of": c.of, "detail": c.detail} for c in told
            ],
            "steps": [{"action": s.action.value, "object": s.title, "reason": s.reason} for s in done.plan.steps],
            "applied": not done.dry_run,
            "interrupted": asdict(done.resumed) if done.resumed else None,
        }
        click.echo(json.dumps(content, indent=2, ensure_ascii=False))
        return
    if done.resumed:
        click.echo(done.resumed.told(dry_run=done.dry_run))
    if not told and not done.plan:
        click.echo("nothing to do: the lab is what the file describes")
        return
    for change in told:
        click.echo(f"{_MARKS[change.action]} {change}")
    drift = [step for step in done.plan.steps if "running lab" in step.reason]
    for step in done.plan.steps if verbose or done.dry_run else drift:
        click.echo(f"    {_MARKS[step.action]} {step.action} {step.title}  ({step.reason})")
    steps = f"{len(done.plan.steps)} step{'' if len(done.plan.steps) == 1 else 's'}"
    click.echo(f"{steps} would be taken; nothing was changed" if done.dry_run else f"{steps} taken")
