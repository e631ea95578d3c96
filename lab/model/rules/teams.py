"""Switch-embedded teams of physical NICs, and what is mapped to their members."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lab.errors import ErrorRecord
from lab.model.interfaces import takes_over
from lab.model.kinds import LoadBalancing, SwitchType
from lab.model.names import quoted
from lab.model.objects import GuestTeam, HypervHost, LabModel, NetworkAdapter, VirtualMachine, VirtualSwitch
from lab.model.rules.mistakes import known, mistake

_MOST_MEMBERS = 8
_GUEST_MEMBERS = 2


def teams(model: LabModel) -> Iterator[ErrorRecord]:
    """Teams that cannot be (New-VMSwitch, Set-VMSwitchTeam), and mappings to a NIC that is in no team."""
    for host in model.hosts:
        for switch in host.switches:
            yield from _team(host, switch)
        for adapter in host.management_adapters:
            yield from _mapping(host, adapter, f"{host.name}/{adapter.name}")
        for vm in host.vms:
            for adapter in vm.adapters:
                yield from _mapping(host, adapter, vm.adapter_id(adapter))


def _team(host: HypervHost, switch: VirtualSwitch) -> Iterator[ErrorRecord]:
    target = f"{host.name}/{switch.name}"
    who = f"switch {quoted(switch.name)}"
    if not switch.embedded_teaming:
        if len(switch.nics) > 1:
            names = ", ".join(map(quoted, switch.nics))
            yield mistake(
                target, f"{who} has the NICs {names}", "several need embedded teaming (embedded_teaming=True)"
            )
        if switch.load_balancing is not LoadBalancing.HYPERVPORT:
            what = f"{who} has the load balancing algorithm {switch.load_balancing} and no embedded teaming"
            yield mistake(target, what, "only a team balances load (embedded_teaming=True)")
        return
    if not switch.nics:
        yield mistake(target, f"{who} has embedded teaming and no NIC", "only an external switch has a team")
    if len(switch.nics) > _MOST_MEMBERS:
        yield mistake(target, f"{who} is to be a team of {len(switch.nics)} NICs", f"expected 1 to {_MOST_MEMBERS}")
    for name, count in Counter(switch.nics).items():
        if count > 1:
            yield mistake(target, f"{who} has NIC {quoted(name)} {count} times in its team", "name each member once")
    members = [nic for nic in host.nics if nic.name in switch.nics]
    for what, values in (
        ("physical networks", sorted({nic.network for nic in members})),
        ("MTUs", sorted({nic.mtu for nic in members})),
    ):
        if len(values) > 1:
            found = ", ".join(str(each) for each in values)
            yield mistake(
                target, f"the team of {who} has NICs with different {what}: {found}", "its NICs must be alike"
            )


def guest_teams(model: LabModel) -> Iterator[ErrorRecord]:
    """Teams that a guest cannot make: NIC Teaming in VMs is for two adapters, on two external switches."""
    for host, vm in model.vms():
        if vm.team:
            yield from _guest_team(host, vm, vm.team)


def _guest_team(host: HypervHost, vm: VirtualMachine, team: GuestTeam) -> Iterator[ErrorRecord]:
    target = f"{vm.name}/{team.name}"
    who = f"the team {quoted(team.name)} of VM {quoted(vm.name)}"
    if not team.name or team.name.casefold() in {adapter.name.casefold() for adapter in vm.adapters}:
        yield mistake(target, f"{who} has the name of an adapter, or none", "give it a name of its own")
    members = [adapter for adapter in vm.adapters if adapter.name in team.adapters]
    if len(members) != _GUEST_MEMBERS or len(team.adapters) != _GUEST_MEMBERS:
        names = ", ".join(map(quoted, team.adapters)) or "none"
        yield mistake(target, f"{who} has the adapters {names}", "expected two different ones of this VM")
        return
    switches = [switch for each in members if (switch := host.switch(each.switch))]
    alike = len({switch.name for switch in switches}) != len(switches)
    if alike or any(switch.type is not SwitchType.EXTERNAL for switch in switches):
        names = " and ".join(quoted(switch.name) for switch in switches)
        yield mistake(target, f"{who} has its adapters on {names}", "expected two different external switches")
    for each in members:
        if (each.ip and each.ip.addresses) or each.vlan_interfaces:
            owner = vm.adapter_id(each)
            what = f"adapter {quoted(owner)} of {who} has addresses or VLAN interfaces of its own"
            yield mistake(owner, what, f"give the addresses to the team: vm.team({quoted(team.name)}, ...)")


def _mapping(host: HypervHost, adapter: NetworkAdapter, owner: str) -> Iterator[ErrorRecord]:
    switch = host.switch(adapter.switch)
    if not adapter.team_mapping or switch is None:
        return
    what = f"adapter {quoted(owner)} is mapped to NIC {quoted(adapter.team_mapping)}"
    if not switch.embedded_teaming:
        yield mistake(owner, f"{what}, and switch {quoted(switch.name)} has no team", "map it on a switch with a team")
        return
    if adapter.team_mapping not in switch.nics:
        where = f"the team of switch {quoted(switch.name)} does not have"
        yield mistake(owner, f"{what}, which {where}", known(switch.nics, adapter.team_mapping))
        return
    nic = takes_over(host, adapter) if switch.load_balancing is LoadBalancing.DYNAMIC else None
    if nic and nic.name != adapter.team_mapping:
        why = f"and has the MAC address of {quoted(nic.name)}, from which flows of others leave in mode Dynamic"
        yield mistake(owner, f"{what}, {why}", f"map it to {quoted(nic.name)}, or use HyperVPort")
