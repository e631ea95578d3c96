"""Scopes, reservations and leases of IPv6 as objects of the console."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from ipaddress import IPv6Address
from typing import Final

from lab.engine.dhcp6_report import Lease6Row, lease6_rows, scope6_row
from lab.model.dhcp6 import DhcpRange6, DhcpReservation6, DhcpScope6
from lab.model.edit import Edit
from lab.shell.command import Call
from lab.shell.dhcp.mistakes import NO_SCOPE, dhcp_error, instance, type_name
from lab.shell.dhcp.server import ServerRef, asked, server_edit
from lab.shell.objects import PSObject
from lab.shell.views import Column, show

SCOPE: Final = "DhcpServerv6Scope"
EXCLUSION: Final = "DhcpServerv6ExclusionRange"
RESERVATION: Final = "DhcpServerv6Reservation"
LEASE: Final = "DhcpServerv6Lease"
SCOPE_STATISTICS: Final = "DhcpServerv6ScopeStatistics"
STATISTICS: Final = "DhcpServerv6Statistics"
VALUE: Final = "DhcpServerv6OptionValue"

OPTION_NAMES: Final = {
    21: "SIP Server Domain Name List", 22: "SIP Servers IPV6 Address List",
    23: "DNS Recursive Name Server IPV6 Address",
    24: "Domain Search List", 27: "NIS IPV6 Address List", 28: "NIS+ IPV6 Address List", 29: "NIS Domain List",
    30: "NIS+ Domain Name List", 31: "SNTP Servers IPV6 Address List", 32: "Information Refresh Time",
}  # fmt: skip

show(
    type_name(SCOPE), "table",
    Column("Prefix", width=20), Column("Name", width=15), Column("State", width=8),
    Column("Preference", align="left", width=10), Column("PreferredLifetime", width=17), Column("ValidLifetime"),
)  # fmt: skip
show(
    type_name(EXCLUSION), "table",
    Column("Prefix", width=20), Column("StartRange", width=25), Column("EndRange"),
)  # fmt: skip
show(
    type_name(RESERVATION), "table",
    Column("IPAddress", width=25), Column("Prefix", width=20), Column("ClientDuid", width=30),
    Column("Iaid", align="left", width=10), Column("Name", width=15), Column("Description"),
)  # fmt: skip
show(
    type_name(LEASE), "table",
    Column("IPAddress", width=25), Column("Prefix", width=20), Column("ClientDuid", width=30),
    Column("HostName", width=15), Column("AddressState", width=15), Column("LeaseExpiryTime"),
)  # fmt: skip
show(
    type_name(SCOPE_STATISTICS), "table",
    Column("Prefix", width=20),
    *(Column(name, width=15, align="left") for name in ("AddressesFree", "AddressesInUse", "PercentageInUse")),
    Column("ReservedAddress", align="left"),
)  # fmt: skip
show(
    type_name(STATISTICS), "list",
    "TotalScopes", "TotalAddresses", "AddressesInUse", "AddressesAvailable", "PercentageInUse", "PercentageAvailable",
)  # fmt: skip
show(
    type_name(VALUE), "table",
    Column("OptionId", align="left", width=10), Column("Name", width=38), Column("Type", width=12), Column("Value"),
)  # fmt: skip


def the_scope6(call: Call, ref: ServerRef, prefix: object) -> DhcpScope6:
    """Return a scope of a server by its prefix; an error if there is none."""
    found = next((each for each in ref.model.scopes6 if each.id == prefix), None)
    if found is None:
        what = f"Failed to get scope information for scope {prefix} on DHCP server {ref.name}."
        raise dhcp_error(call, what, NO_SCOPE, prefix)
    return found


def scope6_edit(name: str, prefix: IPv6Address, change: Callable[[DhcpScope6], DhcpScope6]) -> Edit:
    """Return the change of a scope of IPv6."""
    return server_edit(
        name,
        lambda server: replace(
            server, scopes6=tuple(change(each) if each.id == prefix else each for each in server.scopes6)
        ),
    )


def scope6_object(ref: ServerRef, scope: DhcpScope6) -> PSObject:
    """Return a scope as the cmdlets output it."""
    extras = ref.kept(SCOPE, scope.id)
    return instance(
        SCOPE,
        {
            "Prefix": scope.id,
            "Name": scope.name,
            "Description": extras.get("Description", ""),
            "State": "Active" if scope.active else "InActive",
            "Preference": extras.get("Preference", 0),
            "PreferredLifetime": timedelta(seconds=scope.preferred_lifetime_s),
            "ValidLifetime": timedelta(seconds=scope.valid_lifetime_s),
            "T1": timedelta(seconds=scope.preferred_lifetime_s // 2),
            "T2": timedelta(seconds=scope.preferred_lifetime_s * 4 // 5),
        },
    )


def exclusion6_object(scope: DhcpScope6, excluded: DhcpRange6) -> PSObject:
    """Return an exclusion range as the cmdlets output it."""
    return instance(EXCLUSION, {"Prefix": scope.id, "StartRange": excluded.start, "EndRange": excluded.end})


def reservation6_object(ref: ServerRef, scope: DhcpScope6, reserved: DhcpReservation6) -> PSObject:
    """Return a reservation as the cmdlets output it."""
    extras = ref.kept(RESERVATION, reserved.ip)
    return instance(
        RESERVATION,
        {
            "IPAddress": reserved.ip,
            "Prefix": scope.id,
            "ClientDuid": dashed(reserved.duid),
            "Iaid": extras.get("Iaid", 0),
            "Name": reserved.name,
            "Description": extras.get("Description", ""),
        },
    )


def rows6_of(ref: ServerRef) -> list[Lease6Row]:
    """Return what a server leases and reserves, by address; of a lab that does not run what is reserved."""
    found = asked(ref.place, "dhcp")
    if found is None:
        return list(lease6_rows(ref.name, ref.model.scopes6, (), 0))
    return [Lease6Row(**each) for each in found["leases6"] if each["server"] == ref.name]


def lease6_object(row: Lease6Row) -> PSObject:
    """Return a lease as the cmdlets output it."""
    return instance(
        LEASE,
        {
            "IPAddress": IPv6Address(row.ip),
            "Prefix": IPv6Address(row.prefix),
            "ClientDuid": row.client_duid,
            "Iaid": row.iaid,
            "HostName": row.host_name,
            "AddressType": "IANA",
            "AddressState": row.state,
            "LeaseExpiryTime": datetime.fromtimestamp(row.expires) if row.expires else None,
            "Description": "",
        },
    )


def scope_statistics6(ref: ServerRef, scope: DhcpScope6, rows: list[Lease6Row]) -> PSObject:
    """Return the statistics of a scope as the cmdlets output them."""
    row = scope6_row(ref.name, scope, rows)
    return instance(
        SCOPE_STATISTICS,
        {
            "Prefix": scope.id,
            "AddressesFree": row.free,
            "AddressesInUse": row.in_use,
            "PercentageInUse": share(row.in_use, row.free + row.in_use),
            "PendingOffers": 0,
            "ReservedAddress": row.reserved,
        },
    )


def share(part: int, whole: int) -> float:
    """Return a part in percent."""
    return round(100 * part / whole, 6) if whole else 0.0


def dashed(duid: str) -> str:
    """Return a DUID as Windows writes it: ``00-03-00-01-00-15-5d-01-02-03``."""
    return "-".join(duid[at : at + 2] for at in range(0, len(duid), 2))
