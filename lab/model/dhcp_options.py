"""How a topology script names the options of DHCP and DHCPv6 (see :mod:`lab.model.dhcp_builder`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lab.model.names import quoted
from lab.model.reading import Reader, shown
from lab.model.rules.mistakes import known


def dhcp_options(
    read: Reader, given: Mapping[str, Any], numbers: Mapping[str, int], example: str
) -> Iterator[tuple[int, object]]:
    """Yield the number and the value of each option that was given, by its name or in ``options``."""
    for name, value in given.items():
        if name == "options" and isinstance(value, Mapping):
            yield from ((read.number("option", number, 0), more) for number, more in value.items())
        elif name == "options":
            read.mistake(f"options of {quoted(read.owner)} is {shown(value)}", f"expected {example}")
        elif name in numbers:
            yield numbers[name], value
        else:
            remedy = known(sorted([*numbers, "options"]), name)
            read.mistake(f"{quoted(read.owner)} has the DHCP option {quoted(name)}, which has no such name", remedy)
