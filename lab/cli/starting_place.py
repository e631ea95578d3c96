"""A lab that a script describes: it starts when the script first does something that only a running lab can do."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from lab.cli.running_place import RunningPlace
from lab.model.edit import Edit
from lab.model.objects import LabModel
from lab.shell.place import Background, Description, Finished, Machine, Place

T = TypeVar("T")


class StartingPlace:
    """A lab that is described until it has to run; `start` builds what is described, and returns the running lab."""

    def __init__(self, model: LabModel, start: Callable[[LabModel], RunningPlace]) -> None:
        self._described = Description(model)
        self._here: Place = self._described
        self._start = start
        self.started: RunningPlace | None = None

    def running(self) -> RunningPlace:
        """Return the running lab; it starts now if it has not before."""
        if self.started is None:
            self.started = self._start(self._here.model)
            self._here = self.started
            for name, folder in self._described.drives.items():
                shutil.copytree(folder, self.started.drive(Machine(name)), symlinks=True, dirs_exist_ok=True)
        return self.started

    @property
    def model(self) -> LabModel:
        return self._here.model

    @property
    def macs(self) -> Mapping[str, str]:
        return self._here.macs

    def change(self, edit: Edit, *, settle: bool = False) -> None:
        self._here.change(edit, settle=settle)

    def preview(self, edit: Edit) -> list[str]:
        return self._here.preview(edit)

    def settle(self) -> None:
        self._here.settle()

    def leased(self, *, settled: bool = True) -> LabModel:
        return (self.running() if settled else self._here).leased(settled=settled)

    def started_s(self, machine: Machine) -> float:
        return self._here.started_s(machine)

    def run(self, machine: Machine, argv: Sequence[str], *, timeout_s: float | None = None) -> Finished:
        return self.running().run(machine, argv, timeout_s=timeout_s)

    def stream(self, machine: Machine, argv: Sequence[str]) -> Iterator[str]:
        return self.running().stream(machine, argv)

    def ask(self, command: str, *arguments: str) -> Any:
        return self.running().ask(command, *arguments)

    def tell(self, command: str, *arguments: str) -> str:
        return self.running().tell(command, *arguments)

    def begin(self, command: str, *arguments: str, ready: str) -> Background:
        return self.running().begin(command, *arguments, ready=ready)

    def inside(self, act: Callable[[], T]) -> T:
        return self.running().inside(act)

    def drive(self, machine: Machine) -> str:
        return self._here.drive(machine)
