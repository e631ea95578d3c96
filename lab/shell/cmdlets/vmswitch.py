"""Virtual switches: Get-, New-, Set-, Remove- and Rename-VMSwitch."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from lab.model import edit
from lab.model.edit import Edit
from lab.model.kinds import BandwidthReservationMode, LearningMode, SwitchType
from lab.model.objects import DEFAULT_MTU, HypervHost, NetworkAdapter, VirtualSwitch
from lab.model.recorded import with_setting
from lab.shell.command import Call, Example, Impact, Parameter, Support, command
from lab.shell.errors import failure
from lab.shell.hyperv.nics import named
from lab.shell.hyperv.refs import ID, SwitchRef, own_id
from lab.shell.hyperv.switches import switch_object
from lab.shell.hyperv.targets import given_switches, listed, switches, the_host
from lab.shell.recording import with_kept

_NAMED = "NetAdapterName"
_DESCRIBED = "NetAdapterInterfaceDescription"
_TYPED = "SwitchType"


@command(
    "Get-VMSwitch",
    "Hyper-V",
    "Gets virtual switches from one or more Hyper-V hosts.",
    (
        Parameter("Name", position=0, sets=("Name",), aliases=("SwitchName",), wildcards=True, complete="switch",
                  help="The name of the switch."),
        Parameter("Id", "Guid[]", sets=("Id",), position=0, aliases=("SwitchId",), pipe="VP",
                  help="The unique identifier of the switch."),
        Parameter("ResourcePoolName", "String[]", position=1, support=Support.ACCEPTED,
                  help="The resource pool of the switch."),
        Parameter("SwitchType", "VMSwitchType[]", values=("Private", "Internal", "External"),
                  help="Gets switches of these types only."),
    ),
    default_set="Name",
    output="VMSwitch",
    examples=(
        Example("Get-VMSwitch", "Gets every virtual switch of the host."),
        Example("Get-VMSwitch -SwitchType Internal, Private", "Gets the switches that have no physical NIC."),
    ),
)  # fmt: skip
def get_vmswitch(call: Call) -> Iterator[object]:
    """Output the switches that are asked for."""
    types = call.get("SwitchType")
    if "Id" in call:
        ids = call.get("Id")
        found = [each for each in switches(call, None) if each.id in ids]
    else:
        found = list(switches(call, [call.get("Name")] if "Name" in call else None))
    for ref in found:
        if types is None or (ref.model and ref.model.type.value in types):
            yield switch_object(ref)


@command(
    "New-VMSwitch",
    "Hyper-V",
    "Creates a new virtual switch on one or more hosts.",
    (
        Parameter("Name", position=0, mandatory=True, aliases=("SwitchName",), help="The name of the new switch."),
        Parameter("NetAdapterName", "String[]", sets=(_NAMED,), mandatory=True, aliases=("InterfaceAlias",), pipe="P",
                  complete="nic", help="The NIC, or the NICs of a team, that the external switch is bound to."),
        Parameter("NetAdapterInterfaceDescription", "String[]", sets=(_DESCRIBED,), mandatory=True,
                  aliases=("InterfaceDescription",), pipe="P", help="The same, by the NIC's InterfaceDescription."),
        Parameter("SwitchType", "VMSwitchType", sets=(_TYPED,), mandatory=True, values=("Internal", "Private"),
                  help="The type of a switch without a NIC."),
        Parameter("AllowManagementOS", "Boolean", sets=(_NAMED, _DESCRIBED),
                  help="Whether the management OS has an adapter on the external switch; $true unless given."),
        Parameter("MinimumBandwidthMode", "VMSwitchBandwidthMode", values=("Default", "Weight", "Absolute", "None"),
                  help="How adapters are promised bandwidth; it cannot be changed later."),
        Parameter("EnableEmbeddedTeaming", "Boolean", help="Makes the NICs a team, also a single one."),
        Parameter("EnableIov", "Boolean", support=Support.RECORDED, help="Enables single-root I/O virtualization."),
        Parameter("EnablePacketDirect", "Boolean", support=Support.RECORDED, help="Enables Packet Direct."),
        Parameter("Notes", support=Support.RECORDED, help="A note about the switch."),
    ),
    default_set=_NAMED,
    confirms=True,
    output="VMSwitch",
    examples=(
        Example("New-VMSwitch External -NetAdapterName Ethernet", "Creates an external switch on a NIC."),
        Example("New-VMSwitch -Name Lab -SwitchType Internal", "Creates an internal switch."),
    ),
)  # fmt: skip
def new_vmswitch(call: Call) -> Iterator[object]:
    """Create a switch, and the management OS's adapter on it; as on Windows it pins addresses to ports (KB4494444)."""
    host = the_host(call)
    name = call.get("Name")
    nics = _nics(call, host)
    kind = SwitchType.EXTERNAL if nics else SwitchType(call.get("SwitchType"))
    shared = kind is SwitchType.INTERNAL or (kind is SwitchType.EXTERNAL and call.get("AllowManagementOS", True))
    switch = VirtualSwitch(
        name,
        kind,
        nics=tuple(nics),
        learning=LearningMode.PINNED,
        embedded_teaming=len(nics) > 1 or bool(call.get("EnableEmbeddedTeaming", False)),
        bandwidth_reservation=BandwidthReservationMode(call.get("MinimumBandwidthMode", "Default")).resolved,
        recorded=_recorded((), call),
    )
    if (own := own_id(host.switches, call.place, host.name, "switch", name)) is not None:
        switch = replace(switch, recorded=with_kept(switch.recorded, ID, own))

    def created(each: HypervHost) -> HypervHost:
        adapters = each.management_adapters + ((_management_adapter(each, switch),) if shared else ())
        return replace(each, switches=(*each.switches, switch), management_adapters=adapters)

    if call.change(name, edit.host(host.name, created)):
        yield switch_object(SwitchRef(call.place, host.name, name))


