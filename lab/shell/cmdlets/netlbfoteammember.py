"""What a team of network adapters consists of: its members (NetLbfoTeamMember) and interfaces (NetLbfoTeamNic)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from lab.model import edit
from lab.model.objects import GuestTeam
from lab.shell.command import Call, Example, Impact, Parameter, Support, command
from lab.shell.net.cim import full_name, no_element, none_has, type_names, unsupported
from lab.shell.net.interfaces import Kind, NetInterface, interfaces_of
from lab.shell.net.targets import fits, listed
from lab.shell.net.teams import BY_NAME, OBJECT, STANDBY, Team, changed_team, chosen_team, team_of, teamed
from lab.shell.objects import PSObject
from lab.shell.recording import accepted, kept, with_kept
from lab.shell.views import Column, show
from lab.shell.wildcards import has_wildcards

_MEMBER: Final = "MSFT_NetLbfoTeamMember"
_NIC: Final = "MSFT_NetLbfoTeamNic"

show(
    full_name(_MEMBER), "list",
    "Name", "InterfaceDescription", "Team", "AdministrativeMode", "OperationalStatus",
    Column("TransmitLinkSpeed(Mbps)", lambda item: _mbps(item)),
    Column("ReceiveLinkSpeed(Mbps)", lambda item: _mbps(item)), "FailureReason",
)  # fmt: skip
show(full_name(_NIC), "list", "Name", "InterfaceDescription", "Team", "VlanID", "Primary", "Default")


def _mbps(item: PSObject) -> int:
    return int(str(item.get("TransmitLinkSpeed"))) // 1_000_000


@command(
    "Get-NetLbfoTeamMember",
    "NetLbfo",
    "Gets a list of team member network adapters on the system.",
    (
        Parameter("Name", "String[]", position=0, pipe="P", wildcards=True, help="The name of the adapter."),
        Parameter("Team", "String[]", position=1, pipe="P", wildcards=True, help="The name of the team."),
    ),
    output="MSFT_NetLbfoTeamMember",
    guest=True,
    examples=(Example("Get-NetLbfoTeamMember -Team Team1", "Shows how the members of a team are."),),
)
def get_netlbfoteammember(call: Call) -> Iterator[object]:
    """Output the members of the machine's team."""
    found = team_of(call)
    if found is None or ("Team" in call and not fits(found.team.name, call.get("Team"))):
        return
    for each in found.members:
        if "Name" not in call or fits(each.alias, call.get("Name")):
            yield _member_object(found, each)


def _member_object(found: Team, each: NetInterface) -> PSObject:
    reason = "NoFailure" if each.up else "AdministrativeDecision" if not each.enabled else "PhysicalMediaDisconnected"
    standby = each.name in kept(found.team.recorded, STANDBY, [])
    status = ("Standby" if standby else "Active") if each.up else "Failed"
    return PSObject(
        type_names(_MEMBER),
        {
            "Name": each.alias,
            "InterfaceAlias": each.alias,
            "InterfaceDescription": each.description,
            "Team": found.team.name,
            "AdministrativeMode": "Standby" if standby else "Active",
            "OperationalStatus": status,
            "TransmitLinkSpeed": each.speed_bps,
            "ReceiveLinkSpeed": each.speed_bps,
            "FailureReason": reason,
        },
        source=each.name,
    )


_MEMBER_OF: Final = (
    Parameter("Name", "String[]", sets=(BY_NAME,), position=0, mandatory=True, pipe="P", wildcards=True,
              complete="interface", help="The name of the adapter."),
    Parameter("InputObject", "CimInstance[]", sets=(OBJECT,), mandatory=True, pipe="V",
              help="An object of Get-NetLbfoTeamMember."),
    Parameter("PassThru", "Switch", help="Outputs the object."),
)  # fmt: skip


