"""Scopes of IPv6: Add-, Get-, Set- and Remove-DhcpServerv6Scope, exclusion ranges, leases and statistics."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network
from typing import Any, Final

from lab.model.dhcp6 import PREFIX_LENGTH, DhcpRange6, DhcpScope6
from lab.shell.command import Call, Example, Parameter, Support, command
from lab.shell.dhcp.mistakes import BAD_RANGE, NO_CLIENT, SCOPE_EXISTS, cim_error, dhcp_error, instance, told
from lab.shell.dhcp.scopes import seconds
from lab.shell.dhcp.server import both, kept_edit, server_edit, the_server
from lab.shell.dhcp.six import (
    SCOPE,
    STATISTICS,
    exclusion6_object,
    lease6_object,
    rows6_of,
    scope6_edit,
    scope6_object,
    scope_statistics6,
    share,
    the_scope6,
)
from lab.shell.recording import accepted, recorded_parameters

_PREFIX: Final = Parameter("Prefix", "IPAddress", position=1, mandatory=True, pipe="P", help="The scope: fd00:1::.")
_SCOPES: Final = Parameter("Prefix", "IPAddress[]", position=1, pipe="P", help="The scopes; all if none.")
_PASS: Final = Parameter("PassThru", "Switch", help="Outputs what was changed.")
_SHARED: Final = (
    Parameter("Description", pipe="P", support=Support.RECORDED),
    Parameter("Preference", "UInt16", pipe="P", support=Support.RECORDED),
    Parameter("PreferredLifetime", "TimeSpan", pipe="P", help="8.00:00:00 unless given."),
    Parameter("ValidLifetime", "TimeSpan", pipe="P", help="12.00:00:00 unless given."),
    Parameter("State", "String", pipe="P", values=("Active", "InActive"), help="Whether addresses are leased."),
    Parameter("T1", "TimeSpan", pipe="P", support=Support.ACCEPTED),
    Parameter("T2", "TimeSpan", pipe="P", support=Support.ACCEPTED),
    _PASS,
)


def address6(call: Call, name: str) -> IPv6Address:
    """Return a parameter's IPv6 address; an error for one of IPv4."""
    value = call.get(name)
    if isinstance(value, IPv6Address):
        return value
    raise cim_error(call, f"{value} is not a valid IPv6 address.", "WIN32 87", "InvalidArgument", value)


@command(
    "Get-DhcpServerv6Scope",
    "DhcpServer",
    "Gets the IPv6 scopes of a DHCP server.",
    (_SCOPES,),
    output="DhcpServerv6Scope",
    guest=True,
    examples=(Example("Get-DhcpServerv6Scope", "Gets all scopes of IPv6."),),
)  # fmt: skip
def get_scope6(call: Call) -> Iterator[object]:
    """Output scopes."""
    with told(call):
        ref = the_server(call)
        for prefix in call.get("Prefix", [each.id for each in ref.model.scopes6]):
            with told(call):
                yield scope6_object(ref, the_scope6(call, ref, prefix))


@command(
    "Add-DhcpServerv6Scope",
    "DhcpServer",
    "Adds an IPv6 scope to a DHCP server: a prefix of 64 bits, of which it has an address itself.",
    (_PREFIX, Parameter("Name", position=2, mandatory=True, pipe="P", help="The name of the scope."), *_SHARED),
    confirms=True,
    output="DhcpServerv6Scope",
    guest=True,
    examples=(Example("Add-DhcpServerv6Scope -Prefix fd00:1:: -Name Lab", "Leases addresses of fd00:1::/64."),),
)  # fmt: skip
def add_scope6(call: Call) -> Iterator[object]:
    """Add a scope."""
    accepted(call)
    with told(call):
        ref = the_server(call)
        prefix = address6(call, "Prefix")
        what = f"Failed to add scope {prefix} on DHCP server {ref.name}."
        if any(each.id == prefix for each in ref.model.scopes6):
            raise dhcp_error(call, what, SCOPE_EXISTS, prefix)
        try:
            new = DhcpScope6(IPv6Network(f"{prefix}/{PREFIX_LENGTH}"), call.get("Name"))
        except ValueError:
            raise dhcp_error(call, what, BAD_RANGE, prefix, "It is no prefix of 64 bits.") from None
        new = _changed(call, new)
        change = both(
            server_edit(ref.name, lambda server: replace(server, scopes6=(*server.scopes6, new))),
            kept_edit(ref.name, SCOPE, prefix, recorded_parameters(call) or None),
        )
        if call.change(str(prefix), change) and call.is_on("PassThru"):
            yield scope6_object(ref, new)


