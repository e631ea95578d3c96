"""Entries of extended ACLs, as objects of the console and as cmdlets are given them."""

from __future__ import annotations

from typing import Final

from lab.model.acl import ANY, DEFAULT_IDLE_S, AclAction, AclDirection, ExtendedAcl, ports_text, protocol_text
from lab.model.addresses import Network
from lab.shell.command import Call
from lab.shell.errors import failure
from lab.shell.hyperv import acl_words
from lab.shell.hyperv.adapters import common_properties
from lab.shell.hyperv.refs import AdapterRef
from lab.shell.objects import PSObject
from lab.shell.views import show

TYPE: Final = "Microsoft.HyperV.PowerShell.VMNetworkAdapterExtendedAclSetting"

show(
    TYPE,
    "list",
    *("ParentAdapter", "Direction", "Action", "LocalIPAddress", "RemoteIPAddress", "LocalPort", "RemotePort"),
    *("Protocol", "Weight", "Stateful", "IdleSessionTimeout", "IsolationID"),
    *("IsTemplate", "CimSession", "ComputerName", "IsDeleted"),
)


def extended_acl_objects(ref: AdapterRef) -> list[PSObject]:
    """Return an adapter's entries as the cmdlets output them."""
    adapter = ref.model
    return [extended_acl_object(ref, entry) for entry in (adapter.extended_acls if adapter else ())]


def extended_acl_object(ref: AdapterRef, entry: ExtendedAcl) -> PSObject:
    """Return one of them."""
    properties: dict[str, object] = {
        "Direction": entry.direction,
        "Action": entry.action,
        "LocalIPAddress": _text(entry.local_ip),
        "RemoteIPAddress": _text(entry.remote_ip),
        "LocalPort": ports_text((entry.local_port[0], entry.local_port[-1])),
        "RemotePort": ports_text((entry.remote_port[0], entry.remote_port[-1])),
        "Protocol": protocol_text(entry.protocol),
        "Weight": entry.weight,
        "Stateful": entry.stateful,
        "IdleSessionTimeout": entry.idle_s,
        "IsolationID": 0,
        **common_properties(ref),
    }
    return PSObject(TYPE, properties, source=(ref, entry))


def _text(prefix: Network | None) -> str:
    if prefix is None:
        return ANY
    return str(prefix.network_address if prefix.prefixlen == prefix.max_prefixlen else prefix)


def given_entry(call: Call) -> ExtendedAcl:
    """Return the entry that a call describes; ShellError if it cannot be one."""
    if call.get("IsolationID", 0):
        raise failure(
            "An extended ACL entry for a single isolation id is not possible in a lab.",
            category="NotImplemented", error_id="NotSupported", remedy="Leave out -IsolationID.",
        )  # fmt: skip
    stateful = bool(call.get("Stateful", False))
    if "IdleSessionTimeout" in call and not stateful:
        raise failure(
            "Only stateful entries have an idle session timeout (reason 77).", remedy="Specify -Stateful $true."
        )
    return ExtendedAcl(
        call.get("Weight"),
        AclAction(call.get("Action")),
        AclDirection(call.get("Direction")),
        local_ip=acl_words.prefix("LocalIPAddress", call.get("LocalIPAddress", ANY)),
        remote_ip=acl_words.prefix("RemoteIPAddress", call.get("RemoteIPAddress", ANY)),
        local_port=acl_words.ports("LocalPort", call.get("LocalPort", ANY)),
        remote_port=acl_words.ports("RemotePort", call.get("RemotePort", ANY)),
        protocol=acl_words.protocol("Protocol", call.get("Protocol", ANY)),
        stateful=stateful,
        idle_s=call.get("IdleSessionTimeout", DEFAULT_IDLE_S),
    )
