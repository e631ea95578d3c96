"""Commands on other machines: Invoke-Command, and sessions there (PSSession)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Final
from uuid import UUID
from weakref import WeakKeyDictionary

from lab.shell.command import Call, Example, Parameter, Support, command
from lab.shell.errors import ErrorRecord
from lab.shell.hyperv.refs import VmRef, identity
from lab.shell.net.targets import fits, listed
from lab.shell.objects import Live, ScriptBlock
from lab.shell.place import Machine, Place, host_of, machine_of
from lab.shell.recording import accepted
from lab.shell.views import Column, show

_CORE: Final = "Microsoft.PowerShell.Core"
_TYPE: Final = "System.Management.Automation.Runspaces.PSSession"
_HERE, _COMPUTER, _NAME, _ID, _SESSION = "InProcess", "ComputerName", "VMName", "VMId", "Session"
_LOCAL: Final = ("localhost", ".", "127.0.0.1", "::1")

show(
    _TYPE, "table",
    Column("Id", width=3, align="right"), Column("Name", width=15), Column("ComputerName", width=15),
    Column("ComputerType", width=15), Column("State", width=13), Column("ConfigurationName", width=20),
    Column("Availability", width=13, align="right"),
)  # fmt: skip


@dataclass(slots=True, eq=False)
class _Session:
    """A session on another machine; it is there to be named, each block has variables of its own."""

    number: int
    name: str
    machine: Machine
    kind: str
    state: str = "Opened"


_SESSIONS: Final[WeakKeyDictionary[Place, list[_Session]]] = WeakKeyDictionary()
_numbers: Final = count(1)


def _block(sets: tuple[str, ...], position: int) -> Parameter:
    return Parameter("ScriptBlock", "ScriptBlock", sets=sets, position=position, mandatory=True, aliases=("Command",),
                     help="What is run.")  # fmt: skip


@command(
    "Invoke-Command",
    _CORE,
    "Runs commands on local and remote computers.",
    (
        Parameter("ComputerName", "String[]", sets=(_COMPUTER,), position=0, mandatory=True, aliases=("Cn",),
                  complete="machine", help="The machines: hosts, VMs and computers of the lab, by name."),
        Parameter("VMName", "String[]", sets=(_NAME,), mandatory=True, complete="vm",
                  help="The VMs of this host, by name (PowerShell Direct)."),
        Parameter("VMId", "Guid[]", sets=(_ID,), position=0, mandatory=True, aliases=("VMGuid",), pipe="P",
                  help="The same by their identities."),
        Parameter("Session", "PSSession[]", sets=(_SESSION,), position=0, mandatory=True,
                  help="The sessions, as New-PSSession outputs them."),
        _block((_HERE,), 0),
        _block((_COMPUTER, _NAME, _ID, _SESSION), 1),
        Parameter("ArgumentList", "Object[]", aliases=("Args",), help="The arguments of the block."),
        Parameter("InputObject", "PSObject", pipe="V", help="What the block gets as $input."),
        Parameter("NoNewScope", "Switch", sets=(_HERE,), help="Runs the block in the scope of its caller."),
        Parameter("Credential", "Object", sets=(_COMPUTER, _NAME, _ID), support=Support.ACCEPTED,
                  help="Everybody may do everything in a lab."),
        Parameter("HideComputerName", "Switch", support=Support.ACCEPTED),
        Parameter("AsJob", "Switch", support=Support.ACCEPTED),
        Parameter("JobName", support=Support.ACCEPTED),
        Parameter("ThrottleLimit", "Int32", support=Support.ACCEPTED),
        Parameter("UseSSL", "Switch", sets=(_COMPUTER,), support=Support.ACCEPTED),
        Parameter("Port", "Int32", sets=(_COMPUTER,), support=Support.ACCEPTED),
        Parameter("Authentication", sets=(_COMPUTER,), support=Support.ACCEPTED),
        Parameter("ConfigurationName", support=Support.ACCEPTED),
        Parameter("SessionOption", "Object", sets=(_COMPUTER,), support=Support.ACCEPTED),
    ),
    default_set=_HERE,
    aliases=("icm",),
    output="Object",
    guest=True,
    examples=(
        Example("Invoke-Command -VMName web1 { ipconfig }", "Runs a command inside a VM."),
        Example("Invoke-Command -VMName web1, web2 -ScriptBlock { param($to) ping -n 1 $to } -ArgumentList 10.0.0.1",
                "Runs a block with an argument inside two VMs."),
    ),
    remarks="A lab's machines are reached so whatever their network does, and each block has variables of its own.",
)  # fmt: skip
def invoke_command(call: Call) -> Iterator[object]:
    """Run a block here, or on other machines one after the other."""
    accepted(call)
    block: ScriptBlock = call.get("ScriptBlock")
    arguments = call.get("ArgumentList", [])
    if not {"ComputerName", "VMName", "VMId", "Session"} & set(call.bound):
        yield from call.runtime.invoke(block, arguments, own_scope=not call.is_on("NoNewScope"))
        return
    for machine in _machines(call):
        yield from call.runtime.on(machine, block, arguments)


def _machines(call: Call) -> Iterator[Machine]:
    """Yield the machines that a cmdlet is told to work on; those that cannot are non-terminating errors."""
    for each in listed(call.get("Session")):
        yield each.source.machine
    for name in listed(call.get("VMName")):
        found = [vm for vm in host_of(call.place.model, call.machine).vms if vm.name.casefold() == name.casefold()]
        yield from _ready(call, name, found[0].name if found else None)
    for identifier in listed(call.get("VMId")):
        host = host_of(call.place.model, call.machine)
        found = [vm for vm in host.vms if VmRef(call.place, host.name, vm.name).id == identifier]
        yield from _ready(call, str(identifier), found[0].name if found else None)
    for name in listed(call.get("ComputerName")):
        yield from _computer(call, name)


def _ready(call: Call, given: str, name: str | None) -> Iterator[Machine]:
    """Yield a VM of this host, if a block can be run in it."""
    if name is None:
        what = "VMId" if "VMId" in call else "VMName"
        text = f"The input {what} {given} does not resolve to a single virtual machine."
        call.error(ErrorRecord(text, "InvalidArgument", f"Invalid{what}NotSingle", "ArgumentException", given))
        return
    machine = Machine(name, call.machine.host)
    if (why := _why_not(call, machine)) is not None:
        call.error(why)
    else:
        yield machine


def _why_not(call: Call, machine: Machine) -> ErrorRecord | None:
    """Return why nothing can be run in a VM: PowerShell Direct needs a guest that runs and has its services."""
    vm = next((vm for _, vm in call.place.model.vms() if vm.name == machine.name), None)
    if vm is None:
        return None
    if not vm.running:
        text = f"The virtual machine {vm.name} is not in running state."
        return ErrorRecord(text, "InvalidOperation", "InvalidVMState", "ArgumentException", vm.name)
    if vm.has_system and vm.integration_services:
        return None
    remedy = "It has no integration services." if vm.has_system else "It has no operating system of the lab's."
    text = "An error has occurred which Windows PowerShell cannot handle. A remote session might have ended."
    return ErrorRecord(
        text, "OpenError", "PSSessionStateBroken", "PSDirectException", vm.name, remedy=remedy
    )  # fmt: skip


def _computer(call: Call, name: str) -> Iterator[Machine]:
    found = call.machine if name in _LOCAL else machine_of(call.place.model, name.partition(".")[0])
    if found is None:
        text = (
            f"[{name}] Connecting to remote server {name} failed with the following error message : WinRM cannot "
            f"process the request. The following error occurred while using Kerberos authentication: Cannot find the "
            f"computer {name}. Verify that the computer exists on the network and that the name provided is spelled "
            "correctly. For more information, see the about_Remote_Troubleshooting Help topic."
        )
        call.error(ErrorRecord(text, "OpenError", "NetworkPathNotFound,PSSessionStateBroken",
                               "PSRemotingTransportException", name))  # fmt: skip
    elif (why := _why_not(call, found)) is not None:
        call.error(why)
    else:
        yield found


_WHERE: Final = (
    Parameter("ComputerName", "String[]", sets=(_COMPUTER,), position=0, aliases=("Cn",), pipe="VP", complete="machine",
              help="The machines, by name."),
    Parameter("VMName", "String[]", sets=(_NAME,), mandatory=True, complete="vm", help="VMs of this host, by name."),
    Parameter("VMId", "Guid[]", sets=(_ID,), mandatory=True, aliases=("VMGuid",), help="The same by their identities."),
)  # fmt: skip


@command(
    "New-PSSession",
    _CORE,
    "Creates a persistent connection to a local or remote computer.",
    (
        *_WHERE,
        Parameter("Name", "String[]", help="The names of the sessions."),
        Parameter("Credential", "Object", support=Support.ACCEPTED),
        Parameter("ConfigurationName", support=Support.ACCEPTED),
        Parameter("SessionOption", "Object", support=Support.ACCEPTED),
        Parameter("UseSSL", "Switch", sets=(_COMPUTER,), support=Support.ACCEPTED),
        Parameter("Port", "Int32", sets=(_COMPUTER,), support=Support.ACCEPTED),
        Parameter("Authentication", sets=(_COMPUTER,), support=Support.ACCEPTED),
        Parameter("ThrottleLimit", "Int32", support=Support.ACCEPTED),
    ),
    default_set=_COMPUTER,
    aliases=("nsn",),
    output="PSSession",
    guest=True,
    examples=(Example("$s = New-PSSession -VMName web1", "Opens a session inside a VM, for Invoke-Command -Session."),),
    remarks="In a lab a session keeps no variables from one block to the next.",
)
def new_pssession(call: Call) -> Iterator[object]:
    """Open sessions on other machines."""
    accepted(call)
    names = iter(call.get("Name", []))
    kind = "VirtualMachine" if {"VMName", "VMId"} & set(call.bound) else "RemoteMachine"
    nowhere = not {"ComputerName", "VMName", "VMId"} & set(call.bound)
    for machine in [call.machine] if nowhere else _machines(call):
        number = next(_numbers)
        session = _Session(number, next(names, f"Session{number}"), machine, kind)
        _SESSIONS.setdefault(call.place, []).append(session)
        yield _object(call, session)


def _object(call: Call, session: _Session) -> Live:
    """Return a session as an object, which tells when it has been closed."""
    return Live(
        _TYPE,
        lambda: {
            "Id": session.number,
            "Name": session.name,
            "ComputerName": session.machine.name,
            "ComputerType": session.kind,
            "VMName": session.machine.name if session.kind == "VirtualMachine" else None,
            "VMId": _vm_id(call, session),
            "State": session.state,
            "ConfigurationName": "Microsoft.PowerShell",
            "Availability": "Available" if session.state == "Opened" else "None",
            "InstanceId": identity(call.place, "session", str(session.number)),
        },
        lambda: session.state,
        source=session,
        text=f"[PSSession]{session.name}",
    )


def _vm_id(call: Call, session: _Session) -> UUID | None:
    machine = session.machine
    return VmRef(call.place, machine.host, machine.name).id if session.kind == "VirtualMachine" else None


_CHOICE: Final = (
    Parameter("Name", "String[]", sets=("Name",), wildcards=True, pipe="P", help="The names of the sessions."),
    Parameter("Id", "Int32[]", sets=("Id",), position=0, pipe="P", help="The numbers of the sessions."),
    Parameter("ComputerName", "String[]", sets=(_COMPUTER,), position=0, wildcards=True, aliases=("Cn",), pipe="P",
              help="On which machines."),
    Parameter("VMName", "String[]", sets=(_NAME,), wildcards=True, help="In which VMs."),
)  # fmt: skip


def _chosen(call: Call) -> list[_Session]:
    """Return the sessions that are open and that a cmdlet names."""
    found = list(_SESSIONS.get(call.place, []))
    for name in ("Name", "ComputerName", "VMName"):
        if name in call:
            of = {each.number: each.name if name == "Name" else each.machine.name for each in found}
            found = [each for each in found if fits(of[each.number], call.get(name))]
    return [each for each in found if "Id" not in call or each.number in call.get("Id")]


@command(
    "Get-PSSession",
    _CORE,
    "Gets the Windows PowerShell sessions on local and remote computers.",
    _CHOICE,
    default_set="Name",
    aliases=("gsn",),
    output="PSSession",
    guest=True,
    examples=(Example("Get-PSSession", "Shows the sessions that are open."),),
)
def get_pssession(call: Call) -> Iterator[object]:
    """Output the sessions that are open."""
    for each in _chosen(call):
        yield _object(call, each)


@command(
    "Remove-PSSession",
    _CORE,
    "Closes one or more Windows PowerShell sessions.",
    (
        Parameter("Session", "PSSession[]", sets=(_SESSION,), position=0, mandatory=True, pipe="VP",
                  help="The sessions, as New-PSSession outputs them."),
        *(Parameter(each.name, each.type, sets=each.sets, mandatory=True, wildcards=True, pipe="P",
                    position=0 if each.name == "Id" else None, help=each.help) for each in _CHOICE),
    ),
    default_set="Id",
    aliases=("rsn",),
    confirms=True,
    guest=True,
    examples=(Example("Get-PSSession | Remove-PSSession", "Closes all sessions."),),
)  # fmt: skip
def remove_pssession(call: Call) -> None:
    """Close sessions."""
    given = [each.source for each in listed(call.get("Session"))]
    for each in given if "Session" in call else _chosen(call):
        if call.agreed(each.machine.name):
            each.state = "Closed"
            there = _SESSIONS.get(call.place, [])
            there[:] = [one for one in there if one is not each]


@command(
    "Enter-PSSession",
    _CORE,
    "Starts an interactive session with a remote computer.",
    (
        Parameter("ComputerName", sets=(_COMPUTER,), position=0, mandatory=True, aliases=("Cn",), pipe="VP",
                  complete="machine", help="The machine, by name."),
        Parameter("VMName", sets=(_NAME,), mandatory=True, complete="vm", help="A VM of this host, by name."),
        Parameter("VMId", "Guid", sets=(_ID,), mandatory=True, aliases=("VMGuid",), help="The same by its identity."),
        Parameter("Session", "PSSession", sets=(_SESSION,), position=0, mandatory=True, pipe="VP",
                  help="A session, as New-PSSession outputs it."),
        Parameter("Credential", "Object", sets=(_COMPUTER, _NAME, _ID), support=Support.ACCEPTED),
        Parameter("ConfigurationName", support=Support.ACCEPTED),
    ),
    default_set=_COMPUTER,
    aliases=("etsn",),
    guest=True,
    examples=(Example("Enter-PSSession -VMName web1", "Goes on inside a VM, until Exit-PSSession."),),
)  # fmt: skip
def enter_pssession(call: Call) -> None:
    """Go on in a session on another machine, from the next prompt on."""
    accepted(call)
    for machine in _machines(call):
        call.runtime.enter(machine)


@command(
    "Exit-PSSession",
    _CORE,
    "Ends an interactive session with a remote computer.",
    (),
    aliases=("exsn",),
    guest=True,
    examples=(Example("Exit-PSSession", "Goes back to where Enter-PSSession was."),),
)
def exit_pssession(call: Call) -> None:
    """Go back to the session that another one was entered from."""
    call.runtime.enter(None)