def _chosen_members(call: Call, found: Team) -> list[str]:
    if "InputObject" in call:
        return [each.source for each in listed(call.get("InputObject"))]
    mine: list[str] = []
    for wanted in call.get("Name"):
        fitting = [each.name for each in found.members if fits(each.alias, (wanted,))]
        if not fitting and not has_wildcards(wanted):
            none_has(call, _MEMBER, "Name", wanted)
        mine += fitting
    return mine


@command(
    "Add-NetLbfoTeamMember",
    "NetLbfo",
    "Adds a new member (network adapter) to a specified NIC team.",
    (
        Parameter("Name", "String[]", position=0, mandatory=True, wildcards=True, complete="interface",
                  help="The name of the adapter."),
        Parameter("Team", position=1, mandatory=True, help="The name of the team."),
        Parameter("AdministrativeMode", "AdminModes", position=2, values=("Active", "Standby"),
                  support=Support.ACCEPTED),
    ),
    confirms=True,
    guest=True,
    examples=(Example("Add-NetLbfoTeamMember 'Ethernet 2' -Team Team1", "Adds an adapter to a team."),),
    remarks="In a lab a guest's team has two members, so that none can be added or removed.",
)  # fmt: skip
def add_netlbfoteammember(call: Call) -> Iterator[object]:
    """Add adapters to a team."""
    accepted(call)
    found = chosen_team(call, "Team")
    if found is None:
        return
    there = [each for each in interfaces_of(call.place, call.machine) if each.kind is Kind.ADAPTER]
    new = [each.name for each in there if fits(each.alias, call.get("Name"))]
    if not new:
        call.error(no_element(_MEMBER))
        return
    team = replace(found.team, adapters=(*found.team.adapters, *new))
    if call.change(found.team.name, edit.vm(call.machine.host, found.vm.name, lambda vm: teamed(vm, team))):
        now = team_of(call)
        assert now
        yield from (_member_object(now, each) for each in now.members if each.name in new)


@command(
    "Remove-NetLbfoTeamMember",
    "NetLbfo",
    "Removes one or more network adapters from a NIC team.",
    (*_MEMBER_OF, Parameter("Team", position=1, help="The name of the team.")),
    default_set=BY_NAME,
    confirms=True,
    impact=Impact.HIGH,
    guest=True,
    examples=(Example("Remove-NetLbfoTeamMember 'Ethernet 2' -Team Team1", "Takes an adapter out of a team."),),
    remarks="In a lab a guest's team has two members, so that none can be added or removed.",
)
def remove_netlbfoteammember(call: Call) -> None:
    """Take adapters out of a team."""
    found = chosen_team(call, "Team") if "InputObject" not in call else team_of(call)
    gone = _chosen_members(call, found) if found else []
    if found and gone:
        left = tuple(each for each in found.team.adapters if each not in gone)
        call.change(found.team.name, changed_team(call, found, lambda team: replace(team, adapters=left)), settle=True)


@command(
    "Set-NetLbfoTeamMember",
    "NetLbfo",
    "Sets the role of a member network adapter in a NIC team.",
    (
        *_MEMBER_OF,
        Parameter("AdministrativeMode", "AdminModes", position=1, values=("Active", "Standby"),
                  help="Standby: it is used when the other one has no link."),
    ),
    default_set=BY_NAME,
    confirms=True,
    guest=True,
    examples=(Example("Set-NetLbfoTeamMember Ethernet -AdministrativeMode Standby", "Keeps an adapter in reserve."),),
)  # fmt: skip
def set_netlbfoteammember(call: Call) -> Iterator[object]:
    """Say which member of a team is kept in reserve: the other one is used as long as it has a link."""
    found = team_of(call)
    mine = _chosen_members(call, found) if found else []
    if found is None or not mine or "AdministrativeMode" not in call:
        return
    standby = set(kept(found.team.recorded, STANDBY, []))
    standby = standby | set(mine) if call.get("AdministrativeMode") == "Standby" else standby - set(mine)
    if len(standby) >= len(found.members):
        raise unsupported("A team has one member at least that is not in reserve.", target=mine[0])
    order = sorted(found.team.adapters, key=lambda name: name in standby)

    def changed(team: GuestTeam) -> GuestTeam:
        return replace(team, adapters=tuple(order), recorded=with_kept(team.recorded, STANDBY, sorted(standby)))

    if call.change(found.team.name, changed_team(call, found, changed)):
        now = team_of(call)
        assert now
        if call.is_on("PassThru"):
            yield from (_member_object(now, each) for each in now.members if each.name in mine)


