"""Mininet over a running lab: its Python API from a program outside, and its console."""

from __future__ import annotations

import io
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from mininet.log import lg as log
from mininet.net import Mininet
from mininet.node import Host, Switch

from lab.emulation.net import LabNet, attach
from lab.emulation.pod import pod
from lab.errors import EnvironmentFault, InputError, InvalidState, LabFault, UnknownName
from tests.eventually import eventually
from tests.system.commands import CommandLine, up
from tests.system.pods import ROOT

pytestmark = pytest.mark.system

MACHINES = ["hv1", "web1", "web2", "app1", "app2", "db1", "db2", "pc1", "office-router", "internet"]


@pytest.fixture(scope="module")
def lab() -> Iterator[CommandLine]:
    with up("three_switches") as found:
        yield found


@pytest.fixture
def net(lab: CommandLine) -> Iterator[LabNet]:
    with attach(lab.lab) as found:
        yield found


@pytest.fixture(scope="module")
def two_hosts() -> Iterator[CommandLine]:
    with up("two_hosts") as found:
        yield found


@pytest.fixture(scope="module")
def legacy() -> Iterator[CommandLine]:
    with up("legacy_adapter") as found:
        yield found


def commands_in(lab: CommandLine) -> list[str]:
    """Return the command lines of all processes in a lab."""
    found = []
    for entry in Path(pod.get(lab.lab).path("/proc")).iterdir():
        if entry.name.isdigit():
            try:
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip())
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found


def running(lab: CommandLine, text: str) -> list[str]:
    return [line for line in commands_in(lab) if text in line]


def helpers() -> set[int]:
    """Return the processes of this one, on this side of the lab."""
    return {int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()}


# What is there


def test_it_is_a_mininet_of_hosts_and_switches(net: LabNet) -> None:
    assert isinstance(net, Mininet)
    assert [host.name for host in net.hosts] == MACHINES
    assert all(isinstance(host, Host) for host in net.hosts)
    assert [switch.name for switch in net.switches] == ["External", "Internal", "Private"]
    assert all(isinstance(switch, Switch) for switch in net.switches)
    assert net["web1"] is net.get("web1") is net.hosts[1]
    assert net.get("web1", "db1") == [net["web1"], net["db1"]]
    assert "web1" in net and "nobody" not in net
    assert {"web1", "External", "office"} <= set(net.keys())


def test_interfaces_are_known_and_are_what_the_kernel_says(net: LabNet) -> None:
    web1 = net["web1"]
    assert (web1.IP(), web1.intf().name, web1.intf("eth0").prefixLen) == ("192.168.1.31", "eth0", 24)
    assert net["hv1"].IP() == "192.168.1.20"
    assert net["hv1"].IP(intf="vE-Internal") == "10.0.1.1"
    for host in net.hosts:
        for intf in host.intfList():
            known = intf.IP(), intf.MAC()
            assert intf.updateAddr() == known, (host, intf)
    assert web1.intf().isUp()


def test_links_join_what_is_connected(net: LabNet) -> None:
    shown = {str(link) for link in net.links}
    assert {"web1:eth0<->External:web1-eth0", "hv1:vE-External<->External:vE-External"} <= shown
    assert "External:Ethernet<->office:hv1-Ethernet" in shown
    assert {link.status() for link in net.links} == {"(OK OK)"}
    assert net["web1"].connectionsTo(net["External"])
    assert not net["web1"].connectionsTo(net["Private"])


def test_the_pid_is_the_machines(net: LabNet) -> None:
    inside = os.stat(f"/proc/{net['web1'].pid}/ns/net").st_ino
    assert net["web1"].cmd("readlink /proc/self/ns/net").strip() == f"net:[{inside}]"
    assert f"pid={net['web1'].pid}" in repr(net["web1"])


def test_switches_of_one_name_have_their_hosts_name_too(two_hosts: CommandLine) -> None:
    with attach(two_hosts.lab) as net:
        assert [switch.name for switch in net.switches] == [
            "hv1.External", "hv1.Private", "hv2.External", "hv2.Private",
        ]  # fmt: skip
        assert net["hv2.External"].connected()
        assert "web2-eth0" in net["hv2.External"].dpctl("show")


def test_switches_answer(net: LabNet) -> None:
    external = net["External"]
    assert external.connected()
    assert net.waitConnected(timeout=0)
    assert [str(intf) for intf in external.intfList()] == ["Ethernet", "vE-External", "web1-eth0", "web2-eth0"]
    assert "cookie=" in external.dpctl("dump-flows")
    assert "sw.External" in external.cmd("ovs-vsctl list-br")


# Commands