def _nics(call: Call, host: HypervHost) -> list[str]:
    """Return the names of the NICs that are given by name or description; an error if there is none of it."""
    found = []
    for text in listed(call.get(_NAMED)):
        nic = next((each.name for each in host.nics if each.name.casefold() == text.casefold()), None)
        found.append(nic or _no_nic("Name", text))
    for text in listed(call.get(_DESCRIBED)):
        found.append(named(host, text) or _no_nic("InterfaceDescription", text))
    return found


def _no_nic(name: str, text: str) -> str:
    raise failure(
        f"No matching MSFT_NetAdapter objects found by CIM query for instances of the ROOT/StandardCimv2/"
        f"MSFT_NetAdapter class on the CIM server: no network adapter has the property {name} with the value '{text}'.",
        category="ObjectNotFound",
        target=text,
    )


def _management_adapter(host: HypervHost, switch: VirtualSwitch) -> NetworkAdapter:
    nic = host.nic(switch.nic)
    mtu = nic.mtu if nic else DEFAULT_MTU
    if switch.type is SwitchType.EXTERNAL:
        return NetworkAdapter(switch.name, switch.name, ip=None, mtu=mtu)
    return NetworkAdapter(switch.name, switch.name, mtu=mtu)


def _recorded(before: tuple[Any, ...], call: Call) -> tuple[Any, ...]:
    for name in ("Notes", "EnableIov", "EnablePacketDirect"):
        if name in call:
            before = with_setting(before, name, json.dumps(call.get(name)))
    return before


_OBJECT = ("SwitchObject_SwitchType", "SwitchObject_NetAdapterInterfaceDescription", "SwitchObject_NetAdapterName")
_NAME = ("SwitchName_SwitchType", "SwitchName_NetAdapterInterfaceDescription", "SwitchName_NetAdapterName")


