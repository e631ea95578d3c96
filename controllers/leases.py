"""Which address a client of a Default Switch gets: the same one whenever it can be. Time is passed in, in seconds.

An address that is not leased any more is still remembered for the client that had it, and given to somebody else only
when no other is left (RFC 2131, 1.6 and 4.3.1). A client that nobody remembers gets the address that its identifier
stands for, so that it would even get it from a book that was lost.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from typing import Final

from lab.intent.leases import Lease
from lab.model.default_switch import LEASE_S, LeasedSubnet

OFFER_S: Final = 30
"""How long an address that was offered is kept for the client that may ask for it."""

DECLINED_S: Final = 3600
"""How long an address that a client has found to be somebody else's is left alone."""


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks: its identifier as hexadecimal digits, its MAC address, its adapter, and the name it gives itself."""

    client: str
    mac: str
    adapter: str
    host_name: str = ""


class LeaseBook:
    """The leases of one subnet: no address has two clients, and no client two addresses."""

    def __init__(self, subnet: LeasedSubnet, leases: Iterable[Lease] = ()) -> None:
        self.subnet = subnet
        network = subnet.address.network
        self._first, self._last = int(network.network_address) + 1, int(network.broadcast_address) - 1
        self._never = {int(subnet.address.ip), *map(int, subnet.reserved)}
        self._leases: dict[int, Lease] = {}
        self._addresses: dict[str, int] = {}
        self._offers: dict[int, tuple[str, float]] = {}
        for lease in leases:
            if self._is_ours(int(lease.address)):
                self._put(lease)

    def leases(self) -> tuple[Lease, ...]:
        """Return all leases by address, those that have expired among them."""
        return tuple(self._leases[address] for address in sorted(self._leases))

    def of(self, client: str) -> Lease | None:
        """Return the lease that a client has, or had last."""
        return self._leases.get(self._addresses.get(client, 0))

    def offered(self, client: str, wanted: IPv4Address | None, now: float) -> IPv4Address | None:
        """Choose an address for a client and keep it for a while; None if there is none."""
        own = self._addresses.get(client, 0)
        hoped = (own, int(wanted) if wanted else 0)
        found = next((each for each in hoped if each and self._may_have(each, client, now)), 0)
        found = found or self._unknown(client, now) or self._oldest(client, now)
        if not found:
            return None
        for address in [each for each, (holder, _) in self._offers.items() if holder == client]:
            del self._offers[address]
        self._offers[found] = client, now + OFFER_S
        return IPv4Address(found)

    def leased(self, client: Client, address: IPv4Address, now: float) -> Lease | None:
        """Lease an address to a client, or go on leasing it; None if the client cannot have it."""
        number = int(address)
        if not self._may_have(number, client.client, now):
            return None
        self._offers.pop(number, None)
        name = client.host_name
        lease = Lease(address, client.mac, client.client, int(now) + LEASE_S, client.adapter, name)
        self._put(lease)
        return lease

    def released(self, client: str, address: IPv4Address, now: float) -> bool:
        """End a client's lease of an address; it is remembered. Tell whether the client had it."""
        lease = self.of(client)
        if lease is None or lease.address != address or lease.expires <= now:
            return False
        self._put(replace(lease, expires=int(now)))
        return True

    def declined(self, client: Client, address: IPv4Address, now: float) -> bool:
        """Leave an address alone that a client has found to be somebody else's; tell whether the client had it."""
        number = int(address)
        mine = self._addresses.get(client.client) == number or self._offer_holder(number, now) == client.client
        if not mine:
            return False
        self._offers.pop(number, None)
        self._put(Lease(address, client.mac, client.client, int(now) + DECLINED_S, client.adapter, declined=True))
        return True

    def withdrawn(self, client: str) -> None:
        """Forget what a client was offered: it has chosen another server."""
        for address in [each for each, (holder, _) in self._offers.items() if holder == client]:
            del self._offers[address]

    def _put(self, lease: Lease) -> None:
        number = int(lease.address)
        before = self._leases.get(number)
        if before is not None and self._addresses.get(before.client) == number:
            del self._addresses[before.client]
        if not lease.declined:
            other = self._addresses.get(lease.client)
            if other is not None and other != number:
                del self._leases[other]
            self._addresses[lease.client] = number
        self._leases[number] = lease

    def _is_ours(self, number: int) -> bool:
        return self._first <= number <= self._last and number not in self._never

    def _may_have(self, number: int, client: str, now: float) -> bool:
        lease = self._leases.get(number)
        free = lease is None or lease.expires <= now or (lease.client == client and not lease.declined)
        return free and self._is_ours(number) and self._offer_holder(number, now) in ("", client)

    def _offer_holder(self, number: int, now: float) -> str:
        holder, until = self._offers.get(number, ("", now))
        return holder if until > now else ""

    def _unknown(self, client: str, now: float) -> int:
        """Return an address that nobody had before, 0 if there is none."""
        digest = hashlib.blake2s(client.encode(), digest_size=8).digest()
        start = int.from_bytes(digest, "big") % (self._last - self._first + 1)
        return next(
            (
                number
                for number in self._from(start)
                if number not in self._leases and number not in self._never and not self._offer_holder(number, now)
            ),
            0,
        )

    def _from(self, start: int) -> Iterator[int]:
        yield from range(self._first + start, self._last + 1)
        yield from range(self._first, self._first + start)

    def _oldest(self, client: str, now: float) -> int:
        """Return the address whose lease has expired first, 0 if none has."""
        expired = [(lease.expires, number) for number, lease in self._leases.items() if lease.expires <= now]
        return next((number for _, number in sorted(expired) if self._may_have(number, client, now)), 0)
