"""How a rule says what is wrong."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from lab.errors import ErrorRecord
from lab.model.names import quoted


def mistake(target: str, message: str, remedy: str = "") -> ErrorRecord:
    """Return the record of a mistake made where `target` was declared."""
    return ErrorRecord(message, "TopologyError", target=target, remedy=remedy)


def known(names: Iterable[str], wanted: object = None) -> str:
    """Return the remedy for a reference to something that does not exist: what there is, or what was meant."""
    found = list(names)
    close = difflib.get_close_matches(wanted[:100], found, n=1) if isinstance(wanted, str) else []
    if close:
        return f"did you mean {quoted(close[0])}?"
    shown = [quoted(name) for name in found]
    return f"known: {', '.join(shown[:12])}{', …' if len(shown) > 12 else ''}" if shown else "there is none"
