"""What the engine needs of the machine; :mod:`lab.emulation` provides it, and tests may."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from lab.engine.leased import Lease
from lab.engine.plan import Plan
from lab.engine.resources import Blueprint

Progress = Callable[[str], None]
"""Told in a few words what is being done now."""


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What a switch has confirmed: ``applied`` of ``generation``, and why not all, in words."""

    generation: int
    applied: int
    fault: str = ""

    @property
    def complete(self) -> bool:
        return self.applied >= self.generation and not self.fault


class Backend(Protocol):
    """A place where blueprints become labs."""

    def require(self, wanted: Blueprint) -> None:
        """Raise EnvironmentFault if the machine lacks what the blueprint needs."""

    def observe(self, known: Blueprint) -> Blueprint:
        """Return what exists of `known`, with its real settings, and whatever else is on its switches."""

    def execute(
        self, plan: Plan, wanted: Blueprint, generation: int, interruption_s: float, progress: Progress
    ) -> None:
        """Carry out a plan; every switch it touches gets the generation. LabFault says what could not be done."""

    def start_services(self, plan: Plan, wanted: Blueprint, *, patient: bool) -> None:
        """Start the services that the plan creates or changes, and return when they have begun their work.

        Unless `patient` it does not wait for clients, which may ask for seconds while no server answers.
        """

    def leases(self, wanted: Blueprint) -> tuple[Lease, ...]:
        """Return what the clients of `wanted` have got."""

    def booted(self, wanted: Blueprint, again: frozenset[str]) -> frozenset[str]:
        """Return the VMs whose boot loader has got what it boots; those of `again` try once more before."""

    def announce(self, plan: Plan, wanted: Blueprint) -> None:
        """Let the machines tell their networks which addresses they have since the plan, and forget those gone."""

    def acknowledged(self, wanted: Blueprint) -> dict[tuple[str, str], Acknowledgement]:
        """Return what each switch of `wanted` says about its policy, by (host, bridge device)."""