@command(
    "Set-VMSwitch",
    "Hyper-V",
    "Configures a virtual switch.",
    (
        Parameter("Name", "String[]", sets=_NAME, position=0, mandatory=True, aliases=("SwitchName",),
                  complete="switch", help="The name of the switch."),
        Parameter("VMSwitch", "VMSwitch[]", sets=_OBJECT, position=0, mandatory=True, pipe="V", help="The switch."),
        Parameter("NetAdapterName", sets=(_NAME[2], _OBJECT[2]), position=1, mandatory=True,
                  aliases=("InterfaceAlias",), pipe="P", complete="nic",
                  help="The NIC that the switch is bound to; makes an external switch of it."),
        Parameter("NetAdapterInterfaceDescription", sets=(_NAME[1], _OBJECT[1]), position=1, mandatory=True,
                  help="The same, by the NIC's InterfaceDescription."),
        Parameter("SwitchType", "VMSwitchType", sets=(_NAME[0], _OBJECT[0]), values=("Private", "Internal", "External"),
                  help="The type that the switch is to have."),
        Parameter("AllowManagementOS", "Boolean", help="Whether the management OS has an adapter on the switch."),
        Parameter("DefaultFlowMinimumBandwidthAbsolute", "Int64", minimum=0,
                  help="What adapters without a minimum bandwidth have together, in bits per second."),
        Parameter("DefaultFlowMinimumBandwidthWeight", "Int64", minimum=0, maximum=100,
                  help="The weight of the adapters without a minimum bandwidth."),
        Parameter("DefaultQueueVmmqEnabled", "Boolean", support=Support.ACCEPTED),
        Parameter("DefaultQueueVrssEnabled", "Boolean", support=Support.ACCEPTED),
        Parameter("DefaultQueueVmmqQueuePairs", "UInt32", support=Support.ACCEPTED),
        Parameter("Extensions", "VMSwitchExtension[]", support=Support.ACCEPTED, help="The order of the extensions."),
        Parameter("Notes", support=Support.RECORDED, help="A note about the switch."),
        Parameter("Passthru", "Switch", help="Outputs the switch."),
    ),
    default_set=_NAME[0],
    confirms=True,
    output="VMSwitch",
    examples=(
        Example("Set-VMSwitch Lab -SwitchType Private", "Takes the management OS off the switch."),
        Example("Set-VMSwitch Lab -NetAdapterName Ethernet", "Makes an external switch of it."),
    ),
)  # fmt: skip
def set_vmswitch(call: Call) -> Iterator[object]:
    """Change a switch's type, NIC or settings."""
    for ref in given_switches(call):
        if call.change(ref.name, _change(call, ref)) and call.is_on("Passthru"):
            yield switch_object(ref)


def _change(call: Call, ref: SwitchRef) -> Edit:
    nics = _nics(call, the_host_of(ref))
    return edit.host(ref.host, lambda host: _changed(call, host, ref.name, nics))


def the_host_of(ref: SwitchRef) -> HypervHost:
    """Return the host that has a switch."""
    host = ref.place.model.host(ref.host)
    assert host is not None
    return host


def _changed(call: Call, host: HypervHost, name: str, nics: list[str]) -> HypervHost:
    """Return the host with one of its switches changed, and the management OS's adapters as the switch has them."""
    old = host.switch(name)
    if old is None:
        return host
    kind = SwitchType.EXTERNAL if nics else SwitchType(call.get("SwitchType", old.type.value))
    if kind is SwitchType.EXTERNAL and not (nics or old.nics):
        raise failure(
            f"Cannot make an external switch of '{name}': no network adapter is given.",
            target=name,
            remedy="Say which one: -NetAdapterName.",
        )
    new = replace(
        old,
        type=kind,
        nics=(tuple(nics) or old.nics) if kind is SwitchType.EXTERNAL else (),
        embedded_teaming=old.embedded_teaming and kind is SwitchType.EXTERNAL,
        default_flow_minimum_bandwidth_absolute=call.get(
            "DefaultFlowMinimumBandwidthAbsolute", old.default_flow_minimum_bandwidth_absolute
        ),
        default_flow_minimum_bandwidth_weight=call.get(
            "DefaultFlowMinimumBandwidthWeight", old.default_flow_minimum_bandwidth_weight
        ),
        recorded=_recorded(old.recorded, call),
    )
    adapters = host.management_adapters
    shared = _shared(call, host, old, new)
    if not shared:
        adapters = tuple(each for each in adapters if each.switch != name)
    elif not host.adapters_on(name):
        adapters = (*adapters, _management_adapter(host, new))
    elif new.type is SwitchType.EXTERNAL and old.type is not SwitchType.EXTERNAL:
        # The first adapter takes over what its NIC had, as on a switch that is made external at once.
        first = host.adapters_on(name)[0]
        adapters = edit.replaced(adapters, first.name, lambda each: replace(each, ip=None))
    elif new.type is SwitchType.INTERNAL and old.type is SwitchType.EXTERNAL:
        adapters = tuple(
            replace(each, ip=NetworkAdapter("").ip) if each.switch == name and each.ip is None else each
            for each in adapters
        )
    return replace(host, switches=edit.replaced(host.switches, name, lambda _: new), management_adapters=adapters)


