"""What a lab hands out once and keeps: MAC addresses, port numbers, datapath ids.

An allocation is a function of the model and of what was handed out before, so a running lab keeps its numbers when its
file is edited. A port number is never given twice on one switch: flows learned for its former owner would reach the new
one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lab.engine.mac_pools import dynamic_macs, prefixes
from lab.errors import InputError, TopologyError
from lab.model.addresses import stable_mac
from lab.model.interfaces import IpInterface, Segment, host_interfaces, interfaces
from lab.model.objects import LabModel
from lab.model.rules.addresses import mac_doubles

# OpenFlow 1.3: OFPP_MAX.
LAST_OFPORT = 0xFEFF


@dataclass(frozen=True, slots=True)
class Allocation:
    """``macs`` of those without a static one by interface (``web1/Network Adapter``), ``ofports`` by port
    (``hv1/External/web1/Network Adapter``), ``last_ofport`` by switch (``hv1/External``), ``dpids`` by switch,
    ``mac_pools`` by host: the first five octets of its dynamic addresses."""

    macs: Mapping[str, str] = field(default_factory=dict)
    ofports: Mapping[str, int] = field(default_factory=dict)
    last_ofport: Mapping[str, int] = field(default_factory=dict)
    dpids: Mapping[str, int] = field(default_factory=dict)
    mac_pools: Mapping[str, str] = field(default_factory=dict)

    def mac(self, interface: IpInterface) -> str:
        return interface.mac or self.macs[interface.adapter_name]


def allocate(model: LabModel, before: Allocation) -> Allocation:
    """Return the numbers for everything in `model`, keeping those of `before`.

    Raises InputError when a host has no dynamic MAC address left for a VM that runs (KB2804678: 256 per host).
    """
    pools = prefixes(model, before.mac_pools)
    return Allocation(
        macs=_macs(model, pools, before.macs),
        mac_pools=pools,
        **_switch_numbers(model, before),
    )


def refuse_doubles(model: LabModel, allocation: Allocation) -> None:
    """Raise TopologyError if two adapters that meet have one MAC address, as hosts with equal pools give them."""
    macs = [allocation.mac(each) for each in interfaces(model) if not each.bound_to and not each.tag]
    records = tuple(mac_doubles(model, allocation.macs)) if len(set(macs)) < len(macs) else ()
    if records:
        raise TopologyError(records)


def switch_key(host: str, switch: str) -> str:
    return f"{host}/{switch}"


def port_key(segment: Segment, owner: str) -> str:
    return f"{segment.host}/{segment.name}/{owner}"


def _macs(model: LabModel, pools: Mapping[str, str], before: Mapping[str, str]) -> dict[str, str]:
    macs = dynamic_macs(model, pools, before)
    for interface in interfaces(model):
        name = interface.full_name
        if name not in macs and not interface.mac and not interface.made_by_guest:
            macs[name] = before.get(name) or stable_mac(name)
    return macs


def port_owners(model: LabModel) -> Iterable[tuple[Segment, str]]:
    """Yield (switch, owner's full name) of every port that exists: adapters of running VMs, management OS, uplinks."""
    for host in model.hosts:
        for interface in host_interfaces(host):
            if interface.bound_to:
                yield Segment(host.name, interface.bound_to), interface.full_name
    for interface in interfaces(model):
        if interface.segment and interface.segment.is_switch and not interface.made_by_guest:
            yield interface.segment, interface.full_name


def _switch_numbers(model: LabModel, before: Allocation) -> dict[str, Mapping[str, int]]:
    ofports: dict[str, int] = {}
    last = {switch_key(h.name, s.name): 0 for h in model.hosts for s in h.switches}
    last |= before.last_ofport
    for segment, owner in port_owners(model):
        key = port_key(segment, owner)
        switch = switch_key(segment.host, segment.name)
        if key in before.ofports:
            ofports[key] = before.ofports[key]
            continue
        last[switch] += 1
        ofports[key] = last[switch]
        if last[switch] > LAST_OFPORT:
            raise InputError(f'switch "{segment.name}" has had {LAST_OFPORT} ports; delete it and create it anew')
    dpids = dict(before.dpids)
    for switch in sorted(last):
        dpids.setdefault(switch, max(dpids.values(), default=0) + 1)
    return {"ofports": ofports, "last_ofport": last, "dpids": dpids}
