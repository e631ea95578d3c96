"""A program as text, for people and for golden tests: by stage, without table numbers, each flow with its owner."""

from __future__ import annotations

from collections.abc import Iterator

from controllers.compiler import Program
from controllers.openflow.cookies import cookie_of, explain
from controllers.pipeline.tables import STAGES
from controllers.pipeline.values import Flow


def listing(program: Program) -> str:
    """Return the program, one flow per line."""
    return "\n".join(_lines(program)) + "\n"


def _lines(program: Program) -> Iterator[str]:
    yield f"switch {program.view.intent.switch}"
    used = {flow.stage for flow in program.flows}
    for stage in STAGES:
        if stage.asks and stage.name not in used:
            continue
        yield ""
        yield f"{stage.name}: {stage.does}"
        for flow in program.flows:
            if flow.stage == stage.name:
                yield f"  {_flow(flow, program)}"
    for meter in program.meters:
        yield ""
        yield str(meter)
    for group in program.groups:
        yield ""
        yield f"group {group.role} in VLAN {group.vlan}"
        for bucket in group.buckets:
            yield f"  {', '.join(map(str, bucket))}"


def _flow(flow: Flow, program: Program) -> str:
    criteria = ",".join(map(str, flow.match)) or "any"
    actions = ", ".join(map(str, flow.actions)) or "return"
    explanation = explain(cookie_of(flow), program)
    assert explanation is not None, "every compiled flow has a cookie of ours"
    return f"{int(flow.priority):5} {criteria:44} {actions:40} [{flow.owner.feature}: {explanation.object_name}]"
