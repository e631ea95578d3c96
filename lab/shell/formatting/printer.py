"""The lines that Out-Host, Out-String and Out-File make of packets, in the layout of Windows PowerShell 5.1."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from lab.shell.formatting.packets import (
    LEFT,
    End,
    GroupEnd,
    GroupStart,
    Heading,
    Listed,
    ListShape,
    Packet,
    Row,
    Shape,
    Start,
    TableShape,
    Text,
    WideShape,
)
from lab.shell.formatting.widths import fitted, needed
from lab.shell.formatting.words import cells, field, head, lines_of, padded, wrapped

FIRST_ROWS: Final = 300
"""A table without widths is sized by so many of its first rows (PowerShell: by those of the first 300 ms)."""
WIDEST: Final = 100_000
"""No line is longer, whatever -Width says: a column that takes what is left would fill it with blanks."""


class Printer:
    """Prints packets in so many columns. What it holds back to size a table by it gives out with :meth:`settled`.

    A console has one column more than it may use: one that is written full would break the line by itself.
    """

    def __init__(self, width: int) -> None:
        self.width = min(max(width, 1), WIDEST)
        self._shape: Shape | None = None
        self._in_group = False
        self._held: list[Packet] | None = None
        self._widths: list[int] = []
        self._beside: list[str] = []

    def printed(self, packet: Packet) -> Iterator[str]:
        """Yield the lines that can be printed, now that this packet has come."""
        match packet:
            case Start():
                yield from self.ended()
                self._shape = packet.shape
                yield ""
            case GroupStart():
                yield from self._group_start(packet)
            case GroupEnd():
                yield from self._group_end()
            case End():
                yield from self.ended()
            case _:
                yield from self._entry(packet)

    def settled(self) -> Iterator[str]:
        """Yield what is held back; rows that come later have to do with the widths there are."""
        held, self._held = self._held, None
        if held is None or not isinstance(self._shape, TableShape):
            return
        rows = [each for each in held if isinstance(each, Row)]
        self._widths = fitted(needed(self._shape, rows), self.width)
        yield from self._table_head(self._shape)
        for packet in held:
            yield from self._lines(packet)

    def ended(self) -> Iterator[str]:
        """Yield what ends the document, if one has begun."""
        if self._shape is not None:
            yield from self._group_end()
            yield ""
        self._shape = None

    def _group_start(self, packet: GroupStart) -> Iterator[str]:
        self._in_group = True
        if packet.label:
            yield ""
            lines = f"{packet.label}: {packet.text}".split("\n")
            # A heading of several lines is a control of its own in Windows' files, which does not indent it.
            yield from (f"   {lines[0]}",) if len(lines) == 1 else lines
            yield ""
        shape = self._shape
        if isinstance(shape, TableShape):
            if shape.autosize or not shape.columns or not shape.columns[0].width:
                self._held = []
            else:
                self._widths = fitted([column.width for column in shape.columns], self.width)
                yield from self._table_head(shape)
        elif isinstance(shape, ListShape):
            yield ""
        elif isinstance(shape, WideShape):
            yield ""
            if shape.autosize:
                self._held = []

    def _group_end(self) -> Iterator[str]:
        if not self._in_group:
            return
        if isinstance(self._shape, WideShape):
            yield from self._wide_rest(self._shape)
        yield from self.settled()
        self._in_group = False
        yield ""

    def _entry(self, packet: Packet) -> Iterator[str]:
        if self._held is None:
            yield from self._lines(packet)
            return
        self._held.append(packet)
        unlimited = isinstance(self._shape, TableShape | WideShape) and self._shape.autosize
        if len(self._held) >= FIRST_ROWS and not unlimited:
            yield from self.settled()

    def _lines(self, packet: Packet) -> Iterator[str]:
        match packet:
            case Text():
                yield from lines_of(packet.text)
            case Listed(out_of_band=True):
                yield ""
                yield from listed(packet, self.width)
                yield ""
            case Listed():
                yield from listed(packet, self.width)
                yield ""
            case Row():
                yield from self._row(packet)

    def _row(self, row: Row) -> Iterator[str]:
        match self._shape:
            case TableShape():
                yield from table_row(row.cells, self._widths, self._shape.columns, wrap=self._shape.wrap)
            case WideShape():
                columns = self._beside_each_other(self._shape)
                self._beside.append(row.cells[0])
                if len(self._beside) == columns:
                    yield self._wide_row(columns)
            case _:
                yield from lines_of(row.cells[0])

    def _table_head(self, shape: TableShape) -> Iterator[str]:
        if shape.hide_header:
            return
        labels = tuple(column.label for column in shape.columns)
        yield from table_row(labels, self._widths, shape.columns, wrap=True)
        dashes = tuple(
            "-" * (min(cells(label), width) or width) for label, width in zip(labels, self._widths, strict=True)
        )
        yield from table_row(dashes, self._widths, shape.columns, wrap=False)

    def _beside_each_other(self, shape: WideShape) -> int:
        return min(shape.columns or 2, self.width)

    def _wide_row(self, columns: int) -> str:
        texts, self._beside = self._beside, []
        widths = fitted([0] * columns, self.width)
        texts += [""] * (columns - len(texts))
        return " ".join(field(text, width, LEFT) for text, width in zip(texts, widths, strict=True) if width)

    def _wide_rest(self, shape: WideShape) -> Iterator[str]:
        held, self._held = self._held, None
        if held is not None:
            longest = max((cells(each.cells[0]) for each in held if isinstance(each, Row)), default=0)
            self._shape = WideShape(_columns_that_fit(longest, self.width))
            for packet in held:
                yield from self._lines(packet)
            columns = self._beside_each_other(self._shape)
            self._shape = shape
        else:
            columns = self._beside_each_other(shape)
        if self._beside:
            yield self._wide_row(columns)


def _columns_that_fit(longest: int, width: int) -> int:
    return max(1, width // (longest + 1)) if longest else 1


def table_row(texts: Iterable[str], widths: Iterable[int], columns: Iterable[Heading], *, wrap: bool) -> Iterator[str]:
    """Yield the line of a row, or with `wrap` its lines; columns of width 0 are left out."""
    shown = [(text, width, column.align) for text, width, column in zip(texts, widths, columns, strict=True) if width]
    if not wrap:
        yield " ".join(field(text, width, align) for text, width, align in shown)
        return
    blocks = [[padded(line, width, align) for line in wrapped(text, width)] for text, width, align in shown]
    for at in range(max((len(block) for block in blocks), default=0)):
        parts = zip(blocks, shown, strict=True)
        yield " ".join(block[at] if at < len(block) else " " * width for block, (_, width, _) in parts)


def listed(entry: Listed, width: int) -> Iterator[str]:
    """Yield the lines of an object in a list: labels of one width, a colon, the value, wrapped."""
    separator = " : "
    longest = max((cells(label) for label, _ in entry.fields), default=0)
    room = max(1, min(longest, width - len(separator) - 1))
    for label, text in entry.fields:
        before = padded(head(label, room), room, LEFT) + separator
        for line in wrapped(text, max(1, width - len(before))):
            yield before + line
            before = " " * (room + len(separator))
