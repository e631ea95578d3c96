"""What lies between objects and lines: the pieces that Format-Table and its like yield, and that Out-* prints.

As in PowerShell they are objects of a pipeline too, of the types in Microsoft.PowerShell.Commands.Internal.Format. A
*document* is a start, groups, and an end; a group holds entries. Text and lists may come between, *out of band*: they
neither belong to the document nor end it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lab.shell.objects import PSObject

LEFT: Final = "left"
RIGHT: Final = "right"


@dataclass(frozen=True, slots=True)
class Heading:
    """The head of a table's column. A ``width`` of 0: not given."""

    label: str
    width: int = 0
    align: str = LEFT


@dataclass(frozen=True, slots=True)
class TableShape:
    """A table. ``autosize``: its columns are as wide as all of its rows need, not only the first ones."""

    columns: tuple[Heading, ...]
    hide_header: bool = False
    wrap: bool = False
    autosize: bool = False


@dataclass(frozen=True, slots=True)
class ListShape:
    """A list: a line for each property."""


@dataclass(frozen=True, slots=True)
class WideShape:
    """One value of each object, several in a line; ``columns`` of 0: as many as fit if ``autosize``, else two."""

    columns: int = 0
    autosize: bool = False


@dataclass(frozen=True, slots=True)
class PlainShape:
    """Each object is a text of its own, as a date is."""


Shape = TableShape | ListShape | WideShape | PlainShape


@dataclass(frozen=True, slots=True)
class Start:
    """A document begins."""

    shape: Shape


@dataclass(frozen=True, slots=True)
class GroupStart:
    """A group begins; with ``label`` it has a line above it."""

    label: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a table's row; the one value of an object in a wide view; or the text in a plain one."""

    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """The labels and texts of an object in a list."""

    fields: tuple[tuple[str, str], ...]
    out_of_band: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """A text as it is: out of band."""

    text: str


@dataclass(frozen=True, slots=True)
class GroupEnd:
    """A group ends."""


@dataclass(frozen=True, slots=True)
class End:
    """The document ends."""


Packet = Start | GroupStart | Row | Listed | Text | GroupEnd | End

_NAMES: Final = {
    Start: "FormatStartData",
    GroupStart: "GroupStartData",
    GroupEnd: "GroupEndData",
    End: "FormatEndData",
}


def as_object(packet: Packet) -> PSObject:
    """Return a packet as the object that Format-Table writes to the pipeline."""
    name = f"Microsoft.PowerShell.Commands.Internal.Format.{_NAMES.get(type(packet), 'FormatEntryData')}"
    return PSObject(name, {"ClassId2e4f51ef21dd47e99d3c952918aff9cd": _NAMES.get(type(packet), "")}, source=packet)


def packet_of(item: object) -> Packet | None:
    """Return the packet that an object of a pipeline is, None if it is another object."""
    return item.source if isinstance(item, PSObject) and isinstance(item.source, Packet) else None
