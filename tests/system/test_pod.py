"""Labs as such: born, found, kept, ended, and nothing left behind. All of it as root and as an ordinary user."""

from __future__ import annotations

import dataclasses
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lab.emulation.pod import pod
from lab.emulation.pod.init import kernel
from lab.emulation.pod.pod import Pod
from lab.emulation.pod.process import Process, node
from lab.errors import InputError, InvalidState, LabFault, UnknownName
from tests.eventually import eventually
from tests.system.pods import ROOT, fresh_name, machine, networks, output, processes_below, python, running, states

pytestmark = pytest.mark.system

CREATE = """
import os, sys, time
from lab.emulation.pod import pod
lab = pod.create(sys.argv[1])
if sys.argv[2] == "commit": lab.commit()
print(lab.pid, flush=True)
time.sleep(60)
"""


def names() -> set[str]:
    return {found.name for found in pod.find()}


def test_a_lab_is_found_by_name_and_says_what_it_was_made_from() -> None:
    with running() as lab:
        assert pod.get(lab.name) == lab
        assert lab in pod.find()
        assert (lab.file, lab.alive) == ("/nowhere/topology.py", True)
    assert not lab.alive
    assert lab.name not in names()
    with pytest.raises(UnknownName):
        pod.get(lab.name)


@pytest.mark.parametrize("name", ["", "-x", "_x", "a b", "x" * 64, "a/b", "a.b", "ü", "x\n"])
def test_a_name_that_cannot_be_a_host_name_is_refused(name: str) -> None:
    with pytest.raises(InputError):
        pod.create(name)


def test_a_second_lab_of_the_same_name_is_refused() -> None:
    with running() as lab, pytest.raises(InvalidState, match="is running already"):
        pod.create(lab.name)


def test_of_several_creates_at_once_exactly_one_wins() -> None:
    name = fresh_name()

    def attempt(_: int) -> Pod | InvalidState:
        try:
            return pod.create(name)
        except InvalidState as error:
            return error

    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(attempt, range(6)))
    winners = [outcome for outcome in outcomes if isinstance(outcome, Pod)]
    try:
        assert len(winners) == 1, outcomes
        assert winners[0].alive  # though the thread that created it has ended
    finally:
        for winner in winners:
            winner.destroy()


