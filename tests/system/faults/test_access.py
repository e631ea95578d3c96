"""Who may touch a lab: its owner, and nobody else on the machine. And a lab touches nothing of the machine."""

from __future__ import annotations

import grp
import json
import os
import pwd
import re
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.cli import guests
from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.faults import intruder
from tests.system.labs import Done, Hvlab, RunningLab, command, fresh_name
from tests.system.pods import ROOT, execute, processes_below

pytestmark = pytest.mark.system

TOPOLOGY = """
from lab import Lab

lab = Lab("access", interruption_s=0)
lab.internet_host("internet", "203.0.113.80/24")
office = lab.physical_network("office", "192.168.1.0/24", router="192.168.1.1")
hv1 = lab.host("hv1")
hv1.nic("Ethernet", office, "192.168.1.20")
hv1.external_switch("External", nic="Ethernet")
hv1.vm("web1", "External", "192.168.1.31")
hv1.vm("web2", "External", "192.168.1.32")
"""

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become other users")
STUDENT, STRANGER = 65534, 65533
RUN = Path("/run/hvlab")


@pytest.fixture(scope="module")
def running(lab: LabOf) -> Iterator[RunningLab]:
    with lab(TOPOLOGY) as found:
        yield found


# Other users


def hvlab_as(
    uid: int, home: Path, *arguments: str | Path, hidden: bool = False, group: int = 0, check: int | None = 0
) -> Done:
    """Run `hvlab` as another user, who may have a `group` beside his own.

    `hidden`: on a machine that shows each user only his own processes.
    """
    hide = "mount -t proc -o hidepid=2 proc /proc && " if hidden else ""
    groups = f"--groups={group}" if group else "--clear-groups"
    become = f"setpriv --reuid={uid} --regid={uid} {groups} --inh-caps=-all"
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", f'{hide}exec {become} "$@"', "sh", *command(*arguments)],
        capture_output=True, text=True, timeout=90, check=False, cwd="/",
        env={"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    said = f"hvlab {' '.join(map(str, arguments))}: exit code {done.returncode}\n{done.stdout}{done.stderr}"
    assert check is None or done.returncode == check, said
    assert "Traceback" not in done.stderr, said
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A directory of everybody's; pytest's own is closed to other users."""
    found = Path(tempfile.mkdtemp(prefix="hvlab-access-"))
    found.chmod(0o755)
    (found / "secret-exam.py").write_text(TOPOLOGY)
    yield found
    shutil.rmtree(found)


@dataclass(frozen=True, slots=True)
class Victim:
    """Somebody's lab."""

    uid: int
    name: str
    file: Path
    pid: int

    def pids(self) -> list[int]:
        return sorted(processes_below(self.pid))


@contextmanager
def lab_of_user(uid: int, home: Path, name: str, *options: str) -> Iterator[Victim]:
    """Start a lab as a user, and end it."""
    if hvlab_as(uid, home, "--version", check=None).code != 0:
        pytest.skip("other users cannot read this tree")
    file = home / "secret-exam.py"
    hvlab_as(uid, home, "up", file, "--name", name, *options)
    try:
        (row,) = (row for row in hvlab_as(uid, home, "list", "--json").json() if row["name"] == name)
        yield Victim(uid, name, file, row["pid"])
    finally:
        hvlab_as(uid, home, "down", name)


@pytest.fixture(scope="module", params=[0, STUDENT], ids=["root-s", "student-s"])
def victim(request: pytest.FixtureRequest, home: Path) -> Iterator[Victim]:
    """A lab of root, in the machine's user namespace, and one of an ordinary user, in its own."""
    with lab_of_user(request.param, home, fresh_name()) as found:
        yield found


@only_root
@pytest.mark.parametrize("hidden", [False, True], ids=["ps-shows-all", "ps-shows-own"])
def test_another_user_gets_hold_of_nothing(victim: Victim, hidden: bool) -> None:
    """The owner can do every one of these things to every process of the lab, another user none, to none."""
    pids = victim.pids()
    request = {"first": victim.pid, "pids": pids, "words": [victim.name, victim.file.stem]}
    owners = intruder.as_user(victim.uid, request)
    # The name is in the environment of the first process; all that any user can read of a process says nothing of it.
    assert owners.pop("name or file", []) == [victim.pid]
    assert owners == dict.fromkeys(owners, pids)
    assert len(owners) > 20
    # That a process is there can be seen on any Linux machine, unless its /proc hides what is other people's.
    assert intruder.as_user(STRANGER, request, hidden=hidden) == ({} if hidden else {"exist": pids})


@only_root
def test_another_user_cannot_end_or_stop_it(victim: Victim, home: Path) -> None:
    pids = victim.pids()
    assert intruder.as_user(STRANGER, {"pids": pids}) == {}
    hvlab_as(victim.uid, home, "--lab", victim.name, "matrix")
    assert victim.pids() == pids


@only_root
def test_another_user_s_hvlab_knows_no_such_lab(victim: Victim, home: Path) -> None:
    assert hvlab_as(STRANGER, home, "list").out == "no lab is running\n"
    for words in ("status", "matrix", "capture web1", "exec web1 -- true", f"apply {victim.file}", "down"):
        done = hvlab_as(STRANGER, home, "--lab", victim.name, *words.split(), check=2)
        assert done.err.startswith(f'hvlab: no lab is called "{victim.name}"'), done
    hvlab_as(STRANGER, home, "down", "--all")
    hvlab_as(victim.uid, home, "--lab", victim.name, "exec", "web1", "--", "ping", "-c1", "-W2", "192.168.1.32")


@only_root
def test_two_users_have_labs_of_one_name(victim: Victim, home: Path) -> None:
    with lab_of_user(STRANGER, home, victim.name) as other:
        for each, rest in ((victim, other), (other, victim)):
            listed = {row["pid"] for row in hvlab_as(each.uid, home, "list", "--json").json()}
            assert each.pid in listed
            assert rest.pid not in listed
    hvlab_as(victim.uid, home, "--lab", victim.name, "matrix")


@only_root
def test_all_works_where_each_user_sees_only_his_own_processes(home: Path) -> None:
    name = fresh_name()
    hvlab_as(STUDENT, home, "up", home / "secret-exam.py", "--name", name, hidden=True)
    try:
        hvlab_as(STUDENT, home, "--lab", name, "status", hidden=True)
        hvlab_as(STUDENT, home, "--lab", name, "matrix", hidden=True)
    finally:
        hvlab_as(STUDENT, home, "down", name, hidden=True)


@only_root
def test_a_name_that_another_user_occupies_is_told(hvlab: Hvlab, home: Path) -> None:
    name = fresh_name()
    occupy = (
        "import os, socket, sys; os.setresuid(*[int(sys.argv[1])] * 3); s = socket.socket(socket.AF_UNIX);"
        "s.bind(sys.argv[2].replace('@', chr(0))); s.listen(); print(flush=True); sys.stdin.read()"
    )
    pipe = subprocess.PIPE
    arguments = (sys.executable, "-c", occupy, str(STRANGER), f"@hvlab-0-{name}")
    with subprocess.Popen(arguments, stdin=pipe, stdout=pipe) as squatter:
        assert squatter.stdout is not None
        squatter.stdout.readline()
        done = hvlab("up", home / "secret-exam.py", "--name", name, check=1)
        assert done.err == f'hvlab: user {STRANGER} of this machine occupies the lab name "{name}"\n'
        squatter.communicate(b"")
    hvlab("up", home / "secret-exam.py", "--name", name)
    hvlab("down", name)


# A lab that is open to a group

COLLEAGUE = 65532
LOOKS = (["status", "--json"], ["trace", "web1", "web2", "--tcp", "80"], ["learned", "hv1/External"], ["meters"])


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
        ["trace", "web1", "--", "--lab"], ["learned", "--lab", name, other], ["drops", "--follow"], ["matrix", "\0"], ["status", 7], "status",
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


# Files and sockets


def test_files_and_sockets_of_a_lab_are_its_owner_s_alone(running: RunningLab) -> None:
    top = Path(running.pod.path(str(RUN)))
    found = [top, *top.rglob("*")]
    assert sum(path.is_socket() for path in found) >= 8
    assert {path.lstat().st_uid for path in found} == {os.geteuid()}
    assert stat.S_IMODE(top.stat().st_mode) == 0o700  # which closes all that is in it
    # What names and settings are in, closed by itself as well.
    own = [path for path in found if path.suffix in (".log", ".json", ".sock", ".ctl", ".mgmt", ".snoop")]
    assert {path for path in own if not path.is_symlink() and path.stat().st_mode & 0o007} == set()


@only_root
def test_another_user_in_the_lab_s_own_namespaces_cannot_look_at_them(running: RunningLab) -> None:
    as_stranger = ("setpriv", f"--reuid={STRANGER}", f"--regid={STRANGER}", "--clear-groups", "--inh-caps=-all")
    assert execute(running.pod, None, "find", str(RUN)).stdout.count(b"\n") > 20
    done = execute(running.pod, None, *as_stranger, "find", str(RUN))
    assert (done.returncode, done.stdout) == (1, f"{RUN}\n".encode())


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
