"""Port features: Get-VMSystemSwitchExtensionPortFeature, and the cmdlets of VMSwitchExtensionPortFeature."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from lab.model import edit
from lab.model.edit import Edit
from lab.model.kinds import PortMirroring, SwitchType
from lab.model.objects import VirtualSwitch
from lab.shell.command import Call, Example, Parameter, Support, command
from lab.shell.errors import ErrorRecord, failure
from lab.shell.hyperv.features import (
    FEATURES,
    SECURITY,
    FeatureRef,
    feature_object,
    mode_of,
    security_values,
    with_security,
)
from lab.shell.hyperv.parameters import PASSTHRU, which_vm
from lab.shell.hyperv.refs import AdapterRef, SwitchRef
from lab.shell.hyperv.targets import given_adapters, listed, switches, the_host
from lab.shell.objects import PSObject
from lab.shell.recording import accepted
from lab.shell.wildcards import has_wildcards, matches

_REMARKS: Final = (
    "Of the features, the security settings have an effect: those of the external port make everything on the wire a "
    "source of port mirroring (MonitorMode = 2). For VLANs, ACLs and bandwidth there are cmdlets of their own."
)
_WHICH: Final = (
    Parameter("FeatureName", "String[]", wildcards=True, help="The name: Ethernet Switch Port Security Settings."),
    Parameter("FeatureId", "Guid[]", help="The identifier: 776e0ba7-94a1-41c8-8f28-951f524251b5."),
    Parameter("ExtensionName", "String[]", support=Support.ACCEPTED, help="The extension that the feature is of."),
    Parameter("Extension", "Object[]", support=Support.ACCEPTED),
)
_SETS: Final = ("VMName", "ManagementOS", "VMObject")
_WHERE: Final = (
    *which_vm(),
    Parameter("VMNetworkAdapter", "VMNetworkAdapterBase[]", sets=("ResourceObject",), position=0, mandatory=True,
              pipe="V", help="The adapter."),
    Parameter("VMNetworkAdapterName", sets=_SETS, complete="adapter", help="The name of the adapter."),
    Parameter("ManagementOS", "Switch", sets=("ManagementOS",), mandatory=True, help="Adapters of the management OS."),
    Parameter("ExternalPort", "Switch", sets=("ExternalPort",), mandatory=True, help="The external port of switches."),
    Parameter("SwitchName", sets=("ExternalPort",), complete="switch", help="The switch whose external port it is."),
)  # fmt: skip


@command(
    "Get-VMSystemSwitchExtensionPortFeature",
    "Hyper-V",
    "Gets the port-level features supported by virtual switch extensions on one or more Hyper-V hosts.",
    (*_WHICH[:3], Parameter("SystemSwitchExtension", "VMSystemSwitchExtension[]", support=Support.ACCEPTED)),
    output="VMSystemSwitchExtensionPortFeature",
    examples=(
        Example("$f = Get-VMSystemSwitchExtensionPortFeature -FeatureName 'Ethernet Switch Port Security Settings'",
                "Gets a feature, of which $f.SettingData.MonitorMode can be set to 2."),
    ),
    remarks=_REMARKS,
)  # fmt: skip
def get_vmsystemswitchextensionportfeature(call: Call) -> Iterator[object]:
    """Output the features with their defaults."""
    accepted(call)
    host = the_host(call).name
    for name in _names(call):
        yield feature_object(FeatureRef(name), host, security_values() if name == SECURITY else {})


def _names(call: Call) -> Iterator[str]:
    """Yield the names of the features that are meant, with an error for names that none has."""
    ids = {str(each).casefold() for each in listed(call.get("FeatureId"))}
    for wanted in listed(call.get("FeatureName")) if "FeatureName" in call else ["*"]:
        found = [each for each in FEATURES if matches(wanted, each)]
        yield from (each for each in found if not ids or FEATURES[each] in ids)
        if not found and not has_wildcards(wanted):
            message = f'Hyper-V was unable to find a virtual switch extension feature with name "{wanted}".'
            call.error(ErrorRecord(message, "InvalidArgument", "InvalidParameter", "VirtualizationException", wanted))


@command(
    "Get-VMSwitchExtensionPortFeature",
    "Hyper-V",
    "Gets the features configured on a virtual network adapter.",
    (*_WHERE, *_WHICH),
    default_set="VMName",
    output="VMSwitchExtensionPortFeature",
    examples=(
        Example("Get-VMSwitchExtensionPortFeature -ExternalPort | Select-Object -ExpandProperty SettingData",
                "Shows the settings of the external port."),
    ),
    remarks=_REMARKS,
)  # fmt: skip
def get_vmswitchextensionportfeature(call: Call) -> Iterator[object]:
    """Output the security settings of ports; those of an external port once they have been added."""
    accepted(call)
    if SECURITY not in list(_names(call)):
        return
    for owner in _owners(call):
        if (found := _shown(owner)) is not None:
            yield found


def _shown(owner: AdapterRef | SwitchRef) -> PSObject | None:
    """Return the security settings that a port has."""
    ref = FeatureRef(SECURITY, owner)
    if isinstance(owner, AdapterRef):
        adapter = owner.model
        return feature_object(ref, owner.host, security_values(adapter)) if adapter else None
    switch = owner.model
    if switch is None or not switch.mirror_external_port:
        return None
    return feature_object(ref, owner.host, security_values(mode=PortMirroring.SOURCE))


def _owners(call: Call) -> Iterator[AdapterRef | SwitchRef]:
    """Yield whose ports are meant: adapters, or the external ports of switches."""
    if not call.is_on("ExternalPort"):
        yield from given_adapters(call, "VMNetworkAdapterName")
        return
    name = call.get("SwitchName")
    for ref in switches(call, None if name is None else [name]):
        if ref.model and ref.model.type is SwitchType.EXTERNAL:
            yield ref
        elif name is not None:
            raise failure(
                f"The virtual switch '{ref.name}' has no external port.", target=ref.name,
                remedy="Only an external switch has one.",
            )  # fmt: skip


_FEATURE: Final = (
    Parameter("VMSwitchExtensionFeature", "VMSwitchExtensionPortFeature[]", mandatory=True, pipe="V",
              help="The feature, as Get-VMSystemSwitchExtensionPortFeature outputs it."),
    PASSTHRU,
)  # fmt: skip


@command(
    "Add-VMSwitchExtensionPortFeature",
    "Hyper-V",
    "Adds a feature to a virtual network adapter.",
    (*_WHERE, *_FEATURE),
    default_set="VMName",
    confirms=True,
    output="VMSwitchExtensionPortFeature",
    examples=(
        Example("Add-VMSwitchExtensionPortFeature -ExternalPort -SwitchName External -VMSwitchExtensionFeature $f",
                "Makes everything on the wire a source of port mirroring, if $f.SettingData.MonitorMode is 2."),
    ),
    remarks=_REMARKS,
)  # fmt: skip
def add_vmswitchextensionportfeature(call: Call) -> Iterator[object]:
    """Give ports the settings of a feature."""
    yield from _apply(call)


@command(
    "Set-VMSwitchExtensionPortFeature",
    "Hyper-V",
    "Configures a feature on a virtual network adapter.",
    (*_WHERE, *_FEATURE),
    default_set="VMName",
    confirms=True,
    output="VMSwitchExtensionPortFeature",
    examples=(
        Example("Set-VMSwitchExtensionPortFeature -ExternalPort -SwitchName External -VMSwitchExtensionFeature $f",
                "Gives the external port other settings."),
    ),
    remarks=_REMARKS,
)  # fmt: skip
def set_vmswitchextensionportfeature(call: Call) -> Iterator[object]:
    """Give ports other settings of a feature."""
    yield from _apply(call)


@command(
    "Remove-VMSwitchExtensionPortFeature",
    "Hyper-V",
    "Removes a feature from a virtual network adapter.",
    (*_WHERE, *_FEATURE),
    default_set="VMName",
    confirms=True,
    output="VMSwitchExtensionPortFeature",
    examples=(
        Example("Remove-VMSwitchExtensionPortFeature -ExternalPort -SwitchName External -VMSwitchExtensionFeature $f",
                "The external port is no longer a source of port mirroring."),
    ),
    remarks=_REMARKS,
)  # fmt: skip
def remove_vmswitchextensionportfeature(call: Call) -> Iterator[object]:
    """Give ports the defaults again."""
    yield from _apply(call, PSObject("", security_values()))


def _apply(call: Call, instead: PSObject | None = None) -> Iterator[object]:
    """Give ports the settings of the features, or others instead."""
    for feature in listed(call.get("VMSwitchExtensionFeature")):
        name = feature.source.name
        if name != SECURITY:
            raise failure(
                f"The lab does not take the settings of the feature '{name}' as they are.",
                category="NotImplemented", error_id="NotSupported", target=name,
                remedy="Use its own cmdlet: Set-VMNetworkAdapterVlan, Add-VMNetworkAdapterAcl, Set-VMNetworkAdapter.",
            )  # fmt: skip
        data = instead or feature.get("SettingData")
        for owner in _owners(call):
            if call.change(owner.name, _edit(owner, data)) and call.is_on("Passthru"):
                yield _shown(owner)


def _edit(owner: AdapterRef | SwitchRef, data: PSObject) -> Edit:
    """Return the change that gives a port some security settings."""
    try:
        mode = mode_of(data)
    except ValueError as error:
        raise failure(f"The MonitorMode '{error}' is not valid.", remedy="Expected 0, 1 or 2.") from None
    if isinstance(owner, SwitchRef):
        if mode is PortMirroring.DESTINATION:
            raise failure(
                f"The external port of the virtual switch '{owner.name}' cannot be a destination of port mirroring.",
                target=owner.name,
                remedy="The destination is an adapter of a VM.",
            )
        return edit.switch(owner.host, owner.name, partial(_mirrored, on=mode is PortMirroring.SOURCE))
    change = partial(with_security, data=PSObject("", dict(data.items())))
    if owner.vm is None:
        return edit.management_adapter(owner.host, owner.name, change)
    return edit.vm_adapter(owner.host, owner.vm.name, owner.name, change)


def _mirrored(switch: VirtualSwitch, *, on: bool) -> VirtualSwitch:
    return replace(switch, mirror_external_port=on)
