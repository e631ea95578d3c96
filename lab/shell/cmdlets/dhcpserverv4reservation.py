"""Addresses for one client each: Add-, Get-, Set- and Remove-DhcpServerv4Reservation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any, Final

from lab.engine.dhcp_report import dashed
from lab.model.addresses import parse_mac
from lab.model.dhcp import DhcpReservation, DhcpScope
from lab.shell.command import Call, Example, Parameter, Support, command
from lab.shell.dhcp.mistakes import BAD_RANGE, NO_RESERVATION, RESERVATION_EXISTS, cim_error, dhcp_error, told
from lab.shell.dhcp.scopes import RESERVATION, reservation_object
from lab.shell.dhcp.server import ServerRef, address4, both, kept_edit, scope_edit, the_scope, the_server
from lab.shell.recording import recorded_parameters

_TYPES: Final = ("Dhcp", "Bootp", "Both")
_PASS: Final = Parameter("PassThru", "Switch", help="Outputs the reservation.")
_ADDRESS: Final = Parameter("IPAddress", "IPAddress", position=1, mandatory=True, aliases=("ReservedIP",), pipe="P",
                            help="The address.")  # fmt: skip
_OTHERS: Final = (
    Parameter("Name", aliases=("HostName", "ReservationName"), pipe="P", help="The name of the client."),
    Parameter("Description", aliases=("ReservationDescription",), pipe="P", support=Support.RECORDED,
              help="A description."),
    Parameter("Type", "String", aliases=("ReservationType",), pipe="P", values=_TYPES, support=Support.RECORDED),
    _PASS,
)  # fmt: skip


@command(
    "Get-DhcpServerv4Reservation",
    "DhcpServer",
    "Gets the reservations of a scope.",
    (
        Parameter("ScopeId", "IPAddress", sets=("ScopeId",), position=1, mandatory=True, pipe="P", help="The scope."),
        Parameter("ClientId", "String[]", sets=("ScopeId",), position=2, pipe="P", help="MAC addresses of clients."),
        Parameter("IPAddress", "IPAddress[]", sets=("IPAddress",), mandatory=True, aliases=("ReservedIP",), pipe="P",
                  help="The addresses."),
    ),
    default_set="ScopeId",
    output="DhcpServerv4Reservation",
    guest=True,
    examples=(
        Example("Get-DhcpServerv4Reservation -ScopeId 10.0.1.0", "Gets all reservations of a scope."),
        Example("Get-DhcpServerv4Scope | Get-DhcpServerv4Reservation", "Gets those of all scopes."),
    ),
)  # fmt: skip
def get_reservation(call: Call) -> Iterator[object]:
    """Output reservations by address."""
    with told(call):
        ref = the_server(call)
        if "IPAddress" in call:
            for address in call.get("IPAddress"):
                with told(call):
                    yield reservation_object(ref, *reserved_address(call, ref, address))
            return
        scope = the_scope(call, ref, call.get("ScopeId"))
        found = sorted(scope.reservations, key=lambda each: each.ip)
        if "ClientId" not in call:
            yield from (reservation_object(ref, scope, each) for each in found)
        for client in call.get("ClientId", []):
            with told(call):
                mine = [each for each in found if each.client_id == _mac(call, client)]
                if not mine:
                    what = f"Failed to get reservation information for client id {client} in scope {scope.id}"
                    raise dhcp_error(call, f"{what} on DHCP server {ref.name}.", NO_RESERVATION, client)
                yield from (reservation_object(ref, scope, each) for each in mine)


def reserved_address(call: Call, ref: ServerRef, address: IPv4Address) -> tuple[DhcpScope, DhcpReservation]:
    """Return the reservation of an address with its scope; an error if there is none."""
    for scope in ref.scopes:
        for each in scope.reservations:
            if each.ip == address:
                return scope, each
    what = f"Failed to get reservation information for IP address {address} on DHCP server {ref.name}."
    raise dhcp_error(call, what, NO_RESERVATION, address)


def _mac(call: Call, client: str) -> str:
    """Return a client id as the model has it; an error if it is no MAC address."""
    try:
        return parse_mac(client)
    except ValueError:
        what = f"The client id {client} is not valid."
        raise cim_error(call, what, "WIN32 87", "InvalidArgument", client,
                        "In a lab it is a MAC address: 00-15-5D-01-02-03.") from None  # fmt: skip


@command(
    "Add-DhcpServerv4Reservation",
    "DhcpServer",
    "Reserves an address of a scope for one client.",
    (
        Parameter("ScopeId", "IPAddress", position=1, mandatory=True, aliases=("ReservationScopeID",), pipe="P",
                  help="The scope."),
        replace(_ADDRESS, position=2),
        Parameter("ClientId", position=3, mandatory=True, pipe="P", help="The client's MAC address, with dashes."),
        *_OTHERS,
    ),
    confirms=True,
    output="DhcpServerv4Reservation",
    guest=True,
    examples=(
        Example("Add-DhcpServerv4Reservation -ScopeId 10.0.1.0 -IPAddress 10.0.1.50 -ClientId 00-15-5D-01-02-03",
                "The client with this MAC address gets this address."),
        Example("Get-DhcpServerv4Lease 10.0.1.0 | Add-DhcpServerv4Reservation", "Clients keep what they have."),
    ),
)  # fmt: skip
def add_reservation(call: Call) -> Iterator[object]:
    """Reserve an address, also an excluded one."""
    with told(call):
        ref = the_server(call)
        scope = the_scope(call, ref, call.get("ScopeId"))
        new = DhcpReservation(address4(call, "IPAddress"), _mac(call, call.get("ClientId")), call.get("Name", ""))
        what = f"Failed to reserve IP address {new.ip} in scope {scope.id} on DHCP server {ref.name}."
        if new.ip not in scope.subnet:
            raise dhcp_error(call, what, BAD_RANGE, new.ip, f"It is no address of {scope.subnet}.")
        if any(each.ip == new.ip or each.client_id == new.client_id for each in scope.reservations):
            remedy = "The specified IP address or hardware address is being used by another client."
            raise dhcp_error(call, what, RESERVATION_EXISTS, new.ip, remedy)
        change = both(
            scope_edit(ref.name, scope.id, lambda each: replace(each, reservations=(*each.reservations, new))),
            kept_edit(ref.name, RESERVATION, new.ip, recorded_parameters(call) or None),
        )
        if call.change(str(new.ip), change) and call.is_on("PassThru"):
            yield reservation_object(ref, scope, new)


@command(
    "Set-DhcpServerv4Reservation",
    "DhcpServer",
    "Changes a reservation.",
    (_ADDRESS, Parameter("ClientId", pipe="P", help="The client's MAC address, with dashes."), *_OTHERS),
    confirms=True,
    output="DhcpServerv4Reservation",
    guest=True,
    examples=(Example("Set-DhcpServerv4Reservation 10.0.1.50 -ClientId 00-15-5D-01-02-04", "For another client."),),
)  # fmt: skip
def set_reservation(call: Call) -> Iterator[object]:
    """Change the client of a reservation, or its name."""
    with told(call):
        ref = the_server(call)
        scope, old = reserved_address(call, ref, call.get("IPAddress"))
        values: dict[str, Any] = {}
        if "ClientId" in call:
            values["client_id"] = _mac(call, call.get("ClientId"))
        if "Name" in call:
            values["name"] = call.get("Name")

        def changed(each: DhcpScope) -> DhcpScope:
            found = (replace(one, **values) if one.ip == old.ip else one for one in each.reservations)
            return replace(each, reservations=tuple(found))

        change = scope_edit(ref.name, scope.id, changed)
        if extras := recorded_parameters(call):
            change = both(change, kept_edit(ref.name, RESERVATION, old.ip, extras))
        if call.change(str(old.ip), change) and call.is_on("PassThru"):
            yield reservation_object(ref, *reserved_address(call, ref, old.ip))


@command(
    "Remove-DhcpServerv4Reservation",
    "DhcpServer",
    "Deletes reservations.",
    (
        Parameter("ScopeId", "IPAddress", sets=("ScopeId",), position=1, mandatory=True, pipe="P", help="The scope."),
        Parameter("ClientId", "String[]", sets=("ScopeId",), position=2, pipe="P",
                  help="MAC addresses of clients; all of the scope's if none."),
        Parameter("IPAddress", "IPAddress[]", sets=("IPAddress",), mandatory=True, aliases=("ReservedIP",), pipe="P",
                  help="The addresses."),
        _PASS,
    ),
    default_set="ScopeId",
    confirms=True,
    guest=True,
    examples=(Example("Remove-DhcpServerv4Reservation -IPAddress 10.0.1.50", "Deletes one reservation."),),
)  # fmt: skip
def remove_reservation(call: Call) -> Iterator[object]:
    """Delete reservations: by address, by client, or all of a scope."""
    with told(call):
        ref = the_server(call)
        for scope, each in _chosen(call, ref):
            shown = reservation_object(ref, scope, each)
            change = both(
                scope_edit(ref.name, scope.id, _without(each.ip)), kept_edit(ref.name, RESERVATION, each.ip, None)
            )
            if call.change(str(each.ip), change) and call.is_on("PassThru"):
                yield shown


def _chosen(call: Call, ref: ServerRef) -> Iterator[tuple[DhcpScope, DhcpReservation]]:
    for address in call.get("IPAddress", []):
        with told(call):
            yield reserved_address(call, ref, address)
    if "ScopeId" in call:
        scope = the_scope(call, ref, call.get("ScopeId"))
        clients = {_mac(call, each) for each in call.get("ClientId", [])}
        for each in scope.reservations:
            if not clients or each.client_id in clients:
                yield scope, each
        missing = clients - {each.client_id for each in scope.reservations}
        for client in map(dashed, sorted(missing)):
            what = f"Failed to delete reservation for client id {client} in scope {scope.id}"
            call.error(dhcp_error(call, f"{what} on DHCP server {ref.name}.", NO_RESERVATION, client).record)


def _without(address: IPv4Address) -> Any:
    return lambda scope: replace(scope, reservations=tuple(one for one in scope.reservations if one.ip != address))
