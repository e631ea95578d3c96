"""Sessions of the console for tests: on a lab that is only described, with a host that keeps what it is shown."""

from __future__ import annotations

from dataclasses import dataclass

from lab.model.objects import HypervHost, LabModel, VirtualMachine
from lab.shell.host import BufferedHost
from lab.shell.interpreter import Interpreter
from lab.shell.place import Description, Machine


@dataclass
class Shell:
    """An interpreter, its host, and the errors that it showed, the last one first."""

    interpreter: Interpreter
    host: BufferedHost
    shown: list[object]

    def run(self, source: str) -> list[object]:
        """Return the objects that a script outputs."""
        return list(self.interpreter.run(source))


def session(*answers: str, machine: Machine | None = None) -> Shell:
    """Return a session on the host hv1 of a lab with nothing else but a VM, vm1, or on that."""
    host = BufferedHost(answers)
    model = LabModel(name="lab", hosts=(HypervHost(name="hv1", vms=(VirtualMachine("vm1"),)),))
    shell = Interpreter(Description(model), machine or Machine("hv1", "hv1"), host)
    return Shell(shell, host, _Shown(shell, host))


class _Shown(list[object]):
    """Those of the errors that were shown."""

    def __init__(self, interpreter: Interpreter, host: BufferedHost) -> None:
        super().__init__()
        original = interpreter.session.streams.sinks[2]

        def sink(item: object) -> None:
            self.insert(0, item)
            original(item)

        streams = interpreter.session.streams.but({2: sink})
        interpreter.session.streams = streams
        interpreter.session.frame.streams = streams
