"""A lab that is open to a group: the process that answers its members, and which members may ask.

Nobody but its owner can enter a lab: Linux forbids it. So a process of the owner's, outside the lab, carries out what
members of the group ask for, and hands back text. It has no file, listens on a Unix socket with an abstract name, asks
the kernel who calls, and ends with the lab. Members may look and not touch: the machines of a lab share its owner's
files, so whoever could run a program in one would be that user.

Run as `python3 -m lab.cli.guests`, with the lab and the group on standard input.
"""

from __future__ import annotations

import contextlib
import grp
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

from lab.errors import EnvironmentFault, InputError

if TYPE_CHECKING:
    from lab.emulation.pod.pod import Pod

PREFIX: Final = "hvlab-guests-"
LOOKING: Final = (
    "status",
    "matrix",
    "trace",
    "learned",
    "flows",
    "drops",
    "meters",
    "measure",
    "counters",
    "nat",
    "nlb",
)
LONGEST_REQUEST: Final = 1 << 16
LONGEST_ANSWER: Final = 1 << 23
WORK_S: Final = 120

_SO_PEERGROUPS: Final = 59
_MOST_GROUPS: Final = 256
_START_S: Final = 60.0
_PATIENCE_S: Final = 10.0
_MOST_AT_ONCE: Final = 4
_READY: Final = "ready"


def group_id(name: str) -> int:
    """Return the number of a group of this machine; InputError if there is none of that name."""
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        raise InputError(
            f'no group of this machine is called "{name}"', target=name, remedy="see: getent group"
        ) from None


