"""Two DHCP servers for the same scopes: the cmdlets of DhcpServerv4Failover and DhcpServerv4FailoverScope."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any, Final

from lab.model.dhcp import DhcpFailover, FailoverMode, ServerRole
from lab.shell.command import Call, Example, Impact, Parameter, Support, command
from lab.shell.dhcp.failovers import (
    FAILOVER,
    Relation,
    failover_edit,
    joined,
    left,
    named_relation,
    relation,
    replicated_from,
)
from lab.shell.dhcp.mistakes import (
    FAILOVER_EXISTS,
    IN_FAILOVER,
    NOT_IN_FAILOVER,
    cim_error,
    dhcp_error,
    not_there,
    told,
)
from lab.shell.dhcp.scopes import seconds
from lab.shell.dhcp.server import ServerRef, both, kept_edit, server_edit, the_scope, the_server
from lab.shell.place import machine_of
from lab.shell.recording import accepted, recorded

_BALANCED, _STANDBY = "LoadBalance", "HotStandby"
_NAME: Final = Parameter("Name", position=1, mandatory=True, pipe="P", help="The name of the relationship.")
_PASS: Final = Parameter("PassThru", "Switch", help="Outputs the relationship.")
_FORCE: Final = Parameter("Force", "Switch", help="Does not ask.")
_SCOPES: Final = Parameter("ScopeId", "IPAddress[]", position=2, mandatory=True, pipe="P", help="The scopes.")
_SHARED: Final = (
    Parameter("AutoStateTransition", "Boolean", pipe="P", support=Support.RECORDED,
              help="Whether a server takes over by itself; in a lab it always does."),
    Parameter("MaxClientLeadTime", "TimeSpan", pipe="P", help="1:00:00 unless given."),
    Parameter("StateSwitchInterval", "TimeSpan", pipe="P", support=Support.RECORDED),
    Parameter("SharedSecret", support=Support.ACCEPTED, help="What the servers prove to each other."),
    _FORCE,
    _PASS,
)  # fmt: skip


@command(
    "Get-DhcpServerv4Failover",
    "DhcpServer",
    "Gets the failover relationships of a DHCP server.",
    (
        Parameter("Name", "String[]", sets=("Name",), position=1, pipe="P", help="Their names; all if none."),
        Parameter("ScopeId", "IPAddress[]", sets=("ScopeId",), pipe="P", help="Those of scopes."),
    ),
    default_set="Name",
    output="DhcpServerv4Failover",
    guest=True,
    examples=(Example("Get-DhcpServerv4Failover", "Gets the relationships, with their state."),),
)  # fmt: skip
def get_failover(call: Call) -> Iterator[object]:
    """Output the relationship that a server is in."""
    with told(call):
        ref = the_server(call)
        found = relation(ref)
        if found and "Name" not in call and "ScopeId" not in call:
            yield found.object()
        for name in call.get("Name", []):
            with told(call):
                yield named_relation(call, ref, name).object()
        for scope_id in call.get("ScopeId", []):
            with told(call):
                yield _of_scope(call, ref, scope_id).object()


def _of_scope(call: Call, ref: ServerRef, scope_id: IPv4Address) -> Relation:
    """Return the relationship that a scope is in; an error if it is in none."""
    the_scope(call, ref, scope_id)
    found = relation(ref)
    if found is None or scope_id not in found.failover.scope_ids:
        what = f"Failed to get failover relationship for scope {scope_id} on DHCP server {ref.name}."
        raise dhcp_error(call, what, NOT_IN_FAILOVER, scope_id)
    return found


@command(
    "Add-DhcpServerv4Failover",
    "DhcpServer",
    "Makes a failover relationship with another DHCP server, for scopes of this one.",
    (
        _NAME,
        _SCOPES,
        Parameter("PartnerServer", position=3, mandatory=True, pipe="P", complete="vm", help="The other server."),
        Parameter("LoadBalancePercent", "UInt32", sets=(_BALANCED,), minimum=0, maximum=100, support=Support.RECORDED,
                  help="How many of the clients this server serves; in a lab always half."),
        Parameter("ReservePercent", "UInt32", sets=(_STANDBY,), minimum=0, maximum=100,
                  help="What of the addresses is kept for the standby server; 5 unless given."),
        Parameter("ServerRole", "String", sets=(_STANDBY,), values=("Active", "Standby"),
                  help="What this server is; Active unless given."),
        *_SHARED,
    ),
    default_set=_BALANCED,
    confirms=True,
    output="DhcpServerv4Failover",
    guest=True,
    examples=(
        Example("Add-DhcpServerv4Failover -Name dhcp1-dhcp2 -PartnerServer dhcp2 -ScopeId 10.0.1.0",
                "Both servers serve the clients of a scope."),
        Example("Add-DhcpServerv4Failover Spare 10.0.1.0 dhcp2 -ServerRole Active -ReservePercent 10",
                "The other one does when this one ends."),
    ),
    remarks="Leases are the partner's at once, later changes of the scopes when Invoke-DhcpServerv4FailoverReplication "
    "is called.",
)  # fmt: skip
def add_failover(call: Call) -> Iterator[object]:
    """Make a relationship; a server of a lab can be in one."""
    accepted(call)
    with told(call):
        ref = the_server(call)
        name = call.get("Name")
        partner = _partner(call, ref)
        for each in (ref, partner):
            found = relation(each)
            if found and found.failover.name.casefold() == name.casefold():
                what = f"Failed to add failover relationship {name} on DHCP server {each.name}."
                raise dhcp_error(call, what, FAILOVER_EXISTS, name)
        ids = [the_scope(call, ref, each).id for each in call.get("ScopeId")]
        _refuse_scopes(call, ref, ids)
        for each in (ref, partner):
            if relation(each):
                why = f"in a lab a DHCP server is in one relationship, and {each.name} is in one"
                raise not_there(call, f"Failed to add failover relationship {name}", why)
        new = _new(call, partner)
        change = both(
            server_edit(ref.name, lambda server: replace(server, failover=new)),
            joined(ref.name, ids),
            kept_edit(ref.name, FAILOVER, name, _extras(call) or None),
        )
        if call.change(name, change) and call.is_on("PassThru"):
            yield named_relation(call, ref, name).object()


def _partner(call: Call, ref: ServerRef) -> ServerRef:
    """Return the other server; an error if it is none, or does not run."""
    name = call.get("PartnerServer")
    machine = machine_of(call.place.model, name)
    other = ServerRef(call.place, machine.name) if machine and machine.is_vm else None
    if other is None or not other.vm.running or other.vm.dhcp_server is None or other.name == ref.name:
        number = "WIN32 87" if other and other.name == ref.name else "WIN32 1753" if other else "WIN32 1722"
        remedy = "" if other is None else "Install the role there: Install-WindowsFeature DHCP."
        if other and other.name == ref.name:
            remedy = "The partner has to be another server."
        raise cim_error(call, f"Failed to get version of the DHCP server {name}.", number, target=name, remedy=remedy)
    return other


def _refuse_scopes(call: Call, ref: ServerRef, ids: list[IPv4Address]) -> None:
    found = relation(ref)
    for each in ids:
        if found and each in found.failover.scope_ids:
            what = f"Failed to add scope {each} to failover relationship {call.get('Name')} on DHCP server {ref.name}."
            raise dhcp_error(call, what, IN_FAILOVER, each)


def _new(call: Call, partner: ServerRef) -> DhcpFailover:
    """Return the relationship that is asked for, still without scopes: :func:`joined` adds them."""
    standby = call.set == _STANDBY or "ServerRole" in call or "ReservePercent" in call
    new = DhcpFailover(
        call.get("Name"),
        partner.name,
        mode=FailoverMode.HOT_STANDBY if standby else FailoverMode.LOAD_BALANCE,
        server_role=ServerRole(call.get("ServerRole", "Active")),
        reserve_percent=call.get("ReservePercent", 5),
    )
    if "MaxClientLeadTime" in call:
        new = replace(new, max_client_lead_time_s=seconds(call.get("MaxClientLeadTime")))
    return new


def _extras(call: Call) -> dict[str, Any]:
    """Return what is only recorded of a relationship, and say so where it would matter."""
    found: dict[str, Any] = {
        name: call.get(name) for name in ("LoadBalancePercent", "AutoStateTransition") if name in call
    }
    if "StateSwitchInterval" in call:
        found["StateSwitchInterval"] = seconds(call.get("StateSwitchInterval"))
    if "SharedSecret" in call:
        found["EnableAuth"] = True
    if found.get("LoadBalancePercent", 50) != 50:
        recorded(call, "the share of the clients: each server serves half of them")
    return found


@command(
    "Set-DhcpServerv4Failover",
    "DhcpServer",
    "Changes a failover relationship.",
    (
        _NAME,
        Parameter("Mode", "String", values=(_BALANCED, _STANDBY), pipe="P", help="How the servers divide the work."),
        Parameter("LoadBalancePercent", "UInt32", minimum=0, maximum=100, pipe="P", support=Support.RECORDED),
        Parameter("ReservePercent", "UInt32", minimum=0, maximum=100, pipe="P",
                  help="What of the addresses is kept for the standby server."),
        Parameter("PartnerDown", "Switch", support=Support.ACCEPTED, help="In a lab a server notices that itself."),
        *_SHARED,
    ),
    confirms=True,
    output="DhcpServerv4Failover",
    guest=True,
    examples=(Example("Set-DhcpServerv4Failover dhcp1-dhcp2 -Mode HotStandby", "This server serves all clients."),),
)  # fmt: skip
def set_failover(call: Call) -> Iterator[object]:
    """Change a relationship's mode and times."""
    accepted(call)
    with told(call):
        ref = the_server(call)
        found = named_relation(call, ref, call.get("Name"))
        values: dict[str, object] = {}
        if "Mode" in call:
            values["mode"] = FailoverMode(call.get("Mode"))
            if found.failover.mode is not values["mode"]:
                values["server_role"] = ServerRole.ACTIVE if found.is_owner else ServerRole.STANDBY
        if "ReservePercent" in call:
            values["reserve_percent"] = call.get("ReservePercent")
        if "MaxClientLeadTime" in call:
            values["max_client_lead_time_s"] = seconds(call.get("MaxClientLeadTime"))
        extras = _extras(call)
        if "LoadBalancePercent" in extras and not found.is_owner:
            extras["LoadBalancePercent"] = 100 - extras["LoadBalancePercent"]
        change = failover_edit(found.owner, values)
        if extras:
            change = both(change, kept_edit(found.owner, FAILOVER, found.failover.name, extras))
        if call.change(found.failover.name, change) and call.is_on("PassThru"):
            yield named_relation(call, ref, found.failover.name).object()


