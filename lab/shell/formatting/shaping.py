"""Packets of objects: which shape they get, and the texts that they have in it.

The rules are those of Windows PowerShell 5.1. The first object decides: by its type's view; without one, a table for up
to four properties and a list for more. Objects that come later and are not of the view's type become lists of their own
between its rows; without a view, they have to fit into the table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lab.shell.calculated import Calculated, Evaluate, resolved, value_of
from lab.shell.composite import composed, formatted
from lab.shell.errors import ShellError
from lab.shell.formatting.cells import ENUMERATION_LIMIT, cell_text, is_scalar, long_date
from lab.shell.formatting.packets import (
    LEFT,
    RIGHT,
    End,
    GroupEnd,
    GroupStart,
    Heading,
    Listed,
    ListShape,
    Packet,
    PlainShape,
    Row,
    Shape,
    Start,
    TableShape,
    Text,
    WideShape,
)
from lab.shell.formatting.presented import presented
from lab.shell.objects import PSObject, ScriptBlock
from lab.shell.text import to_text
from lab.shell.views import Column, View, applies, view_of

TABLE_LIMIT: Final = 4
_MOST_COLUMNS: Final = 10


def _no_blocks(block: ScriptBlock, item: object) -> Iterator[object]:
    raise AssertionError("a view without script blocks was asked to run one")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What Format-Table and its like were told; of ``kind`` empty, nothing: PowerShell chooses."""

    kind: str = ""
    properties: tuple[Calculated, ...] = ()
    group_by: Calculated | None = None
    autosize: bool = False
    wrap: bool = False
    hide_header: bool = False
    columns: int = 0
    force: bool = False
    evaluate: Evaluate = _no_blocks
    limit: int = ENUMERATION_LIMIT


