"""The settings of virtual switches of every type that a topology script gives by name: bandwidth reservation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from lab.model.kinds import BandwidthReservationMode
from lab.model.names import quoted
from lab.model.reading import Reader
from lab.model.rules.mistakes import known


class BandwidthSettings(TypedDict, total=False):
    """What New-VMSwitch and Set-VMSwitch set of a switch's bandwidth reservation."""

    minimum_bandwidth_mode: BandwidthReservationMode | str
    default_flow_minimum_bandwidth_weight: int
    default_flow_minimum_bandwidth_absolute: int


def read_bandwidth(read: Reader, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a virtual switch that were given; what is none of them is a mistake."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        if name == "minimum_bandwidth_mode":
            mode = read.choice(name, value, BandwidthReservationMode, BandwidthReservationMode.DEFAULT)
            found["bandwidth_reservation"] = mode.resolved
        elif name in BandwidthSettings.__annotations__:
            found[name] = read.number(name, value, 0 if name.endswith("absolute") else 1)
        else:
            remedy = known(sorted(BandwidthSettings.__annotations__), name)
            read.mistake(f"switch {quoted(read.owner)} has the setting {quoted(name)}, which does not exist", remedy)
    return found
