"""A lab being worked on: bring it up, change it, ask it. One session at a time holds a lab's lock."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Literal, TypeVar

from lab.engine import state as states
from lab.engine.allocation import Allocation, allocate, refuse_doubles
from lab.engine.backend import Acknowledgement, Backend, Progress
from lab.engine.blueprint import lower
from lab.engine.leased import Lease
from lab.engine.network_boot import empty_vms, with_disks
from lab.engine.plan import Action, Plan, compare, half_made
from lab.engine.resources import Blueprint, Interface, Key, Service
from lab.engine.services import carried_over
from lab.engine.state import STATE_FILE, State
from lab.errors import InvalidState, LabError, LabFault, SwitchFault, TopologyError
from lab.model.objects import LabModel
from lab.model.rules.transitions import transitions

LOCK_FILE: Final = "/run/hvlab/lock"
LOCK_TIMEOUT_S: Final = 30.0
BUSY_TIMEOUT_S: Final = 2.0
"""How long a command that changes nothing waits for one that does; one that was killed ends within that time."""
ACKNOWLEDGE_TIMEOUT_S: Final = 15.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Resumption:
    """What became of an earlier change, to what ``file`` described, that had been interrupted or had failed."""

    file: str
    outcome: Literal["completed", "undone", "replaced"]
    failed: bool = False

    def told(self, *, dry_run: bool = False) -> str:
        """Return it as a sentence."""
        how = "failed" if self.failed else "was interrupted"
        what = "replaced by this one" if self.outcome == "replaced" else self.outcome
        return f'the change begun by "hvlab apply {self.file}" {how}; it {"would be" if dry_run else "has been"} {what}'


@dataclass(frozen=True, slots=True)
class Applied:
    """What a change did: its plan, and what became of an earlier one that had been interrupted."""

    plan: Plan
    resumed: Resumption | None = None


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
        self._patient = True

    def up(self, model: LabModel, file: str, parameters: dict[str, str], *, patient: bool = True) -> Applied:
        """Build a lab from nothing, and return when every switch has acknowledged its policy.

        Unless `patient` it does not wait until DHCP clients have got their addresses.
        """
        self._patient = patient
        empty = LabModel(model.name, interruption_s=0.0)
        return self._become(State(empty, file, parameters=parameters), model, Blueprint(), None)

    def apply(self, model: LabModel, file: str, parameters: dict[str, str]) -> Applied:
        """Turn the running lab into `model`; it completes, undoes or replaces a change that was interrupted."""
        state = self.state()
        model = carried_over(state.model, model)
        resumed = _resumption(state, model)
        return self._become(replace(state, file=file, parameters=parameters), model, None, resumed)

    def become(self, model: LabModel, *, patient: bool = True) -> Applied:
        """Turn the running lab into a model that is not what its file describes, but what a command makes of it.

        Unless `patient` it does not wait until DHCP clients have got their addresses.
        """
        self._patient = patient
        return self._become(self.state(), model, None, None)

    def plan(self, model: LabModel) -> Plan:
        """Return what :meth:`apply` would do."""
        state = self.state()
        model = carried_over(state.model, model)
        return self._plan(state, model)[0]

    def boot(self, names: frozenset[str], *, reinstall: bool) -> None:
        """Have VMs boot from the network again; with `reinstall` those, too, that have an operating system."""
        state = self.state()
        model = with_disks(state.model, names, installed=False) if reinstall else state.model
        self._become(state, model, None, None, boot=names)

    def resume(self) -> Resumption | None:
        """Complete the change that was interrupted, if one was; one that failed is left to `apply`."""
        state = self.state()
        if state.going_to is None or state.starting or state.failure:
            return None
        return self._become(state, state.going_to, None, _resumption(state, state.going_to)).resumed

    def resumption(self, model: LabModel) -> Resumption | None:
        """Return what :meth:`apply` of a model makes of a change that was interrupted, if one was."""
        state = self.state()
        return _resumption(state, carried_over(state.model, model))

    def state(self) -> State:
        """Return what the lab remembers."""
        found = states.read(self._state_file)
        if found is None:
            raise LabFault("this lab was never finished", remedy="run `hvlab down`, then `hvlab up` again")
        return found

    def blueprint(self) -> Blueprint:
        """Return what the lab is made of, as it was last asked for."""
        state = self.state()
        return lower(state.model, state.numbers())

    def observe(self) -> Blueprint:
        """Return what of the lab is really there."""
        return self._backend.observe(self.blueprint())

    def leases(self) -> tuple[Lease, ...]:
        """Return what the lab's clients have got."""
        return self._backend.leases(self.blueprint())

    def acknowledgements(self) -> dict[tuple[str, str], Acknowledgement]:
        """Return what each switch says about its policy."""
        return self._backend.acknowledged(self.blueprint())

    def _plan(
        self, state: State, model: LabModel, observed: Blueprint | None = None
    ) -> tuple[Plan, Allocation, Blueprint]:
        if refused := tuple(transitions(state.model, model)):
            raise TopologyError(refused)
        allocation = allocate(model, state.allocation)
        refuse_doubles(model, allocation)
        wanted = lower(model, allocation)
        recorded = lower(state.model, state.numbers())
        models = [*state.abandoned, *([state.going_to] if state.going_to else [])]
        begun = [lower(each, allocate(each, state.allocation)) for each in models]
        if observed is None:
            observed = self._backend.observe(known(wanted, recorded, *begun))
        return compare(recorded, observed, wanted, half_made(recorded, begun)), allocation, wanted

    def _become(
        self,
        state: State,
        model: LabModel,
        observed: Blueprint | None,
        resumed: Resumption | None,
        boot: frozenset[str] = frozenset(),
    ) -> Applied:
        """Turn the lab into `model`; the VMs that boot from the network meanwhile have their settings at the end.

        Those that could not boot before try again if something has changed, or if they are named in `boot`.
        """
        done = self._change(state, model, observed, resumed)
        if empty := empty_vms(model):
            begun = {step.resource.node for step in done.plan.of(Service) if isinstance(step.resource, Service)}
            again = (empty if done.plan else boot & empty) - begun
            self._progress("booting from the network")
            booted = self._backend.booted(self.blueprint(), frozenset(again)) & empty
            if booted:
                self._change(self.state(), with_disks(model, booted, installed=True), None, None)
        return done

    def _change(self, state: State, model: LabModel, observed: Blueprint | None, resumed: Resumption | None) -> Applied:
        plan, allocation, wanted = self._plan(state, model, observed)
        self._backend.require(wanted)
        new = state.towards(model, allocation)
        if plan or resumed:
            states.write(self._state_file, new)
            with self._failure_remembered(new):
                self._backend.execute(plan, wanted, new.generation, model.interruption_s, self._progress)
                self._progress("waiting for the switches")
                self._wait_for_switches(wanted)
                if plan.of(Service, Action.CREATE, Action.CHANGE):
                    self._progress("starting services")
                    self._backend.start_services(plan, wanted, patient=self._patient)
                if state.generation:
                    # Nobody can have an old address in mind in a lab that has just been built.
                    self._backend.announce(plan, wanted)
        else:
            new = replace(new, generation=state.generation)
        states.write(self._state_file, new.reached())
        return Applied(plan, resumed)

    @contextmanager
    def _failure_remembered(self, state: State) -> Iterator[None]:
        """Write down why a change could not be carried out, so that no command tries again until somebody asks."""
        try:
            yield
        except LabError as error:
            # If the disk is full, the next command takes it for interrupted, tries again, and fails in words.
            with suppress(LabFault):
                states.write(self._state_file, replace(state, failure=str(error)))
            raise

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


def _resumption(state: State, model: LabModel) -> Resumption | None:
    if state.going_to is None:
        return None
    outcome: Literal["completed", "undone", "replaced"] = "replaced"
    if model == state.going_to:
        outcome = "completed"
    elif model == state.model:
        outcome = "undone"
    return Resumption(state.file, outcome, failed=bool(state.failure))


def wait_until(read: Callable[[], T], done: Callable[[T], bool], timeout_s: float) -> T:
    """Read again and again until `done` says yes or the time is over, and return what was read last."""
    deadline = time.monotonic() + timeout_s
    pause = 0.002
    while True:
        value = read()
        if done(value) or time.monotonic() > deadline:
            return value
        time.sleep(pause)
        pause = min(pause * 1.25, 0.05)  # late by no more than a fifth of the time it takes


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
