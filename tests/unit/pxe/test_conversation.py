"""Which answers a boot loader goes by."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from ipaddress import IPv4Address
from types import SimpleNamespace
from typing import ClassVar

import pytest

from lab.emulation.pxe import packets
from lab.emulation.pxe.conversation import BootFile, Conversation, Failure, Lease
from lab.emulation.pxe.packets import ACK, DISCOVER, NAK, OFFER, REQUEST, Message

MAC = bytes.fromhex("00155d010203")
DHCP, OTHER, WDS = (IPv4Address(f"10.0.1.{at}") for at in (2, 4, 3))
MINE = IPv4Address("10.0.1.100")


def offer(server: IPv4Address = DHCP, address: IPv4Address = MINE, pxe: bool = False, file: str = "") -> Message:
    options = {packets.TYPE: bytes([OFFER]), packets.SERVER: server.packed}
    if pxe:
        options[packets.VENDOR_CLASS] = b"PXEClient"
    return Message(2, 77, MAC, options, yiaddr=address, siaddr=server if file else IPv4Address(0), file=file)


PROXY = offer(WDS, IPv4Address(0), pxe=True)


class Wire:
    """Servers that answer a discover with offers, and a request with an acknowledgement of the one that is named."""

    now_s: ClassVar[float] = 0.0

    def __init__(self, offers: Iterable[Message], kind: int = ACK) -> None:
        self.offers = tuple(offers)
        self.kind = kind
        self.asked: list[Message] = []
        self.waiting: deque[Message] = deque()

    def broadcast(self, packet: bytes) -> None:
        payload = packets.payload_for(packet, packets.SERVER_PORT)
        assert payload
        asked = packets.decode(payload)
        self.asked.append(asked)
        if asked.kind == DISCOVER:
            self.waiting.extend(self.offers)
        for each in self.offers if asked.kind == REQUEST else ():
            if each.server == asked.address(packets.SERVER):
                self.waiting.append(replace(each, options={**each.options, packets.TYPE: bytes([self.kind])}))

    def receive(self, timeout_s: float) -> bytes:
        if not self.waiting:
            Wire.now_s += timeout_s
            raise TimeoutError
        message = self.waiting.popleft()
        return packets.datagram(message.server, MINE, (67, 68), packets.encode(message))


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time passes only while somebody waits in vain."""
    monkeypatch.setattr("lab.emulation.pxe.conversation.time", SimpleNamespace(monotonic=lambda: Wire.now_s))


def talk(wire: Wire) -> Conversation:
    return Conversation(wire, MAC, 77, 7, bytes(16))


@pytest.mark.parametrize(
    ("offers", "chosen", "teller"),
    [
        ([offer()], DHCP, None),
        ([offer(), PROXY], DHCP, WDS),
        ([PROXY, offer()], DHCP, WDS),
        ([offer(file="a.efi"), PROXY], DHCP, DHCP),
        ([offer(pxe=True), PROXY], DHCP, DHCP),
        ([offer(OTHER), offer(file="a.efi")], DHCP, DHCP),
        ([offer(OTHER, file="a.efi"), offer(pxe=True)], DHCP, DHCP),
        ([offer(OTHER), offer()], OTHER, None),
    ],
    ids=["alone", "and WDS", "WDS first", "66 and 67", "option 60", "who tells a file", "who says PXE", "the first"],
)
def test_the_offer_that_is_taken(offers: list[Message], chosen: IPv4Address, teller: IPv4Address | None) -> None:
    wire = Wire(offers)
    lease = talk(wire).lease()
    assert lease.answer.server == chosen
    assert (lease.teller.server if lease.teller else None) == teller
    requested = wire.asked[-1]
    assert requested.address(packets.REQUESTED) == MINE and requested.address(packets.SERVER) == chosen


@pytest.mark.parametrize(
    ("offers", "kind", "words"),
    [
        ([], ACK, "PXE-E51: No DHCP or proxyDHCP offers were received"),
        ([PROXY], ACK, "PXE-E52: proxyDHCP offers were received. No DHCP offers were received"),
        ([offer()], NAK, "PXE-E51: .* took its offer back"),
        ([offer()], 0, "PXE-E51: .* not acknowledged"),
        ([replace(offer(), xid=78), replace(offer(), mac=bytes(6)), replace(offer(), op=1)], ACK, "PXE-E51"),
    ],
    ids=["nobody", "boot servers only", "refused", "forgotten", "for others"],
)
def test_without_an_address_it_says_why(offers: list[Message], kind: int, words: str) -> None:
    with pytest.raises(Failure, match=words):
        talk(Wire(offers, kind)).lease()


def lease(answer: Message, proxy: Message | None = None) -> Lease:
    return Lease(replace(answer, options={**answer.options, packets.TYPE: bytes([ACK])}), proxy)


@pytest.mark.parametrize(
    ("found", "asked"),
    [
        (lease(offer(file="a.efi")), None),
        (lease(offer(pxe=True, file="a.efi")), DHCP),
        (lease(offer(), PROXY), WDS),
        (lease(offer(), replace(PROXY, file="a.efi", siaddr=WDS)), None),
    ],
    ids=["66 and 67", "option 60 too", "WDS", "WDS that tells at once"],
)
def test_who_is_asked_at_port_4011(found: Lease, asked: IPv4Address | None, monkeypatch: pytest.MonkeyPatch) -> None:
    servers = []

    def ask(self: Conversation, of: Lease, server: IPv4Address) -> Message:
        servers.append(server)
        return offer(server, file="told.efi")

    monkeypatch.setattr(Conversation, "_ask_proxy", ask)
    told = talk(Wire(())).boot_file(found)
    assert servers == ([asked] if asked else [])
    assert told == BootFile(asked or found.teller.server, "told.efi" if asked else "a.efi")  # type: ignore[union-attr]


def test_without_a_boot_file_it_says_so() -> None:
    with pytest.raises(Failure, match="PXE-E53: No boot filename received"):
        talk(Wire(())).boot_file(lease(offer()))


def test_option_66_is_the_boot_server_unless_the_header_names_one() -> None:
    named = {packets.BOOT_SERVER: b"10.0.1.9", packets.BOOT_FILE: b"a.efi"}
    answer = replace(offer(), options={**offer().options, **named})
    assert talk(Wire(())).boot_file(lease(answer)) == BootFile(IPv4Address("10.0.1.9"), "a.efi")
    assert talk(Wire(())).boot_file(lease(replace(answer, siaddr=WDS))) == BootFile(WDS, "a.efi")
