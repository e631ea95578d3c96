"""Entries of port ACLs, as objects of the console and as cmdlets are given them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from lab.errors import InvalidState
from lab.model.acl import ANY, AclAction, AclDirection, AclSide, PortAcl
from lab.model.addresses import hyperv_mac
from lab.model.names import vethernet
from lab.shell.command import Call
from lab.shell.errors import failure
from lab.shell.hyperv import acl_words
from lab.shell.hyperv.adapters import adapter_id, common_properties
from lab.shell.hyperv.refs import AdapterRef
from lab.shell.objects import PSObject
from lab.shell.place import Place
from lab.shell.views import Column, show

TYPE: Final = "Microsoft.HyperV.PowerShell.VMNetworkAdapterAclSetting"
BOTH: Final = "Both"
_ADDRESSES: Final = (
    ("LocalIPAddress", AclSide.LOCAL, False),
    ("RemoteIPAddress", AclSide.REMOTE, False),
    ("LocalMacAddress", AclSide.LOCAL, True),
    ("RemoteMacAddress", AclSide.REMOTE, True),
)

Counted = Mapping[tuple[str, str], int]
"""The bytes that Meter entries have counted, by the adapter's full name and the entry in words."""


def counted(place: Place) -> Counted:
    """Return what the Meter entries of a running lab have counted; nothing of one that does not run."""
    try:
        found = place.ask("meters")
    except InvalidState:
        return {}
    return {(each["adapter"], each["entry"]): each["bytes"] for each in found}


def acl_objects(ref: AdapterRef, bytes_of: Counted) -> list[PSObject]:
    """Return an adapter's entries as the cmdlets output them."""
    adapter = ref.model
    return [_object(ref, entry, bytes_of) for entry in (adapter.acls if adapter else ())]


def acl_object(ref: AdapterRef, entry: PortAcl) -> PSObject:
    """Return one of them."""
    return _object(ref, entry, {})


def _object(ref: AdapterRef, entry: PortAcl, bytes_of: Counted) -> PSObject:
    local = entry.side is AclSide.LOCAL
    address, kind = _address(entry), _kind(entry)
    full_name = f"{ref.vm.name}/{ref.name}" if ref.vm else f"{ref.host}/{vethernet(ref.name)}"
    number = bytes_of.get((full_name, str(entry)), 0)
    metered = entry.action is AclAction.METER
    properties: dict[str, object] = {
        "Action": entry.action,
        "Direction": entry.direction,
        "LocalAddress": address if local else "",
        "LocalAddressType": kind if local else 0,
        "MeteredMegabytes": str(number >> 20) if metered else "",
        "MeteredBytes": number if metered else None,
        "RemoteAddress": "" if local else address,
        "RemoteAddressType": 0 if local else kind,
        **common_properties(ref),
        "VMId": ref.vm.id if ref.vm else None,
        "AdapterName": ref.shown,
        "AdapterId": adapter_id(ref),
    }
    return PSObject(TYPE, properties, source=(ref, entry))


def _address(entry: PortAcl) -> str:
    if entry.mac:
        return ANY if entry.mac == ANY else hyperv_mac(entry.mac)
    if entry.prefix is None:
        return ANY
    whole = entry.prefix.prefixlen == entry.prefix.max_prefixlen
    return str(entry.prefix.network_address if whole else entry.prefix)


def _kind(entry: PortAcl) -> str:
    if entry.mac:
        return "WildcardMac" if entry.mac == ANY else "Mac"
    return f"IPv{entry.prefix.version}" if entry.prefix else "WildcardBoth"


def _address_cell(item: PSObject) -> str:
    entry: PortAcl = item.source[1]
    return f"{entry.side} {_address(entry)}"


def _action_cell(item: PSObject) -> str:
    entry: PortAcl = item.source[1]
    return f"Meter ({item.get('MeteredMegabytes')} Mbytes)" if entry.action is AclAction.METER else entry.action.value


show(
    TYPE,
    "table",
    "Direction",
    Column("Address", _address_cell),
    Column("Action", _action_cell),
    group_by=("VMName", "VMId", "AdapterName", "AdapterId"),
)


def given_entries(call: Call) -> list[PortAcl]:
    """Return the entries that a call describes: one for each direction and each address.

    ShellError if there is no address, or one that is none.
    """
    found = list(_entries(call))
    if not found:
        names = ", ".join(f"-{name}" for name, _, _ in _ADDRESSES)
        raise failure("An ACL entry requires an address.", remedy=f"Specify at least one of {names}.")
    if any(entry.mac for entry in found) and call.get("Action") == AclAction.METER:
        raise failure("Only IP addresses can be metered (reason 13).", remedy="Specify IP addresses.")
    return list(dict.fromkeys(found))


def _entries(call: Call) -> Iterator[PortAcl]:
    action, direction = AclAction(call.get("Action")), call.get("Direction")
    directions = tuple(AclDirection) if direction == BOTH else (AclDirection(direction),)
    for name, side, is_mac in _ADDRESSES:
        for text in call.get(name, ()):
            mac = acl_words.mac(name, text) if is_mac else ""
            prefix = None if is_mac else acl_words.prefix(name, text)
            for each in directions:
                yield PortAcl(action, each, side, prefix, mac)
