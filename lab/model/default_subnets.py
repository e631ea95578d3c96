"""Where nobody has said which, the subnet of each Default Switch: one that nothing else in the lab uses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lab.model.addresses import IpSettings, Network
from lab.model.default_switch import chosen_subnet, host_address
from lab.model.objects import HypervHost, LabModel


def placed(model: LabModel) -> LabModel:
    """Return the model with an address for each host on its Default Switch; those given stay as they are."""
    taken = list(used(model))
    hosts = []
    for host in model.hosts:
        switch = host.default_switch
        own = host.adapters_on(switch.name)[:1] if switch else ()
        if own and own[0].ip == IpSettings():
            subnet = chosen_subnet(model.name, host.name, taken)
            taken.append(subnet)
            ready = replace(own[0], ip=IpSettings((host_address(subnet),)))
            adapters = tuple(ready if each is own[0] else each for each in host.management_adapters)
            hosts.append(replace(host, management_adapters=adapters))
        else:
            hosts.append(host)
    return replace(model, hosts=tuple(hosts))


def used(model: LabModel) -> Iterator[Network]:
    """Yield every subnet that anything of a lab is in, or says that it is in."""
    yield from model.internet.subnets
    for computer in model.internet.hosts:
        yield from _of(computer.ip)
    for network in model.networks:
        yield from network.subnets
        for computer in network.computers:
            yield from _of(computer.ip)
        if network.router:
            yield from _of(network.router.inside)
            yield from _of(network.router.outside)
    for host in model.hosts:
        yield from used_by(host)


def used_by(host: HypervHost) -> Iterator[Network]:
    """Yield the subnets of a host, and of its VMs."""
    for nic in host.nics:
        yield from _of(nic.ip)
    for adapter in host.management_adapters:
        yield from _of(adapter.ip)
    if host.nat:
        yield host.nat.prefix
    for vm in host.vms:
        for adapter in vm.adapters:
            yield from _of(adapter.ip)
            for made in adapter.vlan_interfaces:
                yield from _of(made.ip)
        if vm.team:
            yield from _of(vm.team.ip)
        if vm.dhcp_server:
            yield from (scope.subnet for scope in vm.dhcp_server.scopes)


def _of(ip: IpSettings | None) -> Iterator[Network]:
    if ip:
        yield from (address.network for address in ip.addresses)
