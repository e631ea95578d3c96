"""Runs scripts in an empty lab, and tells what they output as text."""

from lab.model.objects import LabModel
from lab.shell.formatting import formatted
from lab.shell.host import BufferedHost
from lab.shell.interpreter import Interpreter
from lab.shell.place import Description, Machine
from lab.shell.text import to_text


def texts(script: str, ui: BufferedHost | None = None) -> list[str]:
    """Return what a script outputs, each object as a string; an error fails the test unless a host is given."""
    host = ui or BufferedHost()
    found = [to_text(item) for item in interpreter(host).run(script)]
    assert ui or not host.errors, host.errors
    return found


def shown(script: str, width: int = 119) -> list[str]:
    """Return the lines that are shown of what a script outputs, without blanks at their ends and empty lines around."""
    host = BufferedHost()
    lines = [line.rstrip() for line in formatted(interpreter(host).run(script), width)]
    assert not host.errors, host.errors
    return "\n".join(lines).strip("\n").split("\n")


def error(script: str) -> str:
    """Return the one error that a script ends up with, as it is shown."""
    host = BufferedHost()
    list(interpreter(host).run(script))
    assert len(host.errors) == 1, host.errors
    return host.errors[0]


def interpreter(host: BufferedHost) -> Interpreter:
    return Interpreter(Description(LabModel(name="lab")), Machine("lab"), host)
