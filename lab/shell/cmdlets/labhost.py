"""Hyper-V hosts as machines of a lab: Get-, New-, Set- and Remove-LabHost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from lab.errors import InputError
from lab.model import edit
from lab.model.objects import HypervHost, LabModel
from lab.shell.command import Call, Example, Impact, Parameter, command
from lab.shell.labs.settings import changed, given
from lab.shell.labs.targets import MODULE, PASSTHRU, chosen, live
from lab.shell.objects import PSObject
from lab.shell.place import Place
from lab.shell.views import show

_NAME: Final = Parameter("Name", "String[]", position=0, mandatory=True, pipe="VP", aliases=("HostName",),
                         wildcards=True, complete="host", help="The name of the host.")  # fmt: skip
_FORWARDING: Final = Parameter("Forwarding", "Boolean", help="Whether its management OS routes between its adapters.")

show(f"{MODULE}.LabHost", "table", "Name", "Forwarding", "Nics", "Switches", "VMs")


def host_object(place: Place, name: str) -> PSObject:
    """Return a host as the cmdlets of this module output it."""

    def properties() -> Mapping[str, object] | None:
        host = place.model.host(name)
        if host is None:
            return None
        return {
            "Name": name,
            "Forwarding": host.forwarding,
            "Nics": [nic.name for nic in host.nics],
            "Switches": [switch.name for switch in host.switches],
            "VMs": [vm.name for vm in host.vms],
        }

    return live(place, "LabHost", properties, text=name)


def _names(call: Call) -> Iterator[str]:
    yield from chosen(call, "Hyper-V host", (each.name for each in call.place.model.hosts), "Name")


@command(
    "Get-LabHost",
    MODULE,
    "Gets the Hyper-V hosts of the lab.",
    (replace(_NAME, mandatory=False),),
    output="LabHost",
    guest=True,
    examples=(Example("Get-LabHost", "Shows the hosts with their NICs, switches and VMs."),),
)
def get_labhost(call: Call) -> Iterator[object]:
    """Output hosts."""
    for name in _names(call):
        yield host_object(call.place, name)


@command(
    "New-LabHost",
    MODULE,
    "Puts another Hyper-V host into the lab.",
    (Parameter("Name", position=0, mandatory=True, help="The name of the host."), _FORWARDING),
    confirms=True,
    output="LabHost",
    guest=True,
    examples=(Example("New-LabHost HV2; New-LabNic Ethernet office -ComputerName HV2", "A host with one NIC."),),
)
def new_labhost(call: Call) -> Iterator[object]:
    """Create a host, with nothing in it."""
    name = call.get("Name")
    if call.place.model.host(name):
        raise InputError(f'there is a Hyper-V host "{name}" already', target=name)
    host = changed(HypervHost(name), given(call, {"Forwarding": "forwarding"}))

    def added(model: LabModel) -> LabModel:
        return replace(model, hosts=(*model.hosts, host))

    if call.change(name, added):
        yield host_object(call.place, name)


@command(
    "Set-LabHost",
    MODULE,
    "Changes a Hyper-V host.",
    (_NAME, _FORWARDING, PASSTHRU),
    confirms=True,
    output="LabHost",
    guest=True,
    examples=(Example("Set-LabHost hv1 -Forwarding $true", "Makes its management OS a router."),),
)
def set_labhost(call: Call) -> Iterator[object]:
    """Change hosts."""
    values = given(call, {"Forwarding": "forwarding"})
    for name in _names(call):
        if call.change(name, edit.host(name, lambda each: changed(each, values))) and call.is_on("Passthru"):
            yield host_object(call.place, name)


@command(
    "Remove-LabHost",
    MODULE,
    "Removes a Hyper-V host with its switches and VMs.",
    (_NAME, Parameter("Force", "Switch", help="Does not ask.")),
    confirms=True,
    impact=Impact.HIGH,
    guest=True,
    examples=(Example("Remove-LabHost HV2 -Force", "Removes a host and everything on it."),),
)
def remove_labhost(call: Call) -> None:
    """Remove hosts."""
    for name in _names(call):
        if name == call.machine.host:
            raise InputError(f'host "{name}" is the one that this runs on', remedy="do it from another machine")

        def without(model: LabModel, name: str = name) -> LabModel:
            return replace(model, hosts=edit.without(model.hosts, name))

        call.change(name, without, settle=True)
