"""The beginning of a member's program."""

from __future__ import annotations

from . import agent, control
from .setup import read


def main(path: str) -> None:
    """Be the member that a file describes, until somebody ends the program.

    Rules and addresses stay then, and so do connections: it may be started again at once, with other settings.
    """
    setup = read(path)
    control.forget(setup.ready)
    if setup.refused:
        agent.hold_out(setup)
    else:
        agent.Agent(setup).run()
