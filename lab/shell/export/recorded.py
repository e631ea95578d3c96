"""Settings that a lab only records, as the cmdlets say them that set them on real hosts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from lab.model.objects import HypervHost, VirtualMachine
from lab.shell.cmdlets.vm_settings import SETTINGS
from lab.shell.cmdlets.vmhost import DEFAULTS as HOST_DEFAULTS
from lab.shell.export.writing import ON, line, lost
from lab.shell.features.catalogue import CATALOGUE
from lab.shell.hyperv.disks import SETTING as DISKS
from lab.shell.hyperv.drives import DVD, HARD

FEATURES: Final = "WindowsFeature"

_BY_SET_VM: Final = {name: parameter for parameter, name in SETTINGS.items()}
_FIRMWARE: Final = {
    "SecureBoot": "EnableSecureBoot",
    "SecureBootTemplate": "SecureBootTemplate",
    "PreferredNetworkBootProtocol": "PreferredNetworkBootProtocol",
    "ConsoleMode": "ConsoleMode",
    "PauseAfterBootFailure": "PauseAfterBootFailure",
}
_MEMORY: Final = {"MemoryBuffer": "Buffer", "MemoryPriority": "Priority"}
_AT_CREATION: Final = {"Path", "Version", "State"}
_ELSEWHERE: Final = (FEATURES, "IntegrationServices", "Checkpoints", HARD, DVD, "DhcpServer")
_VIDEO: Final = "Video"
_PROCESSOR: Final = "Processor"


def host_lines(host: HypervHost) -> Iterator[str]:
    """Yield what records the settings of a host."""
    values = _values(host)
    words = {name: value for name, value in values.items() if name in HOST_DEFAULTS}
    if "ResourceMeteringSaveInterval" in words:
        words["ResourceMeteringSaveInterval"] = span(words["ResourceMeteringSaveInterval"])
    if words:
        yield line("Set-VMHost", **words)
    for path, disk in values.get(DISKS, {}).items():
        yield _disk(path, disk)
    yield from feature_lines(values.get(FEATURES, []))
    for name in values.keys() - {DISKS, FEATURES} - HOST_DEFAULTS.keys():
        yield lost(f'the recorded setting {name} of host "{host.name}"')


def _disk(path: str, disk: dict[str, Any]) -> str:
    kind = disk["VhdType"]
    parent = disk["ParentPath"] or None
    return line("New-VHD", Path=path, ParentPath=parent, SizeBytes=disk["Size"], **{kind: ON}) + " | Out-Null"


def disk_words(vm: VirtualMachine) -> dict[str, object]:
    """Return what New-VM is told that it cannot be told later."""
    values = _values(vm)
    words: dict[str, object] = {"NoVHD": ON}
    if "Path" in values:
        words["Path"] = values["Path"]
    if "Version" in values:
        words["Version"] = ".".join(map(str, values["Version"]))
    return words


def vm_lines(vm: VirtualMachine) -> Iterator[str]:
    """Yield what records the settings of a VM that is off."""
    values = _values(vm)
    words = {_BY_SET_VM[name]: value for name, value in values.items() if name in _BY_SET_VM}
    if "DynamicMemoryEnabled" in values:
        words["DynamicMemory" if values["DynamicMemoryEnabled"] else "StaticMemory"] = ON
    if words:
        yield line("Set-VM", Name=vm.name, **words)
    yield from _table("Set-VMMemory", vm, values, _MEMORY)
    yield from _table("Set-VMProcessor", vm, values, _prefixed(values, _PROCESSOR, "ProcessorCount"))
    yield from _table("Set-VMVideo", vm, values, _prefixed(values, _VIDEO))
    yield from _table("Set-VMFirmware", vm, values, _FIRMWARE)
    yield from _bios(vm, values)
    yield from _drives(vm, values)
    if values.get("KeyProtector"):
        yield line("Set-VMKeyProtector", VMName=vm.name, NewLocalKeyProtector=ON)
    if "TpmEnabled" in values:
        yield line("Enable-VMTPM" if values["TpmEnabled"] else "Disable-VMTPM", VMName=vm.name)
    for service, on in values.get("IntegrationServices", {}).items():
        verb = "Enable" if on else "Disable"
        yield line(f"{verb}-VMIntegrationService", VMName=vm.name, Name=service)
    for checkpoint in values.get("Checkpoints", []):
        yield lost(f'the checkpoint "{checkpoint["Name"]}" of VM "{vm.name}"')
    for name in values:
        if not _known(name):
            yield lost(f'the recorded setting {name} of VM "{vm.name}"')


def _known(name: str) -> bool:
    tables = (_BY_SET_VM, _FIRMWARE, _MEMORY)
    named = ("DynamicMemoryEnabled", "StartupOrder", "NumLockEnabled", "KeyProtector", "TpmEnabled")
    return (
        any(name in table for table in tables)
        or name in named
        or name in _AT_CREATION
        or name.startswith((_PROCESSOR, _VIDEO, *_ELSEWHERE))
    )


def _prefixed(values: dict[str, Any], prefix: str, but: str = "") -> dict[str, str]:
    return {name: name.removeprefix(prefix) for name in values if name.startswith(prefix) and name != but}


def _table(command: str, vm: VirtualMachine, values: dict[str, Any], names: dict[str, str]) -> Iterator[str]:
    words = {parameter: values[name] for name, parameter in names.items() if name in values}
    if words:
        yield line(command, VMName=vm.name, **words)


def _bios(vm: VirtualMachine, values: dict[str, Any]) -> Iterator[str]:
    words: dict[str, object] = {}
    if "StartupOrder" in values:
        words["StartupOrder"] = values["StartupOrder"]
    if "NumLockEnabled" in values:
        words["EnableNumLock" if values["NumLockEnabled"] else "DisableNumLock"] = ON
    if words:
        yield line("Set-VMBios", VMName=vm.name, **words)


def _drives(vm: VirtualMachine, values: dict[str, Any]) -> Iterator[str]:
    if DVD in values and vm.generation == 1:
        yield line("Remove-VMDvdDrive", VMName=vm.name, ControllerNumber=1, ControllerLocation=0)
    for name, command in ((HARD, "Add-VMHardDiskDrive"), (DVD, "Add-VMDvdDrive")):
        for drive in values.get(name, []):
            words = {key: value for key, value in drive.items() if value is not None}
            if name == DVD:
                words.pop("ControllerType", None)
            yield line(command, VMName=vm.name, **words)


def feature_lines(names: list[str]) -> Iterator[str]:
    """Yield what installs features; headings that others stand under come with them."""
    known = {name: CATALOGUE.get(name.casefold()) for name in names}
    headings = {each.parent for each in known.values() if each}
    wanted = [name for name, each in known.items() if name not in headings or (each and each.kind == "Role")]
    if wanted:
        yield line("Install-WindowsFeature", Name=wanted) + " | Out-Null"


def vm_features(vm: VirtualMachine) -> list[str]:
    """Return the names of the features that are recorded of a VM."""
    found: list[str] = _values(vm).get(FEATURES, [])
    return found


def span(seconds: int) -> str:
    """Return a number of seconds as a TimeSpan is written: ``8.00:00:00``."""
    days, rest = divmod(int(seconds), 86400)
    time = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    return f"{days}.{time}" if days else time


def _values(of: HypervHost | VirtualMachine) -> dict[str, Any]:
    return {each.name: json.loads(each.value) for each in of.recorded}
