"""The Default Switch: what Windows does not let anybody change, and a subnet that somebody else has."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

from lab.errors import ErrorRecord
from lab.model.default_subnets import used
from lab.model.default_switch import DEFAULT_SWITCH, PREFIX_LENGTH, SUBNETS, chosen_subnet, host_address
from lab.model.kinds import SwitchType
from lab.model.names import quoted
from lab.model.objects import HypervHost, LabModel, NetworkAdapter, VirtualSwitch
from lab.model.rules.mistakes import mistake

_WINDOWS_OWN = "Windows itself makes it, and nobody can rename, delete or reconfigure it"


def default_switches(model: LabModel) -> Iterator[ErrorRecord]:
    """Switches of that name that are not it, and others that would be; settings of it; its subnet."""
    for host in model.hosts:
        for switch in host.switches:
            target = f"{host.name}/{switch.name}"
            if switch.is_default:
                yield from _settings(host, switch, target)
                yield from _subnet(model, host, switch, target)
            elif switch.name.casefold() == DEFAULT_SWITCH.casefold():
                yield mistake(
                    target,
                    f"switch {quoted(target)} has the name of the Default Switch of client Windows",
                    "give it another name; or say default_switch() for the one that Windows makes",
                )


def _settings(host: HypervHost, switch: VirtualSwitch, target: str) -> Iterator[ErrorRecord]:
    if switch != VirtualSwitch(DEFAULT_SWITCH, SwitchType.INTERNAL, is_default=True):
        yield mistake(target, f"the Default Switch of host {quoted(host.name)} is reconfigured", _WINDOWS_OWN)
    adapters = host.adapters_on(switch.name)
    for adapter in adapters[1:]:
        what = f"host {quoted(host.name)} has a second adapter on its Default Switch, {quoted(adapter.name)}"
        yield mistake(f"{host.name}/{adapter.name}", what, _WINDOWS_OWN)
    if not adapters:
        yield mistake(target, f"host {quoted(host.name)} has no adapter on its Default Switch", _WINDOWS_OWN)
    for adapter in adapters[:1]:
        if adapter != NetworkAdapter(DEFAULT_SWITCH, DEFAULT_SWITCH, ip=adapter.ip):
            what = f"the adapter of host {quoted(host.name)} on its Default Switch has settings"
            yield mistake(f"{host.name}/{adapter.name}", what, _WINDOWS_OWN)


def _subnet(model: LabModel, host: HypervHost, switch: VirtualSwitch, target: str) -> Iterator[ErrorRecord]:
    subnet = host.default_subnet
    if subnet is None:
        return
    who = f"the Default Switch of host {quoted(host.name)}"
    if subnet.prefixlen != PREFIX_LENGTH or not subnet.subnet_of(SUBNETS):
        yield mistake(target, f"{who} has the subnet {subnet}", f"expected a /{PREFIX_LENGTH} of {SUBNETS}")
        return
    # Its own network is among those used once for the host; VMs with addresses of it are its users, too.
    others = [net for net in used(model) if isinstance(net, IPv4Network) and net != subnet]
    clash = next((net for net in others if net.overlaps(subnet)), None)
    same = [each.name for each in model.hosts if each.default_subnet == subnet]
    taken = [*(net for net in used(model) if isinstance(net, IPv4Network)), subnet]
    free = chosen_subnet(model.name, host.name, taken)
    if clash:
        yield mistake(
            target, f"{who} has the subnet {subnet}, and {clash} is used, too", f"use another, such as {free}"
        )
    elif same[0] != host.name:
        what = f"{who} has the subnet {subnet}, as that of host {quoted(same[0])}"
        yield mistake(target, what, f"use another, such as {free}")
    for adapter in host.adapters_on(switch.name)[:1]:
        if adapter.ip and [host_address(subnet)] != list(adapter.ip.addresses):
            yield mistake(target, f"{who} has not the first address of its subnet", f"expected {host_address(subnet)}")
