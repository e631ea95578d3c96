"""What the console reads of the answers of programs and of DNS servers."""

from __future__ import annotations

import pytest

from lab.shell.net.interfaces import speed_text
from lab.shell.net.probes import hops
from lab.shell.net.programs import program
from lab.shell.net.programs.query import read
from lab.shell.net.usage import BadUsage
from lab.shell.net.usage import read as options

_HEADER = bytes.fromhex("1234 8180 0001 0001 0000 0000".replace(" ", ""))
_QUESTION = b"\x04web1\x03lab\x00" + bytes.fromhex("00010001")


def answer(kind: str, data: bytes, code: int = 0) -> bytes:
    flags = (0x8180 | code).to_bytes(2, "big")
    entry = bytes.fromhex(f"c00c{kind}000100000e10") + len(data).to_bytes(2, "big") + data
    return _HEADER[:2] + flags + _HEADER[4:] + _QUESTION + entry


@pytest.mark.parametrize(
    ("message", "found"),
    [
        (answer("0001", bytes([10, 0, 0, 2])), ["web1.lab", "A", 3600, "10.0.0.2", "Answer"]),
        (answer("001c", bytes(15) + b"\x01"), ["web1.lab", "AAAA", 3600, "::1", "Answer"]),
        (answer("0005", b"\x03www\xc0\x11"), ["web1.lab", "CNAME", 3600, "www.lab", "Answer"]),
        (answer("000f", b"\x00\x0a\x04mail\xc0\x11"), ["web1.lab", "MX", 3600, "mail.lab", "Answer"]),
        (answer("0010", b"\x02hi"), ["web1.lab", "TXT", 3600, "hi", "Answer"]),
        (answer("0063", b"\x01\x02"), ["web1.lab", "99", 3600, "0102", "Answer"]),
    ],
    ids=["A", "AAAA", "CNAME", "MX", "TXT", "unknown"],
)
def test_an_answer_of_a_dns_server_is_read(message: bytes, found: list[object]) -> None:
    assert read(message) == {"code": 0, "answers": [found]}


@pytest.mark.parametrize(
    "message",
    [
        answer("0001", b"\x0a\x00"),
        answer("0005", b"\xc0\xff"),
        answer("0005", b"\xc0\x26"),
        answer("0001", bytes(4))[:-6],
        answer("0010", b""),
    ],
    ids=["short address", "pointer past the end", "pointer in a circle", "cut off", "empty text"],
)
def test_an_answer_that_makes_no_sense_is_none(message: bytes) -> None:
    assert read(message)["answers"] == []


def test_the_code_of_an_answer_is_told() -> None:
    assert read(answer("0001", bytes(4), code=3))["code"] == 3


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (" 1  192.168.1.1  0.120 ms  1.204 ms  *", (1, "192.168.1.1", [0.12, 1.204, None])),
        (" 2  *  *  *", (2, "", [None, None, None])),
        ("12  fd00::1  3.000 ms !H", (12, "fd00::1", [3.0])),
        ("traceroute to 10.0.0.1 (10.0.0.1), 30 hops max, 46 byte packets", None),
    ],
)
def test_a_line_of_traceroute_is_read(line: str, found: object) -> None:
    assert hops(line) == found


@pytest.mark.parametrize(
    ("bps", "text"),
    [(10**10, "10 Gbps"), (10**9, "1 Gbps"), (2_500_000_000, "2.5 Gbps"), (10**8, "100 Mbps"), (0, "0 bps")],
)
def test_a_speed_is_written_as_windows_does(bps: int, text: str) -> None:
    assert speed_text(bps) == text


def test_options_begin_with_a_slash_or_a_dash() -> None:
    found = options(["/N", "2", "-t", "-S", "10.0.0.1", "web1"], ("t",), ("n", "S"))
    assert found.given == {"n": "2", "t": "", "S": "10.0.0.1"}
    assert found.words == ["web1"]


@pytest.mark.parametrize("words", [["-x"], ["-n"], ["-n", "0"], ["-n", "many"]])
def test_options_that_are_not_understood(words: list[str]) -> None:
    with pytest.raises(BadUsage):
        options(words, (), ("n",)).number("n", 4, 1, 9)


@pytest.mark.parametrize("name", ["connect", "query", "fetch"])
def test_a_program_is_handed_over_as_text(name: str) -> None:
    command = program(name, "argument")
    compile(command[-2], name, "exec")
    assert command[-1] == "argument"
