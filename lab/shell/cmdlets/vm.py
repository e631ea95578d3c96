"""VMs: Get-, New-, Remove- and Rename-VM. Starting them is in vm_power, their settings are in vm_settings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from lab.model import edit
from lab.model.edit import Edit
from lab.model.kinds import AdapterKind, BootDevice, VMState
from lab.model.objects import HypervHost, LabModel, NetworkAdapter, VirtualMachine
from lab.shell.command import Call, Example, Impact, Parameter, Support, command
from lab.shell.errors import failure
from lab.shell.hyperv.disks import created
from lab.shell.hyperv.drives import HARD, free_place, with_drives
from lab.shell.hyperv.guests import FRESH_IP
from lab.shell.hyperv.parameters import PASSTHRU, named_vm
from lab.shell.hyperv.refs import ID, VmRef, own_id
from lab.shell.hyperv.states import OFF, SAVED, state_of, wrong_state
from lab.shell.hyperv.targets import given_vms, one_switch, the_host, vms
from lab.shell.hyperv.vms import vm_object
from lab.shell.recording import accepted, kept, recorded, with_kept


@command(
    "Get-VM",
    "Hyper-V",
    "Gets the virtual machines from one or more Hyper-V hosts.",
    (
        Parameter("Name", "String[]", sets=("Name",), position=0, aliases=("VMName",), pipe="V", wildcards=True,
                  complete="vm", help="The name of the VM; wildcards are permitted."),
        Parameter("Id", "Guid", sets=("Id",), position=0, pipe="VP", help="The identifier of the VM."),
        Parameter("ClusterObject", "PSObject", sets=("ClusterObject",), position=0, mandatory=True, pipe="V",
                  support=Support.ACCEPTED, help="A group of a failover cluster, which a lab does not have."),
    ),
    default_set="Name",
    output="VirtualMachine",
    examples=(
        Example("Get-VM", "Gets every VM of the host."),
        Example("Get-VM web* | Where-Object State -eq Running", "Gets the running VMs whose names begin with web."),
    ),
)  # fmt: skip
def get_vm(call: Call) -> Iterator[object]:
    """Output the VMs that are asked for."""
    if call.set == "ClusterObject":
        raise failure("A lab has no failover clusters.", category="ObjectNotFound", error_id="ObjectNotFound")
    if "Id" not in call:
        yield from map(vm_object, given_vms(call, "Name"))
        return
    found = [each for each in vms(call, None) if each.id == call.get("Id")]
    if not found:
        message = f'Hyper-V was unable to find a virtual machine with id "{call.get("Id")}".'
        call.error(failure(message, category="ObjectNotFound", error_id="ObjectNotFound", target=call.get("Id")).record)
    yield from map(vm_object, found)


_NO_VHD, _NEW_VHD, _VHD = "No VHD", "New VHD", "Existing VHD"


@command(
    "New-VM",
    "Hyper-V",
    "Creates a new virtual machine.",
    (
        Parameter("Name", position=0, aliases=("VMName",), pipe="VP",
                  help='The name; "New Virtual Machine" unless given.'),
        Parameter("MemoryStartupBytes", "Int64", position=1, minimum=32 << 20, support=Support.RECORDED,
                  help="The memory of the VM in bytes; 512MB unless given."),
        Parameter("Generation", "Int16", position=2, minimum=1, maximum=2,
                  help="The generation, 1 or 2; 1 unless given. Only generation 1 has legacy network adapters."),
        Parameter("SwitchName", complete="switch", help="The virtual switch that its network adapter is connected to."),
        Parameter("BootDevice", "BootDevice",
                  values=("Floppy", "CD", "IDE", "LegacyNetworkAdapter", "NetworkAdapter", "VHD"),
                  help="What it boots from first; LegacyNetworkAdapter in generation 1, NetworkAdapter in 2."),
        Parameter("NoVHD", "Switch", sets=(_NO_VHD,), help="Without a virtual hard disk."),
        Parameter("NewVHDPath", sets=(_NEW_VHD,), mandatory=True, support=Support.RECORDED,
                  help="The path of a virtual hard disk to be created."),
        Parameter("NewVHDSizeBytes", "UInt64", sets=(_NEW_VHD,), mandatory=True, support=Support.RECORDED,
                  help="The size of that disk."),
        Parameter("VHDPath", sets=(_VHD,), mandatory=True, support=Support.RECORDED,
                  help="The path of a virtual hard disk."),
        Parameter("Path", support=Support.RECORDED, help="The folder for the VM's files."),
        Parameter("Version", "Version", support=Support.RECORDED, help="The version of its configuration."),
        Parameter("GuestStateIsolationType", "GuestIsolationType", support=Support.ACCEPTED,
                  values=("TrustedLaunch", "VBS", "SNP", "TDX", "Disabled")),
        Parameter("SourceGuestStatePath", support=Support.ACCEPTED),
        Parameter("Experimental", "Switch", support=Support.ACCEPTED),
        Parameter("Prerelease", "Switch", support=Support.ACCEPTED),
        Parameter("Force", "Switch", help="Does not ask."),
    ),
    default_set=_NO_VHD,
    confirms=True,
    output="VirtualMachine",
    examples=(
        Example("New-VM web1 -SwitchName External", "Creates a VM with one adapter on a switch; it is Off."),
        Example("1..3 | % { New-VM vm$_ -SwitchName Lab -NoVHD } | Start-VM", "Creates and starts three VMs."),
    ),
    remarks="Its guest is a Linux system with an empty network configuration that asks DHCP servers, like a fresh "
    "Windows; a disk is not needed for that.",
)  # fmt: skip
def new_vm(call: Call) -> Iterator[object]:
    """Create a VM that is Off, with one network adapter."""
    accepted(call)
    host = the_host(call)
    name = call.get("Name", "New Virtual Machine")
    switch = one_switch(call, call.get("SwitchName")) if "SwitchName" in call else None
    if "SwitchName" in call and switch is None:
        return
    vm = _new(call, name, switch.name if switch else None)
    paths = {}
    if "NewVHDPath" in call:
        paths[call.get("NewVHDPath")] = created(call.get("NewVHDSizeBytes"))

    def with_vm(each: HypervHost) -> HypervHost:
        disks = {**kept(each.recorded, "VHDs", {}), **paths}
        recorded = with_kept(each.recorded, "VHDs", disks) if paths else each.recorded
        return replace(each, vms=(*each.vms, vm), recorded=recorded)

    if call.change(name, edit.host(host.name, with_vm)):
        if paths or "VHDPath" in call:
            recorded(call, "virtual hard disks")
        yield vm_object(VmRef(call.place, host.name, name))


def _new(call: Call, name: str, switch: str | None) -> VirtualMachine:
    generation = call.get("Generation", 1)
    boot, kind = _boot(call, generation)
    title = "Legacy Network Adapter" if kind is AdapterKind.LEGACY else "Network Adapter"
    adapter = NetworkAdapter(title, switch, kind, ip=FRESH_IP)
    vm = VirtualMachine(name, (adapter,), generation, VMState.OFF, boot_device=boot)
    settings: dict[str, Any] = {"MemoryStartup": "MemoryStartupBytes", "Path": "Path"}
    for key, parameter in settings.items():
        if parameter in call:
            vm = replace(vm, recorded=with_kept(vm.recorded, key, call.get(parameter)))
    if "Version" in call:
        vm = replace(vm, recorded=with_kept(vm.recorded, "Version", list(call.get("Version").parts)))
    host = the_host(call)
    if (own := own_id(host.vms, call.place, host.name, "vm", name)) is not None:
        vm = replace(vm, recorded=with_kept(vm.recorded, ID, own))
    if disk := call.get("NewVHDPath") or call.get("VHDPath"):
        place = free_place(vm, None, None, None)
        assert place
        drive = {"ControllerType": place.kind, "ControllerNumber": 0, "ControllerLocation": 0, "Path": disk}
        vm = with_drives(vm, HARD, [drive])
    return vm


def _boot(call: Call, generation: int) -> tuple[BootDevice, AdapterKind]:
    """Return what a new VM boots from, and of which kind its adapter is: one to boot from, if it is that."""
    wanted = call.get("BootDevice", "VHD")
    if wanted in (("NetworkAdapter",) if generation == 1 else ("Floppy", "IDE", "LegacyNetworkAdapter")):
        message = f"The boot device {wanted} is not supported on a virtual machine of generation {generation}."
        raise failure(message, target=wanted)
    if wanted == "LegacyNetworkAdapter":
        return BootDevice.LEGACY_NETWORK_ADAPTER, AdapterKind.LEGACY
    if wanted == "NetworkAdapter":
        return BootDevice.NETWORK_ADAPTER, AdapterKind.SYNTHETIC
    return BootDevice.VHD, AdapterKind.SYNTHETIC


@command(
    "Remove-VM",
    "Hyper-V",
    "Deletes a virtual machine.",
    (*named_vm(), Parameter("Force", "Switch", help="Does not ask."), PASSTHRU),
    default_set="Name",
    confirms=True,
    impact=Impact.HIGH,
    output="VirtualMachine",
    examples=(Example("Remove-VM web1 -Force", "Deletes a VM that is off, without asking."),),
)
def remove_vm(call: Call) -> Iterator[object]:
    """Delete VMs that are off or saved."""
    for ref in list(given_vms(call, "Name")):
        vm = ref.model
        if vm is not None and state_of(vm) not in (OFF, SAVED):
            call.error(wrong_state(vm.name))
            continue
        shown = vm_object(ref)
        list(shown.items())  # what it was last is what -Passthru outputs
        if call.change(ref.name, _without(ref), settle=True) and call.is_on("Passthru"):
            yield shown


def _without(ref: VmRef) -> Edit:
    return edit.host(ref.host, lambda host: replace(host, vms=edit.without(host.vms, ref.name)))


@command(
    "Rename-VM",
    "Hyper-V",
    "Renames a virtual machine.",
    (*named_vm(), Parameter("NewName", position=1, mandatory=True, help="The name that it is to have."), PASSTHRU),
    default_set="Name",
    confirms=True,
    output="VirtualMachine",
    examples=(Example("Rename-VM web1 -NewName web2", "Gives a VM another name."),),
    remarks="A VM that runs is started anew with its new name.",
)
def rename_vm(call: Call) -> Iterator[object]:
    """Give VMs another name."""
    for ref in list(given_vms(call, "Name")):
        if renamed(call, ref, call.get("NewName")) and call.is_on("Passthru"):
            yield vm_object(ref)


def renamed(call: Call, ref: VmRef, new: str) -> bool:
    """Rename a VM; its object then stands for the one with the new name."""
    return call.change(ref.name, _with_name(ref, new))


def _with_name(ref: VmRef, new: str) -> Edit:
    """Return the change of a VM's name, and of that in the failover relationship whose partner it is."""
    of, old, own = ref.host, ref.name, str(ref.id)

    def partner(vm: VirtualMachine) -> VirtualMachine:
        server = vm.dhcp_server
        if server is None or server.failover is None or server.failover.partner != old:
            return vm
        return replace(vm, dhcp_server=replace(server, failover=replace(server.failover, partner=new)))

    def changed(model: LabModel) -> LabModel:
        model = edit.vm(of, old, lambda vm: replace(vm, name=new, recorded=with_kept(vm.recorded, ID, own)))(model)
        hosts = (replace(host, vms=tuple(map(partner, host.vms))) for host in model.hosts)
        return replace(model, hosts=tuple(hosts))

    return changed
