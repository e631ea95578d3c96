"""The processes of a lab: spawned with what they need, supervised, stopped; and the socket all that is asked on."""

from __future__ import annotations

import json
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.emulation.pod.pod import Pod
from lab.emulation.pod.process import Mount, Process, node
from lab.errors import LabFault
from tests.eventually import eventually
from tests.system.pods import execute, log_of, output, running, states

pytestmark = pytest.mark.system

SERVER = """
import os, socket
assert os.environ["LISTEN_PID"] == str(os.getpid())
with socket.socket(fileno=3) as listener:
    while True:
        client, _ = listener.accept()
        client.sendall(b"%d %s" % (os.getpid(), os.environ["LISTEN_FDS"].encode()))
        client.close()
"""


@pytest.fixture
def lab() -> Iterator[Pod]:
    """A lab with one node."""
    with running() as found:
        found.spawn([node("vm")])
        yield found


def log_path(name: str) -> str:
    return f"/run/hvlab/log/{name}.log"


def once(name: str, *argv: str) -> Process:
    """Describe a process that logs what it says."""
    return Process(name=name, argv=argv, log=log_path(name))


def test_a_spawned_process_is_clean(lab: Pod) -> None:
    lab.spawn(
        [
            once(
                "look",
                sys.executable,
                "-c",
                "import os; print(sorted(map(int, os.listdir('/proc/self/fd'))), os.getsid(0))",
            )
        ]
    )
    eventually(lambda: lab.processes()["look"].state == "exited")
    fds, session = json.loads(log_of(lab, "look").replace("] ", "], ").join("[]"))
    assert fds[:3] == [0, 1, 2]
    assert len(fds) == 4  # the fourth is the open folder
    assert session > 1
    lab.spawn([once("signals", "grep", "Sig[BI]", "/proc/self/status")])
    eventually(lambda: log_of(lab, "signals").count("\n") == 2)
    for line in log_of(lab, "signals").splitlines():
        assert int(line.split()[1], 16) & 0x7FFFFFFF == 0, "signals 32 and 33 are the C library's own business"


def test_sysctls_and_mounts_are_done_before_the_program(lab: Pod) -> None:
    router = node(
        "router",
        mounts=(Mount("tmpfs", "/mnt", options="mode=0700"), Mount("bind", "/mnt", "/run/hvlab/etc", readonly=True)),
        sysctls={"net.ipv4.ip_forward": "1", "net/ipv4/conf/lo/forwarding": "1"},
    )
    lab.spawn([router])
    assert output(lab, "router", "cat", "/proc/sys/net/ipv4/ip_forward") == "1\n"
    assert execute(lab, "router", "test", "-e", "/mnt/hosts").returncode == 0
    assert execute(lab, "router", "touch", "/mnt/new").returncode == 1
    assert output(lab, "vm", "cat", "/proc/sys/net/ipv4/ip_forward") == "0\n"


def test_a_failing_step_is_told_in_its_words(lab: Pod) -> None:
    with pytest.raises(LabFault, match="mount nonesuch on /mnt: No such device"):
        lab.spawn([node("bad", mounts=(Mount("nonesuch", "/mnt"),))])
    with pytest.raises(LabFault, match='"bad" could not be started: there is no program "nonesuch"'):
        lab.spawn([once("bad", "nonesuch")])
    with pytest.raises(LabFault, match='enter the namespaces of "ghost": no such process'):
        lab.spawn([Process(name="bad", argv=("true",), enter={"net": "ghost"})])
    with pytest.raises(LabFault, match="waits for it"):
        lab.spawn([Process(name=a, argv=("true",), enter={"net": b}) for a, b in (("a", "b"), ("b", "a"))])
    with pytest.raises(LabFault, match='a process called "vm" exists already'):
        lab.spawn([node("vm")])
    with pytest.raises(LabFault, match=r"sysctl net\.nonesuch=1: No such file"):
        lab.spawn([node("bad", sysctls={"net.nonesuch": "1"})])
    assert set(lab.processes()) == {"vm"}


def test_a_process_enters_a_node_of_the_same_request_and_ends_with_it(lab: Pod) -> None:
    inside = {"net": "late", "uts": "late", "mnt": "late", "pid": "late"}
    lab.spawn(
        [
            Process(name="agent", argv=("sh", "-c", "hostname; exec sleep 1000"), enter=inside, log=log_path("agent")),
            Process(name="net-only", argv=("sleep", "1000"), enter={"net": "late"}, restart=True),
            node("late"),
        ]
    )
    eventually(lambda: log_of(lab, "agent") == "late\n")
    lab.stop(["late"])
    assert set(lab.processes()) == {"vm"}


def test_a_killed_node_takes_all_its_processes_along(lab: Pod) -> None:
    before = states(lab)
    lab.spawn([node("host"), Process(name="in", argv=("sleep", "1000"), enter={"pid": "host", "net": "host"})])
    lab.kill(["host"])
    eventually(lambda: lab.processes()["host"].state == "exited")
    eventually(lambda: set(states(lab)) == set(before))
    assert lab.processes()["in"].last_exit == -signal.SIGKILL
    lab.spawn([node("host")])


