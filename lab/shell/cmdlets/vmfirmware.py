"""What VMs boot from: Get- and Set-VMFirmware (generation 2), Get- and Set-VMBios (generation 1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from lab.model import edit
from lab.model.kinds import AdapterKind, BootDevice
from lab.model.objects import VirtualMachine
from lab.shell.command import Call, Example, Parameter, Support, command
from lab.shell.errors import ErrorRecord
from lab.shell.hyperv.adapters import adapter_object, adapters_of
from lab.shell.hyperv.drives import DVD, HARD, drive_object, drives_of
from lab.shell.hyperv.parameters import PASSTHRU, which_vm
from lab.shell.hyperv.refs import AdapterRef, VmRef
from lab.shell.hyperv.states import wrong_state
from lab.shell.hyperv.targets import given_vms, listed
from lab.shell.objects import Live, PSObject
from lab.shell.recording import accepted, kept, recorded, with_all_kept
from lab.shell.views import show

FIRMWARE: Final = "Microsoft.HyperV.PowerShell.VMFirmware"
BIOS: Final = "Microsoft.HyperV.PowerShell.VMBios"
SOURCE: Final = "Microsoft.HyperV.PowerShell.VMBootSource"
_KEPT: Final = Support.RECORDED

show(FIRMWARE, "table", "VMName", "SecureBoot", "SecureBootTemplate", "PreferredNetworkBootProtocol", "BootOrder")
show(BIOS, "table", "VMName", "StartupOrder", "NumLockEnabled")
show(SOURCE, "table", "VMName", "BootType", "Device")

_BIOS_ORDER: Final = ("CD", "IDE", "LegacyNetworkAdapter", "Floppy")


def firmware_object(ref: VmRef) -> Live:
    """Return the firmware of a VM of generation 2 as the cmdlets output it."""
    return Live(FIRMWARE, lambda: _firmware(ref), lambda: ref.place.model, source=ref)


def _firmware(ref: VmRef) -> Mapping[str, object] | None:
    vm = ref.model
    if vm is None:
        return None
    return {
        "VMName": vm.name,
        "SecureBoot": kept(vm.recorded, "SecureBoot", "On"),
        "SecureBootTemplate": kept(vm.recorded, "SecureBootTemplate", "MicrosoftWindows"),
        "PreferredNetworkBootProtocol": kept(vm.recorded, "PreferredNetworkBootProtocol", "IPv4"),
        "ConsoleMode": kept(vm.recorded, "ConsoleMode", "Default"),
        "PauseAfterBootFailure": kept(vm.recorded, "PauseAfterBootFailure", "Off"),
        "BootOrder": list(_sources(ref, vm)),
        "VMId": ref.id,
        "ComputerName": ref.host,
        "IsDeleted": False,
    }


def _sources(ref: VmRef, vm: VirtualMachine) -> Iterator[PSObject]:
    """Yield what a VM can boot from: what it boots from first, and then the rest in the order of the hardware."""
    network = [_source(ref, "Network", adapter_object(each)) for each in adapters_of(ref)]
    drives = [_source(ref, "Drive", drive_object(each)) for name in (HARD, DVD) for each in drives_of(ref, name)]
    first, second = (network, drives) if vm.boot_device is BootDevice.NETWORK_ADAPTER else (drives, network)
    yield from (*first, *second)


def _source(ref: VmRef, kind: str, device: PSObject) -> PSObject:
    values = {"BootType": kind, "Device": device, "Description": f"EFI {kind}", "VMName": ref.name, "VMId": ref.id}
    return PSObject(SOURCE, values, source=device, text=kind)


def bios_object(ref: VmRef) -> Live:
    """Return the BIOS of a VM of generation 1 as the cmdlets output it."""
    return Live(BIOS, lambda: _bios(ref), lambda: ref.place.model, source=ref)


def _bios(ref: VmRef) -> Mapping[str, object] | None:
    vm = ref.model
    if vm is None:
        return None
    return {
        "VMName": vm.name,
        "StartupOrder": startup_order(vm),
        "NumLockEnabled": kept(vm.recorded, "NumLockEnabled", False),
        "VMId": ref.id,
        "ComputerName": ref.host,
        "IsDeleted": False,
    }


def startup_order(vm: VirtualMachine) -> list[str]:
    """Return in which order a BIOS tries the devices."""
    order: list[str] = kept(vm.recorded, "StartupOrder", list(_BIOS_ORDER))
    if _boots_from(order) is vm.boot_device or not _has_legacy(vm):
        return order
    net = [each for each in order if each == "LegacyNetworkAdapter"]
    rest = [each for each in order if each != "LegacyNetworkAdapter"]
    return net + rest if vm.boot_device is BootDevice.LEGACY_NETWORK_ADAPTER else rest + net


def _has_legacy(vm: VirtualMachine) -> bool:
    return any(each.kind is AdapterKind.LEGACY for each in vm.adapters)


def _boots_from(order: list[str]) -> BootDevice:
    """Return what a BIOS boots from: nothing is in the DVD and floppy drives that could be booted."""
    first = next((each for each in order if each in ("IDE", "LegacyNetworkAdapter")), "IDE")
    return BootDevice.LEGACY_NETWORK_ADAPTER if first == "LegacyNetworkAdapter" else BootDevice.VHD


def _of_generation(call: Call, generation: int, what: str) -> Iterator[VmRef]:
    """Yield the VMs that are meant, with an error for those of the other generation."""
    for ref in given_vms(call):
        if ref.model is None or ref.model.generation == generation:
            yield ref
            continue
        message = (
            f"Generation {3 - generation} virtual machines do not support the {what}. "
            f"The virtual machine '{ref.name}' is of generation {ref.model.generation}."
        )
        call.error(
            ErrorRecord(message, "InvalidArgument", "InvalidParameter", "VirtualizationException", ref.name,
                        remedy=f"Use {call.command.name.split('-')[0]}-VM{'Bios' if generation == 2 else 'Firmware'}.")
        )  # fmt: skip


@command(
    "Get-VMFirmware",
    "Hyper-V",
    "Gets the firmware configuration of a virtual machine of generation 2.",
    which_vm(),
    default_set="VMName",
    output="VMFirmware",
    examples=(Example("(Get-VMFirmware web1).BootOrder", "Shows what a VM boots from."),),
)
def get_vmfirmware(call: Call) -> Iterator[object]:
    """Output the firmware of VMs."""
    yield from map(firmware_object, _of_generation(call, 2, "VMFirmware object"))


@command(
    "Set-VMFirmware",
    "Hyper-V",
    "Sets the firmware configuration of a virtual machine of generation 2.",
    (
        *which_vm(),
        Parameter("VMFirmware", "VMFirmware[]", sets=("VMFirmware",), position=0, mandatory=True, pipe="V",
                  help="The firmware, as Get-VMFirmware outputs it."),
        Parameter("FirstBootDevice", "Object", help="A network adapter or a drive of the VM, to boot from first."),
        Parameter("BootOrder", "Object[]", help="All that it boots from, in order."),
        Parameter("EnableSecureBoot", "OnOffState", values=("On", "Off"), support=_KEPT,
                  help="It boots what is signed only."),
        Parameter("SecureBootTemplate", support=_KEPT, help="Whose signatures it accepts."),
        Parameter("SecureBootTemplateId", "Guid", support=Support.ACCEPTED),
        Parameter("PreferredNetworkBootProtocol", "IPProtocolPreference", values=("IPv4", "IPv6"), support=_KEPT,
                  aliases=("IPProtocolPreference",), help="How it boots over the network; a lab has IPv4."),
        Parameter("ConsoleMode", "ConsoleModeType", values=("Default", "COM1", "COM2", "None"), support=_KEPT),
        Parameter("PauseAfterBootFailure", "OnOffState", values=("On", "Off"), support=_KEPT),
        PASSTHRU,
    ),
    default_set="VMName",
    confirms=True,
    output="VMFirmware",
    examples=(
        Example("Set-VMFirmware web1 -EnableSecureBoot Off", "Records that it boots anything."),
        Example("Set-VMFirmware web1 -FirstBootDevice (Get-VMNetworkAdapter web1)", "Boots it over the network."),
    ),
)  # fmt: skip
def set_vmfirmware(call: Call) -> Iterator[object]:
    """Set what VMs boot from, and record the rest."""
    accepted(call)
    values = _values(call, ("SecureBootTemplate", "PreferredNetworkBootProtocol", "ConsoleMode",
                            "PauseAfterBootFailure"))  # fmt: skip
    if "EnableSecureBoot" in call:
        values["SecureBoot"] = call.get("EnableSecureBoot")
    order = listed(call.get("FirstBootDevice")) or listed(call.get("BootOrder"))
    boot = _device(order[0]) if order else None
    given = [item.source for item in listed(call.get("VMFirmware"))]
    for ref in given or _of_generation(call, 2, "VMFirmware object"):
        if _set(call, ref, boot, values) and call.is_on("Passthru"):
            yield firmware_object(ref)


def _values(call: Call, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: call.get(name) for name in names if name in call}


def _device(item: object) -> BootDevice:
    """Return what it is to boot from something that the cmdlets output: an adapter, a drive, a boot source of them."""
    source = getattr(item, "source", None)
    if isinstance(source, PSObject):
        source = source.source
    return BootDevice.NETWORK_ADAPTER if isinstance(source, AdapterRef) else BootDevice.VHD


def _set(call: Call, ref: VmRef, boot: BootDevice | None, values: dict[str, Any]) -> bool:
    vm = ref.model
    if vm is None:
        return False
    if vm.running and (boot is not None or "SecureBoot" in values):
        call.error(wrong_state(vm.name))
        return False
    if not call.change(ref.name, edit.vm(ref.host, ref.name, partial(_with_boot, boot=boot, values=values))):
        return False
    if values.keys() - {"StartupOrder"}:
        recorded(call, "settings of the firmware but the boot order")
    return True


def _with_boot(vm: VirtualMachine, boot: BootDevice | None, values: dict[str, Any]) -> VirtualMachine:
    return replace(vm, boot_device=boot or vm.boot_device, recorded=with_all_kept(vm.recorded, values))


@command(
    "Get-VMBios",
    "Hyper-V",
    "Gets the BIOS of a virtual machine of generation 1.",
    which_vm(),
    default_set="VMName",
    output="VMBios",
    examples=(Example("Get-VMBios web1", "Shows what a VM boots from."),),
)
def get_vmbios(call: Call) -> Iterator[object]:
    """Output the BIOS of VMs."""
    yield from map(bios_object, _of_generation(call, 1, "VMBios object"))


@command(
    "Set-VMBios",
    "Hyper-V",
    "Configures the BIOS of a virtual machine of generation 1.",
    (
        *which_vm(),
        Parameter("VMBios", "VMBios[]", sets=("VMBios",), position=0, mandatory=True, pipe="V",
                  help="The BIOS, as Get-VMBios outputs it."),
        Parameter("StartupOrder", "BootDevice[]", values=("Floppy", "CD", "IDE", "LegacyNetworkAdapter", "VHD"),
                  help="In which order the devices are tried."),
        Parameter("EnableNumLock", "Switch", support=_KEPT),
        Parameter("DisableNumLock", "Switch", support=_KEPT),
        PASSTHRU,
    ),
    default_set="VMName",
    confirms=True,
    output="VMBios",
    examples=(
        Example("Set-VMBios web1 -StartupOrder LegacyNetworkAdapter, IDE, CD, Floppy", "Boots it over the network."),
    ),
)  # fmt: skip
def set_vmbios(call: Call) -> Iterator[object]:
    """Set what VMs boot from."""
    values: dict[str, Any] = {}
    if call.is_on("EnableNumLock") or call.is_on("DisableNumLock"):
        values["NumLockEnabled"] = call.is_on("EnableNumLock")
    given = [item.source for item in listed(call.get("VMBios"))]
    for ref in given or _of_generation(call, 1, "VMBios object"):
        vm, boot = ref.model, None
        if vm and "StartupOrder" in call:
            order = ["IDE" if each == "VHD" else each for each in call.get("StartupOrder")]
            values["StartupOrder"] = order + [each for each in startup_order(vm) if each not in order]
            boot = _boots_from(values["StartupOrder"])
            if boot is BootDevice.LEGACY_NETWORK_ADAPTER and not _has_legacy(vm):
                boot = BootDevice.VHD
        if _set(call, ref, boot, dict(values)) and call.is_on("Passthru"):
            yield bios_object(ref)