def test_of_two_processes_exactly_one_wins() -> None:
    name = fresh_name()
    code = CREATE.replace("lab = ", "sys.stdin.readline(); lab = ")
    pair = [
        subprocess.Popen(
            python(code, name, "stay"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for process in pair:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    loser = eventually(lambda: [process for process in pair if process.poll() is not None])[0]
    (winner,) = (process for process in pair if process is not loser)
    assert winner.stdout is not None
    assert winner.stdout.readline().strip().isdigit()
    winner.kill()
    winner.communicate()
    _, said = loser.communicate()
    assert "InvalidState" in said
    eventually(lambda: name not in names())


def test_two_labs_do_not_see_each_other() -> None:
    with running() as one, running() as two:
        for lab in (one, two):
            lab.spawn([node("vm")])
        assert output(one, None, "hostname").strip() == one.name
        assert output(two, None, "hostname").strip() == two.name
        spaces = [os.readlink(lab.path(f"/proc/{lab.processes()['vm'].pid}/ns/net")) for lab in (one, two)]
        assert spaces[0] != spaces[1]
        one.destroy()
        assert two.processes()["vm"].state == "running"


def test_the_lab_has_its_own_proc_sys_run_and_host_name() -> None:
    def look() -> tuple[list[str], list[str], list[str], str]:
        pids = sorted((entry for entry in os.listdir("/proc") if entry.isdigit()), key=int)
        return os.listdir("/sys/class/net"), pids[:1], sorted(os.listdir("/run")), Path("/etc/hosts").read_text()

    with running() as lab:
        nets, pids, run, hosts = lab.run_inside(look)
        assert "lo" in nets
        assert "eth0" not in nets
        assert pids == ["1"]
        assert "hvlab" in run
        assert lab.name in hosts
        assert Path(lab.path("/run/hvlab")).stat().st_mode & 0o777 == 0o700
        assert "UP" in output(lab, None, "ip", "-o", "link", "show", "lo")


def test_a_name_written_in_place_is_seen_in_every_node() -> None:
    with running() as lab:
        lab.spawn([node("vm"), node("alone", own_run=True)])
        with Path(lab.path("/run/hvlab/etc/hosts")).open("a") as hosts:
            hosts.write("10.0.0.7 web1\n")
        for name in (None, "vm", "alone"):
            assert output(lab, name, "getent", "hosts", "web1").split()[0] == "10.0.0.7"


def test_until_committed_the_lab_ends_with_its_creator() -> None:
    name = fresh_name()
    process = subprocess.Popen(python(CREATE, name, "stay"), stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline()
    lab = pod.get(name)
    process.kill()
    process.communicate()
    eventually(lambda: not lab.alive, timeout=1)


def test_once_committed_the_lab_outlives_its_creator() -> None:
    name = fresh_name()
    process = subprocess.Popen(python(CREATE, name, "commit"), stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline()
    lab = pod.get(name)
    try:
        process.kill()
        process.communicate()
        assert lab.spawn([node("vm")])
        assert os.readlink(f"/proc/{lab.pid}/cwd").endswith("/")
        assert lab.alive
    finally:
        lab.destroy()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_first_process_leaves_nothing(number: int) -> None:
    before = machine()
    with running(committed=True) as lab:
        lab.spawn([node(f"vm{i}") for i in range(5)])
        lab.spawn([Process(name="daemon", argv=("sh", "-c", "setsid sleep 100 & sleep 100"), restart=True)])
        eventually(lambda: len(states(lab)) >= 9)
        nets = networks(processes_below(lab.pid))
        assert len(nets) == 6
        os.kill(lab.pid, number)
        eventually(lambda: not lab.alive, timeout=1)
        assert not networks(processes_below(1)) & nets
    after = machine()
    assert not after["mounts"] - before["mounts"]
    assert not [path for path in after["files"] - before["files"] if "hvlab" in path or lab.name in path]


def test_destroy_is_quick_final_and_can_be_repeated() -> None:
    with running() as lab:
        lab.spawn([node(f"vm{i}") for i in range(20)])
        start = time.perf_counter()
        lab.destroy()
        took = time.perf_counter() - start
        assert not lab.alive
        lab.destroy()
        with pytest.raises(LabFault, match="not running any more"):
            lab.spawn([node("late")])
    print(f"destroy with 20 nodes: {took * 1000:.0f} ms")
    assert took < 1


def test_a_pid_that_was_given_to_another_process_is_not_touched() -> None:
    with running() as lab:
        stale = dataclasses.replace(lab, start_ticks=lab.start_ticks - 1)
        assert not stale.alive
        with pytest.raises(LabFault):
            stale.exec(None, ["true"])
        with pytest.raises(LabFault):
            stale.run_inside(os.getpid)
        stale.destroy()
        assert lab.alive


def test_another_user_neither_sees_nor_enters_the_lab() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    look = (  # becomes the other user with everything imported: that user may not be able to read this tree
        "import os, sys; sys.path.insert(0, sys.argv[2]); from lab.emulation.pod import pod\n"
        "os.setgroups([]); os.setresgid(65533, 65533, 65533); os.setresuid(65533, 65533, 65533); print(pod.find())\n"
        "try: os.listdir(f'/proc/{sys.argv[1]}/root/run')\n"
        "except PermissionError: print('refused')"
    )
    with running() as lab:
        command = [sys.executable, "-B", "-c", look, str(lab.pid), str(ROOT)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["()", "refused"]


def test_a_lab_within_a_lab_keeps_what_lies_under_run_and_copes_with_a_dangling_resolv_conf() -> None:
    def nested() -> tuple[str, str, str, int]:
        kernel.mount("tmpfs", "/etc", "tmpfs")
        Path("/etc/hosts").touch()
        Path("/etc/resolv.conf").symlink_to("../run/systemd/resolve/stub-resolv.conf")
        here = Path("/run/media/stick")
        here.mkdir(parents=True)
        (here / "topology.py").write_text("# kept")
        os.chdir(here)
        inner = pod.create("inner")
        try:
            read = inner.run_inside(lambda: (Path.cwd(), Path("topology.py").read_text(), _read("/etc/resolv.conf")))
            return str(read[0]), read[1], read[2], len(pod.find())
        finally:
            inner.destroy()

    with running() as lab:
        folder, content, resolv_conf, count = lab.run_inside(nested)
        assert (folder, content, count) == ("/run/media/stick", "# kept", 1)
        assert resolv_conf.startswith("#")
        assert "inner" not in names()


@pytest.mark.parametrize(
    ("cripple", "words"),
    [
        ("mount --bind /dev/null /proc/uptime", "hides parts of /proc, as in a container"),
        ("echo 0 > /proc/sys/user/max_net_namespaces", "does not let an ordinary user make namespaces"),
    ],
)
def test_a_machine_that_cannot_have_labs_is_told_in_words(cripple: str, words: str) -> None:
    create = " ".join(map(shlex.quote, python(CREATE, fresh_name(), "stay")))
    command = f"{cripple} && exec unshare --user --map-user=1000 --map-group=1000 {create}"
    done = subprocess.run(["unshare", "-Urm", "sh", "-c", command], capture_output=True, text=True, check=False)
    assert "EnvironmentFault: this machine" in done.stderr
    assert words in done.stderr


def _read(path: str) -> str:
    return Path(path).read_text()


def test_creating_from_a_thread_that_ends_keeps_the_lab() -> None:
    made: list[Pod] = []
    thread = threading.Thread(target=lambda: made.append(pod.create(fresh_name())))
    thread.start()
    thread.join()
    try:
        assert made[0].spawn([node("vm")])
    finally:
        made[0].destroy()


def test_a_hundred_nodes_in_one_request() -> None:
    start = time.perf_counter()
    with running() as lab:
        created = time.perf_counter()
        pids = lab.spawn([node(f"vm{i}") for i in range(100)])
        spawned = time.perf_counter()
        assert len(set(pids.values())) == 100
        rss = Path(f"/proc/{lab.pid}/status").read_text().partition("VmRSS:")[2].split()[0]
    print(f"create {(created - start) * 1000:.0f} ms, 100 nodes {(spawned - created) * 1000:.0f} ms, init {rss} kB")
