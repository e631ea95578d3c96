"""Isolation of virtual network adapters: Get- and Set-VMNetworkAdapterIsolation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from lab.model.isolation import NO_ISOLATION, IsolationMode, IsolationSettings
from lab.model.vlan import LARGEST
from lab.shell.command import Call, Example, Parameter, command
from lab.shell.hyperv.adapter_parameters import PASSTHRU, getting, setting
from lab.shell.hyperv.adapters import adapter_edit
from lab.shell.hyperv.isolation import isolation_object
from lab.shell.hyperv.outcomes import done
from lab.shell.hyperv.targets import given_adapters

_BY: Final = "VMNetworkAdapterName"
_MODE: Final = "IsolationMode"


@command(
    "Get-VMNetworkAdapterIsolation",
    "Hyper-V",
    "Gets isolation settings for a virtual network adapter.",
    getting(),
    default_set="VMName",
    output="VMNetworkAdapterIsolationSetting",
    examples=(Example("Get-VMNetworkAdapterIsolation -VMName web1", "Gets those of a VM's adapters."),),
    remarks="VLANs of Set-VMNetworkAdapterVlan are not shown here.",
)
def get_vmnetworkadapterisolation(call: Call) -> Iterator[object]:
    """Output the isolation settings of adapters, of all VMs unless it is told of which."""
    for ref in given_adapters(call, _BY):
        yield isolation_object(ref)


@command(
    "Set-VMNetworkAdapterIsolation",
    "Hyper-V",
    "Modifies isolation settings for a virtual network adapter.",
    (
        *setting(),
        Parameter(_MODE, "VMNetworkAdapterIsolationMode", values=tuple(IsolationMode),
                  help="Vlan, or None; virtual subnets need network virtualization, which a lab does not have."),
        Parameter("AllowUntaggedTraffic", "Boolean", help="Whether its guest may send and get frames without a tag."),
        Parameter("DefaultIsolationID", "Int32", minimum=0, maximum=LARGEST,
                  help="The VLAN of those frames, where the mode is Vlan."),
        Parameter("MultiTenantStack", "OnOffState", values=("On", "Off"),
                  help="Tells its guest of the isolation ids of its routing domains."),
        PASSTHRU,
    ),
    default_set="VMName",
    confirms=True,
    output="VMNetworkAdapterIsolationSetting",
    examples=(
        Example("Set-VMNetworkAdapterIsolation -VMName web1 -IsolationMode Vlan -AllowUntaggedTraffic $true "
                "-DefaultIsolationID 10", "Puts a VM's adapters into VLAN 10."),
        Example("Set-VMNetworkAdapterIsolation -VMName web1 -IsolationMode None", "Takes that away again."),
    ),
    remarks="A setting made here excludes one of Set-VMNetworkAdapterVlan, and neither shows the other.",
)  # fmt: skip
def set_vmnetworkadapterisolation(call: Call) -> Iterator[object]:
    """Change isolation settings of adapters; mode None takes the others back unless they are given, too."""
    for ref in given_adapters(call, _BY):
        edit = adapter_edit(ref, lambda adapter: replace(adapter, isolation=_changed(call, adapter.isolation)))
        if done(call, ref.title, edit) and call.is_on("Passthru"):
            yield isolation_object(ref)


def _changed(call: Call, old: IsolationSettings) -> IsolationSettings:
    mode = IsolationMode(call.get(_MODE, old.mode))
    before = NO_ISOLATION if _MODE in call and mode is IsolationMode.NONE else old
    stack = call.get("MultiTenantStack")
    return IsolationSettings(
        mode,
        call.get("AllowUntaggedTraffic", before.allow_untagged_traffic),
        call.get("DefaultIsolationID", before.default_isolation_id),
        before.multi_tenant_stack if stack is None else stack == "On",
    )
