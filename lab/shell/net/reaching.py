"""What Test-Connection and Test-NetConnection say of a machine that does not answer, or that nobody knows."""

from __future__ import annotations

from lab.shell.errors import ErrorRecord
from lab.shell.net.probes import Echo, resolve
from lab.shell.place import Machine, Place, machine_of

UNKNOWN = "No such host is known"
_NO_ANSWER = "Error due to lack of resources"


def ping_error(computer: str, why: str = _NO_ANSWER) -> ErrorRecord:
    """Return the error of Test-Connection for a computer that does not answer."""
    return ErrorRecord(
        f"Testing connection to computer '{computer}' failed: {why}",
        "ResourceUnavailable", "TestConnectionException", "PingException", computer,
    )  # fmt: skip


def target_of(place: Place, machine: Machine, name: str, version: int = 0) -> str | None:
    """Return the address by which a machine reaches a name; None if the name means nothing there."""
    if name in ("localhost", "."):
        return "127.0.0.1" if version != 6 else "::1"
    found = resolve(place, machine, name, version)
    if not found and (known := machine_of(place.model, name)) and known.name != name:
        found = resolve(place, machine, known.name, version)
    return found[0] if found else None


def status_text(echo: Echo) -> str:
    """Return how an echo request ended, as Test-NetConnection says it."""
    return {"GeneralFailure": "DestinationHostUnreachable"}.get(echo.status, echo.status)
