"""How a plan is told: what changes in Hyper-V's words, then what is done for it, with reasons."""

from __future__ import annotations

import json

import click

from lab.engine.plan import Plan
from lab.model.changes import changes
from lab.model.objects import LabModel

_MARKS = {"create": "+", "add": "+", "change": "~", "remove": "-"}


def print_plan(
    old: LabModel, new: LabModel, plan: Plan, *, as_json: bool, dry_run: bool, resumed: bool, verbose: bool
) -> None:
    """Print the difference of two models and the steps that it takes."""
    told = changes(old, new)
    if as_json:
        content = {
            "changes": [
                {"action": c.action, "kind": c.kind, "name": c.name, "of": c.of, "detail": c.detail} for c in told
            ],
            "steps": [{"action": s.action.value, "object": s.title, "reason": s.reason} for s in plan.steps],
            "applied": not dry_run,
        }
        click.echo(json.dumps(content, indent=2, ensure_ascii=False))
        return
    if resumed:
        click.echo("the last change had been interrupted: it was completed")
    if not told and not plan:
        click.echo("nothing to do: the lab is what the file describes")
        return
    for change in told:
        click.echo(f"{_MARKS[change.action]} {change}")
    drift = [step for step in plan.steps if "running lab" in step.reason]
    for step in plan.steps if verbose or dry_run else drift:
        click.echo(f"    {_MARKS[step.action]} {step.action} {step.title}  ({step.reason})")
    steps = f"{len(plan.steps)} step{'' if len(plan.steps) == 1 else 's'}"
    click.echo(f"{steps} would be taken; nothing was changed" if dry_run else f"{steps} taken")
