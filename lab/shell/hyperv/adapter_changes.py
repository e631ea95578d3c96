"""Network adapters that come, go, and get other names: what else of a machine changes with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from lab.model import edit
from lab.model.edit import Edit
from lab.model.kinds import AdapterKind
from lab.model.objects import HypervHost, NetworkAdapter, VirtualMachine
from lab.model.recorded import with_setting
from lab.shell.errors import ShellError, failure
from lab.shell.hyperv.adapter_names import called, free_in_host, free_in_vm, shown
from lab.shell.hyperv.adapters import DYNAMIC, adapter_edit, is_dynamic, own_mac
from lab.shell.hyperv.refs import AdapterRef, VmRef
from lab.shell.hyperv.states import OFF, RUNNING, state_of
from lab.shell.recording import with_kept


def added_to_vm(ref: VmRef, adapter: NetworkAdapter) -> Edit:
    """Return the change that adds an adapter to a VM, under the nearest name that is free."""

    def changed(vm: VirtualMachine) -> VirtualMachine:
        new = called(adapter, free_in_vm(vm, adapter.name), adapter.name)
        return replace(vm, adapters=(*vm.adapters, new))

    return edit.vm(ref.host, ref.name, changed)


def added_to_host(host: str, adapter: NetworkAdapter) -> Edit:
    """Return the change that adds an adapter to a management OS, under the nearest name that is free."""

    def changed(each: HypervHost) -> HypervHost:
        new = called(adapter, free_in_host(each, adapter.name), adapter.name)
        return replace(each, management_adapters=(*each.management_adapters, new))

    return edit.host(host, changed)


def removed(ref: AdapterRef) -> Edit:
    """Return the change that takes an adapter away."""
    name = ref.name
    if ref.vm is None:
        return edit.host(
            ref.host, lambda host: replace(host, management_adapters=edit.without(host.management_adapters, name))
        )
    return edit.vm(ref.host, ref.vm.name, lambda vm: replace(vm, adapters=edit.without(vm.adapters, name)))


def renamed(ref: AdapterRef, new: str) -> tuple[Edit, str]:
    """Return the change that gives an adapter another name, and the name that it has in the lab then.

    One of the management OS stays `vEthernet (…)` as it was. One of a VM keeps its MAC address, also a dynamic one.
    """
    if ref.vm is None:
        return adapter_edit(ref, lambda adapter: called(adapter, adapter.name, new)), ref.name
    vm, old = ref.vm.model, ref.name
    mac = own_mac(ref, ref.model) if ref.model else ""
    key = free_in_vm(vm, new, but=old) if vm else new

    def with_name(adapter: NetworkAdapter) -> NetworkAdapter:
        kept_dynamic = with_kept(adapter.recorded, DYNAMIC, True)
        if key != old and mac and is_dynamic(adapter):
            adapter = replace(adapter, mac=mac, recorded=kept_dynamic)
        return called(adapter, key, new)

    def changed(machine: VirtualMachine) -> VirtualMachine:
        return _following(replace(machine, adapters=edit.replaced(machine.adapters, old, with_name)), old, key)

    return edit.vm(ref.host, ref.vm.name, changed), key


def _following(vm: VirtualMachine, old: str, new: str) -> VirtualMachine:
    """Return a VM in which what names an adapter names it by its new name."""

    def names(of: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(new if each == old else each for each in of)

    team, router = vm.team, vm.router_advertisements
    return replace(
        vm,
        team=replace(team, adapters=names(team.adapters)) if team else None,
        router_advertisements=replace(router, adapters=names(router.adapters)) if router else None,
    )


def with_mac(mac: str) -> Callable[[NetworkAdapter], NetworkAdapter]:
    """Return the change of an adapter's MAC address to a static one; empty is one of the host's pool."""
    return lambda adapter: replace(adapter, mac=mac, recorded=with_setting(adapter.recorded, DYNAMIC, None))


def device_of(kind: AdapterKind) -> str:
    """Return what Hyper-V's messages call an adapter."""
    return "Emulated Ethernet Port" if kind is AdapterKind.LEGACY else "Synthetic Ethernet Port"


def hot_error(vm: VirtualMachine, kind: AdapterKind, what: str) -> ShellError | None:
    """Return why an adapter cannot be added to a VM, or removed, in its state; None if it can.

    Only a VM of generation 2 takes one while it runs (what's new in Hyper-V on Windows Server 2016).
    """
    state = state_of(vm)
    if state == OFF or (state == RUNNING and vm.generation == 2 and kind is AdapterKind.SYNTHETIC):
        return None
    return failure(
        f"Failed to {what} device '{device_of(kind)}'.\n"
        "The operation cannot be performed while the virtual machine is in its current state.",
        category="InvalidOperation", error_id="InvalidState", target=vm.name,
        remedy="Turn the virtual machine off: only one of generation 2 has network adapters added and removed while "
        "it runs.",
    )  # fmt: skip


def other_name(ref: AdapterRef) -> str:
    """Return what is to be said of an adapter that has another name in the lab than in Hyper-V; mostly nothing."""
    adapter = ref.model
    if adapter is None or shown(adapter) == adapter.name:
        return ""
    return f"In the lab the adapter '{shown(adapter)}' has the name '{adapter.name}'."
