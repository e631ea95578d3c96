"""The DHCP service of one switch: questions in, answers out, and its leases in OVSDB, from where it takes them again.

An address is acknowledged when it is written that it is leased, and not before: so no restart of the controller can
forget it. Whatever a client sends, this does not raise; what is no message is counted.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from ipaddress import IPv4Address
from typing import Final, Protocol

from controllers.dhcp_server import DhcpServer
from controllers.leases import LeaseBook
from controllers.packets.datagram import Malformed, frame_of, read_datagram
from controllers.packets.dhcp import Question, read_question
from controllers.view import PortView, SwitchView
from lab.codec import CodecError, dumps
from lab.intent.leases import IGNORED_KEY, LEASES_KEY, AllIgnored, Ignored, Lease, ignored_in, leases_in
from lab.model.default_switch import LeasedSubnet

_LOG = logging.getLogger("controllers.dhcp")

IGNORED_AFTER_S: Final = 1.0
"""How long after something was ignored that is written down, with whatever was ignored meanwhile."""

_MOST_IGNORED: Final = 1024
"""How many adapters and reasons are counted; the others are not."""


class Store(Protocol):
    """Where the documents of the switch are kept."""

    def read(self, key: str) -> str | None:
        """Return a document, None if there is none."""

    def write(self, key: str, text: str, written: Callable[[], None]) -> None:
        """Write a document, and call `written` once this text, or a newer one, is there."""


Send = Callable[[int, bytes], None]
"""Lets a frame enter the switch as if it came from a port."""


@dataclass(frozen=True, slots=True)
class _Ends:
    """Who serves and who asks on a switch: the management OS's port, and the adapters of clients by their ports."""

    view: SwitchView
    server: PortView | None
    clients: Mapping[int, str]


class DhcpService:
    """What answers the clients of one Default Switch."""

    def __init__(self, store: Store, later: Callable[[float, Callable[[], None]], None]) -> None:
        self._store = store
        self._later = later
        self._server: DhcpServer | None = None
        self._book: LeaseBook | None = None
        self._ignored: dict[tuple[str, str], int] | None = None
        self._will_note = False
        self._ends: _Ends | None = None

    def asked(self, view: SwitchView, ofport: int, frame: bytes, now: float, send: Send) -> None:
        """Answer the frame that has come by a port, if it is a question and there is an answer."""
        if self._ends is None or self._ends.view is not view:
            self._ends = _Ends(view, view.server(), {each.ofport: each.intent.adapter for each in view.clients()})
        leased, port, adapter = view.intent.default_switch, self._ends.server, self._ends.clients.get(ofport)
        if leased is None or port is None or adapter is None:
            return  # it was on its way when the switch was changed
        found = _question(frame)
        if isinstance(found, Malformed):
            self._ignore(adapter, found)
            return
        question, target = found
        server, book = self._serving(leased)
        outcome = server.outcome(question, adapter, now, to_me_alone=target == leased.address.ip)
        reply = _nothing
        if outcome.answer:
            reply = partial(send, port.ofport, frame_of(server.datagram(outcome.answer, port.mac)))
        if outcome.changed:
            self._store.write(LEASES_KEY, _document(book.leases()), reply)
        else:
            reply()

    def _serving(self, leased: LeasedSubnet) -> tuple[DhcpServer, LeaseBook]:
        """Return the server and its book; when the subnet has changed, with what of the book is still right."""
        if self._book is None or self._book.subnet != leased:
            before = self._stored() if self._book is None else self._book.leases()
            self._book = LeaseBook(leased, before)
            self._server = DhcpServer(self._book)
        assert self._server is not None
        return self._server, self._book

    def _stored(self) -> tuple[Lease, ...]:
        try:
            return leases_in(self._store.read(LEASES_KEY))
        except CodecError as error:
            _LOG.error("the leases are begun anew: %s", error)
            return ()

    def _ignore(self, adapter: str, why: Malformed) -> None:
        counts = self._counts()
        key = adapter, why.value
        if key in counts or len(counts) < _MOST_IGNORED:
            counts[key] = counts.get(key, 0) + 1
        if not self._will_note:
            self._will_note = True
            self._later(IGNORED_AFTER_S, self._note)

    def _counts(self) -> dict[tuple[str, str], int]:
        if self._ignored is None:
            try:
                before = ignored_in(self._store.read(IGNORED_KEY))
            except CodecError as error:
                _LOG.error("what was ignored is counted anew: %s", error)
                before = ()
            self._ignored = {(each.adapter, each.why): each.frames for each in before}
        return self._ignored

    def _note(self) -> None:
        self._will_note = False
        counted = tuple(Ignored(*key, frames) for key, frames in sorted(self._counts().items()))
        self._store.write(IGNORED_KEY, dumps(AllIgnored(counted)), _nothing)


def _question(frame: bytes) -> tuple[Question, IPv4Address] | Malformed:
    """Return the question in a frame, and to whom it was sent."""
    datagram = read_datagram(frame)
    if isinstance(datagram, Malformed):
        return datagram
    question = read_question(datagram.payload)
    return question if isinstance(question, Malformed) else (question, datagram.target)


def _nothing() -> None:
    """Do nothing: there is no answer."""


def _document(leases: tuple[Lease, ...]) -> str:
    """Return the same as ``dumps(Leases(leases))``, sooner where most leases are those of the document before."""
    return f'{{"leases":[{",".join(map(_lease, leases))}]}}' if leases else "{}"


@lru_cache(maxsize=1 << 16)
def _lease(lease: Lease) -> str:
    return dumps(lease)
