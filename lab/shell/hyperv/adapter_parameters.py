"""The parameters by which cmdlets are told which network adapters they are to act on."""

from __future__ import annotations

from typing import Final

from lab.shell.command import Parameter

BY_NAME: Final = "VMName"
BY_VM: Final = "VMObject"
BY_ADAPTER: Final = "ResourceObject"
MANAGEMENT: Final = "ManagementOS"
SNAPSHOT: Final = "VMSnapshot"
BY_INPUT: Final = "InputObjectParameter"

PASSTHRU: Final = Parameter("Passthru", "Switch", help="Outputs what was changed.")


def vms(*, many: bool = True, mandatory: bool = True) -> tuple[Parameter, ...]:
    """Return VMName and VM, of which one says whose adapters are meant."""
    plural = "[]" if many else ""
    return (
        Parameter("VMName", f"String{plural}", sets=(BY_NAME,), position=0, mandatory=mandatory, pipe="V",
                  wildcards=True, complete="vm", help="The VM whose adapters are meant."),
        Parameter("VM", f"VirtualMachine{plural}", sets=(BY_VM,), position=0, mandatory=True, pipe="V",
                  help="The same, as Get-VM outputs it."),
    )  # fmt: skip


def adapters(*, many: bool = True) -> tuple[Parameter, ...]:
    """Return VMNetworkAdapter, which takes adapters from a pipeline, and ManagementOS."""
    kind = f"VMNetworkAdapterBase{'[]' if many else ''}"
    return (
        Parameter("VMNetworkAdapter", kind, sets=(BY_ADAPTER,), position=0, mandatory=True, pipe="V",
                  help="The adapter, as Get-VMNetworkAdapter outputs it."),
        Parameter("ManagementOS", "Switch", sets=(MANAGEMENT,), mandatory=True,
                  help="Means the adapters of the management OS."),
    )  # fmt: skip


def snapshot() -> Parameter:
    """Return VMSnapshot, of cmdlets that get something."""
    return Parameter("VMSnapshot", "VMSnapshot", sets=(SNAPSHOT,), position=0, mandatory=True, pipe="V",
                     aliases=("VMCheckpoint",), help="A checkpoint of a VM; in a lab it has no adapters.")  # fmt: skip


def adapter_name() -> Parameter:
    """Return VMNetworkAdapterName; without it all adapters of a machine are meant."""
    return Parameter("VMNetworkAdapterName", sets=(BY_NAME, BY_VM, MANAGEMENT), wildcards=True, complete="adapter",
                     help="The adapter's name; without it all adapters of the machine are meant.")  # fmt: skip


def getting() -> tuple[Parameter, ...]:
    """Return all of them for a cmdlet that gets settings of adapters, of all VMs unless it is told of which."""
    return (*vms(mandatory=False), *adapters(), snapshot(), adapter_name())


def setting(*, many: bool = True) -> tuple[Parameter, ...]:
    """Return all of them for a cmdlet that changes settings of adapters."""
    return (*vms(many=many), *adapters(many=many), adapter_name())
