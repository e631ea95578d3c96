"""Whether a model can exist: every mistake in it, each with the object's name and what would be right.

Checked here is what spans objects (names, references, doubles). What a single value may be is checked where it is made.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from lab.errors import ErrorRecord
from lab.model.addresses import IpSettings, Network
from lab.model.kinds import AdapterKind, LearningMode, SwitchType
from lab.model.names import (
    DISPLAY_RULE,
    NODE_RULE,
    device_name,
    is_display_name,
    is_node_name,
    vethernet_device,
)
from lab.model.objects import HypervHost, LabModel, NetworkAdapter, VirtualMachine, VirtualSwitch

# plan-for-scalability: network adapters per VM (Windows Server 2019 and later).
MAX_SYNTHETIC = 64
MAX_LEGACY = 4
MAX_INTERRUPTION_S = 60.0


def validate(model: LabModel) -> tuple[ErrorRecord, ...]:
    """Return every mistake in a model, in the order of the model; none means that it can be built."""
    return tuple(record for rule in _RULES for record in rule(model))


def _mistake(target: str, message: str, remedy: str = "") -> ErrorRecord:
    return ErrorRecord(message, "TopologyError", target=target, remedy=remedy)


def quoted(name: object) -> str:
    """Return a name for a message: control characters made visible, and no longer than a line."""
    text = str(name)
    shown = "".join(char if not unicodedata.category(char).startswith("C") else repr(char)[1:-1] for char in text)
    return f'"{shown[:60]}…" ({len(text)} characters)' if len(shown) > 60 else f'"{shown}"'


def _named(model: LabModel) -> Iterator[tuple[str, str, str]]:
    """Yield (kind, name, target) of everything whose name is a node name."""
    yield "lab", model.name, f"lab {model.name}"
    for network in model.networks:
        yield "physical network", network.name, network.name
        for computer in network.computers:
            yield "computer", computer.name, computer.name
    for host in model.internet.hosts:
        yield "internet host", host.name, host.name
    for hv in model.hosts:
        yield "Hyper-V host", hv.name, hv.name
        for switch in hv.switches:
            yield "switch", switch.name, f"{hv.name}/{switch.name}"
        for vm in hv.vms:
            yield "VM", vm.name, vm.name


def _names(model: LabModel) -> Iterator[ErrorRecord]:
    for kind, name, target in _named(model):
        if not is_node_name(name):
            yield _mistake(target, f"the {kind} name {quoted(name)} is not allowed", f"expected {NODE_RULE}")
    for host in model.hosts:
        shown = [("NIC", nic.name, f"{host.name}/{nic.name}") for nic in host.nics]
        shown += [("adapter", a.name, f"{host.name}/{a.name}") for a in host.management_adapters]
        shown += [("adapter", a.name, vm.adapter_id(a)) for vm in host.vms for a in vm.adapters]
        for kind, name, target in shown:
            if not is_display_name(name) and not is_node_name(name):
                yield _mistake(target, f"the {kind} name {quoted(name)} is not allowed", f"expected {DISPLAY_RULE}")


def _doubles(model: LabModel) -> Iterator[ErrorRecord]:
    yield from _twice("", list(model.node_names()), "two machines are called", str.casefold)
    yield from _twice(
        "", [network.name for network in model.networks], "two physical networks are called", str.casefold
    )
    for host in model.hosts:
        scope = f"{host.name}/"
        on = f'on host "{host.name}"'
        yield from _twice(scope, [s.name for s in host.switches], f"two switches {on} are called", str.casefold)
        yield from _twice(scope, [n.name for n in host.nics], f"two NICs {on} are called", str.casefold)
        adapters = [a.name for a in host.management_adapters]
        yield from _twice(scope, adapters, f"two management-OS adapters {on} are called", str.casefold)
        for vm in host.vms:
            titles = [a.name for a in vm.adapters]
            yield from _twice(f"{vm.name}/", titles, f'two adapters of VM "{vm.name}" are called', str.casefold)
        yield from _devices(host)


def _twice(scope: str, names: list[str], what: str, key: Callable[[str], str]) -> Iterator[ErrorRecord]:
    seen: dict[str, str] = {}
    for name in names:
        if key(name) in seen:
            yield _mistake(
                scope + name, f"{what} {quoted(name)}", "give every one a name of its own (case does not count)"
            )
        seen[key(name)] = name


def _devices(host: HypervHost) -> Iterator[ErrorRecord]:
    """Names that are different for Hyper-V but would be one Linux device."""
    by_device: dict[str, set[str]] = defaultdict(set)
    for nic in host.nics:
        by_device[device_name(nic.name)].add(nic.name)
    for adapter in host.management_adapters:
        by_device[vethernet_device(adapter.name)].add(adapter.name)
    for names in by_device.values():
        if len({name.casefold() for name in names}) > 1:
            shown = " and ".join(f'"{name}"' for name in sorted(names))
            yield _mistake(
                f"{host.name}/{max(names)}",
                f"{shown} are too much alike",
                "make one of the names differ in its letters",
            )


def _networks(model: LabModel) -> Iterator[ErrorRecord]:
    for network in model.networks:
        for computer in network.computers:
            yield from _inside(computer.name, computer.ip, network.subnets, f'physical network "{network.name}"')
        if network.router:
            yield from _inside(network.router.name, network.router.inside, network.subnets, f'"{network.name}"')
    for host in model.hosts:
        for nic in host.nics:
            found = model.network(nic.network)
            target = f"{host.name}/{nic.name}"
            if found is None:
                known = ", ".join(each.name for each in model.networks) or "none"
                yield _mistake(
                    target, f'NIC "{target}" is on a physical network called {quoted(nic.network)}, which does not exist',
                    f"known: {known}",
                )  # fmt: skip
            else:
                yield from _inside(target, nic.ip, found.subnets, f'physical network "{found.name}"')


def _inside(owner: str, ip: IpSettings, subnets: tuple[Network, ...], where: str) -> Iterator[ErrorRecord]:
    for address in ip.addresses:
        nets = [net for net in subnets if net.version == address.version]
        if nets and not any(address.ip in net for net in nets):
            shown = ", ".join(map(str, nets))
            yield _mistake(
                owner, f'"{owner}" has the address {address}, which is outside its subnet {shown} of {where}',
                f"give it an address of {shown}",
            )  # fmt: skip


def _switches(model: LabModel) -> Iterator[ErrorRecord]:
    for host in model.hosts:
        owners: dict[str, str] = {}
        for switch in host.switches:
            target = f"{host.name}/{switch.name}"
            yield from _switch(host, switch, target)
            if switch.nic is not None and host.nic(switch.nic):
                if switch.nic in owners:
                    yield _mistake(
                        target,
                        f'switch "{switch.name}" cannot have NIC "{switch.nic}": it is already bound to switch '
                        f'"{owners[switch.nic]}"',
                        "one NIC serves one external switch: use another NIC",
                    )
                owners.setdefault(switch.nic, switch.name)
        for adapter in host.management_adapters:
            yield from _management_adapter(host, adapter)


def _switch(host: HypervHost, switch: VirtualSwitch, target: str) -> Iterator[ErrorRecord]:
    external = switch.type is SwitchType.EXTERNAL
    if not external and switch.nic is not None:
        yield _mistake(target, f'{switch.type} switch "{switch.name}" has a NIC', "only an external switch has one")
    if external and not host.nic(switch.nic):
        known = ", ".join(nic.name for nic in host.nics) or "none"
        yield _mistake(
            target, f'switch "{switch.name}" is to use NIC {quoted(switch.nic)}, which host "{host.name}" does not have',
            f"known: {known}",
        )  # fmt: skip
    if not 1 <= switch.ageing_s <= 65535:
        yield _mistake(
            target, f'switch "{switch.name}" has an ageing time of {switch.ageing_s} s', "expected 1 to 65535"
        )
    if not isinstance(switch.learning, LearningMode):
        modes = ", ".join(LearningMode)
        yield _mistake(
            target, f'switch "{switch.name}" has learning mode {quoted(switch.learning)}', f"expected {modes}"
        )


def _management_adapter(host: HypervHost, adapter: NetworkAdapter) -> Iterator[ErrorRecord]:
    target = f"{host.name}/{adapter.name}"
    switch = host.switch(adapter.switch)
    if switch is None:
        yield _unknown_switch(host, adapter.switch, target, f'management-OS adapter "{adapter.name}"')
    elif switch.type is SwitchType.PRIVATE:
        yield _mistake(
            target, f'management-OS adapter "{adapter.name}" is on private switch "{switch.name}"',
            "a private switch connects VMs only: make it internal",
        )  # fmt: skip
    if adapter.mac_spoofing:
        yield _mistake(
            target, f'MacAddressSpoofing is On for management-OS adapter "{adapter.name}"', "only a VM's may"
        )


def _unknown_switch(host: HypervHost, name: object, target: str, who: str) -> ErrorRecord:
    known = ", ".join(switch.name for switch in host.switches) or "none"
    return _mistake(
        target, f'{who} is to be on switch {quoted(name)}, which host "{host.name}" does not have', f"known: {known}"
    )


def _vms(model: LabModel) -> Iterator[ErrorRecord]:
    for host, vm in model.vms():
        if vm.generation not in (1, 2):
            yield _mistake(vm.name, f'VM "{vm.name}" has generation {vm.generation}', "expected 1 or 2")
        kinds = [adapter.kind for adapter in vm.adapters]
        legacy = kinds.count(AdapterKind.LEGACY)
        if legacy and vm.generation == 2:
            yield _mistake(
                vm.name, f'VM "{vm.name}" of generation 2 has a legacy network adapter',
                "only generation 1 has one: set generation=1",
            )  # fmt: skip
        if legacy > MAX_LEGACY or len(kinds) - legacy > MAX_SYNTHETIC:
            yield _mistake(
                vm.name, f'VM "{vm.name}" has {len(kinds) - legacy} synthetic and {legacy} legacy network adapters',
                f"expected at most {MAX_SYNTHETIC} and {MAX_LEGACY}",
            )  # fmt: skip
        for adapter in vm.adapters:
            yield from _vm_adapter(host, vm, adapter)


def _vm_adapter(host: HypervHost, vm: VirtualMachine, adapter: NetworkAdapter) -> Iterator[ErrorRecord]:
    target = vm.adapter_id(adapter)
    if adapter.switch is not None and host.switch(adapter.switch) is None:
        yield _unknown_switch(host, adapter.switch, target, f'VM "{vm.name}"')
    if not 576 <= adapter.mtu <= 9000:
        yield _mistake(target, f'adapter "{target}" has an MTU of {adapter.mtu} bytes', "expected 576 to 9000")


def _addresses(model: LabModel) -> Iterator[ErrorRecord]:
    """Two machines with one address on one segment. (Duplicate addresses on different segments are fine.)"""
    for where, users in _segments(model).items():
        seen: dict[str, str] = {}
        for owner, ip in users:
            for address in ip.addresses:
                other = seen.setdefault(str(address.ip), owner)
                if other != owner:
                    yield _mistake(
                        owner, f'"{owner}" has the address {address.ip}, which "{other}" has already on {where}',
                        "give it another address",
                    )  # fmt: skip


def _segments(model: LabModel) -> dict[str, list[tuple[str, IpSettings]]]:
    users: dict[str, list[tuple[str, IpSettings]]] = defaultdict(list)
    for network in model.networks:
        where = f'physical network "{network.name}"'
        if network.router:
            users[where].append((network.router.name, network.router.inside))
        users[where] += [(computer.name, computer.ip) for computer in network.computers]
    users["the internet"] += [(computer.name, computer.ip) for computer in model.internet.hosts]
    users["the internet"] += [(n.router.name, n.router.outside) for n in model.networks if n.router]
    for host in model.hosts:
        on = {s.name: f'switch "{s.name}" of "{host.name}"' for s in host.switches}
        for switch in host.switches:
            nic = host.nic(switch.nic)
            if nic:
                on[switch.name] = f'physical network "{nic.network}"'
        for nic in host.nics:
            users[f'physical network "{nic.network}"'].append((f"{host.name}/{nic.name}", nic.ip))
        pairs: Iterable[tuple[str, NetworkAdapter]] = [(f"{host.name}/{a.name}", a) for a in host.management_adapters]
        pairs = [*pairs, *((vm.adapter_id(a), a) for vm in host.vms for a in vm.adapters)]
        for owner, adapter in pairs:
            if adapter.switch in on and adapter.ip:
                users[on[adapter.switch]].append((owner, adapter.ip))
    return users


def _timing(model: LabModel) -> Iterator[ErrorRecord]:
    if not 0 <= model.interruption_s <= MAX_INTERRUPTION_S:
        yield _mistake(
            f"lab {model.name}",
            f"interruption_s is {model.interruption_s}",
            f"expected 0 to {MAX_INTERRUPTION_S:.0f} s",
        )


_RULES = (_names, _doubles, _networks, _switches, _vms, _addresses, _timing)
