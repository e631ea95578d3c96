"""Integration services: Get-, Enable- and Disable-VMIntegrationService."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from lab.model import edit
from lab.shell.command import Call, Example, Parameter, command
from lab.shell.errors import ErrorRecord
from lab.shell.hyperv.integration import (
    HEARTBEAT,
    KEY_VALUE,
    SERVICES,
    SHUTDOWN,
    ServiceRef,
    service_object,
    with_service,
)
from lab.shell.hyperv.parameters import PASSTHRU, which_vm
from lab.shell.hyperv.targets import given_vms, listed
from lab.shell.recording import recorded
from lab.shell.wildcards import has_wildcards, matches

_REMARKS = (
    "Key-Value Pair Exchange tells the host the guest's addresses, Shutdown lets it shut the guest down, and Heartbeat "
    "is its Heartbeat; the others are only recorded. Whether a guest has integration services at all is a property of "
    "the guest: integration_services of the topology."
)


@command(
    "Get-VMIntegrationService",
    "Hyper-V",
    "Gets the integration services of a virtual machine or snapshot.",
    (
        *which_vm(),
        Parameter("Name", "String[]", position=1, wildcards=True, help="The name of the service."),
    ),
    default_set="VMName",
    output="VMIntegrationComponent",
    examples=(Example("Get-VMIntegrationService web1", "Shows the six services of a VM."),),
    remarks=_REMARKS,
)
def get_vmintegrationservice(call: Call) -> Iterator[object]:
    """Output the services."""
    yield from map(service_object, _services(call))


def _services(call: Call) -> Iterator[ServiceRef]:
    """Yield the services that are meant, by name or as objects, with an error for names that no service has."""
    for item in listed(call.get("VMIntegrationService")):
        yield item.source
    if "VMIntegrationService" in call:
        return
    wanted = listed(call.get("Name")) if "Name" in call else ["*"]
    for vm in given_vms(call):
        for name in wanted:
            found = [each for each in SERVICES if matches(name, each)]
            yield from (ServiceRef(vm, each) for each in found)
            if not found and not has_wildcards(name):
                message = f'Hyper-V was unable to find an integration component with name "{name}".'
                call.error(ErrorRecord(message, "InvalidArgument", "InvalidParameter", "VirtualizationException", name))


def _parameters() -> tuple[Parameter, ...]:
    names = ("VMName", "VMObject")
    return (
        Parameter("Name", "String[]", sets=names, position=0, mandatory=True, wildcards=True,
                  help="The name of the service: Key-Value Pair Exchange."),
        *which_vm(position=1),
        Parameter("VMIntegrationService", "VMIntegrationComponent[]", sets=("VMIntegrationService",), position=0,
                  mandatory=True, pipe="V", help="The service, as Get-VMIntegrationService outputs it."),
        PASSTHRU,
    )  # fmt: skip


@command(
    "Enable-VMIntegrationService",
    "Hyper-V",
    "Enables an integration service on a virtual machine.",
    _parameters(),
    default_set="VMName",
    confirms=True,
    output="VMIntegrationComponent",
    examples=(Example("Enable-VMIntegrationService -VMName web1 -Name 'Guest Service Interface'", "Enables one."),),
    remarks=_REMARKS,
)
def enable_vmintegrationservice(call: Call) -> Iterator[object]:
    """Enable services."""
    yield from _switch(call, on=True)


@command(
    "Disable-VMIntegrationService",
    "Hyper-V",
    "Disables an integration service on a virtual machine.",
    _parameters(),
    default_set="VMName",
    confirms=True,
    output="VMIntegrationComponent",
    examples=(
        Example("Disable-VMIntegrationService -VMName web1 -Name 'Key-Value Pair Exchange'",
                "Get-VMNetworkAdapter no longer shows the guest's addresses."),
    ),
    remarks=_REMARKS,
)  # fmt: skip
def disable_vmintegrationservice(call: Call) -> Iterator[object]:
    """Disable services."""
    yield from _switch(call, on=False)


def _switch(call: Call, *, on: bool) -> Iterator[object]:
    for ref in list(_services(call)):
        name, vm = ref.name, ref.vm
        wanted = edit.vm(vm.host, vm.name, partial(with_service, service=name, enabled=on))
        if not call.change(f"{vm.name}\\{name}", wanted):
            continue
        if name not in (KEY_VALUE, SHUTDOWN, HEARTBEAT):
            recorded(call, f"the service {name}")
        if call.is_on("Passthru"):
            yield service_object(ref)
