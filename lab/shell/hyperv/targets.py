"""Which hosts, switches, VMs and adapters a cmdlet of module Hyper-V is told to act on.

By name, with wildcards, or by the objects of other cmdlets. A name that nothing has is a non-terminating error in
Hyper-V's words, and the other names are still done; a pattern that fits nothing is no error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lab.model.objects import HypervHost
from lab.shell.command import Call
from lab.shell.errors import ErrorRecord, failure
from lab.shell.hyperv.refs import AdapterRef, SwitchRef, VmRef
from lab.shell.objects import PSObject
from lab.shell.place import host_of
from lab.shell.wildcards import has_wildcards, matches


def the_host(call: Call) -> HypervHost:
    """Return the Hyper-V host that a cmdlet acts on."""
    return host_of(call.place.model, call.machine)


def not_found(call: Call, what: str, name: str) -> None:
    """Report that nothing has a name, as a non-terminating error."""
    call.error(
        ErrorRecord(
            f'Hyper-V was unable to find {what} with name "{name}".',
            "InvalidArgument", "InvalidParameter", "VirtualizationException", name,
        )
    )  # fmt: skip


def _still_there(call: Call, objects: Iterable[PSObject]) -> Iterator[Any]:
    """Yield what objects stand for; what no longer exists is a non-terminating error."""
    computer = call.machine.name.upper()
    for item in objects:
        if item.source.model is not None:
            yield item.source
            continue
        message = (
            f"Hyper-V encountered an error trying to access an object on computer '{computer}' because the object was "
            "not found. The object might have been deleted, or you might not have permission to perform the task. "
            "Verify that the Virtual Machine Management service on the computer is running."
        )
        call.error(ErrorRecord(message, "ObjectNotFound", "ObjectNotFound", "VirtualizationException", item))


def switches(call: Call, names: Iterable[str] | None, objects: Iterable[PSObject] = ()) -> Iterator[SwitchRef]:
    """Yield the switches of these names, all if None, and those that objects stand for."""
    yield from _still_there(call, objects)
    host = the_host(call)
    for name in ("*",) if names is None else names:
        found = [each for each in host.switches if matches(name, each.name)]
        for switch in found:
            yield SwitchRef(call.place, host.name, switch.name)
        if not found and not has_wildcards(name):
            not_found(call, "a virtual switch", name)


def given_switches(call: Call, name: str = "Name") -> Iterator[SwitchRef]:
    """Yield the switches that the parameters `name` (String or String[]) and VMSwitch give."""
    if "VMSwitch" in call:
        yield from switches(call, (), listed(call.get("VMSwitch")))
    else:
        yield from switches(call, listed(call.get(name)) if name in call else None)


def one_switch(call: Call, name: str) -> SwitchRef | None:
    """Return the switch that an adapter is to be connected to; None, with an error, if there is none of that name."""
    return next(switches(call, (name,)), None)


def vms(call: Call, names: Iterable[str] | None, objects: Iterable[PSObject] = ()) -> Iterator[VmRef]:
    """Yield the VMs of these names, all if None, and those that objects stand for."""
    yield from _still_there(call, objects)
    host = the_host(call)
    for name in ("*",) if names is None else names:
        found = [each for each in host.vms if matches(name, each.name)]
        for vm in found:
            yield VmRef(call.place, host.name, vm.name)
        if not found and not has_wildcards(name):
            not_found(call, "a virtual machine", name)


def given_vms(call: Call, name: str = "VMName") -> Iterator[VmRef]:
    """Yield the VMs that the parameters `name` (String or String[]) and VM give."""
    if "VM" in call:
        yield from vms(call, (), listed(call.get("VM")))
    else:
        yield from vms(call, listed(call.get(name)) if name in call else None)


def given_adapters(call: Call, name: str = "Name") -> Iterator[AdapterRef]:
    """Yield the adapters that VMNetworkAdapter, VM, VMName or ManagementOS give, with those of that name among them.

    `name` is the parameter that selects among the adapters of a machine: Name, or VMNetworkAdapterName. Several can
    have one name. That none has it is a non-terminating error.
    """
    if "VMSnapshot" in call:
        what = "A checkpoint in a lab has no network adapters: its name and its time are all that is recorded."
        raise failure(what, category="InvalidOperation", error_id="NotSupported")
    if "VMNetworkAdapter" in call:
        for item in listed(call.get("VMNetworkAdapter")):
            if item.source.model is None:
                no_adapter(call)
            else:
                yield item.source
        return
    found = list(_of_machines(call))
    if name not in call:
        yield from found
        return
    for wanted in listed(call.get(name)):
        mine = [each for each in found if matches(wanted, each.shown)]
        mine = mine or [each for each in found if matches(wanted, each.name)]
        yield from mine
        if found and not mine and not has_wildcards(wanted):
            no_adapter(call)


def no_adapter(call: Call) -> None:
    """Report that no adapter is what was asked for, as a non-terminating error."""
    message = "No network adapter was found with the given criteria."
    call.error(ErrorRecord(message, "ObjectNotFound", "ObjectNotFound", "VirtualizationException"))


def _of_machines(call: Call) -> Iterator[AdapterRef]:
    """Yield all adapters of the VMs that are given, or of the management OS."""
    if call.is_on("ManagementOS"):
        host = the_host(call)
        on = call.get("SwitchName")
        for each in host.management_adapters:
            if on is None or (each.switch is not None and matches(on, each.switch)):
                yield AdapterRef(call.place, host.name, None, each.name)
        return
    for vm in given_vms(call):
        model = vm.model
        for each in model.adapters if model else ():
            yield AdapterRef(call.place, vm.host, vm, each.name)


def listed(value: object) -> list:  # type: ignore[type-arg]  # of strings or objects, as the parameter is declared
    """Return the values of a parameter that may be declared as one or as several."""
    return value if isinstance(value, list) else [] if value is None else [value]