@command(
    "Get-NetLbfoTeamNic",
    "NetLbfo",
    "Gets a list of team interfaces on the system.",
    (
        Parameter("Name", "String[]", position=0, pipe="P", wildcards=True, help="The name of the interface."),
        Parameter("Team", "String[]", position=1, pipe="P", wildcards=True, help="The name of the team."),
    ),
    output="MSFT_NetLbfoTeamNic",
    guest=True,
    examples=(Example("Get-NetLbfoTeamNic -Team Team1", "Shows the interface of a team."),),
)
def get_netlbfoteamnic(call: Call) -> Iterator[object]:
    """Output the interface of the machine's team."""
    found = team_of(call)
    if found is None or found.nic is None or ("Team" in call and not fits(found.team.name, call.get("Team"))):
        return
    if "Name" not in call or fits(found.nic.alias, call.get("Name")):
        yield PSObject(
            type_names(_NIC),
            {
                "Name": found.nic.alias,
                "InterfaceAlias": found.nic.alias,
                "InterfaceDescription": found.nic.description,
                "Team": found.team.name,
                "VlanID": None,
                "Primary": True,
                "Default": True,
                "TransmitLinkSpeed": found.nic.speed_bps,
                "ReceiveLinkSpeed": found.nic.speed_bps,
            },
            source=found.team.name,
        )


def _no_vlan(call: Call) -> None:
    if "VlanID" in call:
        raise unsupported(
            "In a lab the interface of a guest's team is in no VLAN of its own.",
            "Set the VLAN of its members outside: Set-VMNetworkAdapterVlan.",
            call.get("VlanID"),
        )


@command(
    "Set-NetLbfoTeamNic",
    "NetLbfo",
    "Sets the VLAN identifier (VlanID) on a team interface, or restores the interface to Default mode.",
    (
        Parameter("Name", "String[]", position=0, mandatory=True, pipe="P", wildcards=True,
                  help="The name of the interface."),
        Parameter("Team", "String[]", pipe="P", wildcards=True, help="The name of the team."),
        Parameter("VlanID", "UInt32", help="The VLAN of the interface."),
        Parameter("Default", "Switch", help="Without a VLAN, as it is always here."),
    ),
    confirms=True,
    guest=True,
    examples=(Example("Set-NetLbfoTeamNic Team1 -Default", "Leaves the interface of a team without a VLAN."),),
)  # fmt: skip
def set_netlbfoteamnic(call: Call) -> None:
    """Leave the interface of a team as it is: without a VLAN; another one is an error."""
    found = team_of(call)
    for wanted in call.get("Name"):
        if not has_wildcards(wanted) and not (found and found.nic and fits(found.nic.alias, (wanted,))):
            none_has(call, _NIC, "Name", wanted)
            return
    _no_vlan(call)


@command(
    "Add-NetLbfoTeamNic",
    "NetLbfo",
    "Adds a new interface to a NIC team.",
    (
        Parameter("Team", position=0, mandatory=True, help="The name of the team."),
        Parameter("VlanID", "UInt32", position=1, mandatory=True, help="The VLAN of the interface."),
        Parameter("Name", position=2, help="The name of the interface."),
    ),
    confirms=True,
    guest=True,
    examples=(Example("Add-NetLbfoTeamNic Team1 -VlanID 10", "Is refused: a team has one interface in a lab."),),
)
def add_netlbfoteamnic(call: Call) -> None:
    """Refuse a second interface of a team, which is not part of a lab."""
    if chosen_team(call, "Team"):
        _no_vlan(call)
