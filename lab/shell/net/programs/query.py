"""query.py SERVER NAME TYPE SECONDS: ask a DNS server, and print what it answers (RFC 1035)."""

import json
import os
import socket
import struct
import sys

_TYPES = {1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA", 33: "SRV", 255: "ANY"}
_NUMBERS = {name: number for number, name in _TYPES.items()}
_HEADER = struct.Struct("!HHHHHH")
_POINTERS = 40


def main(server: str, name: str, kind: str, seconds: str) -> dict[str, object]:
    number = int.from_bytes(os.urandom(2), "big")
    labels = b"".join(bytes([len(part)]) + part for part in name.rstrip(".").encode("idna").split(b"."))
    question = _HEADER.pack(number, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", _NUMBERS[kind], 1)
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as client:
        client.settimeout(float(seconds))
        try:
            client.connect((server, 53))
            client.send(question)
            while True:
                answer = client.recv(65535)
                if len(answer) >= _HEADER.size and answer[:2] == question[:2]:
                    break
        except OSError as error:
            return {"code": -1, "why": error.strerror or "timed out", "answers": []}
    return read(answer)


def read(message: bytes) -> dict[str, object]:
    _, flags, questions, *counts = _HEADER.unpack_from(message)
    at = _HEADER.size
    found = []
    try:
        for _ in range(questions):
            _, at = name_at(message, at)
            at += 4
        for section, count in zip(("Answer", "Authority", "Additional"), counts, strict=True):
            for _ in range(count):
                entry, at = entry_at(message, at)
                found.append([*entry, section])
    except (IndexError, struct.error, ValueError):
        return {"code": -2, "why": "the answer makes no sense", "answers": []}
    return {"code": flags & 15, "answers": found}


def entry_at(message: bytes, at: int) -> tuple[list[object], int]:
    owner, at = name_at(message, at)
    kind, _, ttl, length = struct.unpack_from("!HHIH", message, at)
    at += 10
    data = message[at : at + length]
    return [owner, _TYPES.get(kind, str(kind)), ttl, shown(message, at, kind, data)], at + length


def shown(message: bytes, at: int, kind: int, data: bytes) -> str:
    if kind == 1:
        return socket.inet_ntop(socket.AF_INET, data)
    if kind == 28:
        return socket.inet_ntop(socket.AF_INET6, data)
    if kind in (2, 5, 6, 12):
        return name_at(message, at)[0]
    if kind == 15:
        return name_at(message, at + 2)[0]
    if kind == 16:
        return data[1 : 1 + data[0]].decode("utf-8", "replace")
    return data.hex()


def name_at(message: bytes, at: int) -> tuple[str, int]:
    parts, end = [], 0
    for _ in range(_POINTERS):
        length = message[at]
        if length & 0xC0 == 0xC0:
            end = end or at + 2
            at = (length & 0x3F) << 8 | message[at + 1]
        elif length:
            parts.append(message[at + 1 : at + 1 + length].decode("ascii", "replace"))
            at += 1 + length
        else:
            return ".".join(parts), end or at + 1
    raise ValueError("a name without an end")


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
