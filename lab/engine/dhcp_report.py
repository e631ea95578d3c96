"""What DHCP servers lease, in the words of Get-DhcpServerv4Scope, -Lease, -ScopeStatistics and -Failover."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final, Protocol

from lab.model.dhcp import DhcpScope

IN_USE, DECLINED = 0, 1

FAILOVER_STATES: Final = {
    "load-balancing": "Normal",
    "hot-standby": "Normal",
    "partner-down": "PartnerDown",
    "communication-recovery": "CommunicationInterrupted",
    "waiting": "Startup",
    "syncing": "Recover",
    "ready": "RecoverDone",
    "partner-in-maintenance": "PartnerDown",
    "in-maintenance": "Paused",
    "backup": "Paused",
    "terminated": "CommunicationInterrupted",
}
"""Kea's states of a relationship, and those of Get-DhcpServerv4Failover that come nearest."""


class AnyLease(Protocol):
    """A lease of IPv4 or IPv6 as a server tells it."""

    @property
    def ip(self) -> str: ...
    @property
    def host_name(self) -> str: ...
    @property
    def state(self) -> int: ...
    @property
    def expires(self) -> int: ...


class FoundLease(AnyLease, Protocol):
    """A lease of IPv4 as a server tells it."""

    @property
    def mac(self) -> str: ...


@dataclass(frozen=True, slots=True)
class LeaseRow:
    """One line of Get-DhcpServerv4Lease; ``expires`` in seconds of the epoch, 0 for never."""

    server: str
    ip: str
    scope_id: str
    client_id: str
    host_name: str
    state: str
    expires: int


@dataclass(frozen=True, slots=True)
class ScopeRow:
    """One line of Get-DhcpServerv4Scope, and of Get-DhcpServerv4ScopeStatistics."""

    server: str
    scope_id: str
    subnet_mask: str
    name: str
    state: str
    start: str
    end: str
    lease_duration_s: int
    free: int
    in_use: int
    percentage_in_use: float
    reserved: int
    pending: int


def lease_rows(server: str, scopes: Iterable[DhcpScope], found: Iterable[FoundLease], now: float) -> Iterator[LeaseRow]:
    """Yield every lease and every reservation of a server, by address."""
    by_address = {IPv4Address(each.ip): each for each in found}
    for scope in scopes:
        reserved = {each.ip: each for each in scope.reservations}
        for address in sorted({*reserved, *(each for each in by_address if each in scope.subnet)}):
            lease, reservation = by_address.get(address), reserved.get(address)
            yield LeaseRow(
                server,
                str(address),
                str(scope.id),
                dashed(lease.mac if lease and lease.mac else reservation.client_id if reservation else ""),
                (lease.host_name if lease else "") or (reservation.name if reservation else ""),
                address_state(lease, reservation is not None, now),
                lease.expires if lease and lease.state == IN_USE else 0,
            )


def address_state(lease: AnyLease | None, reserved: bool, now: float) -> str:
    """Return the AddressState of an address (Get-DhcpServerv4Lease)."""
    active = lease is not None and lease.state == IN_USE and lease.expires > now
    if reserved:
        return "ActiveReservation" if active else "InactiveReservation"
    if lease is not None and lease.state == DECLINED:
        return "Declined"
    return "Active" if active else "Expired"


def scope_row(server: str, scope: DhcpScope, leases: Iterable[LeaseRow]) -> ScopeRow:
    """Return a scope with its statistics; ``leases`` are the server's."""
    mine = [each for each in leases if each.scope_id == str(scope.id)]
    used = {IPv4Address(each.ip) for each in mine if each.state != "Expired"}
    free = sum(map(len, scope.ranges())) - sum(any(address in each for each in scope.ranges()) for address in used)
    return ScopeRow(
        server=server,
        scope_id=str(scope.id),
        subnet_mask=str(scope.subnet.netmask),
        name=scope.name,
        state="Active" if scope.active else "InActive",
        start=str(scope.start),
        end=str(scope.end),
        lease_duration_s=scope.lease_duration_s,
        free=free,
        in_use=len(used),
        percentage_in_use=100 * len(used) / (len(used) + free) if used or free else 0.0,
        reserved=len(scope.reservations),
        pending=0,
    )


def dashed(mac: str) -> str:
    """Return a MAC address as a client id of DHCP: ``00-15-5d-01-02-03``."""
    return mac.replace(":", "-")
