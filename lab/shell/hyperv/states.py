"""In which state a VM is (Get-VM, property State), and how it comes into another.

The network knows two: its ports exist while it runs. That a VM is saved or paused is recorded beside.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Final

from lab.model.kinds import VMState
from lab.model.objects import VirtualMachine
from lab.model.recorded import with_setting
from lab.shell.errors import ErrorRecord
from lab.shell.recording import kept

RUNNING: Final = VMState.RUNNING.value
OFF: Final = VMState.OFF.value
SAVED: Final = "Saved"
PAUSED: Final = "Paused"


def state_of(vm: VirtualMachine) -> str:
    """Return a VM's state in Hyper-V's words."""
    return RUNNING if vm.running else str(kept(vm.recorded, "State", OFF))


def in_state(vm: VirtualMachine, state: str) -> VirtualMachine:
    """Return a VM in another state."""
    value = json.dumps(state) if state in (SAVED, PAUSED) else None
    now = VMState.RUNNING if state == RUNNING else VMState.OFF
    return replace(vm, state=now, recorded=with_setting(vm.recorded, "State", value))


def wrong_state(vm: str) -> ErrorRecord:
    """Return the error of a command that a VM's state does not permit."""
    return ErrorRecord(
        "The operation cannot be performed while the object is in its current state.",
        "InvalidOperation", "InvalidState", "VirtualizationException", vm,
    )  # fmt: skip
