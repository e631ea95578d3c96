"""What others boot from over the network: Get-, Set- and Remove-LabBootServer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from lab.errors import InputError
from lab.model import edit
from lab.model.boot import BootFile, BootProgram, BootServer
from lab.model.objects import VirtualMachine
from lab.shell.command import Call, Example, Parameter, command
from lab.shell.hyperv.refs import VmRef
from lab.shell.labs.targets import MODULE, PASSTHRU, lab_vms, live
from lab.shell.objects import Hashtable, PSObject
from lab.shell.views import show

_VM: Final = Parameter("VMName", "String[]", position=0, mandatory=True, pipe="VP", aliases=("Name",), wildcards=True,
                       complete="vm", help="The VM that is the server.")  # fmt: skip

show(f"{MODULE}.LabBootServer", "list", "VMName", "Role", "File", "BootProgram", "UseDhcpPorts")


def server_object(ref: VmRef) -> PSObject:
    """Return a boot server as the cmdlets output it."""

    def properties() -> Mapping[str, object] | None:
        vm = ref.model
        server = vm.boot_server if vm else None
        if server is None:
            return None
        return {
            "VMName": ref.name,
            "Role": server.role,
            "File": Hashtable((each.name, each.content or each.size) for each in server.files),
            "BootProgram": Hashtable((each.architecture, each.file) for each in server.programs),
            "UseDhcpPorts": server.use_dhcp_ports,
        }

    return live(ref.place, "LabBootServer", properties, source=ref, text=ref.name)


@command(
    "Get-LabBootServer",
    MODULE,
    "Gets the VMs that others boot from over the network.",
    (replace(_VM, mandatory=False),),
    output="LabBootServer",
    guest=True,
    examples=(Example("Get-LabBootServer", "Shows boot servers with their files."),),
)
def get_labbootserver(call: Call) -> Iterator[object]:
    """Output boot servers."""
    for ref in lab_vms(call):
        vm = ref.model
        if vm and vm.boot_server:
            yield server_object(ref)


@command(
    "Set-LabBootServer",
    MODULE,
    "Makes a VM a boot server, or changes one: a TFTP server, with boot programs Windows Deployment Services.",
    (
        _VM,
        Parameter("File", "Hashtable", help="Its files by name: the size of one that is made up, or its text."),
        Parameter("BootProgram", "Hashtable", help="The boot files by architecture: 0 is BIOS, 7 is UEFI x64."),
        Parameter("UseDhcpPorts", "Boolean",
                  help="Whether it listens on port 67, too; next to a DHCP server it cannot. $true unless given."),
        PASSTHRU,
    ),
    confirms=True,
    output="LabBootServer",
    guest=True,
    examples=(
        Example(r"Set-LabBootServer wds1 -File @{ 'boot\x64\wdsmgfw.efi' = 700KB } "
                r"-BootProgram @{ 7 = 'boot\x64\wdsmgfw.efi' }", "Has it boot VMs of generation 2."),
        Example("Set-LabBootServer tftp1 -File @{ 'hello.txt' = 'Hello' }", "Makes a TFTP server with one file."),
    ),
    remarks="In Windows this is done by WDSUTIL (/Set-Server /BootProgram, /UseDhcpPorts) and in its folders.",
)  # fmt: skip
def set_labbootserver(call: Call) -> Iterator[object]:
    """Make boot servers of VMs, or change them."""
    files = tuple(_files(call.get("File"))) if "File" in call else None
    programs = tuple(_programs(call.get("BootProgram"))) if "BootProgram" in call else None

    def each(vm: VirtualMachine) -> VirtualMachine:
        old = vm.boot_server or BootServer()
        server = BootServer(
            old.files if files is None else files,
            old.programs if programs is None else programs,
            call.get("UseDhcpPorts", old.use_dhcp_ports),
        )
        return replace(vm, boot_server=server)

    for ref in lab_vms(call):
        if call.change(ref.name, edit.vm(ref.host, ref.name, each)) and call.is_on("Passthru"):
            yield server_object(ref)


def _files(table: Hashtable) -> Iterator[BootFile]:
    for name, value in table.items():
        if isinstance(value, str):
            yield BootFile(str(name), content=value)
        elif isinstance(value, int) and not isinstance(value, bool):
            yield BootFile(str(name), value)
        else:
            raise InputError(f'boot file "{name}" is neither a size nor a text', target=str(name))


def _programs(table: Hashtable) -> Iterator[BootProgram]:
    for architecture, file in table.items():
        text = str(architecture)
        if not text.isdecimal() or not isinstance(file, str):
            raise InputError(
                f'boot program "{file}" is for architecture "{text}"',
                remedy="expected the name of a file for a number: @{ 7 = 'wdsmgfw.efi' }",
            )
        yield BootProgram(int(text), file)


@command(
    "Remove-LabBootServer",
    MODULE,
    "Takes from a VM that others boot from it.",
    (_VM,),
    confirms=True,
    guest=True,
    examples=(Example("Remove-LabBootServer wds1", "Has nobody boot from it any more."),),
)
def remove_labbootserver(call: Call) -> None:
    """Take the role from VMs."""
    for ref in lab_vms(call):
        call.change(ref.name, edit.vm(ref.host, ref.name, lambda vm: replace(vm, boot_server=None)), settle=True)
