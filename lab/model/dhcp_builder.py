"""How a topology script writes the DHCP Server role of a VM (see :mod:`lab.model.dhcp`).

>>> scope = dhcp_scope("10.0.1.0/24", "10.0.1.100", "10.0.1.200", router="10.0.1.1", dns_server="10.0.1.2")
>>> hv1.vm("dhcp1", "Internal", "10.0.1.2/24").dhcp_server(scope)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, ip_address
from typing import Any, Final, TypedDict, TypeVar, Unpack

from lab.model.addresses import parse_mac
from lab.model.dhcp import (
    ADDRESS_OPTIONS,
    BOOT_FILE,
    BOOT_SERVER,
    DNS_DOMAIN,
    DNS_SERVER,
    KEPT_OPTIONS,
    LEASE_DURATION_S,
    NUMBER_OPTIONS,
    ROUTER,
    VENDOR_CLASS,
    WINS_SERVER,
    WPAD,
    DhcpFailover,
    DhcpOption,
    DhcpPolicy,
    DhcpRange,
    DhcpReservation,
    DhcpScope,
    DhcpServer,
    FailoverMode,
    ServerRole,
)
from lab.model.dhcp6_builder import WrittenScope6, read_scope6
from lab.model.dhcp_options import dhcp_options
from lab.model.names import quoted
from lab.model.reading import Reader, shown

Written = TypeVar("Written")

MAX_CLIENT_LEAD_TIME_S: Final = 3600


class Options(TypedDict, total=False):
    """The options that have names (Set-DhcpServerv4OptionValue), and ``options`` for all others, by number."""

    router: str | Sequence[str]
    dns_server: str | Sequence[str]
    dns_domain: str
    wins_server: str | Sequence[str]
    wpad: str
    vendor_class_id: str
    boot_server: str
    boot_file: str
    options: Mapping[int, str | int | Sequence[str]]


_NUMBERS: Final[Mapping[str, int]] = {
    "router": ROUTER,
    "dns_server": DNS_SERVER,
    "dns_domain": DNS_DOMAIN,
    "wins_server": WINS_SERVER,
    "wpad": WPAD,
    "vendor_class_id": VENDOR_CLASS,
    "boot_server": BOOT_SERVER,
    "boot_file": BOOT_FILE,
}


@dataclass(frozen=True, slots=True)
class WrittenReservation:
    """A reservation as somebody wrote it."""

    ip: object
    client_id: object
    name: object
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class WrittenPolicy:
    """A policy as somebody wrote it."""

    name: object
    architecture: object
    vendor_class: object
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class WrittenScope:
    """A scope as somebody wrote it."""

    subnet: object
    start: object
    end: object
    name: object
    lease_duration_s: object
    active: object
    exclusions: object
    reservations: object
    policies: object
    options: Mapping[str, Any] = field(default_factory=dict)


def dhcp_reservation(ip: str, client_id: str, *, name: str = "", **options: Unpack[Options]) -> WrittenReservation:
    """Return a reservation for :func:`dhcp_scope`: an address for the client with a MAC address."""
    return WrittenReservation(ip, client_id, name, dict(options))


def dhcp_policy(
    name: str, *, architecture: int | None = None, vendor_class: str = "", **options: Unpack[Options]
) -> WrittenPolicy:
    """Return a policy: options for PXE clients of an architecture (option 93), or of a vendor class (option 60)."""
    return WrittenPolicy(name, architecture, vendor_class, dict(options))


def dhcp_scope(  # noqa: PLR0913 - settings given by name
    subnet: str,
    start: str,
    end: str,
    *,
    name: str = "",
    lease_duration_s: int = LEASE_DURATION_S,
    active: bool = True,
    exclusions: Iterable[tuple[str, str] | str] = (),
    reservations: Iterable[WrittenReservation] = (),
    policies: Iterable[WrittenPolicy] = (),
    **options: Unpack[Options],
) -> WrittenScope:
    """Return a scope for :meth:`VmBuilder.dhcp_server`: the addresses from `start` to `end` of a subnet.

    ``lease_duration_s`` in seconds. ``exclusions`` are pairs of first and last address, or single addresses.
    """
    return WrittenScope(
        subnet, start, end, name, lease_duration_s, active, exclusions, reservations, policies, dict(options)
    )


def read_server(read: Reader, scopes: Iterable[object], policies: object, options: Mapping[str, Any]) -> DhcpServer:
    """Return a server; what cannot be read of it is a mistake."""
    given = list(scopes)
    found = tuple(scope for each in given if not isinstance(each, WrittenScope6) and (scope := _scope(read, each)))
    found6 = tuple(six for each in given if isinstance(each, WrittenScope6) and (six := read_scope6(read, each)))
    return DhcpServer(found, _options(read, options), tuple(_policies(read, policies)), scopes6=found6)


def read_failover(  # noqa: PLR0913 - settings given by name
    read: Reader,
    server: DhcpServer,
    name: object,
    partner: object,
    scope_ids: object,
    mode: object,
    server_role: object,
    reserve_percent: object,
    max_client_lead_time_s: object,
) -> DhcpFailover:
    """Return a relationship for scopes of a server, of all of them unless some are named."""
    given = [str(scope.id) for scope in server.scopes] if scope_ids is None else read.listed("scope_ids", scope_ids)
    ids = tuple(found for each in given if (found := _address(read, "scope id", each)))
    scopes = tuple(scope for each in ids if (scope := server.scope(each)))
    return DhcpFailover(
        read.name("failover", name, "failover"),
        read.name("VM", partner, ""),
        ids,
        read.choice("mode", mode, FailoverMode, FailoverMode.LOAD_BALANCE),
        read.choice("server_role", server_role, ServerRole, ServerRole.ACTIVE),
        read.number("reserve_percent", reserve_percent, 5),
        read.number("max_client_lead_time_s", max_client_lead_time_s, MAX_CLIENT_LEAD_TIME_S),
        replicated=scopes,
    )


def read_relay(read: Reader, servers: Iterable[object]) -> tuple[IPv4Address, ...]:
    """Return the servers of a relay agent."""
    return tuple(found for each in servers if (found := _address(read, "DHCP server", each)))


def _scope(read: Reader, written: object) -> DhcpScope | None:
    if not isinstance(written, WrittenScope):
        example = 'dhcp_scope("10.0.1.0/24", "10.0.1.100", "10.0.1.200")'
        read.mistake(f"a DHCP scope of {quoted(read.owner)} is {shown(written)}", f"expected {example}")
        return None
    nets = read.networks((written.subnet,))
    start, end = (_address(read, "range", each) for each in (written.start, written.end))
    subnet = nets[0] if nets else None
    if subnet is not None and not isinstance(subnet, IPv4Network):
        read.mistake(f"a DHCP scope of {quoted(read.owner)} is for {subnet}", "expected an IPv4 subnet")
    if not isinstance(subnet, IPv4Network) or start is None or end is None:
        return None
    exclusions = (_range(read, each) for each in read.listed("exclusions", written.exclusions))
    reservations = (_reservation(read, each) for each in read.listed("reservations", written.reservations))
    return DhcpScope(
        subnet,
        start,
        end,
        read.name("scope", written.name, ""),
        read.number("lease_duration_s", written.lease_duration_s, LEASE_DURATION_S),
        read.flag("active", written.active, True),
        tuple(each for each in exclusions if each),
        tuple(each for each in reservations if each),
        _options(read, written.options),
        tuple(_policies(read, written.policies)),
    )


def _range(read: Reader, written: object) -> DhcpRange | None:
    pair = (written, written) if isinstance(written, str) else written
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        example = '("10.0.1.150", "10.0.1.159")'
        read.mistake(f"an exclusion of {quoted(read.owner)} is {shown(written)}", f"expected {example}")
        return None
    start, end = (_address(read, "exclusion", each) for each in pair)
    return DhcpRange(start, end) if start and end else None


def _reservation(read: Reader, written: object) -> DhcpReservation | None:
    if not isinstance(written, WrittenReservation):
        example = 'dhcp_reservation("10.0.1.50", "00-15-5D-01-02-03")'
        read.mistake(f"a reservation of {quoted(read.owner)} is {shown(written)}", f"expected {example}")
        return None
    ip = _address(read, "reservation", written.ip)
    try:
        mac = parse_mac(str(written.client_id))
    except ValueError as error:
        read.mistake(f"a reservation of {quoted(read.owner)}: {error}")
        return None
    return (
        DhcpReservation(ip, mac, read.name("client", written.name, ""), _options(read, written.options)) if ip else None
    )


def _policies(read: Reader, written: object) -> Iterator[DhcpPolicy]:
    for each in read.listed("policies", written):
        if not isinstance(each, WrittenPolicy):
            example = 'dhcp_policy("UEFI", architecture=7, boot_file="bootx64.efi")'
            read.mistake(f"a policy of {quoted(read.owner)} is {shown(each)}", f"expected {example}")
            continue
        architecture = None if each.architecture is None else read.number("architecture", each.architecture, 0)
        vendor = read.name("vendor class", each.vendor_class, "")
        yield DhcpPolicy(read.name("policy", each.name, "policy"), architecture, vendor, _options(read, each.options))


def _options(read: Reader, given: Mapping[str, Any]) -> tuple[DhcpOption, ...]:
    found: dict[int, DhcpOption] = {}
    for number, value in dhcp_options(read, given, _NUMBERS, 'options={252: "http://..."}'):
        _add(found, read, number, value)
    return tuple(found[number] for number in sorted(found))


def _add(found: dict[int, DhcpOption], read: Reader, number: int, value: object) -> None:
    values = tuple(str(each) for each in value) if isinstance(value, tuple | list) else (str(value),)
    what = f"DHCP option {number} of {quoted(read.owner)}"
    if not 0 < number < 255 or number in KEPT_OPTIONS:
        read.mistake(f"{what} cannot be set", "expected one that is the server's to give, from 2 to 254")
    elif number in found:
        read.mistake(f"{what} is set twice", "once is enough")
    elif number in ADDRESS_OPTIONS and any(_address(read, f"DHCP option {number}", each) is None for each in values):
        return
    elif number in NUMBER_OPTIONS and not _fits(values, NUMBER_OPTIONS[number]):
        read.mistake(f"{what} is {shown(value)}", f"expected a number of {8 * NUMBER_OPTIONS[number]} bits")
    elif not 0 < len(" ".join(values).encode()) <= 255:
        read.mistake(f"{what} is {shown(value)}", "expected 1 to 255 characters")
    else:
        found[number] = DhcpOption(number, values)


def _fits(values: tuple[str, ...], size: int) -> bool:
    try:
        return len(values) == 1 and 0 <= int(values[0], 0) < 256**size
    except ValueError:
        return False


def _address(read: Reader, what: str, value: object) -> IPv4Address | None:
    try:
        found = ip_address(value if isinstance(value, str) else repr(value))
    except ValueError:
        found = None
    if isinstance(found, IPv4Address):
        return found
    read.mistake(f"{what} of {quoted(read.owner)} has the address {shown(value)}", "expected one of IPv4")
    return None
