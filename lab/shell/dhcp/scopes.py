"""Scopes, exclusions and reservations as objects of the console."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from lab.engine.dhcp_report import dashed
from lab.model.dhcp import DhcpRange, DhcpReservation, DhcpScope
from lab.shell.dhcp.mistakes import instance, type_name
from lab.shell.dhcp.server import ServerRef
from lab.shell.objects import PSObject
from lab.shell.views import Column, show

SCOPE: Final = "DhcpServerv4Scope"
EXCLUSION: Final = "DhcpServerv4ExclusionRange"
RESERVATION: Final = "DhcpServerv4Reservation"
UNLIMITED_S: Final = 0xFFFFFFFE
"""The longest lease there is; as a TimeSpan that of [timespan]::MaxValue."""

_LONGEST: Final = timedelta(days=10675199, hours=2, minutes=48, seconds=5, microseconds=477581)

show(
    type_name(SCOPE), "table",
    Column("ScopeId", width=15), Column("SubnetMask", width=15), Column("Name", width=14), Column("State", width=8),
    Column("StartRange", width=15), Column("EndRange", width=15), Column("LeaseDuration"),
)  # fmt: skip
show(
    type_name(EXCLUSION), "table",
    Column("ScopeId", width=20), Column("StartRange", width=20), Column("EndRange", width=20),
)  # fmt: skip
show(
    type_name(RESERVATION), "table",
    Column("IPAddress", width=20), Column("ScopeId", width=20), Column("ClientId", width=20),
    Column("Name", width=20), Column("Type", width=20), Column("Description"),
)  # fmt: skip

SCOPE_EXTRAS: Final[dict[str, object]] = {
    "Description": "",
    "SuperscopeName": "",
    "NapProfile": "",
    "NapEnable": False,
    "Delay": 0,
    "Type": "Dhcp",
    "MaxBootpClients": 0xFFFFFFFF,
    "ActivatePolicies": True,
}
"""What a scope has on Windows and not in a lab, where it is only recorded, and what it is by default."""


def seconds(span: timedelta) -> int:
    """Return a lease duration in seconds, as long as there is one."""
    return min(int(span.total_seconds()), UNLIMITED_S)


def duration(lease_s: int) -> timedelta:
    """Return a lease duration as a TimeSpan."""
    return _LONGEST if lease_s >= UNLIMITED_S else timedelta(seconds=lease_s)


def scope_object(ref: ServerRef, scope: DhcpScope) -> PSObject:
    """Return a scope as the cmdlets output it."""
    extras = {**SCOPE_EXTRAS, **ref.kept(SCOPE, scope.id)}
    return instance(
        SCOPE,
        {
            "ScopeId": scope.id,
            "Name": scope.name,
            "Description": extras["Description"],
            "SubnetMask": scope.subnet.netmask,
            "StartRange": scope.start,
            "EndRange": scope.end,
            "SuperscopeName": extras["SuperscopeName"],
            "LeaseDuration": duration(scope.lease_duration_s),
            "NapProfile": extras["NapProfile"],
            "NapEnable": extras["NapEnable"],
            "Delay": extras["Delay"],
            "State": "Active" if scope.active else "InActive",
            "Type": extras["Type"],
            "MaxBootpClients": extras["MaxBootpClients"],
            "ActivatePolicies": extras["ActivatePolicies"],
        },
    )


def exclusion_object(scope: DhcpScope, excluded: DhcpRange) -> PSObject:
    """Return an exclusion range as the cmdlets output it."""
    return instance(EXCLUSION, {"ScopeId": scope.id, "StartRange": excluded.start, "EndRange": excluded.end})


def reservation_object(ref: ServerRef, scope: DhcpScope, reserved: DhcpReservation) -> PSObject:
    """Return a reservation as the cmdlets output it."""
    extras = {"Type": "Both", "Description": "", **ref.kept(RESERVATION, reserved.ip)}
    return instance(
        RESERVATION,
        {
            "IPAddress": reserved.ip,
            "ScopeId": scope.id,
            "ClientId": dashed(reserved.client_id),
            "Name": reserved.name,
            "Type": extras["Type"],
            "Description": extras["Description"],
        },
    )
