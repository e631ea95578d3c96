"""How a topology script writes the IPv6 scopes of a DHCP server (see :mod:`lab.model.dhcp6`).

>>> scope = dhcp_scope6("fd00:1::/64", dns_server="fd00:1::2", domain_search="class.example")
>>> hv1.vm("dhcp1", "Internal", "fd00:1::2/64").dhcp_server(scope)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any, Final, TypedDict, Unpack

from lab.model.addresses import parse_mac
from lab.model.dhcp6 import (
    ADDRESS_OPTIONS,
    DNS_SERVERS,
    DOMAIN_SEARCH_LIST,
    KEPT_OPTIONS,
    PREFERRED_LIFETIME_S,
    VALID_LIFETIME_S,
    DhcpOption6,
    DhcpRange6,
    DhcpReservation6,
    DhcpScope6,
    duid_of_mac,
    encoded,
)
from lab.model.dhcp_options import dhcp_options
from lab.model.names import quoted
from lab.model.reading import Reader, shown

_DUID: Final = re.compile(r"[0-9a-f]{2}(?:[:-]?[0-9a-f]{2}){2,129}", re.IGNORECASE)
_LONGEST: Final = 1000


class Options6(TypedDict, total=False):
    """The options that have names (Set-DhcpServerv6OptionValue), and ``options`` for all others, by number."""

    dns_server: str | Sequence[str]
    domain_search: str | Sequence[str]
    options: Mapping[int, str | int | Sequence[str]]


_NUMBERS: Final[Mapping[str, int]] = {"dns_server": DNS_SERVERS, "domain_search": DOMAIN_SEARCH_LIST}


@dataclass(frozen=True, slots=True)
class WrittenReservation6:
    """A reservation as somebody wrote it."""

    ip: object
    client: object
    name: object
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class WrittenScope6:
    """A scope as somebody wrote it."""

    prefix: object
    name: object
    preferred_lifetime_s: object
    valid_lifetime_s: object
    active: object
    exclusions: object
    reservations: object
    options: Mapping[str, Any] = field(default_factory=dict)


def dhcp_reservation6(ip: str, client: str, *, name: str = "", **options: Unpack[Options6]) -> WrittenReservation6:
    """Return a reservation for :func:`dhcp_scope6`: an address for the client with a DUID, or with a MAC address."""
    return WrittenReservation6(ip, client, name, dict(options))


def dhcp_scope6(  # noqa: PLR0913 - settings given by name
    prefix: str,
    *,
    name: str = "",
    preferred_lifetime_s: int = PREFERRED_LIFETIME_S,
    valid_lifetime_s: int = VALID_LIFETIME_S,
    active: bool = True,
    exclusions: Iterable[tuple[str, str] | str] = (),
    reservations: Iterable[WrittenReservation6] = (),
    **options: Unpack[Options6],
) -> WrittenScope6:
    """Return a scope for :meth:`VmBuilder.dhcp_server`: all addresses of a prefix of 64 bits but the excluded ones.

    Lifetimes in seconds. ``exclusions`` are pairs of first and last address, or single addresses.
    """
    return WrittenScope6(
        prefix, name, preferred_lifetime_s, valid_lifetime_s, active, exclusions, reservations, dict(options)
    )


def read_scope6(read: Reader, written: WrittenScope6) -> DhcpScope6 | None:
    """Return a scope, None if its prefix cannot be read; what cannot be read of it is a mistake."""
    nets = read.networks((written.prefix,))
    prefix = nets[0] if nets else None
    if prefix is not None and not isinstance(prefix, IPv6Network):
        read.mistake(f"a DHCPv6 scope of {quoted(read.owner)} is for {prefix}", "expected an IPv6 prefix")
    if not isinstance(prefix, IPv6Network):
        return None
    exclusions = (_range(read, each) for each in read.listed("exclusions", written.exclusions))
    reservations = (_reservation(read, each) for each in read.listed("reservations", written.reservations))
    return DhcpScope6(
        prefix,
        read.name("scope", written.name, ""),
        read.number("preferred_lifetime_s", written.preferred_lifetime_s, PREFERRED_LIFETIME_S),
        read.number("valid_lifetime_s", written.valid_lifetime_s, VALID_LIFETIME_S),
        read.flag("active", written.active, True),
        tuple(each for each in exclusions if each),
        tuple(each for each in reservations if each),
        _options(read, written.options),
    )


def _range(read: Reader, written: object) -> DhcpRange6 | None:
    pair = (written, written) if isinstance(written, str) else written
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        example = '("fd00:1::1", "fd00:1::ff")'
        read.mistake(f"an exclusion of {quoted(read.owner)} is {shown(written)}", f"expected {example}")
        return None
    start, end = (_address(read, "exclusion", each) for each in pair)
    return DhcpRange6(start, end) if start and end else None


def _reservation(read: Reader, written: object) -> DhcpReservation6 | None:
    if not isinstance(written, WrittenReservation6):
        example = 'dhcp_reservation6("fd00:1::50", "00-15-5D-01-02-03")'
        read.mistake(f"a DHCPv6 reservation of {quoted(read.owner)} is {shown(written)}", f"expected {example}")
        return None
    ip, duid = _address(read, "reservation", written.ip), _duid(read, written.client)
    if ip is None or duid is None:
        return None
    return DhcpReservation6(ip, duid, read.name("client", written.name, ""), _options(read, written.options))


def _duid(read: Reader, written: object) -> str | None:
    """Return a DUID as digits: one that is written as such, or that of a MAC address."""
    text = str(written)
    digits = re.sub("[:-]", "", text)
    if len(digits) == 12:
        try:
            return duid_of_mac(parse_mac(text))
        except ValueError as error:
            read.mistake(f"a DHCPv6 reservation of {quoted(read.owner)}: {error}")
            return None
    if _DUID.fullmatch(text):
        return digits.lower()
    what = f"a DHCPv6 reservation of {quoted(read.owner)} is for {shown(written)}"
    read.mistake(what, "expected a MAC address, or a DUID such as 00-03-00-01-00-15-5D-01-02-03")
    return None


def _options(read: Reader, given: Mapping[str, Any]) -> tuple[DhcpOption6, ...]:
    found: dict[int, DhcpOption6] = {}
    for number, value in dhcp_options(read, given, _NUMBERS, 'options={31: "fd00:1::2"}'):
        _add(found, read, number, value)
    return tuple(found[number] for number in sorted(found))


def _add(found: dict[int, DhcpOption6], read: Reader, number: int, value: object) -> None:
    values = tuple(str(each) for each in value) if isinstance(value, tuple | list) else (str(value),)
    what = f"DHCPv6 option {number} of {quoted(read.owner)}"
    if not 0 < number < 0xFFFF or number in KEPT_OPTIONS:
        read.mistake(f"{what} cannot be set", "expected one that is the server's to give, such as 23")
        return
    if number in found:
        read.mistake(f"{what} is set twice", "once is enough")
        return
    if number in ADDRESS_OPTIONS and any(_address(read, f"DHCPv6 option {number}", each) is None for each in values):
        return
    option = DhcpOption6(number, values)
    try:
        good = 0 < len(encoded(option)) <= _LONGEST
    except (ValueError, OverflowError):
        good = False
    if good:
        found[number] = option
    else:
        read.mistake(f"{what} is {shown(value)}", "expected what such an option can hold (RFC 3646, RFC 8415)")


def _address(read: Reader, what: str, value: object) -> IPv6Address | None:
    try:
        found = ip_address(value if isinstance(value, str) else repr(value))
    except ValueError:
        found = None
    if isinstance(found, IPv6Address) and not found.scope_id:
        return found
    read.mistake(f"{what} of {quoted(read.owner)} has the address {shown(value)}", "expected one of IPv6")
    return None
