"""What is encoded reads back as the same value, through the bytes on the wire."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from controllers import framework
from controllers.compiler import compile_switch
from controllers.diff import AddGroup, PutFlow, PutMeter
from controllers.openflow import decode
from controllers.openflow.cookies import learned_cookie, read
from controllers.openflow.encode import message_of
from tests.unit.controllers.views import VIEWS

PROGRAMS = {name: compile_switch(view) for name, view in VIEWS.items()}


def over_the_wire(message: Any) -> Any:
    """Return what the framework's parser makes of a message's bytes."""
    message.set_xid(1)
    message.serialize()
    length, kind, version = len(message.buf), message.msg_type, message.version
    return type(message).parser(parser_datapath(), version, kind, length, 1, bytes(message.buf))


def described_group(group_mod: Any) -> Any:
    """Return the description a switch would give of the group that a message adds."""
    buckets = content(group_mod)
    header = struct.pack("!HBxI", 8 + len(buckets), group_mod.type, group_mod.group_id)
    return group_mod.datapath.ofproto_parser.OFPGroupDescStats.parser(header + buckets, 0)


def described_meter(meter_mod: Any) -> Any:
    """Return the configuration a switch would give of the meter that a message adds."""
    bands = content(meter_mod)
    header = struct.pack("!HHI", 8 + len(bands), meter_mod.flags, meter_mod.meter_id)
    return meter_mod.datapath.ofproto_parser.OFPMeterConfigStats.parser(header + bands, 0)


def content(message: Any) -> bytes:
    """Return what comes after a message's 16 bytes of header: buckets and bands are the same bytes in a description."""
    message.set_xid(1)
    message.serialize()
    return bytes(message.buf[16:])


def parser_datapath() -> Any:
    """Return the description of the protocol that messages are made with."""
    return framework.protocol()


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_flows_read_back(name: str) -> None:
    for flow in PROGRAMS[name].flows:
        assert decode.flow_of(over_the_wire(message_of(PutFlow(flow), parser_datapath()))) == flow


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_groups_read_back(name: str) -> None:
    for group in PROGRAMS[name].groups:
        description = described_group(message_of(AddGroup(group), parser_datapath()))
        assert decode.installed([], [description]).groups == ((group.group_id, group),)


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_meters_read_back(name: str) -> None:
    for meter in PROGRAMS[name].meters:
        description = described_meter(message_of(PutMeter(meter, is_new=True), parser_datapath()))
        assert decode.installed([], [], [description]).meters == ((meter.ofport, meter),)


def test_learned_entries_are_told_apart() -> None:
    flow = PROGRAMS["learning"].flows[0]
    message = over_the_wire(message_of(PutFlow(flow), parser_datapath()))
    message.cookie = learned_cookie(3, 300)
    assert decode.installed([message], []).learned == {learned_cookie(3, 300)}


@pytest.mark.parametrize(
    "change",
    [{"cookie": 7}, {"table_id": 99}, {"hard_timeout": 5}, {"flags": 1}, {"cookie": learned_cookie(3, 300) ^ 1 << 48}],
    ids=["cookie", "table", "timeout", "flags", "kind"],
)
def test_what_we_could_not_have_sent_is_an_alien(change: dict[str, int]) -> None:
    message = over_the_wire(message_of(PutFlow(PROGRAMS["learning"].flows[0]), parser_datapath()))
    for name, value in change.items():
        setattr(message, name, value)
    found = decode.installed([message], [])
    assert len(found.aliens) == 1
    assert not found.flows


def test_other_learn_action_is_an_alien() -> None:
    flow = next(flow for flow in PROGRAMS["learning"].flows if flow.stage == "learn" and flow.match)
    message = over_the_wire(message_of(PutFlow(flow), parser_datapath()))
    message.instructions[0].actions[0].flags = 0
    assert len(decode.installed([message], []).aliens) == 1


@pytest.mark.parametrize("cookie", [0, 1, (1 << 64) - 1, 0x48FF010000000001, 0x4801010000FF0000, 0x4800FF0000000000])
def test_cookies_that_are_not_ours(cookie: int) -> None:
    assert read(cookie) is None
