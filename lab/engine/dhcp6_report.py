"""What DHCPv6 servers lease, in the words of Get-DhcpServerv6Scope, -Lease and -ScopeStatistics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Protocol

from lab.engine.dhcp_report import IN_USE, AnyLease, address_state
from lab.model.dhcp6 import DhcpScope6


class FoundLease6(AnyLease, Protocol):
    """A lease of IPv6 as a server tells it."""

    @property
    def duid(self) -> str: ...
    @property
    def iaid(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Lease6Row:
    """One line of Get-DhcpServerv6Lease; ``expires`` in seconds of the epoch, 0 for never."""

    server: str
    ip: str
    prefix: str
    client_duid: str
    iaid: int
    host_name: str
    state: str
    expires: int


@dataclass(frozen=True, slots=True)
class Scope6Row:
    """One line of Get-DhcpServerv6Scope, and of Get-DhcpServerv6ScopeStatistics."""

    server: str
    prefix: str
    name: str
    state: str
    preferred_lifetime_s: int
    valid_lifetime_s: int
    free: int
    in_use: int
    reserved: int


def lease6_rows(
    server: str, scopes: Iterable[DhcpScope6], found: Iterable[FoundLease6], now: float
) -> Iterator[Lease6Row]:
    """Yield every lease and every reservation of a server, by address."""
    by_address = {IPv6Address(each.ip): each for each in found}
    for scope in scopes:
        reserved = {each.ip: each for each in scope.reservations}
        for address in sorted({*reserved, *(each for each in by_address if each in scope.prefix)}):
            lease, reservation = by_address.get(address), reserved.get(address)
            yield Lease6Row(
                server,
                str(address),
                str(scope.id),
                _dashed(lease.duid if lease else reservation.duid if reservation else ""),
                lease.iaid if lease else 0,
                (lease.host_name if lease else "") or (reservation.name if reservation else ""),
                address_state(lease, reservation is not None, now),
                lease.expires if lease and lease.state == IN_USE else 0,
            )


def scope6_row(server: str, scope: DhcpScope6, leases: Iterable[Lease6Row]) -> Scope6Row:
    """Return a scope with its statistics; ``leases`` are the server's."""
    mine = [each for each in leases if each.prefix == str(scope.id)]
    used = {IPv6Address(each.ip) for each in mine if each.state != "Expired"}
    free = sum(each.size for each in scope.ranges())
    return Scope6Row(
        server=server,
        prefix=str(scope.id),
        name=scope.name,
        state="Active" if scope.active else "InActive",
        preferred_lifetime_s=scope.preferred_lifetime_s,
        valid_lifetime_s=scope.valid_lifetime_s,
        free=free - sum(any(address in each for each in scope.ranges()) for address in used),
        in_use=len(used),
        reserved=len(scope.reservations),
    )


def _dashed(duid: str) -> str:
    """Return a DUID as Windows shows it: ``00-03-00-01-00-15-5d-01-02-03``."""
    digits = duid.replace(":", "")
    return "-".join(digits[at : at + 2] for at in range(0, len(digits), 2))
