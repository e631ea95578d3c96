"""The VMs of a Hyper-V host, as cmdlets make them while they are off; what is in them is in guests."""

from __future__ import annotations

from collections.abc import Iterator

from lab.model.kinds import AdapterKind, BootDevice
from lab.model.objects import NetworkAdapter, VirtualMachine
from lab.shell.export.adapters import Whose, adapter_settings, renaming
from lab.shell.export.quoting import Raw
from lab.shell.export.recorded import disk_words, vm_lines
from lab.shell.export.writing import ON, guarded, line
from lab.shell.hyperv.adapter_names import LEGACY, SYNTHETIC
from lab.shell.hyperv.integration import HEARTBEAT, is_enabled
from lab.shell.hyperv.states import OFF, PAUSED, SAVED, state_of


def vm_creation(vm: VirtualMachine) -> Iterator[str]:
    """Yield what makes a VM with its adapters; it is off then."""
    first = vm.adapters[0] if vm.adapters else None
    kept = first is not None and _is_given(vm, first)
    words: dict[str, object] = {"Name": vm.name, "Generation": vm.generation, **disk_words(vm)}
    if kept and first and first.switch:
        words["SwitchName"] = first.switch
    if vm.boot_device is not BootDevice.VHD and _at_creation(vm):
        words["BootDevice"] = vm.boot_device.value
    yield line("New-VM", **words)
    if first is not None and kept:
        given = _given_name(vm)
        if first.name != given:
            yield line("Rename-VMNetworkAdapter", VMName=vm.name, Name=given, NewName=first.name)
    else:
        yield line("Remove-VMNetworkAdapter", VMName=vm.name)
    for adapter in vm.adapters[1:] if kept else vm.adapters:
        yield _added(vm, adapter)
    for adapter in vm.adapters:
        yield from adapter_settings(adapter, _whose(vm, adapter))
    yield from vm_lines(vm)
    if vm.boot_device is not BootDevice.VHD and not _at_creation(vm):
        yield line("Set-VMFirmware", VMName=vm.name, FirstBootDevice=Raw(f"(Get-VMNetworkAdapter {vm.name})"))
    if vm.resource_metering:
        yield line("Enable-VMResourceMetering", VMName=vm.name)
    for adapter in vm.adapters:
        yield from renaming(adapter, _whose(vm, adapter))
    yield from guarded(_before_its_start(vm))


def _whose(vm: VirtualMachine, adapter: NetworkAdapter) -> Whose:
    return Whose(adapter.name, vm.name, alone=len(vm.adapters) == 1)


def _at_creation(vm: VirtualMachine) -> bool:
    """Tell whether New-VM can say what a VM boots from first."""
    return vm.boot_device is (BootDevice.LEGACY_NETWORK_ADAPTER if vm.generation == 1 else BootDevice.NETWORK_ADAPTER)


def _given_kind(vm: VirtualMachine) -> AdapterKind:
    legacy = vm.generation == 1 and vm.boot_device is BootDevice.LEGACY_NETWORK_ADAPTER
    return AdapterKind.LEGACY if legacy else AdapterKind.SYNTHETIC


def _given_name(vm: VirtualMachine) -> str:
    return LEGACY if _given_kind(vm) is AdapterKind.LEGACY else SYNTHETIC


def _is_given(vm: VirtualMachine, first: NetworkAdapter) -> bool:
    """Tell whether a VM's first adapter can be the one that New-VM gives it."""
    return first.kind is _given_kind(vm)


def _added(vm: VirtualMachine, adapter: NetworkAdapter) -> str:
    return line(
        "Add-VMNetworkAdapter", VMName=vm.name, Name=adapter.name, SwitchName=adapter.switch,
        IsLegacy=True if adapter.kind is AdapterKind.LEGACY else None,
    )  # fmt: skip


def _before_its_start(vm: VirtualMachine) -> Iterator[str]:
    words: dict[str, object] = {}
    if vm.installed:
        words["Installed"] = True
    if vm.real_machine:
        words["RealMachine"] = True
    if words:
        yield line("Set-LabVM", Name=vm.name, **words)


def starting(names: list[str]) -> Iterator[str]:
    """Yield what starts VMs."""
    if names:
        yield line("Start-VM", Name=names)


def waiting(vms: list[VirtualMachine]) -> Iterator[str]:
    """Yield what waits until the guests of VMs answer, of those that tell whether they do."""
    names = [vm.name for vm in vms if is_enabled(vm, HEARTBEAT)]
    if names:
        yield line("Wait-VM", Name=names, For="Heartbeat")


def is_kept(vm: VirtualMachine) -> bool:
    """Tell whether a VM that is off is so in a way that it comes into only while it runs: saved, or paused."""
    return state_of(vm) in (SAVED, PAUSED)


def stopping(vms: list[VirtualMachine]) -> Iterator[str]:
    """Yield what brings VMs that were started into the state that they are to have."""
    for state, command, how in ((SAVED, "Save-VM", None), (PAUSED, "Suspend-VM", None), (OFF, "Stop-VM", ON)):
        names = [vm.name for vm in vms if state_of(vm) == state]
        if names:
            yield line(command, Name=names, TurnOff=how)
