"""VMs are started, stopped, saved, paused and waited for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from typing import Final

from lab.model import edit
from lab.shell.command import Call, Example, Impact, Parameter, Support, command
from lab.shell.errors import ErrorRecord, failure
from lab.shell.hyperv.adapters import adapters_of, addresses
from lab.shell.hyperv.integration import HEARTBEAT, SHUTDOWN, works
from lab.shell.hyperv.parameters import PASSTHRU, named_vm
from lab.shell.hyperv.refs import VmRef
from lab.shell.hyperv.states import OFF, PAUSED, RUNNING, SAVED, in_state, state_of, wrong_state
from lab.shell.hyperv.targets import given_vms
from lab.shell.hyperv.vms import vm_object
from lab.shell.place import Description
from lab.shell.recording import accepted

_ALREADY: Final = "The virtual machine is already in the specified state."


@command(
    "Start-VM",
    "Hyper-V",
    "Starts a virtual machine.",
    (*named_vm(), PASSTHRU),
    default_set="Name",
    confirms=True,
    output="VirtualMachine",
    examples=(
        Example("Start-VM web1", "Starts a VM."),
        Example("Get-VM web* | Start-VM", "Starts every VM whose name begins with web."),
    ),
)
def start_vm(call: Call) -> Iterator[object]:
    """Start VMs, and go on with those that were saved or paused."""
    for ref in given_vms(call, "Name"):
        yield from _changed(call, ref, (OFF, SAVED, PAUSED), RUNNING)


def _changed(call: Call, ref: VmRef, before: tuple[str, ...], after: str, *, settle: bool = False) -> Iterator[object]:
    """Bring a VM into another state, if the one that it has permits that."""
    vm = ref.model
    if vm is None:
        return
    now = state_of(vm)
    if now == after:
        call.warn(_ALREADY)
    elif now not in before:
        call.error(wrong_state(vm.name))
        return
    elif not call.change(ref.name, edit.vm(ref.host, ref.name, lambda each: in_state(each, after)), settle=settle):
        return
    if call.is_on("Passthru"):
        yield vm_object(ref)


@command(
    "Stop-VM",
    "Hyper-V",
    "Shuts down, turns off, or saves a virtual machine.",
    (
        *named_vm(),
        Parameter("TurnOff", "Switch", help="Turns it off, as if its power were cut."),
        Parameter("Save", "Switch", help="Saves its state; the network sees no difference."),
        Parameter("Force", "Switch", help="Does not ask if it cannot be shut down, but turns it off."),
        PASSTHRU,
    ),
    default_set="Name",
    confirms=True,
    output="VirtualMachine",
    examples=(
        Example("Stop-VM web1", "Shuts a VM down."),
        Example("Stop-VM web1 -TurnOff", "Turns it off at once."),
    ),
)  # fmt: skip
def stop_vm(call: Call) -> Iterator[object]:
    """Shut VMs down; their ports on the switches go."""
    if call.is_on("TurnOff") and call.is_on("Save"):
        raise failure("The parameters TurnOff and Save cannot be used together.")
    for ref in given_vms(call, "Name"):
        if call.is_on("Save"):
            yield from _changed(call, ref, (RUNNING, PAUSED), SAVED, settle=True)
        elif call.is_on("TurnOff"):
            yield from _changed(call, ref, (RUNNING, PAUSED, SAVED), OFF, settle=True)
        elif _can_shut_down(call, ref):
            yield from _changed(call, ref, (RUNNING,), OFF, settle=True)


def _can_shut_down(call: Call, ref: VmRef) -> bool:
    """Return whether to go on: also by turning off what has no service that would shut it down, if the user agrees."""
    vm = ref.model
    if vm is None or not vm.running or works(vm, SHUTDOWN) or call.is_on("Force"):
        return True
    if call.common.get("whatif"):
        return True
    return call.runtime.confirm(
        f"Hyper-V cannot shut down virtual machine {vm.name} because the Shutdown integration service is unavailable.",
        "To avoid potential data loss, you can pause or save the state of the virtual machine. The other option is to "
        "turn off the virtual machine, but data loss might occur.",
    )


@command(
    "Restart-VM",
    "Hyper-V",
    "Restarts a virtual machine.",
    (
        *named_vm(),
        Parameter("Force", "Switch", help="Does not ask."),
        Parameter("Type", "RestartType", values=("Reset", "Reboot"), support=Support.ACCEPTED,
                  help="Reset turns it off and on again, Reboot asks the guest to restart."),
        Parameter("Wait", "Switch", support=Support.ACCEPTED, help="Waits until it runs, as it does here anyway."),
        Parameter("For", "WaitVMTypes", values=("Heartbeat", "IPAddress"), support=Support.ACCEPTED,
                  help="What to wait for."),
        Parameter("Delay", "UInt16", support=Support.ACCEPTED, help="How often to look, in seconds."),
        Parameter("Timeout", "Int32", aliases=("TimeoutSec",), support=Support.ACCEPTED,
                  help="How long to wait, in seconds."),
        PASSTHRU,
    ),
    default_set="Name",
    confirms=True,
    impact=Impact.HIGH,
    output="VirtualMachine",
    examples=(Example("Restart-VM web1 -Force", "Turns a VM off and on again, without asking."),),
)  # fmt: skip
def restart_vm(call: Call) -> Iterator[object]:
    """Turn running VMs off and on again."""
    accepted(call)
    for ref in given_vms(call, "Name"):
        vm = ref.model
        if vm is None:
            continue
        if not vm.running:
            call.error(wrong_state(vm.name))
            continue
        if not call.agreed(ref.name):
            continue
        for state in (OFF, RUNNING):
            call.place.change(edit.vm(ref.host, ref.name, partial(in_state, state=state)))
            call.place.settle()
        if call.is_on("Passthru"):
            yield vm_object(ref)


@command(
    "Save-VM",
    "Hyper-V",
    "Saves a virtual machine.",
    (*named_vm(), PASSTHRU),
    default_set="Name",
    confirms=True,
    output="VirtualMachine",
    examples=(Example("Save-VM web1", "Saves a VM; Start-VM goes on with it."),),
    remarks="The guest begins anew when it is started: the lab keeps its configuration, not its memory.",
)
def save_vm(call: Call) -> Iterator[object]:
    """Save VMs."""
    for ref in given_vms(call, "Name"):
        yield from _changed(call, ref, (RUNNING, PAUSED), SAVED, settle=True)


@command(
    "Remove-VMSavedState",
    "Hyper-V",
    "Deletes the saved state of a virtual machine.",
    named_vm(),
    default_set="Name",
    confirms=True,
    examples=(Example("Remove-VMSavedState web1", "Makes a saved VM one that is off."),),
)
def remove_vmsavedstate(call: Call) -> Iterator[object]:
    """Turn saved VMs off."""
    for ref in given_vms(call, "Name"):
        if ref.model and state_of(ref.model) != OFF:
            yield from _changed(call, ref, (SAVED,), OFF)


@command(
    "Suspend-VM",
    "Hyper-V",
    "Suspends, or pauses, a virtual machine.",
    (*named_vm(), PASSTHRU),
    default_set="Name",
    confirms=True,
    output="VirtualMachine",
    examples=(Example("Suspend-VM web1", "Pauses a VM; it neither sends nor answers."),),
    remarks="The guest begins anew when it is resumed: the lab keeps its configuration, not its memory.",
)
def suspend_vm(call: Call) -> Iterator[object]:
    """Pause VMs."""
    for ref in given_vms(call, "Name"):
        yield from _changed(call, ref, (RUNNING,), PAUSED, settle=True)


@command(
    "Resume-VM",
    "Hyper-V",
    "Resumes a suspended, or paused, virtual machine.",
    (*named_vm(), PASSTHRU),
    default_set="Name",
    confirms=True,
    output="VirtualMachine",
    examples=(Example("Resume-VM web1", "Goes on with a paused VM."),),
)
def resume_vm(call: Call) -> Iterator[object]:
    """Go on with paused VMs."""
    for ref in given_vms(call, "Name"):
        yield from _changed(call, ref, (PAUSED,), RUNNING)


_STEP_S: Final = 0.5


@command(
    "Wait-VM",
    "Hyper-V",
    "Waits for one or more virtual machines to be ready.",
    (
        *named_vm(),
        Parameter("For", "WaitVMTypes", values=("Heartbeat", "IPAddress", "MemoryOperations", "Reboot"),
                  help="What to wait for; IPAddress unless given."),
        Parameter("Timeout", "Int32", minimum=-1, aliases=("TimeoutSec",), help="How long to wait, in seconds."),
        Parameter("Delay", "UInt16", support=Support.ACCEPTED, help="How often to look, in seconds."),
        Parameter("Async", "Switch", support=Support.ACCEPTED),
        PASSTHRU,
    ),
    default_set="Name",
    output="VirtualMachine",
    examples=(Example("Wait-VM web1 -For IPAddress -Timeout 60", "Waits until the guest has an address."),),
)  # fmt: skip
def wait_vm(call: Call) -> Iterator[object]:
    """Wait until VMs run and their guests answer, or have an address."""
    accepted(call)
    call.place.settle()
    what, timeout = call.get("For", "IPAddress"), call.get("Timeout", -1)
    end = time.monotonic() + timeout
    for ref in list(given_vms(call, "Name")):
        while not _is_ready(ref, what):
            if isinstance(call.place, Description) or (timeout < 0 and not _answers(ref)):
                # Nobody but the one who waits would start it, or give it what it lacks.
                raise failure(
                    f"The virtual machine '{ref.name}' would be waited for without end: it does not run, or its guest "
                    "has no integration services.",
                    target=ref.name,
                    remedy="Start it first, or say how long to wait: -Timeout.",
                )
            if timeout >= 0 and time.monotonic() >= end:
                call.error(_late(ref))
                break
            time.sleep(_STEP_S)
        else:
            if call.is_on("Passthru"):
                yield vm_object(ref)


def _late(ref: VmRef) -> ErrorRecord:
    return ErrorRecord(
        f"The operation timed out while waiting for the virtual machine '{ref.name}'.",
        "OperationTimeout", "OperationTimeout", "VirtualizationException", ref.name,
    )  # fmt: skip


def _answers(ref: VmRef) -> bool:
    return ref.model is not None and works(ref.model, HEARTBEAT)


def _is_ready(ref: VmRef, what: str) -> bool:
    """Tell whether a guest answers and, if that is asked, has an address; one that asks for none needs none."""
    vm = ref.model
    if vm is None or not _answers(ref):
        return False
    if what != "IPAddress" or not any(each.ip and (each.ip.dhcp or each.ip.auto) for each in vm.adapters):
        return True
    return any(addresses(each) for each in adapters_of(ref))
