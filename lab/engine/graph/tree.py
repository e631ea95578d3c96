"""A lab as a tree for the terminal: on which switch or network everything is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lab.engine.graph.scene import (
    adapter_addresses,
    adapter_words,
    addresses,
    router_words,
    switch_words,
    vm_words,
)
from lab.model.addresses import IpSettings
from lab.model.interfaces import host_interfaces
from lab.model.names import vethernet
from lab.model.objects import HypervHost, LabModel, NetworkAdapter, PhysicalNetwork, VirtualMachine, VirtualSwitch


@dataclass(slots=True)
class _Branch:
    text: str
    below: list[_Branch] = field(default_factory=list)


def tree(model: LabModel) -> str:
    """Return the lab as lines of text."""
    root = _Branch(f"lab {model.name}")
    root.below += (_host(host) for host in model.hosts)
    root.below += (_network(model, network) for network in model.networks)
    internet = _Branch(_words("the internet", *map(str, model.internet.subnets)))
    internet.below += (
        _Branch(_words(f"router {network.router.name}", *addresses(network.router.outside)))
        for network in model.networks
        if network.router and network.router.outside.addresses
    )
    internet.below += (_Branch(_words(each.name, *addresses(each.ip))) for each in model.internet.hosts)
    root.below += [internet] if internet.below else []
    return "\n".join(_drawn(root)) + "\n"


def _drawn(branch: _Branch) -> Iterator[str]:
    yield branch.text
    for at, below in enumerate(branch.below, 1):
        last = at == len(branch.below)
        for number, line in enumerate(_drawn(below)):
            mark = ("└── " if last else "├── ") if number == 0 else ("    " if last else "│   ")
            yield mark + line


def _host(host: HypervHost) -> _Branch:
    found = _Branch(f"Hyper-V host {host.name}{' (routes)' if host.forwarding else ''}")
    settings = {each.label: each.ip for each in host_interfaces(host)}
    found.below += (_switch(host, switch, settings) for switch in host.switches)
    for nic in host.nics:
        if not host.switch_of_nic(nic.name):
            text = _words(f"management OS: {nic.name}", *addresses(settings[nic.name]), f"on network {nic.network}")
            found.below.append(_Branch(text))
    for adapter in host.management_adapters:
        if not host.switch(adapter.switch):
            found.below.append(_Branch(f"management OS: {vethernet(adapter.name)}, connected to no switch"))
    for vm in host.vms:
        found.below += (
            _Branch(_adapter(vm, adapter) + ", connected to no switch")
            for adapter in vm.adapters
            if not host.switch(adapter.switch)
        )
        found.below += [] if vm.adapters else [_Branch(_words(_vm(vm), "no network adapter"))]
    return found


def _switch(host: HypervHost, switch: VirtualSwitch, settings: dict[str, IpSettings]) -> _Branch:
    found = _Branch(f"switch {switch.name} ({', '.join(switch_words(host, switch))})")
    for nic in (nic for name in switch.nics if (nic := host.nic(name))):
        found.below.append(_Branch(f"physical NIC {nic.name} to network {nic.network}"))
    for adapter in host.adapters_on(switch.name):
        title = vethernet(adapter.name)
        found.below.append(_Branch(_words(f"management OS: {title}", *addresses(settings[title]))))
    found.below += (
        _Branch(_adapter(vm, adapter)) for vm in host.vms for adapter in vm.adapters if adapter.switch == switch.name
    )
    return found


def _vm(vm: VirtualMachine) -> str:
    notes = ", ".join(vm_words(vm))
    return f"VM {vm.name}{f' ({notes})' if notes else ''}"


def _adapter(vm: VirtualMachine, adapter: NetworkAdapter) -> str:
    title = " ".join((adapter.name, *adapter_words(vm, adapter)))
    return _words(f"{_vm(vm)}: {title}", *adapter_addresses(adapter))


def _network(model: LabModel, network: PhysicalNetwork) -> _Branch:
    found = _Branch(_words(f"physical network {network.name}", *map(str, network.subnets)))
    found.below += (
        _Branch(f"Hyper-V host {host.name}: {nic.name}")
        for host in model.hosts
        for nic in host.nics
        if nic.network == network.name
    )
    found.below += (_Branch(_words(f"computer {each.name}", *addresses(each.ip))) for each in network.computers)
    router = network.router
    if router:
        found.below.append(_Branch(_words(f"{router_words(router)} {router.name}", *addresses(router.inside))))
    return found


def _words(title: str, *more: str) -> str:
    return "  ".join((title, *more))
