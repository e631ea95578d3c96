"""Names: which are allowed, and what must not have the same one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from lab.errors import ErrorRecord
from lab.model.names import (
    DISPLAY_RULE,
    NODE_RULE,
    bridge_device,
    device_name,
    host_name,
    is_display_name,
    is_hyperv_name,
    is_node_name,
    quoted,
    vethernet_device,
)
from lab.model.objects import HypervHost, LabModel
from lab.model.rules.mistakes import mistake


def names(model: LabModel) -> Iterator[ErrorRecord]:
    """Names that are not allowed."""
    for kind, name, target in _named(model):
        if not is_node_name(name):
            yield mistake(target, f"the {kind} name {quoted(name)} is not allowed", f"expected {NODE_RULE}")
    for kind, name, target in _of_hyperv(model):
        if not is_hyperv_name(name):
            yield mistake(target, f"the {kind} name {quoted(name)} is not allowed", f"expected {DISPLAY_RULE}")
    for host in model.hosts:
        shown = [("NIC", nic.name, f"{host.name}/{nic.name}") for nic in host.nics]
        shown += [
            ("adapter", a.name, f"{host.name}/{a.name}")
            for a in host.management_adapters
            if not host.switch(a.name)  # the adapter that came with a switch has its name
        ]
        shown += [("adapter", a.name, vm.adapter_id(a)) for vm in host.vms for a in vm.adapters]
        for kind, name, target in shown:
            if not is_display_name(name) and not is_node_name(name):
                yield mistake(target, f"the {kind} name {quoted(name)} is not allowed", f"expected {DISPLAY_RULE}")


def _named(model: LabModel) -> Iterator[tuple[str, str, str]]:
    """Yield (kind, name, target) of everything whose name is a node name; a router is named after its network."""
    yield "lab", model.name, f"lab {model.name}"
    for network in model.networks:
        yield "physical network", network.name, f"network {network.name}"
        for computer in network.computers:
            yield "computer", computer.name, computer.name
    for host in model.internet.hosts:
        yield "internet host", host.name, host.name
    for hv in model.hosts:
        yield "Hyper-V host", hv.name, hv.name


def _of_hyperv(model: LabModel) -> Iterator[tuple[str, str, str]]:
    """Yield the same of what Hyper-V gives names to."""
    for host in model.hosts:
        for switch in host.switches:
            yield "switch", switch.name, f"{host.name}/{switch.name}"
        for vm in host.vms:
            yield "VM", vm.name, vm.name


def doubles(model: LabModel) -> Iterator[ErrorRecord]:
    """Things that have one name (case does not count), or would be one Linux device."""
    yield from _twice("", model.node_names(), "two machines are called")
    yield from _host_names(model)
    yield from _twice("network ", (network.name for network in model.networks), "two physical networks are called")
    for host in model.hosts:
        scope, on = f"{host.name}/", f"on host {quoted(host.name)}"
        yield from _twice(scope, (switch.name for switch in host.switches), f"two switches {on} are called")
        yield from _twice(scope, (nic.name for nic in host.nics), f"two NICs {on} are called")
        yield from _twice(scope, _adapters(host), f"two management-OS adapters {on} are called")
        for vm in host.vms:
            titles = (adapter.name for adapter in vm.adapters)
            yield from _twice(f"{vm.name}/", titles, f"two adapters of VM {quoted(vm.name)} are called")
        yield from _devices(host)


def _adapters(host: HypervHost) -> Iterator[str]:
    """Return the names of the management-OS adapters but of those that came with two switches of one name."""
    switches = [switch.name.casefold() for switch in host.switches]
    return (adapter.name for adapter in host.management_adapters if switches.count(adapter.name.casefold()) < 2)


def _twice(scope: str, found: Iterable[str], what: str) -> Iterator[ErrorRecord]:
    seen: set[str] = set()
    for name in found:
        if name.casefold() in seen:
            yield mistake(
                scope + name, f"{what} {quoted(name)}", "give every one a name of its own (case does not count)"
            )
        seen.add(name.casefold())


def _host_names(model: LabModel) -> Iterator[ErrorRecord]:
    """Machines that are different for Hyper-V but would have one name on the network."""
    seen: dict[str, str] = {}
    for name in model.node_names():
        other = seen.setdefault(host_name(name).casefold(), name)
        if other.casefold() != name.casefold():
            shown = " and ".join(map(quoted, sorted((name, other))))
            what = f"{shown} would both have the host name {quoted(host_name(name))}"
            yield mistake(name, what, "make one of the names differ in its letters")


def _devices(host: HypervHost) -> Iterator[ErrorRecord]:
    """Names that are different for Hyper-V but would be one Linux device."""
    by_device: dict[str, set[str]] = defaultdict(set)
    for nic in host.nics:
        by_device[device_name(nic.name)].add(nic.name)
    for adapter in host.management_adapters:
        by_device[vethernet_device(adapter.name)].add(adapter.name)
    for switch in host.switches:
        by_device[bridge_device(switch.name)].add(switch.name)
    for alike in by_device.values():
        if len({name.casefold() for name in alike}) > 1:
            shown = " and ".join(map(quoted, sorted(alike)))
            yield mistake(
                f"{host.name}/{max(alike)}",
                f"{shown} are too much alike",
                "make one of the names differ in its letters",
            )
