"""How objects of a type are shown when nobody says how: the columns of a table, or the lines of a list.

What Windows has in its files ``*.format.ps1xml``; commands declare the views of their own types beside themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from lab.shell.objects import PSObject

Cell = str | Callable[[PSObject], object]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table, or a line of a list. ``value`` is a property's name, by default the label, or a function.

    ``align`` is left unless it is given, for numbers too, as in those files. ``width`` in characters, None for what it
    needs: where the first column has none, all are as wide as they need to be.
    """

    label: str
    value: Cell = ""
    align: Literal["", "left", "right", "center"] = ""
    width: int | None = None


@dataclass(frozen=True, slots=True)
class View:
    """How objects of a type are shown. ``group_by``: a heading line ``label: value`` above each run of equal values."""

    kind: Literal["table", "list"]
    columns: tuple[Column, ...]
    group_by: tuple[Column, ...] = ()


VIEWS: Final[dict[str, View]] = {}
"""The views by the types' full names in lower case: how objects are shown when nobody says how."""

OTHERS: Final[dict[str, View]] = {}
"""The second views of types that have one of each kind, for Format-List or Format-Table."""


def show(
    type_name: str, kind: Literal["table", "list"], *columns: str | Column, group_by: tuple[str | Column, ...] = ()
) -> None:
    """Declare how objects of a type are shown; a second time, of the other kind: how if that kind is asked for."""
    made = View(kind, tuple(_column(each) for each in columns), tuple(_column(each) for each in group_by))
    first = VIEWS.setdefault(type_name.casefold(), made)
    (VIEWS if first.kind == kind else OTHERS)[type_name.casefold()] = made


def view_of(item: PSObject, kind: str = "") -> View | None:
    """Return the view, of a kind if one is named, of an object's type, or of the nearest type it inherits from."""
    names = [name.casefold() for name in item.type_names]
    found = (views[name] for name in names for views in (VIEWS, OTHERS) if name in views)
    return next((view for view in found if not kind or view.kind == kind), None)


def applies(view: View, item: PSObject) -> bool:
    """Tell whether a view is that of an object's type, or of one that it inherits from."""
    names = [name.casefold() for name in item.type_names]
    return any(views.get(name) is view for name in names for views in (VIEWS, OTHERS))


def _column(given: str | Column) -> Column:
    return Column(given, given) if isinstance(given, str) else given
