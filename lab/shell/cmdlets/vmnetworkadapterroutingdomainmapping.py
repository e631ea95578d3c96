"""Routing domains of virtual network adapters: Add-, Get-, Set- and Remove-VMNetworkAdapterRoutingDomainMapping.

A lab only records them: a guest's compartments are the guest's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from lab.model.edit import Edit
from lab.model.objects import NetworkAdapter
from lab.model.recorded import with_setting
from lab.shell.command import Call, Example, Parameter, Support, command
from lab.shell.errors import ShellError, failure
from lab.shell.hyperv.adapter_parameters import BY_INPUT, PASSTHRU, getting, setting
from lab.shell.hyperv.adapters import adapter_edit
from lab.shell.hyperv.isolation import MAPPINGS, Mapped, mapping_objects, mappings
from lab.shell.hyperv.outcomes import done, refuse
from lab.shell.hyperv.refs import AdapterRef
from lab.shell.hyperv.targets import given_adapters, listed, no_adapter
from lab.shell.objects import PSObject
from lab.shell.recording import recorded, with_kept

_BY: Final = "VMNetworkAdapterName"
_WHAT: Final = "routing domains"
_KIND: Final = "VMNetworkAdapterRoutingDomainSetting"
_ALL: Final = ("VMName", "VMObject", "ResourceObject", "ManagementOS")


@command(
    "Add-VMNetworkAdapterRoutingDomainMapping",
    "Hyper-V",
    "Adds a routing domain and virtual subnets to a virtual network adapter.",
    (
        *setting(),
        Parameter("RoutingDomainID", "Guid", position=1, mandatory=True, help="The id of the routing domain."),
        Parameter("RoutingDomainName", position=2, mandatory=True, help="Its name."),
        Parameter("IsolationID", "Int32[]", position=3, mandatory=True, help="The virtual subnets or VLANs in it."),
        Parameter("IsolationName", "String[]", position=4, help="Their names."),
        PASSTHRU,
    ),
    default_set="VMName",
    confirms=True,
    output=_KIND,
    support=Support.RECORDED,
    examples=(
        Example("Add-VMNetworkAdapterRoutingDomainMapping -VMName gw "
                "-RoutingDomainID 6c3f2b0e-8a9a-4e57-b7a1-3f1f0d2f7c11 -RoutingDomainName Blue -IsolationID 10",
                "Gives a gateway VM a compartment for a tenant."),
    ),
)  # fmt: skip
def add_vmnetworkadapterroutingdomainmapping(call: Call) -> Iterator[object]:
    """Record a routing domain of adapters of VMs; it is an error if one has it already."""
    recorded(call, _WHAT)
    for ref in given_adapters(call, _BY):
        new = _mapped(call, {"id": str(call.get("RoutingDomainID"))})
        if refused := _no_domain(ref, new):
            refuse(call, refused)
            continue
        if done(call, ref.title, _edit(ref, _with(new))) and call.is_on("Passthru"):
            yield from (each for each in mapping_objects(ref) if each.source[1] == new["id"])


def _no_domain(ref: AdapterRef, new: Mapped) -> ShellError | None:
    if ref.vm is None:
        what = "Only network adapters of virtual machines can have routing domains (reason 61)."
        return failure(what, category="InvalidOperation", error_id="OperationFailed", target=ref.shown)
    if any(each["id"] == new["id"] for each in _of(ref)):
        return failure(f"The network adapter already has the routing domain {new['id']}.", target=ref.shown)
    return None


def _mapped(call: Call, old: Mapped) -> Mapped:
    """Return a routing domain with what a call gives of it."""
    isolation = call.get("IsolationID", old.get("isolation", []))
    names = call.get("IsolationName", old.get("names", []))
    return {
        "id": old["id"],
        "name": call.get("RoutingDomainName", old.get("name", "")),
        "isolation": isolation,
        "names": names,
    }


def _with(new: Mapped) -> Callable[[list[Mapped]], list[Mapped]]:
    return lambda found: [*found, new]


def _of(ref: AdapterRef) -> list[Mapped]:
    return mappings(ref.model) if ref.model else []


def _edit(ref: AdapterRef, change: Callable[[list[Mapped]], list[Mapped]]) -> Edit:
    def changed(adapter: NetworkAdapter) -> NetworkAdapter:
        found = change(mappings(adapter))
        now = with_kept(adapter.recorded, MAPPINGS, found) if found else with_setting(adapter.recorded, MAPPINGS, None)
        return replace(adapter, recorded=now)

    return adapter_edit(ref, changed)


@command(
    "Get-VMNetworkAdapterRoutingDomainMapping",
    "Hyper-V",
    "Gets members of a routing domain.",
    (
        *getting(),
        Parameter("RoutingDomainID", "Guid", help="Gets this routing domain only."),
        Parameter("RoutingDomainName", help="Gets the routing domain of this name only."),
    ),
    default_set="VMName",
    output=_KIND,
    support=Support.RECORDED,
    examples=(Example("Get-VMNetworkAdapterRoutingDomainMapping -VMName gw", "Gets a VM's routing domains."),),
)
def get_vmnetworkadapterroutingdomainmapping(call: Call) -> Iterator[object]:
    """Output the routing domains of adapters."""
    for each, _ in _chosen(call):
        yield each


def _chosen(call: Call) -> Iterator[tuple[PSObject, AdapterRef]]:
    """Yield the routing domains that a call means, with their adapters."""
    if "InputObject" in call:
        yield from ((each, each.source[0]) for each in listed(call.get("InputObject")))
        return
    wanted, name = call.get("RoutingDomainID"), call.get("RoutingDomainName")
    for ref in given_adapters(call, _BY):
        for each in mapping_objects(ref):
            named = name is None or str(each.get("RoutingDomainName")).casefold() == name.casefold()
            if named and wanted in (None, each.get("RoutingDomainID")):
                yield each, ref


@command(
    "Set-VMNetworkAdapterRoutingDomainMapping",
    "Hyper-V",
    "Sets virtual subnets on a routing domain.",
    (
        *setting(),
        Parameter("InputObject", _KIND, sets=(BY_INPUT,), position=0, mandatory=True, pipe="V",
                  help="The routing domain, as the Get- cmdlet outputs it."),
        Parameter("RoutingDomainID", "Guid", sets=_ALL, help="The id of the routing domain."),
        Parameter("RoutingDomainName", sets=_ALL, help="Its name."),
        Parameter("NewRoutingDomainName", help="The name that it is to have."),
        Parameter("IsolationID", "Int32[]", help="The virtual subnets or VLANs in it."),
        Parameter("IsolationName", "String[]", help="Their names."),
        PASSTHRU,
    ),
    default_set="VMName",
    confirms=True,
    output=_KIND,
    support=Support.RECORDED,
    examples=(
        Example("Set-VMNetworkAdapterRoutingDomainMapping -VMName gw -RoutingDomainName Blue -IsolationID 10,11",
                "Gives a routing domain other VLANs."),
    ),
)  # fmt: skip
def set_vmnetworkadapterroutingdomainmapping(call: Call) -> Iterator[object]:
    """Record other isolation ids, or another name, of routing domains."""
    recorded(call, _WHAT)
    found = list(_chosen(call))
    if not found:
        no_adapter(call)
    for each, ref in found:
        if done(call, ref.title, _edit(ref, _setting(call, each.source[1]))) and call.is_on("Passthru"):
            yield from (now for now in mapping_objects(ref) if now.source[1] == each.source[1])


def _setting(call: Call, wanted: str) -> Callable[[list[Mapped]], list[Mapped]]:
    def changed(old: Mapped) -> Mapped:
        name = call.get("NewRoutingDomainName", old["name"])
        return {**_mapped(call, old), "name": name}

    return lambda found: [changed(each) if each["id"] == wanted else each for each in found]


@command(
    "Remove-VMNetworkAdapterRoutingDomainMapping",
    "Hyper-V",
    "Removes a routing domain from a virtual network adapter.",
    (
        *setting(),
        Parameter("InputObject", f"{_KIND}[]", sets=(BY_INPUT,), position=0, mandatory=True, pipe="V",
                  help="The routing domain, as the Get- cmdlet outputs it."),
        Parameter("RoutingDomainID", "Guid", sets=_ALL, help="The id of the routing domain."),
        Parameter("RoutingDomainName", sets=_ALL, help="Its name."),
        PASSTHRU,
    ),
    default_set="VMName",
    confirms=True,
    output=_KIND,
    support=Support.RECORDED,
    examples=(
        Example("Get-VMNetworkAdapterRoutingDomainMapping -VMName gw | Remove-VMNetworkAdapterRoutingDomainMapping",
                "Removes a VM's routing domains."),
    ),
)  # fmt: skip
def remove_vmnetworkadapterroutingdomainmapping(call: Call) -> Iterator[object]:
    """Remove recorded routing domains of adapters."""
    found = list(_chosen(call))
    if not found:
        no_adapter(call)
    for each, ref in found:
        if done(call, ref.title, _edit(ref, _without(each.source[1]))) and call.is_on("Passthru"):
            yield each


def _without(wanted: str) -> Callable[[list[Mapped]], list[Mapped]]:
    return lambda found: [each for each in found if each["id"] != wanted]
