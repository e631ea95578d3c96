"""Teams of network adapters: New-, Get-, Set-, Rename- and Remove-NetLbfoTeam.

In a lab a VM's guest can make one of two of its adapters (NIC Teaming in VMs).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from lab.model import edit
from lab.model.objects import GuestTeam, VirtualMachine
from lab.shell.command import Call, Example, Impact, Parameter, Support, command
from lab.shell.net.cim import full_name, no_element, type_names, unsupported
from lab.shell.net.interfaces import ALIAS, Kind, interfaces_of
from lab.shell.net.targets import fits
from lab.shell.net.teams import BY_NAME, OBJECT, TEAM_CLASS, Team, changed_team, chosen_team, team_of, teamed
from lab.shell.objects import PSObject
from lab.shell.place import vm_of
from lab.shell.recording import accepted, kept, with_kept
from lab.shell.recording import recorded as say_recorded
from lab.shell.views import show

_MODES: Final = ("Static", "SwitchIndependent", "Lacp")
_ALGORITHMS: Final = ("TransportPorts", "IPAddresses", "MacAddresses", "HyperVPort", "Dynamic")
_ALGORITHM: Final = "LoadBalancingAlgorithm"

show(full_name(TEAM_CLASS), "list", "Name", "Members", "TeamNics", "TeamingMode", "LoadBalancingAlgorithm", "Status")


def _guest(call: Call) -> VirtualMachine:
    """Return the VM in which a team is to be made; a terminating error on a host."""
    vm = vm_of(call.place.model, call.machine) if call.machine.is_vm else None
    if vm is None:
        raise unsupported(
            "In a lab the NICs of a host make no LBFO team; on newer Windows no virtual switch can be on one either.",
            "Make a team in the switch: New-VMSwitch -NetAdapterName Ethernet, 'Ethernet 2' "
            "-EnableEmbeddedTeaming $true",
            call.get("Name"),
        )
    return vm


@command(
    "New-NetLbfoTeam",
    "NetLbfo",
    "Creates a new NIC team.",
    (
        Parameter("Name", position=0, mandatory=True, help="The name of the team."),
        Parameter("TeamMembers", "String[]", position=1, mandatory=True, wildcards=True, complete="interface",
                  help="The adapters that it is made of."),
        Parameter("TeamNicName", position=2, aliases=("tnn",),
                  help="The name of its interface; the team's unless given."),
        Parameter("TeamingMode", "TeamingModes", position=3, aliases=("tm",), values=_MODES,
                  help="SwitchIndependent, in a VM."),
        Parameter(_ALGORITHM, "LBAlgos", position=4, aliases=("lba",), values=_ALGORITHMS, support=Support.RECORDED,
                  help="How it shares its traffic out; in a lab it uses one member at a time."),
        Parameter("LacpTimer", "LacpTimers", position=5, aliases=("lt",), values=("Slow", "Fast"),
                  support=Support.ACCEPTED),
    ),
    confirms=True,
    output="MSFT_NetLbfoTeam",
    guest=True,
    examples=(
        Example("Invoke-Command -VMName web1 { New-NetLbfoTeam -Name Team1 -TeamMembers Ethernet, 'Ethernet 2' }",
                "Makes a team of a VM's two adapters, which are on two external switches."),
    ),
    remarks="Both adapters are on external switches of their own, and have AllowTeaming On.",
)  # fmt: skip
def new_netlbfoteam(call: Call) -> Iterator[object]:
    """Make a team of two adapters of a VM; their own IP settings go."""
    accepted(call)
    vm, name = _guest(call), call.get("Name")
    members = _members(call)
    if members is None:
        return
    if vm.team:
        raise unsupported(
            f'In a lab a guest has one team at most, and this one has "{vm.team.name}".', target=vm.team.name
        )
    if call.get("TeamingMode", "SwitchIndependent") != "SwitchIndependent":
        raise unsupported("In a VM a team is SwitchIndependent.", target=call.get("TeamingMode"))
    recorded = with_kept((), _ALGORITHM, call.get(_ALGORITHM)) if _ALGORITHM in call else ()
    if call.get("TeamNicName", name) != name:
        recorded = with_kept(recorded, ALIAS, call.get("TeamNicName"))
    team = GuestTeam(name, tuple(members), recorded=recorded)
    if call.change(name, edit.vm(call.machine.host, vm.name, lambda each: teamed(each, team))):
        made = team_of(call)
        assert made
        if _ALGORITHM in call:
            say_recorded(call, "how a team shares its traffic out: it uses one member at a time")
        yield _object(made)


def _members(call: Call) -> list[str] | None:
    """Return the adapters that TeamMembers names; None, with an error, if one of the names is of none."""
    there = [each for each in interfaces_of(call.place, call.machine) if each.kind is Kind.ADAPTER]
    found: dict[str, None] = {}
    for wanted in call.get("TeamMembers"):
        mine = [each.name for each in there if fits(each.alias, (wanted,))]
        if not mine:
            call.error(no_element(TEAM_CLASS, f'The machine has no network adapter "{wanted}".'))
            return None
        found.update(dict.fromkeys(mine))
    return list(found)


@command(
    "Get-NetLbfoTeam",
    "NetLbfo",
    "Gets a list of NIC teams on the system.",
    (Parameter("Name", "String[]", position=0, pipe="P", wildcards=True, help="The name of the team."),),
    output="MSFT_NetLbfoTeam",
    guest=True,
    examples=(Example("Get-NetLbfoTeam", "Shows the teams of the machine."),),
)
def get_netlbfoteam(call: Call) -> Iterator[object]:
    """Output the team of the machine, if it has one."""
    found = chosen_team(call)
    if found:
        yield _object(found)


def _object(found: Team) -> PSObject:
    up = [each.up for each in found.members]
    nic = found.nic.alias if found.nic else found.team.name
    return PSObject(
        type_names(TEAM_CLASS),
        {
            "Name": found.team.name,
            "Members": [each.alias for each in found.members],
            "TeamNics": [nic],
            "TeamingMode": "SwitchIndependent",
            "LoadBalancingAlgorithm": kept(found.team.recorded, _ALGORITHM, "TransportPorts"),
            "LacpTimer": "Fast",
            "Status": "Up" if all(up) else "Degraded" if any(up) else "Down",
        },
        source=found.team.name,
    )


_SET_OF: Final = (
    Parameter("Name", "String[]", sets=(BY_NAME,), position=0, mandatory=True, pipe="P", wildcards=True,
              help="The name of the team."),
    Parameter("InputObject", "CimInstance[]", sets=(OBJECT,), mandatory=True, pipe="V",
              help="An object of Get-NetLbfoTeam."),
    Parameter("PassThru", "Switch", help="Outputs the object."),
)  # fmt: skip


@command(
    "Set-NetLbfoTeam",
    "NetLbfo",
    "Sets the TeamingMode, LoadBalancingAlgorithm, or LacpTimer parameters on the specified NIC team.",
    (
        *_SET_OF,
        Parameter("TeamingMode", "TeamingModes", aliases=("tm",), values=_MODES, help="SwitchIndependent, in a VM."),
        Parameter(_ALGORITHM, "LBAlgos", aliases=("lba",), values=_ALGORITHMS, support=Support.RECORDED),
        Parameter("LacpTimer", "LacpTimers", aliases=("lt",), values=("Slow", "Fast"), support=Support.ACCEPTED),
    ),
    default_set=BY_NAME,
    confirms=True,
    guest=True,
    examples=(Example("Set-NetLbfoTeam Team1 -LoadBalancingAlgorithm IPAddresses", "Records the algorithm."),),
)
def set_netlbfoteam(call: Call) -> Iterator[object]:
    """Record how a team shares its traffic out."""
    accepted(call)
    found = chosen_team(call)
    if found is None:
        return
    if call.get("TeamingMode", "SwitchIndependent") != "SwitchIndependent":
        raise unsupported("In a VM a team is SwitchIndependent.", target=call.get("TeamingMode"))
    if _ALGORITHM in call:
        algorithm = call.get(_ALGORITHM)

        def recorded(team: GuestTeam) -> GuestTeam:
            return replace(team, recorded=with_kept(team.recorded, _ALGORITHM, algorithm))

        if not call.change(found.team.name, changed_team(call, found, recorded)):
            return
        say_recorded(call, "how a team shares its traffic out: it uses one member at a time")
    now = team_of(call)
    if now and call.is_on("PassThru"):
        yield _object(now)


@command(
    "Rename-NetLbfoTeam",
    "NetLbfo",
    "Renames a NIC team.",
    (*_SET_OF, Parameter("NewName", position=1, mandatory=True, help="The name that it is to have.")),
    default_set=BY_NAME,
    confirms=True,
    guest=True,
    examples=(Example("Rename-NetLbfoTeam Team1 -NewName Front", "Gives a team another name."),),
)
def rename_netlbfoteam(call: Call) -> Iterator[object]:
    """Give a team another name."""
    found, new = chosen_team(call), call.get("NewName")
    if found and call.change(found.team.name, changed_team(call, found, lambda team: replace(team, name=new))):
        now = team_of(call)
        if now and call.is_on("PassThru"):
            yield _object(now)


@command(
    "Remove-NetLbfoTeam",
    "NetLbfo",
    "Removes one or more NIC teams.",
    _SET_OF,
    default_set=BY_NAME,
    confirms=True,
    impact=Impact.HIGH,
    guest=True,
    examples=(Example("Remove-NetLbfoTeam Team1 -Confirm:$false", "Removes a team without asking."),),
)
def remove_netlbfoteam(call: Call) -> Iterator[object]:
    """Remove a team; its members are adapters of their own again."""
    found = chosen_team(call)
    if found is None:
        return
    name = found.team.name

    def without(vm: VirtualMachine) -> VirtualMachine:
        return replace(vm, team=None) if vm.team and vm.team.name == name else vm

    change = edit.vm(call.machine.host, found.vm.name, without)
    if call.change(name, change, settle=True) and call.is_on("PassThru"):
        yield _object(found)
