"""The DHCP service of a switch between its frames and its documents: what is written when, and what is answered then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Interface

import pytest
from hypothesis import given
from hypothesis import strategies as some

from controllers.dhcp_service import DhcpService
from controllers.view import SwitchView
from lab.intent.leases import IGNORED_KEY, LEASES_KEY, Ignored, ignored_in, leases_in
from lab.model.default_switch import LeasedSubnet
from tests import dhcp
from tests.unit.controllers.views import VIEWS, mac

VIEW = VIEWS["default-switch"]
HOST, HOST_PORT, CLIENT = "172.27.48.1", 2, 3
ADDRESS = "172.27.48.50"


@dataclass
class Documents:
    """A store that writes when it is told to."""

    texts: dict[str, str] = field(default_factory=dict)
    waiting: list[tuple[str, str, Callable[[], None]]] = field(default_factory=list)

    def read(self, key: str) -> str | None:
        return self.texts.get(key)

    def write(self, key: str, text: str, written: Callable[[], None]) -> None:
        self.waiting.append((key, text, written))

    def flush(self) -> None:
        waiting, self.waiting = self.waiting, []
        for key, text, written in waiting:
            self.texts[key] = text
            written()


class Served:
    """A service, with what it has sent."""

    def __init__(self, documents: Documents | None = None, view: SwitchView = VIEW) -> None:
        self.documents = documents or Documents()
        self.later: list[Callable[[], None]] = []
        self.service = DhcpService(self.documents, lambda _, act: self.later.append(act))
        self.view = view
        self.sent: list[tuple[int, dhcp.Reply | None]] = []

    def frame(self, frame: bytes, ofport: int = CLIENT, now: float = 100.0) -> None:
        self.service.asked(self.view, ofport, frame, now, lambda port, data: self.sent.append((port, dhcp.reply(data))))

    def asked(
        self, kind: int, options: dict[int, bytes] | None = None, ofport: int = CLIENT, **fields: str | int
    ) -> None:
        self.frame(dhcp.frame(dhcp.message(kind, mac(ofport), options, **fields), mac(ofport)), ofport)

    def answers(self) -> list[tuple[int, int]]:
        """Return what was sent since it was last asked: by which port, and of what type."""
        found, self.sent = [(port, reply.kind) for port, reply in self.sent if reply], []
        return found


def wanted(address: str = ADDRESS) -> dict[int, bytes]:
    return {50: bytes(map(int, address.split("."))), 54: bytes(map(int, HOST.split(".")))}


def test_an_offer_is_sent_at_once_and_an_acknowledgement_when_it_is_written() -> None:
    served = Served()
    served.asked(dhcp.DISCOVER)
    assert served.answers() == [(HOST_PORT, dhcp.OFFER)]
    assert not served.documents.waiting
    served.asked(dhcp.REQUEST, wanted())
    assert served.answers() == []
    served.documents.flush()
    assert served.answers() == [(HOST_PORT, dhcp.ACK)]
    (lease,) = leases_in(served.documents.texts[LEASES_KEY])
    assert (str(lease.address), lease.adapter, lease.expires) == (ADDRESS, "vm3/Network Adapter", 100 + 86400)


def test_a_refusal_changes_nothing() -> None:
    served = Served()
    served.asked(dhcp.REQUEST, wanted("172.27.48.9"))  # a static address
    assert served.answers() == [(HOST_PORT, dhcp.NAK)]
    assert not served.documents.waiting


def test_a_service_that_begins_again_knows_its_leases() -> None:
    first = Served()
    first.asked(dhcp.REQUEST, wanted())
    first.documents.flush()
    again = Served(first.documents)
    again.asked(dhcp.REQUEST, ciaddr=ADDRESS)
    again.documents.flush()
    assert again.answers() == [(HOST_PORT, dhcp.ACK)]
    again.asked(dhcp.REQUEST, wanted(), ofport=4)
    assert again.answers() == [(HOST_PORT, dhcp.NAK)]


def test_another_subnet_forgets_the_leases_of_the_old_one() -> None:
    served = Served()
    served.asked(dhcp.REQUEST, wanted())
    served.documents.flush()
    served.answers()
    moved = replace(VIEW.intent, default_switch=LeasedSubnet(IPv4Interface("172.20.16.1/20")))
    served.view = replace(VIEW, intent=moved)
    served.asked(dhcp.REQUEST, ciaddr=ADDRESS)
    assert served.answers() == [(HOST_PORT, dhcp.NAK)]


@pytest.mark.parametrize("text", ["", "rubbish", '{"leases": [1]}', '{"others": []}'])
def test_documents_that_nobody_can_read_are_begun_anew(text: str) -> None:
    served = Served(Documents({LEASES_KEY: text, IGNORED_KEY: text}))
    served.frame(b"")
    served.asked(dhcp.DISCOVER)
    assert served.answers() == [(HOST_PORT, dhcp.OFFER)]


def test_what_is_no_message_is_counted_by_adapter_and_noted_after_a_while() -> None:
    served = Served()
    for _ in range(3):
        served.frame(b"")
    served.asked(dhcp.OFFER)
    served.frame(b"", ofport=4)
    assert len(served.later) == 1, "all of it is noted together"
    served.later.pop()()
    served.documents.flush()
    assert ignored_in(served.documents.texts[IGNORED_KEY]) == (
        Ignored("vm3/Network Adapter", "a type of message that no client sends", 1),
        Ignored("vm3/Network Adapter", "cut short", 3),
        Ignored("vm4/Network Adapter", "cut short", 1),
    )
    again = Served(served.documents)
    again.frame(b"")
    again.later.pop()()
    again.documents.flush()
    counts = {(each.adapter, each.why): each.frames for each in ignored_in(again.documents.texts[IGNORED_KEY])}
    assert counts["vm3/Network Adapter", "cut short"] == 4


@pytest.mark.parametrize("ofport", [HOST_PORT, 77])
def test_only_vms_are_served(ofport: int) -> None:
    served = Served()
    served.asked(dhcp.DISCOVER, ofport=ofport)
    assert served.answers() == [] and not served.later


def test_a_switch_without_a_server_says_nothing() -> None:
    served = Served(view=VIEWS["default-switch-without-host"])
    served.asked(dhcp.DISCOVER)
    assert served.answers() == []


@given(some.lists(some.binary(max_size=400), max_size=8))
def test_no_frame_raises(frames: list[bytes]) -> None:
    served = Served()
    for frame in frames:
        served.frame(frame)
        served.frame(dhcp.frame(frame, mac(3)))
        served.frame(dhcp.frame(dhcp.bootp(mac(3), dhcp.COOKIE + frame), mac(3)))
    for act in served.later:
        act()
    served.documents.flush()
