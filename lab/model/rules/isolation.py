"""Isolation settings that a switch refuses, with the number that it gives as its reason, or that would do nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lab.errors import ErrorRecord
from lab.model.isolation import NO_ISOLATION, IsolationMode
from lab.model.names import quoted
from lab.model.objects import LabModel, NetworkAdapter
from lab.model.rules.mistakes import mistake
from lab.model.vlan import LARGEST, UNTAGGED

_VIRTUAL_SUBNETS: Final = (IsolationMode.NATIVE_VIRTUAL_SUBNET, IsolationMode.EXTERNAL_VIRTUAL_SUBNET)


def isolation(model: LabModel) -> Iterator[ErrorRecord]:
    """Isolation settings that contradict themselves or a VLAN setting, and those that need what is not there."""
    for host in model.hosts:
        for adapter in host.management_adapters:
            owner = f"{host.name}/{adapter.name}"
            yield from _refusals(owner, adapter)
            if adapter.isolation.multi_tenant_stack:
                yield _refused(owner, "has MultiTenantStack On", "only an adapter of a VM has it (reason 61)")
        for vm in host.vms:
            for adapter in vm.adapters:
                yield from _refusals(vm.adapter_id(adapter), adapter)


def unused(model: LabModel) -> Iterator[ErrorRecord]:
    """Isolation ids that are for nothing."""
    for host in model.hosts:
        owned = [(f"{host.name}/{adapter.name}", adapter) for adapter in host.management_adapters]
        owned += [(vm.adapter_id(adapter), adapter) for vm in host.vms for adapter in vm.adapters]
        for owner, adapter in owned:
            setting = adapter.isolation
            vlan = setting.mode is IsolationMode.VLAN
            if vlan and setting.default_isolation_id and not setting.allow_untagged_traffic:
                what = f"has the DefaultIsolationID {setting.default_isolation_id} without AllowUntaggedTraffic"
                yield _refused(owner, what, "it is for untagged traffic only: set allow_untagged_traffic=True")


def _refusals(owner: str, adapter: NetworkAdapter) -> Iterator[ErrorRecord]:
    setting = adapter.isolation
    if setting == NO_ISOLATION:
        return
    if setting.mode is IsolationMode.NONE:
        yield _refused(owner, "has isolation settings in isolation mode None", "expected mode Vlan (reason 64)")
        return
    if adapter.vlan != UNTAGGED:
        what = f"has the isolation {setting} and the VLAN setting {adapter.vlan}"
        yield _refused(owner, what, "give it one of the two (reason 62)")
    if setting.mode in _VIRTUAL_SUBNETS:
        expected = "virtual subnets need network virtualization, which is not there yet: expected Vlan"
        yield _refused(owner, f"has the isolation mode {setting.mode}", expected)
    elif setting.allow_untagged_traffic and not 1 <= setting.default_isolation_id <= LARGEST:
        what = f"has the DefaultIsolationID {setting.default_isolation_id}"
        yield _refused(owner, what, f"expected 1 to {LARGEST} (reason 67)")


def _refused(owner: str, what: str, expected: str) -> ErrorRecord:
    return mistake(owner, f"adapter {quoted(owner)} {what}", expected)
