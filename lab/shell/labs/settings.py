"""Parameters that are fields of the model under another name: those given are set, the others stay."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, TypeVar

from lab.errors import InputError
from lab.shell.command import Call

T = TypeVar("T")

_SPEED: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?(?:e[0-9]+)?)\s*(?:([kmgt]?)b(?:ps|it/s))?", re.IGNORECASE)
_TIMES: Final = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


def given(call: Call, fields: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of those parameters that were given, by the fields of the model that `fields` has for them."""
    return {field: call.get(name) for name, field in fields.items() if name in call}


def changed(item: T, values: Mapping[str, Any]) -> T:
    """Return a value of the model with some of its fields changed."""
    return replace(item, **values)  # type: ignore[type-var]  # all of them are dataclasses


def speed(text: str) -> int:
    """Return a speed in bits per second: ``1 Gbps``, ``100 Mbps``, ``1000000000``; 0 is as fast as the machine."""
    found = _SPEED.fullmatch(text.strip())
    if found is None:
        raise InputError(f'"{text}" is no speed', target=text, remedy='expected such as "1 Gbps", or 0 for no limit')
    return round(float(found[1]) * _TIMES[(found[2] or "").lower()])
