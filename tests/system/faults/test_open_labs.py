"""A lab that is open to a group: its members look and do not touch, and nobody else sees anything."""

from __future__ import annotations

import grp
import json
import os
import pwd
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.cli import guests
from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.faults.users import (
    COLLEAGUE,
    STRANGER,
    STUDENT,
    TOPOLOGY,
    Victim,
    hvlab_as,
    lab_of_user,
    only_root,
)
from tests.system.labs import Hvlab, RunningLab, fresh_name

pytestmark = pytest.mark.system

LOOKS = (
    ["status", "--json"], ["trace", "web1", "web2", "--tcp", "80"], ["learned", "hv1/External"], ["meters"],
    ["measure"],
)  # fmt: skip


@pytest.fixture(scope="module")
def running(lab: LabOf) -> Iterator[RunningLab]:
    with lab(TOPOLOGY) as found:
        yield found


@dataclass(frozen=True, slots=True)
class Open:
    """A lab that its owner has opened to a group, and another one of his that he has not."""

    lab: Victim
    place: str
    group: int
    other: str


@pytest.fixture(scope="module")
def shared(home: Path) -> Iterator[Open]:
    uid = STUDENT
    group = next(each for each in grp.getgrall() if each.gr_gid not in (0, STUDENT, STRANGER, COLLEAGUE))
    with (
        lab_of_user(uid, home, fresh_name()) as other,
        lab_of_user(uid, home, fresh_name(), "--group", group.gr_name) as found,
    ):
        yield Open(found, f"{pwd.getpwuid(uid).pw_name}/{found.name}", group.gr_gid, other.name)


@only_root
def test_a_member_sees_what_the_owner_sees(shared: Open, home: Path) -> None:
    listed = hvlab_as(COLLEAGUE, home, "list", "--shared", "--json", group=shared.group).json()
    (row,) = (each for each in listed if each["name"] == shared.place)
    assert row == {"name": shared.place, "state": "running", "pid": shared.lab.pid, "file": str(shared.lab.file)}
    assert hvlab_as(COLLEAGUE, home, "list", group=shared.group).out == "no lab is running\n"
    hvlab_as(COLLEAGUE, home, "--lab", shared.place, "matrix", group=shared.group)
    for words in LOOKS:
        seen = hvlab_as(COLLEAGUE, home, "--lab", shared.place, *words, group=shared.group)
        assert without_ages(seen.out) == without_ages(
            hvlab_as(shared.lab.uid, home, "--lab", shared.lab.name, *words).out
        )
    done = hvlab_as(COLLEAGUE, home, "trace", "web1", "web9", "--lab", shared.place, group=shared.group, check=2)
    assert "web9" in done.err


def without_ages(text: str) -> str:
    """Leave out what changes by itself from second to second."""
    return re.sub(r"\d+ s\b|\d+(\.\d+)?[KM]\b|\s", "", text)


@only_root
def test_a_member_looks_and_does_not_touch(shared: Open, home: Path) -> None:
    touches = ["exec web1 -- true", "capture web1", "mininet", "graph", "down", f"apply {shared.lab.file}"]
    for words in touches:
        done = hvlab_as(COLLEAGUE, home, "--lab", shared.place, *words.split(), group=shared.group, check=2)
        assert "is for the owner of a lab" in done.err, done
    owner, _, _ = shared.place.partition("/")
    done = hvlab_as(COLLEAGUE, home, "--lab", f"{owner}/{shared.other}", "status", group=shared.group, check=2)
    assert "has no lab" in done.err


@only_root
def test_who_is_no_member_sees_nothing(shared: Open, home: Path) -> None:
    assert hvlab_as(STRANGER, home, "list", "--shared").out == "no lab is running\n"
    for words in LOOKS:
        done = hvlab_as(STRANGER, home, "--lab", shared.place, *words, check=2)
        assert (done.out, "has no lab" in done.err) == ("", True)
    silent = "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(chr(0) + sys.argv[1]); print(s.recv(9))"
    done = subprocess.run(
        ["setpriv", f"--reuid={STRANGER}", "--clear-groups", sys.executable, "-c", silent, door(shared.lab.uid)],
        capture_output=True, text=True, timeout=20, check=True,
    )  # fmt: skip
    assert done.stdout == "b''\n"


def door(uid: int) -> str:
    """Return the abstract name under which a user's lab answers guests."""
    for line in Path("/proc/net/unix").read_text().splitlines():
        name = line.split()[-1].removeprefix("@")
        if name.startswith(guests.PREFIX):
            with suppress(ConnectionRefusedError), socket.socket(socket.AF_UNIX) as connection:
                connection.connect(f"\0{name}")
                if guests.caller(connection).uid == uid:
                    return name
    raise AssertionError(f"nobody answers for a lab of user {uid}")


