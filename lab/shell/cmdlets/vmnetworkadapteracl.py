"""Port ACLs of virtual network adapters: Add-, Get- and Remove-VMNetworkAdapterAcl."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from lab.model.acl import AclAction, PortAcl
from lab.model.objects import NetworkAdapter
from lab.shell.command import Call, Example, Parameter, command
from lab.shell.errors import ErrorRecord, failure
from lab.shell.hyperv.acls import acl_object, acl_objects, counted, given_entries
from lab.shell.hyperv.adapter_parameters import BY_INPUT, PASSTHRU, getting, setting
from lab.shell.hyperv.adapters import adapter_edit
from lab.shell.hyperv.outcomes import done, refuse
from lab.shell.hyperv.refs import AdapterRef
from lab.shell.hyperv.targets import given_adapters, listed

_BY: Final = "VMNetworkAdapterName"
_ALL: Final = ("VMName", "VMObject", "ResourceObject", "ManagementOS")
_KIND: Final = "VMNetworkAdapterAclSetting"
_ACTIONS: Final = ("Allow", "Deny", "Meter")
_DIRECTIONS: Final = ("Inbound", "Outbound", "Both")


def _entry(sets: tuple[str, ...] = ()) -> tuple[Parameter, ...]:
    """Return the parameters that describe entries."""
    return (
        Parameter("Action", "VMNetworkAdapterAclAction", sets=sets, mandatory=True, values=_ACTIONS,
                  help="What becomes of frames that the entry fits; Meter counts them only."),
        Parameter("Direction", "VMNetworkAdapterAclDirection", sets=sets, mandatory=True, values=_DIRECTIONS,
                  help="As the adapter sees it: Inbound is what it gets. Both makes two entries."),
        Parameter("LocalIPAddress", "String[]", sets=sets, help="The adapter's side: an address, a prefix or ANY."),
        Parameter("RemoteIPAddress", "String[]", sets=sets, help="The other side: an address, a prefix or ANY."),
        Parameter("LocalMacAddress", "String[]", sets=sets, help="The adapter's side: a MAC address or ANY."),
        Parameter("RemoteMacAddress", "String[]", sets=sets, help="The other side: a MAC address or ANY."),
    )  # fmt: skip


@command(
    "Add-VMNetworkAdapterAcl",
    "Hyper-V",
    "Creates an ACL to apply to the traffic through a virtual machine network adapter.",
    (*setting(), *_entry(), PASSTHRU),
    default_set="VMName",
    confirms=True,
    output=_KIND,
    examples=(
        Example("Add-VMNetworkAdapterAcl -VMName web1 -RemoteIPAddress ANY -Direction Both -Action Deny",
                "Denies a VM all IP traffic that no entry with a longer prefix allows."),
        Example("Add-VMNetworkAdapterAcl -VMName web1 -RemoteIPAddress 192.168.1.0/24 -Direction Both -Action Allow",
                "Allows it one subnet."),
        Example("Add-VMNetworkAdapterAcl -VMName web1 -RemoteIPAddress 0.0.0.0/0 -Direction Outbound -Action Meter",
                "Counts what it sends."),
    ),
    remarks="Of the IP entries of one direction the one with the longest prefix decides, in whatever order they were "
    "made. An entry has one address: several addresses make several entries.",
)  # fmt: skip
def add_vmnetworkadapteracl(call: Call) -> Iterator[object]:
    """Add entries to the port ACL of adapters."""
    entries = given_entries(call)
    for ref in given_adapters(call, _BY):
        double = next((entry for entry in entries if entry in _of(ref)), None)
        if double:
            refuse(
                call, failure(f"The network adapter already has the ACL entry {double} (reason 24).", target=ref.shown)
            )
            continue
        edit = adapter_edit(ref, lambda adapter: replace(adapter, acls=(*adapter.acls, *entries)))
        if done(call, ref.title, edit) and call.is_on("Passthru"):
            yield from (acl_object(ref, entry) for entry in entries)


def _of(ref: AdapterRef) -> tuple[PortAcl, ...]:
    return ref.model.acls if ref.model else ()


@command(
    "Get-VMNetworkAdapterAcl",
    "Hyper-V",
    "Gets the ACLs configured for a virtual machine network adapter.",
    getting(),
    default_set="VMName",
    output=_KIND,
    examples=(
        Example("Get-VMNetworkAdapterAcl -VMName web1", "Gets a VM's port ACL, and what Meter entries have counted."),
        Example("(Get-VMNetworkAdapterAcl -VMName web1 | Where-Object Action -eq Meter).MeteredBytes",
                "Gets the bytes that were counted; Windows itself only tells megabytes."),
    ),
)  # fmt: skip
def get_vmnetworkadapteracl(call: Call) -> Iterator[object]:
    """Output the port ACLs of adapters, of all VMs unless it is told of which."""
    found = list(given_adapters(call, _BY))
    metered = any(entry.action is AclAction.METER for ref in found for entry in _of(ref))
    bytes_of = counted(call.place) if metered else {}
    for ref in found:
        yield from acl_objects(ref, bytes_of)


@command(
    "Remove-VMNetworkAdapterAcl",
    "Hyper-V",
    "Removes an ACL applied to the traffic through a virtual network adapter.",
    (
        *setting(),
        Parameter("InputObject", f"{_KIND}[]", sets=(BY_INPUT,), position=0, mandatory=True, pipe="VP",
                  help="The entry, as Get-VMNetworkAdapterAcl outputs it."),
        *_entry(_ALL),
        PASSTHRU,
    ),
    default_set="VMName",
    confirms=True,
    output=_KIND,
    examples=(
        Example("Remove-VMNetworkAdapterAcl -VMName web1 -RemoteIPAddress ANY -Direction Both -Action Deny",
                "Removes the entries that were added with the same parameters."),
        Example("Get-VMNetworkAdapterAcl -VMName web1 | Remove-VMNetworkAdapterAcl", "Removes all entries of a VM."),
    ),
)  # fmt: skip
def remove_vmnetworkadapteracl(call: Call) -> Iterator[object]:
    """Remove entries of port ACLs; those that are not there are an error, and the others are removed."""
    if "InputObject" in call:
        chosen = [(ref, [entry]) for ref, entry in (each.source for each in listed(call.get("InputObject")))]
    else:
        entries = given_entries(call)
        chosen = [(ref, entries) for ref in given_adapters(call, _BY)]
    for ref, wanted in chosen:
        here = [entry for entry in wanted if entry in _of(ref)]
        for entry in wanted:
            if entry not in here:
                call.error(_missing(ref, entry))
        if here and done(call, ref.title, adapter_edit(ref, _without(here))) and call.is_on("Passthru"):
            yield from (acl_object(ref, entry) for entry in here)


def _without(entries: list[PortAcl]) -> Callable[[NetworkAdapter], NetworkAdapter]:
    def changed(adapter: NetworkAdapter) -> NetworkAdapter:
        return replace(adapter, acls=tuple(each for each in adapter.acls if each not in entries))

    return changed


def _missing(ref: AdapterRef, entry: PortAcl) -> ErrorRecord:
    message = f"The network adapter '{ref.shown}' does not have the ACL entry {entry} (reason 26)."
    return ErrorRecord(message, "ObjectNotFound", "ObjectNotFound", "VirtualizationException", ref.shown)
