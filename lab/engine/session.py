"""A lab being worked on: bring it up, change it, ask it. One session at a time holds a lab's lock."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from typing import Any, Final, TypeVar

from lab.engine import state as states
from lab.engine.allocation import Allocation, allocate
from lab.engine.backend import Acknowledgement, Backend, Progress
from lab.engine.blueprint import lower
from lab.engine.plan import Plan, compare
from lab.engine.resources import Blueprint, Interface, Key
from lab.engine.state import STATE_FILE, State
from lab.errors import InvalidState, LabFault, SwitchFault
from lab.model.objects import LabModel

LOCK_FILE: Final = "/run/hvlab/lock"
LOCK_TIMEOUT_S: Final = 30.0
ACKNOWLEDGE_TIMEOUT_S: Final = 15.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Applied:
    """What a change did: its plan, and whether it went on with one that had been interrupted."""

    plan: Plan
    resumed: bool = False


@contextmanager
def locked(path: str = LOCK_FILE, timeout_s: float = LOCK_TIMEOUT_S) -> Iterator[None]:
    """Hold the lab's lock; InvalidState if another command keeps it for too long. It ends with its holder."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _wait_for_lock(fd, timeout_s)
        yield
    finally:
        os.close(fd)


def _wait_for_lock(fd: int, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise InvalidState(
                    f"another command has been changing this lab for more than {timeout_s:g} s",
                    remedy="wait for it, or end it",
                ) from None
            time.sleep(0.02)


class Session:
    """Acts on one lab, from inside its pod."""

    def __init__(self, backend: Backend, progress: Progress, state_file: str = STATE_FILE) -> None:
        self._backend = backend
        self._progress = progress
        self._state_file = state_file

    def up(self, model: LabModel, file: str, parameters: dict[str, str]) -> Applied:
        """Build a lab from nothing, and return when every switch has acknowledged its policy."""
        empty = LabModel(model.name, interruption_s=0.0)
        return self._become(State(empty, file, parameters=parameters), model, Blueprint())

    def apply(self, model: LabModel, file: str, parameters: dict[str, str]) -> Applied:
        """Turn the running lab into `model`."""
        state = replace(self.state(), file=file, parameters=parameters)
        return self._become(state, model, None)

    def plan(self, model: LabModel) -> Plan:
        """Return what :meth:`apply` would do."""
        state = self.state()
        return self._plan(state, model)[0]

    def state(self) -> State:
        """Return what the lab remembers."""
        found = states.read(self._state_file)
        if found is None:
            raise LabFault("this lab was never finished", remedy="run `hvlab down`, then `hvlab up` again")
        return found

    def blueprint(self) -> Blueprint:
        """Return what the lab is made of, as it was last asked for."""
        state = self.state()
        return lower(state.model, state.allocation)

    def observe(self) -> Blueprint:
        """Return what of the lab is really there."""
        return self._backend.observe(self.blueprint())

    def acknowledgements(self) -> dict[tuple[str, str], Acknowledgement]:
        """Return what each switch says about its policy."""
        return self._backend.acknowledged(self.blueprint())

    def _plan(
        self, state: State, model: LabModel, observed: Blueprint | None = None
    ) -> tuple[Plan, Allocation, Blueprint]:
        allocation = allocate(model, state.allocation)
        wanted = lower(model, allocation)
        recorded = lower(state.model, allocate(state.model, state.allocation))
        if observed is None:
            started = lower(state.going_to, allocate(state.going_to, state.allocation)) if state.going_to else recorded
            observed = self._backend.observe(known(wanted, recorded, started))
        return compare(recorded, observed, wanted), allocation, wanted

    def _become(self, state: State, model: LabModel, observed: Blueprint | None) -> Applied:
        plan, allocation, wanted = self._plan(state, model, observed)
        resumed = state.interrupted
        new = replace(state, going_to=model, allocation=allocation, generation=state.generation + 1)
        if plan or resumed:
            states.write(self._state_file, new)
            self._backend.execute(plan, wanted, new.generation, model.interruption_s, self._progress)
            self._progress("waiting for the switches")
            self._wait_for_switches(wanted)
            if state.generation:
                # Nobody can have an old address in mind in a lab that has just been built.
                self._backend.announce(plan)
        else:
            new = replace(new, generation=state.generation)
        states.write(self._state_file, new.reached())
        return Applied(plan, resumed)

    def _wait_for_switches(self, wanted: Blueprint) -> None:
        """Return when every switch has acknowledged its policy; SwitchFault names those that have not, and why."""
        names = {(b.node, b.device): b.intent.switch for b in wanted.bridges if b.intent}
        found = wait_until(
            lambda: self._backend.acknowledged(wanted),
            lambda acks: all(key in acks and (acks[key].complete or acks[key].fault) for key in names),
            ACKNOWLEDGE_TIMEOUT_S,
        )
        late = [
            f'switch "{names[key]}" of "{key[0]}": '
            + (found[key].fault or f"generation {found[key].applied} of {found[key].generation} acknowledged")
            for key in sorted(names)
            if key in found and not found[key].complete
        ]
        if late:
            raise SwitchFault("; ".join(late), remedy="see `hvlab status` and the controller's log")


def wait_until(read: Callable[[], T], done: Callable[[T], bool], timeout_s: float) -> T:
    """Read again and again until `done` says yes or the time is over, and return what was read last."""
    deadline = time.monotonic() + timeout_s
    pause = 0.002
    while True:
        value = read()
        if done(value) or time.monotonic() > deadline:
            return value
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)


def known(wanted: Blueprint, *before: Blueprint) -> Blueprint:
    """Return everything to look for: what is wanted, and what there was or was begun before.

    Of something in several of them it is a version that differs from the wanted one, if there is any: what cannot be
    observed is then done again rather than taken for done. Addresses are those of all versions.
    """
    return Blueprint(**{each.name: _known(each.name, wanted, before) for each in fields(Blueprint)})


def _known(kind: str, wanted: Blueprint, before: tuple[Blueprint, ...]) -> Any:
    found: dict[Key, Any] = {resource.key: resource for resource in getattr(wanted, kind)}
    target = dict(found)
    for blueprint in before:
        for resource in getattr(blueprint, kind):
            key, other = resource.key, found.get(resource.key)
            if isinstance(other, Interface):
                resource = replace(resource, addresses=tuple(dict.fromkeys(other.addresses + resource.addresses)))
            if other is None or other == target.get(key):
                found[key] = resource
    return tuple(found.values())
