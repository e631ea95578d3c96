"""The conversation with one switch: read what it holds, apply changes as one atomic, ordered bundle.

Replies reach :meth:`Channel.received` from the app; whoever asked waits for them here. A refusal names the change it
was about in words.
"""

from __future__ import annotations

import logging
from collections.abc import Container, Iterable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any, TypeAlias

from controllers.compiler import Program
from controllers.diff import (
    Change,
    DeleteAlien,
    DeleteFlow,
    DeleteMeter,
    ForgetLearned,
    GroupChange,
    Installed,
    MeterChange,
    PutFlow,
    PutMeter,
)
from controllers.framework import hub, ofproto, parser
from controllers.openflow import decode
from controllers.openflow.cookies import cookie_of, explain
from controllers.openflow.encode import action_of, message_of
from controllers.openflow.flow_mods import flow_mod, in_bundle
from controllers.pipeline.values import Action
from lab.errors import SwitchFault

_LOG = logging.getLogger("controllers.channel")
_BUNDLE_ID = 1
_BUNDLE_FLAGS = ofproto.ONF_BF_ATOMIC | ofproto.ONF_BF_ORDERED
_LOST = object()
_UNSENT = SimpleNamespace(set_xid=lambda xid: None)
"""Takes a number in the place of a message."""

BundledChange: TypeAlias = PutFlow | DeleteFlow | DeleteAlien | ForgetLearned | GroupChange
_Message: TypeAlias = tuple[int, bytes, Change | str]
"""A message to send: its number, its octets, and what it is about."""

_PAUSE_EVERY = 256
_CODE_PREFIXES = {
    "OFPET_BAD_ACTION": "OFPBAC_",
    "OFPET_BAD_INSTRUCTION": "OFPBIC_",
    "OFPET_BAD_MATCH": "OFPBMC_",
    "OFPET_BAD_REQUEST": "OFPBRC_",
    "OFPET_FLOW_MOD_FAILED": "OFPFMFC_",
    "OFPET_GROUP_MOD_FAILED": "OFPGMFC_",
}


class ChannelLost(Exception):
    """The connection ended before the switch had answered."""


class Silent(ChannelLost):
    """The switch did not answer in time; the connection has been ended."""


class Refused(SwitchFault):
    """The switch refused a change; none of the changes sent with it was made."""


