"""Resource metering: Enable-, Disable- and Reset-VMResourceMetering, and Measure-VM."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from lab.model import edit
from lab.shell.command import Call, Example, Parameter, command
from lab.shell.errors import ErrorRecord, failure
from lab.shell.hyperv.parameters import named_vm, which_vm
from lab.shell.hyperv.refs import VmRef
from lab.shell.hyperv.targets import given_vms
from lab.shell.hyperv.vms import value_of
from lab.shell.objects import PSObject
from lab.shell.views import Column, show

TYPE: Final = "Microsoft.HyperV.PowerShell.VMMeteringReportForVirtualMachine"
TRAFFIC_TYPE: Final = "Microsoft.HyperV.PowerShell.VMPortAclMeteringReport"
_MEGABYTE: Final = 1 << 20
_DEFAULT_SET: Final = "VMName"
_POOLS: Final = (
    Parameter("ResourcePoolName", sets=("ResourcePool",), position=0, mandatory=True, aliases=("Name",), pipe="P",
              help="A resource pool, of which a lab has none."),
    Parameter("ResourcePoolType", "VMResourcePoolType", sets=("ResourcePool",), position=1, pipe="P",
              values=("Ethernet", "Memory", "Processor", "VHD"), help="What is in the pool."),
)  # fmt: skip

show(
    TYPE, "table", "VMName",
    Column("AvgCPU(MHz)", "AverageProcessorUsage"), Column("AvgRAM(M)", "AverageMemoryUsage"),
    Column("MaxRAM(M)", "MaximumMemoryUsage"), Column("MinRAM(M)", "MinimumMemoryUsage"),
    Column("TotalDisk(M)", "TotalDiskAllocation"),
    Column("NetworkInbound(M)", lambda report: _total(report, "Inbound")),
    Column("NetworkOutbound(M)", lambda report: _total(report, "Outbound")),
)  # fmt: skip
show(TRAFFIC_TYPE, "table", "LocalAddress", "RemoteAddress", "Direction", "TotalTraffic")


def _total(report: PSObject, direction: str) -> int:
    return report.source[direction] // _MEGABYTE if report.source else 0


@command(
    "Enable-VMResourceMetering",
    "Hyper-V",
    "Collects resource utilization data for a virtual machine or resource pool.",
    (*which_vm(piped=False), *_POOLS),
    default_set=_DEFAULT_SET,
    confirms=True,
    examples=(Example("Enable-VMResourceMetering -VMName web1", "Counts what a VM sends and gets."),),
)
def enable_vmresourcemetering(call: Call) -> None:
    """Count what VMs send and get."""
    _switch(call, on=True)


@command(
    "Disable-VMResourceMetering",
    "Hyper-V",
    "Disables collection of resource utilization data for a virtual machine or resource pool.",
    (*which_vm(piped=False), *_POOLS),
    default_set=_DEFAULT_SET,
    confirms=True,
    examples=(Example("Disable-VMResourceMetering -VMName web1", "Counts no longer what a VM sends and gets."),),
)
def disable_vmresourcemetering(call: Call) -> None:
    """Count no longer what VMs send and get."""
    _switch(call, on=False)


def _switch(call: Call, *, on: bool) -> None:
    _refuse_pools(call)
    for ref in given_vms(call):
        wanted = edit.vm(ref.host, ref.name, lambda vm: replace(vm, resource_metering=on))
        call.change(ref.name, wanted, settle=not on)


def _refuse_pools(call: Call) -> None:
    if call.set == "ResourcePool":
        raise failure(
            f'Hyper-V was unable to find a resource pool with name "{call.get("ResourcePoolName")}".',
            category="ObjectNotFound", error_id="ObjectNotFound", target=call.get("ResourcePoolName"),
        )  # fmt: skip


@command(
    "Reset-VMResourceMetering",
    "Hyper-V",
    "Resets the resource utilization data collected by Hyper-V resource metering.",
    (*which_vm(piped=False), *_POOLS),
    default_set=_DEFAULT_SET,
    confirms=True,
    examples=(Example("Reset-VMResourceMetering -VMName web1", "Begins to count at zero again."),),
)
def reset_vmresourcemetering(call: Call) -> None:
    """Begin to count at zero again."""
    _refuse_pools(call)
    for ref in _metered(call, "VMName"):
        if call.agreed(ref.name):
            call.place.tell("measure", ref.name, "--reset")


def _metered(call: Call, name: str) -> Iterator[VmRef]:
    """Yield the VMs that are meant, with an error for those that are not metered."""
    for ref in given_vms(call, name):
        if ref.model and ref.model.resource_metering:
            yield ref
        else:
            message = f"Resource metering is not enabled for the virtual machine '{ref.name}'."
            call.error(ErrorRecord(message, "InvalidOperation", "InvalidState", "VirtualizationException", ref.name))


@command(
    "Measure-VM",
    "Hyper-V",
    "Reports resource utilization data for one or more virtual machines.",
    named_vm(),
    default_set="Name",
    output="VMMeteringReportForVirtualMachine",
    examples=(
        Example("Measure-VM web1", "Shows in megabytes what a VM has sent and got since metering was enabled."),
        Example("(Measure-VM web1).NetworkMeteredTrafficReport", "Shows it by network addresses."),
    ),
    remarks="Network traffic is counted; what is shown of memory is what the VM is set to have, and it has no disks.",
)
def measure_vm(call: Call) -> Iterator[object]:
    """Report what VMs have sent and got."""
    for ref in _metered(call, "Name"):
        yield _report(ref, call.place.ask("measure", ref.name))


def _report(ref: VmRef, traffic: list[dict[str, Any]]) -> PSObject:
    vm = ref.model
    assert vm is not None
    memory = value_of(vm, "MemoryStartup") // _MEGABYTE if vm.running else 0
    total = Counter[str]()
    for each in traffic:
        total[each["direction"]] += each["bytes"]
    return PSObject(
        TYPE,
        {
            "VMId": ref.id,
            "VMName": vm.name,
            "ComputerName": ref.host,
            "MeteringDuration": None,
            "AverageProcessorUsage": 0,
            "AverageMemoryUsage": memory,
            "MaximumMemoryUsage": memory,
            "MinimumMemoryUsage": memory,
            "TotalDiskAllocation": 0,
            "AggregatedAverageNormalizedIOPS": 0,
            "AggregatedAverageLatency": 0,
            "AggregatedDiskDataRead": 0,
            "AggregatedDiskDataWritten": 0,
            "AggregatedNormalizedIOCount": 0,
            "NetworkMeteredTrafficReport": [_traffic(each) for each in traffic],
            "HardDiskMetrics": [],
            "AvgCPU": 0,
            "AvgRAM": memory,
            "MinRAM": memory,
            "MaxRAM": memory,
            "TotalDisk": 0,
        },
        source=dict(total),
    )


def _traffic(found: dict[str, Any]) -> PSObject:
    return PSObject(
        TRAFFIC_TYPE,
        {
            "LocalAddress": found["local"],
            "RemoteAddress": found["remote"],
            "Direction": found["direction"],
            "TotalTraffic": found["bytes"] // _MEGABYTE,
        },
    )