def _shared(call: Call, host: HypervHost, old: VirtualSwitch, new: VirtualSwitch) -> bool:
    """Tell whether the management OS is to have an adapter on a switch (Set-VMSwitch, parameter AllowManagementOS)."""
    if new.type is old.type is SwitchType.INTERNAL:
        return bool(host.adapters_on(old.name))
    if new.type is not SwitchType.EXTERNAL:
        return new.type is SwitchType.INTERNAL
    default = bool(host.adapters_on(old.name)) if old.type is SwitchType.EXTERNAL else True
    return bool(call.get("AllowManagementOS", default))


@command(
    "Remove-VMSwitch",
    "Hyper-V",
    "Deletes a virtual switch.",
    (
        Parameter("Name", "String[]", sets=("Name",), position=0, mandatory=True, aliases=("SwitchName",), pipe="V",
                  wildcards=True, complete="switch", help="The name of the switch."),
        Parameter("VMSwitch", "VMSwitch[]", sets=("SwitchObject",), position=0, mandatory=True, pipe="V",
                  help="The switch."),
        Parameter("ResourcePoolName", "String[]", position=1, support=Support.ACCEPTED),
        Parameter("Force", "Switch", help="Does not ask."),
    ),
    default_set="Name",
    confirms=True,
    impact=Impact.HIGH,
    examples=(Example("Remove-VMSwitch Lab -Force", "Deletes a switch; adapters on it are left without one."),),
)  # fmt: skip
def remove_vmswitch(call: Call) -> None:
    """Delete switches: the management OS's adapters on them go, those of VMs stay and are connected to nothing."""
    for ref in given_switches(call):
        call.change(ref.name, removed(ref), settle=True)


def removed(ref: SwitchRef) -> Edit:
    """Return the change that deletes a switch."""

    def adapter(each: NetworkAdapter) -> NetworkAdapter:
        return replace(each, switch=None) if each.switch == ref.name else each

    def without(host: HypervHost) -> HypervHost:
        return replace(
            host,
            switches=edit.without(host.switches, ref.name),
            management_adapters=tuple(each for each in host.management_adapters if each.switch != ref.name),
            vms=tuple(replace(vm, adapters=tuple(map(adapter, vm.adapters))) for vm in host.vms),
        )

    return edit.host(ref.host, without)


@command(
    "Rename-VMSwitch",
    "Hyper-V",
    "Renames a virtual switch.",
    (
        Parameter("Name", sets=("SwitchName",), position=0, mandatory=True, aliases=("SwitchName",), pipe="V",
                  complete="switch", help="The name of the switch."),
        Parameter("VMSwitch", "VMSwitch", sets=("SwitchObject",), position=0, mandatory=True, pipe="V",
                  help="The switch."),
        Parameter("NewName", position=2, mandatory=True, help="The name that it is to have."),
        Parameter("Passthru", "Switch", help="Outputs the switch."),
    ),
    default_set="SwitchName",
    confirms=True,
    output="VMSwitch",
    examples=(Example("Rename-VMSwitch Lab -NewName Classroom", "Gives a switch another name."),),
)  # fmt: skip
def rename_vmswitch(call: Call) -> Iterator[object]:
    """Give a switch another name; what is connected to it stays so, and `vEthernet (…)` keeps its own name."""
    new = call.get("NewName")
    for ref in given_switches(call):
        if call.change(ref.name, _renamed(ref, new)) and call.is_on("Passthru"):
            yield switch_object(ref)


def _renamed(ref: SwitchRef, new: str) -> Edit:
    of, old, own = ref.host, ref.name, str(ref.id)

    def switch(each: VirtualSwitch) -> VirtualSwitch:
        return replace(each, name=new, recorded=with_kept(each.recorded, ID, own))

    def adapter(each: NetworkAdapter) -> NetworkAdapter:
        return replace(each, switch=new) if each.switch == old else each

    def changed(host: HypervHost) -> HypervHost:
        return replace(
            host,
            switches=edit.replaced(host.switches, old, switch),
            management_adapters=tuple(map(adapter, host.management_adapters)),
            vms=tuple(replace(vm, adapters=tuple(map(adapter, vm.adapters))) for vm in host.vms),
        )

    return edit.host(of, changed)
