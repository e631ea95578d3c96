"""How a rule says what is wrong."""

from __future__ import annotations

from collections.abc import Iterable

from lab.errors import ErrorRecord
from lab.model.names import quoted


def mistake(target: str, message: str, remedy: str = "") -> ErrorRecord:
    """Return the record of a mistake made where `target` was declared."""
    return ErrorRecord(message, "TopologyError", target=target, remedy=remedy)


def known(names: Iterable[str]) -> str:
    """Return the remedy for a reference to something that does not exist: what there is."""
    shown = [quoted(name) for name in names]
    return f"known: {', '.join(shown[:12])}{', …' if len(shown) > 12 else ''}" if shown else "there is none"
