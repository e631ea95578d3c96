"""Isolation settings and routing domains of network adapters, as objects of the console."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from lab.model.objects import NetworkAdapter
from lab.shell.hyperv.adapters import common_properties, on_off
from lab.shell.hyperv.refs import AdapterRef
from lab.shell.objects import Live, PSObject
from lab.shell.recording import kept
from lab.shell.views import show

TYPE: Final = "Microsoft.HyperV.PowerShell.VMNetworkAdapterIsolationSetting"
MAPPING_TYPE: Final = "Microsoft.HyperV.PowerShell.VMNetworkAdapterRoutingDomainSetting"
MAPPINGS: Final = "RoutingDomainMapping"
"""The recorded setting that has an adapter's routing domains, each with id, name, isolation ids and their names."""

_END: Final = ("ParentAdapter", "IsTemplate", "CimSession", "ComputerName", "IsDeleted")

show(TYPE, "list", "IsolationMode", "AllowUntaggedTraffic", "DefaultIsolationID", "MultiTenantStack", *_END)
show(MAPPING_TYPE, "list", "RoutingDomainID", "RoutingDomainName", "IsolationID", "IsolationName", *_END)

Mapped = dict[str, Any]
"""A routing domain as it is recorded."""


def isolation_object(ref: AdapterRef) -> Live:
    """Return an adapter's isolation setting as the cmdlets output it."""
    return Live(TYPE, lambda: _properties(ref), lambda: ref.place.model, source=ref)


def _properties(ref: AdapterRef) -> Mapping[str, object] | None:
    adapter = ref.model
    if adapter is None:
        return None
    setting = adapter.isolation
    return {
        "IsolationMode": setting.mode,
        "AllowUntaggedTraffic": setting.allow_untagged_traffic,
        "DefaultIsolationID": setting.default_isolation_id,
        "MultiTenantStack": on_off(setting.multi_tenant_stack),
        **common_properties(ref),
    }


def mappings(adapter: NetworkAdapter) -> list[Mapped]:
    """Return an adapter's routing domains."""
    return list(kept(adapter.recorded, MAPPINGS, []))


def mapping_objects(ref: AdapterRef) -> list[PSObject]:
    """Return them as the cmdlets output them."""
    return [_mapping_object(ref, each) for each in mappings(ref.model)] if ref.model else []


def _mapping_object(ref: AdapterRef, mapped: Mapped) -> PSObject:
    properties = {
        "RoutingDomainID": UUID(mapped["id"]),
        "RoutingDomainName": mapped["name"],
        "IsolationID": mapped["isolation"],
        "IsolationName": mapped["names"],
        **common_properties(ref),
    }
    return PSObject(MAPPING_TYPE, properties, source=(ref, mapped["id"]))
