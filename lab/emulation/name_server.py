"""The DNS of a Default Switch: dnsmasq at the management OS's address, with the lab's names and those of leases.

Run by the pod's first process as `python3 -I -S -E …/name_server.py TOLD PROGRAM ARGUMENT...` in the network namespace
of a host, and in none of its others: nobody in the host reaches it. TOLD is a JSON object: ``database`` is the socket
of the host's OVSDB, ``bridge`` the switch, ``key`` that of its leases there, ``names`` the lab's own names (as in
/etc/hosts), ``merged`` the file that is made of both, ``copy`` where the program is copied to (a profile of AppArmor
goes by the name of the distribution's own), ``address`` and ``ready`` what answers at last, and what then appears.

A leased client is known by the name that it gives itself, unless a machine of the lab elsewhere has that name. When a
lease changes OVSDB says so; when the lab's names change the lab does, by SIGHUP.
"""

from __future__ import annotations

import codecs
import contextlib
import ctypes
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_RETRY_S = 0.25
_DNS_PORT = 53
_EXPIRY_S = 60.0
_PR_SET_PDEATHSIG = 1


class Leases:
    """The document with the leases, as the database has it: followed, not asked for."""

    def __init__(self, path: str, bridge: str, key: str) -> None:
        self._path = path
        self._bridge = bridge
        self._key = key
        self._stream: socket.socket | None = None
        self._text = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.found: list[dict[str, object]] = []

    @property
    def descriptor(self) -> int | None:
        """Return what is readable when there is news; None without a connection."""
        return self._stream.fileno() if self._stream else None

    def connect(self) -> None:
        """Ask for the document and all its changes, if the database is there."""
        stream = socket.socket(socket.AF_UNIX)
        columns = {"Bridge": [{"columns": ["name", "external_ids"]}]}
        request = {"method": "monitor", "params": ["Open_vSwitch", None, columns], "id": 0}
        try:
            stream.connect(self._path)
            stream.sendall(json.dumps(request).encode())
        except OSError:
            stream.close()
            return
        self._stream, self._text = stream, ""
        self._decoder.reset()

    def read(self) -> bool:
        """Take the news; tell whether the leases have changed."""
        assert self._stream
        try:
            octets = self._stream.recv(1 << 20)
        except OSError:
            octets = b""
        if not octets:
            self._stream.close()
            self._stream = None
            return False
        self._text += self._decoder.decode(octets)
        before = self.found
        for message in self._messages():
            self._take(message)
        return self.found != before

    def _messages(self) -> Iterator[dict[str, object]]:
        decoder = json.JSONDecoder()
        while self._text:
            try:
                message, end = decoder.raw_decode(self._text)
            except ValueError:
                return
            self._text = self._text[end:].lstrip()
            yield message

    def _take(self, message: dict[str, object]) -> None:
        if message.get("method") == "echo":
            answer = {"result": message.get("params"), "error": None, "id": message.get("id")}
            with contextlib.suppress(OSError):
                assert self._stream
                self._stream.sendall(json.dumps(answer).encode())
            return
        params = message.get("params")
        tables = params[1] if isinstance(params, list) and len(params) > 1 else message.get("result")
        rows = tables.get("Bridge", {}) if isinstance(tables, dict) else {}
        for row in (row.get("new", {}) for row in rows.values()):
            if row.get("name") == self._bridge and "external_ids" in row:
                text = dict(row["external_ids"][1]).get(self._key, "{}")
                self.found = json.loads(text).get("leases", [])


def merged(lab: str, leases: Iterable[dict[str, object]], now: float) -> str:
    """Return the lab's names, and those of leases that run; one that is leased now counts before what was read of it.

    ``lab`` are lines as in /etc/hosts; ``now`` by the clock of the leases.
    """
    current = [each for each in leases if _number(each.get("expires")) > now and not each.get("declined")]
    named = [(str(each.get("host_name", "")), str(each["address"]), str(each.get("adapter", ""))) for each in current]
    named = [each for each in named if each[0]]
    # Of two that say the same name, the machine that is called so has it.
    owners = {name.casefold() for name, _, adapter in named if _machine(adapter) == name.casefold()}
    named = [each for each in named if each[0].casefold() not in owners or _machine(each[2]) == each[0].casefold()]
    known = {_machine(str(each.get("adapter", ""))) for each in current}
    lines = [line.split() for line in lab.splitlines() if line.strip() and not line.startswith("#")]
    leased = {name.casefold() for name, _, _ in named}
    stale = leased & known
    kept = [words for words in lines if len(words) > 1 and words[1].casefold() not in stale]
    taken = {words[1].casefold() for words in kept}
    found = [" ".join(words) for words in kept]
    found += sorted(f"{address} {name}" for name, address, _ in named if name.casefold() not in taken)
    return "\n".join(found) + "\n"


def _machine(adapter: str) -> str:
    """Return the name in small letters by which the machine of an adapter is known (lab.model.names.host_name)."""
    return re.sub(r"[^a-z0-9_-]+", "-", adapter.partition("/")[0].casefold()).strip("-")


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _started(argv: list[str]) -> subprocess.Popen[bytes]:
    """Start the program so that it ends with this one, however that ends."""
    libc = ctypes.CDLL(None)
    return subprocess.Popen(argv, preexec_fn=lambda: libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL))


def _answers(address: str) -> bool:
    with socket.socket(socket.AF_INET) as client:
        return client.connect_ex((address, _DNS_PORT)) == 0


def main(told: str, argv: list[str]) -> None:
    """Run the program, with the names as they are, until it ends."""
    found = json.loads(told)
    os.makedirs(os.path.dirname(found["copy"]), mode=0o700, exist_ok=True)
    source = shutil.which(argv[0], path=_PATH)
    if source is None:
        raise SystemExit(f'there is no program "{argv[0]}"')
    shutil.copy(source, found["copy"])
    with contextlib.suppress(FileNotFoundError):
        os.unlink(found["ready"])
    waking, woken = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(woken)
    signal.signal(signal.SIGHUP, lambda number, frame: None)
    leases = Leases(found["database"], found["bridge"], found["key"])

    def write() -> bool:
        """Write the names; tell whether they are others than before."""
        with open(found["names"], encoding="utf-8") as file:
            text = merged(file.read(), leases.found, time.clock_gettime(time.CLOCK_BOOTTIME))
        with contextlib.suppress(FileNotFoundError), open(found["merged"], encoding="utf-8") as file:
            if file.read() == text:
                return False
        new = f"{found['merged']}.new"
        with open(new, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(new, found["merged"])
        return True

    write()
    program = _started([found["copy"], *argv[1:]])
    while not _answers(found["address"]):
        if program.poll() is not None:
            raise SystemExit(program.returncode)
        time.sleep(0.01)
    os.close(os.open(found["ready"], os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    _follow(program, leases, waking, write)


def _follow(program: subprocess.Popen[bytes], leases: Leases, waking: int, write: Callable[[], bool]) -> None:
    """Have the program read the names again whenever they have changed, until it ends."""
    ended = os.pidfd_open(program.pid)
    while True:
        if leases.descriptor is None:
            leases.connect()
        watched = [ended, waking, *([leases.descriptor] if leases.descriptor is not None else [])]
        patience_s = _EXPIRY_S if leases.descriptor is not None else _RETRY_S
        ready, _, _ = select.select(watched, [], [], patience_s)
        if ended in ready:
            raise SystemExit(program.wait())
        if waking in ready:
            os.read(waking, 4096)
        if leases.descriptor in ready:
            leases.read()
        if write():
            program.send_signal(signal.SIGHUP)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
