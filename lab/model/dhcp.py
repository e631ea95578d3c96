"""The DHCP Server role of a VM: its scopes, what they hand out, and its failover with another server.

Names, units and defaults are those of the cmdlets of the module DhcpServer (Add-DhcpServerv4Scope,
Add-DhcpServerv4ExclusionRange, Add-DhcpServerv4Reservation, Set-DhcpServerv4OptionValue, Add-DhcpServerv4Policy,
Add-DhcpServerv4Failover).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from types import MappingProxyType
from typing import Final

from lab.model.dhcp6 import DhcpScope6

LEASE_DURATION_S: Final = 8 * 24 * 3600
"""The default of Add-DhcpServerv4Scope, 8.00:00:00."""
MAX_CLIENT_LEAD_TIME_S: Final = 3600
"""The default of Add-DhcpServerv4Failover, 1:00:00."""

ADDRESS_OPTIONS: Final = frozenset({3, 4, 5, 6, 7, 8, 9, 10, 11, 41, 42, 44, 45, 48, 49, 65, 69, 70, 72})
"""Options whose values are IPv4 addresses (RFC 2132)."""
NUMBER_OPTIONS: Final[Mapping[int, int]] = MappingProxyType({19: 1, 23: 1, 26: 2, 46: 1})
"""Options whose value is a number, with its size in octets (RFC 2132)."""
KEPT_OPTIONS: Final = frozenset({0, 1, 50, 51, 52, 53, 54, 55, 57, 58, 59, 61, 82, 255})
"""Options that the server itself sets, or the client."""

ROUTER, DNS_SERVER, DNS_DOMAIN, WINS_SERVER, VENDOR_CLASS, BOOT_SERVER, BOOT_FILE, WPAD = 3, 6, 15, 44, 60, 66, 67, 252


class FailoverMode(StrEnum):
    """How two servers divide the work (Add-DhcpServerv4Failover)."""

    LOAD_BALANCE = "LoadBalance"
    HOT_STANDBY = "HotStandby"


class ServerRole(StrEnum):
    """What a server is in hot standby mode (Add-DhcpServerv4Failover, parameter ServerRole)."""

    ACTIVE = "Active"
    STANDBY = "Standby"


@dataclass(frozen=True, slots=True)
class DhcpOption:
    """The value of one option: one text or number, or IPv4 addresses (Set-DhcpServerv4OptionValue)."""

    id: int
    values: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.id} {' '.join(self.values)}"


@dataclass(frozen=True, slots=True)
class DhcpRange:
    """Addresses from ``start`` to ``end``, both included."""

    start: IPv4Address
    end: IPv4Address

    def __contains__(self, address: IPv4Address) -> bool:
        return self.start <= address <= self.end

    def __len__(self) -> int:
        return max(0, int(self.end) - int(self.start) + 1)

    def __str__(self) -> str:
        return f"{self.start}-{self.end}"


@dataclass(frozen=True, slots=True)
class DhcpReservation:
    """An address for one client, known by its MAC address; an excluded one is allowed (Add-DhcpServerv4Reservation)."""

    ip: IPv4Address
    client_id: str
    name: str = ""
    options: tuple[DhcpOption, ...] = ()

    def __str__(self) -> str:
        more = [self.name] if self.name else []
        more += [f"option {each}" for each in self.options]
        detail = f" ({', '.join(more)})" if more else ""
        return f"{self.ip} for {self.client_id}{detail}"


@dataclass(frozen=True, slots=True)
class DhcpPolicy:
    """Options for some clients only (Add-DhcpServerv4Policy); they come before those of the scope.

    ``architecture``: of a PXE client (option 93, RFC 4578), None for any; ``vendor_class``: what option 60 begins with,
    empty for any.
    """

    name: str
    architecture: int | None = None
    vendor_class: str = ""
    options: tuple[DhcpOption, ...] = ()

    def __str__(self) -> str:
        whom = [] if self.architecture is None else [f"architecture {self.architecture}"]
        whom += [f"vendor class {self.vendor_class}"] if self.vendor_class else []
        return f"{self.name} ({', '.join(whom)}: {', '.join(map(str, self.options)) or 'no options'})"


@dataclass(frozen=True, slots=True)
class DhcpScope:
    """The addresses of one subnet that a server leases; its id is the subnet's address."""

    subnet: IPv4Network
    start: IPv4Address
    end: IPv4Address
    name: str = ""
    lease_duration_s: int = LEASE_DURATION_S
    active: bool = True
    exclusions: tuple[DhcpRange, ...] = ()
    reservations: tuple[DhcpReservation, ...] = ()
    options: tuple[DhcpOption, ...] = ()
    policies: tuple[DhcpPolicy, ...] = ()

    @property
    def id(self) -> IPv4Address:
        """The scope's id: the address of its subnet."""
        return self.subnet.network_address

    def ranges(self) -> Iterator[DhcpRange]:
        """Yield what of the scope's range is not excluded, in order."""
        start, end = int(self.start), int(self.end)
        for each in sorted(self.exclusions, key=lambda exclusion: exclusion.start):
            last = min(int(each.start) - 1, end)
            if start <= last:
                yield DhcpRange(IPv4Address(start), IPv4Address(last))
            start = max(start, int(each.end) + 1)
        if start <= end:
            yield DhcpRange(IPv4Address(start), self.end)

    def reservation(self, mac: str) -> DhcpReservation | None:
        """Return the reservation for a MAC address, if there is one."""
        return next((each for each in self.reservations if each.client_id == mac), None)


