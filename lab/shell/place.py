"""What the console works on: a lab, running or only described, and the machine of it that a command acts on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from lab.engine.allocation import Allocation, allocate, refuse_doubles
from lab.errors import InvalidState, TopologyError
from lab.model.changes import changes
from lab.model.edit import Edit
from lab.model.objects import HypervHost, LabModel, VirtualMachine
from lab.model.rules.transitions import transitions
from lab.model.validate import validate_change

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine by its name. ``host`` is the Hyper-V host of a VM, the machine itself if it is a host, else empty."""

    name: str
    host: str = ""

    @property
    def is_host(self) -> bool:
        return self.name == self.host

    @property
    def is_vm(self) -> bool:
        return bool(self.host) and not self.is_host


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended, and what it said if that was kept."""

    code: int
    out: str = ""
    err: str = ""


class Background(Protocol):
    """A command of hvlab that goes on while others are carried out; it ends with the console."""

    @property
    def running(self) -> bool: ...

    @property
    def said(self) -> str:
        """What it has said so far."""

    def wait(self, timeout_s: float) -> bool:
        """Wait until it has ended, no longer than so many seconds; return whether it has."""

    def end(self) -> None:
        """End it, and return when it has ended."""


class Place(Protocol):
    """A lab that commands work on.

    Its model is changed at once, its machines and switches when the change *settles*: so that fifty VMs made by a
    script are one change of the lab. Whatever could tell the difference settles first: a program, a frame, a pause, the
    prompt, the end.
    """

    @property
    def model(self) -> LabModel:
        """The lab as it is described now: with everything that has been changed, by others, too."""

    @property
    def macs(self) -> Mapping[str, str]:
        """The MAC addresses that the lab gives, ``00:15:5d:…``, by interface (``web1/Network Adapter``)."""

    def change(self, edit: Edit, *, settle: bool = False) -> None:
        """Change the description; TopologyError if it cannot be so. The same edit may be applied to a newer model.

        With `settle` the lab follows before any other change is made, except those that are made so as well.
        """

    def preview(self, edit: Edit) -> list[str]:
        """Return in words what a change would do; TopologyError if it cannot be."""

    def settle(self) -> None:
        """Make the lab what its description says, and return when every switch has acknowledged it."""

    def leased(self, *, settled: bool = True) -> LabModel:
        """Return the model with the addresses that DHCP clients have got; it settles first, unless that is not wanted.

        Clients that have not been started yet have none then.
        """

    def started_s(self, machine: Machine) -> float:
        """Return for how many seconds a machine has run; 0 if it does not."""

    def run(self, machine: Machine, argv: Sequence[str], *, timeout_s: float | None = None) -> Finished:
        """Run a program on a machine and return what it said; it settles first."""

    def stream(self, machine: Machine, argv: Sequence[str]) -> Iterator[str]:
        """Run a program on a machine and yield its lines, of both its outputs, as they come; it settles first."""

    def ask(self, command: str, *arguments: str) -> Any:
        """Return what ``hvlab COMMAND ARGUMENTS --json`` prints of the running lab, decoded; it settles first.

        That is how the console knows what no model says: counters, leases, learned addresses, drops, sessions.
        LabError as the command itself.
        """

    def tell(self, command: str, *arguments: str) -> str:
        """Carry out a command of hvlab that changes no model (``dhcp renew``); return what it says."""

    def begin(self, command: str, *arguments: str, ready: str) -> Background:
        """Begin a command of hvlab that goes on; return when it has said `ready`; it settles first.

        LabError if it ends before.
        """

    def inside(self, act: Callable[[], T]) -> T:
        """Call a function inside the lab's namespaces and return its picklable result; it settles first."""

    def drive(self, machine: Machine) -> str:
        """Return the folder with the files of a machine's drive C:, which is gone with the lab; it exists."""


def checked(old: LabModel, edit: Edit) -> LabModel:
    """Return a changed model; TopologyError if it cannot be, or cannot become so."""
    new = edit(old)
    if new is old or new == old:
        return old
    if mistakes := (*validate_change(old, new), *transitions(old, new)):
        raise TopologyError(mistakes)
    return new


