"""What a topology script can be given when it is loaded, and what is known while one is being loaded.

A script says ``lab.parameter("vms", 10, "number of VMs")``; the value comes from ``--set vms=50``, else from the
environment (``HVLAB_VMS``), else it is the default.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final, TypeVar

from lab.model.names import quoted
from lab.model.notes import Notes

Value = TypeVar("Value", int, float, str, bool)

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,30}")
_FLAGS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(slots=True)
class Loading:
    """A topology file while it is being loaded: ``given`` by the user, ``known`` to the script, and the labs made."""

    given: Mapping[str, str] = field(default_factory=dict)
    known: dict[str, str] = field(default_factory=dict)
    labs: list[object] = field(default_factory=list)


loading: Final[ContextVar[Loading | None]] = ContextVar("loading", default=None)


def variable(name: str) -> str:
    """Return the environment variable of a parameter: ``HVLAB_VMS``."""
    return f"HVLAB_{name.upper()}"


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a script asks for; the limits are for numbers."""

    name: str
    meaning: str = ""
    minimum: float = -math.inf
    maximum: float = math.inf

    def allows(self, value: object) -> bool:
        return not isinstance(value, int | float) or self.minimum <= value <= self.maximum


def read_parameter(notes: Notes, parameter: Parameter, default: Value) -> Value:
    """Return the parameter's value, of the default's type; one that cannot be is noted, and the default returned."""
    name: object = parameter.name
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        notes.mistake(f"the parameter name {quoted(name)} is not allowed", remedy="expected a name such as vms")
        return default
    now = loading.get() or Loading()
    now.known[name] = parameter.meaning
    text = now.given.get(name, os.environ.get(variable(name), ""))
    if text == "":
        return default
    value = _converted(text, default)
    if value is None or not parameter.allows(value):
        where = "" if name in now.given else f", from {variable(name)}"
        meaning = f" ({parameter.meaning})" if parameter.meaning else ""
        notes.mistake(
            f'the parameter "{name}"{meaning} is {quoted(text)}{where}',
            target=name,
            remedy=f"expected {_expected(default, parameter)}",
        )
        return default
    return value


def _converted(text: str, default: Value) -> Value | None:
    if isinstance(default, bool):
        return _FLAGS.get(text.lower())
    try:
        return type(default)(text)
    except ValueError:
        return None


def _expected(default: float | str, parameter: Parameter) -> str:
    if isinstance(default, bool):
        return "true or false"
    if isinstance(default, str):
        return "text"
    kind = "a whole number" if isinstance(default, int) else "a number"
    least = f" from {parameter.minimum}" if parameter.minimum > -math.inf else ""
    most = f" up to {parameter.maximum}" if parameter.maximum < math.inf else ""
    return f"{kind}{least}{most}"
