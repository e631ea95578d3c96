"""A TFTP client: the only thing that a boot loader can read files with (RFC 1350, 2347, 2348 and 2349)."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

PORT = 69
BLOCK_SIZE = 1456
"""What PXE ROMs ask for: an Ethernet frame without its headers, and some room."""
LARGEST_FILE = 64 << 20
LONGEST_S = 60.0
"""How long a file may take, in seconds: somebody waits for it."""

_READ, _DATA, _ACKNOWLEDGED, _ERROR, _OPTIONS = 1, 3, 4, 5, 6
_OPEN_TIMEOUTS_S = (0.5, 1.0, 2.0)
_READ_TIMEOUTS_S = (0.5, 1.0, 2.0, 2.0)
_NOT_FOUND = 1


class TftpError(Exception):
    """A file that was not got; the text begins with the code that a PXE ROM has for that."""


@dataclass(frozen=True, slots=True)
class Download:
    """A file, the size that the server told of before (None: it did not), and the size of its blocks, in bytes."""

    content: bytes
    told_size: int | None
    block_size: int


def get(server: str, name: str, *, port: int = PORT, block_size: int = BLOCK_SIZE) -> Download:
    """Read a file from a server; TftpError if it is not there, or the server is not."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.bind(("", 0))
        return Transfer(wire, server, port, block_size).run(name)


class Wire(Protocol):
    """What a transfer needs of a socket."""

    def settimeout(self, value: float | None, /) -> None: ...

    def sendto(self, data: bytes, address: tuple[str, int], /) -> int: ...

    def recvfrom(self, size: int, /) -> tuple[bytes, tuple[str, int]]: ...


class Transfer:
    """One file on its way."""

    def __init__(
        self,
        wire: Wire,
        server: str,
        port: int = PORT,
        block_size: int = BLOCK_SIZE,
        longest_s: float = LONGEST_S,
    ) -> None:
        self._longest_s = longest_s
        self._deadline = time.monotonic() + longest_s
        self._wire = wire
        self._peer: tuple[str, int] = (server, port)
        self._known = False
        self._asked_block_size = block_size
        self._block_size = 512
        self._told_size: int | None = None

    def run(self, name: str) -> Download:
        """Read a file; TftpError if it is not there, or the server is not."""
        words = ("octet", "tsize", "0", "blksize", str(self._asked_block_size))
        request = struct.pack("!H", _READ) + b"".join(part.encode() + b"\0" for part in (name, *words))
        answer = self._ask(request, _OPEN_TIMEOUTS_S, "PXE-E32: TFTP open timeout", number=1)
        content = bytearray()
        number = 0
        if _opcode(answer) == _OPTIONS:
            self._agree(answer[2:])
            answer = self._acknowledge(number)
        while True:
            block = answer[4:]
            number += 1
            content += block
            if len(content) > LARGEST_FILE:
                self._wire.sendto(struct.pack("!HH", _ERROR, 3) + b"too large\0", self._peer)
                raise TftpError(f"PXE-E3A: Not enough memory for a file of more than {LARGEST_FILE} bytes")
            if len(block) < self._block_size:
                self._wire.sendto(struct.pack("!HH", _ACKNOWLEDGED, number & 0xFFFF), self._peer)
                return Download(bytes(content), self._told_size, self._block_size)
            answer = self._acknowledge(number)

    def _acknowledge(self, number: int) -> bytes:
        """Acknowledge a block, and return the next one."""
        message = struct.pack("!HH", _ACKNOWLEDGED, number & 0xFFFF)
        return self._ask(message, _READ_TIMEOUTS_S, "PXE-E35: TFTP read timeout", number=(number + 1) & 0xFFFF)

    def _ask(self, message: bytes, timeouts_s: tuple[float, ...], silence: str, number: int) -> bytes:
        """Send a message, again if need be, and return the options or the block of a number that comes of it."""
        if time.monotonic() > self._deadline:
            raise TftpError(f"PXE-E35: TFTP read timeout (the file has not come within {self._longest_s:g} s)")
        for timeout_s in timeouts_s:
            self._wire.sendto(message, self._peer)
            for answer in self._heard(timeout_s):
                opcode = _opcode(answer)
                if opcode == _ERROR:
                    raise TftpError(_words(answer))
                if opcode == _OPTIONS and message[1] == _READ:
                    return answer
                # What comes twice is not answered twice (RFC 1123, 4.2.3.1).
                if opcode == _DATA and len(answer) >= 4 and answer[2:4] == struct.pack("!H", number):
                    return answer
        raise TftpError(silence)

    def _heard(self, timeout_s: float) -> Iterator[bytes]:
        """Yield what the server says; the port that it answers from first is its own from then on (RFC 1350)."""
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0:
            self._wire.settimeout(left)
            try:
                answer, peer = self._wire.recvfrom(65536)
            except TimeoutError:
                return
            if not self._known and peer[0] == self._peer[0]:
                self._known, self._peer = True, peer
            if peer == self._peer:
                yield answer

    def _agree(self, options: bytes) -> None:
        words = [word.decode("ascii", "replace").lower() for word in options.split(b"\0")]
        for name, value in zip(words[::2], words[1::2], strict=False):
            if name == "tsize" and value.isdecimal():
                self._told_size = int(value)
            elif name == "blksize" and value.isdecimal() and 8 <= int(value) <= self._asked_block_size:
                self._block_size = int(value)


def _opcode(message: bytes) -> int:
    return int.from_bytes(message[:2], "big")


def _words(answer: bytes) -> str:
    code, words = int.from_bytes(answer[2:4], "big"), answer[4:].partition(b"\0")[0].decode("utf-8", "replace")
    if code == _NOT_FOUND:
        return f"PXE-T01: File not found, PXE-E3B: TFTP Error - File Not found ({words})"
    return f"PXE-T{code:02}: {words}, PXE-E36: Error received from TFTP server"