def test_commands_run_inside(net: LabNet) -> None:
    web1 = net["web1"]
    assert web1.cmd("hostname").strip() == "web1"
    assert "192.168.1.31/24" in web1.cmd("ip -4 address show dev eth0")
    assert web1.cmd("echo", "two", "words") == "two words\r\n"
    assert web1.cmd("false; echo $?").strip() == "1"
    assert web1.cmd("x=5") == "" and web1.cmd("echo $x").strip() == "5"
    assert web1.cmd("") == ""
    assert "1 received" in web1.cmd(f"ping -c1 {net['web2'].IP()}")


def test_a_command_can_be_watched_and_interrupted(net: LabNet) -> None:
    web1 = net["web1"]
    web1.sendCmd("ping -i 0.2 192.168.1.32", printPid=True)
    seen = ""
    while seen.count("icmp_seq") < 2:
        seen += web1.monitor(timeoutms=5000)
    assert web1.pexec(["cat", f"/proc/{web1.lastPid}/comm"])[0] == "ping\n"
    web1.sendInt()
    assert "packets transmitted" in web1.waitOutput()
    assert not web1.waiting


def test_the_output_of_several_is_told_apart(net: LabNet) -> None:
    hosts = [net["web1"], net["web2"]]
    for host in hosts:
        host.sendCmd("hostname; sleep 60")
    lines = net.monitor(hosts, timeoutms=5000)
    assert {(host.name, line.strip()) for host, line in (next(lines), next(lines))} == {
        ("web1", "web1"), ("web2", "web2"),
    }  # fmt: skip


def test_programs_run_without_a_shell(net: LabNet) -> None:
    web1 = net["web1"]
    assert web1.pexec(["printf", "%s|", "a b", "$HOME; `id`"]) == ("a b|$HOME; `id`|", "", 0)
    assert web1.pexec("sh -c false")[2] == 1
    out, err, code = web1.pexec(["no-such-program"])
    assert (out, code) == ("", 127) and "no-such-program" in err
    started = web1.popen("cat", stdin=subprocess.PIPE, text=True)
    assert started.communicate("through\n") == ("through\n", "") and started.returncode == 0
    assert web1.popen("echo $0 $((1+1))", shell=True, text=True).communicate()[0].split()[1] == "2"


def test_the_working_directory_and_environment_are_handed_on(net: LabNet) -> None:
    done = net["web1"].popen(["sh", "-c", "pwd; echo $GREETING"], cwd="/usr", env={"GREETING": "hi"}, text=True)
    assert done.communicate()[0] == "/usr\nhi\n"


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_signals_reach_the_program(net: LabNet, sig: signal.Signals) -> None:
    started = net["web1"].popen(["sh", "-c", "echo up; exec sleep 1234"], text=True)
    assert started.stdout.readline() == "up\n"
    started.send_signal(sig)
    assert started.wait(10) == -sig
    started.communicate()


def test_a_killed_program_takes_its_children_along(lab: CommandLine, net: LabNet) -> None:
    started = net["web1"].popen(["sh", "-c", "sleep 4321 & echo up; wait"], text=True)
    assert started.stdout.readline() == "up\n"
    started.kill()
    started.communicate()
    assert eventually(lambda: running(lab, "sleep 4321"), lambda found: not found) == []


