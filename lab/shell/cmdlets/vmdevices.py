"""Devices and locks of VMs that scripts set and no network notices: video, TPM, key protector, controllers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from lab.model import edit
from lab.shell.cmdlets.vm_settings import with_settings
from lab.shell.command import Call, Example, Parameter, Support, command
from lab.shell.hyperv.parameters import PASSTHRU, which_vm
from lab.shell.hyperv.refs import VmRef
from lab.shell.hyperv.states import wrong_state
from lab.shell.hyperv.targets import given_vms
from lab.shell.objects import Live
from lab.shell.recording import accepted, kept, recorded
from lab.shell.views import show

VIDEO: Final = "Microsoft.HyperV.PowerShell.VMVideo"
SECURITY: Final = "Microsoft.HyperV.PowerShell.VMSecurity"
_KEPT: Final = Support.RECORDED
_VIDEO: Final[dict[str, Any]] = {"ResolutionType": "Maximum", "HorizontalResolution": 1920, "VerticalResolution": 1080}

show(VIDEO, "table", "VMName", "ResolutionType", "HorizontalResolution", "VerticalResolution")
show(SECURITY, "list", "TpmEnabled", "KsdEnabled", "Shielded", "EncryptStateAndVmMigrationTraffic", "VMName")


def _video(ref: VmRef) -> Mapping[str, object] | None:
    vm = ref.model
    if vm is None:
        return None
    values = {name: kept(vm.recorded, f"Video{name}", default) for name, default in _VIDEO.items()}
    return {**values, "Name": "Video", "VMName": vm.name, "VMId": ref.id, "ComputerName": ref.host}


def _security_object(ref: VmRef) -> Live:
    return Live(SECURITY, partial(_security, ref), lambda: ref.place.model, source=ref)


def _security(ref: VmRef) -> Mapping[str, object] | None:
    vm = ref.model
    if vm is None:
        return None
    return {
        "TpmEnabled": kept(vm.recorded, "TpmEnabled", False),
        "KsdEnabled": False,
        "Shielded": False,
        "EncryptStateAndVmMigrationTraffic": False,
        "VirtualizationBasedSecurityOptOut": False,
        "BindToHostTpm": False,
        "VMName": vm.name,
        "VMId": ref.id,
        "ComputerName": ref.host,
        "IsDeleted": False,
    }


def _set(call: Call, values: dict[str, Any], what: str, *, while_off: bool = False) -> Iterator[VmRef]:
    """Record settings of the VMs that are meant, and yield those VMs."""
    accepted(call)
    for ref in given_vms(call):
        if while_off and ref.model and ref.model.running:
            call.error(wrong_state(ref.name))
        elif call.change(ref.name, edit.vm(ref.host, ref.name, partial(with_settings, values=values))):
            recorded(call, what)
            yield ref


@command(
    "Get-VMVideo",
    "Hyper-V",
    "Gets video settings for virtual machines.",
    which_vm(),
    default_set="VMName",
    output="VMVideo",
    examples=(Example("Get-VMVideo web1", "Shows the resolution of a VM's screen."),),
    support=_KEPT,
)
def get_vmvideo(call: Call) -> Iterator[object]:
    """Output the video settings of VMs."""
    for ref in given_vms(call):
        yield Live(VIDEO, partial(_video, ref), lambda: call.place.model, source=ref)


@command(
    "Set-VMVideo",
    "Hyper-V",
    "Configures video settings for virtual machines.",
    (
        *which_vm(),
        Parameter("ResolutionType", "ResolutionType", position=1, values=("Maximum", "Single", "Default"),
                  support=_KEPT, help="Whether one resolution is offered, or several."),
        Parameter("HorizontalResolution", "UInt16", position=2, support=_KEPT, help="How many pixels wide."),
        Parameter("VerticalResolution", "UInt16", position=3, support=_KEPT, help="How many pixels high."),
        PASSTHRU,
    ),
    default_set="VMName",
    confirms=True,
    output="VMVideo",
    examples=(Example("Set-VMVideo web1 -HorizontalResolution 1280 -VerticalResolution 720", "Records a resolution."),),
    support=_KEPT,
)  # fmt: skip
def set_vmvideo(call: Call) -> Iterator[object]:
    """Record the video settings of VMs."""
    values = {f"Video{name}": call.get(name) for name in _VIDEO if name in call}
    for ref in _set(call, values, "the resolution", while_off=True):
        if call.is_on("Passthru"):
            yield Live(VIDEO, partial(_video, ref), lambda: call.place.model, source=ref)


@command(
    "Get-VMSecurity",
    "Hyper-V",
    "Gets security information about a virtual machine.",
    which_vm(),
    default_set="VMName",
    output="VMSecurity",
    examples=(Example("Get-VMSecurity web1", "Shows whether a VM has a TPM."),),
    support=_KEPT,
)
def get_vmsecurity(call: Call) -> Iterator[object]:
    """Output what is recorded of the security of VMs."""
    for ref in given_vms(call):
        yield _security_object(ref)


@command(
    "Enable-VMTPM",
    "Hyper-V",
    "Enables TPM functionality on a virtual machine.",
    (*which_vm(), PASSTHRU),
    default_set="VMName",
    confirms=True,
    examples=(Example("Enable-VMTPM web1", "Records that a VM has a TPM."),),
    support=_KEPT,
)
def enable_vmtpm(call: Call) -> Iterator[object]:
    """Record that VMs have a TPM."""
    for ref in _set(call, {"TpmEnabled": True}, "that there is a TPM", while_off=True):
        if call.is_on("Passthru"):
            yield _security_object(ref)


@command(
    "Disable-VMTPM",
    "Hyper-V",
    "Disables TPM functionality on a virtual machine.",
    (*which_vm(), PASSTHRU),
    default_set="VMName",
    confirms=True,
    examples=(Example("Disable-VMTPM web1", "Records that a VM has no TPM."),),
    support=_KEPT,
)
def disable_vmtpm(call: Call) -> Iterator[object]:
    """Record that VMs have no TPM."""
    for ref in _set(call, {"TpmEnabled": False}, "that there is no TPM", while_off=True):
        if call.is_on("Passthru"):
            yield _security_object(ref)


@command(
    "Set-VMKeyProtector",
    "Hyper-V",
    "Configures a key protector for a virtual machine.",
    (
        *which_vm(),
        Parameter("NewLocalKeyProtector", "Switch", support=_KEPT, help="One that only this host can use."),
        Parameter("KeyProtector", "Object[]", support=Support.ACCEPTED),
        Parameter("RestoreLastKnownGoodKeyProtector", "Switch", support=Support.ACCEPTED),
        PASSTHRU,
    ),
    default_set="VMName",
    confirms=True,
    examples=(Example("Set-VMKeyProtector web1 -NewLocalKeyProtector", "Is needed before Enable-VMTPM on Windows."),),
    support=_KEPT,
)  # fmt: skip
def set_vmkeyprotector(call: Call) -> None:
    """Record that VMs have a key protector."""
    for _ in _set(call, {"KeyProtector": True}, "that there is a key protector"):
        pass


@command(
    "Add-VMScsiController",
    "Hyper-V",
    "Adds a SCSI controller in a virtual machine.",
    (*which_vm(), PASSTHRU),
    default_set="VMName",
    confirms=True,
    examples=(Example("Add-VMScsiController web1", "Does nothing but say so."),),
    support=Support.ACCEPTED,
)
def add_vmscsicontroller(call: Call) -> None:
    """Accept it: drives are only recorded, at one controller."""
    for ref in given_vms(call):
        call.verbose(f"Add-VMScsiController: the lab records the drives of {ref.name} at the controller that it has.")
