"""Addresses for after a failover of Hyper-V Replica: Get- and Set-VMNetworkAdapterFailoverConfiguration.

A lab has no replicas, and only records them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from lab.model.objects import NetworkAdapter
from lab.model.recorded import with_setting
from lab.shell.command import Call, Example, Parameter, Support, command
from lab.shell.errors import failure
from lab.shell.hyperv import adapter_parameters as by
from lab.shell.hyperv.adapter_parameters import PASSTHRU
from lab.shell.hyperv.adapters import adapter_edit, common_properties
from lab.shell.hyperv.outcomes import done
from lab.shell.hyperv.refs import AdapterRef
from lab.shell.hyperv.targets import given_adapters
from lab.shell.objects import PSObject
from lab.shell.recording import kept, recorded, with_kept
from lab.shell.views import show

_BY: Final = "VMNetworkAdapterName"
_TYPE: Final = "Microsoft.HyperV.PowerShell.VMNetworkAdapterFailoverSetting"
_RECORDED: Final = "FailoverConfiguration"
_V4: Final = (
    "IPv4Address", "IPv4SubnetMask", "IPv4DefaultGateway", "IPv4PreferredDNSServer", "IPv4AlternateDNSServer",
)  # fmt: skip
_V6: Final = (
    "IPv6Address", "IPv6SubnetPrefixLength", "IPv6DefaultGateway", "IPv6PreferredDNSServer", "IPv6AlternateDNSServer",
)  # fmt: skip
_NUMBER: Final = "IPv6SubnetPrefixLength"
_CLEARS: Final = {"ClearFailoverIPv4Settings": _V4, "ClearFailoverIPv6Settings": _V6}

show(_TYPE, "list", "VMName", "VMNetworkAdapterName", *_V4, *_V6)


def _object(ref: AdapterRef) -> PSObject:
    found = kept(ref.model.recorded, _RECORDED, {}) if ref.model else {}
    properties = {name: found.get(name, 0 if name == _NUMBER else "") for name in (*_V4, *_V6)}
    return PSObject(_TYPE, {**properties, **common_properties(ref)}, source=ref)


def _of_vms(*, many: bool) -> tuple[Parameter, ...]:
    kind = f"VMNetworkAdapter{'[]' if many else ''}"
    return (
        *by.vms(many=many),
        Parameter("VMNetworkAdapter", kind, sets=(by.BY_ADAPTER,), position=0, mandatory=True, pipe="V",
                  help="The adapter, as Get-VMNetworkAdapter outputs it."),
        Parameter(_BY, sets=(by.BY_NAME, by.BY_VM), aliases=("Name",), wildcards=True, complete="adapter",
                  help="The adapter's name; without it all adapters of the VM are meant."),
    )  # fmt: skip


@command(
    "Get-VMNetworkAdapterFailoverConfiguration",
    "Hyper-V",
    "Gets the IP address of a virtual network adapter configured to be used when a virtual machine fails over.",
    (*_of_vms(many=True), by.snapshot()),
    default_set=by.BY_NAME,
    output="VMNetworkAdapterFailoverSetting",
    support=Support.RECORDED,
    examples=(Example("Get-VMNetworkAdapterFailoverConfiguration -VMName web1", "Gets what was recorded for a VM."),),
)
def get_vmnetworkadapterfailoverconfiguration(call: Call) -> Iterator[object]:
    """Output what is recorded for after a failover."""
    for ref in given_adapters(call, _BY):
        yield _object(ref)


@command(
    "Set-VMNetworkAdapterFailoverConfiguration",
    "Hyper-V",
    "Configures the IP address of a virtual network adapter to be used when a virtual machine fails over.",
    (
        *_of_vms(many=False),
        *(Parameter(name, "Int32" if name == _NUMBER else "String", support=Support.RECORDED) for name in _V4 + _V6),
        *(Parameter(name, "Switch", help="Takes these addresses away.") for name in _CLEARS),
        PASSTHRU,
    ),
    default_set=by.BY_NAME,
    confirms=True,
    output="VMNetworkAdapterFailoverSetting",
    support=Support.RECORDED,
    examples=(
        Example("Set-VMNetworkAdapterFailoverConfiguration -VMName web1 -IPv4Address 10.0.0.5 "
                "-IPv4SubnetMask 255.255.255.0", "Is recorded: a lab has no replicas."),
    ),
)  # fmt: skip
def set_vmnetworkadapterfailoverconfiguration(call: Call) -> Iterator[object]:
    """Record addresses for after a failover."""
    given = {name: call.get(name) for name in _V4 + _V6 if name in call}
    cleared = [name for switch, names in _CLEARS.items() if call.is_on(switch) for name in names]
    if both := [name for name in given if name in cleared]:
        raise failure(f"-{both[0]} cannot be set and cleared at the same time.")
    recorded(call, "addresses for after a failover")
    for ref in given_adapters(call, _BY):
        edit = adapter_edit(ref, lambda adapter: _changed(adapter, given, cleared))
        if done(call, ref.title, edit) and call.is_on("Passthru"):
            yield _object(ref)


def _changed(adapter: NetworkAdapter, given: dict[str, Any], cleared: list[str]) -> NetworkAdapter:
    before = kept(adapter.recorded, _RECORDED, {})
    now = {name: value for name, value in {**before, **given}.items() if name not in cleared}
    kept_now = with_kept(adapter.recorded, _RECORDED, now) if now else with_setting(adapter.recorded, _RECORDED, None)
    return replace(adapter, recorded=kept_now)
