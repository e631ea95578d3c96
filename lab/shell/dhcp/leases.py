"""Leases and statistics as objects of the console: what ``hvlab dhcp`` tells of a running lab."""

from __future__ import annotations

from datetime import datetime
from ipaddress import IPv4Address
from typing import Any, Final

from lab.engine.dhcp_report import LeaseRow, ScopeRow, lease_rows, scope_row
from lab.model.dhcp import DhcpScope
from lab.shell.dhcp.mistakes import instance, type_name
from lab.shell.dhcp.server import ServerRef, asked
from lab.shell.objects import PSObject
from lab.shell.views import Column, show

LEASE: Final = "DhcpServerv4Lease"
SCOPE_STATISTICS: Final = "DhcpServerv4ScopeStatistics"
STATISTICS: Final = "DhcpServerv4Statistics"

show(
    type_name(LEASE), "table",
    Column("IPAddress", width=15), Column("ScopeId", width=15), Column("ClientId", width=20),
    Column("HostName", width=20), Column("AddressState", width=20), Column("LeaseExpiryTime"),
)  # fmt: skip
show(
    type_name(SCOPE_STATISTICS), "table",
    *(Column(name, width=15, align="left") for name in ("ScopeId", "Free", "InUse", "PercentageInUse", "Reserved",
                                                        "Pending")),
    Column("SuperscopeName"),
)  # fmt: skip
show(
    type_name(STATISTICS), "list",
    "ServerStartTime", "TotalScopes", "ScopesWithDelayConfigured", "TotalAddresses", "AddressesInUse",
    "AddressesAvailable", "PercentageInUse", "PercentageAvailable",
)  # fmt: skip


def rows_of(ref: ServerRef) -> list[LeaseRow]:
    """Return what a server leases and reserves, by address; of a lab that does not run what is reserved."""
    found = asked(ref.place, "dhcp")
    if found is None:
        return list(lease_rows(ref.name, ref.scopes, (), 0))
    return [LeaseRow(**each) for each in found["leases"] if each["server"] == ref.name]


def lease_rows_of(ref: ServerRef, scope: DhcpScope) -> list[LeaseRow]:
    """Return what of a scope is leased or reserved, by address."""
    return [each for each in rows_of(ref) if each.scope_id == str(scope.id)]


def statistics_of(ref: ServerRef, rows: list[LeaseRow]) -> list[ScopeRow]:
    """Return the statistics of each scope of a server; ``rows`` are its leases."""
    return [scope_row(ref.name, scope, rows) for scope in ref.scopes]


def failover_state(ref: ServerRef) -> str:
    """Return the state of a server's failover relationship; empty if nobody can be asked."""
    found = asked(ref.place, "dhcp")
    return str(found["failover"].get(ref.name, "")) if found else ""


def lease_object(ref: ServerRef, row: LeaseRow) -> PSObject:
    """Return a lease as the cmdlets output it."""
    expiry = datetime.fromtimestamp(row.expires) if row.expires else None
    extras = ref.kept("DhcpServerv4Reservation", row.ip)
    return instance(
        LEASE,
        {
            "IPAddress": IPv4Address(row.ip),
            "ScopeId": IPv4Address(row.scope_id),
            "Description": extras.get("Description", ""),
            "ClientId": row.client_id,
            "HostName": row.host_name,
            "ClientType": "Dhcp",
            "AddressState": row.state,
            "DnsRR": "NoRegistration",
            "DnsRegistration": "NotApplicable",
            "LeaseExpiryTime": expiry,
            "NapCapable": False,
            "NapStatus": "FullAccess",
            "ProbationEnds": None,
            "PolicyName": "",
            "ServerIP": own_address(ref),
        },
        source=row,
    )


def own_address(ref: ServerRef) -> IPv4Address | None:
    """Return the first static IPv4 address of a server."""
    found = (each.ip for adapter in ref.vm.adapters if adapter.ip for each in adapter.ip.addresses)
    return next((each for each in found if isinstance(each, IPv4Address)), None)


def scope_statistics_object(ref: ServerRef, row: ScopeRow) -> PSObject:
    """Return the statistics of a scope as the cmdlets output them."""
    properties: dict[str, object] = {
        "ScopeId": IPv4Address(row.scope_id),
        "Free": row.free,
        "InUse": row.in_use,
        "PercentageInUse": _percent(row.in_use, row.free + row.in_use),
        "Reserved": row.reserved,
        "Pending": row.pending,
        "SuperscopeName": ref.kept("DhcpServerv4Scope", row.scope_id).get("SuperscopeName", ""),
    }
    return instance(SCOPE_STATISTICS, properties)


def statistics_object(ref: ServerRef, rows: list[ScopeRow], started: datetime | None) -> PSObject:
    """Return the statistics of a server as the cmdlets output them."""
    used, free = sum(each.in_use for each in rows), sum(each.free for each in rows)
    delayed = [each for each in rows if _delay(ref, each.scope_id)]
    return instance(
        STATISTICS,
        {
            "ServerStartTime": started,
            "TotalScopes": len(rows),
            "ScopesWithDelayConfigured": len(delayed),
            "TotalAddresses": used + free,
            "AddressesInUse": used,
            "AddressesAvailable": free,
            "PercentageInUse": _percent(used, used + free),
            "PercentageAvailable": _percent(free, used + free),
        },
    )


def _delay(ref: ServerRef, scope_id: str) -> Any:
    return ref.kept("DhcpServerv4Scope", scope_id).get("Delay", 0)


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 6) if whole else 0.0
