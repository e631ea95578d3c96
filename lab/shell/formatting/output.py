"""Where the objects of a pipeline end: they become lines, whether somebody has formatted them before or not."""

from __future__ import annotations

from collections.abc import Iterator

from lab.shell.formatting.cells import ENUMERATION_LIMIT
from lab.shell.formatting.packets import Start, packet_of
from lab.shell.formatting.printer import Printer
from lab.shell.formatting.shaping import Shaper, Wishes


class Output:
    """Lines of objects, as they come: what Out-Default does, object by object."""

    def __init__(self, width: int, *, limit: int = ENUMERATION_LIMIT) -> None:
        self._printer = Printer(width)
        self._shaper = Shaper(Wishes(limit=limit))

    def shown(self, item: object) -> Iterator[str]:
        """Yield the lines that can be printed, now that this object has come."""
        packet = packet_of(item)
        if packet is None:
            for made in self._shaper.shaped(item):
                yield from self._printer.printed(made)
            return
        if isinstance(packet, Start):
            yield from self._closed()
        yield from self._printer.printed(packet)

    def settled(self) -> Iterator[str]:
        """Yield what is held back, before something else is written to the same place."""
        yield from self._printer.settled()

    def ended(self) -> Iterator[str]:
        """Yield what is left, and what comes after a table or a list."""
        yield from self._closed()
        yield from self._printer.ended()

    def _closed(self) -> Iterator[str]:
        for made in self._shaper.ended():
            yield from self._printer.printed(made)