def test_a_supervised_process_comes_back_and_something_runs_after_that(lab: Pod) -> None:
    mark = "/run/hvlab/restarted"
    lab.spawn([Process(name="d", argv=("sleep", "1000"), restart=True, after_restart=("touch", mark))])
    first = lab.processes()["d"]
    assert not Path(lab.path(mark)).exists()
    lab.kill(["d"])
    second = eventually(lambda: lab.processes()["d"], lambda seen: seen.state == "running" and seen.pid != first.pid)
    assert (second.restarts, second.last_exit) == (1, -signal.SIGKILL)
    eventually(Path(lab.path(mark)).exists)
    lab.stop(["d"])
    assert "d" not in lab.processes()
    assert "d: restarted (number 1)" in log_of_init(lab)


def log_of_init(lab: Pod) -> str:
    return Path(lab.path("/run/hvlab/log/init.log")).read_text()


def test_a_process_that_keeps_failing_is_not_restarted_in_a_busy_loop(lab: Pod) -> None:
    lab.spawn([Process(name="d", argv=("false",), restart=True)])
    start = time.monotonic()
    eventually(lambda: lab.processes()["d"].restarts >= 4)
    assert time.monotonic() - start > 0.25
    lab.stop(["d"])


def test_ready_waits_for_a_path_or_tells_why_it_does_not_appear(lab: Pod) -> None:
    path = "/run/hvlab/d.pid"
    wait = Process(name="d", argv=("sh", "-c", f"sleep 0.1; touch {path}; exec sleep 1000"), ready=path)
    lab.spawn([wait])
    assert Path(lab.path(path)).exists()
    broken = Process(
        name="e", argv=("sh", "-c", "echo no licence; exit 2"), ready="/run/x", log=log_path("e"), restart=True
    )
    with pytest.raises(LabFault, match='ended with status 2 before "/run/x" appeared; its log ends with: no licence'):
        lab.spawn([broken])
    late = Process(name="f", argv=("sleep", "1000"), ready="/run/x", ready_timeout_s=0.1)
    with pytest.raises(LabFault, match=r'"/run/x" did not appear within 0\.1 s'):
        lab.spawn([late])
    assert set(lab.processes()) == {"vm", "d"}


def test_a_listening_socket_outlives_its_server(lab: Pod) -> None:
    path = "/run/hvlab/server.sock"
    slow = ("sh", "-c", 'sleep 0.2; exec "$0" -c "$1"', sys.executable, SERVER)
    lab.spawn([Process(name="s", argv=slow, restart=True, listen=(path,), enter={"pid": "vm"})])

    def ask() -> bytes:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10)
            client.connect(lab.path(path))
            return client.recv(100)

    first = ask()
    lab.kill(["s"])
    eventually(lambda: lab.processes()["s"].restarts == 1)
    second = ask()  # not refused: it waits in the queue of the socket that init keeps
    assert first.split()[1] == second.split()[1] == b"1"
    assert first != second
    lab.stop(["s"])
    assert not Path(lab.path(path)).exists()


def test_stop_asks_first_and_kills_later(lab: Pod) -> None:
    polite = once("polite", "sh", "-c", "trap 'echo bye; exit 0' TERM; echo hello; while :; do sleep 0.02; done")
    stubborn = once("stubborn", "sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.02; done")
    lab.spawn([polite, stubborn])
    eventually(lambda: log_of(lab, "stubborn") + log_of(lab, "polite") == "deaf\nhello\n")
    lab.stop(["polite", "stubborn"], timeout_s=0.2)
    assert log_of(lab, "polite") == "hello\nbye\n"
    assert set(lab.processes()) == {"vm"}


def test_orphans_are_reaped_everywhere(lab: Pod) -> None:
    orphans = "for i in 1 2 3 4 5 6 7 8; do (sh -c 'sleep 0.01' &); done"
    assert execute(lab, "vm", "sh", "-c", orphans).returncode == 0
    assert execute(lab, None, "sh", "-c", orphans).returncode == 0
    eventually(lambda: states(lab), lambda seen: len(seen) == 2 and "Z" not in seen.values())


def test_a_node_with_its_own_run_cannot_see_the_lab_s_state(lab: Pod) -> None:
    lab.spawn([node("alone", own_run=True)])
    assert output(lab, "alone", "ls", "/run") == ""


# The socket


def test_init_survives_whatever_is_sent(lab: Pod) -> None:
    path = lab.path("/run/hvlab/init.sock")
    for data in (
        b"\n",
        b"{",
        b"\xff\xfe\n",
        b"[" * 100000 + b"\n",
        b'{"op": "spawn"}\n',
        b'{"op": 3}\n',
        b"3\n",
        b"[[]]\n",
    ):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
            client.sendall(data)
            if data.endswith(b"\n"):
                assert b'"ok": false' in client.makefile("rb").readline()
    with socket.socket(socket.AF_UNIX) as half:
        half.connect(path)
        half.sendall(b'{"op": "li')
        crowd = [socket.socket(socket.AF_UNIX) for _ in range(150)]
        for client in crowd:
            client.connect(path)
            client.sendall(b'{"op": "list"}\n')
        assert lab.processes()
        half.sendall(b'st"}\n[]\n')
        with half.makefile("rb") as stream:
            assert json.loads(stream.readline())["processes"][0]["name"] == "vm"
            assert json.loads(stream.readline()) == []
        for client in crowd:
            client.close()
    with socket.socket(socket.AF_UNIX) as gone:
        gone.connect(path)
        gone.sendall(json.dumps(node("orphan").to_json()).encode() + b"\n")
    eventually(lambda: lab.processes().get("orphan"), lambda seen: seen is not None and seen.state == "running")
    assert "Traceback" not in log_of_init(lab)
