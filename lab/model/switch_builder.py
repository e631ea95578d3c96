"""The settings of virtual switches that a topology script gives by name (see :mod:`lab.model.host_builder`).

Where the management OS has an adapter on a new switch, that adapter's settings are given with the switch's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypedDict

from lab.model.adapter_builder import ManagementAdapterSettings
from lab.model.kinds import BandwidthReservationMode, LearningMode, LoadBalancing, SwitchType
from lab.model.names import quoted
from lab.model.objects import VirtualSwitch
from lab.model.reading import Reader, WrittenExtensions
from lab.model.rules.mistakes import known


class SwitchSettings(TypedDict, total=False):
    """What can be given to every switch (New-VMSwitch, Set-VMSwitch)."""

    learning: LearningMode | str
    ageing_s: int
    extensions: WrittenExtensions
    minimum_bandwidth_mode: BandwidthReservationMode | str
    default_flow_minimum_bandwidth_weight: int
    default_flow_minimum_bandwidth_absolute: int


class InternalSwitchSettings(SwitchSettings, ManagementAdapterSettings, total=False):
    """What can be given to an internal switch, and to the management OS's adapter on it."""


class ExternalSwitchSettings(InternalSwitchSettings, total=False):
    """What can be given to an external switch, and to the management OS's adapter on it."""

    embedded_teaming: bool
    load_balancing: LoadBalancing | str
    mirror_external_port: bool


def _mode(read: Reader, value: object) -> BandwidthReservationMode:
    fallback = BandwidthReservationMode.DEFAULT
    return read.choice("minimum_bandwidth_mode", value, BandwidthReservationMode, fallback).resolved


def _number(name: str, fallback: int) -> Callable[[Reader, Any], int]:
    return lambda read, value: read.number(name, value, fallback)


_WEIGHT, _ABSOLUTE = "default_flow_minimum_bandwidth_weight", "default_flow_minimum_bandwidth_absolute"
_READ: Final[Mapping[str, tuple[str, Callable[[Reader, Any], Any]]]] = {
    "learning": (
        "learning",
        lambda read, value: read.choice("learning", value, LearningMode, LearningMode.LEARNING),
    ),
    "ageing_s": ("ageing_s", _number("ageing_s", 300)),
    "extensions": ("extensions", Reader.extensions),
    "minimum_bandwidth_mode": ("bandwidth_reservation", _mode),
    _WEIGHT: (_WEIGHT, _number(_WEIGHT, 1)),
    _ABSOLUTE: (_ABSOLUTE, _number(_ABSOLUTE, 0)),
    "embedded_teaming": (
        "embedded_teaming",
        lambda read, value: read.flag("embedded_teaming", value, False),
    ),
    "load_balancing": (
        "load_balancing",
        lambda read, value: read.choice("load_balancing", value, LoadBalancing, LoadBalancing.HYPERVPORT),
    ),
    "mirror_external_port": (
        "mirror_external_port",
        lambda read, value: read.flag("mirror_external_port", value, False),
    ),
}
"""The field of a virtual switch for each setting, and how it is read."""


def read_switch(
    read: Reader, switch: VirtualSwitch, given: Mapping[str, object], kind: type[SwitchSettings]
) -> tuple[dict[str, Any], dict[str, object]]:
    """Return the fields of a switch that were given, and what was given for the management OS's adapter on it."""
    fields: dict[str, Any] = {}
    adapter: dict[str, object] = {}
    for name, value in given.items():
        if name not in kind.__annotations__:
            why = f"switch {quoted(read.owner)} has the setting {quoted(name)}, which "
            exists = name in ExternalSwitchSettings.__annotations__
            what = f"no {switch.type} switch has" if exists else "does not exist"
            read.mistake(why + what, "" if exists else known(sorted(kind.__annotations__), name))
        elif name in _READ:
            field, reader = _READ[name]
            fields[field] = reader(read, value)
        else:
            adapter[name] = value
    if switch.type is SwitchType.EXTERNAL:
        fields.setdefault("embedded_teaming", len(switch.nics) > 1)
    return fields, adapter
