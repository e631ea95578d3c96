"""The integration services of a VM (Get-VMIntegrationService): which are enabled, and what follows from that.

A guest without integration services at all (``integration_services=False``) has no driver for a synthetic adapter; that
is a property of the guest, which no cmdlet changes. The host's switches of the six services are recorded, and three of
them matter here: without Key-Value Pair Exchange the host does not learn the guest's addresses, without Shutdown it
cannot shut the guest down, without Heartbeat it hears none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from lab.model.objects import VirtualMachine
from lab.shell.hyperv.refs import VmRef, identity
from lab.shell.objects import Live
from lab.shell.recording import kept, with_kept
from lab.shell.views import show

GUEST_SERVICE: Final = "Guest Service Interface"
HEARTBEAT: Final = "Heartbeat"
KEY_VALUE: Final = "Key-Value Pair Exchange"
SHUTDOWN: Final = "Shutdown"
SERVICES: Final = (GUEST_SERVICE, HEARTBEAT, KEY_VALUE, SHUTDOWN, "Time Synchronization", "VSS")
_SETTING: Final = "IntegrationServices"

_BASE: Final = "Microsoft.HyperV.PowerShell.VMIntegrationComponent"
TYPES: Final = {
    GUEST_SERVICE: ("Microsoft.HyperV.PowerShell.GuestServiceInterfaceComponent", _BASE),
    SHUTDOWN: ("Microsoft.HyperV.PowerShell.ShutdownComponent", _BASE),
    KEY_VALUE: ("Microsoft.HyperV.PowerShell.DataExchangeComponent", _BASE),
}

show(_BASE, "table", "VMName", "Name", "Enabled", "PrimaryStatusDescription", "SecondaryStatusDescription")


@dataclass(slots=True, eq=False)
class ServiceRef:
    """An integration service of a VM."""

    vm: VmRef
    name: str


def is_enabled(vm: VirtualMachine, service: str) -> bool:
    """Tell whether a service is enabled; all are by default but the Guest Service Interface."""
    return bool(kept(vm.recorded, _SETTING, {}).get(service, service != GUEST_SERVICE))


def works(vm: VirtualMachine, service: str) -> bool:
    """Tell whether a service answers: it is enabled, the guest has it, and the VM runs."""
    return vm.running and vm.integration_services and vm.has_system and is_enabled(vm, service)


def with_service(vm: VirtualMachine, service: str, *, enabled: bool) -> VirtualMachine:
    """Return a VM with one of its services enabled or disabled."""
    return replace(vm, recorded=with_kept(vm.recorded, _SETTING, {**kept(vm.recorded, _SETTING, {}), service: enabled}))


def service_object(ref: ServiceRef) -> Live:
    """Return a service as the cmdlets output it."""
    kind = TYPES.get(ref.name, ("Microsoft.HyperV.PowerShell.VMIntegrationComponent",))
    return Live(kind, lambda: _properties(ref), lambda: ref.vm.place.model, source=ref)


def _properties(ref: ServiceRef) -> Mapping[str, object] | None:
    vm = ref.vm.model
    if vm is None:
        return None
    primary, secondary = _status(vm, ref.name)
    operational = {"": [], "OK": ["Ok"], "No Contact": ["NoContact"]}[primary]
    return {
        "Enabled": is_enabled(vm, ref.name),
        "OperationalStatus": operational,
        "PrimaryOperationalStatus": next(iter(operational), None),
        "PrimaryStatusDescription": primary,
        "SecondaryOperationalStatus": "Ok" if secondary else None,
        "SecondaryStatusDescription": secondary,
        "StatusDescription": [each for each in (primary, secondary) if each],
        "Name": ref.name,
        "Id": f"Microsoft:{ref.vm.id}\\{identity(ref.vm.place, 'integration service', ref.name)}".upper(),
        "VMId": ref.vm.id,
        "VMName": vm.name,
        "VMSnapshotId": None,
        "VMSnapshotName": "",
        "ComputerName": ref.vm.host,
        "IsDeleted": False,
    }


def _status(vm: VirtualMachine, service: str) -> tuple[str, str]:
    """Return what Windows shows of a service: nothing while the VM is off, and OK for one that is disabled."""
    if not vm.running:
        return "", ""
    if not vm.integration_services or not vm.has_system:
        return ("OK", "") if service == GUEST_SERVICE else ("No Contact", "")
    return "OK", "OK" if service == HEARTBEAT and is_enabled(vm, service) else ""
