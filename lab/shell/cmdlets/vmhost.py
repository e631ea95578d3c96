"""Hyper-V hosts: Get- and Set-VMHost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from lab.model import edit
from lab.model.addresses import hyperv_mac, parse_mac
from lab.model.objects import HypervHost
from lab.shell.command import Call, Example, Parameter, Support, command
from lab.shell.errors import failure
from lab.shell.hyperv.parameters import PASSTHRU
from lab.shell.hyperv.refs import HostRef
from lab.shell.hyperv.targets import the_host
from lab.shell.hyperv.vms import FOLDER
from lab.shell.objects import Live
from lab.shell.recording import accepted, kept, recorded, recorded_parameters, with_all_kept
from lab.shell.views import Column, show

TYPE: Final = "Microsoft.HyperV.PowerShell.VMHost"

show(
    TYPE, "table", "Name", "LogicalProcessorCount",
    Column("MemoryCapacity(M)", lambda host: int(str(host.get("MemoryCapacity"))) / 2**20),
    "VirtualMachineMigrationEnabled",
)  # fmt: skip

_PROCESSORS: Final = 8
_MEMORY: Final = 32 * 2**30
DEFAULTS: Final[dict[str, Any]] = {
    "ResourceMeteringSaveInterval": 3600,
    "VirtualHardDiskPath": "C:\\Users\\Public\\Documents\\Hyper-V\\Virtual Hard Disks",
    "VirtualMachinePath": FOLDER,
    "NumaSpanningEnabled": True,
    "EnableEnhancedSessionMode": False,
    "MaximumStorageMigrations": 2,
    "MaximumVirtualMachineMigrations": 2,
    "UseAnyNetworkForMigration": False,
    "VirtualMachineMigrationAuthenticationType": "CredSSP",
    "VirtualMachineMigrationPerformanceOption": "Compression",
    "FibreChannelWwnn": "C003FF0000FFFF00",
    "FibreChannelWwpnMinimum": "C003FF0000000000",
    "FibreChannelWwpnMaximum": "C003FF000000FFFF",
}
"""What a host has unless it has been told otherwise; all of it is only recorded."""


def host_object(ref: HostRef) -> Live:
    """Return a host as the cmdlets output it."""
    return Live(
        TYPE, lambda: _properties(ref), lambda: ref.place.model, source=ref, text=f"VMHost (Name = '{ref.host}')"
    )


def _properties(ref: HostRef) -> Mapping[str, object] | None:
    host = ref.model
    if host is None:
        return None
    values = {name: kept(host.recorded, name, default) for name, default in DEFAULTS.items()}
    first, last = mac_range(ref, host)
    return {
        "Name": host.name,
        "ComputerName": host.name,
        "FullyQualifiedDomainName": host.name,
        "LogicalProcessorCount": _PROCESSORS,
        "MemoryCapacity": _MEMORY,
        "MacAddressMinimum": first,
        "MacAddressMaximum": last,
        **values,
        "ResourceMeteringSaveInterval": timedelta(seconds=values["ResourceMeteringSaveInterval"]),
        "VirtualMachineMigrationEnabled": False,
        "IovSupport": False,
        "IsDeleted": False,
    }


def mac_range(ref: HostRef, host: HypervHost) -> tuple[str, str]:
    """Return the first and the last dynamic MAC address of a host."""
    if host.mac_address_minimum and host.mac_address_maximum:
        return hyperv_mac(host.mac_address_minimum), hyperv_mac(host.mac_address_maximum)
    from lab.engine.mac_pools import prefixes

    pool = hyperv_mac(prefixes(ref.place.model, {})[host.name])
    return f"{pool}00", f"{pool}FF"


@command(
    "Get-VMHost",
    "Hyper-V",
    "Gets a Hyper-V host.",
    (),
    output="VMHost",
    examples=(Example("Get-VMHost | Format-List Mac*", "Shows the range of dynamic MAC addresses."),),
)
def get_vmhost(call: Call) -> Iterator[object]:
    """Output the host."""
    yield host_object(HostRef(call.place, the_host(call).name))


_KEPT: Final = Support.RECORDED


@command(
    "Set-VMHost",
    "Hyper-V",
    "Configures a Hyper-V host.",
    (
        Parameter("MacAddressMinimum", help="The first dynamic MAC address: 00155D020600."),
        Parameter("MacAddressMaximum", help="The last dynamic MAC address: 00155D0206FF."),
        Parameter("ResourceMeteringSaveInterval", "TimeSpan", support=_KEPT, help="How often measurements are saved."),
        Parameter("VirtualHardDiskPath", support=_KEPT, help="The folder for virtual hard disks."),
        Parameter("VirtualMachinePath", support=_KEPT, help="The folder for VMs."),
        Parameter("NumaSpanningEnabled", "Boolean", support=_KEPT),
        Parameter("EnableEnhancedSessionMode", "Boolean", support=_KEPT),
        Parameter("MaximumStorageMigrations", "UInt32", support=_KEPT),
        Parameter("MaximumVirtualMachineMigrations", "UInt32", support=_KEPT),
        Parameter("UseAnyNetworkForMigration", "Boolean", support=_KEPT),
        Parameter("VirtualMachineMigrationAuthenticationType", "MigrationAuthenticationType",
                  values=("CredSSP", "Kerberos"), support=_KEPT),
        Parameter("VirtualMachineMigrationPerformanceOption", "VMMigrationPerformance",
                  values=("TCPIP", "Compression", "SMB"), support=_KEPT),
        Parameter("FibreChannelWwnn", support=_KEPT),
        Parameter("FibreChannelWwpnMaximum", support=_KEPT),
        Parameter("FibreChannelWwpnMinimum", support=_KEPT),
        PASSTHRU,
    ),
    confirms=True,
    output="VMHost",
    examples=(
        Example("Set-VMHost -MacAddressMinimum 00155D020600 -MacAddressMaximum 00155D0206FF",
                "Sets the range of dynamic MAC addresses; adapters keep the ones that they have."),
    ),
)  # fmt: skip
def set_vmhost(call: Call) -> Iterator[object]:
    """Set the range of dynamic MAC addresses, and record the rest."""
    accepted(call)
    ref = HostRef(call.place, the_host(call).name)
    macs = {name: _mac(call.get(name)) for name in ("MacAddressMinimum", "MacAddressMaximum") if name in call}
    values = recorded_parameters(call)
    if "ResourceMeteringSaveInterval" in values:
        values["ResourceMeteringSaveInterval"] = int(values["ResourceMeteringSaveInterval"].total_seconds())

    def changed(host: HypervHost) -> HypervHost:
        now = dict(zip(("MacAddressMinimum", "MacAddressMaximum"), mac_range(ref, host), strict=True))
        wanted = {name: parse_mac(text) for name, text in (now | macs).items()} if macs else {}
        return replace(
            host,
            mac_address_minimum=wanted.get("MacAddressMinimum", host.mac_address_minimum),
            mac_address_maximum=wanted.get("MacAddressMaximum", host.mac_address_maximum),
            recorded=with_all_kept(host.recorded, values),
        )

    if macs:
        call.place.settle()  # what has been started before keeps addresses of the range before
    if call.change(ref.host, edit.host(ref.host, changed)):
        if values:
            recorded(call, "the settings of hosts")
        if call.is_on("Passthru"):
            yield host_object(ref)


def _mac(text: str) -> str:
    try:
        return parse_mac(text)
    except ValueError:
        raise failure(f"The MAC address '{text}' is not valid.", target=text,
                      remedy="Give twelve hexadecimal digits: 00155D020600.") from None  # fmt: skip
