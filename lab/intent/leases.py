"""What the controller keeps for a Default Switch, in the host's OVSDB: its leases, and what it could not understand."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final

from lab.codec import CodecError, dumps, loads

LEASES_KEY: Final = "hvlab-leases"
IGNORED_KEY: Final = "hvlab-ignored"


@dataclass(frozen=True, slots=True)
class Lease:
    """One address, and who has it, or had it last, until ``expires``: in seconds since the machine has started, so that
    nothing changes when its clock is set (CLOCK_BOOTTIME).

    ``client`` is the client's identifier (option 61) in hexadecimal digits. ``adapter`` is the full name of the adapter
    by which it asked. ``declined``: the client found that somebody else has the address; it is not leased meanwhile.
    """

    address: IPv4Address
    mac: str
    client: str
    expires: int
    adapter: str
    host_name: str = ""
    declined: bool = False


@dataclass(frozen=True, slots=True)
class Leases:
    """All leases of a switch, by address."""

    leases: tuple[Lease, ...] = ()


@dataclass(frozen=True, slots=True)
class Ignored:
    """How many messages of an adapter for the DHCP server were not answered, and why not."""

    adapter: str
    why: str
    frames: int


@dataclass(frozen=True, slots=True)
class AllIgnored:
    """All messages that a switch's DHCP server has not answered."""

    ignored: tuple[Ignored, ...] = ()


def leases_in(text: str | None) -> tuple[Lease, ...]:
    """Return the leases in a document, or in none; CodecError if it is not one."""
    return loads(Leases, text).leases if text else ()


def ignored_in(text: str | None) -> tuple[Ignored, ...]:
    """Return what was ignored by a document, or by none; CodecError if it is not one."""
    return loads(AllIgnored, text).ignored if text else ()


__all__ = [
    "IGNORED_KEY", "LEASES_KEY", "AllIgnored", "CodecError", "Ignored", "Lease", "Leases",
    "dumps", "ignored_in", "leases_in",
]  # fmt: skip
