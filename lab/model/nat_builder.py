"""How a topology script writes the static mappings of a host's NAT (see :mod:`lab.model.nat`).

>>> hv1.nat("NatNet", "192.168.100.0/24", nat_mapping("TCP", 8080, "192.168.100.2", 80))
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address

from lab.model.names import quoted
from lab.model.nat import ANY_ADDRESS, NatMapping
from lab.model.reading import Reader, shown


@dataclass(frozen=True, slots=True)
class WrittenMapping:
    """A static mapping as somebody wrote it."""

    protocol: object
    external_port: object
    internal_ip: object
    internal_port: object
    external_ip: object


def nat_mapping(
    protocol: str,
    external_port: int,
    internal_ip: str,
    internal_port: int | None = None,
    *,
    external_ip: str = "0.0.0.0",
) -> WrittenMapping:
    """Return a mapping for :meth:`HostBuilder.nat`; the internal port is the external one unless given."""
    port = external_port if internal_port is None else internal_port
    return WrittenMapping(protocol, external_port, internal_ip, port, external_ip)


def read_mappings(read: Reader, written: Iterable[object]) -> tuple[NatMapping, ...]:
    """Return mappings; what cannot be read is a mistake."""
    return tuple(found for each in written if (found := _mapping(read, each)))


def _mapping(read: Reader, written: object) -> NatMapping | None:
    if not isinstance(written, WrittenMapping):
        read.mistake(f"a mapping of {quoted(read.owner)} is {shown(written)}", 'expected nat_mapping("TCP", 8080, ...)')
        return None
    protocol = str(written.protocol).upper()
    external = read.number("external_port", written.external_port, 1)
    internal = read.number("internal_port", written.internal_port, 1)
    inside, outside = (_address(read, each) for each in (written.internal_ip, written.external_ip))
    if inside is None or outside is None:
        return None
    return NatMapping(protocol, external, inside, internal, outside)


def _address(read: Reader, value: object) -> IPv4Address | None:
    try:
        found = ip_address(str(value))
    except ValueError:
        found = None
    if isinstance(found, IPv4Address):
        return found
    read.mistake(
        f"a mapping of {quoted(read.owner)} has the address {shown(value)}", f"expected one of IPv4, or {ANY_ADDRESS}"
    )
    return None