class Shaper:
    """Makes packets of objects, one after the other."""

    def __init__(self, wishes: Wishes) -> None:
        self._wishes = wishes
        self._view: View | None = None
        self._shape: Shape | None = None
        self._titles: list[tuple[str, str | ScriptBlock, Calculated | None]] = []
        self._group: tuple[str, str] | None = None

    def shaped(self, value: object) -> Iterator[Packet]:
        """Yield the packets of an object."""
        if self._wishes.force and isinstance(value, str):
            yield from self._shaped(PSObject("System.String", {"Length": len(value)}))
            return
        for each in presented(value):
            if isinstance(each, str) or not (each.names() or view_of(each)):
                yield Text(to_text(each))
            else:
                yield from self._shaped(each)

    def ended(self) -> Iterator[Packet]:
        """Yield what ends the document, if one has begun."""
        if self._shape is not None:
            if self._group is not None:
                yield GroupEnd()
            yield End()
        self._shape, self._group = None, None

    def _shaped(self, item: PSObject) -> Iterator[Packet]:
        if self._shape is None:
            self._view = self._find_view(item)
            self._shape = self._shape_of(item)
            yield Start(self._shape)
        elif not self._belongs(item):
            yield Text(_plain_text(item)) if _is_plain(item) else self._beside(item)
            return
        group = self._group_of(item)
        if group != self._group:
            if self._group is not None:
                yield GroupEnd()
            self._group = group
            yield GroupStart(*group)
        yield self._entry(item)

    def _belongs(self, item: PSObject) -> bool:
        """Tell whether an object can be an entry of the document that has begun."""
        if self._wishes.kind:
            return True
        if isinstance(self._shape, PlainShape):
            return _is_plain(item)
        return self._view is None or applies(self._view, item)

    def _beside(self, item: PSObject) -> Listed:
        return Listed(self._listed(item, view_of(item, "list")), out_of_band=True)

    def _find_view(self, item: PSObject) -> View | None:
        if self._wishes.properties:
            return None
        return view_of(item, "" if self._wishes.kind == "" else self._wishes.kind)

    def _shape_of(self, item: PSObject) -> Shape:
        wishes = self._wishes
        kind = wishes.kind or (self._view.kind if self._view else "")
        if not kind and _is_plain(item):
            return PlainShape()
        if not kind:
            kind = "list" if len(item.names()) > TABLE_LIMIT else "table"
        if kind == "list":
            return ListShape()
        if kind == "wide":
            return WideShape(wishes.columns, wishes.autosize)
        if self._view:
            columns = tuple(Heading(each.label, each.width or 0, each.align or LEFT) for each in self._view.columns)
        else:
            self._titles = self._table_titles(item)
            columns = tuple(self._heading(title, expression, said, item) for title, expression, said in self._titles)
        return TableShape(columns, wishes.hide_header, wishes.wrap, wishes.autosize)

    def _heading(self, title: str, expression: str | ScriptBlock, said: Calculated | None, item: PSObject) -> Heading:
        if said and said.align:
            return Heading(title, said.width, said.align)
        value = value_of(expression, item, self._wishes.evaluate)
        return Heading(title, said.width if said else 0, RIGHT if is_scalar(value) else LEFT)

    def _table_titles(self, item: PSObject) -> list[tuple[str, str | ScriptBlock, Calculated | None]]:
        """Return what a table's columns are; one that is named and does not exist is an empty column."""
        if not self._wishes.properties:
            return [(name, name, None) for name in item.names()[:_MOST_COLUMNS]]
        found: list[tuple[str, str | ScriptBlock, Calculated | None]] = []
        for said in self._wishes.properties:
            meant = resolved(said, item)
            if not meant and not said.is_pattern:
                meant = [(said.title(), said.expression)]
            found += [(title, expression, said) for title, expression in meant]
        return found

    def _entry(self, item: PSObject) -> Packet:
        match self._shape:
            case TableShape():
                return Row(tuple(self._cells(item)))
            case WideShape():
                return Row((self._wide(item),))
            case PlainShape():
                return Row((_plain_text(item),))
        return Listed(self._listed(item, self._view))

    def _cells(self, item: PSObject) -> Iterator[str]:
        if self._view:
            for column in self._view.columns:
                yield cell_text(_view_value(column, item), self._wishes.limit)
            return
        for _, expression, said in self._titles:
            yield self._text(expression, said, item)

    def _text(self, expression: str | ScriptBlock, said: Calculated | None, item: PSObject) -> str:
        value = value_of(expression, item, self._wishes.evaluate)
        if said and said.format:
            return with_format(value, said.format)
        return cell_text(value, self._wishes.limit)

    def _listed(self, item: PSObject, view: View | None) -> tuple[tuple[str, str], ...]:
        limit = self._wishes.limit
        if self._wishes.properties:
            meant = [
                (title, expression, said)
                for said in self._wishes.properties
                for title, expression in resolved(said, item)
            ]
            return tuple((title, self._text(expression, said, item)) for title, expression, said in meant)
        if view is None or view.kind != "list":
            return tuple((name, cell_text(value, limit)) for name, value in item.items())
        return tuple((column.label, cell_text(_view_value(column, item), limit)) for column in view.columns)

    def _wide(self, item: PSObject) -> str:
        """Return the one value of an object: the first column of its table, or its name, else its first property."""
        for said in self._wishes.properties:
            for _, expression in resolved(said, item):
                return self._text(expression, said, item)
        if self._wishes.properties:
            return ""
        if view := view_of(item, "table"):
            return cell_text(_view_value(view.columns[0], item), self._wishes.limit)
        name = "Name" if item.has("Name") else next(iter(item.names()), "")
        return cell_text(item.get(name), self._wishes.limit)

    def _group_of(self, item: PSObject) -> tuple[str, str]:
        """Return the label and the value of an object's group; an empty label if there are no groups."""
        said = self._wishes.group_by
        if said:
            meant = resolved(said, item) or [(said.title(), said.expression)]
            title, expression = meant[0]
            return title, self._text(expression, said, item)
        if self._view and self._view.group_by:
            columns = self._view.group_by
            texts = [cell_text(_view_value(column, item), self._wishes.limit) for column in columns]
            more = [f"{column.label}: {text}" for column, text in zip(columns[1:], texts[1:], strict=True)]
            return columns[0].label, "\n".join((texts[0], *more))
        return "", ""


_PLAIN: Final = ("System.DateTime", "Microsoft.PowerShell.Commands.MatchInfo")
"""Types that have a view of text."""


def _is_plain(item: PSObject) -> bool:
    return item.type_name in _PLAIN


def _plain_text(item: PSObject) -> str:
    return long_date(item.source) if isinstance(item.source, datetime) else to_text(item)


def _view_value(column: Column, item: PSObject) -> object:
    if callable(column.value):
        return column.value(item)
    return item.get(column.value or column.label)


def with_format(value: object, pattern: str) -> str:
    """Return a value in a format of .NET (``N2``, ``{0:N2}``); as without one if it has no such format."""
    try:
        return composed(pattern, [value]) if "{0" in pattern or "}" in pattern else formatted(value, pattern)
    except (ShellError, ValueError):
        return cell_text(value)
