"""Whose a frame is, and what each may send: the commands for a relay, held against what they mean."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from lab.emulation.shaping import change_tree, create_tree, remove_shares, shape
from lab.engine.resources import Relay, Share

MACS = ["00:15:5d:00:00:01", "00:15:5d:00:00:02", "02:15:5d:00:00:01", "ff:ff:5d:00:00:01"]
SHARES = tuple(Share(f"vm{at}/Network Adapter", mac, 10**7 * at) for at, mac in enumerate(MACS, 1))
RELAY = Relay("node", "hv1/Ethernet", "near", "far", 1500, 10**9, 5 * 10**7, SHARES)


def run(relay: Relay, frame: bytes) -> int:
    """Return what the classic BPF program of a relay's filter answers to a frame."""
    (line,) = (line for line in change_tree(relay) if line.startswith("filter"))
    found = re.search(r'bytecode "(\d+),(.*)"', line)
    assert found
    program = [tuple(map(int, each.split())) for each in found[2].split(",")]
    assert len(program) == int(found[1])
    at, accumulator = 0, 0
    while True:
        code, yes, no, value = program[at]
        at += 1
        if code == 0x06:
            return value
        if code == 0x15:
            at += yes if accumulator == value else no
        else:
            accumulator = int.from_bytes(frame[value : value + {0x20: 4, 0x28: 2}[code]])


def sent_from(mac: str, after: bytes = b"\x08\x00") -> bytes:
    return bytes.fromhex(MACS[0].replace(":", "")) + bytes.fromhex(mac.replace(":", "")) + after + bytes(60)


@pytest.mark.parametrize("after", [b"\x08\x00", b"\x81\x00\x00\x0a\x08\x00"], ids=["untagged", "tagged"])
@pytest.mark.parametrize("number", range(len(MACS)), ids=MACS)
def test_a_frame_belongs_to_its_source_address(number: int, after: bytes) -> None:
    assert run(RELAY, sent_from(MACS[number], after)) == 1 << 16 | 16 + number


@pytest.mark.parametrize("mac", ["00:15:5d:00:00:03", "00:16:5d:00:00:01", "00:15:5d:01:00:01", "00:00:00:00:00:00"])
def test_what_is_from_another_address_is_left_to_the_default_class(mac: str) -> None:
    assert run(RELAY, sent_from(mac)) == 0
    assert run(replace(RELAY, shares=()), sent_from(mac)) == 0


def classes(relay: Relay) -> dict[str, tuple[int, int]]:
    """Return rate and ceiling of each class by its number."""
    found = re.findall(r"classid 1:(\w+) htb rate (\d+)bit ceil (\d+)bit", "\n".join(change_tree(relay)))
    return {number: (int(rate), int(ceiling)) for number, rate, ceiling in found}


def test_each_has_what_is_promised_and_may_have_all() -> None:
    found = classes(RELAY)
    assert found["1"] == (10**9, 10**9)
    assert found["2"] == (5 * 10**7, 10**9)
    assert [found[f"{16 + at:x}"] for at in range(4)] == [(share.rate_bps, 10**9) for share in SHARES]
    assert "htb default 2" in "\n".join(create_tree(RELAY))


def test_nobody_is_promised_nothing() -> None:
    assert classes(replace(RELAY, rest_bps=0))["2"][0] > 0


def test_a_large_segment_fits_everywhere() -> None:
    for speed in (10**6, 10**8, 10**10):
        text = "\n".join([*create_tree(replace(RELAY, speed_bps=speed)), shape("near", speed)])
        for word in ("burst", "cburst", "quantum", "limit"):
            assert all(int(size) >= 65536 for size in re.findall(rf"\b{word} (\d+)", text)), (speed, word)


def test_only_classes_that_are_gone_are_removed() -> None:
    less = replace(RELAY, shares=SHARES[1:3])
    assert [*remove_shares(less, RELAY)] == [f"class delete dev far classid 1:{16 + at:x}" for at in (2, 3)]
    assert [*remove_shares(RELAY, less)] == []
