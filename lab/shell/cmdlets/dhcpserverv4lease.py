"""What a DHCP server leases: Get-, Add- and Remove-DhcpServerv4Lease, free addresses and statistics."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from ipaddress import IPv4Address
from typing import Final

from lab.engine.dhcp_report import LeaseRow
from lab.model.addresses import parse_mac
from lab.shell.command import Call, Example, Parameter, Support, command
from lab.shell.dhcp.leases import (
    lease_object,
    lease_rows_of,
    rows_of,
    scope_statistics_object,
    statistics_object,
    statistics_of,
)
from lab.shell.dhcp.mistakes import NO_CLIENT, dhcp_error, not_there, told
from lab.shell.dhcp.server import ServerRef, address4, the_scope, the_server
from lab.shell.place import Machine
from lab.shell.recording import accepted

_FREE: Final = 1024
"""No more free addresses are told at once (Get-DhcpServerv4FreeIPAddress, parameter NumAddress)."""


@command(
    "Get-DhcpServerv4Lease",
    "DhcpServer",
    "Gets the leases of a scope.",
    (
        Parameter("ScopeId", "IPAddress", sets=("ScopeId", "ClientId"), position=1, mandatory=True, pipe="P",
                  help="The scope."),
        Parameter("ScopeId", "IPAddress", sets=("BadLeases",), position=1, pipe="P", help="The scope."),
        Parameter("ClientId", "String[]", sets=("ClientId",), position=2, mandatory=True, pipe="P",
                  help="MAC addresses of clients."),
        Parameter("IPAddress", "IPAddress[]", sets=("IPAddress",), mandatory=True, pipe="P", help="The addresses."),
        Parameter("BadLeases", "Switch", sets=("BadLeases",), mandatory=True,
                  help="Addresses that clients have declined, as somebody else had them."),
        Parameter("AllLeases", "Switch", sets=("ScopeId",), help="Also expired and declined ones."),
    ),
    default_set="ScopeId",
    output="DhcpServerv4Lease",
    guest=True,
    examples=(
        Example("Get-DhcpServerv4Lease -ScopeId 10.0.1.0", "Gets what is leased, and what is reserved."),
        Example("Get-DhcpServerv4Scope | Get-DhcpServerv4Lease", "Gets the leases of all scopes."),
        Example("Get-DhcpServerv4Lease -IPAddress 10.0.1.100", "Gets one lease."),
    ),
)  # fmt: skip
def get_lease(call: Call) -> Iterator[object]:
    """Output leases and reservations by address."""
    with told(call):
        ref = the_server(call)
        rows = _rows(call, ref)
        if call.set == "IPAddress" or "IPAddress" in call:
            yield from _by_address(call, ref, rows)
        elif call.is_on("BadLeases"):
            yield from (lease_object(ref, row) for row in rows if row.state == "Declined")
        elif "ClientId" in call:
            yield from _by_client(call, ref, rows)
        else:
            hidden = () if call.is_on("AllLeases") else ("Expired", "Declined")
            yield from (lease_object(ref, row) for row in rows if row.state not in hidden)


def _rows(call: Call, ref: ServerRef) -> list[LeaseRow]:
    if "ScopeId" in call:
        return lease_rows_of(ref, the_scope(call, ref, call.get("ScopeId")))
    return rows_of(ref)


def _by_address(call: Call, ref: ServerRef, rows: list[LeaseRow]) -> Iterator[object]:
    for address in call.get("IPAddress"):
        found = next((row for row in rows if row.ip == str(address)), None)
        if found:
            yield lease_object(ref, found)
            continue
        what = f"Failed to get lease information for IP address {address} on DHCP server {ref.name}."
        call.error(dhcp_error(call, what, NO_CLIENT, address).record)


def _by_client(call: Call, ref: ServerRef, rows: list[LeaseRow]) -> Iterator[object]:
    for client in call.get("ClientId"):
        found = next((row for row in rows if _same(row.client_id, client)), None)
        if found:
            yield lease_object(ref, found)
            continue
        what = f"Failed to get lease information for client id {client} in scope {call.get('ScopeId')}"
        call.error(dhcp_error(call, f"{what} on DHCP server {ref.name}.", NO_CLIENT, client).record)


def _same(one: str, other: str) -> bool:
    try:
        return bool(one) and parse_mac(one) == parse_mac(other)
    except ValueError:
        return False


@command(
    "Add-DhcpServerv4Lease",
    "DhcpServer",
    "Adds a lease to the database of a DHCP server.",
    (
        Parameter("ScopeId", "IPAddress", position=1, mandatory=True, pipe="P", help="The scope."),
        Parameter("IPAddress", "IPAddress", position=2, mandatory=True, pipe="P", help="The address."),
        Parameter("ClientId", position=3, mandatory=True, pipe="P", help="The client's MAC address."),
        Parameter("HostName", pipe="P", help="The client's name."),
        Parameter("AddressState", pipe="P", help="Its state."),
        Parameter("LeaseExpiryTime", "DateTime", pipe="P", help="When it ends."),
        Parameter("Description", pipe="P", help="A remark."),
        Parameter("ClientType", pipe="P", help="DHCP or BOOTP."),
        Parameter("PassThru", "Switch", help="Outputs the lease."),
    ),
    confirms=True,
    guest=True,
    support=Support.ACCEPTED,
    examples=(
        Example("Add-DhcpServerv4Lease 10.0.1.0 10.0.1.50 00-15-5D-01-02-03", "Is refused."),
        Example("Add-DhcpServerv4Reservation 10.0.1.0 10.0.1.50 00-15-5D-01-02-03", "What a lab has instead."),
    ),
    remarks="A lab has real leases only: use Add-DhcpServerv4Reservation for an address that a client is to have.",
)  # fmt: skip
def add_lease(call: Call) -> None:
    """Say that a lab has leases only that clients have got."""
    with told(call):
        the_server(call)
        why = "the leases of a lab are those that its clients have got; Add-DhcpServerv4Reservation reserves addresses"
        raise not_there(call, f"Failed to add lease {call.get('IPAddress')}", why)


@command(
    "Remove-DhcpServerv4Lease",
    "DhcpServer",
    "Deletes leases from the database of a DHCP server.",
    (
        Parameter("ScopeId", "IPAddress", sets=("ScopeId", "ClientId"), position=1, mandatory=True, pipe="P",
                  help="The scope."),
        Parameter("ScopeId", "IPAddress", sets=("BadLeases",), position=1, pipe="P", help="The scope."),
        Parameter("ClientId", "String[]", sets=("ClientId",), position=2, mandatory=True, pipe="P",
                  help="MAC addresses of clients."),
        Parameter("IPAddress", "IPAddress[]", sets=("IPAddress",), mandatory=True, pipe="P", help="The addresses."),
        Parameter("BadLeases", "Switch", sets=("BadLeases",), mandatory=True, help="Addresses that were declined."),
        Parameter("PassThru", "Switch", help="Outputs the leases."),
    ),
    default_set="ScopeId",
    confirms=True,
    guest=True,
    support=Support.ACCEPTED,
    examples=(
        Example("Remove-DhcpServerv4Lease -IPAddress 10.0.1.100", "Is refused."),
        Example("Invoke-Command -VMName client1 { ipconfig /release }", "What a lab has instead."),
    ),
    remarks="In a lab a client gives its lease back itself: ipconfig /release in the client.",
)  # fmt: skip
def remove_lease(call: Call) -> None:
    """Say that in a lab clients give their leases back themselves; what is not leased is an error as on Windows."""
    with told(call):
        ref = the_server(call)
        rows = [row for row in _rows(call, ref) if row.state != "InactiveReservation"]
        wanted = {str(each) for each in call.get("IPAddress", [])}
        found = [row for row in rows if not wanted or row.ip in wanted]
        for address in sorted(wanted - {row.ip for row in found}):
            what = f"Failed to delete lease {address} from DHCP server {ref.name}."
            call.error(dhcp_error(call, what, NO_CLIENT, address).record)
        if found:
            why = "a lab's clients give their leases back themselves; use ipconfig /release in the client"
            raise not_there(call, f"Failed to delete lease {found[0].ip} from DHCP server {ref.name}", why)


@command(
    "Get-DhcpServerv4FreeIPAddress",
    "DhcpServer",
    "Gets addresses of a scope that nobody has.",
    (
        Parameter("ScopeId", "IPAddress", position=1, mandatory=True, pipe="P", help="The scope."),
        Parameter("StartAddress", "IPAddress", position=2, pipe="P", help="The first address to look at."),
        Parameter("EndAddress", "IPAddress", position=3, pipe="P", help="The last address to look at."),
        Parameter("NumAddress", "UInt32", pipe="P", default=1, minimum=1, maximum=_FREE,
                  help="How many of them; 1 unless given."),
    ),
    output="IPAddress",
    guest=True,
    examples=(Example("Get-DhcpServerv4FreeIPAddress 10.0.1.0 -NumAddress 3", "Gets three free addresses."),),
)  # fmt: skip
def get_free_address(call: Call) -> Iterator[object]:
    """Output the first free addresses; as on Windows they are text."""
    with told(call):
        ref = the_server(call)
        scope = the_scope(call, ref, call.get("ScopeId"))
        start = address4(call, "StartAddress") if "StartAddress" in call else scope.start
        end = address4(call, "EndAddress") if "EndAddress" in call else scope.end
        taken = {IPv4Address(row.ip) for row in lease_rows_of(ref, scope) if row.state != "Expired"}
        left = int(call.get("NumAddress"))
        for each in scope.ranges():
            address = max(each.start, start)
            while left and address <= min(each.end, end):
                if address not in taken:
                    left -= 1
                    yield str(address)
                address += 1
        if left:
            call.warn("Fewer free IP addresses were found than were asked for.")


@command(
    "Get-DhcpServerv4ScopeStatistics",
    "DhcpServer",
    "Gets how many addresses of scopes are leased, reserved and free.",
    (
        Parameter("ScopeId", "IPAddress[]", position=1, pipe="P", help="The scopes; all if none."),
        Parameter("Failover", "Switch", support=Support.ACCEPTED, help="With the figures of failover."),
    ),
    output="DhcpServerv4ScopeStatistics",
    guest=True,
    examples=(Example("Get-DhcpServerv4ScopeStatistics", "Gets the figures of all scopes."),),
)  # fmt: skip
def get_scope_statistics(call: Call) -> Iterator[object]:
    """Output the statistics of scopes."""
    accepted(call)
    with told(call):
        ref = the_server(call)
        rows = {row.scope_id: row for row in statistics_of(ref, rows_of(ref))}
        for scope_id in call.get("ScopeId", [each.id for each in ref.scopes]):
            with told(call):
                yield scope_statistics_object(ref, rows[str(the_scope(call, ref, scope_id).id)])


@command(
    "Get-DhcpServerv4Statistics",
    "DhcpServer",
    "Gets how many addresses a DHCP server leases and has left.",
    (),
    output="DhcpServerv4Statistics",
    guest=True,
    examples=(Example("Get-DhcpServerv4Statistics -ComputerName dc1", "Gets the figures of another server."),),
    remarks="Numbers of messages (Discovers, Offers, Acks) are not told; `hvlab capture` shows the messages.",
)  # fmt: skip
def get_statistics(call: Call) -> Iterator[object]:
    """Output the statistics of a server."""
    with told(call):
        ref = the_server(call)
        ran = call.place.started_s(_machine(call, ref))
        started = (datetime.now() - timedelta(seconds=ran)).replace(microsecond=0) if ran else None
        yield statistics_object(ref, statistics_of(ref, rows_of(ref)), started)


def _machine(call: Call, ref: ServerRef) -> Machine:
    host = next(host.name for host, vm in call.place.model.vms() if vm.name == ref.name)
    return Machine(ref.name, host)
