"""Extensions of switches: Get-, Enable- and Disable-VMSwitchExtension, and Get-VMSystemSwitchExtension."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from lab.model import edit
from lab.model.extensions import DESCRIPTIONS, ExtensionType, SwitchExtension
from lab.model.objects import VirtualSwitch
from lab.shell.command import Call, Example, Parameter, command
from lab.shell.errors import ErrorRecord
from lab.shell.hyperv.extensions import ORDER, ExtensionRef, extension_object, system_extension
from lab.shell.hyperv.targets import given_switches, listed, the_host
from lab.shell.wildcards import has_wildcards, matches

_REMARKS: Final = (
    "With the forwarding extension that Windows has, Microsoft Azure VFP Switch Extension, a switch forwards what a "
    "network controller tells it, and without one nothing. The others see frames and leave them as they are."
)


@command(
    "Get-VMSystemSwitchExtension",
    "Hyper-V",
    "Gets the switch extensions installed on a virtual machine host.",
    (Parameter("Name", "String[]", position=0, wildcards=True, help="The name of the extension."),),
    output="VMSystemSwitchExtension",
    examples=(Example("Get-VMSystemSwitchExtension", "Shows the extensions that a host has."),),
)
def get_vmsystemswitchextension(call: Call) -> Iterator[object]:
    """Output the extensions of the host."""
    host = the_host(call).name
    for name in _names(call):
        yield system_extension(name, host)


def _names(call: Call) -> Iterator[SwitchExtension]:
    """Yield the extensions that are meant, with an error for names that none has."""
    for wanted in listed(call.get("Name")) if "Name" in call else ["*"]:
        found = [each for each in ORDER if matches(wanted, each)]
        yield from found
        if not found and not has_wildcards(wanted):
            message = f'Hyper-V was unable to find a virtual switch extension with name "{wanted}".'
            call.error(ErrorRecord(message, "InvalidArgument", "InvalidParameter", "VirtualizationException", wanted))


@command(
    "Get-VMSwitchExtension",
    "Hyper-V",
    "Gets the extensions on one or more virtual switches.",
    (
        Parameter("VMSwitchName", "String[]", sets=("SwitchName",), position=0, mandatory=True, pipe="V",
                  aliases=("SwitchName",), wildcards=True, complete="switch", help="The name of the switch."),
        Parameter("VMSwitch", "VMSwitch[]", sets=("SwitchObject",), position=0, mandatory=True, pipe="V",
                  help="The switch."),
        Parameter("Name", "String[]", position=1, wildcards=True, help="The name of the extension."),
    ),
    default_set="SwitchName",
    output="VMSwitchExtension",
    examples=(Example("Get-VMSwitchExtension External | Format-Table Name, Enabled", "Shows which are enabled."),),
    remarks=_REMARKS,
)  # fmt: skip
def get_vmswitchextension(call: Call) -> Iterator[object]:
    """Output the extensions of switches."""
    names = list(_names(call))
    for switch in given_switches(call, "VMSwitchName"):
        for name in names:
            yield extension_object(ExtensionRef(switch, name))


_BY_SWITCH: Final = ("ExtensionNameSwitchName", "ExtensionNameSwitchObject")
_PARAMETERS: Final = (
    Parameter("Name", "String[]", sets=("ExtensionName", *_BY_SWITCH), position=0, mandatory=True, wildcards=True,
              help="The name of the extension: Microsoft NDIS Capture."),
    Parameter("VMSwitchName", "String[]", sets=_BY_SWITCH[:1], position=1, mandatory=True, wildcards=True,
              aliases=("SwitchName",), complete="switch", help="The name of the switch; all of the host unless given."),
    Parameter("VMSwitch", "VMSwitch[]", sets=_BY_SWITCH[1:], position=1, mandatory=True, pipe="V", help="The switch."),
    Parameter("VMSwitchExtension", "VMSwitchExtension[]", sets=("ExtensionObject",), position=0, mandatory=True,
              pipe="V", help="The extension, as Get-VMSwitchExtension outputs it."),
)  # fmt: skip


@command(
    "Enable-VMSwitchExtension",
    "Hyper-V",
    "Enables one or more extensions on one or more switches.",
    _PARAMETERS,
    default_set="ExtensionName",
    confirms=True,
    output="VMSwitchExtension",
    examples=(
        Example("Enable-VMSwitchExtension -VMSwitchName External -Name 'Microsoft NDIS Capture'", "Enables it."),
    ),
    remarks=_REMARKS,
)
def enable_vmswitchextension(call: Call) -> Iterator[object]:
    """Enable extensions."""
    yield from _switch(call, on=True)


@command(
    "Disable-VMSwitchExtension",
    "Hyper-V",
    "Disables one or more extensions on one or more virtual switches.",
    _PARAMETERS,
    default_set="ExtensionName",
    confirms=True,
    output="VMSwitchExtension",
    examples=(
        Example("Disable-VMSwitchExtension -VMSwitchName External -Name 'Microsoft NDIS Capture'", "Disables one."),
    ),
    remarks=_REMARKS,
)
def disable_vmswitchextension(call: Call) -> Iterator[object]:
    """Disable extensions."""
    yield from _switch(call, on=False)


def _chosen(call: Call) -> Iterator[ExtensionRef]:
    if "VMSwitchExtension" in call:
        for item in listed(call.get("VMSwitchExtension")):
            yield item.source
        return
    names = list(_names(call))
    for switch in given_switches(call, "VMSwitchName"):
        for name in names:
            yield ExtensionRef(switch, name)


def _switch(call: Call, *, on: bool) -> Iterator[object]:
    for ref in list(_chosen(call)):
        switch = ref.switch
        change = partial(_changed, name=ref.name, on=on)
        forwarding = DESCRIPTIONS[ref.name].type is ExtensionType.FORWARDING
        if call.change(switch.name, edit.switch(switch.host, switch.name, change), settle=forwarding):
            yield extension_object(ref)


def _changed(switch: VirtualSwitch, name: SwitchExtension, *, on: bool) -> VirtualSwitch:
    enabled = {*switch.extensions, name} if on else {*switch.extensions} - {name}
    return replace(switch, extensions=tuple(each for each in SwitchExtension if each in enabled))
