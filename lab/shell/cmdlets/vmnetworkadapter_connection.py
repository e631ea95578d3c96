"""What virtual network adapters are plugged into: Connect- and Disconnect-VMNetworkAdapter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lab.model.kinds import SwitchType
from lab.shell.command import Call, Example, Parameter, command
from lab.shell.errors import failure
from lab.shell.hyperv.adapter_parameters import PASSTHRU
from lab.shell.hyperv.adapters import adapter_object, with_fields
from lab.shell.hyperv.outcomes import done
from lab.shell.hyperv.targets import given_adapters, one_switch, the_host

_NAME_SWITCH, _NAME_OBJECT, _NAME_AUTO = "Name_SwitchName", "Name_SwitchObject", "Name_UseAutomaticConnection"
_OBJ_SWITCH, _OBJ_OBJECT, _OBJ_AUTO = "Object_SwitchName", "Object_SwitchObject", "Object_UseAutomaticConnection"
_BY_NAME: Final = (_NAME_SWITCH, _NAME_OBJECT, _NAME_AUTO)
_BY_OBJECT: Final = (_OBJ_SWITCH, _OBJ_OBJECT, _OBJ_AUTO)
_ALIAS: Final = ("VMNetworkAdapterName",)


@command(
    "Connect-VMNetworkAdapter",
    "Hyper-V",
    "Connects a virtual network adapter to a virtual switch.",
    (
        Parameter("VMName", "String[]", sets=_BY_NAME, position=0, mandatory=True, wildcards=True, complete="vm",
                  help="The VM whose adapters are meant."),
        Parameter("VMNetworkAdapter", "VMNetworkAdapter[]", sets=_BY_OBJECT, position=0, mandatory=True, pipe="V",
                  help="The adapter, as Get-VMNetworkAdapter outputs it."),
        Parameter("Name", "String[]", sets=_BY_NAME, position=1, aliases=_ALIAS, wildcards=True, complete="adapter",
                  help="The adapter's name; without it all adapters of the VM are connected."),
        Parameter("SwitchName", sets=(_NAME_SWITCH, _OBJ_SWITCH), position=1, mandatory=True, complete="switch",
                  help="The switch that it is connected to."),
        Parameter("VMSwitch", "VMSwitch", sets=(_NAME_OBJECT, _OBJ_OBJECT), position=2, mandatory=True, pipe="V",
                  help="The same, as Get-VMSwitch outputs it."),
        Parameter("UseAutomaticConnection", "Switch", sets=(_NAME_AUTO, _OBJ_AUTO), mandatory=True,
                  help="Takes the host's only external switch."),
        PASSTHRU,
    ),
    default_set=_NAME_SWITCH,
    confirms=True,
    output="VMNetworkAdapter",
    examples=(
        Example("Connect-VMNetworkAdapter -VMName web1 -SwitchName Lab", "Plugs a VM's adapters into a switch."),
        Example("Get-VM web* | Get-VMNetworkAdapter | Connect-VMNetworkAdapter -SwitchName Lab",
                "Plugs in those of several VMs."),
    ),
    remarks="An adapter that is on another switch moves. Its guest does not lose it, only its link for a moment.",
)  # fmt: skip
def connect_vmnetworkadapter(call: Call) -> Iterator[object]:
    """Connect adapters of VMs to a switch."""
    switch = _switch(call)
    if switch is None:
        return
    for ref in given_adapters(call):
        if done(call, ref.title, with_fields(ref, switch=switch)) and call.is_on("Passthru"):
            yield adapter_object(ref)


def _switch(call: Call) -> str | None:
    """Return the name of the switch that a call gives; None, with an error, if there is no such one."""
    if "VMSwitch" in call:
        return str(call.get("VMSwitch").source.name)
    if "SwitchName" in call:
        found = one_switch(call, call.get("SwitchName"))
        return found.name if found else None
    external = [each.name for each in the_host(call).switches if each.type is SwitchType.EXTERNAL]
    if len(external) != 1:
        raise failure(
            f"A connection cannot be chosen: the host has {len(external) or 'no'} external switches.",
            remedy="Say which switch: -SwitchName.",
        )
    return external[0]


@command(
    "Disconnect-VMNetworkAdapter",
    "Hyper-V",
    "Disconnects a virtual network adapter from a virtual switch or Ethernet resource pool.",
    (
        Parameter("VMName", "String[]", sets=("Name",), position=0, mandatory=True, wildcards=True, complete="vm",
                  help="The VM whose adapters are meant."),
        Parameter("VMNetworkAdapter", "VMNetworkAdapter[]", sets=("Obj",), position=0, mandatory=True, pipe="V",
                  help="The adapter, as Get-VMNetworkAdapter outputs it."),
        Parameter("Name", "String[]", sets=("Name",), position=1, aliases=_ALIAS, wildcards=True, complete="adapter",
                  help="The adapter's name; without it all adapters of the VM are disconnected."),
        PASSTHRU,
    ),
    default_set="Name",
    confirms=True,
    output="VMNetworkAdapter",
    examples=(
        Example("Disconnect-VMNetworkAdapter -VMName web1", "Unplugs a VM's adapters; they keep their settings."),
        Example("Get-VMNetworkAdapter -VMName * | Where-Object SwitchName -eq Lab | Disconnect-VMNetworkAdapter",
                "Unplugs whatever is on a switch."),
    ),
)  # fmt: skip
def disconnect_vmnetworkadapter(call: Call) -> Iterator[object]:
    """Unplug adapters of VMs: their guests see the cable unplugged."""
    for ref in given_adapters(call):
        if done(call, ref.title, with_fields(ref, switch=None), settle=True) and call.is_on("Passthru"):
            yield adapter_object(ref)
