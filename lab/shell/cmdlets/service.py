"""The services of Windows that a lab has: Get-, Start-, Stop- and Restart-Service for DHCP servers and for NLB.

A DHCP server runs as long as its VM does, so that a restart has nothing to do.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lab.shell.command import Call, Example, Parameter, Support, command
from lab.shell.errors import ErrorRecord
from lab.shell.objects import PSObject
from lab.shell.place import vm_of
from lab.shell.views import Column, show
from lab.shell.wildcards import has_wildcards, matches

_TYPE: Final = ("System.ServiceProcess.ServiceController", "System.ComponentModel.Component")
_MODULE: Final = "Microsoft.PowerShell.Management"
_CONTROLLER: Final = "ServiceCommandException"

show(_TYPE[0], "table", Column("Status", width=8), Column("Name", width=18), Column("DisplayName"))

_NAME: Final = Parameter("Name", "String[]", sets=("Default",), position=0, aliases=("ServiceName", "SN"), pipe="VP",
                         wildcards=True, help="The names of the services.")  # fmt: skip
_OBJECT: Final = Parameter("InputObject", "ServiceController[]", sets=("InputObject",), mandatory=True, pipe="V",
                           help="Objects of Get-Service.")  # fmt: skip
_DISPLAY: Final = Parameter("DisplayName", "String[]", sets=("DisplayName",), mandatory=True, wildcards=True,
                            help="What the services are called.")  # fmt: skip
_PASS: Final = Parameter("PassThru", "Switch", help="Outputs the services.")
_FORCE: Final = Parameter("Force", "Switch", support=Support.ACCEPTED)
_SELECTING: Final = (
    Parameter("Name", "String[]", sets=("Default",), position=0, mandatory=True, aliases=("ServiceName", "SN"),
              pipe="VP", wildcards=True, help="The names of the services."),
    _OBJECT,
    _DISPLAY,
    _PASS,
)  # fmt: skip


def _services(call: Call) -> list[PSObject]:
    """Return the services of the machine: those whose work the lab does."""
    model = call.place.model
    vm = vm_of(model, call.machine)
    found = {"vmms": "Hyper-V Virtual Machine Management"} if call.machine.is_host else {}
    if vm and vm.dhcp_server:
        found["DHCPServer"] = "DHCP Server"
    return [
        PSObject(
            _TYPE,
            {
                "Name": name, "RequiredServices": [], "CanPauseAndContinue": False, "CanShutdown": True,
                "CanStop": True, "DisplayName": display, "DependentServices": [], "MachineName": ".",
                "ServiceName": name, "ServicesDependedOn": [], "StartType": "Automatic", "Status": "Running",
            },
            text=name,
        )
        for name, display in found.items()
    ]  # fmt: skip


def _chosen(call: Call) -> Iterator[PSObject]:
    """Yield the services that are asked for; a name that none has is an error."""
    yield from call.get("InputObject", [])
    key = "DisplayName" if "DisplayName" in call else "Name"
    if "InputObject" in call:
        return
    for wanted in call.get(key, ["*"]):
        found = [each for each in _services(call) if matches(wanted, str(each.get(key)))]
        yield from found
        if not found and not has_wildcards(wanted):
            call.error(
                ErrorRecord(
                    f"Cannot find any service with {'display' if key == 'DisplayName' else 'service'} name '{wanted}'.",
                    "ObjectNotFound", "NoServiceFoundForGivenName", _CONTROLLER, wanted,
                )
            )  # fmt: skip


@command(
    "Get-Service",
    _MODULE,
    "Gets the services of a machine that the lab has.",
    (_NAME, _OBJECT, _DISPLAY),
    aliases=("gsv",),
    default_set="Default",
    output="ServiceController",
    guest=True,
    examples=(Example("Get-Service DHCPServer", "Shows whether the DHCP server runs."),),
)  # fmt: skip
def get_service(call: Call) -> Iterator[object]:
    """Output services."""
    yield from _chosen(call)


@command(
    "Start-Service",
    _MODULE,
    "Starts services; those of a lab run anyway.",
    _SELECTING,
    aliases=("sasv",),
    default_set="Default",
    confirms=True,
    guest=True,
    examples=(Example("Start-Service DHCPServer", "Does nothing, as the DHCP server runs."),),
)  # fmt: skip
def start_service(call: Call) -> Iterator[object]:
    """Do nothing with services that run, as on Windows."""
    yield from _done(call)


@command(
    "Restart-Service",
    _MODULE,
    "Restarts services; in a lab there is nothing to restart.",
    (*_SELECTING, _FORCE),
    default_set="Default",
    confirms=True,
    guest=True,
    examples=(Example("Restart-Service DHCPServer", "What scripts do after they have installed the role."),),
    remarks="A lab's DHCP server takes what it is told at once, and keeps its leases.",
)  # fmt: skip
def restart_service(call: Call) -> Iterator[object]:
    """Do nothing: whatever was changed has its effect without a restart."""
    yield from _done(call)


def _done(call: Call) -> Iterator[object]:
    for each in _chosen(call):
        if call.agreed(f"{each.get('DisplayName')} ({each.get('Name')})") and call.is_on("PassThru"):
            yield each


@command(
    "Stop-Service",
    _MODULE,
    "Stops services; not in a lab, where a server stops with its VM.",
    (*_SELECTING, _FORCE, Parameter("NoWait", "Switch", support=Support.ACCEPTED)),
    aliases=("spsv",),
    default_set="Default",
    confirms=True,
    guest=True,
    examples=(
        Example("Stop-Service DHCPServer", "Is refused."),
        Example("Stop-VM dhcp1", "What a lab has instead."),
    ),
)  # fmt: skip
def stop_service(call: Call) -> None:
    """Say that services of a lab cannot be stopped."""
    for each in _chosen(call):
        name, display = each.get("Name"), each.get("DisplayName")
        call.error(
            ErrorRecord(
                f"Service '{display} ({name})' cannot be stopped due to the following error: Cannot stop {name} "
                "service on computer '.'.",
                "CloseError", "CouldNotStopService", _CONTROLLER, each,
                remedy="In a lab a server stops with its VM: Stop-VM.",
            )
        )  # fmt: skip
