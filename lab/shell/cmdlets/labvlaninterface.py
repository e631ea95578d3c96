"""Interfaces that a guest makes itself for tagged frames: Add-, Get- and Remove-LabVlanInterface."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from lab.errors import InputError
from lab.model.addresses import NO_IP
from lab.model.names import vlan_interface_name
from lab.model.objects import NetworkAdapter, VlanInterface
from lab.shell.command import Call, Example, Parameter, command
from lab.shell.hyperv.refs import AdapterRef
from lab.shell.labs.adapters import VM, adapter_edit, given_adapters, of_vms
from lab.shell.labs.ip import IP, ip_settings, shown
from lab.shell.labs.targets import MODULE, PASSTHRU, listed, live
from lab.shell.objects import PSObject
from lab.shell.views import show

show(f"{MODULE}.LabVlanInterface", "table", "VMName", "VMNetworkAdapterName", "VlanId", "IPAddress", "DefaultGateway")

_VLAN = Parameter("VlanId", "Int32", mandatory=True, minimum=1, maximum=4094, help="The VLAN whose tag frames have.")


def interface_object(ref: AdapterRef, vlan_id: int) -> PSObject:
    """Return an interface as the cmdlets output it."""

    def properties() -> Mapping[str, object] | None:
        adapter = ref.model
        found = next((each for each in adapter.vlan_interfaces if each.vlan_id == vlan_id), None) if adapter else None
        if found is None:
            return None
        return {
            "VMName": ref.vm.name if ref.vm else "",
            "VMNetworkAdapterName": ref.name,
            "VlanId": vlan_id,
            "InterfaceAlias": vlan_interface_name(ref.name, vlan_id),
            **shown(found.ip),
        }

    return live(ref.place, "LabVlanInterface", properties, source=(ref, vlan_id))


@command(
    "Get-LabVlanInterface",
    MODULE,
    "Gets the interfaces that the guests of VMs have made themselves for tagged frames.",
    (
        *of_vms(name="VMNetworkAdapterName", mandatory=False),
        Parameter("VlanId", "Int32[]", help="Of these VLANs only."),
    ),
    default_set=VM,
    output="LabVlanInterface",
    guest=True,
    examples=(Example("Get-LabVlanInterface router1", "Shows in which VLANs a router has interfaces."),),
)  # fmt: skip
def get_labvlaninterface(call: Call) -> Iterator[object]:
    """Output interfaces."""
    wanted = call.get("VlanId")
    for ref in given_adapters(call, "VMNetworkAdapterName"):
        adapter = ref.model
        for each in adapter.vlan_interfaces if adapter else ():
            if wanted is None or each.vlan_id in wanted:
                yield interface_object(ref, each.vlan_id)


@command(
    "Add-LabVlanInterface",
    MODULE,
    "Has the guest of a VM make itself an interface for the tagged frames of a VLAN.",
    (*of_vms(name="VMNetworkAdapterName"), _VLAN, *IP, PASSTHRU),
    default_set=VM,
    confirms=True,
    output="LabVlanInterface",
    guest=True,
    examples=(
        Example("Add-LabVlanInterface router1 -VlanId 10 -IPAddress 10.0.10.1/24",
                "Gives a router an interface in VLAN 10."),
    ),
    remarks="It is made on the first adapter unless one is named. The switch lets its frames pass if the adapter is a "
    "trunk: Set-VMNetworkAdapterVlan -Trunk.",
)  # fmt: skip
def add_labvlaninterface(call: Call) -> Iterator[object]:
    """Add an interface to an adapter."""
    made = VlanInterface(call.get("VlanId"), ip_settings(call, NO_IP))

    def added(adapter: NetworkAdapter) -> NetworkAdapter:
        return replace(adapter, vlan_interfaces=(*adapter.vlan_interfaces, made))

    for ref in _first_of_each(call):
        adapter = ref.model
        if adapter and any(each.vlan_id == made.vlan_id for each in adapter.vlan_interfaces):
            raise InputError(f'adapter "{ref.title}" has an interface in VLAN {made.vlan_id} already', target=ref.title)
        if call.change(ref.title, adapter_edit(ref, added)) and call.is_on("Passthru"):
            yield interface_object(ref, made.vlan_id)


def _first_of_each(call: Call) -> Iterator[AdapterRef]:
    """Yield the adapters that are given, of a VM that is named alone its first one."""
    done = set()
    for ref in given_adapters(call, "VMNetworkAdapterName"):
        vm = ref.vm.name if ref.vm else ""
        if call.set != VM or "VMNetworkAdapterName" in call or vm not in done:
            yield ref
        done.add(vm)


@command(
    "Remove-LabVlanInterface",
    MODULE,
    "Has the guest of a VM remove an interface that it had made itself for the tagged frames of a VLAN.",
    (
        *of_vms(name="VMNetworkAdapterName"),
        Parameter("VlanId", "Int32[]", sets=(VM, "VMNetworkAdapter"), help="In these VLANs only."),
        Parameter("InputObject", "LabVlanInterface[]", sets=("InputObject",), mandatory=True, pipe="V",
                  help="The interface, as Get-LabVlanInterface outputs it."),
    ),
    default_set=VM,
    confirms=True,
    guest=True,
    examples=(Example("Remove-LabVlanInterface router1 -VlanId 10", "Takes a router out of a VLAN."),),
)  # fmt: skip
def remove_labvlaninterface(call: Call) -> None:
    """Remove interfaces from adapters."""
    for ref, vlan_ids in _to_remove(call):

        def without(adapter: NetworkAdapter, gone: set[int] = vlan_ids) -> NetworkAdapter:
            kept = tuple(each for each in adapter.vlan_interfaces if each.vlan_id not in gone)
            return replace(adapter, vlan_interfaces=kept)

        call.change(ref.title, adapter_edit(ref, without), settle=True)


def _to_remove(call: Call) -> Iterator[tuple[AdapterRef, set[int]]]:
    if "InputObject" in call:
        yield from ((item.source[0], {item.source[1]}) for item in listed(call.get("InputObject")))
        return
    wanted = call.get("VlanId")
    for ref in given_adapters(call, "VMNetworkAdapterName"):
        adapter = ref.model
        found = {each.vlan_id for each in adapter.vlan_interfaces} if adapter else set()
        mine = found if wanted is None else found & set(wanted)
        if mine:
            yield ref, mine
