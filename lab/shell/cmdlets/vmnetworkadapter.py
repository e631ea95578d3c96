"""Virtual network adapters: Get-, Add-, Remove-, Rename- and Test-VMNetworkAdapter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from lab.model.edit import Edit
from lab.model.kinds import AdapterKind, SwitchType
from lab.model.objects import HypervHost, NetworkAdapter, VirtualMachine
from lab.shell.command import Call, Example, Parameter, Support, command
from lab.shell.errors import ShellError, failure
from lab.shell.hyperv import adapter_parameters as by
from lab.shell.hyperv.acl_words import static_mac
from lab.shell.hyperv.adapter_changes import added_to_host, added_to_vm, hot_error, other_name, removed, renamed
from lab.shell.hyperv.adapter_names import LEGACY, SYNTHETIC
from lab.shell.hyperv.adapter_parameters import PASSTHRU
from lab.shell.hyperv.adapters import adapter_object, adapters_of
from lab.shell.hyperv.guests import FRESH_IP
from lab.shell.hyperv.outcomes import done, refuse
from lab.shell.hyperv.refs import AdapterRef, VmRef
from lab.shell.hyperv.targets import given_adapters, given_vms, one_switch, the_host, vms
from lab.shell.recording import accepted, recorded, with_kept

_OF_VMS: Final = (by.BY_NAME, by.BY_VM)
_NAMED: Final = (by.BY_NAME, by.BY_VM, by.MANAGEMENT)
_ALIAS: Final = ("VMNetworkAdapterName",)
_SAME_NAME: Final = (
    "Several adapters of a machine may have one name here, as on Windows. In the rest of the lab each has a name of "
    "its own: the second one is 'Network Adapter 2' there, which -Verbose says."
)


@command(
    "Get-VMNetworkAdapter",
    "Hyper-V",
    "Gets the virtual network adapters of a virtual machine, snapshot, management operating system, or of a virtual "
    "machine and management operating system.",
    (
        *by.vms(),
        Parameter("ManagementOS", "Switch", sets=(by.MANAGEMENT,), mandatory=True,
                  help="Gets the adapters of the management OS."),
        Parameter("All", "Switch", sets=("All",), mandatory=True, help="Gets those of the management OS and all VMs."),
        by.snapshot(),
        Parameter("Name", position=1, aliases=_ALIAS, wildcards=True, complete="adapter",
                  help="Gets adapters of this name only."),
        Parameter("IsLegacy", "Boolean", sets=_OF_VMS, help="Gets only adapters that are legacy ones, or are not."),
        Parameter("SwitchName", sets=(by.MANAGEMENT,), wildcards=True, complete="switch",
                  help="Gets adapters on this switch only."),
    ),
    default_set=by.BY_NAME,
    output="VMNetworkAdapter",
    examples=(
        Example("Get-VMNetworkAdapter -VMName *", "Gets the adapters of all VMs."),
        Example("Get-VMNetworkAdapter -ManagementOS", "Gets those of the management OS."),
    ),
    remarks=_SAME_NAME,
)  # fmt: skip
def get_vmnetworkadapter(call: Call) -> Iterator[object]:
    """Output adapters: of VMs, of the management OS, or of both."""
    for ref in _everything(call) if call.is_on("All") else given_adapters(call):
        legacy = ref.model is not None and ref.model.kind is AdapterKind.LEGACY
        if call.get("IsLegacy", legacy) == legacy:
            yield adapter_object(ref)


def _everything(call: Call) -> Iterator[AdapterRef]:
    from lab.shell.wildcards import matches

    host = the_host(call)
    found = [AdapterRef(call.place, host.name, None, each.name) for each in host.management_adapters]
    found += [ref for vm in vms(call, None) for ref in adapters_of(vm)]
    yield from (ref for ref in found if matches(call.get("Name", "*"), ref.shown))


@command(
    "Add-VMNetworkAdapter",
    "Hyper-V",
    "Adds a virtual network adapter to a virtual machine.",
    (
        *by.vms(),
        Parameter("ManagementOS", "Switch", sets=(by.MANAGEMENT,), help="Adds it to the management OS."),
        Parameter("SwitchName", complete="switch", help="The switch that it is connected to; none unless given."),
        Parameter("Name", aliases=_ALIAS, help="Its name; \"Network Adapter\" unless given."),
        Parameter("IsLegacy", "Boolean", sets=_OF_VMS,
                  help="Makes it a legacy one, which only VMs of generation 1 have."),
        Parameter("DynamicMacAddress", "Switch", help="Gives it an address of the host's pool, as is usual."),
        Parameter("StaticMacAddress", help="Gives it this MAC address, such as 00155D010203."),
        Parameter("DeviceNaming", "OnOffState", values=("On", "Off"), support=Support.RECORDED,
                  help="Tells the guest the adapter's name."),
        Parameter("ResourcePoolName", sets=_OF_VMS, support=Support.ACCEPTED),
        PASSTHRU,
    ),
    default_set=by.BY_NAME,
    confirms=True,
    output="VMNetworkAdapter",
    examples=(
        Example("Add-VMNetworkAdapter -VMName web1 -SwitchName Lab", "Gives a VM another adapter, on a switch."),
        Example("Add-VMNetworkAdapter -ManagementOS -Name Backup -SwitchName External",
                "Gives the management OS another adapter: vEthernet (Backup)."),
    ),
    remarks=_SAME_NAME,
)  # fmt: skip
def add_vmnetworkadapter(call: Call) -> Iterator[object]:
    """Add an adapter to VMs or to the management OS; to a VM that runs only if it is of generation 2."""
    accepted(call)
    if "DynamicMacAddress" in call and "StaticMacAddress" in call:
        raise failure("A MAC address is either dynamic or static.", remedy="Specify one of the parameters.")
    mac = static_mac("StaticMacAddress", call.get("StaticMacAddress")) if "StaticMacAddress" in call else ""
    switch = one_switch(call, call.get("SwitchName")) if "SwitchName" in call else None
    if "SwitchName" in call and switch is None:
        return
    name = switch.name if switch else None
    adapter = NetworkAdapter("", name, mac=mac, ip=FRESH_IP)
    if "DeviceNaming" in call:
        adapter = replace(adapter, recorded=with_kept((), "DeviceNaming", call.get("DeviceNaming")))
        recorded(call, "whether a guest is told its adapters' names")
    if call.set == by.MANAGEMENT:
        yield from _add_to_host(call, adapter)
    else:
        for vm in given_vms(call):
            yield from _add_to_vm(call, vm, adapter)


def _add_to_vm(call: Call, vm: VmRef, adapter: NetworkAdapter) -> Iterator[object]:
    kind = AdapterKind.LEGACY if call.get("IsLegacy", False) else AdapterKind.SYNTHETIC
    model = vm.model
    if model is None:
        return
    if refused := _no_legacy(model, kind) or hot_error(model, kind, "add"):
        refuse(call, refused)
        return
    name = call.get("Name") or (LEGACY if kind is AdapterKind.LEGACY else SYNTHETIC)
    yield from _added(call, vm.name, added_to_vm(vm, replace(adapter, name=name, kind=kind)), vm)


def _no_legacy(vm: VirtualMachine, kind: AdapterKind) -> ShellError | None:
    if kind is not AdapterKind.LEGACY or vm.generation == 1:
        return None
    return failure(
        f"A legacy network adapter cannot be added to the virtual machine '{vm.name}', which is of generation 2.",
        category="InvalidOperation", error_id="OperationFailed", target=vm.name,
    )  # fmt: skip


def _add_to_host(call: Call, adapter: NetworkAdapter) -> Iterator[object]:
    host = the_host(call)
    switch = adapter.switch or _only_switch(host)
    nic = next((host.nic(each.nic) for each in host.switches if each.name == switch), None)
    new = replace(adapter, name=call.get("Name") or switch, switch=switch, ip=NetworkAdapter("").ip)
    new = replace(new, mtu=nic.mtu if nic else new.mtu)
    yield from _added(call, host.name, added_to_host(host.name, new), None)


def _only_switch(host: HypervHost) -> str:
    found = [each.name for each in host.switches if each.type is not SwitchType.PRIVATE and not each.is_default]
    if len(found) != 1:
        raise failure(
            "The virtual switch of the new network adapter is not specified.",
            remedy="Say which one: -SwitchName.",
        )
    return found[0]


def _added(call: Call, target: str, edit: Edit, vm: VmRef | None) -> Iterator[object]:
    """Carry out an addition, and output the new adapter if that is wanted."""
    if not done(call, target, edit):
        return
    host = the_host(call)
    model = vm.model if vm else None
    adapters = model.adapters if model else host.management_adapters
    ref = AdapterRef(call.place, vm.host if vm else host.name, vm, adapters[-1].name)
    if said := other_name(ref):
        call.verbose(said)
    if call.is_on("Passthru"):
        yield adapter_object(ref)


@command(
    "Remove-VMNetworkAdapter",
    "Hyper-V",
    "Removes one or more virtual network adapters from a virtual machine.",
    (
        *by.vms(),
        *by.adapters(),
        Parameter("Name", sets=_NAMED, aliases=_ALIAS, wildcards=True, complete="adapter",
                  help="The adapter's name; without it all adapters are removed."),
        Parameter("SwitchName", sets=(by.MANAGEMENT,), wildcards=True, complete="switch",
                  help="Removes adapters on this switch only."),
        PASSTHRU,
    ),
    default_set=by.BY_NAME,
    confirms=True,
    output="VMNetworkAdapter",
    examples=(
        Example("Remove-VMNetworkAdapter -VMName web1 -Name Backup", "Takes an adapter out of a VM."),
        Example("Get-VMNetworkAdapter -VMName web1 | Remove-VMNetworkAdapter", "Takes out all of them."),
    ),
)  # fmt: skip
def remove_vmnetworkadapter(call: Call) -> Iterator[object]:
    """Remove adapters; from a VM that runs only if it is of generation 2."""
    for ref in list(given_adapters(call)):
        vm, adapter = ref.vm.model if ref.vm else None, ref.model
        if vm and adapter and (refused := hot_error(vm, adapter.kind, "remove")):
            refuse(call, refused)
            continue
        shown = adapter_object(ref)
        shown.names()  # It keeps what it was.
        if done(call, ref.title, removed(ref), settle=True) and call.is_on("Passthru"):
            yield shown


@command(
    "Rename-VMNetworkAdapter",
    "Hyper-V",
    "Renames a virtual network adapter on a virtual machine or on the management operating system.",
    (
        Parameter("VMName", "String[]", sets=(by.BY_NAME,), position=0, mandatory=True, wildcards=True, complete="vm",
                  help="The VM whose adapter is meant."),
        Parameter("VM", "VirtualMachine[]", sets=(by.BY_VM,), position=0, mandatory=True, pipe="V",
                  help="The same, as Get-VM outputs it."),
        *by.adapters(),
        Parameter("Name", sets=_NAMED, position=1, aliases=_ALIAS, wildcards=True, complete="adapter",
                  help="The adapter's name; without it all adapters of the machine are renamed."),
        Parameter("NewName", position=2, mandatory=True, help="The name that it is to have."),
        PASSTHRU,
    ),
    default_set=by.BY_NAME,
    confirms=True,
    output="VMNetworkAdapter",
    examples=(
        Example('Rename-VMNetworkAdapter -VMName web1 -Name "Network Adapter" -NewName Front', "Renames an adapter."),
    ),
    remarks="That of the management OS keeps its name there, vEthernet (…): Rename-NetAdapter changes that one. "
    + _SAME_NAME,
)  # fmt: skip
def rename_vmnetworkadapter(call: Call) -> Iterator[object]:
    """Give adapters another name in Hyper-V."""
    new = call.get("NewName")
    for ref in list(given_adapters(call)):
        edit, key = renamed(ref, new)
        if done(call, ref.title, edit):
            ref.renamed(key)
            if said := other_name(ref):
                call.verbose(said)
            if call.is_on("Passthru"):
                yield adapter_object(ref)


@command(
    "Test-VMNetworkAdapter",
    "Hyper-V",
    "Tests connectivity between virtual machines.",
    (
        *by.vms(many=False),
        Parameter("VMNetworkAdapter", "VMNetworkAdapter", sets=(by.BY_ADAPTER,), position=0, mandatory=True, pipe="V",
                  help="The adapter, as Get-VMNetworkAdapter outputs it."),
        Parameter("Name", sets=_OF_VMS, aliases=_ALIAS, complete="adapter", help="The adapter's name."),
        Parameter("Sender", "Switch", help="The adapter sends the test packet."),
        Parameter("Receiver", "Switch", help="The adapter gets it."),
        Parameter("SenderIPAddress", mandatory=True, help="The address that it comes from."),
        Parameter("ReceiverIPAddress", mandatory=True, help="The address that it goes to."),
        Parameter("SequenceNumber", "Int32", mandatory=True, help="Its number."),
        Parameter("NextHopMacAddress", help="The MAC address that it is sent to."),
        Parameter("IsolationId", "Int32", help="The virtual subnet."),
        Parameter("PayloadSize", "Int32", help="How long it is."),
        PASSTHRU,
    ),
    default_set=by.BY_NAME,
    output="VMNetworkAdapterConnectionTestResult",
    examples=(
        Example("Test-VMNetworkAdapter -VMName web1 -Sender -SenderIPAddress 10.0.0.1 -ReceiverIPAddress 10.0.0.2 "
                "-SequenceNumber 1", "Not in a lab: it needs network virtualization."),
    ),
    remarks="The switch of a real host sends the packets of this cmdlet itself, within a virtual subnet. A lab has no "
    "network virtualization: use Test-NetConnection or ping in a VM, or `hvlab trace`.",
)  # fmt: skip
def test_vmnetworkadapter(call: Call) -> None:
    """Say that a lab cannot do this."""
    raise failure(
        "Test-VMNetworkAdapter needs Hyper-V network virtualization, which a lab does not have.",
        category="NotImplemented", error_id="NotSupported",
        remedy="Ping from the virtual machine: Invoke-Command -VMName … { ping … }; or see `hvlab trace`.",
    )  # fmt: skip
