"""VMs that cannot be set to boot so, and boot servers that cannot be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import PureWindowsPath

from lab.errors import ErrorRecord
from lab.model.boot import LARGEST_FILES, BootFile, BootServer
from lab.model.kinds import AdapterKind, BootDevice
from lab.model.names import quoted
from lab.model.objects import LabModel, VirtualMachine
from lab.model.rules.mistakes import known, mistake

_GENERATION = {BootDevice.LEGACY_NETWORK_ADAPTER: 1, BootDevice.NETWORK_ADAPTER: 2}
_LONGEST_NAME = 127


def boot_devices(model: LabModel) -> Iterator[ErrorRecord]:
    """Boot devices that the VM's generation does not have (New-VM, parameter BootDevice)."""
    for _, vm in model.vms():
        needed = _GENERATION.get(vm.boot_device, vm.generation)
        if vm.generation in (1, 2) and needed != vm.generation:
            other = next(each for each, number in _GENERATION.items() if number == vm.generation)
            yield mistake(
                vm.name,
                f"VM {quoted(vm.name)} of generation {vm.generation} has the boot device {vm.boot_device}, "
                f"which generation {needed} has",
                f'expected boot_device="{other}"',
            )


def real_machines(model: LabModel) -> Iterator[ErrorRecord]:
    """Real machines that would be something else than a PC that boots from its one network adapter."""
    for _, vm in model.vms():
        if not vm.real_machine:
            continue
        who = f"real machine {quoted(vm.name)}"
        legacy = vm.generation == 1
        if vm.boot_device is BootDevice.VHD:
            other = BootDevice.LEGACY_NETWORK_ADAPTER if legacy else BootDevice.NETWORK_ADAPTER
            yield mistake(vm.name, f"{who} has the boot device VHD, and no disk", f'expected boot_device="{other}"')
        if [each.kind for each in vm.adapters] != [AdapterKind.LEGACY if legacy else AdapterKind.SYNTHETIC]:
            kinds = ", ".join(each.kind.value.lower() for each in vm.adapters) or "no"
            wanted = "one, with legacy=True" if legacy else "one, without legacy=True"
            yield mistake(vm.name, f"{who} of generation {vm.generation} has {kinds} adapters", f"expected {wanted}")
        if any(each.ip and (each.ip.addresses or each.ip.gateways) for each in vm.adapters):
            yield mistake(vm.name, f"{who} has IP addresses", "leave them out: what it boots takes its own")
        roles = vm.dhcp_server or vm.dhcp_relay or vm.boot_server or vm.router_advertisements
        if roles or vm.team or vm.forwarding:
            yield mistake(vm.name, f"{who} has roles or settings of a guest", "leave them out: it is what it boots")


def boot_servers(model: LabModel) -> Iterator[ErrorRecord]:
    """Boot servers that could not start, or have files that nobody could ask for."""
    for _, vm in model.vms():
        if vm.boot_server:
            yield from _server(vm, vm.boot_server)


def _server(vm: VirtualMachine, server: BootServer) -> Iterator[ErrorRecord]:
    who = f"role {quoted(server.role)} of {quoted(vm.name)}"
    if not any(address.version == 4 for each in vm.adapters if each.ip for address in each.ip.addresses):
        yield mistake(vm.name, f"{who} has no static IPv4 address", "give one of the VM's adapters an address")
    only_ipv6 = vm.dhcp_server is not None and vm.dhcp_server.scopes6 and not vm.dhcp_server.scopes
    if server.programs and server.use_dhcp_ports and vm.dhcp_server and not only_ipv6:
        yield mistake(
            vm.name,
            f"{who} and the DHCP server beside it would both listen on port 67",
            'expected use_dhcp_ports=False here, and vendor_class_id="PXEClient" (option 60) of the DHCP server',
        )
    for each in server.files:
        yield from _file(vm.name, who, each)
    size = sum(max(0, each.bytes) for each in server.files)
    if size > LARGEST_FILES:
        yield mistake(vm.name, f"{who} has files of {size} bytes", f"expected {LARGEST_FILES} at most, together")
    yield from _places(vm.name, who, server)
    names = {_path(each): each.name for each in server.files}
    for program in server.programs:
        if not 0 <= program.architecture <= 0xFFFF:
            found = f"{who} has a boot program for architecture {program.architecture}"
            yield mistake(vm.name, found, "expected 0 to 65535 (RFC 4578)")
        if _path(BootFile(program.file)) not in names:
            found = f"{who} has the boot program {quoted(program.file)}, which is none of its files"
            yield mistake(vm.name, found, known(list(names.values()), program.file))


def _places(target: str, who: str, server: BootServer) -> Iterator[ErrorRecord]:
    """Yield files of one place, and files in what is a file itself; Windows cares for no case there."""
    count = Counter(map(_path, server.files))
    for each in dict.fromkeys(map(_path, server.files)):
        name = quoted("\\".join(each))
        if count[each] > 1:
            yield mistake(target, f"{who} has the file {name} {count[each]} times", "once is enough")
        if any(each[:at] in count for at in range(1, len(each))):
            yield mistake(target, f"{who} has the file {name} in another file", "expected it in a folder")


def _path(file: BootFile) -> tuple[str, ...]:
    return tuple(part.casefold() for part in PureWindowsPath(file.name).parts)


def _file(target: str, who: str, file: BootFile) -> Iterator[ErrorRecord]:
    path = PureWindowsPath(file.name)
    plain = file.name.isprintable() and file.name.isascii() and len(file.name) <= _LONGEST_NAME
    if not path.parts or path.anchor or ".." in path.parts or not plain:
        yield mistake(
            target,
            f"{who} has the file {quoted(file.name)}",
            rf"expected a name like boot\x64\wdsmgfw.efi, of up to {_LONGEST_NAME} characters",
        )
    if file.bytes < 1:
        yield mistake(target, f"{who} has the file {quoted(file.name)} of {file.size} bytes", "expected 1 or more")
