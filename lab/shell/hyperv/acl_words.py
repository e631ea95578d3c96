"""Addresses, ports and protocols of access lists, as cmdlets are given them (Add-VMNetworkAdapterAcl, …ExtendedAcl)."""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Final

from lab.model.acl import ALL_PORTS, ANY, LARGEST_PORT, PROTOCOLS, Ports
from lab.model.addresses import Network, parse_mac
from lab.shell.errors import ShellError, failure

_PORTS: Final = re.compile(r"\s*([0-9]{1,5})\s*(?:-\s*([0-9]{1,5})\s*)?")
_LARGEST_PROTOCOL: Final = 255


def is_any(text: str) -> bool:
    """Tell whether a text is the word for everything, in whatever case."""
    return text.strip().upper() == ANY


def prefix(name: str, text: str) -> Network | None:
    """Return an address, or a prefix of which what follows the network is of no account; None for ANY."""
    if is_any(text):
        return None
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        remedy = "Write it like 192.168.1.0/24, 2001:db8::/32, 192.168.1.10 or ANY."
        raise _wrong(name, text, remedy) from None


def mac(name: str, text: str) -> str:
    """Return a MAC address, also a multicast one: entries of access lists can be about such addresses."""
    if is_any(text):
        return ANY
    plain = re.sub("[:-]", "", text.strip()).lower()
    if re.fullmatch("[0-9a-f]{12}", plain):
        return ":".join(plain[at : at + 2] for at in range(0, 12, 2))
    raise _wrong(name, text, "Write it like 00-15-5D-01-02-03 or ANY.")


def static_mac(name: str, text: str) -> str:
    """Return the address that an adapter is to have."""
    try:
        return parse_mac(text.strip())
    except ValueError as error:
        raise _wrong(name, text, f"{str(error)[:1].upper()}{str(error)[1:]}.") from None


def ports(name: str, text: str) -> Ports:
    """Return a port, or a range of them."""
    if is_any(text):
        return ALL_PORTS
    found = _PORTS.fullmatch(text)
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
    if first > last or last > LARGEST_PORT:
        raise _wrong(name, text, "Specify a port such as 80, a range such as 49152-49182, or ANY.")
    return first, last


def protocol(name: str, text: str) -> int | None:
    """Return the number of a protocol; None for ANY."""
    if is_any(text):
        return None
    plain = text.strip().upper()
    number = PROTOCOLS.get(plain, int(plain) if re.fullmatch("[0-9]{1,3}", plain) else -1)
    if not 0 <= number <= _LARGEST_PROTOCOL:
        raise _wrong(name, text, "Specify TCP, UDP, a number from 0 to 255 (ICMP is 1), or ANY.")
    return number


def _wrong(name: str, text: str, remedy: str) -> ShellError:
    return failure(f"The value '{text}' of parameter '{name}' is not valid.", target=text, remedy=remedy)
