"""What a VM's guest is that no cmdlet of Windows sets: Get- and Set-LabVM."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address

from lab.errors import InputError
from lab.model import edit
from lab.model.objects import VirtualMachine
from lab.shell.command import Call, Example, Parameter, command
from lab.shell.hyperv.refs import VmRef
from lab.shell.labs.settings import changed, given
from lab.shell.labs.targets import MODULE, PASSTHRU, lab_vms, listed, live
from lab.shell.objects import PSObject
from lab.shell.views import show

_FIELDS = {
    "Forwarding": "forwarding", "IntegrationServices": "integration_services", "Installed": "installed",
    "RealMachine": "real_machine",
}  # fmt: skip

show(f"{MODULE}.LabVM", "list", "Name", "HostName", "Forwarding", "DhcpRelay", "IntegrationServices", "Installed",
     "RealMachine")  # fmt: skip


def labvm_object(ref: VmRef) -> PSObject:
    """Return a VM as the cmdlets of this module output it."""

    def properties() -> Mapping[str, object] | None:
        vm = ref.model
        if vm is None:
            return None
        return {
            "Name": vm.name,
            "HostName": ref.host,
            "Forwarding": vm.forwarding,
            "DhcpRelay": list(vm.dhcp_relay),
            "IntegrationServices": vm.integration_services,
            "Installed": vm.has_system,
            "RealMachine": vm.real_machine,
        }

    return live(ref.place, "LabVM", properties, source=ref, text=ref.name)


@command(
    "Get-LabVM",
    MODULE,
    "Gets what the guests of VMs are that Get-VM does not show.",
    (
        Parameter("Name", "String[]", position=0, pipe="VP", aliases=("VMName",), wildcards=True, complete="vm",
                  help="The name of the VM, on whatever host it is."),
    ),
    output="LabVM",
    guest=True,
    examples=(Example("Get-LabVM | Where-Object Forwarding", "Shows which VMs are routers."),),
)  # fmt: skip
def get_labvm(call: Call) -> Iterator[object]:
    """Output VMs."""
    yield from map(labvm_object, lab_vms(call, "Name"))


@command(
    "Set-LabVM",
    MODULE,
    "Changes what the guest of a VM is.",
    (
        Parameter("Name", "String[]", position=0, mandatory=True, pipe="VP", aliases=("VMName",), wildcards=True,
                  complete="vm", help="The name of the VM, on whatever host it is."),
        Parameter("Forwarding", "Boolean", help="Whether the guest routes between its adapters."),
        Parameter("DhcpRelay", "IPAddress[]",
                  help="The DHCP servers to which it passes what clients beside it ask; @() for none."),
        Parameter("IntegrationServices", "Boolean",
                  help="Whether the guest has integration services; without, synthetic adapters have no driver."),
        Parameter("Installed", "Boolean",
                  help="Whether there is an operating system on the disk of a VM that boots from the network."),
        Parameter("RealMachine", "Boolean", help="Whether it is run by a machine emulator, with real firmware."),
        PASSTHRU,
    ),
    confirms=True,
    output="LabVM",
    guest=True,
    examples=(
        Example("Set-LabVM router1 -Forwarding $true", "Makes a router of a VM with two adapters."),
        Example("Set-LabVM relay1 -DhcpRelay 10.0.1.2", "Makes a DHCP relay agent of a VM."),
    ),
)  # fmt: skip
def set_labvm(call: Call) -> Iterator[object]:
    """Change VMs."""
    values = given(call, _FIELDS)
    if "DhcpRelay" in call:
        values["dhcp_relay"] = tuple(map(_ipv4, listed(call.get("DhcpRelay"))))

    def each(vm: VirtualMachine) -> VirtualMachine:
        return changed(vm, values)

    for ref in lab_vms(call, "Name"):
        if call.change(ref.name, edit.vm(ref.host, ref.name, each)) and call.is_on("Passthru"):
            yield labvm_object(ref)


def _ipv4(address: object) -> IPv4Address:
    if not isinstance(address, IPv4Address):
        raise InputError(f"the DHCP server {address} has no IPv4 address", remedy="expected such as 10.0.1.2")
    return address