def asked(name: str, said: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(f"\0{name}")
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(said)
            connection.shutdown(socket.SHUT_WR)
            return guests.received(connection, guests.LONGEST_ANSWER, time.monotonic() + 30)
    return b""


@pytest.fixture
def own(hvlab: Hvlab, running: RunningLab, home: Path) -> Iterator[tuple[str, str, str]]:
    """A lab of ours that is open to our own group, another one that is not, and the first as others call it."""
    name = fresh_name()
    hvlab("up", home / "secret-exam.py", "--name", name, "--group", grp.getgrgid(os.getegid()).gr_name)
    try:
        yield name, running.name, f"{os.geteuid()}/{name}"
    finally:
        hvlab("down", name, check=None)


def test_whatever_is_said_to_the_door_it_only_lets_look_at_this_lab(hvlab: Hvlab, own: tuple[str, str, str]) -> None:
    """Said by one who may ask, past `hvlab`, which would not say such things."""
    name, other, place = own
    address = door(os.geteuid())
    words: object
    for words in (
        ["exec", "web1", "--", "id"], ["down"], ["up", "/etc/passwd"], ["status", other], ["status", "--lab", other],
        ["matrix", f"--lab={other}"], ["status", "--lab", f"0/{other}"], [""], [], ["status", "--help", other],
        ["trace", "web1", "--", "--lab"], ["learned", "--lab", name, other], ["drops", "--follow"], ["measure", "--reset"],
        ["matrix", "\0"], ["status", 7], "status",
    ):  # fmt: skip
        request = json.dumps({"lab": name, "arguments": words}).encode() + b"\n"
        reply = json.loads(asked(address, request) or "{}")
        assert reply.get("code") != 0 or "Usage:" in reply["out"], (words, reply)
        assert other not in reply.get("out", ""), (words, reply)
    for nonsense in (b"", b"\n", b"null\n", b"[]\n", b"{}\n", b"\xff" * 99 + b"\n", b"[" * 60_000, b"x" * (1 << 20)):
        assert asked(address, nonsense) == b""
    assert json.loads(asked(address, json.dumps({"lab": other, "arguments": ["status"]}).encode())) == {
        "elsewhere": True
    }
    hvlab("--lab", place, "status")
    hvlab("status", place)
    hvlab("--lab", other, "status")


def test_nobody_answers_for_a_lab_that_has_ended(hvlab: Hvlab, own: tuple[str, str, str]) -> None:
    name, _, place = own
    address = door(os.geteuid())
    hvlab("--lab", place, "status")
    hvlab("down", name)
    eventually(lambda: f"@{address}" in Path("/proc/net/unix").read_text(), lambda there: not there)
    assert "has no lab" in hvlab("--lab", place, "status", check=2).err
    done = hvlab("up", hvlab.workplace.temporary / "none.py", "--group", "no such group", check=2)
    assert done.err.startswith('hvlab: no group of this machine is called "no such group"')


@only_root
def test_somebody_who_pretends_to_have_labs_is_not_believed(home: Path) -> None:
    """He may call his own as he likes, but not another user's, and he gets no control of a terminal."""
    line = (sys.executable, "-c", PRETEND, str(STRANGER), guests.PREFIX)
    with subprocess.Popen(line, stdout=subprocess.PIPE) as impostor:
        try:
            assert impostor.stdout is not None
            impostor.stdout.readline()
            listed = hvlab_as(COLLEAGUE, home, "list", "--shared", "--json").json()
            (row,) = (each for each in listed if each["name"].startswith(f"{STRANGER}/"))
            assert row == {"name": f"{STRANGER}/exam", "state": "\ufffd[2J", "file": "x", "pid": 1}
            assert hvlab_as(COLLEAGUE, home, "--lab", f"{STRANGER}/exam", "status").out == "\ufffd]0;x\ufffdfine"
            assert hvlab_as(COLLEAGUE, home, "--lab", f"{STUDENT}/exam", "status", check=2).out == ""
        finally:
            impostor.kill()


PRETEND = """
import json, os, socket, sys
os.setresuid(*[int(sys.argv[1])] * 3)
listener = socket.socket(socket.AF_UNIX)
listener.bind(chr(0) + sys.argv[2] + "pretended")
listener.listen()
print(flush=True)
row = {"name": "exam", "state": chr(27) + "[2J", "file": "x", "pid": 1}
done = {"code": 0, "out": chr(27) + "]0;x" + chr(7) + "fine", "err": ""}
while True:
    with listener.accept()[0] as caller:
        caller.recv(9999)
        caller.sendall(json.dumps(row | done).encode())
"""
