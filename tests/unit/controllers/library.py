"""What the OpenFlow library makes of flows, to compare ours with; a program for another Python, with another library.

It imports nothing of the tests: there may be another package of that name.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Iterable
from typing import Any

from controllers.framework import ofproto, parser, protocol
from controllers.openflow.cookies import cookie_of
from controllers.openflow.encode import instructions
from controllers.openflow.flow_mods import flow_mod, in_bundle
from controllers.pipeline.fields import FIELDS
from controllers.pipeline.tables import stage_named
from controllers.pipeline.values import Flow, Match

XID, BUNDLE_ID, FLAGS = 0x12345678, 7, 3
PROTOCOL = protocol()


def message(flow: Flow, command: int) -> Any:
    """Return the library's message that adds or deletes a flow."""
    return parser.OFPFlowMod(
        PROTOCOL,
        cookie=cookie_of(flow),
        table_id=stage_named(flow.stage).number,
        command=command,
        priority=int(flow.priority),
        match=_match(flow.match),
        instructions=instructions(flow.actions),
        out_port=ofproto.OFPP_ANY,
        out_group=ofproto.OFPG_ANY,
    )


def _match(wanted: Match) -> Any:
    fields: dict[str, object] = {}
    for criterion in wanted:
        field = FIELDS[criterion.field]
        value = field.wire(criterion.value)
        fields[field.openflow_name] = value if criterion.is_exact else (value, field.wire(criterion.mask))
    return parser.OFPMatch(**fields)


def differences(flows: Iterable[Flow]) -> list[Flow]:
    """Return the flows of which we make other octets than the library does, alone or in a bundle."""
    return [
        flow
        for flow in flows
        for command in (ofproto.OFPFC_ADD, ofproto.OFPFC_DELETE_STRICT)
        if _ours(flow, command) != _theirs(flow, command)
    ]


def _ours(flow: Flow, command: int) -> tuple[bytes, bytes]:
    octets = flow_mod(flow, command, XID)
    return octets, in_bundle(octets, BUNDLE_ID, FLAGS, XID)


def _theirs(flow: Flow, command: int) -> tuple[bytes, bytes]:
    inner = message(flow, command)
    outer = parser.ONFBundleAddMsg(PROTOCOL, BUNDLE_ID, FLAGS, inner, [])
    outer.set_xid(XID)
    outer.serialize()
    return bytes(inner.buf), bytes(outer.buf)


if __name__ == "__main__":
    assert differences(pickle.load(sys.stdin.buffer)) == []
