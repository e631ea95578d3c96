"""Whom Windows Deployment Services answer, what, and where."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from lab.emulation.pxe import packets
from lab.emulation.pxe.packets import ACK, DISCOVER, MACHINE, OFFER, REQUEST, Message
from lab.emulation.pxe.responder import Answers, target_of

MAC = bytes.fromhex("00155d010203")
WDS = IPv4Address("10.0.1.3")
ANSWERS = Answers(WDS, "wds1", {0: "bios.com", 7: "uefi.efi"})


def asked(kind: int, architecture: int = 7, vendor: bytes = b"PXEClient:Arch:00007", **more: object) -> Message:
    options = {
        packets.TYPE: bytes([kind]),
        packets.VENDOR_CLASS: vendor,
        packets.ARCHITECTURE: architecture.to_bytes(2, "big"),
        MACHINE: b"\0" + bytes(16),
    }
    return Message(1, 77, MAC, options, **more)  # type: ignore[arg-type]


def test_a_discover_gets_an_offer_without_an_address() -> None:
    found = ANSWERS.to(asked(DISCOVER), 67)
    assert found and found.kind == OFFER and found.is_pxe
    assert (found.yiaddr, found.siaddr, found.server, found.boot_file) == (IPv4Address(0), WDS, WDS, "")
    assert (found.xid, found.mac, found.options[MACHINE]) == (77, MAC, b"\0" + bytes(16))


@pytest.mark.parametrize(("architecture", "file"), [(0, "bios.com"), (7, "uefi.efi")])
def test_a_request_on_port_4011_gets_the_file_for_its_architecture(architecture: int, file: str) -> None:
    found = ANSWERS.to(asked(REQUEST, architecture, ciaddr=IPv4Address("10.0.1.100")), 4011)
    assert found and found.kind == ACK
    assert (found.boot_file, found.siaddr, found.ciaddr) == (file, WDS, IPv4Address("10.0.1.100"))


@pytest.mark.parametrize(
    ("message", "port"),
    [
        (asked(DISCOVER, vendor=b"MSFT 5.0"), 67),
        (asked(REQUEST), 67),
        (asked(DISCOVER), 4011),
        (asked(DISCOVER, architecture=11), 67),
        (Message(1, 1, MAC, {packets.TYPE: bytes([DISCOVER]), packets.VENDOR_CLASS: b"PXEClient"}), 67),
        (Message(2, 1, MAC, {packets.TYPE: bytes([OFFER]), packets.VENDOR_CLASS: b"PXEClient"}), 67),
    ],
    ids=["no PXE", "a request to DHCP servers", "a discover to 4011", "unknown firmware", "no firmware", "an answer"],
)
def test_nothing_else_is_answered(message: Message, port: int) -> None:
    assert ANSWERS.to(message, port) is None


def test_an_answer_goes_to_where_it_can_be_heard() -> None:
    assert target_of(asked(DISCOVER), ("0.0.0.0", 68), 67) == ("255.255.255.255", 68)
    relayed = asked(DISCOVER, giaddr=IPv4Address("10.0.3.1"))
    assert target_of(relayed, ("10.0.2.9", 67), 67) == ("10.0.3.1", 67)
    assert target_of(asked(REQUEST), ("10.0.1.100", 68), 4011) == ("10.0.1.100", 68)