@command(
    "Remove-DhcpServerv4Failover",
    "DhcpServer",
    "Ends a failover relationship: its scopes stay on this server, and go from the other one.",
    (replace(_NAME, type="String[]"), _FORCE, _PASS),
    confirms=True,
    guest=True,
    examples=(Example("Remove-DhcpServerv4Failover dhcp1-dhcp2", "This server serves the clients alone."),),
)  # fmt: skip
def remove_failover(call: Call) -> Iterator[object]:
    """End relationships."""
    with told(call):
        ref = the_server(call)
        for name in call.get("Name"):
            with told(call):
                found = named_relation(call, ref, name)
                shown = found.object() if call.is_on("PassThru") else None
                change = both(
                    left(found, found.failover.scope_ids),
                    kept_edit(found.owner, FAILOVER, found.failover.name, None),
                )
                if call.change(found.failover.name, change, settle=True) and shown:
                    yield shown


@command(
    "Add-DhcpServerv4FailoverScope",
    "DhcpServer",
    "Adds scopes to a failover relationship.",
    (_NAME, _SCOPES, _PASS),
    confirms=True,
    output="DhcpServerv4Failover",
    guest=True,
    examples=(Example("Add-DhcpServerv4FailoverScope dhcp1-dhcp2 10.0.2.0", "The partner serves another scope."),),
)  # fmt: skip
def add_failover_scope(call: Call) -> Iterator[object]:
    """Add scopes of the server that the relationship was made on."""
    with told(call):
        ref = the_server(call)
        found = named_relation(call, ref, call.get("Name"))
        ids = [the_scope(call, ref, each).id for each in call.get("ScopeId")]
        _refuse_scopes(call, ref, ids)
        if not found.is_owner:
            why = f"in a lab a relationship is for scopes of the server that it was made on, {found.owner}"
            raise not_there(call, f"Failed to add scope {ids[0]} to failover relationship {call.get('Name')}", why)
        if call.change(found.failover.name, joined(found.owner, ids)) and call.is_on("PassThru"):
            yield named_relation(call, ref, found.failover.name).object()


