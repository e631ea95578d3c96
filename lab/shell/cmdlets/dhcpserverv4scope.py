"""Scopes of DHCP servers: Add-, Get-, Set- and Remove-DhcpServerv4Scope."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any, Final

from lab.engine.services import partnership
from lab.model.dhcp import DhcpScope
from lab.shell.command import Call, Example, Parameter, Support, command
from lab.shell.dhcp.mistakes import BAD_RANGE, IN_FAILOVER, SCOPE_EXISTS, cim_error, dhcp_error, told
from lab.shell.dhcp.scopes import SCOPE, SCOPE_EXTRAS, scope_object, seconds
from lab.shell.dhcp.server import ServerRef, address4, both, kept_edit, scope_edit, server_edit, the_scope, the_server
from lab.shell.recording import accepted, recorded, recorded_parameters

_STATES: Final = ("Active", "InActive")
_TYPES: Final = ("Dhcp", "Bootp", "Both")
_PASS: Final = Parameter("PassThru", "Switch", help="Outputs the scope.")
_OTHERS: Final = (
    Parameter("ActivatePolicies", "Boolean", pipe="P", support=Support.RECORDED),
    Parameter("Delay", "UInt16", pipe="P", support=Support.RECORDED, help="A delay of offers, in milliseconds."),
    Parameter("Description", pipe="P", support=Support.RECORDED, help="A description."),
    Parameter("LeaseDuration", "TimeSpan", pipe="P", help="How long addresses are leased; 8.00:00:00 unless given."),
    Parameter("MaxBootpClients", "UInt32", pipe="P", support=Support.RECORDED),
    Parameter("NapProfile", pipe="P", support=Support.RECORDED),
    Parameter("State", "String", pipe="P", values=_STATES, help="Whether addresses are leased: Active or InActive."),
    Parameter("SuperscopeName", pipe="P", support=Support.RECORDED),
    Parameter("Type", "String", pipe="P", values=_TYPES, support=Support.RECORDED),
    _PASS,
)
_SILENT: Final = frozenset({"Description"})
"""What has no effect on Windows either."""


@command(
    "Get-DhcpServerv4Scope",
    "DhcpServer",
    "Gets the IPv4 scopes of a DHCP server.",
    (Parameter("ScopeId", "IPAddress[]", position=1, pipe="P", help="The addresses of their subnets; all if none."),),
    output="DhcpServerv4Scope",
    guest=True,
    examples=(
        Example("Get-DhcpServerv4Scope", "Gets all scopes of the server."),
        Example("Get-DhcpServerv4Scope -ComputerName dc1 -ScopeId 10.0.1.0", "Gets one of another server."),
    ),
)  # fmt: skip
def get_scope(call: Call) -> Iterator[object]:
    """Output scopes, also those that a failover partner has given the server."""
    with told(call):
        ref = the_server(call)
        if "ScopeId" not in call:
            yield from (scope_object(ref, each) for each in ref.scopes)
        for scope_id in call.get("ScopeId", []):
            with told(call):
                yield scope_object(ref, the_scope(call, ref, scope_id))


@command(
    "Add-DhcpServerv4Scope",
    "DhcpServer",
    "Adds an IPv4 scope to a DHCP server.",
    (
        Parameter("StartRange", "IPAddress", position=1, mandatory=True, pipe="P", help="The first address."),
        Parameter("EndRange", "IPAddress", position=2, mandatory=True, pipe="P", help="The last address."),
        Parameter("SubnetMask", "IPAddress", position=3, mandatory=True, pipe="P", help="The mask of the subnet."),
        Parameter("Name", position=4, mandatory=True, pipe="P", help="The name of the scope."),
        Parameter("NapEnable", "Switch", pipe="P", support=Support.RECORDED),
        *_OTHERS,
    ),
    confirms=True,
    output="DhcpServerv4Scope",
    guest=True,
    examples=(
        Example(
            "Add-DhcpServerv4Scope -Name Lab -StartRange 10.0.1.100 -EndRange 10.0.1.199 -SubnetMask 255.255.255.0",
            "Leases a hundred addresses of 10.0.1.0/24.",
        ),
    ),
)  # fmt: skip
def add_scope(call: Call) -> Iterator[object]:
    """Add a scope: its id is the address of its subnet."""
    accepted(call)
    with told(call):
        ref = the_server(call)
        start, end, mask = (address4(call, name) for name in ("StartRange", "EndRange", "SubnetMask"))
        subnet = _subnet(call, ref.name, start, end, mask)
        if ref.scope(subnet.network_address):
            what = f"Failed to add scope {subnet.network_address} on DHCP server {ref.name}."
            raise dhcp_error(call, what, SCOPE_EXISTS, subnet.network_address)
        scope = DhcpScope(subnet, start, end, call.get("Name"), active=call.get("State", "Active") == "Active")
        if "LeaseDuration" in call:
            scope = replace(scope, lease_duration_s=seconds(call.get("LeaseDuration")))
        extras = _extras(call)
        change = both(
            server_edit(ref.name, lambda server: replace(server, scopes=(*server.scopes, scope))),
            kept_edit(ref.name, SCOPE, scope.id, extras or None),
        )
        if call.change(str(scope.id), change) and call.is_on("PassThru"):
            yield scope_object(ref, scope)


def _subnet(call: Call, server: str, start: IPv4Address, end: IPv4Address, mask: IPv4Address) -> IPv4Network:
    """Return the subnet of a range; an error if there is none."""
    what = f"Failed to add scope on DHCP server {server}. The specified range is invalid."
    try:
        subnet = IPv4Network(f"{start}/{mask}", strict=False)
    except ValueError:
        raise dhcp_error(call, what, BAD_RANGE, start, f"{mask} is no subnet mask.") from None
    if end not in subnet or subnet.netmask != mask:
        raise dhcp_error(call, what, BAD_RANGE, subnet.network_address, f"{end} is not of the subnet {subnet}.")
    if start > end:
        raise dhcp_error(call, what, BAD_RANGE, subnet.network_address, f"{start} comes after {end}.")
    return subnet


def _extras(call: Call) -> dict[str, Any]:
    """Return what is only recorded of a scope, and say so where Windows would do something."""
    extras = recorded_parameters(call)
    if any(extras.get(name, default) != default for name, default in SCOPE_EXTRAS.items() if name not in _SILENT):
        recorded(call, "what a scope is besides its range, its lease duration and its state")
    return extras


@command(
    "Set-DhcpServerv4Scope",
    "DhcpServer",
    "Changes an IPv4 scope of a DHCP server.",
    (
        Parameter("ScopeId", "IPAddress", position=1, mandatory=True, pipe="P", help="The address of its subnet."),
        Parameter("StartRange", "IPAddress", sets=("WithRange",), position=2, mandatory=True, pipe="P",
                  help="The first address."),
        Parameter("EndRange", "IPAddress", sets=("WithRange",), position=3, mandatory=True, pipe="P",
                  help="The last address."),
        Parameter("Name", pipe="P", help="The name of the scope."),
        Parameter("NapEnable", "Boolean", pipe="P", support=Support.RECORDED),
        *(replace(each, sets=("WithoutRange",)) if each.name == "Type" else each for each in _OTHERS),
    ),
    default_set="WithoutRange",
    confirms=True,
    output="DhcpServerv4Scope",
    guest=True,
    examples=(
        Example("Set-DhcpServerv4Scope 10.0.1.0 -State InActive", "Leases nothing more of a scope."),
        Example("Set-DhcpServerv4Scope 10.0.1.0 -LeaseDuration 4:00:00", "Leases for four hours."),
    ),
)  # fmt: skip
def set_scope(call: Call) -> Iterator[object]:
    """Change a scope. Its failover partner keeps it as it is until replication."""
    accepted(call)
    with told(call):
        ref = the_server(call)
        scope_id = the_scope(call, ref, call.get("ScopeId")).id
        extras = _extras(call)
        change = scope_edit(ref.name, scope_id, lambda scope: _changed(call, scope))
        if extras:
            change = both(change, kept_edit(ref.name, SCOPE, scope_id, extras))
        if call.change(str(scope_id), change) and call.is_on("PassThru"):
            yield scope_object(ref, the_scope(call, ref, scope_id))


def _changed(call: Call, scope: DhcpScope) -> DhcpScope:
    return replace(
        scope,
        name=call.get("Name", scope.name),
        start=address4(call, "StartRange") if "StartRange" in call else scope.start,
        end=address4(call, "EndRange") if "EndRange" in call else scope.end,
        active=call.get("State") == "Active" if "State" in call else scope.active,
        lease_duration_s=seconds(call.get("LeaseDuration")) if "LeaseDuration" in call else scope.lease_duration_s,
    )


@command(
    "Remove-DhcpServerv4Scope",
    "DhcpServer",
    "Deletes IPv4 scopes of a DHCP server.",
    (
        Parameter("ScopeId", "IPAddress[]", position=1, mandatory=True, pipe="P", help="The addresses of the subnets."),
        Parameter("Force", "Switch", help="Also a scope of which addresses are leased."),
        Parameter("PassThru", "Switch", help="Outputs what was deleted."),
    ),
    confirms=True,
    guest=True,
    examples=(Example("Get-DhcpServerv4Scope | Remove-DhcpServerv4Scope -Force", "Deletes all scopes."),),
)  # fmt: skip
def remove_scope(call: Call) -> Iterator[object]:
    """Delete scopes, but for those that are in a failover relationship."""
    with told(call):
        ref = the_server(call)
        for scope_id in call.get("ScopeId"):
            with told(call):
                yield from _removed(call, ref, scope_id)


def _removed(call: Call, ref: ServerRef, scope_id: IPv4Address) -> Iterator[object]:
    from lab.shell.dhcp.leases import lease_rows_of

    scope = the_scope(call, ref, scope_id)
    what = f"Failed to delete scope {scope_id} on DHCP server {ref.name}."
    owner = partnership(call.place.model, ref.name)
    failover = owner.dhcp_server.failover if owner and owner.dhcp_server else None
    if failover and scope_id in failover.scope_ids:
        remedy = f"Take it out of the relationship first: Remove-DhcpServerv4FailoverScope {failover.name} {scope_id}."
        raise dhcp_error(call, what, IN_FAILOVER, scope_id, remedy)
    if not call.is_on("Force") and any(row.state.startswith("Active") for row in lease_rows_of(ref, scope)):
        raise cim_error(call, what, "DHCP 20007", "ResourceBusy", scope_id, "Addresses of it are leased: use -Force.")
    shown = scope_object(ref, scope)
    change = both(
        server_edit(ref.name, lambda server: replace(
            server, scopes=tuple(each for each in server.scopes if each.id != scope_id))),
        kept_edit(ref.name, SCOPE, scope_id, None),
    )  # fmt: skip
    if call.change(str(scope_id), change, settle=True) and call.is_on("PassThru"):
        yield shown
