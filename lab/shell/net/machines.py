"""What is set on a machine as a whole: on a Hyper-V host, or in a VM's guest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from lab.model import edit
from lab.model.edit import Edit
from lab.model.objects import HypervHost, LabModel, VirtualMachine
from lab.model.recorded import with_setting
from lab.shell.net.cim import unsupported
from lab.shell.place import Machine, vm_of
from lab.shell.recording import kept, with_kept


def object_of(model: LabModel, machine: Machine) -> HypervHost | VirtualMachine | None:
    """Return the model's object of a machine; None for a physical computer."""
    return model.host(machine.name) if machine.is_host else vm_of(model, machine)


def changed(machine: Machine, change: Callable[[Any], Any]) -> Edit:
    """Return the change of a machine's object in the model; a terminating error for a physical computer's."""
    if machine.is_host:
        return edit.host(machine.host, change)
    if machine.is_vm:
        return edit.vm(machine.host, machine.name, change)
    raise unsupported(
        f'"{machine.name}" is a physical computer, of which a lab keeps no such thing.', target=machine.name
    )


def kept_of(model: LabModel, machine: Machine, name: str, default: Any = None) -> Any:
    """Return what is recorded of a machine."""
    found = object_of(model, machine)
    return kept(found.recorded, name, default) if found else default


def recorded(machine: Machine, name: str, value: object) -> Edit:
    """Return the change that records something of a machine; None takes it away."""
    if value is None:
        return changed(machine, lambda each: replace(each, recorded=with_setting(each.recorded, name, None)))
    return changed(machine, lambda each: replace(each, recorded=with_kept(each.recorded, name, value)))
