"""Switch-embedded teams of physical NICs, and what is mapped to their members."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lab.errors import ErrorRecord
from lab.model.kinds import LoadBalancing
from lab.model.names import quoted
from lab.model.objects import HypervHost, LabModel, NetworkAdapter, VirtualSwitch
from lab.model.rules.mistakes import known, mistake

_MOST_MEMBERS = 8


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


def _mapping(host: HypervHost, adapter: NetworkAdapter, owner: str) -> Iterator[ErrorRecord]:
    switch = host.switch(adapter.switch)
    if not adapter.team_mapping or switch is None:
        return
    what = f"adapter {quoted(owner)} is mapped to NIC {quoted(adapter.team_mapping)}"
    if not switch.embedded_teaming:
        yield mistake(owner, f"{what}, and switch {quoted(switch.name)} has no team", "map it on a switch with a team")
    elif adapter.team_mapping not in switch.nics:
        where = f"the team of switch {quoted(switch.name)} does not have"
        yield mistake(owner, f"{what}, which {where}", known(switch.nics, adapter.team_mapping))