class Channel:
    """One connection to one switch. Only one caller may ask at a time."""

    def __init__(self, datapath: Any, timeout_s: float) -> None:
        self._datapath = datapath
        self._timeout_s = timeout_s
        self._inbox = hub.Queue()

    def received(self, message: Any) -> None:
        """Take a message from the switch."""
        self._inbox.put(message)

    def lost(self) -> None:
        """Tell whoever waits that nothing will come any more."""
        self._inbox.put(_LOST)

    def read_back(self) -> Installed:
        """Return what the switch holds now."""
        flows = self._multipart(parser.OFPFlowStatsRequest(self._datapath))
        groups = self._multipart(parser.OFPGroupDescStatsRequest(self._datapath, 0))
        meters = self._multipart(parser.OFPMeterConfigStatsRequest(self._datapath, 0, ofproto.OFPM_ALL))
        return decode.installed(flows, groups, meters)

    def probe(self) -> None:
        """Return when the switch has answered."""
        self._ask((), {})

    def apply(self, changes: Sequence[Change], program: Program) -> None:
        """Make all changes towards `program`, or none and raise Refused. Returns when the switch confirmed them.

        Open vSwitch commits a bundle without those messages that it could not understand: it is asked before. Meters
        cannot travel in a bundle: new ones are there before it, and old ones until after it.
        """
        about: dict[int, Change | str] = {}
        meters = [change for change in changes if isinstance(change, PutMeter)]
        unused = [change for change in changes if isinstance(change, DeleteMeter)]
        bundled = [change for change in changes if not isinstance(change, PutMeter | DeleteMeter)]
        self._apply_alone(meters, program, about)
        if bundled:
            self._apply_bundle(bundled, program, about)
        self._apply_alone(unused, program, about)

    def send_by(self, way: Action, frames: Iterable[tuple[int, bytes]]) -> None:
        """Send frames by an action as if they had come by some ports; nothing is awaited."""
        for ofport, frame in frames:
            self._send_out(ofport, action_of(way), frame)

    def send_in(self, ofport: int, frame: bytes) -> None:
        """Let a frame enter the switch as if it had come by a port; nothing is awaited."""
        self._send_out(ofport, parser.OFPActionOutput(ofproto.OFPP_TABLE), frame)

    def _send_out(self, ofport: int, action: Any, frame: bytes) -> None:
        message = parser.OFPPacketOut(self._datapath, ofproto.OFP_NO_BUFFER, ofport, [action], frame)
        self._datapath.set_xid(message)
        message.serialize()
        self._datapath.send(bytes(message.buf))

    def _apply_alone(self, changes: Sequence[MeterChange], program: Program, about: dict[int, Change | str]) -> None:
        if not changes:
            return
        errors = self._ask((self._numbered(message_of(change, self._datapath), change) for change in changes), about)
        if errors:
            raise Refused(f"the switch refused to {_in_words(about[errors[0].xid], program)}: {_error_text(errors[0])}")

    def _apply_bundle(self, changes: Sequence[BundledChange], program: Program, about: dict[int, Change | str]) -> None:
        commit = [self._control(ofproto.ONF_BCT_COMMIT_REQUEST, "commit a bundle")]
        for messages in (self._filled(changes), commit):
            if errors := self._ask(messages, about):
                self._ask([self._control(ofproto.ONF_BCT_DISCARD_REQUEST, "discard a bundle")], about)
                # The first error is the cause; the commit's own only says that there was one.
                cause = _in_words(about[errors[0].xid], program)
                raise Refused(f"the switch refused to {cause}: {_error_text(errors[0])}")

    def _filled(self, changes: Sequence[BundledChange]) -> Iterator[_Message]:
        """Yield the messages that open and fill a bundle."""
        yield self._control(ofproto.ONF_BCT_OPEN_REQUEST, "open a bundle")
        for count, change in enumerate(changes, start=1):
            xid = self._next_xid()
            inner = self._octets(change, xid)
            yield xid, in_bundle(inner, _BUNDLE_ID, _BUNDLE_FLAGS, xid), change
            if count % _PAUSE_EVERY == 0:
                hub.sleep(0)  # let other switches' messages through

    def _octets(self, change: BundledChange, xid: int) -> bytes:
        match change:
            case PutFlow(flow):
                return flow_mod(flow, ofproto.OFPFC_ADD, xid)
            case DeleteFlow(flow):
                return flow_mod(flow, ofproto.OFPFC_DELETE_STRICT, xid)
        return _serialized(message_of(change, self._datapath), xid)

    def _ask(self, messages: Iterable[_Message], about: dict[int, Change | str]) -> list[Any]:
        """Send messages and a barrier; return the errors that come of anything in `about`, where these are added."""
        sent = list(messages)
        sent.append(self._numbered(parser.OFPBarrierRequest(self._datapath), "pass a barrier"))
        about.update((xid, what) for xid, _, what in sent)
        self._send(b"".join(octets for _, octets, _ in sent))
        return self._errors_until(sent[-1][0], about)

    def _control(self, kind: int, what: str) -> _Message:
        return self._numbered(parser.ONFBundleCtrlMsg(self._datapath, _BUNDLE_ID, kind, _BUNDLE_FLAGS, []), what)

    def _numbered(self, message: Any, what: Change | str) -> _Message:
        xid = self._next_xid()
        return xid, _serialized(message, xid), what

    def _next_xid(self) -> int:
        xid: int = self._datapath.set_xid(_UNSENT)
        return xid

    def _errors_until(self, xid: int, about: Container[int]) -> list[Any]:
        errors: list[Any] = []
        while True:
            message = self._receive()
            if message.msg_type == ofproto.OFPT_BARRIER_REPLY and message.xid == xid:
                return errors
            if message.msg_type == ofproto.OFPT_ERROR and message.xid in about:
                errors.append(message)
            else:
                self._unexpected(message)

    def _multipart(self, request: Any) -> list[Any]:
        xid, octets, _ = self._numbered(request, "read back")
        self._send(octets)
        body: list[Any] = []
        while True:
            message = self._receive()
            if message.xid != xid:
                self._unexpected(message)
            elif message.msg_type == ofproto.OFPT_ERROR:
                raise Refused(f"the switch would not say what it holds: {_error_text(message)}")
            else:
                body.extend(message.body)
                if not message.flags & ofproto.OFPMPF_REPLY_MORE:
                    return body

    def _send(self, buffer: bytes) -> None:
        if not self._datapath.send(buffer):
            raise ChannelLost("the connection ended")

    def _receive(self) -> Any:
        try:
            message = self._inbox.get(timeout=self._timeout_s)
        except hub.QueueEmpty:
            self._datapath.close()
            raise Silent(f"the switch did not answer for {self._timeout_s:g} s") from None
        if message is _LOST:
            raise ChannelLost("the connection ended")
        return message

    def _unexpected(self, message: Any) -> None:
        if message.msg_type == ofproto.OFPT_ERROR:
            _LOG.warning("switch %016x: error nobody waits for: %s", self._datapath.id, _error_text(message))


def _serialized(message: Any, xid: int) -> bytes:
    message.set_xid(xid)
    message.serialize()
    return bytes(message.buf)


def _in_words(what: Change | str, program: Program) -> str:
    if not isinstance(what, PutFlow):
        return str(what)
    explanation = explain(cookie_of(what.flow), program)
    name = explanation.object_name if explanation else "?"
    return f'{what} (feature {what.flow.owner.feature} of "{name}")'


def _error_text(message: Any) -> str:
    if message.type == ofproto.OFPET_EXPERIMENTER:
        return _constant("ONFERR_ET_", message.exp_type)
    kind = _constant("OFPET_", message.type)
    prefix = _CODE_PREFIXES.get(kind, "")
    return f"{kind} {_constant(prefix, message.code) if prefix else message.code}"


def _constant(prefix: str, value: int) -> str:
    names = [name for name in dir(ofproto) if name.startswith(prefix) and getattr(ofproto, name) == value]
    return names[0] if names else str(value)