@dataclass(frozen=True, slots=True)
class DhcpFailover:
    """A relationship of two servers, for some scopes of the one that has it (Add-DhcpServerv4Failover).

    ``partner`` is the VM that is the other server, ``scope_ids`` the addresses of the scopes' subnets. ``replicated``
    is what the partner has got of them: leases follow by themselves, later changes of the configuration only when
    replication is asked for. In hot standby mode this server has the ``server_role``; ``reserve_percent`` of the
    addresses are kept for the standby server.
    """

    name: str
    partner: str
    scope_ids: tuple[IPv4Address, ...] = ()
    mode: FailoverMode = FailoverMode.LOAD_BALANCE
    server_role: ServerRole = ServerRole.ACTIVE
    reserve_percent: int = 5
    max_client_lead_time_s: int = MAX_CLIENT_LEAD_TIME_S
    replicated: tuple[DhcpScope, ...] = ()


@dataclass(frozen=True, slots=True)
class DhcpServer:
    """The DHCP Server role of a VM. Options of a reservation come before those of a policy, a scope, and the server.

    ``scopes6`` are those of IPv6, which have their options themselves.
    """

    scopes: tuple[DhcpScope, ...] = ()
    options: tuple[DhcpOption, ...] = ()
    policies: tuple[DhcpPolicy, ...] = ()
    failover: DhcpFailover | None = None
    scopes6: tuple[DhcpScope6, ...] = ()

    def scope(self, scope_id: IPv4Address) -> DhcpScope | None:
        """Return the scope with an id, if there is one."""
        return next((scope for scope in self.scopes if scope.id == scope_id), None)


def encoded(option: DhcpOption) -> bytes:
    """Return an option's value as it travels (RFC 2132): addresses, a number, or text."""
    if option.id in NUMBER_OPTIONS:
        return int(option.values[0], 0).to_bytes(NUMBER_OPTIONS[option.id], "big")
    if option.id in ADDRESS_OPTIONS:
        return b"".join(IPv4Address(value).packed for value in option.values)
    return " ".join(option.values).encode()


def replicate(failover: DhcpFailover, server: DhcpServer) -> DhcpFailover:
    """Return a relationship whose partner has what the server has now (Invoke-DhcpServerv4FailoverReplication)."""
    scopes = tuple(scope for each in failover.scope_ids if (scope := server.scope(each)))
    return replace(failover, replicated=scopes)
