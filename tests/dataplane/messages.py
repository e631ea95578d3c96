"""OpenFlow 1.3 messages as octets: what one is, and some that no switch should send."""

from __future__ import annotations

import struct
from typing import Final

_KINDS: Final = {
    0: "hello", 1: "error", 2: "echo request", 3: "echo reply", 5: "features request", 6: "features reply",
    20: "barrier", 21: "barrier reply",
}  # fmt: skip
_MULTIPART: Final = {1: "flows", 7: "groups", 13: "ports"}
_MULTIPART_REQUEST, _MULTIPART_REPLY, _EXPERIMENTER = 18, 19, 4
_BUNDLE_CONTROL, _BUNDLE_ADD = 2300, 2301
_INNER = 24
"""Where in a message that adds another to a bundle that other one begins."""
_FLOW_MOD, _GROUP_MOD = 14, 15


def kind(message: bytes) -> str:
    """Return what a message is, in a word or two; of one that goes into a bundle, what it does."""
    number = message[1]
    if number in (_MULTIPART_REQUEST, _MULTIPART_REPLY):
        side = "ask" if number == _MULTIPART_REQUEST else "tell"
        return f"{side} {_MULTIPART.get(struct.unpack_from('!H', message, 8)[0], 'other')}"
    if number != _EXPERIMENTER:
        return _KINDS.get(number, str(number))
    (what,) = struct.unpack_from("!I", message, 12)
    if what == _BUNDLE_CONTROL:
        return {0: "open", 4: "commit"}.get(struct.unpack_from("!H", message, 20)[0], "bundle control")
    inner = message[_INNER:]
    if inner[1] == _FLOW_MOD:
        return {0: "add flow", 3: "delete flows", 4: "delete flow"}[inner[25]]
    return {0: "add group", 1: "change group", 2: "delete group"}[struct.unpack_from("!H", inner, 8)[0]]


def spoiled(message: bytes) -> bytes:
    """Return the message with a number in it that Open vSwitch refuses."""
    found = bytearray(message)
    match kind(message):
        case "add flow":
            found[_INNER + 24] = 0xFF  # a flow cannot be added to all tables
        case "add group" | "change group":
            found[_INNER + 10] = 0x7F  # no such type of group
        case "open":
            found[20:22] = b"\x00\x02"  # close a bundle that is not open
        case "commit":
            found[16:20] = b"\xff\xff\xff\x01"  # a bundle that nobody knows
        case "ask flows" | "ask groups":
            found[8:10] = b"\x7f\x7f"  # no such question
        case other:
            raise ValueError(other)
    return bytes(found)


def error(message: bytes, number: int, code: int) -> bytes:
    """Return the error with which a switch answers a message."""
    return struct.pack("!BBH4sHH", 4, 1, 12 + len(message[:64]), message[4:8], number, code) + message[:64]


def endless_groups() -> bytes:
    """Return a description of a group whose bucket has length zero."""
    bucket = struct.pack("!HHII4x", 0, 0, 0, 0)
    return _multipart(7, struct.pack("!HBxI", 8 + len(bucket), 0, 1) + bucket)


def endless_flows() -> bytes:
    """Return a description of a flow whose instruction has length zero."""
    match, instruction = struct.pack("!HHI", 1, 4, 0), struct.pack("!HHI", 4, 0, 0)
    length = 48 + len(match) + len(instruction)
    flow = struct.pack("!HBxIIHHHH4xQQQ", length, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0)
    return _multipart(1, flow + match + instruction)


def _multipart(number: int, body: bytes) -> bytes:
    return struct.pack("!BBHIHH4x", 4, _MULTIPART_REPLY, 16 + len(body), 0xFFFF, number, 0) + body
