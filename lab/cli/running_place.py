"""A running lab as what the console works on: changes are collected, and carried out when somebody could notice."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

from lab.engine.allocation import Allocation, allocate, refuse_doubles
from lab.engine.state import STATE_FILE
from lab.errors import InvalidState, LabError, LabFault
from lab.model.edit import Edit
from lab.model.objects import LabModel
from lab.shell.place import Background, Finished, Machine, checked, told

if TYPE_CHECKING:
    from lab.emulation.pod.pod import Pod
    from lab.engine.session import Session
    from lab.engine.state import State

T = TypeVar("T")

_CLIENT_PATIENCE_S: Final = 5.0
_DRIVES: Final = "/run/hvlab/drives"


class RunningPlace:
    """A lab that runs. Others may change it at the same time: what was changed here is done again on what it is then.

    A change that the lab cannot carry out is taken back, with all that had been collected with it. ``just_started``:
    so have its DHCP clients, which whoever asks for addresses first waits for.
    """

    def __init__(
        self, pod: Pod, progress: Callable[[str], None] = lambda text: None, *, just_started: bool = False
    ) -> None:
        self._pod = pod
        self._progress = progress
        self._edits: list[Edit] = []
        self._due = False
        self._seen: tuple[int, int, int] | None = None
        self._state: State | None = None
        self._model: LabModel | None = None
        self._allocation = Allocation()
        self._clients_started = just_started

    @property
    def pod(self) -> Pod:
        return self._pod

    @property
    def model(self) -> LabModel:
        self._refresh()
        assert self._model is not None
        return self._model

    @property
    def macs(self) -> Mapping[str, str]:
        self._refresh()
        return self._allocation.macs

    def _refresh(self) -> None:
        """Read what the lab is, if that has changed since, and do on it what has been changed here."""
        try:
            found = os.stat(self._pod.path(STATE_FILE))
        except OSError as error:
            raise LabFault(f'lab "{self._pod.name}" is not running any more', target=self._pod.name) from error
        seen = (found.st_ino, found.st_mtime_ns, found.st_size)
        if seen == self._seen and self._model is not None:
            return
        from lab.cli.selection import finished_state

        self._state = finished_state(self._pod)
        try:
            self._take(_replayed(self._state.model, self._edits))
        except LabError:
            self._edits = []
            self._take(self._state.model)
            raise
        finally:
            self._seen = seen

    def _take(self, model: LabModel) -> None:
        assert self._state is not None
        if model is not self._model:
            allocation = allocate(model, self._state.allocation)
            refuse_doubles(model, allocation)
            self._model, self._allocation = model, allocation

    def change(self, edit: Edit, *, settle: bool = False) -> None:
        if self._due and not settle:
            self.settle()
        new = checked(self.model, edit)
        if new is not self._model:
            self._take(new)
            self._edits.append(edit)
            self._due = settle

    def preview(self, edit: Edit) -> list[str]:
        return told(self.model, checked(self.model, edit))

    def settle(self) -> None:
        if not self._edits:
            return
        from lab.emulation import health, running

        assert self._state is not None
        assert self._model is not None
        wanted = _Wanted(self._state.model, self._edits, self._model)
        self._edits = []
        self._due = False
        self._clients_started = True
        try:
            health.require_running(self._pod)
            running.work(self._pod, self._progress, lambda session: _carry_out(session, wanted))
        finally:
            self._seen = self._model = None

    def leased(self, *, settled: bool = True) -> LabModel:
        from lab.cli.selection import with_leases

        if settled:
            self._settle_clients()
        model = self.model
        assert self._state is not None
        return with_leases(self._pod, model, self._state.model)

    def started_s(self, machine: Machine) -> float:
        from lab.emulation.pod import census

        state = self._pod.processes((machine.name,)).get(machine.name)
        if state is None or state.pid is None:
            return 0.0
        ticks = census.start_ticks_at(self._pod.path(f"/proc/{state.pid}"))
        with open("/proc/uptime", encoding="ascii") as file:
            now = float(file.read().split()[0])
        return max(0.0, now - ticks / os.sysconf("SC_CLK_TCK")) if ticks is not None else 0.0

    def _settle_clients(self) -> None:
        """Settle, and let DHCP clients that this has started find out whether anybody gives them an address."""
        self.settle()
        if self._clients_started:
            self._clients_started = False
            model = self.model
            self._pod.run_inside(lambda: _await_clients(self._pod, model))

    def run(self, machine: Machine, argv: Sequence[str], *, timeout_s: float | None = None) -> Finished:
        self._settle_clients()
        return self._pod.run_inside(lambda: _run(argv, timeout_s), node=machine.name)

    def stream(self, machine: Machine, argv: Sequence[str]) -> Iterator[str]:
        self._settle_clients()
        reading, writing = os.pipe()
        # A process of our own, so that what it says can be read while it runs; its exit code is not asked for.
        child = os.fork()
        if child == 0:
            self._say(writing, machine, argv)
        os.close(writing)
        ended = False
        try:
            with open(reading, encoding="utf-8", errors="replace") as said:
                for line in said:
                    yield line.rstrip("\n")
            ended = True
        finally:
            if not ended:  # nobody wants to hear the rest; the program ends with this process
                os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)

    def _say(self, writing: int, machine: Machine, argv: Sequence[str]) -> NoReturn:
        """Run a program with both its outputs into a pipe, and end with it."""
        os.dup2(writing, 1)
        os.dup2(writing, 2)
        code = 1
        try:
            code = self._pod.exec(machine.name, tuple(argv))
        finally:
            os._exit(code)

    def ask(self, command: str, *arguments: str) -> Any:
        return json.loads(self.tell(command, *arguments, "--json"))

    def tell(self, command: str, *arguments: str) -> str:
        from lab.__main__ import hvlab

        self._settle_clients()
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            hvlab.main(["--lab", self._pod.name, command, *arguments], "hvlab", standalone_mode=False)
        return said.getvalue()

    def begin(self, command: str, *arguments: str, ready: str) -> Background:
        from lab.cli.background import BackgroundCommand

        self.settle()
        return BackgroundCommand(["--lab", self._pod.name, command, *arguments], ready)

    def inside(self, act: Callable[[], T]) -> T:
        self.settle()
        return self._pod.run_inside(act)

    def drive(self, machine: Machine) -> str:
        folder = self._pod.path(f"{_DRIVES}/{machine.name.casefold()}")
        try:
            for each in (self._pod.path(_DRIVES), folder):
                with contextlib.suppress(FileExistsError):
                    os.mkdir(each, 0o700)
        except OSError as error:
            raise LabFault(f'lab "{self._pod.name}" is not running any more', target=self._pod.name) from error
        return folder


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the lab is to become: `model`, if it is still what it was, else what the changes make of what it is now."""

    before: LabModel
    edits: Sequence[Edit]
    model: LabModel

    def of(self, now: LabModel) -> LabModel:
        return self.model if now == self.before else _replayed(now, self.edits)


