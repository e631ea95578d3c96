"""How a host's physical NICs are called where Windows has the words of their makers."""

from __future__ import annotations

from typing import Final

from lab.model.objects import HypervHost

_MAKE: Final = "hvlab Ethernet Adapter"
TEAM: Final = "Teamed-Interface"


def description(host: HypervHost, name: str) -> str:
    """Return a NIC's InterfaceDescription: as on Windows the second and later ones of a make are numbered."""
    at = next((number for number, nic in enumerate(host.nics, 1) if nic.name == name), 1)
    return _MAKE if at == 1 else f"{_MAKE} #{at}"


def named(host: HypervHost, text: str) -> str | None:
    """Return the name of the NIC that a text, its InterfaceDescription, means."""
    return next((nic.name for nic in host.nics if description(host, nic.name).casefold() == text.casefold()), None)
