"""Classes of DHCP clients, which policies are for: Add-, Get-, Set- and Remove-DhcpServerv4Class."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Final

from lab.model.edit import Edit
from lab.shell.command import Call, Example, Parameter, command
from lab.shell.dhcp.classes import CLASS, ClientClass, class_named, class_object, classes
from lab.shell.dhcp.mistakes import CLASS_EXISTS, NO_CLASS, cim_error, dhcp_error, told
from lab.shell.dhcp.server import ServerRef, both, kept_edit, the_server

_NAME: Final = Parameter("Name", position=1, mandatory=True, pipe="P", help="Its name, which policies use.")
_TYPE: Final = Parameter("Type", "String", position=2, mandatory=True, pipe="P", values=("Vendor", "User"),
                         help="Vendor: what clients send as option 60.")  # fmt: skip
_DATA: Final = Parameter("Data", position=3, mandatory=True, pipe="P", help="What its clients send, as text or 0x….")
_DESCRIPTION: Final = Parameter("Description", pipe="P", help="A description.")
_PASS: Final = Parameter("PassThru", "Switch", help="Outputs the class.")


@command(
    "Get-DhcpServerv4Class",
    "DhcpServer",
    "Gets the vendor and user classes of a DHCP server.",
    (
        Parameter("Name", "String[]", position=1, pipe="P", help="Their names; all if none."),
        replace(_TYPE, mandatory=False),
    ),
    output="DhcpServerv4Class",
    guest=True,
    examples=(Example("Get-DhcpServerv4Class -Type Vendor", "Gets the vendor classes."),),
)  # fmt: skip
def get_class(call: Call) -> Iterator[object]:
    """Output classes."""
    with told(call):
        ref = the_server(call)
        found = [each for each in classes(ref) if call.get("Type") in (None, each.type)]
        if "Name" not in call:
            yield from map(class_object, found)
        for name in call.get("Name", []):
            mine = [each for each in found if each.name.casefold() == name.casefold()]
            yield from map(class_object, mine)
            if not mine:
                what = f"Failed to get class {name} on DHCP server {ref.name}."
                call.error(dhcp_error(call, what, NO_CLASS, name).record)


@command(
    "Add-DhcpServerv4Class",
    "DhcpServer",
    "Adds a vendor or user class to a DHCP server.",
    (_NAME, _TYPE, _DATA, _DESCRIPTION, _PASS),
    confirms=True,
    output="DhcpServerv4Class",
    guest=True,
    examples=(
        Example('Add-DhcpServerv4Class -Name "PXEClient (UEFI x64)" -Type Vendor -Data "PXEClient:Arch:00007"',
                "A class for machines with UEFI that boot from the network."),
    ),
)  # fmt: skip
def add_class(call: Call) -> Iterator[object]:
    """Add a class. Policies of a lab can be for vendor classes only."""
    with told(call):
        ref = the_server(call)
        new = ClientClass(call.get("Name"), call.get("Type"), _data(call, ref), call.get("Description", ""))
        if class_named(ref, new.name, new.type):
            raise dhcp_error(call, f"Failed to add class {new.name} on DHCP server {ref.name}.", CLASS_EXISTS, new.name)
        change = kept_edit(ref.name, CLASS, "", {f"{new.type} {new.name}": asdict(new)})
        if call.change(new.name, change) and call.is_on("PassThru"):
            yield class_object(new)


def _data(call: Call, ref: ServerRef) -> str:
    """Return what clients send as text; an error for what is none."""
    text = str(call.get("Data"))
    try:
        found = bytes.fromhex(text[2:]).decode("ascii") if text.casefold().startswith("0x") else text
    except ValueError:
        found = ""
    if not found or not found.isascii() or "'" in found or len(found) > 255:
        what = f"Failed to set the data of class {call.get('Name')} on DHCP server {ref.name}."
        raise cim_error(call, what, "WIN32 87", "InvalidArgument", text, "Expected 1 to 255 ASCII characters.")
    return found


@command(
    "Set-DhcpServerv4Class",
    "DhcpServer",
    "Changes a class that was added.",
    (_NAME, _TYPE, replace(_DATA, mandatory=False), _DESCRIPTION, _PASS),
    confirms=True,
    output="DhcpServerv4Class",
    guest=True,
    examples=(Example('Set-DhcpServerv4Class Boot Vendor -Data "PXEClient"', "Changes what clients send."),),
    remarks="A policy keeps what the class was when the policy was made.",
)  # fmt: skip
def set_class(call: Call) -> Iterator[object]:
    """Change a class that was added here."""
    with told(call):
        ref = the_server(call)
        old = _added(call, ref)
        data = _data(call, ref) if "Data" in call else old.data
        new = replace(old, data=data, description=call.get("Description", old.description))
        change = kept_edit(ref.name, CLASS, "", {f"{new.type} {new.name}": asdict(new)})
        if call.change(new.name, change) and call.is_on("PassThru"):
            yield class_object(new)


def _added(call: Call, ref: ServerRef) -> ClientClass:
    name, kind = call.get("Name"), call.get("Type")
    for key, value in ref.kept(CLASS, "").items():
        if key.casefold() == f"{kind} {name}".casefold():
            return ClientClass(**value)
    raise dhcp_error(call, f"Failed to get class {name} on DHCP server {ref.name}.", NO_CLASS, name)


@command(
    "Remove-DhcpServerv4Class",
    "DhcpServer",
    "Removes a class that was added.",
    (_NAME, _TYPE, _PASS),
    confirms=True,
    guest=True,
    examples=(Example("Remove-DhcpServerv4Class Boot Vendor", "Removes a vendor class."),),
)  # fmt: skip
def remove_class(call: Call) -> Iterator[object]:
    """Remove a class that was added here."""
    with told(call):
        ref = the_server(call)
        old = _added(call, ref)
        left = {key: value for key, value in ref.kept(CLASS, "").items() if key != f"{old.type} {old.name}"}
        if call.change(old.name, _replacing(ref, left)) and call.is_on("PassThru"):
            yield class_object(old)


def _replacing(ref: ServerRef, left: dict[str, object]) -> Edit:
    return both(kept_edit(ref.name, CLASS, "", None), kept_edit(ref.name, CLASS, "", left))