def _carry_out(session: Session, wanted: _Wanted) -> None:
    """Make the lab what is wanted; if it cannot be made so, make it again what it was, and say why."""
    before = session.state().model
    model = wanted.of(before)
    try:
        session.become(model, patient=False)
    except LabError as error:
        try:
            session.become(before, patient=False)
        except LabError as other:
            error.add_note(f"what had been done of it could not be undone: {other}")
        raise


def _replayed(model: LabModel, edits: Sequence[Edit]) -> LabModel:
    """Return a model with changes that were made to an older one; InvalidState if they no longer fit."""
    for edit in edits:
        try:
            model = checked(model, edit)
        except LabError as error:
            why = "; ".join(record.message for record in error.records)
            raise InvalidState(
                f"the lab has been changed by another command meanwhile, and a change made here does not fit: {why}",
                remedy="nothing that was still to be done here is done",
            ) from None
    return model


def _await_clients(pod: Pod, model: LabModel) -> None:
    from lab.emulation import leases
    from lab.emulation.observe import pids
    from lab.emulation.services import CLIENTS
    from lab.engine.leased import ClientLease
    from lab.engine.services import services
    from lab.engine.session import wait_until

    clients = tuple(each for each in services(model) if each.program in CLIENTS)
    wait_until(
        lambda: leases.read(clients, pids(pod)) if clients else (),
        lambda found: all(each.state != "unconfigured" for each in found if isinstance(each, ClientLease)),
        _CLIENT_PATIENCE_S,
    )


def _run(argv: Sequence[str], timeout_s: float | None) -> Finished:
    try:
        done = subprocess.run(
            list(argv), capture_output=True, text=True, errors="replace", timeout=timeout_s, check=False
        )
    except FileNotFoundError:
        return Finished(127, err=f"{argv[0]}: not found")
    except subprocess.TimeoutExpired as error:
        # What is kept of it is bytes, although text was asked for.
        return Finished(124, (error.stdout or b"").decode(errors="replace"))
    return Finished(done.returncode, done.stdout, done.stderr)
