"""Properties as commands take them: a name, a pattern, a script block, or ``@{Name='…'; Expression={…}}``.

Select-Object, Sort-Object, Group-Object and Format-* have this in common (about_Calculated_Properties).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from lab.shell.errors import ErrorRecord, ShellError
from lab.shell.members import table_of
from lab.shell.objects import Hashtable, PSObject, ScriptBlock
from lab.shell.text import to_text
from lab.shell.wildcards import has_wildcards, matches

Evaluate = Callable[[ScriptBlock, object], Iterator[object]]
"""Runs a script block with an object as its ``$_``."""

LABEL: Final = "label"
_SYNONYMS: Final = {"name": LABEL}


@dataclass(frozen=True, slots=True)
class Calculated:
    """One property. ``label`` is empty if none was given; the rest are the entries of the hash table that say more."""

    expression: str | ScriptBlock
    label: str = ""
    width: int = 0
    align: str = ""
    format: str = ""
    descending: bool | None = None

    @property
    def is_pattern(self) -> bool:
        return isinstance(self.expression, str) and has_wildcards(self.expression)

    def title(self) -> str:
        """Return its label, else its expression as it was written."""
        return self.label or to_text(self.expression)


def properties(given: Iterable[object], keys: Iterable[str]) -> tuple[Calculated, ...]:
    """Return the properties that a parameter was given; a hash table may have an expression and `keys`.

    ShellError for a key that is none of them, or for a hash table without an expression.
    """
    return tuple(_property(each, tuple(keys)) for each in given)


def _property(given: object, keys: tuple[str, ...]) -> Calculated:
    if isinstance(given, ScriptBlock):
        return Calculated(given)
    if not isinstance(given, Hashtable):
        return Calculated(to_text(given))
    found: dict[str, object] = {}
    for key, value in given.items():
        found[_key(str(key), ("expression", *keys))] = value
    expression = found.get("expression")
    if not isinstance(expression, ScriptBlock):
        if expression is None and not ("descending" in found or "ascending" in found):
            raise _wrong("DictionaryKeyMandatoryEntry", "The Expression key is mandatory.")
        expression = "" if expression is None else to_text(expression)
    descending = found.get("descending")
    if descending is None and "ascending" in found:
        descending = not found["ascending"]
    width = found.get("width", 0)
    return Calculated(
        expression,
        to_text(found.get(LABEL)),
        max(0, width) if isinstance(width, int) else 0,
        _alignment(found["alignment"]) if "alignment" in found else "",
        to_text(found.get("formatstring")),
        None if descending is None else bool(descending),
    )


def _key(given: str, keys: tuple[str, ...]) -> str:
    """Return the key that is meant: its beginning is enough."""
    folded = given.casefold()
    known = (*keys, *(synonym for synonym, real in _SYNONYMS.items() if real in keys))
    fitting = [key for key in known if key.startswith(folded)] if folded else []
    if folded in known:
        fitting = [folded]
    if len(fitting) != 1:
        problem = ("DictionaryKeyAmbiguous", "ambiguous") if fitting else ("DictionaryKeyUnknown", "not valid")
        raise _wrong(problem[0], f"The {given} key is {problem[1]}.")
    return _SYNONYMS.get(fitting[0], fitting[0])


def _alignment(given: object) -> str:
    folded = str(given).casefold()
    fitting = [each for each in ("left", "right", "center") if folded and each.startswith(folded)]
    if len(fitting) != 1:
        text = f'Illegal value "{given}" in the Alignment key. Valid values are "left", "center", "right".'
        raise _wrong("AlignmentIllegalValue", text)
    return fitting[0]


def _wrong(error_id: str, message: str) -> ShellError:
    return ShellError(ErrorRecord(message, "InvalidArgument", error_id, "System.NotSupportedException"))


def names_of(item: object) -> list[str]:
    """Return the names of an object's properties."""
    return item.names() if isinstance(item, PSObject) else list(table_of(item).names)


def property_of(item: object, name: str) -> object:
    """Return an object's property by its name, of a hash table also a key's value: null if there is none."""
    if isinstance(item, PSObject):
        return item.get(name)
    if isinstance(item, Hashtable) and name in item:
        return item[name]
    read = table_of(item).properties.get(name.casefold())
    return read(item) if read else None


def resolved(wanted: Calculated, item: object) -> list[tuple[str, str | ScriptBlock]]:
    """Return the titles and expressions that a property means for an object: none if no property has that name."""
    if isinstance(wanted.expression, ScriptBlock):
        return [(wanted.title(), wanted.expression)]
    found = [name for name in names_of(item) if matches(wanted.expression, name)]
    return [(wanted.label or name, name) for name in found]


def value_of(expression: str | ScriptBlock, item: object, evaluate: Evaluate) -> object:
    """Return an expression's value for an object: null for a property that it does not have, or that cannot be had.

    An error in the script block of a calculated property is not shown, on Windows neither.
    """
    if isinstance(expression, str):
        return property_of(item, expression)
    try:
        found = list(evaluate(expression, item))
    except ShellError:
        return None
    return (found[0] if found else None) if len(found) < 2 else found
