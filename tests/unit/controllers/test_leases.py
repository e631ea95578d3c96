"""Which address a client gets: laws of the book of leases, over whatever clients do."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface

import pytest
from hypothesis import given
from hypothesis import strategies as some

from controllers.leases import DECLINED_S, OFFER_S, Client, LeaseBook
from lab.codec import dumps
from lab.intent.leases import Leases, leases_in
from lab.model.default_switch import LEASE_S, LeasedSubnet

SMALL = LeasedSubnet(IPv4Interface("172.27.48.1/29"), (IPv4Address("172.27.48.4"),))
LEASABLE = {IPv4Address(f"172.27.48.{last}") for last in (2, 3, 5, 6)}
USUAL = LeasedSubnet(IPv4Interface("172.27.48.1/20"))


def client(number: int, name: str = "") -> Client:
    """Return a client."""
    return Client(f"01{number:012x}", f"00:15:5d:00:00:{number:02x}", f"vm{number}/Network Adapter", name)


def got(book: LeaseBook, number: int, now: float = 0.0) -> IPv4Address | None:
    """Let a client have whatever it is offered."""
    address = book.offered(client(number).client, None, now)
    return address if address and book.leased(client(number), address, now) else None


STEPS = some.lists(
    some.tuples(
        some.sampled_from(["offer", "lease", "release", "decline", "withdraw"]),
        some.integers(1, 6),
        some.sampled_from([*sorted(LEASABLE), IPv4Address("172.27.48.1"), IPv4Address("172.27.48.4"),
                           IPv4Address("172.27.48.0"), IPv4Address("172.27.48.7"), IPv4Address("10.0.0.1")]),
        some.sampled_from([0, 1, OFFER_S, DECLINED_S, LEASE_S]),
    ),
    max_size=40,
)  # fmt: skip


@given(STEPS)
def test_laws(steps: list[tuple[str, int, IPv4Address, int]]) -> None:
    book, now, before = LeaseBook(SMALL), 0.0, dict[str, IPv4Address]()
    for act, number, address, passes in steps:
        now += passes
        who = client(number)
        running = {each.client: each.address for each in book.leases() if each.expires > now and not each.declined}
        if act == "offer":
            offered = book.offered(who.client, address, now)
            assert offered is None or offered in LEASABLE
            assert offered is None or offered not in {at for other, at in running.items() if other != who.client}
        elif act == "lease":
            lease = book.leased(who, address, now)
            assert lease is None or (lease.address in LEASABLE and lease.expires == int(now) + LEASE_S)
            assert lease is None or address not in {at for other, at in running.items() if other != who.client}
        elif act == "release":
            assert book.released(who.client, address, now) == (running.get(who.client) == address)
        elif act == "decline":
            book.declined(who, address, now)
        else:
            book.withdrawn(who.client)
        leases = book.leases()
        assert {each.address for each in leases} <= LEASABLE
        assert len({each.address for each in leases}) == len(leases)
        clients = [each.client for each in leases if not each.declined]
        assert len(set(clients)) == len(clients), "a client has one address"
        assert leases_in(dumps(Leases(leases))) == leases
        assert LeaseBook(SMALL, leases).leases() == leases
        after = {each.client: each.address for each in leases if each.expires > now and not each.declined}
        taken = {one for one in before if one not in after and one != who.client and running.get(one)}
        assert not taken, "nobody takes a lease away"
        before = after


@given(some.sets(some.integers(0, 1000), min_size=1, max_size=50))
def test_every_client_gets_an_address_of_its_own_and_the_same_again(numbers: set[int]) -> None:
    book = LeaseBook(USUAL)
    first = {number: got(book, number) for number in sorted(numbers)}
    assert len(set(first.values())) == len(numbers)
    assert first == {number: got(book, number, 10.0) for number in sorted(numbers, reverse=True)}
    late = 10.0 + LEASE_S + 1
    assert first == {number: got(book, number, late) for number in sorted(numbers)}, "also when they had expired"


def test_a_lost_book_gives_a_client_the_address_it_had() -> None:
    assert got(LeaseBook(USUAL), 7) == got(LeaseBook(USUAL), 7)


def test_a_full_subnet_gives_the_address_whose_lease_expired_first() -> None:
    book = LeaseBook(SMALL)
    had = {number: got(book, number, float(number)) for number in (1, 2, 3, 4)}
    assert set(had.values()) == LEASABLE
    assert got(book, 5, 5.0) is None
    assert book.released(client(3).client, had[3] or IPv4Address(0), 6.0)
    assert got(book, 5, 7.0) == had[3]
    assert got(book, 3, 8.0) is None
    assert got(book, 6, LEASE_S + 1.5) == had[1]


def test_a_client_gets_what_it_asks_for_if_that_is_free() -> None:
    book, wanted = LeaseBook(USUAL), IPv4Address("172.27.50.50")
    assert book.offered(client(1).client, wanted, 0.0) == wanted
    assert book.offered(client(2).client, wanted, 1.0) != wanted, "it is offered to somebody else"
    assert book.offered(client(2).client, wanted, OFFER_S + 1.0) == wanted
    assert book.offered(client(2).client, IPv4Address("172.27.48.1"), 40.0) != IPv4Address("172.27.48.1")


def test_an_offer_keeps_an_address_for_its_client_only() -> None:
    book = LeaseBook(USUAL)
    address = book.offered(client(1).client, None, 0.0)
    assert address and book.leased(client(2), address, 1.0) is None
    assert book.leased(client(1), address, 2.0)


def test_an_address_that_a_client_declined_is_left_alone_for_a_while() -> None:
    book = LeaseBook(SMALL)
    had = {number: got(book, number) for number in (1, 2, 3, 4)}
    assert book.declined(client(1), had[1] or IPv4Address(0), 1.0)
    assert not book.declined(client(2), had[3] or IPv4Address(0), 1.0), "it is not the client's"
    assert got(book, 1, 2.0) is None
    assert book.of(client(1).client) is None
    assert got(book, 1, 2.0 + DECLINED_S) == had[1]


def test_leases_of_another_subnet_are_forgotten() -> None:
    book = LeaseBook(USUAL)
    got(book, 1)
    assert LeaseBook(LeasedSubnet(IPv4Interface("172.20.16.1/20")), book.leases()).leases() == ()


@pytest.mark.parametrize("name", ["", "web1"])
def test_a_lease_has_the_name_and_the_adapter(name: str) -> None:
    book = LeaseBook(USUAL)
    lease = book.leased(client(1, name), IPv4Address("172.27.48.9"), 100.0)
    assert lease and (lease.host_name, lease.adapter, lease.expires) == (name, "vm1/Network Adapter", 100 + LEASE_S)
