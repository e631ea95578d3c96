"""What objects look like: Out-Default's tables and lists, as Windows PowerShell 5.1 lays them out.

:mod:`shaping` makes :mod:`packets` of objects, and :mod:`printer` lines of packets. Between the two they can travel
through a pipeline: that is what Format-Table yields.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lab.shell.formatting.output import Output
from lab.shell.formatting.packets import as_object, packet_of
from lab.shell.formatting.shaping import Shaper, Wishes

__all__ = ["Output", "Shaper", "Wishes", "as_object", "formatted", "packet_of"]


def formatted(objects: Iterable[object], width: int) -> Iterator[str]:
    """Yield the lines that Out-Default prints of objects, `width` columns wide; what Format-Table yields it prints so.

    A console may use one column less than it has. The first rows of a table are held back until its columns' widths are
    known; use :class:`Output` where something else is printed in between.
    """
    output = Output(width)
    for item in objects:
        yield from output.shown(item)
    yield from output.ended()
