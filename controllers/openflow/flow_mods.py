"""Changes of flows as octets: there are thousands, and messages of the library would take most of the time of a change.

Formats and field numbers are the library's, as are the octets of actions; only the fields' values are put between them
here. A test compares all of it with what the library makes of the same flows.
"""

from __future__ import annotations

import struct
from functools import cache, lru_cache
from typing import Any, Final

from controllers.framework import ofproto
from controllers.openflow.cookies import cookie_of
from controllers.openflow.encode import instructions
from controllers.pipeline.fields import FIELDS
from controllers.pipeline.tables import stage_named
from controllers.pipeline.values import Actions, Flow, Match

_HEADER: Final = struct.Struct(ofproto.OFP_HEADER_PACK_STR)
_FIXED: Final = struct.Struct(ofproto.OFP_FLOW_MOD_PACK_STR0)
_MATCH: Final = struct.Struct("!HH")
_BUNDLED: Final = struct.Struct(ofproto.OFP_EXPERIMENTER_HEADER_PACK_STR + ofproto.ONF_BUNDLE_ADD_MSG_PACK_STR[1:])
_EXPERIMENTER: Final = 0x4F4E4600
"""The Open Networking Foundation's number for its extensions of OpenFlow 1.3, bundles (EXT-230) among them."""


def flow_mod(flow: Flow, command: int, xid: int) -> bytes:
    """Return the message that adds a flow (``OFPFC_ADD``) or deletes exactly this one (``OFPFC_DELETE_STRICT``)."""
    fixed = _FIXED.pack(
        cookie_of(flow), 0, stage_named(flow.stage).number, command, 0, 0, int(flow.priority),
        ofproto.OFP_NO_BUFFER, ofproto.OFPP_ANY, ofproto.OFPG_ANY, 0,
    )  # fmt: skip
    return _message(ofproto.OFPT_FLOW_MOD, xid, fixed + _match(flow.match) + _instructions(flow.actions))


def in_bundle(inner: bytes, bundle_id: int, flags: int, xid: int) -> bytes:
    """Return the message that adds another one, of the same `xid`, to a bundle."""
    head = _BUNDLED.pack(_EXPERIMENTER, ofproto.ONF_ET_BUNDLE_ADD_MESSAGE, bundle_id, flags)
    return _message(ofproto.OFPT_EXPERIMENTER, xid, head + inner)


def _message(kind: int, xid: int, body: bytes) -> bytes:
    return _HEADER.pack(ofproto.OFP_VERSION, kind, _HEADER.size + len(body), xid) + body


def _match(wanted: Match) -> bytes:
    parts = []
    # The library's order: what a field needs, such as eth_type, comes before it.
    for criterion in sorted(wanted, key=lambda criterion: _place(criterion.field)):
        head, size = _head(criterion.field, criterion.is_exact)
        parts += [head, criterion.value.to_bytes(size, "big")]
        if not criterion.is_exact:
            parts.append(criterion.mask.to_bytes(size, "big"))
    fields = b"".join(parts)
    length = _MATCH.size + len(fields)
    return _MATCH.pack(ofproto.OFPMT_OXM, length) + fields + bytes(-length % 8)


@cache
def _place(field: str) -> int:
    number: Any = ofproto.oxm_from_user_header(FIELDS[field].openflow_name)
    place: int = number[0] if isinstance(number, tuple) else number
    return place


@cache
def _head(field: str, is_exact: bool) -> tuple[bytes, int]:
    """Return what stands before the value of a field, and how many octets a value has."""
    value = FIELDS[field].wire(0)
    number, octets, mask = ofproto.oxm_from_user(FIELDS[field].openflow_name, value if is_exact else (value, value))
    buffer = bytearray()
    length: int = ofproto.oxm_serialize(number, octets, mask, buffer, 0)
    size = len(octets)
    return bytes(buffer[: length - size * (1 if is_exact else 2)]), size


@lru_cache(maxsize=4096)
def _instructions(actions: Actions) -> bytes:
    buffer = bytearray()
    for instruction in instructions(actions):
        instruction.serialize(buffer, len(buffer))
    return bytes(buffer)