@command(
    "Remove-DhcpServerv4FailoverScope",
    "DhcpServer",
    "Takes scopes out of a failover relationship: they stay on this server, and go from the other one.",
    (_NAME, _SCOPES, _FORCE, _PASS),
    confirms=True,
    guest=True,
    examples=(Example("Remove-DhcpServerv4FailoverScope dhcp1-dhcp2 10.0.2.0", "This server serves it alone."),),
)  # fmt: skip
def remove_failover_scope(call: Call) -> Iterator[object]:
    """Take scopes out of a relationship; with the last one it ends."""
    with told(call):
        ref = the_server(call)
        found = named_relation(call, ref, call.get("Name"))
        ids = call.get("ScopeId")
        for each in ids:
            _of_scope(call, ref, each)
        shown = found.object() if call.is_on("PassThru") else None
        if call.change(found.failover.name, left(found, ids), settle=True) and shown:
            yield shown


@command(
    "Invoke-DhcpServerv4FailoverReplication",
    "DhcpServer",
    "Gives the partner of a failover relationship the scopes as they are on this server.",
    (
        Parameter("Name", "String[]", sets=("Name",), position=1, pipe="P", help="The relationships."),
        Parameter("ScopeId", "IPAddress[]", sets=("ScopeId",), position=2, pipe="P", help="The scopes; all if none."),
        Parameter("Mode", "String", support=Support.ACCEPTED),
        _FORCE,
        _PASS,
    ),
    default_set="Name",
    confirms=True,
    impact=Impact.HIGH,
    output="DhcpServerv4Failover",
    guest=True,
    examples=(
        Example("Invoke-DhcpServerv4FailoverReplication -Force", "Replicates everything this server shares."),
        Example("Invoke-DhcpServerv4FailoverReplication -ScopeId 10.0.1.0 -Force", "Replicates one scope."),
    ),
    remarks="Only leases are the partner's by themselves.",
)  # fmt: skip
def invoke_replication(call: Call) -> Iterator[object]:
    """Replicate scopes: exclusions, reservations, options and policies, too."""
    accepted(call)
    with told(call):
        ref = the_server(call)
        for found, ids in _replicated(call, ref):
            if call.change(found.failover.name, replicated_from(found, ids)) and call.is_on("PassThru"):
                yield found.object()


def _replicated(call: Call, ref: ServerRef) -> Iterator[tuple[Relation, tuple[IPv4Address, ...]]]:
    """Yield what is to be replicated."""
    for name in call.get("Name", []):
        with told(call):
            found = named_relation(call, ref, name)
            yield found, found.failover.scope_ids
    for scope_id in call.get("ScopeId", []):
        with told(call):
            yield _of_scope(call, ref, scope_id), (scope_id,)
    mine = relation(ref)
    if mine and "Name" not in call and "ScopeId" not in call:
        yield mine, mine.failover.scope_ids
