"""Conversations between two machines of a lab.

The sockets are made inside the machines and used from here, so both ends of a conversation can be looked at.
"""

from __future__ import annotations

import itertools
import select
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_interface
from typing import Any

from tests.system.labs import RunningLab

ports = itertools.count(20000)
"""A port that no conversation has used yet, of a machine of any lab: `next(ports)`."""


@dataclass(frozen=True, slots=True)
class Where:
    """An address of a lab's machine."""

    node: str
    device: str
    version: int
    address: str

    @property
    def family(self) -> int:
        return socket.AF_INET if self.version == 4 else socket.AF_INET6


@cache
def _rows(lab: RunningLab) -> list[dict[str, Any]]:
    """Return what is said about the adapters of a lab, whose addresses no test here changes."""
    found: list[dict[str, Any]] = lab.status()["adapters"]
    return found


def where(lab: RunningLab, name: str, version: int) -> Where:
    """Return the address of an adapter, or of a machine's first one that has any."""
    for row in _rows(lab):
        if name in (row["machine"], f"{row['machine']}/{row['name']}"):
            for text in row["addresses"]:
                address = ip_interface(text)
                if address.version == version and not address.is_link_local:
                    return Where(row["machine"], row["device"], version, str(address.ip))
    raise AssertionError(f"{name} has no IPv{version} address")


@contextmanager
def listening(lab: RunningLab, server: Where, port: int) -> Iterator[socket.socket]:
    with lab.socket(server.node, server.family, socket.SOCK_STREAM) as listener:
        listener.bind((server.address, port))
        listener.listen()
        yield listener


@contextmanager
def connected(lab: RunningLab, client: Where, server: Where) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Yield both ends of a TCP connection: the client's, the server's."""
    port = next(ports)
    with listening(lab, server, port) as listener, lab.socket(client.node, client.family, socket.SOCK_STREAM) as near:
        near.bind((client.address, 0))
        near.connect((server.address, port))
        far, _ = listener.accept()
        with far:
            yield near, far


def transfer(
    sender: socket.socket, receiver: socket.socket, content: bytes, uncounted: int = 0, timeout: float = 20.0
) -> float:
    """Send all of it and compare what arrives; return how fast, in bit/s, without so many bytes at the beginning."""
    deadline = time.monotonic() + timeout
    sender.settimeout(0)
    receiver.settimeout(0)
    source, arrived = memoryview(content), bytearray(len(content))
    target, sent, got, counted = memoryview(arrived), 0, 0, 0
    started = time.monotonic()
    while got < len(content):
        writing = [sender] if sent < len(content) else []
        readable, writable, _ = select.select([receiver], writing, [], 5.0)
        assert time.monotonic() < deadline, f"after {timeout:g} s {sent} bytes were sent and {got} received"
        if writable:
            sent += sender.send(source[sent : sent + (1 << 20)])
        if readable:
            read = receiver.recv_into(target[got:])
            assert read, f"closed after {got} bytes"
            got += read
            if not counted and got >= uncounted:
                started, counted = time.monotonic(), got
    seconds = time.monotonic() - started
    assert arrived == content
    return (got - counted) * 8 / seconds
