"""Reading files by TFTP, from servers that lose, repeat and refuse."""

from __future__ import annotations

import itertools
import struct
from collections import deque
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.emulation.pxe.tftp import Download, TftpError, Transfer

SERVER, PORT, TID = "10.0.1.3", 69, 50123
READ, DATA, ACKNOWLEDGED, ERROR, OPTIONS = (1, 3, 4, 5, 6)


class Server:
    """A TFTP server at the other end of a wire that loses the answers whose numbers are in `lost`.

    ``options``: whether it knows any. ``twice``: it sends everything twice.
    """

    def __init__(
        self, files: dict[str, bytes], *, options: bool = True, lost: frozenset[int] = frozenset(), twice: bool = False
    ) -> None:
        self.files = files
        self.options = options
        self.lost = lost
        self.twice = twice
        self.asked: list[bytes] = []
        self.count = 0
        self.answers: deque[tuple[bytes, tuple[str, int]]] = deque()
        self.content = b""
        self.block_size = 512
        self.sent = 0

    def settimeout(self, value: float | None, /) -> None:
        assert value is not None and value > 0

    def sendto(self, data: bytes, address: tuple[str, int], /) -> int:
        self.asked.append(data)
        opcode = int.from_bytes(data[:2], "big")
        assert address == (SERVER, PORT if opcode == READ else TID)
        if opcode == READ:
            self._open(data[2:])
        elif opcode == ACKNOWLEDGED:
            self._block(int.from_bytes(data[2:4], "big"))
        return len(data)

    def recvfrom(self, size: int, /) -> tuple[bytes, tuple[str, int]]:
        if not self.answers:
            raise TimeoutError
        return self.answers.popleft()

    def _open(self, words: bytes) -> None:
        name, mode, *more = words.decode().split("\0")[:-1]
        assert mode == "octet"
        if name not in self.files:
            self._say(struct.pack("!HH", ERROR, 1) + f"file {name} not found\0".encode())
            return
        self.sent = 0
        self.content, asked = self.files[name], dict(zip(more[::2], more[1::2], strict=True))
        if not self.options:
            self._block(0)
            return
        self.block_size = int(asked["blksize"])
        known = {"tsize": str(len(self.content)), "blksize": asked["blksize"]}
        self._say(struct.pack("!H", OPTIONS) + b"".join(f"{n}\0{v}\0".encode() for n, v in known.items()))

    def _block(self, acknowledged: int) -> None:
        """Send the block after one that is acknowledged, or again what was sent last."""
        if acknowledged == self.sent & 0xFFFF:
            self.sent += 1
        at = self.sent - 1
        if at <= len(self.content) // self.block_size:
            block = self.content[at * self.block_size : (at + 1) * self.block_size]
            self._say(struct.pack("!HH", DATA, self.sent & 0xFFFF) + block)

    def _say(self, data: bytes) -> None:
        for _ in range(2 if self.twice else 1):
            self.count += 1
            if self.count not in self.lost:
                self.answers.append((data, (SERVER, TID)))


def get(server: Server, name: str = "a", **more: int) -> Download:
    return Transfer(server, SERVER, PORT, **more).run(name)


sizes = st.sampled_from((0, 1, 511, 512, 513, 1455, 1456, 1457, 2912, 9000)) | st.integers(0, 20_000)


@given(sizes, st.booleans(), st.frozensets(st.integers(1, 60), max_size=12), st.booleans())
def test_a_file_comes_whole_whatever_is_lost_or_repeated(
    size: int, options: bool, lost: frozenset[int], twice: bool
) -> None:
    content = bytes(at % 251 for at in range(size))
    hard = any({at, at + 1, at + 2} <= lost for at in lost)
    try:
        found = get(Server({"a": content}, options=options, lost=lost, twice=twice))
    except TftpError as error:
        assert hard, "nothing but several losses in a row ends a transfer"
        assert str(error).startswith("PXE-E3")
    else:
        assert found.content == content
        assert found.told_size == (size if options else None)
        assert found.block_size == (1456 if options else 512)


def test_what_comes_twice_is_acknowledged_once() -> None:
    """Or each further block would be sent twice as often (RFC 1123, 4.2.3.1)."""
    server = Server({"a": bytes(10_000)}, twice=True)
    get(server)
    acknowledged = [each for each in server.asked if each[1] == ACKNOWLEDGED]
    assert len(acknowledged) == len(set(acknowledged))


def test_what_is_asked_is_what_pxe_roms_ask() -> None:
    server = Server({r"boot\x86\wdsnbp.com": b"x"})
    get(server, r"boot\x86\wdsnbp.com")
    assert server.asked[0] == b"\0\1boot\\x86\\wdsnbp.com\0octet\0tsize\x000\0blksize\x001456\0"


def test_block_numbers_begin_again() -> None:
    content = bytes(at % 249 for at in range(8 * 65_600))
    assert get(Server({"a": content}), block_size=8).content == content


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Server({}), "PXE-T01: File not found, PXE-E3B: TFTP Error - File Not found (file a not found)"),
        (lambda: Server({"a": b"x"}, lost=frozenset(range(99))), "PXE-E32: TFTP open timeout"),
        (lambda: Server({"a": bytes(9999)}, lost=frozenset(range(3, 99))), "PXE-E35: TFTP read timeout"),
    ],
    ids=["not found", "silent", "silent later"],
)
def test_what_goes_wrong_is_told_as_pxe_roms_do(make: Callable[[], Server], words: str) -> None:
    with pytest.raises(TftpError) as error:
        get(make())
    assert str(error.value) == words


def test_a_file_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = itertools.count(0.0, 0.5)
    monkeypatch.setattr("lab.emulation.pxe.tftp.time", SimpleNamespace(monotonic=lambda: next(clock)))
    with pytest.raises(TftpError, match=r"PXE-E35: TFTP read timeout \(the file has not come within 60 s\)"):
        get(Server({"a": bytes(1 << 20)}))


def test_others_are_not_listened_to() -> None:
    server = Server({"a": b"right"})
    server.answers.append((struct.pack("!HH", DATA, 1) + b"wrong", ("10.0.1.66", 69)))
    assert get(server).content == b"right"
