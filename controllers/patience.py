"""How long the controller waits for what, all in proportion to one number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

DEFAULT_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Patience:
    """``answer_s`` is how long a switch may take to answer; everything else follows from it. All in seconds."""

    answer_s: float = DEFAULT_S

    @property
    def connection_s(self) -> float:
        """How long a switch may be without a connection: Open vSwitch tries again after at most 8 s."""
        return 1.2 * self.answer_s

    @property
    def probe_s(self) -> float:
        """How often a switch that has nothing to do is asked whether it is there; after 5 s it would ask us."""
        return 0.4 * self.answer_s

    @property
    def device_s(self) -> float:
        """How long a port may be without its device, as it is while a machine is being repaired."""
        return 0.3 * self.answer_s

    def retry_s(self, refusals: int) -> float:
        """How long to wait before the next attempt after so many refusals (at least one): 0.5 s, 1 s, … 30 s."""
        return self.answer_s * min(0.05 * 2.0 ** (refusals - 1), 3.0)

    @property
    def loop_cpu_s(self) -> float:
        """How much processor time one turn of the event loop may take; a switch of 2,000 ports takes a third of it."""
        return 0.5 * self.answer_s

    @property
    def loop_s(self) -> float:
        """How long one turn of the event loop may take, however little of the processor it gets."""
        return 6.0 * self.answer_s

    @property
    def winding_s(self) -> float:
        """How often the event loop shows that it turns."""
        return 0.1 * self.answer_s
