"""The legs of a packet's journey as the model's own IP stacks decide them: who sends it on, where, and to whom.

The decisions are those of :mod:`lab.model.routing`, recorded while it makes them, so a trace cannot disagree with the
oracle about IP.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from lab.model.addresses import Address
from lab.model.objects import LabModel
from lab.model.routing import Attachment, Journey, Stacks, have_one_mac


@dataclass(frozen=True, slots=True)
class Leg:
    """One hop: ``out`` sends a packet for ``target`` to whoever has the address ``next_hop``; None if nobody does."""

    out: Attachment
    next_hop: Address
    target: Address
    receiver: Attachment | None


class RecordingStacks(Stacks):
    """IP stacks that remember each leg of the journeys they compute. Meant for one packet and its answer."""

    def __init__(self, model: LabModel, version: int, holders: Mapping[str, str] = MappingProxyType({})) -> None:
        self._legs: list[Leg] = []
        self._leaving: Attachment | None = None
        super().__init__(model, version, holders)

    def take_legs(self) -> tuple[Leg, ...]:
        """Return the legs recorded since the last call."""
        legs = tuple(self._legs)
        self._legs.clear()
        return legs

    def send(self, source: Attachment, target: Address, *, reply: bool = False) -> Journey:
        self._leaving = source
        return super().send(source, target, reply=reply)

    def _forward(self, node: str, target: Address, reply: bool) -> Journey:
        route = self._route(node, target)
        self._leaving = route[0] if route else None
        return super()._forward(node, target, reply)

    def _translate(self, node: str, target: Address) -> Journey:
        way = self._way_out(node, target)
        self._leaving = way[0] if way else None
        return super()._translate(node, target)

    def _transit(self, out: Attachment, next_hop: Address, target: Address, reply: bool) -> Journey:
        owner = self.neighbour(out.tap, next_hop)
        assert self._leaving, "a packet on a segment has left some interface"
        if not (owner and have_one_mac(out, owner)):  # nothing leaves then
            self._legs.append(Leg(self._leaving, next_hop, target, owner))
        return super()._transit(out, next_hop, target, reply)
