"""The team of a VM's guest as the cmdlets of module NetLbfo see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from lab.model import edit
from lab.model.addresses import NO_IP
from lab.model.edit import Edit
from lab.model.objects import GuestTeam, NetworkAdapter, VirtualMachine
from lab.shell.command import Call
from lab.shell.net.cim import none_has
from lab.shell.net.interfaces import Kind, NetInterface, interfaces_of
from lab.shell.net.targets import fits, listed
from lab.shell.place import vm_of
from lab.shell.wildcards import has_wildcards

TEAM_CLASS: Final = "MSFT_NetLbfoTeam"
STANDBY: Final = "Standby"
BY_NAME, OBJECT = "ByName", "InputObject (cdxml)"


@dataclass(frozen=True, slots=True)
class Team:
    """The team of a VM's guest, with its interfaces: the members in their order, and its own."""

    vm: VirtualMachine
    team: GuestTeam
    members: tuple[NetInterface, ...]
    nic: NetInterface | None


def team_of(call: Call) -> Team | None:
    """Return the team of the machine, None if it has none."""
    vm = vm_of(call.place.model, call.machine) if call.machine.is_vm else None
    if vm is None or vm.team is None:
        return None
    mine = interfaces_of(call.place, call.machine)
    adapters = {each.name: each for each in mine if each.kind is Kind.ADAPTER}
    members = tuple(adapters[name] for name in vm.team.adapters if name in adapters)
    return Team(vm, vm.team, members, next((each for each in mine if each.kind is Kind.TEAM), None))


def chosen_team(call: Call, name: str = "Name", kind: str = TEAM_CLASS) -> Team | None:
    """Return the machine's team if it is the one, or one of those, that a cmdlet is told to act on."""
    found = team_of(call)
    if "InputObject" in call:
        names = [each.source for each in listed(call.get("InputObject"))]
        return found if found and found.team.name in names else None
    for wanted in listed(call.get(name)):
        if not has_wildcards(wanted) and not (found and fits(found.team.name, (wanted,))):
            none_has(call, kind, name, wanted)
    return found if found and (name not in call or fits(found.team.name, listed(call.get(name)))) else None


def teamed(vm: VirtualMachine, team: GuestTeam) -> VirtualMachine:
    def member(each: NetworkAdapter) -> NetworkAdapter:
        return replace(each, ip=NO_IP, vlan_interfaces=()) if each.name in team.adapters else each

    return replace(vm, adapters=tuple(map(member, vm.adapters)), team=team)


def changed_team(call: Call, found: Team, change: Callable[[GuestTeam], GuestTeam]) -> Edit:
    """Return the change of a guest's team."""
    name = found.team.name

    def changed(vm: VirtualMachine) -> VirtualMachine:
        return replace(vm, team=change(vm.team)) if vm.team and vm.team.name == name else vm

    return edit.vm(call.machine.host, found.vm.name, changed)