def open_to(pod: Pod, group: int) -> None:
    """Let the members of a group look at a lab for as long as it runs."""
    source = str(Path(__file__).resolve().parents[2])
    request = {"name": pod.name, "file": pod.file, "pid": pod.pid, "start_ticks": pod.start_ticks, "group": group}
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "lab.cli.guests"],
            input=json.dumps(request), capture_output=True, text=True, timeout=_START_S, check=False, cwd="/",
            env=os.environ | {"PYTHONPATH": source},
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        why = f"the process that answers them did not start within {error.timeout:g} s"
    else:
        why = "" if done.stdout.strip() == _READY else done.stderr.strip() or "the process that answers them has ended"
    if why:
        raise EnvironmentFault(f'lab "{pod.name}" cannot be opened to a group: {why}')


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is at the other end of a connection, as the kernel says."""

    uid: int
    groups: frozenset[int]


def caller(connection: socket.socket) -> Caller:
    """Ask the kernel who opened a connection (unix(7): SO_PEERCRED, SO_PEERGROUPS)."""
    found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3I"))
    _, uid, gid = struct.unpack("3I", found)
    try:
        more = connection.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, _MOST_GROUPS * 4)
    except OSError:  # in more groups than Python has room for
        more = b""
    return Caller(uid, frozenset({gid, *struct.unpack(f"{len(more) // 4}I", more)}))


# The process


def main() -> None:
    """Listen, say so, and go on in the background until the lab ends."""
    from lab.emulation.pod.pod import Pod

    request = json.load(sys.stdin)
    group = request.pop("group")
    pod = Pod(**request)
    lab = os.pidfd_open(pod.pid)
    if not pod.alive:
        sys.exit("it has ended")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(f"\0{PREFIX}{os.urandom(8).hex()}")
    listener.listen(64)
    print(_READY, flush=True)
    if os.fork():
        os._exit(0)
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    _serve(pod, group, lab, listener)


def _serve(pod: Pod, group: int, lab: int, listener: socket.socket) -> NoReturn:
    """Answer each caller in a process of its own; end when the lab does."""
    answering: dict[int, int] = {}
    while True:
        waiting = [lab, *answering, *([listener.fileno()] if len(answering) < _MOST_AT_ONCE else [])]
        ready = select.select(waiting, [], [])[0]
        if lab in ready:
            os._exit(0)
        for handle in answering.keys() & ready:
            os.waitpid(answering.pop(handle), 0)
            os.close(handle)
        if listener.fileno() in ready:
            # Somebody who has gone again, or a machine that has no process left: the next caller may have more luck.
            with contextlib.suppress(OSError):
                answering |= _attend(pod, group, listener)


def _attend(pod: Pod, group: int, listener: socket.socket) -> dict[int, int]:
    """Take one call; return the handle and the pid of the process that answers it, if it is to be answered."""
    connection, _ = listener.accept()
    with connection:
        if not _may_ask(caller(connection), group):
            return {}
        pid = os.fork()
        if pid == 0:
            listener.close()
            _answer(pod, connection)
        return {os.pidfd_open(pid): pid}


def _may_ask(who: Caller, group: int) -> bool:
    return who.uid in (0, os.geteuid()) or group in who.groups


def _answer(pod: Pod, connection: socket.socket) -> NoReturn:
    """Read one request, carry it out, and hand back what was said."""
    try:
        signal.alarm(WORK_S)
        request = json.loads(received(connection, LONGEST_REQUEST, time.monotonic() + _PATIENCE_S))
        reply = _described(pod) if request["arguments"] is None else _carried_out(pod, request)
        connection.settimeout(_PATIENCE_S)
        connection.sendall(json.dumps(reply).encode() + b"\n")
    finally:
        os._exit(0)


def received(connection: socket.socket, longest: int, deadline: float) -> bytes:
    """Read one line, however it arrives; what there is of it if the other side closes or says too much.

    TimeoutError at the deadline (monotonic), even if the other side says a little now and then.
    """
    said = b""
    while not said.endswith(b"\n") and len(said) < longest:
        connection.settimeout(max(0.001, deadline - time.monotonic()))
        more = connection.recv(1 << 16)
        if not more:
            break
        said += more
    return said


def _described(pod: Pod) -> dict[str, object]:
    from lab.cli.selection import condition_of, state_of

    state = state_of(pod)
    file = state.file if state else pod.file
    return {"name": pod.name, "state": condition_of(state), "file": file, "pid": pod.pid}


def _carried_out(pod: Pod, request: dict[str, Any]) -> dict[str, object]:
    """Run one of the commands that only look, on this lab and no other of its owner's."""
    if request["lab"] != pod.name:
        return {"elsewhere": True}
    out, err = os.memfd_create("out"), os.memfd_create("err")
    os.dup2(out, 1)
    os.dup2(err, 2)
    code = _run(pod.name, *request["arguments"])
    sys.stdout.flush()
    sys.stderr.flush()
    said = [os.pread(fd, LONGEST_ANSWER // 8, 0).decode(errors="replace") for fd in (out, err)]
    return {"code": code, "out": said[0], "err": said[1]}


def _run(lab: str, name: str, *arguments: str) -> int:
    from lab.cli.group import report, run

    try:
        command = _command(name)
        with command.make_context(name, list(arguments)) as context:
            if context.params.get("lab") or context.params.get("name"):
                raise InputError(f'only lab "{lab}" is meant here')
            if context.params.get("follow"):
                raise InputError("only the owner of a lab may follow its drops", remedy="ask again, without --follow")
            if context.params.get("order"):
                raise InputError("only the owner of a lab may give orders to its nodes", remedy="ask for `hvlab nlb`")
            if context.params.get("reset"):
                raise InputError(
                    "only the owner of a lab may reset what it counts", remedy="ask again, without --reset"
                )
        return run(command, ["--lab", lab, *arguments])
    except InputError as error:
        report(error)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.exceptions.Exit as end:
        return end.exit_code


def _command(name: str) -> click.Command:
    from lab.cli.counters import counters
    from lab.cli.drops import drops, meters
    from lab.cli.flows import flows
    from lab.cli.learned import learned
    from lab.cli.measure import measure
    from lab.cli.nat import nat
    from lab.cli.nlb import nlb
    from lab.cli.reach import matrix
    from lab.cli.status import status
    from lab.cli.trace import trace

    commands = {
        "status": status, "matrix": matrix, "trace": trace, "learned": learned, "flows": flows, "drops": drops,
        "meters": meters, "measure": measure, "counters": counters, "nat": nat, "nlb": nlb,
    }  # fmt: skip
    assert commands.keys() == set(LOOKING)
    if name not in commands:
        raise InputError(f'"{name}" is for the owner of a lab', remedy=f"others may {', '.join(LOOKING)}")
    return commands[name]


if __name__ == "__main__":
    main()
