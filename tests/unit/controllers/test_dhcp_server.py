"""What the DHCP server of a Default Switch answers, in each state that a client may be in (RFC 2131, 4.3)."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Interface

import pytest

from controllers.dhcp_server import DhcpServer
from controllers.leases import LeaseBook
from controllers.packets.datagram import frame_of
from controllers.packets.dhcp import Question, read_question
from lab.model.default_switch import LEASE_S, LeasedSubnet
from tests import dhcp

HOST, HOST_MAC = "172.27.48.1", "00:15:5d:00:00:fe"
ONE, TWO = "00:15:5d:00:00:01", "00:15:5d:00:00:02"
ADDRESS, OTHER, OUTSIDE = "172.27.48.9", "172.27.48.10", "10.0.0.9"
ME, SOMEBODY = {54: socket.inet_aton(HOST)}, {54: socket.inet_aton("172.27.48.77")}


class Server:
    """A server, and what reaches its clients."""

    def __init__(self) -> None:
        self.book = LeaseBook(LeasedSubnet(IPv4Interface(f"{HOST}/20")))
        self.server = DhcpServer(self.book)
        self.now = 1000.0
        self.changed = False

    def asked(
        self,
        kind: int,
        mac: str = ONE,
        options: Mapping[int, bytes] | None = None,
        *,
        alone: bool = False,
        **fields: str | int,
    ) -> dhcp.Reply | None:
        """Ask; return the answer as a client sees it."""
        question = read_question(dhcp.message(kind, mac, options or {}, **fields))
        assert isinstance(question, Question)
        outcome = self.server.outcome(question, "vm/Network Adapter", self.now, to_me_alone=alone)
        self.changed = outcome.changed
        if outcome.answer is None:
            return None
        return dhcp.reply(frame_of(self.server.datagram(outcome.answer, int(HOST_MAC.replace(":", ""), 16))))

    def leased(self, mac: str = ONE, address: str = ADDRESS) -> None:
        """Let a client have an address."""
        ack = self.asked(dhcp.REQUEST, mac, {50: socket.inet_aton(address), **ME})
        assert ack and (ack.kind, ack.yiaddr) == (dhcp.ACK, address) and self.changed


@pytest.fixture
def server() -> Server:
    return Server()


def want(address: str) -> dict[int, bytes]:
    return {50: socket.inet_aton(address)}


def test_offer(server: Server) -> None:
    offer = server.asked(dhcp.DISCOVER, options=want(ADDRESS))
    assert offer and (offer.kind, offer.yiaddr, offer.ciaddr) == (dhcp.OFFER, ADDRESS, "0.0.0.0")
    assert offer[54] == socket.inet_aton(HOST)
    assert not server.changed, "an offer is no lease"
    times = {code: int.from_bytes(offer[code], "big") for code in (51, 58, 59)}
    assert times == {51: LEASE_S, 58: LEASE_S // 2, 59: LEASE_S * 7 // 8}
    assert (offer[1], offer[3], offer[6]) == (bytes([255, 255, 240, 0]), *(2 * [socket.inet_aton(HOST)]))
    assert offer[15] == b"mshome.net"
    assert not server.book.leases()


def test_only_what_is_asked_for_in_the_order_of_the_client_but_the_mask_first(server: Server) -> None:
    offer = server.asked(dhcp.DISCOVER, options={55: bytes([6, 42, 3, 1, 6])})
    assert offer and [code for code in offer.codes if code in (1, 3, 6, 15, 42)] == [1, 6, 3]


def test_the_identifier_of_a_client_comes_back(server: Server) -> None:
    with_id, without = server.asked(dhcp.DISCOVER, options={61: b"\0abc"}), server.asked(dhcp.DISCOVER)
    assert with_id and with_id[61] == b"\0abc"
    assert without and 61 not in without.codes


def test_two_identifiers_are_two_clients(server: Server) -> None:
    one, two = (server.asked(dhcp.DISCOVER, options={61: name}) for name in (b"\0one", b"\0two"))
    assert one and two and one.yiaddr != two.yiaddr


@pytest.mark.parametrize(
    ("kind", "fields", "to"),
    [
        (dhcp.DISCOVER, {}, (ADDRESS, ONE)),
        (dhcp.DISCOVER, {"flags": 0x8000}, ("255.255.255.255", dhcp.EVERYONE)),
        (dhcp.REQUEST, {}, (ADDRESS, ONE)),
        (dhcp.REQUEST, {"flags": 0x8000}, ("255.255.255.255", dhcp.EVERYONE)),
    ],
)
def test_where_an_answer_goes(server: Server, kind: int, fields: dict[str, int], to: tuple[str, str]) -> None:
    answer = server.asked(kind, options=want(ADDRESS) | (ME if kind == dhcp.REQUEST else {}), **fields)
    assert answer and (answer.to_ip, answer.to_mac) == to
    assert (answer.from_ip, answer.from_mac) == (HOST, HOST_MAC)
    assert answer.flags == fields.get("flags", 0)


# -- DHCPREQUEST, in the four states ----------------------------------------------------------------------------------


def test_selecting(server: Server) -> None:
    server.leased()
    assert [str(each.address) for each in server.book.leases()] == [ADDRESS]


def test_selecting_what_somebody_else_has(server: Server) -> None:
    server.leased(TWO)
    nak = server.asked(dhcp.REQUEST, options=want(ADDRESS) | ME)
    assert nak and (nak.kind, nak.to_ip, nak.yiaddr) == (dhcp.NAK, "255.255.255.255", "0.0.0.0")
    assert not server.changed


@pytest.mark.parametrize("address", [OUTSIDE, HOST, "172.27.48.0", "172.27.63.255"])
def test_selecting_what_nobody_can_have(server: Server, address: str) -> None:
    nak = server.asked(dhcp.REQUEST, options=want(address) | ME)
    assert nak and nak.kind == dhcp.NAK


def test_selecting_another_server(server: Server) -> None:
    offer = server.asked(dhcp.DISCOVER, options=want(ADDRESS))
    assert offer and server.asked(dhcp.REQUEST, options=want(ADDRESS) | SOMEBODY) is None
    server.leased(TWO)  # what was offered is free


def test_after_a_restart_of_the_client(server: Server) -> None:
    server.leased()
    ack = server.asked(dhcp.REQUEST, options=want(ADDRESS))
    assert ack and (ack.kind, ack.yiaddr, ack.ciaddr) == (dhcp.ACK, ADDRESS, "0.0.0.0")
    nak = server.asked(dhcp.REQUEST, options=want(OTHER))
    assert nak and nak.kind == dhcp.NAK
    nak = server.asked(dhcp.REQUEST, options=want(OUTSIDE))
    assert nak and nak.kind == dhcp.NAK, "it is not of this subnet"


def test_after_a_restart_of_an_unknown_client_nothing_is_said(server: Server) -> None:
    assert server.asked(dhcp.REQUEST, options=want(ADDRESS)) is None


@pytest.mark.parametrize("alone", [True, False], ids=["renewing", "rebinding"])
def test_renewing_and_rebinding(server: Server, alone: bool) -> None:
    server.leased()
    server.now += LEASE_S / 2
    ack = server.asked(dhcp.REQUEST, alone=alone, ciaddr=ADDRESS)
    assert ack and (ack.kind, ack.yiaddr, ack.ciaddr, ack.to_ip) == (dhcp.ACK, ADDRESS, ADDRESS, ADDRESS)
    assert server.book.leases()[0].expires == int(server.now) + LEASE_S


@pytest.mark.parametrize("alone", [True, False], ids=["renewing", "rebinding"])
def test_renewing_and_rebinding_what_is_another_client_s(server: Server, alone: bool) -> None:
    server.leased(TWO)
    server.leased(ONE, OTHER)
    nak = server.asked(dhcp.REQUEST, alone=alone, ciaddr=ADDRESS)
    assert nak and (nak.kind, nak.to_ip) == (dhcp.NAK, "255.255.255.255")


def test_renewing_and_rebinding_of_an_unknown_client(server: Server) -> None:
    nak = server.asked(dhcp.REQUEST, alone=True, ciaddr=ADDRESS)
    assert nak and nak.kind == dhcp.NAK, "it has asked this server alone"
    assert server.asked(dhcp.REQUEST, ciaddr=ADDRESS) is None, "another server may know it"


# -- the others -------------------------------------------------------------------------------------------------------


def test_release(server: Server) -> None:
    server.leased()
    assert server.asked(dhcp.RELEASE, TWO, ME, ciaddr=ADDRESS) is None
    assert not server.changed, "it is not that client's"
    assert server.asked(dhcp.RELEASE, options=ME, ciaddr=ADDRESS) is None
    assert server.changed and server.book.leases()[0].expires == 1000
    server.leased(TWO)


def test_decline(server: Server) -> None:
    server.leased()
    assert server.asked(dhcp.DECLINE, options=want(ADDRESS) | SOMEBODY) is None and not server.changed
    assert server.asked(dhcp.DECLINE, options=want(ADDRESS) | ME) is None and server.changed
    offer = server.asked(dhcp.DISCOVER, options=want(ADDRESS))
    assert offer and offer.yiaddr != ADDRESS


def test_inform(server: Server) -> None:
    ack = server.asked(dhcp.INFORM, ciaddr=ADDRESS)
    assert ack and (ack.kind, ack.yiaddr, ack.to_ip) == (dhcp.ACK, "0.0.0.0", ADDRESS)
    assert not {51, 58, 59} & set(ack.codes)
    assert ack[15] == b"mshome.net"
    assert not server.changed
    assert server.asked(dhcp.INFORM) is None


@pytest.mark.parametrize("kind", [dhcp.DISCOVER, dhcp.REQUEST, dhcp.INFORM, dhcp.RELEASE, dhcp.DECLINE])
def test_relays_are_not_served(server: Server, kind: int) -> None:
    assert server.asked(kind, options=want(ADDRESS), giaddr="10.0.0.1") is None
    assert not server.changed


def test_the_book_is_the_only_memory(server: Server) -> None:
    server.leased()
    again = DhcpServer(LeaseBook(server.book.subnet, server.book.leases()))
    question = read_question(dhcp.message(dhcp.REQUEST, ONE, ciaddr=ADDRESS))
    assert isinstance(question, Question)
    answer = again.outcome(question, "vm/Network Adapter", 2000.0, to_me_alone=True).answer
    assert answer and answer.kind == dhcp.ACK and answer.yours == IPv4Address(ADDRESS)