def _changed(call: Call, scope: DhcpScope6) -> DhcpScope6:
    values: dict[str, Any] = {}
    if "PreferredLifetime" in call:
        values["preferred_lifetime_s"] = seconds(call.get("PreferredLifetime"))
    if "ValidLifetime" in call:
        values["valid_lifetime_s"] = seconds(call.get("ValidLifetime"))
    if "State" in call:
        values["active"] = call.get("State") == "Active"
    return replace(scope, name=call.get("Name", scope.name), **values)


@command(
    "Set-DhcpServerv6Scope",
    "DhcpServer",
    "Changes an IPv6 scope of a DHCP server.",
    (_PREFIX, Parameter("Name", pipe="P", help="The name of the scope."), *_SHARED),
    confirms=True,
    output="DhcpServerv6Scope",
    guest=True,
    examples=(Example("Set-DhcpServerv6Scope fd00:1:: -State InActive", "Leases nothing more of a scope."),),
)  # fmt: skip
def set_scope6(call: Call) -> Iterator[object]:
    """Change a scope."""
    accepted(call)
    with told(call):
        ref = the_server(call)
        prefix = the_scope6(call, ref, call.get("Prefix")).id
        change = scope6_edit(ref.name, prefix, lambda scope: _changed(call, scope))
        if extras := recorded_parameters(call):
            change = both(change, kept_edit(ref.name, SCOPE, prefix, extras))
        if call.change(str(prefix), change) and call.is_on("PassThru"):
            yield scope6_object(ref, the_scope6(call, ref, prefix))


@command(
    "Remove-DhcpServerv6Scope",
    "DhcpServer",
    "Deletes IPv6 scopes of a DHCP server.",
    (replace(_SCOPES, mandatory=True), Parameter("Force", "Switch", help="Also with leases."), _PASS),
    confirms=True,
    guest=True,
    examples=(Example("Remove-DhcpServerv6Scope fd00:1:: -Force", "Deletes a scope."),),
)  # fmt: skip
def remove_scope6(call: Call) -> Iterator[object]:
    """Delete scopes; one with leases only with -Force."""
    with told(call):
        ref = the_server(call)
        for each in call.get("Prefix"):
            with told(call):
                scope = the_scope6(call, ref, each)
                shown = scope6_object(ref, scope)
                rows = [] if call.is_on("Force") else rows6_of(ref)
                if any(row.prefix == str(scope.id) and row.state.startswith("Active") for row in rows):
                    what = f"Failed to delete scope {scope.id} on DHCP server {ref.name}."
                    raise cim_error(call, what, "DHCP 20007", "ResourceBusy", scope.id, "It has leases: use -Force.")
                if call.change(str(scope.id), _without(ref.name, scope), settle=True) and call.is_on("PassThru"):
                    yield shown


def _without(name: str, scope: DhcpScope6) -> Any:
    return both(
        server_edit(name, lambda server: replace(
            server, scopes6=tuple(each for each in server.scopes6 if each.id != scope.id))),
        kept_edit(name, SCOPE, scope.id, None),
    )  # fmt: skip


_START: Final = Parameter("StartRange", "IPAddress", position=2, mandatory=True, pipe="P", help="The first address.")
_END: Final = Parameter("EndRange", "IPAddress", position=3, mandatory=True, pipe="P", help="The last address.")


@command(
    "Get-DhcpServerv6ExclusionRange",
    "DhcpServer",
    "Gets the addresses that IPv6 scopes never lease.",
    (_SCOPES,),
    output="DhcpServerv6ExclusionRange",
    guest=True,
    examples=(Example("Get-DhcpServerv6ExclusionRange fd00:1::", "Gets the exclusion ranges of a scope."),),
)  # fmt: skip
def get_exclusion6(call: Call) -> Iterator[object]:
    """Output exclusion ranges, scope by scope."""
    with told(call):
        ref = the_server(call)
        for prefix in call.get("Prefix", [each.id for each in ref.model.scopes6]):
            with told(call):
                scope = the_scope6(call, ref, prefix)
                yield from (exclusion6_object(scope, each) for each in sorted(scope.exclusions, key=lambda e: e.start))


@command(
    "Add-DhcpServerv6ExclusionRange",
    "DhcpServer",
    "Excludes addresses of an IPv6 scope from being leased.",
    (_PREFIX, _START, _END, _PASS),
    confirms=True,
    output="DhcpServerv6ExclusionRange",
    guest=True,
    examples=(Example("Add-DhcpServerv6ExclusionRange fd00:1:: fd00:1::1 fd00:1::ff", "Excludes addresses."),),
)  # fmt: skip
def add_exclusion6(call: Call) -> Iterator[object]:
    """Exclude a range, which has to be a part of the prefix and to overlap with no other."""
    with told(call):
        ref = the_server(call)
        scope = the_scope6(call, ref, call.get("Prefix"))
        new = DhcpRange6(address6(call, "StartRange"), address6(call, "EndRange"))
        change = scope6_edit(ref.name, scope.id, lambda each: replace(each, exclusions=(*each.exclusions, new)))
        if call.change(str(scope.id), change) and call.is_on("PassThru"):
            yield exclusion6_object(scope, new)


