"""Bringing a lab to life: exactly one of a name for each user, and nothing left behind if it cannot be."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from lab.emulation.pod import census
from lab.emulation.pod.census import Sighting
from lab.emulation.pod.limits import Limits
from lab.errors import EnvironmentFault, InputError, InvalidState

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
_TIMEOUT_S = 60.0  # for a machine that starts many labs at once and has a lot else to do
_APPARMOR_SETTING = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")


def bear(name: str, file: str, limits: Limits) -> tuple[Sighting, socket.socket]:
    """Start a lab's first process; the lab lives while the returned socket is open, or for good once committed."""
    if not NAME.fullmatch(name):
        raise InputError(
            f'"{name}" cannot be the name of a lab: expected 1 to 63 letters, digits, hyphens and underscores',
            target=name,
        )
    with _only_one(name):
        for seen in census.sightings():
            if seen.name == name:
                raise InvalidState(
                    f'a lab called "{name}" is running already, from {seen.file or "no file"}',
                    target=name,
                    remedy=f'use it, or remove it with "hvlab down {name}"',
                )
        return _start(name, file, limits)


@contextlib.contextmanager
def _only_one(name: str) -> Iterator[None]:
    """Hold the name while a lab is born: an abstract socket is a lock without a file that ends with its process."""
    uid = os.geteuid()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as lock:
        address = f"\0hvlab-{uid}-{name}"
        try:
            lock.bind(address)
        except OSError as error:
            owner = _owner(address)
            if owner not in (None, uid):
                raise EnvironmentFault(f'user {owner} of this machine occupies the lab name "{name}"') from error
            raise InvalidState(f'a lab called "{name}" is being started by another process', target=name) from error
        lock.listen(8)
        yield


def _owner(address: str) -> int | None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        try:
            caller.connect(address)
            found = caller.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        except OSError:
            return None
    uid = struct.unpack("3i", found)[1]
    return int(uid)


def _start(name: str, file: str, limits: Limits) -> tuple[Sighting, socket.socket]:
    ours, theirs = socket.socketpair()
    try:
        with theirs:
            launcher = _launch(name, file, limits, theirs.fileno())
        with launcher:
            ours.settimeout(_TIMEOUT_S)
            pid = _await_ready(ours)
        ours.settimeout(None)
        ticks = census.start_ticks_at(f"/proc/{pid}")
        if ticks is None:
            raise EnvironmentFault(f'the lab "{name}" ended as soon as it had started')
    except BaseException:
        # Closing the socket ends the lab, if it got as far as listening to it.
        ours.close()
        raise
    return Sighting(name, file, pid, ticks), ours


def _await_ready(report: socket.socket) -> int:
    """Return the pid, which the launcher tells, once the first process is ready, which that tells: in any order."""
    told: dict[str, object] = {}
    for message in _messages(report):
        if "fault" in message:
            raise _environment_fault(message)
        told.update(message)
        pid = told.get("pid")
        if isinstance(pid, int) and "ready" in told:
            return pid
    raise AssertionError("_messages ends by raising")


def _launch(name: str, file: str, limits: Limits, report_fd: int) -> subprocess.Popen[bytes]:
    cache = ("-B",) if sys.dont_write_bytecode else ()
    return subprocess.Popen(
        (sys.executable, "-I", "-S", "-E", *cache, census.MAIN, *census.arguments(report_fd), *limits.arguments()),
        env=os.environ | census.environment(name, file),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=report_fd,
        pass_fds=(report_fd,),
    )


def _messages(report: socket.socket) -> Iterator[dict[str, object]]:
    """Yield what the launcher and the first process report; anything else they say is a fault in itself."""
    said = ""
    with report.makefile("rb") as stream:
        try:
            for line in stream:
                if line.startswith(b"{"):
                    yield json.loads(line)
                else:
                    said += line.decode(errors="replace")
        except TimeoutError as error:
            raise EnvironmentFault(f"the lab's first process did not start within {_TIMEOUT_S:g} s") from error
    raise EnvironmentFault(f"the lab's first process did not start: {said.strip() or 'it said nothing'}")


def _environment_fault(message: dict[str, object]) -> EnvironmentFault:
    words, step = str(message["fault"]), message.get("step")
    ordinary = os.geteuid() != 0
    remedy = ""
    if "proc on /proc" in words:
        words = (
            f"this machine hides parts of /proc, as in a container, so a lab cannot have a /proc of its own ({words})"
        )
        remedy = "run hvlab outside the container, or start the container with an unmasked /proc"
    elif step == "namespaces" or _restricted_by_apparmor():
        who = "an ordinary user" if ordinary else "this root user"
        words = f"this machine does not let {who} make namespaces ({words})"
        remedy = _namespace_remedy(ordinary)
    return EnvironmentFault(words, remedy=remedy)


def _namespace_remedy(ordinary: bool) -> str:
    if not ordinary:
        return "start the container with --privileged, or use a virtual machine"
    if _restricted_by_apparmor():
        return "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0, or use sudo"
    return "sudo sysctl kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000, or use sudo"


def _restricted_by_apparmor() -> bool:
    try:
        return _APPARMOR_SETTING.read_text().strip() == "1"
    except OSError:
        return False
