"""A backend that remembers instead of building: what the engine asks for is what there is."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from lab.engine.backend import Acknowledgement, Progress
from lab.engine.leased import Lease
from lab.engine.plan import Action, Plan
from lab.engine.resources import Blueprint, Key, Resource, Service
from lab.engine.session import Session
from lab.errors import LabFault

TOPOLOGIES = Path(__file__).resolve().parents[3] / "topologies"


class FakeBackend:
    """Holds resources by key. ``fail_after``: how many steps it carries out before it breaks down."""

    def __init__(self) -> None:
        self.resources: dict[Key, Resource] = {}
        self.generations: dict[tuple[str, str], int] = {}
        self.fail_after: int | None = None
        self.failure: type[BaseException] = LabFault
        self.fault = ""
        self.bootable: frozenset[str] = frozenset()

    def require(self, wanted: Blueprint) -> None:
        pass

    def observe(self, known: Blueprint) -> Blueprint:
        kinds = {
            field.name: tuple(r for each in getattr(known, field.name) if (r := self.resources.get(each.key)))
            for field in fields(known)
        }
        return Blueprint(**kinds)

    def execute(
        self, plan: Plan, wanted: Blueprint, generation: int, interruption_s: float, progress: Progress
    ) -> None:
        for at, step in enumerate(plan.steps):
            if self.fail_after is not None and at >= self.fail_after:
                raise self.failure("the machine broke down")
            if step.action is Action.REMOVE:
                assert step.old is not None
                del self.resources[step.old.key]
            else:
                assert step.new is not None
                assert (step.new.key in self.resources) == (step.action is Action.CHANGE), step
                self.resources[step.new.key] = step.new
        self.generations = {(b.node, b.device): generation for b in wanted.bridges if b.intent}

    def start_services(self, plan: Plan, wanted: Blueprint, *, patient: bool = True) -> None:
        self.started = [step.resource for step in plan.of(Service, Action.CREATE, Action.CHANGE)]

    def leases(self, wanted: Blueprint) -> tuple[Lease, ...]:
        return ()

    def booted(self, wanted: Blueprint, again: frozenset[str]) -> frozenset[str]:
        self.tried_again = again
        return self.bootable

    def announce(self, plan: Plan, wanted: Blueprint) -> None:
        self.announced = plan

    def acknowledged(self, wanted: Blueprint) -> dict[tuple[str, str], Acknowledgement]:
        return {key: Acknowledgement(number, 0 if self.fault else number, self.fault)
                for key, number in self.generations.items()}  # fmt: skip


@pytest.fixture
def backend() -> FakeBackend:
    return FakeBackend()


@pytest.fixture
def session(backend: FakeBackend, tmp_path: Path) -> Session:
    return Session(backend, lambda step: None, str(tmp_path / "state.json"))


@pytest.fixture(params=sorted(path.stem for path in TOPOLOGIES.glob("[a-z]*.py")))
def topology(request: pytest.FixtureRequest) -> Path:
    return TOPOLOGIES / f"{request.param}.py"
