"""A console on a lab that is only described, for the tests of the cmdlets of module hvlab."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lab.model.builder import Lab
from lab.model.objects import LabModel
from lab.shell.formatting import formatted
from lab.shell.host import BufferedHost
from lab.shell.interpreter import Interpreter
from lab.shell.place import Background, Description, machine_of

WIDTH = 120


def office_lab() -> LabModel:
    """Return a lab with two hosts on a network, a router to the internet, and VMs on each kind of switch."""
    lab = Lab("office")
    lab.internet_host("internet", "203.0.113.80/24")
    office = lab.physical_network("lan", "192.168.1.0/24", router="192.168.1.1")
    office.computer("pc1", "192.168.1.10")
    hv1 = lab.host("hv1")
    hv1.nic("Ethernet", office, "192.168.1.20")
    hv1.nic("Ethernet 2", office)
    hv1.external_switch("External", "Ethernet")
    hv1.private_switch("Private")
    hv1.vm("web1", "External", "192.168.1.31")
    hv1.vm("web2", "External", "192.168.1.32")
    hv1.vm("db1", "Private", "10.0.2.11/24", running=False)
    hv2 = lab.host("hv2")
    hv2.nic("Ethernet", office)
    hv2.external_switch("External", "Ethernet")
    hv2.vm("web3", "External", "192.168.1.33")
    return lab.model()


@dataclass
class Asked(Description):
    """A described lab that answers what only a running one knows: with what it was given for a command."""

    answers: Mapping[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def __init__(self, model: LabModel, **answers: Any) -> None:
        super().__init__(model)
        self.answers = answers
        self.asked = []

    __hash__ = object.__hash__

    def ask(self, command: str, *arguments: str) -> Any:
        self.asked.append((command, *arguments))
        return self.answers[command] if command in self.answers else super().ask(command, *arguments)

    def tell(self, command: str, *arguments: str) -> str:
        self.asked.append((command, *arguments))
        return str(self.answers[command])

    def begin(self, command: str, *arguments: str, ready: str) -> Background:
        self.asked.append((command, *arguments))
        return self.answers[command]() if command in self.answers else super().begin(command, *arguments, ready=ready)


class Console:
    """A session on a machine of a lab."""

    def __init__(self, place: Description | None = None, machine: str = "hv1", answers: tuple[str, ...] = ()) -> None:
        self.place = place or Description(office_lab())
        self.ui = BufferedHost(answers, width=WIDTH)
        found = machine_of(self.place.model, machine)
        assert found, machine
        self._interpreter = Interpreter(self.place, found, self.ui)

    @property
    def model(self) -> LabModel:
        return self.place.model

    def said(self, script: str) -> list[str]:
        """Return the lines that are shown of what a script outputs; an error fails the test."""
        shown = self._run(script)
        assert not self.ui.errors, self.ui.errors
        return shown

    def error(self, script: str) -> str:
        """Return the message of the one error that a script ends up with, in one line."""
        self._run(script)
        assert len(self.ui.errors) == 1, self.ui.errors
        return self.messages()[0]

    def messages(self) -> list[str]:
        """Return what errors have said so far, without the command and the place, and forget it."""
        texts = [re.split(r"\nAt line:", text)[0] for text in self.ui.errors]
        del self.ui.errors[:]
        return [" ".join(re.sub(r"^[\w-]+ : ", "", text).split()) for text in texts]

    def _run(self, script: str) -> list[str]:
        del self.ui.out[:]
        for line in formatted(self._interpreter.run(script), WIDTH):
            self.ui.write_line(line)
        return [line.rstrip() for line in self.ui.text.strip("\n").split("\n")] if self.ui.text.strip("\n") else []
