"""hvlab: Microsoft Hyper-V's virtual network as a lab on one Linux machine.

``from lab import Lab`` is where a topology begins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.model.builder import Lab as Lab
    from lab.model.kinds import LearningMode as LearningMode

__all__ = ["Lab", "LearningMode"]


def __getattr__(name: str) -> Any:
    """Import the topology API on first use, so that the command line does not pay for it."""
    if name == "Lab":
        from lab.model.builder import Lab

        return Lab
    if name == "LearningMode":
        from lab.model.kinds import LearningMode

        return LearningMode
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
