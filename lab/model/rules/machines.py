"""VMs, their adapters, and what is true of every adapter and of the lab as a whole."""

from __future__ import annotations

from collections.abc import Iterator

from lab.errors import ErrorRecord
from lab.model.addresses import IpSettings, hyperv_mac
from lab.model.kinds import AdapterKind
from lab.model.names import quoted
from lab.model.objects import HypervHost, LabModel, NetworkAdapter, VirtualMachine
from lab.model.rules.mistakes import mistake
from lab.model.rules.switches import unknown_switch

# plan-for-scalability: network adapters per VM (Windows Server 2019 and later).
MAX_SYNTHETIC = 64
MAX_LEGACY = 4
MAX_INTERRUPTION_S = 60.0

MAX_STORM_LIMIT = 2**32 - 1

SMALLEST_MTU = 576
LARGEST_MTU = 9000
# RFC 8200, section 5: no link of IPv6 has less.
SMALLEST_IPV6_MTU = 1280


def vms(model: LabModel) -> Iterator[ErrorRecord]:
    """VMs that Hyper-V would not have."""
    for host, vm in model.vms():
        name = quoted(vm.name)
        if vm.generation not in (1, 2):
            yield mistake(vm.name, f"VM {name} has generation {vm.generation}", "expected 1 or 2")
        legacy = sum(adapter.kind is AdapterKind.LEGACY for adapter in vm.adapters)
        synthetic = len(vm.adapters) - legacy
        if legacy and vm.generation == 2:
            yield mistake(
                vm.name,
                f"VM {name} of generation 2 has a legacy network adapter",
                "only generation 1 has one: set generation=1",
            )
        if legacy > MAX_LEGACY or synthetic > MAX_SYNTHETIC:
            yield mistake(
                vm.name,
                f"VM {name} has {synthetic} synthetic and {legacy} legacy network adapters",
                f"expected at most {MAX_SYNTHETIC} and {MAX_LEGACY}",
            )
        for adapter in vm.adapters:
            yield from _on_a_switch(host, vm, adapter)
            yield from _limits(vm.adapter_id(adapter), adapter)


def _limits(owner: str, adapter: NetworkAdapter) -> Iterator[ErrorRecord]:
    who = f"adapter {quoted(owner)}"
    if not 0 <= adapter.storm_limit <= MAX_STORM_LIMIT:
        expected = f"expected 0 (no limit) to {MAX_STORM_LIMIT} packets per second"
        yield mistake(owner, f"{who} has the StormLimit {adapter.storm_limit}", expected)


def _on_a_switch(host: HypervHost, vm: VirtualMachine, adapter: NetworkAdapter) -> Iterator[ErrorRecord]:
    if adapter.switch is not None and host.switch(adapter.switch) is None:
        yield unknown_switch(host, adapter.switch, vm.adapter_id(adapter), f"VM {quoted(vm.name)}")


def mac_ranges(model: LabModel) -> Iterator[ErrorRecord]:
    """Ranges of dynamic MAC addresses that a host cannot have."""
    for host in model.hosts:
        first, last = host.mac_address_minimum, host.mac_address_maximum
        shown = f"{hyperv_mac(first) or 'none'} and the MacAddressMaximum {hyperv_mac(last) or 'none'}"
        expected = ""
        if bool(first) is not bool(last):
            expected = "expected both, or none of them"
        elif first > last:
            expected = "expected the minimum not to be above the maximum"
        elif first[:2] != last[:2]:
            expected = "expected both to begin with the same octet: there are multicast addresses between them"
        if expected:
            yield mistake(host.name, f"host {quoted(host.name)} has the MacAddressMinimum {shown}", expected)


def mtus(model: LabModel) -> Iterator[ErrorRecord]:
    """Frame sizes that an adapter cannot have."""
    for network in model.networks:
        yield from _mtu(f"network {network.name}", f"physical network {quoted(network.name)}", network.mtu)
        for computer in network.computers:
            if computer.mtu != network.mtu:
                yield from _mtu(computer.name, f"computer {quoted(computer.name)}", computer.mtu, computer.ip)
    for host in model.hosts:
        for nic in host.nics:
            yield from _mtu(f"{host.name}/{nic.name}", f"NIC {quoted(f'{host.name}/{nic.name}')}", nic.mtu, nic.ip)
        owned = [(f"{host.name}/{adapter.name}", adapter) for adapter in host.management_adapters]
        owned += [(vm.adapter_id(adapter), adapter) for vm in host.vms for adapter in vm.adapters]
        nics = {nic.mtu for nic in host.nics}
        for owner, adapter in owned:
            if adapter.ip is not None or adapter.mtu not in nics:  # one that took over its NIC's is said already
                yield from _mtu(owner, f"adapter {quoted(owner)}", adapter.mtu, _widest(adapter))


def _widest(adapter: NetworkAdapter) -> IpSettings | None:
    """Return those settings of an adapter and what is made on it that ask most of its MTU: some with IPv6."""
    made = (each.ip for each in adapter.vlan_interfaces)
    return next((ip for ip in made if ip.of_version(6)), adapter.ip)


def _mtu(target: str, who: str, mtu: int, ip: IpSettings | None = None) -> Iterator[ErrorRecord]:
    if not SMALLEST_MTU <= mtu <= LARGEST_MTU:
        yield mistake(target, f"{who} has an MTU of {mtu} bytes", f"expected {SMALLEST_MTU} to {LARGEST_MTU}")
    elif ip and ip.of_version(6) and mtu < SMALLEST_IPV6_MTU:
        yield mistake(
            target, f"{who} has an IPv6 address and an MTU of {mtu} bytes", f"IPv6 needs {SMALLEST_IPV6_MTU} or more"
        )


def timing(model: LabModel) -> Iterator[ErrorRecord]:
    """How long a NIC may be cut off."""
    if not 0 <= model.interruption_s <= MAX_INTERRUPTION_S:
        yield mistake(
            f"lab {model.name}",
            f"interruption_s is {model.interruption_s}",
            f"expected 0 to {MAX_INTERRUPTION_S:.0f} s",
        )