def test_threads_do_not_get_in_the_way(net: LabNet) -> None:
    said: dict[str, str] = {}

    def ask(name: str) -> None:
        said[name] = net[name].pexec(["hostname"])[0].strip()

    threads = [threading.Thread(target=ask, args=(name,)) for name in MACHINES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == {name: name for name in MACHINES}


# Measuring


def test_ping_all_finds_the_loss_that_private_switches_make(net: LabNet) -> None:
    said = io.StringIO()
    before = log.handlers[0].setStream(said)
    try:
        loss = net.pingAll()
    finally:
        log.handlers[0].setStream(before)
    shown = said.getvalue()
    # All pairs of the office and the internet but those into it; hv1 with its internal switch, one way, for app1 and
    # app2 answer; and each of the other switches in itself.
    assert loss == pytest.approx(100 * (90 - 31) / 90)
    assert "db1 -> X X X X X db2 X X X \n" in shown
    assert "*** Results: 66% dropped (31/90 received)" in shown


def test_ping_between_some(net: LabNet) -> None:
    assert net.ping([net["web1"], net["web2"]]) == 0
    assert net.ping([net["web1"], net["db1"]], timeout="0.2") == 100
    assert net.pingPair() == 0
    ((one, other, (sent, received, least, *_)), _) = net.pingFull([net["web1"], net["web2"]])
    assert (one.name, other.name, sent, received) == ("web1", "web2", 1, 1) and least > 0


def test_bandwidth(lab: CommandLine, net: LabNet) -> None:
    if not shutil.which("iperf3"):
        pytest.skip("iperf3 is not installed")
    told = net.iperf([net["web1"], net["web2"]], seconds=1)
    assert len(told) == 2 and all(re.fullmatch(r"[\d.]+ [KMG]bits/sec", rate) for rate in told)
    assert net.iperf([net["web1"], net["web2"]], l4Type="UDP", udpBw="2M", seconds=1)[0] == "2M"
    with pytest.raises(LabFault, match=r'"web1" cannot measure to 10\.0\.2\.11'):
        net.iperf([net["web1"], net["db1"]], seconds=1)
    assert eventually(lambda: running(lab, "iperf"), lambda found: not found) == []


def test_bandwidth_without_a_program_for_it(net: LabNet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with pytest.raises(EnvironmentFault, match="neither iperf3 nor iperf"):
        net.iperf([net["web1"], net["web2"]])


# Changing


def test_an_address_can_be_changed(net: LabNet) -> None:
    db1, db2 = net["db1"], net["db2"]
    try:
        assert db1.setIP("10.0.9.1", 24) + db2.setIP("10.0.9.2/24") == ""
        assert (db1.IP(), db1.intf().updateIP()) == ("10.0.9.1", "10.0.9.1")
        assert net.ping([db1, db2]) == 0
    finally:
        db1.setIP("10.0.2.11/24")
        db2.setIP("10.0.2.12/24")
    with pytest.raises(InputError, match="is not an address"):
        db1.setIP("10.0.0.1; reboot", 24)


def test_a_cable_can_be_pulled(net: LabNet) -> None:
    pair = [net["web1"], net["web2"]]
    net.configLinkStatus("web1", "External", "down")
    try:
        assert net.ping(pair) == 100
    finally:
        net.configLinkStatus("web1", "External", "up")
    assert eventually(lambda: net.ping(pair), lambda loss: loss == 0) == 0
    with pytest.raises(InputError, match="not connected"):
        net.configLinkStatus("web1", "Private", "down")
    with pytest.raises(InputError, match="management OS"):
        net.configLinkStatus("hv1", "External", "down")


def test_the_lab_itself_is_not_changed(net: LabNet) -> None:
    for refused in (
        lambda: net.addHost("h9"),
        lambda: net.addLink("web1", "Private"),
        lambda: net.delHost(net["web1"]),
        lambda: net["External"].stop(),
        lambda: net["web1"].intf().delete(),
    ):
        with pytest.raises(InvalidState, match="cannot be changed"):
            refused()


def test_names_that_are_not_there(legacy: CommandLine) -> None:
    with attach(legacy.lab) as net:
        assert "web1" not in net
        with pytest.raises(InvalidState, match='VM "web1" is off'):
            net.get("web1")
        with pytest.raises(UnknownName, match='"new2"'):
            net.get("new2")
        with pytest.raises(KeyError):
            net["new2"]
    with pytest.raises(UnknownName):
        attach("no-such-lab")


# The end


def test_detaching_ends_the_shells_and_not_the_lab(lab: CommandLine) -> None:
    before = helpers()
    net = attach(lab.lab)
    net["web1"].cmd("sleep 5432 & nohup sleep 5433 > /dev/null 2>&1 &")
    started = net["web2"].popen(["sleep", "5434"])
    eventually(lambda: len(running(lab, "sleep 543")), lambda number: number >= 3)
    net.stop()
    assert eventually(lambda: running(lab, "mininet:") + running(lab, "sleep 543"), lambda found: not found) == []
    assert helpers() == before
    started.communicate()
    assert lab.said("exec", "web1", "--", "hostname").strip() == "web1"
    assert net["web1"].cmd("echo again").strip() == "again", "a stopped node starts a shell when asked again"
    net.stop()


@pytest.mark.parametrize("everybody", [False, True], ids=["alone", "with its process group"])
def test_nothing_is_left_when_the_caller_is_killed(lab: CommandLine, everybody: bool) -> None:
    script = f"""
from lab.emulation.net import attach
net = attach({lab.lab!r})
net["web1"].cmd("nohup sleep 7654 > /dev/null 2>&1 &")
net["External"].cmd("sleep 7655 &")
net["web2"].popen(["sh", "-c", "trap '' TERM HUP INT; sleep 7656; sleep 7657"])
print("ready", flush=True)
net["db1"].cmd("sleep 7658")
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, process_group=0, cwd="/"
    ) as caller:
        assert caller.stdout is not None
        assert caller.stdout.readline() == b"ready\n"
        eventually(lambda: len(running(lab, "sleep 765")), lambda number: number >= 4)
        if everybody:
            os.killpg(caller.pid, signal.SIGKILL)
        else:
            caller.kill()
    assert eventually(lambda: running(lab, "mininet:") + running(lab, "sleep 765"), lambda found: not found) == []


def test_the_end_of_a_shell_is_an_error_and_not_a_hang(net: LabNet) -> None:
    with pytest.raises(LabFault, match='the shell in "web1" has ended'):
        net["web1"].cmd("exit")
    assert net["web1"].cmd("hostname").strip() == "web1"


def test_the_machine_is_left_alone(lab: CommandLine) -> None:
    settings = [Path(f"/proc/sys/net/ipv4/{name}") for name in ("tcp_rmem", "tcp_wmem")]
    settings += [Path("/proc/sys/fs/file-max"), Path("/proc/sys/kernel/pty/max")]
    before = [each.read_text() for each in settings]
    assert Mininet.inited is False
    with attach(lab.lab) as net:
        net.pingPair()
    assert [each.read_text() for each in settings] == before
    assert Mininet.inited is False, "a Mininet of the user's own is what it always was"


# The console


def console(lab: CommandLine, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lab", "mininet", "--lab", lab.lab, *arguments],
        cwd=ROOT, input=typed, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_the_console_on_a_pipe(lab: CommandLine) -> None:
    done = console(lab, typed="nodes\nweb1 ping -c1 web2\nsh echo on the machine\nnet\nlinks\ndump\nexit\nnonsense\n")
    assert done.returncode == 0, done.stderr
    assert "External Internal Private app1" in done.stdout
    assert "PING 192.168.1.32" in done.stdout and "1 received" in done.stdout
    assert "on the machine" in done.stdout
    assert "web1 eth0:web1-eth0" in done.stdout
    assert "web1:eth0<->External:web1-eth0 (OK OK)" in done.stdout
    assert "<LabHost web1: eth0:192.168.1.31" in done.stdout
    assert "mininet>" not in done.stdout
    assert f'lab "{lab.lab}" is still up' in done.stderr


def test_commands_from_the_command_line_and_a_file(lab: CommandLine, tmp_path: Path) -> None:
    done = console(lab, "-c", "pingpair", "-c", "web1 hostname  # its own name\nweb2 hostname")
    assert done.returncode == 0 and "Results: 0% dropped" in done.stdout and "web1\nweb2\n" in done.stdout
    script = tmp_path / "commands"
    script.write_text("db1 hostname\n\n# nothing\nexit\nnonsense\n", encoding="utf-8")
    done = console(lab, "--script", str(script))
    assert (done.returncode, done.stdout.strip()) == (0, "db1")
    done = console(lab, "--script", str(tmp_path / "missing"))
    assert done.returncode == 2 and "cannot be read: No such file" in done.stderr


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("nonsense", "unknown command: nonsense"),
        ("web9 ls", "unknown command: web9 ls"),
        ("web1", "a command for web1 is missing"),
        ("iperf web1 db1", '"web1" cannot measure to 10.0.2.11'),
        ("switch External stop", "a switch of a running lab cannot be changed"),
        ("link web1 db1 down", "not connected"),
        ("pingall soon", "not a number of seconds"),
        ("xterm web1", "needs a display"),
    ],
)
def test_a_mistake_is_one_line_and_no_end(lab: CommandLine, line: str, words: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    done = subprocess.run(
        [sys.executable, "-m", "lab", "--lab", lab.lab, "mininet", "-c", line, "-c", "sh echo on"],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2 and words in done.stdout and done.stdout.endswith("on\n"), done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_the_console_on_a_terminal(lab: CommandLine, tmp_path: Path) -> None:
    main, terminal = os.openpty()
    environment = {**os.environ, "HOME": str(tmp_path), "TERM": "dumb"}
    command = ["setsid", "--ctty", "--wait", sys.executable, "-m", "lab", "mininet", "--lab", lab.lab]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=terminal, stdout=terminal, stderr=terminal
    ) as process:  # fmt: skip
        os.close(terminal)
        try:
            converse(main)
            assert process.wait(10) == 0
        finally:
            process.kill()
            os.close(main)


def converse(terminal: int) -> None:
    def type_and_see(typed: str, wanted: str) -> str:
        os.write(terminal, typed.encode())
        return until(terminal, wanted)

    until(terminal, "mininet> ")
    assert "web1\r\n" in type_and_see("web1 hostname\r", "mininet> ").replace("\r\r", "\r")
    type_and_see("web1 sh -c 'echo go; read x; echo got-$x'\r", "go\r\r\n")
    assert type_and_see("ty\x7f\x7fright\r", "mininet> ").count("got-right") == 1
    type_and_see("web1 ping 192.168.1.32\r", "icmp_seq=1")
    assert "packets transmitted" in type_and_see("\x03", "mininet> ")
    assert "web2" in type_and_see("web2 host\tname\r", "mininet> ")
    type_and_see("exit\r", "ends it")


def until(terminal: int, text: str) -> str:
    """Return what a terminal shows until `text` is there."""
    seen = ""
    while text not in seen:
        ready, _, _ = select.select([terminal], [], [], 10)
        assert ready, f"waiting for {text!r}; seen: {seen!r}"
        seen += os.read(terminal, 4096).decode(errors="replace")
    return seen
