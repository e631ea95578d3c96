"""Policies: options for the clients of a vendor class, on a server or in a scope."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from typing import Final

from lab.model.dhcp import DhcpPolicy
from lab.model.edit import Edit
from lab.shell.command import Call
from lab.shell.dhcp.mistakes import NO_POLICY, dhcp_error, instance, type_name
from lab.shell.dhcp.server import ServerRef, scope_edit, server_edit, the_scope
from lab.shell.objects import PSObject
from lab.shell.views import Column, show

POLICY: Final = "DhcpServerv4Policy"
Policies = tuple[DhcpPolicy, ...]

show(
    type_name(POLICY), "table",
    Column("Name", width=20), Column("ScopeId", width=15), Column("ProcessingOrder", align="left", width=15),
    Column("Enabled", width=8), Column("Condition", width=9), Column("Description"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Where:
    """The policies of a server, or of one of its scopes."""

    ref: ServerRef
    scope_id: IPv4Address | None

    @property
    def policies(self) -> Policies:
        scope = self.ref.scope(self.scope_id) if self.scope_id else None
        return scope.policies if scope else self.ref.model.policies

    def named(self, call: Call, name: str) -> DhcpPolicy:
        """Return a policy by its name, in whatever case; an error if there is none."""
        for each in self.policies:
            if each.name.casefold() == name.casefold():
                return each
        where = f"in scope {self.scope_id} " if self.scope_id else ""
        raise dhcp_error(call, f"Failed to get policy {name} {where}on DHCP server {self.ref.name}.", NO_POLICY, name)

    def key(self, name: str) -> str:
        """Return under what name something is recorded about a policy."""
        return f"{self.scope_id or IPv4Address(0)} {name}"

    def edit(self, change: Callable[[Policies], Policies]) -> Edit:
        """Return the change of the policies."""
        if self.scope_id is None:
            return server_edit(self.ref.name, lambda each: replace(each, policies=change(each.policies)))
        return scope_edit(self.ref.name, self.scope_id, lambda each: replace(each, policies=change(each.policies)))

    def object(self, policy: DhcpPolicy) -> PSObject:
        """Return a policy as the cmdlets output it."""
        extras = self.ref.kept(POLICY, self.key(policy.name))
        sent = policy.vendor_class or f"PXEClient:Arch:{policy.architecture or 0:05}"
        order = next((at for at, each in enumerate(self.policies, 1) if each.name == policy.name), 0)
        others = ("UserClass", "MacAddress", "ClientId", "RelayAgent", "CircuitId", "RemoteId", "SubscriberId", "Fqdn")
        return instance(
            POLICY,
            {
                "Name": policy.name,
                "ScopeId": self.scope_id or IPv4Address(0),
                "Description": extras.get("Description", ""),
                "ProcessingOrder": order,
                "Enabled": True,
                "Condition": extras.get("Condition", "And"),
                "VendorClass": extras.get("VendorClass", ["EQ", f"{sent}*"]),
                **dict.fromkeys(others),
                "LeaseDuration": None,
            },
        )


def where(call: Call, ref: ServerRef) -> Where:
    """Return where a cmdlet's policies are: in the scope of -ScopeId, or on the server."""
    return Where(ref, the_scope(call, ref, call.get("ScopeId")).id if "ScopeId" in call else None)
