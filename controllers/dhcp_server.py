"""What the DHCP server of a Default Switch answers (RFC 2131, 4.3). Pure but for its book; time is passed in.

It is one server of a broadcast domain that may have others: of what it knows nothing, it says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final

from controllers.leases import Client, LeaseBook
from controllers.packets.datagram import BROADCAST, BROADCAST_MAC, Datagram
from controllers.packets.dhcp import CLIENT_PORT, NOWHERE, SERVER_PORT, Answer, Kind, Option, Question, octets_of
from controllers.pipeline.fields import mac_text
from lab.model.default_switch import LEASE_S, SUFFIX

RENEW_S: Final = LEASE_S // 2
REBIND_S: Final = LEASE_S * 7 // 8
"""When a client asks to go on (T1), and when it asks any server (T2; RFC 2131, 4.4.5)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer to a question, None if there is none, and whether the leases have changed."""

    answer: Answer | None = None
    changed: bool = False


NOTHING: Final = Outcome()


class DhcpServer:
    """The server of one switch."""

    def __init__(self, book: LeaseBook) -> None:
        self._book = book
        self._me = book.subnet.address.ip

    def outcome(self, question: Question, adapter: str, now: float, *, to_me_alone: bool) -> Outcome:
        """Return what to do about a question; ``to_me_alone``: it was not broadcast."""
        if question.relay != NOWHERE:
            return NOTHING  # a relay asks for a subnet that is not here
        client = Client(question.client_id.hex(), mac_text(question.mac), adapter, question.host_name)
        match question.kind:
            case Kind.DISCOVER:
                return self._offer(question, client, now)
            case Kind.REQUEST:
                return self._request(question, client, now, to_me_alone)
            case Kind.INFORM if question.address != NOWHERE:
                return Outcome(self._positive(question, Kind.ACK, NOWHERE))
            case Kind.DECLINE if question.server == self._me and question.requested:
                return Outcome(changed=self._book.declined(client, question.requested, now))
            case Kind.RELEASE if question.server in (self._me, None):
                return Outcome(changed=self._book.released(client.client, question.address, now))
        return NOTHING

    def _offer(self, question: Question, client: Client, now: float) -> Outcome:
        found = self._book.offered(client.client, question.requested, now)
        return Outcome(self._positive(question, Kind.OFFER, found)) if found else NOTHING

    def _request(self, question: Question, client: Client, now: float, to_me_alone: bool) -> Outcome:
        if question.server is not None:
            if question.server != self._me:
                self._book.withdrawn(client.client)
                return NOTHING
            return self._lease(question, client, question.requested or question.address, now)
        wanted = question.requested if question.address == NOWHERE else question.address
        if wanted is None:
            return NOTHING
        if wanted not in self._book.subnet.address.network:
            return Outcome(self._negative(question))
        lease = self._book.of(client.client)
        if lease is None and not to_me_alone:
            return NOTHING  # another server may know the client
        if lease is None or lease.address != wanted:
            return Outcome(self._negative(question))
        return self._lease(question, client, wanted, now)

    def _lease(self, question: Question, client: Client, address: IPv4Address, now: float) -> Outcome:
        lease = self._book.leased(client, address, now)
        if lease is None:
            return Outcome(self._negative(question))
        return Outcome(self._positive(question, Kind.ACK, address), changed=True)

    def _positive(self, question: Question, kind: Kind, yours: IPv4Address) -> Answer:
        known = {
            Option.SUBNET_MASK: self._book.subnet.address.netmask.packed,
            Option.ROUTER: self._me.packed,
            Option.DNS_SERVER: self._me.packed,
            Option.DOMAIN_NAME: SUFFIX.encode(),
        }
        times = (Option.LEASE_TIME, LEASE_S), (Option.RENEWAL_TIME, RENEW_S), (Option.REBINDING_TIME, REBIND_S)
        options: list[tuple[int, bytes]] = [(Option.SERVER, self._me.packed)]
        if yours != NOWHERE:  # who only informs itself leases nothing
            options += [(option, seconds.to_bytes(4, "big")) for option, seconds in times]
        asked: Iterable[int] = known if question.wanted is None else dict.fromkeys(question.wanted)
        # The mask comes before the router, whatever the client's order is (RFC 2132, 3.3).
        ordered = sorted((each for each in asked if each in known), key=lambda each: each != Option.SUBNET_MASK)
        options += [(each, known[Option(each)]) for each in ordered]
        address = question.address if kind is Kind.ACK else NOWHERE
        return self._answer(question, kind, address, yours, options)

    def _negative(self, question: Question) -> Answer:
        options = [(Option.SERVER, self._me.packed), (Option.MESSAGE, b"the address is not yours")]
        return self._answer(question, Kind.NAK, NOWHERE, NOWHERE, options)

    def _answer(
        self,
        question: Question,
        kind: Kind,
        address: IPv4Address,
        yours: IPv4Address,
        options: Iterable[tuple[int, bytes]],
    ) -> Answer:
        # A server gives a client's identifier back (RFC 6842).
        echo = [(Option.CLIENT_ID, question.client_id)] if question.said_id and len(question.client_id) < 256 else []
        return Answer(kind, question.xid, question.mac, question.broadcast, address, yours, (*options, *echo))

    def datagram(self, answer: Answer, server_mac: int) -> Datagram:
        """Return the datagram of an answer, from the management OS to who should get it (RFC 2131, 4.1)."""
        target, mac = BROADCAST, BROADCAST_MAC
        if answer.kind is not Kind.NAK:
            if answer.address != NOWHERE:
                target, mac = answer.address, answer.mac
            elif not answer.broadcast:
                target, mac = answer.yours, answer.mac
        return Datagram(server_mac, mac, self._me, target, SERVER_PORT, CLIENT_PORT, octets_of(answer))
