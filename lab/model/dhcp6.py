"""The scopes of a DHCPv6 server (RFC 8415), as Windows Server has them: of one prefix each, of 64 bits.

Names, units and defaults are those of the cmdlets of the module DhcpServer (Add-DhcpServerv6Scope,
Add-DhcpServerv6ExclusionRange, Add-DhcpServerv6Reservation, Set-DhcpServerv6OptionValue).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network
from typing import Final

PREFERRED_LIFETIME_S: Final = 8 * 24 * 3600
"""The default of Add-DhcpServerv6Scope, 8.00:00:00."""
VALID_LIFETIME_S: Final = 12 * 24 * 3600
"""The default of Add-DhcpServerv6Scope, 12.00:00:00."""
PREFIX_LENGTH: Final = 64
"""The only length that Add-DhcpServerv6Scope knows."""

DNS_SERVERS, DOMAIN_SEARCH_LIST, SNTP_SERVERS, INFORMATION_REFRESH_TIME = 23, 24, 31, 32
ADDRESS_OPTIONS: Final = frozenset({22, DNS_SERVERS, 27, 28, SNTP_SERVERS, 34})
"""Options whose values are IPv6 addresses (RFC 3319, RFC 3646, RFC 3898, RFC 4075, RFC 4280)."""
NAMES_OPTIONS: Final = frozenset({21, DOMAIN_SEARCH_LIST, 29, 30, 33})
"""Options whose values are domain names (RFC 8415, 10)."""
KEPT_OPTIONS: Final = frozenset({*range(21), 25, 26})
"""Options that the server itself sets, or the client (RFC 8415, 21)."""
_LONGEST_NAME, _LONGEST_LABEL = 253, 63


@dataclass(frozen=True, slots=True)
class DhcpOption6:
    """The value of one option: texts, IPv6 addresses, or domain names (Set-DhcpServerv6OptionValue)."""

    id: int
    values: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.id} {' '.join(self.values)}"


@dataclass(frozen=True, slots=True)
class DhcpRange6:
    """Addresses from ``start`` to ``end``, both included."""

    start: IPv6Address
    end: IPv6Address

    def __contains__(self, address: IPv6Address) -> bool:
        return self.start <= address <= self.end

    @property
    def size(self) -> int:
        """How many they are: too many for len()."""
        return max(0, int(self.end) - int(self.start) + 1)

    def __str__(self) -> str:
        return f"{self.start}-{self.end}"


@dataclass(frozen=True, slots=True)
class DhcpReservation6:
    """An address for one client, known by its DUID in hexadecimal digits (Add-DhcpServerv6Reservation)."""

    ip: IPv6Address
    duid: str
    name: str = ""
    options: tuple[DhcpOption6, ...] = ()

    def __str__(self) -> str:
        more = [self.name] if self.name else []
        more += [f"option {each}" for each in self.options]
        detail = f" ({', '.join(more)})" if more else ""
        return f"{self.ip} for {self.duid}{detail}"


@dataclass(frozen=True, slots=True)
class DhcpScope6:
    """The prefix of which a server leases addresses: all of them but the excluded ones (Add-DhcpServerv6Scope)."""

    prefix: IPv6Network
    name: str = ""
    preferred_lifetime_s: int = PREFERRED_LIFETIME_S
    valid_lifetime_s: int = VALID_LIFETIME_S
    active: bool = True
    exclusions: tuple[DhcpRange6, ...] = ()
    reservations: tuple[DhcpReservation6, ...] = ()
    options: tuple[DhcpOption6, ...] = ()

    @property
    def id(self) -> IPv6Address:
        """What the scope is known by: the address of its prefix."""
        return self.prefix.network_address

    def ranges(self) -> Iterator[DhcpRange6]:
        """Yield what of the prefix is not excluded, in order, without the address that all its routers have."""
        start, end = int(self.prefix.network_address) + 1, int(self.prefix.broadcast_address)
        for each in sorted(self.exclusions, key=lambda exclusion: exclusion.start):
            last = min(int(each.start) - 1, end)
            if start <= last:
                yield DhcpRange6(IPv6Address(start), IPv6Address(last))
            start = max(start, int(each.end) + 1)
        if start <= end:
            yield DhcpRange6(IPv6Address(start), IPv6Address(end))

    def reservation(self, duid: str) -> DhcpReservation6 | None:
        """Return the reservation for a client, if there is one."""
        return next((each for each in self.reservations if each.duid == duid), None)


def duid_of_mac(mac: str) -> str:
    """Return the DUID of a client that is known by its MAC address: DUID-LL (RFC 8415, 11.4), as digits."""
    return f"00030001{mac.replace(':', '')}"


def encoded(option: DhcpOption6) -> bytes:
    """Return an option's value as it travels: addresses, domain names (RFC 1035, 3.1), a number, or text.

    ValueError for a name that has too long a part, or an empty one.
    """
    if option.id in ADDRESS_OPTIONS:
        return b"".join(IPv6Address(value).packed for value in option.values)
    if option.id in NAMES_OPTIONS:
        return b"".join(map(_name, option.values))
    if option.id == INFORMATION_REFRESH_TIME:
        return int(option.values[0], 0).to_bytes(4, "big")
    return " ".join(option.values).encode()


def _name(text: str) -> bytes:
    labels = [label.encode("idna") if not label.isascii() else label.encode() for label in text.rstrip(".").split(".")]
    if len(text) > _LONGEST_NAME or not all(0 < len(label) <= _LONGEST_LABEL for label in labels):
        raise ValueError(f"{text} is no domain name")
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
