"""What an adapter's owner has set on it, whether it runs or not: Get- and Set-LabAdapter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from lab.model.addresses import NO_IP
from lab.model.objects import NetworkAdapter
from lab.shell.command import Call, Example, Parameter, command
from lab.shell.hyperv.refs import AdapterRef
from lab.shell.labs.adapters import OF_MANAGEMENT, OWN, VM, adapter_edit, given_adapters, of_vms
from lab.shell.labs.ip import IP, ip_settings, is_given, shown
from lab.shell.labs.settings import changed, given
from lab.shell.labs.targets import MODULE, PASSTHRU, live
from lab.shell.objects import PSObject
from lab.shell.views import show

show(f"{MODULE}.LabAdapter", "table", "MachineName", "Name", "Mtu", "IPAddress", "DefaultGateway", "Dhcp",
     "RouterDiscovery")  # fmt: skip


def labadapter_object(ref: AdapterRef) -> PSObject:
    """Return an adapter as the cmdlets of this module output it."""

    def properties() -> Mapping[str, object] | None:
        adapter = ref.model
        if adapter is None:
            return None
        return {
            "MachineName": ref.vm.name if ref.vm else ref.host,
            "Name": adapter.name,
            "HostName": ref.host,
            "IsManagementOs": ref.vm is None,
            "Mtu": adapter.mtu,
            **shown(adapter.ip),
            "TakesOver": adapter.ip is None,
        }

    return live(ref.place, "LabAdapter", properties, source=ref, text=ref.title)


@command(
    "Get-LabAdapter",
    MODULE,
    "Gets what is set on network adapters by those who have them.",
    (*of_vms(mandatory=False), OF_MANAGEMENT),
    default_set=VM,
    output="LabAdapter",
    guest=True,
    examples=(Example("Get-LabAdapter web*", "Shows MTU and IP settings, also of VMs that are off."),),
    remarks="IP settings are those that are set; what a DHCP server has given shows Get-LabMachine.",
)
def get_labadapter(call: Call) -> Iterator[object]:
    """Output adapters."""
    yield from map(labadapter_object, given_adapters(call))


@command(
    "Set-LabAdapter",
    MODULE,
    "Changes what is set on network adapters by those who have them.",
    (
        *of_vms(), OF_MANAGEMENT, *IP,
        Parameter("Mtu", "Int32", help="Its MTU in bytes, 576 to 9000."),
        Parameter("TakesOver", "Switch", sets=(OWN,),
                  help="An adapter of the management OS has the settings of its switch's NIC in place of its own."),
        PASSTHRU,
    ),
    default_set=VM,
    confirms=True,
    output="LabAdapter",
    guest=True,
    examples=(
        Example("Set-LabAdapter web1 -Mtu 9000", "Lets the guest send jumbo frames."),
        Example("Set-LabAdapter web1 -IPAddress 10.0.1.11/24 -DefaultGateway 10.0.1.1",
                "Sets its addresses, whether it runs or not."),
    ),
)  # fmt: skip
def set_labadapter(call: Call) -> Iterator[object]:
    """Change adapters."""
    values = given(call, {"Mtu": "mtu"})

    def each(adapter: NetworkAdapter) -> NetworkAdapter:
        ip = ip_settings(call, adapter.ip or NO_IP) if is_given(call) else adapter.ip
        return changed(replace(adapter, ip=None if call.is_on("TakesOver") else ip), values)

    for ref in given_adapters(call):
        if call.change(ref.title, adapter_edit(ref, each)) and call.is_on("Passthru"):
            yield labadapter_object(ref)
