"""How wide the columns of a table become: as System.Management.Automation's ColumnWidthManager decides.

Widths that are given are kept; columns without one share what is left; and what does not fit is taken from the right:
the last column is made narrower, or left out.
"""

from __future__ import annotations

from collections.abc import Sequence

from lab.shell.formatting.packets import Row, TableShape
from lab.shell.formatting.words import cells

_SEPARATOR = 1
_MINIMUM = 1


def needed(shape: TableShape, rows: Sequence[Row]) -> list[int]:
    """Return what the columns' labels and cells take."""
    found = [cells(column.label) for column in shape.columns]
    for row in rows:
        found = [max(width, cells(text)) for width, text in zip(found, row.cells, strict=True)]
    return found


def fitted(wanted: Sequence[int], total: int) -> list[int]:
    """Return the columns' widths in a table of so many columns in all; 0 for a column that is left out.

    A width that is wanted as 0 is what remains.
    """
    widths = [width if width > 0 else _MINIMUM for width in wanted]
    loose = [at for at, width in enumerate(wanted) if width <= 0]
    excess = sum(widths) + _SEPARATOR * (len(widths) - 1) - total
    if loose and excess < 0:
        each, rest = divmod(-excess, len(loose))
        for turn, at in enumerate(loose):
            widths[at] += each + (turn < rest)
    for at in range(len(widths) - 1, -1, -1):
        if excess <= 0:
            break
        if widths[at] - excess >= _MINIMUM:
            widths[at] -= excess
            break
        excess -= widths[at] + _SEPARATOR
        widths[at] = 0
    return widths