def told(old: LabModel, new: LabModel) -> list[str]:
    """Return the difference of two models in words, a line for each change."""
    marks = {"create": "+", "add": "+", "change": "~", "remove": "-"}
    return [f"{marks[change.action]} {change}" for change in changes(old, new)]


class Description:
    """A lab that does not run: commands change its model, and nothing can be sent."""

    def __init__(self, model: LabModel) -> None:
        self._model = model
        self._allocation = allocate(model, Allocation())
        self.drives: dict[str, str] = {}
        """The folders of the machines' drives, by their names in lower case; they end with this object."""

    @property
    def model(self) -> LabModel:
        return self._model

    @property
    def macs(self) -> Mapping[str, str]:
        return self._allocation.macs

    def change(self, edit: Edit, *, settle: bool = False) -> None:
        new = checked(self._model, edit)
        if new is not self._model:
            allocation = allocate(new, self._allocation)
            refuse_doubles(new, allocation)
            self._model, self._allocation = new, allocation

    def preview(self, edit: Edit) -> list[str]:
        return told(self._model, checked(self._model, edit))

    def settle(self) -> None:
        pass

    def leased(self, *, settled: bool = True) -> LabModel:
        return self._model

    def started_s(self, machine: Machine) -> float:
        return 0.0

    def run(self, machine: Machine, argv: Sequence[str], *, timeout_s: float | None = None) -> Finished:
        raise self._nothing_runs(machine)

    def stream(self, machine: Machine, argv: Sequence[str]) -> Iterator[str]:
        raise self._nothing_runs(machine)

    def ask(self, command: str, *arguments: str) -> Any:
        raise self._nothing_runs(None)

    def tell(self, command: str, *arguments: str) -> str:
        raise self._nothing_runs(None)

    def begin(self, command: str, *arguments: str, ready: str) -> Background:
        raise self._nothing_runs(None)

    def inside(self, act: Callable[[], T]) -> T:
        raise self._nothing_runs(None)

    def drive(self, machine: Machine) -> str:
        name = machine.name.casefold()
        if name not in self.drives:
            import shutil
            import tempfile
            import weakref

            self.drives[name] = tempfile.mkdtemp(prefix="hvlab-")
            weakref.finalize(self, shutil.rmtree, self.drives[name], ignore_errors=True)
        return self.drives[name]

    def _nothing_runs(self, machine: Machine | None) -> InvalidState:
        name = machine.name if machine else self._model.name
        return InvalidState(f'"{name}" does not run: this lab is only described', remedy="start it: hvlab up FILE")


def machine_of(model: LabModel, name: str) -> Machine | None:
    """Return a machine of a lab by its name, in whatever case; None if there is none.

    As on a network its name can have a domain behind it (``dc1.class.example``), and a VM's static address names it.
    """
    wanted = name.casefold()
    found = _machine(model, wanted)
    if found is not None or not wanted:
        return found
    for host, vm in model.vms():
        if any(str(each.ip) == wanted for adapter in vm.adapters if adapter.ip for each in adapter.ip.addresses):
            return Machine(vm.name, host.name)
    return _machine(model, wanted.partition(".")[0])


def _machine(model: LabModel, wanted: str) -> Machine | None:
    for host in model.hosts:
        if host.name.casefold() == wanted:
            return Machine(host.name, host.name)
    for of, vm in model.vms():
        if vm.name.casefold() == wanted:
            return Machine(vm.name, of.name)
    found = next((each for each in model.node_names() if each.casefold() == wanted), None)
    return Machine(found) if found else None


def host_of(model: LabModel, machine: Machine) -> HypervHost:
    """Return the Hyper-V host that a machine is, or runs on."""
    found = model.host(machine.host)
    if found is None:
        raise InvalidState(f'"{machine.name}" is no Hyper-V host', target=machine.name)
    return found


def vm_of(model: LabModel, machine: Machine) -> VirtualMachine | None:
    """Return the VM that a machine is."""
    return next((vm for _, vm in model.vms() if vm.name == machine.name), None)
