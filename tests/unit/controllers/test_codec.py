"""What is encoded reads back as the same value, through the bytes on the wire."""

from __future__ import annotations

import os
import pickle
import struct
import subprocess
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from controllers import framework
from controllers.compiler import compile_switch
from controllers.diff import AddGroup, PutMeter
from controllers.openflow import decode
from controllers.openflow.cookies import learned_cookie, read
from controllers.openflow.encode import message_of
from controllers.openflow.flow_mods import flow_mod
from controllers.pipeline.fields import FIELDS
from controllers.pipeline.tables import STAGES
from controllers.pipeline.values import Criterion, Flow
from tests.dataplane.controller import ROOT, ryu_python
from tests.unit.controllers import library
from tests.unit.controllers.views import VIEWS

PROGRAMS = {name: compile_switch(view) for name, view in VIEWS.items()}
COMPILED = [flow for program in PROGRAMS.values() for flow in program.flows]


def over_the_wire(flow: Flow) -> Any:
    """Return what the framework's parser makes of the octets that add a flow."""
    octets = flow_mod(flow, framework.ofproto.OFPFC_ADD, 1)
    version, kind, length, xid = struct.unpack_from("!BBHI", octets)
    assert length == len(octets)
    return framework.parser.OFPFlowMod.parser(parser_datapath(), version, kind, length, xid, octets)


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
        assert decode.flow_of(over_the_wire(flow)) == flow


def scattered(random: Random, count: int) -> Iterator[Flow]:
    """Yield flows that match anything, with actions, owners and priorities of compiled ones."""
    for _ in range(count):
        flow = random.choice(COMPILED)
        criteria = (_criterion(random, name) for name in random.sample(sorted(FIELDS), random.randrange(9)))
        stage = random.choice(STAGES).name
        yield Flow(stage, random.randrange(1 << 16), tuple(sorted(criteria)), flow.actions, flow.owner)


def _criterion(random: Random, name: str) -> Criterion:
    full = FIELDS[name].full_mask
    mask = random.choice(
        (full, full, full & full << random.randrange(1, FIELDS[name].bits), random.getrandbits(4) or 1)
    )
    return Criterion(name, random.choice((0, full, random.randint(0, full))) & mask, mask)


ALL_SORTS = [*COMPILED, *scattered(Random(1), 500)]


def test_flows_have_the_octets_that_the_library_gives_them() -> None:
    assert library.differences(ALL_SORTS) == []


@pytest.mark.ryu
@pytest.mark.skipif(ryu_python() is None, reason="no interpreter with Ryu 4.34: see tests/dataplane")
def test_flows_have_the_octets_that_ryu_gives_them() -> None:
    done = subprocess.run(
        [str(ryu_python()), "-W", "ignore", library.__file__],
        input=pickle.dumps(ALL_SORTS), capture_output=True, check=False, timeout=60,
        env=os.environ | {"HVLAB_OPENFLOW": "ryu", "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_groups_read_back(name: str) -> None:
    for group in PROGRAMS[name].groups:
        description = described_group(message_of(AddGroup(group), parser_datapath()))
        assert decode.installed([], [description]).groups == ((group.group_id, group),)


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_meters_read_back(name: str) -> None:
    for meter in PROGRAMS[name].meters:
        description = described_meter(message_of(PutMeter(meter, is_new=True), parser_datapath()))
        assert decode.installed([], [], [description]).meters == ((meter.number, meter),)


def test_learned_entries_are_told_apart() -> None:
    flow = PROGRAMS["learning"].flows[0]
    message = over_the_wire(flow)
    message.cookie = learned_cookie(3, 300)
    assert decode.installed([message], []).learned == {learned_cookie(3, 300)}


@pytest.mark.parametrize(
    "change",
    [{"cookie": 7}, {"table_id": 99}, {"hard_timeout": 5}, {"flags": 1}, {"cookie": learned_cookie(3, 300) ^ 1 << 48}],
    ids=["cookie", "table", "timeout", "flags", "kind"],
)
def test_what_we_could_not_have_sent_is_an_alien(change: dict[str, int]) -> None:
    message = over_the_wire(PROGRAMS["learning"].flows[0])
    for name, value in change.items():
        setattr(message, name, value)
    found = decode.installed([message], [])
    assert len(found.aliens) == 1
    assert not found.flows


def test_other_learn_action_is_an_alien() -> None:
    flow = next(flow for flow in PROGRAMS["learning"].flows if flow.stage == "learn" and flow.match)
    message = over_the_wire(flow)
    message.instructions[0].actions[0].flags = 0
    assert len(decode.installed([message], []).aliens) == 1


@pytest.mark.parametrize("cookie", [0, 1, (1 << 64) - 1, 0x48FF010000000001, 0x4801010000FF0000, 0x4800FF0000000000])
def test_cookies_that_are_not_ours(cookie: int) -> None:
    assert read(cookie) is None
