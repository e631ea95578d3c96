"""Failover relationships of DHCP servers: as objects of the console, and what becomes of them.

The lab's description has a relationship at one of the two servers, its owner, whose scopes it is about; the partner has
copies of them. Seen from a server of Windows both are alike: what is done at the partner is translated here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from ipaddress import IPv4Address
from typing import Final

from lab.engine.services import partnership
from lab.model.dhcp import DhcpFailover, DhcpServer, FailoverMode, ServerRole, replicate
from lab.model.edit import Edit
from lab.model.objects import LabModel
from lab.shell.command import Call
from lab.shell.dhcp.leases import failover_state
from lab.shell.dhcp.mistakes import NO_FAILOVER, dhcp_error, instance, type_name
from lab.shell.dhcp.server import ServerRef, server_edit
from lab.shell.objects import PSObject
from lab.shell.views import show

FAILOVER: Final = "DhcpServerv4Failover"

show(
    type_name(FAILOVER), "list",
    "Name", "PartnerServer", "Mode", "LoadBalancePercent", "ServerRole", "ReservePercent", "MaxClientLeadTime",
    "StateSwitchInterval", "State", "ScopeId", "AutoStateTransition", "EnableAuth",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Relation:
    """A relationship as a server, ``ref``, has it; ``owner`` is the name of the server that the model has it at."""

    ref: ServerRef
    owner: str
    failover: DhcpFailover

    @property
    def is_owner(self) -> bool:
        return self.ref.name == self.owner

    @property
    def other(self) -> str:
        """The name of the other server."""
        return self.failover.partner if self.is_owner else self.owner

    @property
    def role(self) -> ServerRole:
        """What this server is in hot standby mode."""
        mine = self.failover.server_role
        if self.is_owner:
            return mine
        return ServerRole.STANDBY if mine is ServerRole.ACTIVE else ServerRole.ACTIVE

    def object(self) -> PSObject:
        """Return the relationship as the cmdlets output it."""
        balanced = self.failover.mode is FailoverMode.LOAD_BALANCE
        extras = ServerRef(self.ref.place, self.owner).kept(FAILOVER, self.failover.name)
        share = extras.get("LoadBalancePercent", 50)
        interval = extras.get("StateSwitchInterval")
        return instance(
            FAILOVER,
            {
                "Name": self.failover.name,
                "PartnerServer": self.other,
                "Mode": self.failover.mode.value,
                "LoadBalancePercent": (share if self.is_owner else 100 - share) if balanced else None,
                "ServerRole": None if balanced else self.role.value,
                "ReservePercent": None if balanced else self.failover.reserve_percent,
                "MaxClientLeadTime": timedelta(seconds=self.failover.max_client_lead_time_s),
                "StateSwitchInterval": None if interval is None else timedelta(seconds=interval),
                "State": failover_state(self.ref),
                "PrimaryServerName": self.owner,
                "SecondaryServerName": self.failover.partner,
                "ScopeId": list(self.failover.scope_ids),
                "AutoStateTransition": extras.get("AutoStateTransition", False),
                "EnableAuth": extras.get("EnableAuth", False),
            },
        )


def relation(ref: ServerRef) -> Relation | None:
    """Return the relationship that a server is in; a server of a lab is in one at most."""
    owner = partnership(ref.place.model, ref.name)
    failover = owner.dhcp_server.failover if owner and owner.dhcp_server else None
    return Relation(ref, owner.name, failover) if owner and failover else None


def named_relation(call: Call, ref: ServerRef, name: str) -> Relation:
    """Return a server's relationship by its name, in whatever case; an error if there is none."""
    found = relation(ref)
    if found and found.failover.name.casefold() == name.casefold():
        return found
    what = f"Failed to get failover relationship {name} on DHCP server {ref.name}."
    raise dhcp_error(call, what, NO_FAILOVER, name)


def failover_edit(owner: str, change: dict[str, object]) -> Edit:
    """Return the change of a relationship's settings."""

    def changed(server: DhcpServer) -> DhcpServer:
        return replace(server, failover=replace(server.failover, **change)) if server.failover else server  # type: ignore[arg-type]

    return server_edit(owner, changed)


def joined(owner: str, ids: Iterable[IPv4Address]) -> Edit:
    """Return the change that adds scopes to a relationship: the partner gets them as they are."""
    new = tuple(ids)

    def changed(server: DhcpServer) -> DhcpServer:
        if server.failover is None:
            return server
        mine = tuple(scope for each in new if (scope := server.scope(each)))
        failover = server.failover
        ids = (*failover.scope_ids, *(each for each in new if each not in failover.scope_ids))
        return replace(server, failover=replace(failover, scope_ids=ids, replicated=(*failover.replicated, *mine)))

    return server_edit(owner, changed)


def left(found: Relation, ids: Iterable[IPv4Address]) -> Edit:
    """Return the change that takes scopes out of a relationship: they stay on this server, and go from the other.

    A relationship without scopes ends.
    """
    gone = set(ids)

    def edit(model: LabModel) -> LabModel:
        owner = partnership(model, found.ref.name)
        failover = owner.dhcp_server.failover if owner and owner.dhcp_server else None
        if owner is None or failover is None:
            return model
        ids = tuple(each for each in failover.scope_ids if each not in gone)
        kept = tuple(each for each in failover.replicated if each.id not in gone)
        taken = tuple(each for each in failover.replicated if each.id in gone)
        rest = replace(failover, scope_ids=ids, replicated=kept) if ids else None

        def mine(server: DhcpServer) -> DhcpServer:
            stay = server.scopes
            if owner.name != found.ref.name:
                stay = tuple(each for each in stay if each.id not in gone)
            return replace(server, scopes=stay, failover=rest)

        model = server_edit(owner.name, mine)(model)
        if owner.name != found.ref.name:
            model = server_edit(found.ref.name, lambda each: replace(each, scopes=(*each.scopes, *taken)))(model)
        return model

    return edit


def replicated_from(found: Relation, ids: Iterable[IPv4Address]) -> Edit:
    """Return the change that gives the other server scopes as they are on this one."""
    wanted = set(ids)

    def from_owner(server: DhcpServer) -> DhcpServer:
        if server.failover is None:
            return server
        fresh = {each.id: each for each in replicate(server.failover, server).replicated}
        now = tuple(fresh.get(each.id, each) if each.id in wanted else each for each in server.failover.replicated)
        return replace(server, failover=replace(server.failover, replicated=now))

    def from_partner(server: DhcpServer) -> DhcpServer:
        if server.failover is None:
            return server
        copies = {each.id: each for each in server.failover.replicated if each.id in wanted}
        return replace(server, scopes=tuple(copies.get(each.id, each) for each in server.scopes))

    return server_edit(found.owner, from_owner if found.is_owner else from_partner)
