"""Looking at a lab of another user, who has opened it to a group: the asking side of :mod:`lab.cli.guests`.

What the other side says is that user's word and may be anything, so it is limited in size and time, and nothing of it
reaches the terminal but text.
"""

from __future__ import annotations

import json
import os
import pwd
import socket
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import click

from lab.cli.guests import LONGEST_ANSWER, LOOKING, PREFIX, WORK_S, caller, received
from lab.errors import InputError, UnknownName

_LISTING_S: Final = 10.0
_PRINTED: Final = {"name": str, "state": str, "file": str, "pid": int}


def listed() -> list[dict[str, object]]:
    """Return the labs of other users that are open to a group of ours, as `hvlab list` shows labs."""
    rows: list[dict[str, object]] = []
    for uid, reply in _ask({"arguments": None}, time.monotonic() + _LISTING_S):
        if all(type(reply.get(key)) is kind for key, kind in _PRINTED.items()):
            row = {key: _text(reply[key]) if kind is str else reply[key] for key, kind in _PRINTED.items()}
            rows.append(row | {"name": f"{_user(uid)}/{row['name']}"})
    return sorted(rows, key=lambda row: str(row["name"]))


def carry_out(place: str, arguments: Sequence[str]) -> int:
    """Have a command carried out on OWNER/LAB, print what it says and return its exit code."""
    owner, _, lab = place.partition("/")
    words = _without(place, arguments)
    if words[0] not in LOOKING:
        raise InputError(
            f'"{words[0]}" is for the owner of a lab, "{owner}"', remedy=f"others may {', '.join(LOOKING)}"
        )
    uid = _uid(owner)
    for _, reply in _ask({"lab": lab, "arguments": words}, time.monotonic() + WORK_S, uid):
        if isinstance(reply.get("code"), int):
            click.echo(_text(reply.get("out")), nl=False)
            click.echo(_text(reply.get("err")), nl=False, err=True)
            return int(reply["code"])
    raise InputError(
        f'user "{owner}" has no lab "{lab}" that is open to a group of yours',
        target=place,
        remedy="see: hvlab list --shared",
    )


def _ask(request: dict[str, Any], deadline: float, wanted: int | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
    """Ask all who answer for labs of others (or of one user) at once; yield who they are, and what they reply."""
    line = json.dumps(request).encode() + b"\n"
    asked: list[tuple[int, socket.socket]] = []
    try:
        for address in _addresses():
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            asked.append((_sent(connection, address, line, wanted), connection))
        for uid, connection in asked:
            if uid >= 0 and (reply := _reply(connection, deadline)):
                yield uid, reply
    finally:
        for _, connection in asked:
            connection.close()


def _addresses() -> Iterator[str]:
    """Yield the abstract names under which somebody seems to answer for a lab."""
    for line in Path("/proc/net/unix").read_text(encoding="utf-8", errors="replace").splitlines():
        name = line.split()[-1]
        if name.startswith(f"@{PREFIX}"):
            yield f"\0{name[1:]}"


def _sent(connection: socket.socket, address: str, line: bytes, wanted: int | None) -> int:
    """Send a request if the right user answers there; return that user's uid, -1 if there is nothing to wait for."""
    connection.setblocking(False)
    try:
        connection.connect(address)
        uid = caller(connection).uid
        if uid == wanted or (wanted is None and uid != os.geteuid()):
            connection.sendall(line)
            return uid
    except OSError:
        return -1
    return -1


def _reply(connection: socket.socket, deadline: float) -> dict[str, Any]:
    """Return what was replied, nothing if it was not in time or makes no sense."""
    try:
        found = json.loads(received(connection, LONGEST_ANSWER, deadline))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _without(place: str, arguments: Sequence[str]) -> list[str]:
    """Return a command line without the lab that it names."""
    return [word for word in arguments if word not in ("--lab", place, f"--lab={place}")]


def _uid(owner: str) -> int:
    try:
        return int(owner) if owner.isdecimal() else pwd.getpwnam(owner).pw_uid
    except KeyError:
        raise UnknownName("user of this machine", owner, (each.pw_name for each in pwd.getpwall())) from None


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _text(said: object) -> str:
    """Return what a terminal may be given: no control characters but the ends of lines."""
    return "".join(each if each.isprintable() or each == "\n" else "\N{REPLACEMENT CHARACTER}" for each in str(said))
