"""What a lab hands out once and keeps: MAC addresses, port numbers, datapath ids.

An allocation is a function of the model and of what was handed out before, so a running lab keeps its numbers when its
file is edited. A port number is never given twice on one switch: flows learned for its former owner would reach the new
one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from lab.errors import InputError
from lab.model.addresses import HYPERV_OUI, MAC_POOL_SIZE, mac_pool, stable_mac
from lab.model.interfaces import IpInterface, Segment, host_interfaces, interfaces, takes_over
from lab.model.objects import HypervHost, LabModel

# OpenFlow 1.3: OFPP_MAX.
LAST_OFPORT = 0xFEFF


@dataclass(frozen=True, slots=True)
class Allocation:
    """``macs`` of those without a static one by interface (``web1/Network Adapter``), ``ofports`` by port
    (``hv1/External/web1/Network Adapter``), ``last_ofport`` by switch (``hv1/External``), ``dpids`` by switch."""

    macs: Mapping[str, str] = field(default_factory=dict)
    ofports: Mapping[str, int] = field(default_factory=dict)
    last_ofport: Mapping[str, int] = field(default_factory=dict)
    dpids: Mapping[str, int] = field(default_factory=dict)

    def mac(self, interface: IpInterface) -> str:
        return interface.mac or self.macs[interface.full_name]


def allocate(model: LabModel, before: Allocation) -> Allocation:
    """Return the numbers for everything in `model`, keeping those of `before`.

    Raises InputError when a host has no dynamic MAC address left for a VM that runs (KB2804678: 256 per host).
    """
    return Allocation(
        macs=_macs(model, before.macs),
        **_switch_numbers(model, before),
    )


def switch_key(host: str, switch: str) -> str:
    return f"{host}/{switch}"


def port_key(segment: Segment, owner: str) -> str:
    return f"{segment.host}/{segment.name}/{owner}"


def _macs(model: LabModel, before: Mapping[str, str]) -> dict[str, str]:
    macs: dict[str, str] = {}
    for host in model.hosts:
        macs |= _host_macs(host, before)
    for interface in interfaces(model):
        name = interface.full_name
        if name not in macs and not interface.mac:
            macs[name] = before.get(name) or stable_mac(name)
    return macs


def _host_macs(host: HypervHost, before: Mapping[str, str]) -> dict[str, str]:
    """NICs have addresses of their own; what is virtual takes one of the host's pool, unless it has a static one."""
    macs = {f"{host.name}/{nic.name}": nic.mac or stable_mac(host.name, nic.name) for nic in host.nics}
    prefix = mac_pool(host.name, _first_ipv4(host))
    dynamic: list[tuple[str, str]] = []
    for adapter in host.management_adapters:
        name = host.management_id(adapter)
        nic = takes_over(host, adapter)
        static = adapter.mac or (macs[f"{host.name}/{nic.name}"] if nic else "")
        dynamic.append((name, static))
    dynamic += [(vm.adapter_id(adapter), adapter.mac) for vm in host.vms for adapter in vm.adapters]
    taken = {static for _, static in dynamic}
    before = {name: mac for name, mac in before.items() if mac.startswith(HYPERV_OUI) and mac not in taken}
    kept = {before[name] for name, static in dynamic if not static and name in before}
    pool = (mac for at in range(MAC_POOL_SIZE) if (mac := f"{prefix}:{at:02x}") not in kept | taken)
    given = {host.management_id(each) for each in host.management_adapters if each.mac}
    given |= {vm.adapter_id(each) for vm in host.vms for each in vm.adapters if each.mac}
    for name, static in dynamic:
        if name in given:
            continue  # a static address is in the model; one that is remembered here would outlive its setting
        mac = static or before.get(name) or next(pool, "")
        if not mac:
            raise InputError(
                f'adapter "{name}" cannot power on: the {MAC_POOL_SIZE} dynamic MAC addresses of host "{host.name}" '
                "are all in use",
                remedy="give some adapters a static MAC address (mac=...)",
                target=name,
            )
        macs[name] = mac
    return macs


def _first_ipv4(host: HypervHost) -> IPv4Address | None:
    settings = [nic.ip for nic in host.nics] + [adapter.ip for adapter in host.management_adapters if adapter.ip]
    for ip in settings:
        for address in ip.addresses:
            if isinstance(address.ip, IPv4Address):
                return address.ip
    return None


def port_owners(model: LabModel) -> Iterable[tuple[Segment, str]]:
    """Yield (switch, owner's full name) of every port that exists: adapters of running VMs, management OS, uplinks."""
    for host in model.hosts:
        for interface in host_interfaces(host):
            if interface.bound_to:
                yield Segment(host.name, interface.bound_to), interface.full_name
    for interface in interfaces(model):
        if interface.segment and interface.segment.is_switch:
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
