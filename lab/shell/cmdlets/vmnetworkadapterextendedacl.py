"""Extended ACLs of virtual network adapters: Add-, Get- and Remove-VMNetworkAdapterExtendedAcl."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from lab.model.acl import LARGEST_WEIGHT, ExtendedAcl
from lab.model.objects import NetworkAdapter
from lab.shell.command import Call, Example, Parameter, command
from lab.shell.errors import ErrorRecord, ShellError, failure
from lab.shell.hyperv.adapter_parameters import BY_INPUT, PASSTHRU, getting, setting
from lab.shell.hyperv.adapters import adapter_edit
from lab.shell.hyperv.extended_acls import extended_acl_object, extended_acl_objects, given_entry
from lab.shell.hyperv.outcomes import done, refuse
from lab.shell.hyperv.refs import AdapterRef
from lab.shell.hyperv.targets import given_adapters, listed

_BY: Final = "VMNetworkAdapterName"
_ALL: Final = ("VMName", "VMObject", "ResourceObject", "ManagementOS")
_KIND: Final = "VMNetworkAdapterExtendedAclSetting"
_DIRECTION: Final = "VMNetworkAdapterExtendedAclDirection"


@command(
    "Add-VMNetworkAdapterExtendedAcl",
    "Hyper-V",
    "Creates an extended ACL for a virtual network adapter.",
    (
        *setting(),
        Parameter("Action", "VMNetworkAdapterExtendedAclAction", position=1, mandatory=True, values=("Allow", "Deny"),
                  help="What becomes of packets that the entry fits."),
        Parameter("Direction", _DIRECTION, position=2, mandatory=True, values=("Inbound", "Outbound"),
                  help="As the adapter sees it: Inbound is what it gets."),
        Parameter("LocalIPAddress", position=3, help="The adapter's side: an address, a prefix or ANY."),
        Parameter("RemoteIPAddress", position=4, help="The other side: an address, a prefix or ANY."),
        Parameter("LocalPort", position=5, help="The adapter's port, such as 80 or 49152-49182."),
        Parameter("RemotePort", position=6, help="The other side's port."),
        Parameter("Protocol", position=7, help="TCP, UDP or a number; ICMP is 1."),
        Parameter("Weight", "Int32", position=8, mandatory=True,
                  help="Of the entries that fit a packet the one with the largest weight decides."),
        Parameter("Stateful", "Boolean", help="Lets answers pass in the other direction; for TCP and UDP only."),
        Parameter("IdleSessionTimeout", "Int32", help="For how many seconds a stateful entry waits for an answer."),
        Parameter("IsolationID", "Int32", help="Not in a lab, but for 0."),
        PASSTHRU,
    ),
    default_set="VMName",
    confirms=True,
    output=_KIND,
    examples=(
        Example('Add-VMNetworkAdapterExtendedAcl -VMName web1 -Action Deny -Direction Inbound -Weight 1',
                "Denies a VM everything that no entry with a larger weight allows."),
        Example('Add-VMNetworkAdapterExtendedAcl -VMName web1 -Action Allow -Direction Inbound -LocalPort 80 '
                '-Protocol TCP -Weight 10 -Stateful $true', "Allows connections to its web server, and the answers."),
    ),
    remarks="A stateful entry for anything but TCP or UDP, or one that denies, is taken while the VM is off; the VM "
    "does not start with it then. For a VM that runs it is refused at once.",
)  # fmt: skip
def add_vmnetworkadapterextendedacl(call: Call) -> Iterator[object]:
    """Add an entry to the extended ACL of adapters."""
    entry = given_entry(call)
    if not 0 <= entry.weight <= LARGEST_WEIGHT:
        raise failure(f"The weight {entry.weight} is not valid.", remedy=f"Specify 0 to {LARGEST_WEIGHT}.")
    for ref in given_adapters(call, _BY):
        if _at(ref, entry.weight, entry.direction):
            refuse(call, _double(ref, entry))
            continue
        edit = adapter_edit(ref, lambda adapter: replace(adapter, extended_acls=(*adapter.extended_acls, entry)))
        if done(call, ref.title, edit) and call.is_on("Passthru"):
            yield extended_acl_object(ref, entry)


def _double(ref: AdapterRef, entry: ExtendedAcl) -> ShellError:
    return failure(
        f"The network adapter '{ref.shown}' already has an extended ACL entry {entry.direction} with weight "
        f"{entry.weight} (reason 24).",
        target=ref.shown,
        remedy="Specify another weight: it says which of two entries decides.",
    )


def _at(ref: AdapterRef, weight: int, direction: str) -> ExtendedAcl | None:
    """Return the entry that a weight and a direction mean."""
    mine = ref.model.extended_acls if ref.model else ()
    return next((each for each in mine if (each.weight, each.direction) == (weight, direction)), None)


@command(
    "Get-VMNetworkAdapterExtendedAcl",
    "Hyper-V",
    "Gets extended ACLs configured for a virtual network adapter.",
    getting(),
    default_set="VMName",
    output=_KIND,
    examples=(Example("Get-VMNetworkAdapterExtendedAcl -VMName web1", "Gets the extended ACL of a VM."),),
)
def get_vmnetworkadapterextendedacl(call: Call) -> Iterator[object]:
    """Output the extended ACLs of adapters, of all VMs unless it is told of which."""
    for ref in given_adapters(call, _BY):
        yield from extended_acl_objects(ref)


@command(
    "Remove-VMNetworkAdapterExtendedAcl",
    "Hyper-V",
    "Removes an extended ACL for a virtual network adapter.",
    (
        *setting(),
        Parameter("InputObject", f"{_KIND}[]", sets=(BY_INPUT,), position=0, mandatory=True, pipe="VP",
                  help="The entry, as Get-VMNetworkAdapterExtendedAcl outputs it."),
        Parameter("Weight", "Int32", sets=_ALL, mandatory=True, help="The entry's weight."),
        Parameter("Direction", _DIRECTION, sets=_ALL, mandatory=True, values=("Inbound", "Outbound"),
                  help="The entry's direction."),
        PASSTHRU,
    ),
    default_set="VMName",
    confirms=True,
    output=_KIND,
    examples=(
        Example("Remove-VMNetworkAdapterExtendedAcl -VMName web1 -Weight 10 -Direction Inbound", "Removes an entry."),
        Example("Get-VMNetworkAdapterExtendedAcl -VMName web1 | Remove-VMNetworkAdapterExtendedAcl",
                "Removes all entries of a VM."),
    ),
)  # fmt: skip
def remove_vmnetworkadapterextendedacl(call: Call) -> Iterator[object]:
    """Remove entries of extended ACLs; one that is not there is an error."""
    if "InputObject" in call:
        chosen = [(ref, old.weight, old.direction) for ref, old in (o.source for o in listed(call.get("InputObject")))]
    else:
        weight, direction = call.get("Weight"), call.get("Direction")
        chosen = [(ref, weight, direction) for ref in given_adapters(call, _BY)]
    for ref, weight, direction in chosen:
        entry = _at(ref, weight, direction)
        if entry is None:
            call.error(_missing(ref, weight, direction))
        elif done(call, ref.title, adapter_edit(ref, _without(weight, direction))) and call.is_on("Passthru"):
            yield extended_acl_object(ref, entry)


def _without(weight: int, direction: str) -> Callable[[NetworkAdapter], NetworkAdapter]:
    def changed(adapter: NetworkAdapter) -> NetworkAdapter:
        kept = (each for each in adapter.extended_acls if (each.weight, each.direction) != (weight, direction))
        return replace(adapter, extended_acls=tuple(kept))

    return changed


def _missing(ref: AdapterRef, weight: int, direction: str) -> ErrorRecord:
    message = (
        f"The network adapter '{ref.shown}' does not have an extended ACL entry {direction} with weight {weight} "
        "(reason 26)."
    )
    return ErrorRecord(message, "ObjectNotFound", "ObjectNotFound", "VirtualizationException", ref.shown)
