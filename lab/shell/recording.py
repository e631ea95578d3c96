"""What a command says of a setting that has no effect here, and how such a setting is kept.

The lab is a network: memory, disks and processors are kept in its description, so that a script can read back what it
set. Nobody is to believe that they do something.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final
from weakref import WeakKeyDictionary

from lab.model.recorded import Setting, setting, with_setting
from lab.shell.command import Call, Parameter, Support
from lab.shell.place import Place

_SAID: Final[WeakKeyDictionary[Place, set[str]]] = WeakKeyDictionary()
"""The commands that have already warned, by the lab that they worked on: one session has one."""


def recorded(call: Call, what: str) -> None:
    """Warn, once in a session for each command, that the lab only records something (``the processors``)."""
    said = _SAID.setdefault(call.place, set())
    if call.command.name not in said:
        said.add(call.command.name)
        call.warn(f"{call.command.name}: the lab only records {what}; nothing in the network depends on that.")


def accepted(call: Call) -> None:
    """Say with -Verbose of every parameter given that it does nothing here; to be called before anything is done."""
    for parameter in _given(call, Support.ACCEPTED):
        call.verbose(f"The parameter -{parameter.name} has no effect in a lab.")


def recorded_parameters(call: Call) -> dict[str, Any]:
    """Return the parameters given that are only recorded, by name, with their values."""
    return {each.name: call.bound[each.name] for each in _given(call, Support.RECORDED)}


def _given(call: Call, support: Support) -> list[Parameter]:
    """Return the parameters given of some support; one that is declared for several sets is there once."""
    found = {each.name: each for each in call.command.parameters if each.support is support}
    return [each for name, each in found.items() if name in call]


def kept(of: Iterable[Setting], name: str, default: Any = None) -> Any:
    """Return the value that a setting was recorded with."""
    return json.loads(setting(of, name, json.dumps(default)))


def with_kept(of: Iterable[Setting], name: str, value: object) -> tuple[Setting, ...]:
    """Return recorded settings with one set to a value that JSON can have."""
    return with_setting(of, name, json.dumps(value, ensure_ascii=False))


def with_all_kept(of: Iterable[Setting], values: dict[str, Any]) -> tuple[Setting, ...]:
    """Return recorded settings with several set."""
    found = tuple(of)
    for name, value in values.items():
        found = with_kept(found, name, value)
    return found
