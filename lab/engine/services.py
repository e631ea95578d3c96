"""The services of machines, as the model asks for them: DHCP clients, servers and relay agents, and DNS.

Those of IPv6 are in :mod:`lab.engine.services6`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface

from lab.engine.dhcp_config import Pair, configuration
from lab.engine.network_boot import boot_services, disks_carried_over
from lab.engine.resources import Program, Service
from lab.engine.services6 import client_table, services6
from lab.errors import UnknownName
from lab.model.default_switch import SUFFIX
from lab.model.dhcp import replicate
from lab.model.interfaces import IpInterface, interfaces
from lab.model.names import host_name
from lab.model.objects import LabModel, VirtualMachine
from lab.model.serving import served


def services(model: LabModel) -> Iterator[Service]:
    """Yield what every machine that runs is to run."""
    everything = tuple(interfaces(model))
    running = {vm.name: vm for _, vm in model.vms() if vm.running and vm.has_system}
    for vm in running.values():
        if vm.dhcp_server and _static(vm) and (not vm.dhcp_server.scopes6 or served(model, vm.name)):
            yield _server(model, vm)
        if vm.dhcp_relay:
            mine = [address for each in everything if each.node == vm.name and each.up for address in each.ip.addresses]
            yield _relay(vm, [each for each in mine if isinstance(each, IPv4Interface)])
    yield from _name_servers(model)
    empty = {vm.name for _, vm in model.vms() if not vm.has_system}
    installed = tuple(each for each in everything if each.node not in empty)
    forwarding = {name for name, vm in running.items() if vm.forwarding}
    yield from _clients(installed, forwarding)
    yield from services6(model, installed, forwarding)
    yield from boot_services(model, everything)


def _clients(everything: tuple[IpInterface, ...], forwarding: set[str]) -> Iterator[Service]:
    count = Counter(each.node for each in everything)
    for each in everything:
        if each.ip.dhcp and each.usable and not each.made_by_guest:
            table = client_table(each, count[each.node], forwarding)
            told = {"host_name": host_name(each.node), "table": str(table)}
            yield Service(
                each.node,
                Program.DHCP_CLIENT,
                f'DHCP client on "{each.label}"',
                each.device,
                settings=tuple(sorted(told.items())),
                place=str(each.segment or ""),
            )


def _name_servers(model: LabModel) -> Iterator[Service]:
    for host in model.hosts:
        if host.default_switch and host.default_address:
            told = {"address": str(host.default_address.ip), "suffix": SUFFIX, "bridge": host.default_switch.name}
            title = f'DNS of switch "{host.default_switch.name}"'
            yield Service(host.name, Program.NAME_SERVER, title, settings=tuple(sorted(told.items())))


def _relay(vm: VirtualMachine, local: list[IPv4Interface]) -> Service:
    pairs = ((each, server) for each in local for server in vm.dhcp_relay if server not in each.network)
    settings = tuple((str(each.ip), str(server)) for each, server in pairs)
    return Service(vm.name, Program.DHCP_RELAY, "DHCP relay agent", settings=settings)


def _server(model: LabModel, vm: VirtualMachine) -> Service:
    assert vm.dhcp_server
    owner = partnership(model, vm.name)
    pair = _pair(owner, model) if owner else None
    text = configuration(host_name(vm.name), vm.dhcp_server, served(model, vm.name), pair)
    settings = (("failover", "yes"),) if pair else ()
    return Service(vm.name, Program.DHCP_SERVER, "DHCP server", settings=settings, files=(("dhcp4.json", text),))


def partnership(model: LabModel, name: str) -> VirtualMachine | None:
    """Return the VM whose failover relationship a DHCP server is part of, as owner or as partner."""
    for _, vm in model.vms():
        failover = vm.dhcp_server.failover if vm.dhcp_server else None
        if failover and name in (vm.name, failover.partner):
            return vm
    return None


def _pair(owner: VirtualMachine, model: LabModel) -> Pair | None:
    failover = owner.dhcp_server.failover if owner.dhcp_server else None
    partner = next((vm for _, vm in model.vms() if failover and vm.name == failover.partner), None)
    if failover is None or partner is None:
        return None
    addresses = _addresses(owner, partner)
    names = (host_name(owner.name), host_name(partner.name))
    return Pair(names, addresses, failover.mode, failover.server_role, frozenset(failover.scope_ids))


def _addresses(one: VirtualMachine, other: VirtualMachine) -> tuple[IPv4Address, IPv4Address]:
    """Return addresses by which two machines can talk: of one subnet, if they have such."""
    pairs = [(a, b) for a in _static(one) for b in _static(other)]
    found = next((pair for pair in pairs if pair[0].network == pair[1].network), pairs[0])
    return found[0].ip, found[1].ip


def _static(vm: VirtualMachine) -> list[IPv4Interface]:
    found = (address for adapter in vm.adapters if adapter.ip for address in adapter.ip.addresses)
    return [address for address in found if isinstance(address, IPv4Interface)]


def replicated(model: LabModel, name: str) -> LabModel:
    """Return a model in which the failover partner of a DHCP server has what the server has now.

    UnknownName if no server of that name is in a relationship (Invoke-DhcpServerv4FailoverReplication).
    """
    owner = partnership(model, name)
    if owner is None or owner.dhcp_server is None or owner.dhcp_server.failover is None:
        names = [vm.name for _, vm in model.vms() if partnership(model, vm.name)]
        raise UnknownName("DHCP server with a failover relationship", name, names)
    server = owner.dhcp_server
    new = replace(owner, dhcp_server=replace(server, failover=replicate(owner.dhcp_server.failover, server)))
    hosts = tuple(
        replace(host, vms=tuple(new if vm.name == owner.name else vm for vm in host.vms)) for host in model.hosts
    )
    return replace(model, hosts=hosts)


def carried_over(old: LabModel, new: LabModel) -> LabModel:
    """Return `new` with what failover partners have got before, and with what is on the disks of VMs.

    The former changes only when replication is asked for. A relationship of the same name with the same partner and
    for the same scopes is the same one.
    """
    known = {vm.name: vm.dhcp_server.failover for _, vm in old.vms() if vm.dhcp_server and vm.dhcp_server.failover}

    def carried(vm: VirtualMachine) -> VirtualMachine:
        failover, before = (vm.dhcp_server.failover if vm.dhcp_server else None), known.get(vm.name)
        if vm.dhcp_server is None or failover is None or before is None:
            return vm
        if (failover.name, failover.partner, failover.scope_ids) != (before.name, before.partner, before.scope_ids):
            return vm
        same = replace(failover, replicated=before.replicated)
        return replace(vm, dhcp_server=replace(vm.dhcp_server, failover=same))

    hosts = tuple(replace(host, vms=tuple(map(carried, host.vms))) for host in new.hosts)
    return disks_carried_over(old, replace(new, hosts=hosts))
