"""Admission: a frame enters the switch only from a port that has an intent.

Between the moment a port appears and the moment its policy is in force, what it sends is dropped (data flow disabled),
so no frame ever passes without its policy.
"""

from __future__ import annotations

from controllers.pipeline.priorities import Priority
from controllers.pipeline.reasons import DropReason
from controllers.pipeline.registers import ARRIVED
from controllers.pipeline.values import Actions, Drop, EnterBy, Flow, Goto, Group, Owner, SetRegister, match
from controllers.view import PortView, SwitchView

NAME = "classify"


def build(view: SwitchView) -> tuple[tuple[Flow, ...], tuple[Group, ...]]:
    """Admit the frames of every port of the view; those of a team's members as if they came by its first one."""
    team = view.team()
    admitted = (
        Flow(
            "classify",
            Priority.ORDINARY,
            match(in_port=port.ofport),
            (*_of_team(port, team), Goto("guard_check")),
            Owner(NAME, port.ofport),
        )
        for port in view.ports
    )
    others = Flow("classify", Priority.FALLBACK, match(), (Drop(DropReason.DATA_FLOW_DISABLED),), Owner(NAME))
    return (*admitted, others), ()


def _of_team(port: PortView, team: tuple[PortView, ...]) -> Actions:
    if port not in team:
        return ()
    arrived = SetRegister(ARRIVED, port.ofport)
    return (arrived,) if port == team[0] else (arrived, EnterBy(team[0].ofport))
