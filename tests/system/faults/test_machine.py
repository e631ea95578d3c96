"""A lab and the machine it is on: nothing of the lab is in reach of the machine's network, nothing of the machine changes."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.faults.users import TOPOLOGY
from tests.system.labs import RunningLab
from tests.system.pods import processes_below

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def running(lab: LabOf) -> Iterator[RunningLab]:
    with lab(TOPOLOGY) as found:
        yield found


# What the machine sees


INODE_COLUMN = {"tcp": 9, "tcp6": 9, "udp": 9, "udp6": 9, "raw": 9, "raw6": 9, "unix": 6, "packet": 8, "netlink": 9}


def sockets_of(pids: set[int]) -> set[int]:
    """Return the inodes of the sockets that processes have open."""
    found: set[int] = set()
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError):
            targets = [os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()]
            found |= {int(target[8:-1]) for target in targets if target.startswith("socket:[")}
    return found


def sockets_in(net: str) -> dict[str, set[int]]:
    """Return the inodes of the sockets of a network namespace, by kind, from its directory in /proc."""
    lines = {kind: Path(f"{net}/{kind}").read_text().splitlines()[1:] for kind in INODE_COLUMN}
    return {kind: {int(line.split()[column]) for line in lines[kind]} for kind, column in INODE_COLUMN.items()}


def test_nothing_in_a_lab_listens_but_on_unix_sockets(running: RunningLab) -> None:
    for pid in processes_below(running.pod.pid):
        found = sockets_in(f"/proc/{pid}/net")
        assert not any(found[kind] for kind in ("tcp", "tcp6", "udp", "udp6")), Path(f"/proc/{pid}/cmdline").read_text()


LISTEN = """
import socket, sys
tcp, udp = socket.socket(), socket.socket(type=socket.SOCK_DGRAM)
for each in (tcp, udp):
    each.bind(("0.0.0.0", 18099))
tcp.listen()
print("listening", flush=True)
sys.stdin.read()
"""


@contextmanager
def going(running: RunningLab, first_word: bytes, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Yield a command that has begun, and go on without waiting for its end."""
    pipe = subprocess.PIPE
    line = ("--lab", running.name, *arguments)
    with running.hvlab.start(*line, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith(first_word)
            yield process
        finally:
            process.send_signal(signal.SIGINT)


def test_no_socket_of_a_lab_is_in_the_machine_s_network(running: RunningLab) -> None:
    """Programs listen in it on all addresses, and a capture goes on."""
    with ExitStack() as stack:
        commands = [
            stack.enter_context(going(running, *each))
            for each in (
                (b"listening", "exec", "web1", "--", sys.executable, "-c", LISTEN),
                (b"listening", "exec", "hv1", "--", sys.executable, "-c", LISTEN),
                (b"capturing", "capture", "web2"),
            )
        ]
        inside = processes_below(running.pod.pid)
        inodes = sockets_of(inside.union(*(processes_below(each.pid) for each in commands)))
        there = [sockets_in(f"/proc/{pid}/net") for pid in inside]
        for kind in ("tcp", "udp", "unix"):
            assert any(found[kind] & inodes for found in there), kind
        machine = sockets_in("/proc/self/net")
        assert {kind: found & inodes for kind, found in machine.items() if found & inodes} == {}


# That the machine is left alone


@contextmanager
def new_devices() -> Iterator[Callable[[], set[str]]]:
    """Yield what tells the network devices that came, went or changed on the machine from now on, but for known ones."""
    known = {name for _, name in socket.if_nameindex()}
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as listener:
        listener.bind((0, 1))  # RTMGRP_LINK
        listener.setblocking(False)

        def told() -> set[str]:
            found: set[str] = set()
            with suppress(BlockingIOError):
                while True:
                    found.add(device(listener.recv(1 << 16)))
            return found - known

        yield told


def device(message: bytes) -> str:
    """Return the name in an RTM_NEWLINK or RTM_DELLINK message (rtnetlink(7))."""
    at = 16 + 16
    while at + 4 <= len(message):
        length, kind = struct.unpack_from("=HH", message, at)
        if kind == 3:  # IFLA_IFNAME
            return message[at + 4 : at + length].rstrip(b"\0").decode()
        at += max(4, (length + 3) & ~3)
    return ""


def test_a_device_that_appears_on_a_machine_is_noticed(running: RunningLab) -> None:
    """What the next test relies on, tried in a machine of the lab."""

    def notice() -> set[str]:
        with new_devices() as told:
            subprocess.run(["ip", "link", "add", "seen", "type", "veth", "peer", "seen2"], check=True)
            subprocess.run(["ip", "link", "del", "seen"], check=True)
            return told()

    assert running.run_inside(notice, "internet") == {"seen", "seen2"}


# What changes by itself, or tells what is used.
RESTLESS = (
    "random/",
    "dentry-state",
    "-nr",
    "nr-",
    "inode-state",
    "ns_last_pid",
    "nf_conntrack_count",
    "firmware_config",
    "pty/nr",
)


def settings() -> dict[str, str]:
    """Return the machine's settings."""
    found: dict[str, str] = {}
    for folder, _, names in os.walk("/proc/sys"):
        for path in (f"{folder}/{name}" for name in names):
            if not any(word in path for word in RESTLESS):
                with suppress(OSError), open(path, encoding="utf-8", errors="replace") as file:
                    found[path] = file.read()
    return found


@contextmanager
def bystanders(folder: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Yield processes that a careless clean-up would take for its own, by name or by what is in their arguments."""
    names = ("ping", "ovs-testcontroller", "controller", "ovs-vswitchd", "ovsdb-server", "tcpdump", "dnsmasq")
    lines = [
        *((str(folder / name), "60") for name in names),
        *(("sh", "-c", "read forever", words) for words in ("mininet:notes", "--hvlab-pod", "hvlab", "web1")),
    ]
    for name in names:
        shutil.copy("/bin/sleep", folder / name)
    started = [subprocess.Popen(line, stdin=subprocess.PIPE) for line in lines]
    try:
        yield started
    finally:
        for each in started:
            each.kill()
            each.communicate()


def test_a_lab_comes_and_goes_and_the_machine_is_left_alone(lab: LabOf, tmp_path: Path) -> None:
    """No device of a lab is ever on the machine, no setting changes, nobody else's process or file is touched."""
    files = [Path(tempfile.gettempdir()) / f"hvlab-bystander-{os.getpid()}.{ending}" for ending in ("log", "out")]
    for file in files:
        file.write_text("somebody's\n")
    try:
        before = settings()
        assert len(before) > 500
        with bystanders(tmp_path) as others, new_devices() as told:
            with lab(TOPOLOGY) as running:
                running.exec("web1", "ping", "-c1", "-W2", "203.0.113.80")
                running("mininet", stdin="net\n")
                running("mininet", stdin="pingall\n")
                assert told() == set()
            assert told() == set()
            assert [each.args for each in others if each.poll() is not None] == []
        # A neighbour may set something for a moment.
        eventually(
            lambda: {key: now for key, now in settings().items() if before.get(key, now) != now}, lambda it: not it
        )
        assert [file.read_text() for file in files] == ["somebody's\n"] * 2
    finally:
        for file in files:
            file.unlink()
