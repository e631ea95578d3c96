"""Addresses that a scope never leases: Add-, Get- and Remove-DhcpServerv4ExclusionRange."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from lab.model.dhcp import DhcpRange
from lab.shell.command import Call, Example, Parameter, command
from lab.shell.dhcp.mistakes import BAD_RANGE, RANGE_EXISTS, cim_error, dhcp_error, told
from lab.shell.dhcp.scopes import exclusion_object
from lab.shell.dhcp.server import address4, scope_edit, the_scope, the_server

_SCOPE: Final = Parameter("ScopeId", "IPAddress", position=1, mandatory=True, pipe="P", help="The scope.")
_START: Final = Parameter("StartRange", "IPAddress", position=2, mandatory=True, pipe="P", help="The first address.")
_END: Final = Parameter("EndRange", "IPAddress", position=3, mandatory=True, pipe="P", help="The last address.")
_PASS: Final = Parameter("PassThru", "Switch", help="Outputs the exclusion range.")


@command(
    "Get-DhcpServerv4ExclusionRange",
    "DhcpServer",
    "Gets the addresses that scopes of a DHCP server never lease.",
    (Parameter("ScopeId", "IPAddress[]", position=1, pipe="P", help="The scopes; all if none."),),
    output="DhcpServerv4ExclusionRange",
    guest=True,
    examples=(Example("Get-DhcpServerv4ExclusionRange 10.0.1.0", "Gets the exclusion ranges of a scope."),),
)  # fmt: skip
def get_exclusion(call: Call) -> Iterator[object]:
    """Output exclusion ranges, scope by scope."""
    with told(call):
        ref = the_server(call)
        for scope_id in call.get("ScopeId", [each.id for each in ref.scopes]):
            with told(call):
                scope = the_scope(call, ref, scope_id)
                for excluded in sorted(scope.exclusions, key=lambda each: each.start):
                    yield exclusion_object(scope, excluded)


@command(
    "Add-DhcpServerv4ExclusionRange",
    "DhcpServer",
    "Excludes addresses of a scope from being leased.",
    (_SCOPE, _START, _END, _PASS),
    confirms=True,
    output="DhcpServerv4ExclusionRange",
    guest=True,
    examples=(Example("Add-DhcpServerv4ExclusionRange 10.0.1.0 10.0.1.100 10.0.1.109", "Excludes ten addresses."),),
    remarks="A reservation of an excluded address is served.",
)  # fmt: skip
def add_exclusion(call: Call) -> Iterator[object]:
    """Exclude a range, which has to be a part of the scope's and to overlap with no other."""
    with told(call):
        ref = the_server(call)
        scope = the_scope(call, ref, call.get("ScopeId"))
        new = DhcpRange(address4(call, "StartRange"), address4(call, "EndRange"))
        what = f"Failed to add exclusion range {new.start} to {new.end} in scope {scope.id} on DHCP server {ref.name}."
        whole = DhcpRange(scope.start, scope.end)
        if not whole.start <= new.start <= new.end <= whole.end:
            raise dhcp_error(call, what, BAD_RANGE, scope.id, f"It is no part of the scope's range, {whole}.")
        if any(each.start <= new.end and new.start <= each.end for each in scope.exclusions):
            raise dhcp_error(call, what, RANGE_EXISTS, scope.id, "It overlaps with another exclusion range.")
        change = scope_edit(ref.name, scope.id, lambda each: replace(each, exclusions=(*each.exclusions, new)))
        if call.change(f"{scope.id}", change) and call.is_on("PassThru"):
            yield exclusion_object(scope, new)


@command(
    "Remove-DhcpServerv4ExclusionRange",
    "DhcpServer",
    "Lets a scope lease addresses again that were excluded.",
    (
        _SCOPE,
        Parameter("StartRange", "IPAddress", position=2, pipe="P", help="The first address; all ranges if none."),
        Parameter("EndRange", "IPAddress", position=3, pipe="P", help="The last address."),
        _PASS,
    ),
    confirms=True,
    guest=True,
    examples=(Example("Remove-DhcpServerv4ExclusionRange 10.0.1.0", "Removes all exclusion ranges of a scope."),),
)  # fmt: skip
def remove_exclusion(call: Call) -> Iterator[object]:
    """Remove one exclusion range, or all of a scope."""
    with told(call):
        ref = the_server(call)
        scope = the_scope(call, ref, call.get("ScopeId"))
        start, end = call.get("StartRange"), call.get("EndRange")
        gone = [each for each in scope.exclusions if start in (None, each.start) and end in (None, each.end)]
        if not gone and start is not None:
            what = f"Failed to delete exclusion range {start} to {end} in scope {scope.id} on DHCP server {ref.name}."
            raise cim_error(call, what, f"DHCP {BAD_RANGE}", "ObjectNotFound", scope.id)
        change = scope_edit(
            ref.name,
            scope.id,
            lambda each: replace(each, exclusions=tuple(one for one in each.exclusions if one not in gone)),
        )
        if call.change(f"{scope.id}", change, settle=True) and call.is_on("PassThru"):
            yield from (exclusion_object(scope, each) for each in gone)
