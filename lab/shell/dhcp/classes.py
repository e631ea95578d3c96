"""Classes of clients: what a vendor class is called on a server, and what its clients send (option 60)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lab.shell.dhcp.mistakes import instance, type_name
from lab.shell.dhcp.server import ServerRef
from lab.shell.objects import PSObject
from lab.shell.views import Column, show

CLASS: Final = "DhcpServerv4Class"

show(
    type_name(CLASS), "table",
    Column("Name", width=20), Column("Type", width=10), Column("Description", width=30), Column("AsciiData", width=20),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ClientClass:
    """A class. ``type``: Vendor or User; ``data``: what its clients send."""

    name: str
    type: str
    data: str
    description: str = ""


_FIRST: Final = (
    ClientClass("Microsoft Windows 2000 Options", "Vendor", "MSFT 5.0", "Microsoft vendor-specific options for Windows "
                "2000 and above Clients"),
    ClientClass("Microsoft Windows 98 Options", "Vendor", "MSFT 98", "Microsoft vendor-specific options for Windows "
                "98 Clients"),
    ClientClass("Microsoft Options", "Vendor", "MSFT", "Microsoft vendor-specific options applicable to all Windows "
                "Clients"),
    ClientClass("Default Routing and Remote Access Class", "User", "RRAS.Microsoft", "User class for remote access "
                "clients"),
    ClientClass("Default BOOTP Class", "User", "BOOTP.Microsoft", "User class for BOOTP Clients"),
)  # fmt: skip


def classes(ref: ServerRef) -> list[ClientClass]:
    """Return the classes that a server knows: those of Windows, and those that were added."""
    added = ref.kept(CLASS, "")
    return [*_FIRST, *(ClientClass(**each) for each in added.values())]


def class_named(ref: ServerRef, name: str, kind: str = "Vendor") -> ClientClass | None:
    """Return the class of a name, in whatever case."""
    found = (each for each in classes(ref) if each.type == kind)
    return next((each for each in found if each.name.casefold() == name.casefold()), None)


def class_object(found: ClientClass) -> PSObject:
    """Return a class as the cmdlets output it."""
    return instance(
        CLASS,
        {
            "Name": found.name,
            "Type": found.type,
            "Description": found.description,
            "Data": "0x" + found.data.encode().hex().upper(),
            "AsciiData": found.data,
        },
    )
