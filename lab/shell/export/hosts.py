"""What a Hyper-V host itself is given: its settings, the addresses of its management OS, its NAT."""

from __future__ import annotations

import json
from collections.abc import Iterator

from lab.model.addresses import NO_IP, hyperv_mac
from lab.model.kinds import SwitchType
from lab.model.names import vethernet
from lab.model.objects import HypervHost, NetworkAdapter
from lab.shell.export.adapters import Whose
from lab.shell.export.addresses import can_be_set, interface_lines, ip_lines
from lab.shell.export.advertising import advertising_lines, forwarding_lines
from lab.shell.export.recorded import host_lines
from lab.shell.export.switches import comes_with, given_mtu
from lab.shell.export.writing import guarded, line, unasked
from lab.shell.net.interfaces import ALIAS


def host_settings(host: HypervHost) -> Iterator[str]:
    """Yield what a host is told before it has switches and VMs."""
    if host.mac_address_minimum and host.mac_address_maximum:
        yield line(
            "Set-VMHost", MacAddressMinimum=hyperv_mac(host.mac_address_minimum),
            MacAddressMaximum=hyperv_mac(host.mac_address_maximum),
        )  # fmt: skip
    yield from host_lines(host)


def management_lines(host: HypervHost) -> Iterator[str]:
    """Yield what the management OS sets on its adapters: addresses, routes, MTU."""
    names: list[tuple[str, str]] = [(nic.name, nic.name) for nic in host.nics]
    for adapter in host.management_adapters:
        renamed = (json.loads(each.value) for each in adapter.recorded if each.name == ALIAS)
        alias = next(renamed, None) or vethernet(adapter.name)
        names.append((vethernet(adapter.name), alias))
        switch = host.switch(adapter.switch)
        if switch is not None and not switch.is_default:
            yield from _adapter(host, adapter, alias)
    yield from forwarding_lines(host.forwarding)
    yield from advertising_lines(host.name, host.router_advertisements, names)
    for adapter in host.management_adapters:
        if not adapter.enabled:
            yield unasked(line("Disable-NetAdapter", Name=dict(names)[vethernet(adapter.name)]))


def _adapter(host: HypervHost, adapter: NetworkAdapter, alias: str) -> Iterator[str]:
    switch = host.switch(adapter.switch)
    first = switch is not None and adapter.name == switch.name and comes_with(host, switch)
    taken = first and switch is not None and switch.type is SwitchType.EXTERNAL
    nic = host.nic(switch.nic) if taken and switch else None
    if alias != vethernet(adapter.name):
        yield line("Rename-NetAdapter", Name=vethernet(adapter.name), NewName=alias)
    if adapter.mac:
        yield line("Set-NetAdapter", Name=alias, MacAddress=hyperv_mac(adapter.mac))
    had = nic.ip if nic else NO_IP
    if adapter.ip is None:
        if not taken:
            yield from guarded([line("Set-LabAdapter", **Whose(adapter.name).words("Name")) + " -TakesOver"])
    elif taken and adapter.ip == had:
        yield line("Set-NetIPInterface", InterfaceAlias=alias, Dhcp="Enabled" if had.dhcp else "Disabled")
    elif can_be_set(adapter.ip):
        yield from ip_lines(alias, had, adapter.ip, adapter.recorded)
    yield from interface_lines(alias, adapter.recorded)
    if adapter.mtu != given_mtu(host, switch):
        yield line("Set-NetIPInterface", InterfaceAlias=alias, NlMtuBytes=adapter.mtu)


def nat_lines(host: HypervHost) -> Iterator[str]:
    """Yield what makes a host's NAT with its static mappings."""
    nat = host.nat
    if nat is None:
        return
    yield line("New-NetNat", Name=nat.name, InternalIPInterfaceAddressPrefix=str(nat.prefix))
    for each in nat.mappings:
        yield line(
            "Add-NetNatStaticMapping", NatName=nat.name, Protocol=each.protocol, ExternalIPAddress=each.external_ip,
            ExternalPort=each.external_port, InternalIPAddress=each.internal_ip, InternalPort=each.internal_port,
        )  # fmt: skip
