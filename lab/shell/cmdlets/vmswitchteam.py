"""Switch-embedded teams: Get- and Set-VMSwitchTeam, Add- and Remove-VMSwitchTeamMember."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from lab.model import edit
from lab.model.kinds import LoadBalancing
from lab.model.objects import HypervHost, VirtualSwitch
from lab.shell.command import Call, Example, Parameter, command
from lab.shell.errors import ErrorRecord, ShellError, failure
from lab.shell.hyperv.nics import description, named
from lab.shell.hyperv.parameters import PASSTHRU
from lab.shell.hyperv.refs import SwitchRef, identity
from lab.shell.hyperv.targets import given_switches, listed, the_host
from lab.shell.objects import Live
from lab.shell.views import show

TYPE: Final = "Microsoft.HyperV.PowerShell.VMSwitchTeam"

show(TYPE, "list", "Name", "Id", "NetAdapterInterfaceDescription", "TeamingMode", "LoadBalancingAlgorithm")


def team_object(ref: SwitchRef) -> Live:
    """Return the team of a switch as the cmdlets output it."""
    return Live(TYPE, lambda: _properties(ref), lambda: ref.place.model, source=ref)


def _properties(ref: SwitchRef) -> Mapping[str, object] | None:
    host, switch = ref.place.model.host(ref.host), ref.model
    if host is None or switch is None:
        return None
    return {
        "Name": switch.name,
        "Id": ref.id,
        "NetAdapterInterfaceDescription": [description(host, nic) for nic in switch.nics],
        "NetAdapterInterfaceGuid": [identity(ref.place, host.name, "nic", nic) for nic in switch.nics],
        "TeamingMode": "SwitchIndependent",
        "LoadBalancingAlgorithm": switch.load_balancing,
        "ComputerName": host.name,
        "IsDeleted": False,
    }


@command(
    "Get-VMSwitchTeam",
    "Hyper-V",
    "Gets virtual switch teams.",
    (
        Parameter("Name", sets=("Name",), position=0, aliases=("SwitchName",), wildcards=True, complete="switch",
                  help="The name of the switch."),
        Parameter("VMSwitch", "VMSwitch[]", sets=("SwitchObject",), position=0, pipe="V", help="The switch."),
    ),
    default_set="Name",
    output="VMSwitchTeam",
    examples=(Example("Get-VMSwitchTeam", "Shows the teams of all switches that have one."),),
)  # fmt: skip
def get_vmswitchteam(call: Call) -> Iterator[object]:
    """Output the teams of switches that have one."""
    for ref in given_switches(call):
        if ref.model and ref.model.embedded_teaming:
            yield team_object(ref)


_BY_NAME: Final = ("SwitchName_NetAdapterName", "SwitchName_NetAdapterInterfaceDescription")
_BY_OBJECT: Final = ("SwitchObject_NetAdapterInterfaceDescription", "SwitchObject_NetAdapterName")


def _which(name: str) -> tuple[Parameter, ...]:
    """Return the parameters that say which switch, and which NICs."""
    return (
        Parameter(name, "String[]", sets=_BY_NAME, position=0, mandatory=True, complete="switch",
                  aliases=("SwitchName",), help="The name of the switch."),
        Parameter("VMSwitch", "VMSwitch[]", sets=_BY_OBJECT, position=0, mandatory=True, pipe="V", help="The switch."),
        Parameter("NetAdapterName", "String[]", sets=(_BY_NAME[0], _BY_OBJECT[1]), aliases=("InterfaceAlias",),
                  complete="nic", help="The NICs, by name."),
        Parameter("NetAdapterInterfaceDescription", "String[]", sets=(_BY_NAME[1], _BY_OBJECT[0]),
                  help="The NICs, by their InterfaceDescription."),
        PASSTHRU,
    )  # fmt: skip


@command(
    "Set-VMSwitchTeam",
    "Hyper-V",
    "Configures a virtual switch team.",
    (
        *_which("Name"),
        Parameter("LoadBalancingAlgorithm", "VMSwitchLoadBalancingAlgorithm", values=("HyperVPort", "Dynamic"),
                  help="HyperVPort: all of an adapter leaves by one NIC. Dynamic: its flows leave by all of them."),
        Parameter("TeamingMode", "VMSwitchTeamingMode", values=("SwitchIndependent",), help="The only one there is."),
    ),
    default_set=_BY_NAME[0],
    confirms=True,
    output="VMSwitchTeam",
    examples=(Example("Set-VMSwitchTeam Team -LoadBalancingAlgorithm Dynamic", "Spreads flows over the NICs."),),
)  # fmt: skip
def set_vmswitchteam(call: Call) -> Iterator[object]:
    """Set the members of teams, all of them, and how they balance load."""
    yield from _change(call, "Name", lambda _, given: given)


@command(
    "Add-VMSwitchTeamMember",
    "Hyper-V",
    "Adds members to a virtual switch team.",
    _which("VMSwitchName"),
    default_set=_BY_NAME[0],
    confirms=True,
    output="VMSwitchTeam",
    examples=(Example("Add-VMSwitchTeamMember Team -NetAdapterName 'Ethernet 2'", "Adds a NIC to a team."),),
)
def add_vmswitchteammember(call: Call) -> Iterator[object]:
    """Add NICs to teams."""
    yield from _change(call, "VMSwitchName", lambda old, given: (*old, *(each for each in given if each not in old)))


@command(
    "Remove-VMSwitchTeamMember",
    "Hyper-V",
    "Removes a member from a virtual machine switch team.",
    _which("VMSwitchName"),
    default_set=_BY_NAME[0],
    confirms=True,
    output="VMSwitchTeam",
    examples=(Example("Remove-VMSwitchTeamMember Team -NetAdapterName 'Ethernet 2'", "Takes a NIC out of a team."),),
)
def remove_vmswitchteammember(call: Call) -> Iterator[object]:
    """Take NICs out of teams."""
    members = lambda old, given: tuple(each for each in old if each not in given)  # noqa: E731 - as in the others
    yield from _change(call, "VMSwitchName", members, settle=True)


Members = Callable[[tuple[str, ...], tuple[str, ...]], tuple[str, ...]]


def _change(call: Call, name: str, members: Members, *, settle: bool = False) -> Iterator[object]:
    given = tuple(_nics(call, the_host(call)))
    algorithm = call.get("LoadBalancingAlgorithm")
    for ref in given_switches(call, name):
        if ref.model is None:
            continue
        if not ref.model.embedded_teaming:
            call.error(_no_team(ref))
            continue
        change = partial(_changed, given=given, members=members, algorithm=algorithm)
        if call.change(ref.name, edit.switch(ref.host, ref.name, change), settle=settle) and call.is_on("Passthru"):
            yield team_object(ref)


def _changed(switch: VirtualSwitch, given: tuple[str, ...], members: Members, algorithm: str | None) -> VirtualSwitch:
    nics = members(switch.nics, given) if given else switch.nics
    return replace(switch, nics=nics, load_balancing=LoadBalancing(algorithm or switch.load_balancing))


def _no_team(ref: SwitchRef) -> ErrorRecord:
    return ErrorRecord(
        f"The virtual switch '{ref.name}' does not have embedded teaming enabled.",
        "InvalidOperation", "InvalidState", "VirtualizationException", ref.name,
        remedy="Only New-VMSwitch makes a team: -EnableEmbeddedTeaming $true.",
    )  # fmt: skip


def _nics(call: Call, host: HypervHost) -> Iterator[str]:
    """Yield the names of the NICs that are given by name or description."""
    for text in listed(call.get("NetAdapterName")):
        found = next((each.name for each in host.nics if each.name.casefold() == text.casefold()), None)
        if found is None:
            raise _no_nic("Name", text)
        yield found
    for text in listed(call.get("NetAdapterInterfaceDescription")):
        found = named(host, text)
        if found is None:
            raise _no_nic("InterfaceDescription", text)
        yield found


def _no_nic(name: str, text: str) -> ShellError:
    return failure(
        "No matching MSFT_NetAdapter objects found by CIM query for instances of the ROOT/StandardCimv2/"
        f"MSFT_NetAdapter class on the CIM server: no network adapter has the property {name} with the value '{text}'.",
        category="ObjectNotFound",
        target=text,
    )