@command(
    "Remove-DhcpServerv6ExclusionRange",
    "DhcpServer",
    "Lets an IPv6 scope lease addresses again that were excluded.",
    (_PREFIX, replace(_START, mandatory=False), replace(_END, mandatory=False), _PASS),
    confirms=True,
    guest=True,
    examples=(Example("Remove-DhcpServerv6ExclusionRange fd00:1::", "Removes all exclusion ranges of a scope."),),
)  # fmt: skip
def remove_exclusion6(call: Call) -> Iterator[object]:
    """Remove one exclusion range, or all of a scope."""
    with told(call):
        ref = the_server(call)
        scope = the_scope6(call, ref, call.get("Prefix"))
        start, end = call.get("StartRange"), call.get("EndRange")
        gone = [each for each in scope.exclusions if start in (None, each.start) and end in (None, each.end)]
        if not gone and start is not None:
            what = f"Failed to delete exclusion range {start} to {end} in scope {scope.id} on DHCP server {ref.name}."
            raise cim_error(call, what, f"DHCP {BAD_RANGE}", "ObjectNotFound", scope.id)

        def changed(each: DhcpScope6) -> DhcpScope6:
            return replace(each, exclusions=tuple(one for one in each.exclusions if one not in gone))

        if call.change(str(scope.id), scope6_edit(ref.name, scope.id, changed), settle=True) and call.is_on("PassThru"):
            yield from (exclusion6_object(scope, each) for each in gone)


@command(
    "Get-DhcpServerv6Lease",
    "DhcpServer",
    "Gets the leases of an IPv6 scope.",
    (
        Parameter("Prefix", "IPAddress", sets=("Prefix",), position=1, mandatory=True, pipe="P", help="The scope."),
        Parameter("IPAddress", "IPAddress[]", sets=("IPAddress",), mandatory=True, pipe="P", help="The addresses."),
    ),
    default_set="Prefix",
    output="DhcpServerv6Lease",
    guest=True,
    examples=(Example("Get-DhcpServerv6Scope | Get-DhcpServerv6Lease", "Gets the leases of all IPv6 scopes."),),
)  # fmt: skip
def get_lease6(call: Call) -> Iterator[object]:
    """Output leases and reservations by address."""
    with told(call):
        ref = the_server(call)
        if "Prefix" in call:
            scope = the_scope6(call, ref, call.get("Prefix"))
            mine = (row for row in rows6_of(ref) if row.prefix == str(scope.id) and row.state != "Expired")
            yield from map(lease6_object, mine)
            return
        rows = {row.ip: row for row in rows6_of(ref)}
        for address in call.get("IPAddress"):
            if str(address) in rows:
                yield lease6_object(rows[str(address)])
                continue
            what = f"Failed to get lease information for IP address {address} on DHCP server {ref.name}."
            call.error(dhcp_error(call, what, NO_CLIENT, address).record)


@command(
    "Get-DhcpServerv6ScopeStatistics",
    "DhcpServer",
    "Gets how many addresses of IPv6 scopes are leased and reserved.",
    (_SCOPES,),
    output="DhcpServerv6ScopeStatistics",
    guest=True,
    examples=(Example("Get-DhcpServerv6ScopeStatistics", "Gets the figures of all IPv6 scopes."),),
)  # fmt: skip
def get_scope_statistics6(call: Call) -> Iterator[object]:
    """Output the statistics of scopes."""
    with told(call):
        ref = the_server(call)
        rows = rows6_of(ref)
        for prefix in call.get("Prefix", [each.id for each in ref.model.scopes6]):
            with told(call):
                yield scope_statistics6(ref, the_scope6(call, ref, prefix), rows)


@command(
    "Get-DhcpServerv6Statistics",
    "DhcpServer",
    "Gets how many IPv6 addresses a DHCP server leases.",
    (),
    output="DhcpServerv6Statistics",
    guest=True,
    examples=(Example("Get-DhcpServerv6Statistics", "Gets the figures of the server."),),
)  # fmt: skip
def get_statistics6(call: Call) -> Iterator[object]:
    """Output the statistics of a server."""
    with told(call):
        ref = the_server(call)
        rows = rows6_of(ref)
        found = [scope_statistics6(ref, each, rows) for each in ref.model.scopes6]
        used, free = (sum(int(str(each.get(name))) for each in found) for name in ("AddressesInUse", "AddressesFree"))
        yield instance(
            STATISTICS,
            {
                "TotalScopes": len(found),
                "TotalAddresses": used + free,
                "AddressesInUse": used,
                "AddressesAvailable": free,
                "PercentageInUse": share(used, used + free),
                "PercentageAvailable": share(free, used + free),
            },
        )
