"""What happens inside a lab: programs and functions run in it and in its nodes."""

from __future__ import annotations

import os
import pty
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.emulation.pod.pod import Pod
from lab.emulation.pod.process import node
from lab.errors import LabFault, TopologyError, UnknownName
from tests.eventually import eventually
from tests.system.pods import caller, execute, output, running, states

pytestmark = pytest.mark.system


@pytest.fixture
def lab() -> Iterator[Pod]:
    """A lab with one node."""
    with running() as found:
        found.spawn([node("vm")])
        yield found


@pytest.mark.parametrize(
    ("command", "code"),
    [("true", 0), ("exit 3", 3), ("kill -9 $$", 137), ("kill -TERM $$", 143), ("exit 127", 127)],
)
def test_a_program_s_exit_code_is_its_own(lab: Pod, command: str, code: int) -> None:
    assert execute(lab, "vm", "sh", "-c", command).returncode == code
    assert execute(lab, None, "sh", "-c", command).returncode == code


def test_a_program_that_cannot_be_run_is_named(lab: Pod) -> None:
    missing = execute(lab, "vm", "nonesuch")
    assert (missing.returncode, missing.stderr) == (127, b'hvlab: there is no program "nonesuch" in "vm"\n')
    folder = execute(lab, None, "/etc/hosts")
    assert folder.returncode == 126
    assert b"not an executable program" in folder.stderr


def test_a_node_that_does_not_exist_is_named(lab: Pod) -> None:
    with pytest.raises(UnknownName, match='no process is called "vn"; known: vm'):
        lab.exec("vn", ["true"])


def test_a_program_in_a_node_sees_only_that_node(lab: Pod) -> None:
    assert output(lab, "vm", "hostname").strip() == "vm"
    assert output(lab, "vm", "cat", "/proc/1/comm").strip() == "sleep"
    assert output(lab, "vm", "ls", "/sys/class/net").split().count("lo") == 1
    assert "/usr/sbin" in output(lab, "vm", "printenv", "PATH")
    assert output(lab, "vm", "printenv", "HOME").strip() == os.environ["HOME"]


def test_the_streams_are_the_caller_s_and_binary_clean(lab: Pod) -> None:
    data = os.urandom(1 << 20) * 6
    done = execute(lab, "vm", "cat", stdin=data)
    assert done.stdout == data
    assert execute(lab, "vm", "sh", "-c", "echo out; echo err >&2; cat").stderr == b"err\n"


def test_a_killed_caller_takes_the_program_and_its_children_along(lab: Pod) -> None:
    command = caller(lab, "vm", "sh", "-c", "sleep 1000 & echo started; sleep 1000; true")
    before = states(lab)
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"started\n"
    eventually(lambda: len(states(lab)) == len(before) + 4)  # the shell, two programs, and the shell's keeper
    process.kill()
    process.communicate()
    eventually(lambda: set(states(lab)) == set(before), timeout=2)


def test_what_a_program_leaves_in_the_background_stays_until_the_node_ends(lab: Pod) -> None:
    execute(lab, "vm", "sh", "-c", "setsid sleep 1000 >/dev/null 2>&1 </dev/null &")
    eventually(lambda: "sleep 1000" in output(lab, "vm", "ps", "ax"))
    lab.stop(["vm"])
    eventually(lambda: len(states(lab)) == 1)


class Terminal:
    """A caller on a terminal of its own, as a person would have."""

    def __init__(self, command: list[str]) -> None:
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(["setsid", "-c", "-w", *command], stdin=slave, stdout=slave, stderr=slave)
        os.close(slave)
        self._seen = b""

    def type(self, text: str) -> None:
        self._seen = b""
        os.write(self._master, text.encode())

    def expect(self, text: str) -> None:
        def read() -> bytes:
            self._seen += os.read(self._master, 65536)
            return self._seen

        os.set_blocking(self._master, False)

        def seen() -> bytes:
            try:
                return read()
            except BlockingIOError:
                return self._seen

        eventually(seen, lambda said: text.encode() in said, timeout=5)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)


def test_an_interactive_shell_has_job_control_and_gets_ctrl_c(lab: Pod) -> None:
    terminal = Terminal(caller(lab, "vm", "bash", "--norc", "--noprofile", "-i"))
    try:
        terminal.type("PS1='ready> '; tty\n")
        terminal.expect("/dev/pts/")
        terminal.type("sleep 1000\n")
        eventually(lambda: "sleep 1000" in output(lab, "vm", "ps", "ax"))
        terminal.type("\x03")
        terminal.expect("ready> ")
        terminal.type("echo status=$?\n")
        terminal.expect("status=130")
        terminal.type("sleep 1001\n")
        eventually(lambda: "sleep 1001" in output(lab, "vm", "ps", "ax"))
        terminal.type("\x1a")
        terminal.expect("Stopped")
        terminal.type("kill %1; exit 5\n")
        terminal.expect("exit")
        terminal.type("exit 5\n")
        assert terminal.process.wait(10) == 5
    finally:
        terminal.close()


def test_ctrl_c_reaches_a_program_and_not_its_caller(lab: Pod) -> None:
    command = "trap 'echo caught; exit 9' INT; echo waiting; while :; do sleep 0.05; done"
    terminal = Terminal(caller(lab, "vm", "sh", "-c", command))
    try:
        terminal.expect("waiting")
        terminal.type("\x03")
        terminal.expect("caught")
        assert terminal.process.wait(10) == 9
    finally:
        terminal.close()


def test_a_closed_terminal_ends_the_program(lab: Pod) -> None:
    before = states(lab)
    terminal = Terminal(caller(lab, "vm", "sh", "-c", "echo waiting; sleep 1000; true"))
    terminal.expect("waiting")
    terminal.close()
    eventually(lambda: set(states(lab)) == set(before), timeout=2)


# Functions


def test_a_function_runs_inside_and_its_result_comes_back(lab: Pod) -> None:
    big = lab.run_inside(lambda: ("x" * 3_000_000, socket.gethostname(), lab.processes()["vm"].state))
    assert (len(big[0]), big[1], big[2]) == (3_000_000, lab.name, "running")
    assert lab.run_inside(socket.gethostname, node="vm") == "vm"
    assert lab.run_inside(Path.cwd) == Path.cwd()
    assert lab.run_inside(lambda: lab.exec("vm", ["sh", "-c", "exit 4"])) == 4


def test_what_a_function_raises_is_raised_here(lab: Pod) -> None:
    def unknown() -> None:
        raise UnknownName("VM", "web", ["web1"], where="x.py:3")

    def several() -> None:
        raise TopologyError(UnknownName("VM", name, []).record for name in ("a", "b"))

    def local() -> None:
        class OddError(Exception):
            pass

        raise OddError("words")

    with pytest.raises(UnknownName, match="web1") as caught:
        lab.run_inside(unknown)
    assert (caught.value.record.where, caught.value.record.target) == ("x.py:3", "web")
    with pytest.raises(TopologyError) as all_of_them:
        lab.run_inside(several)
    assert len(all_of_them.value.records) == 2
    with pytest.raises(LabFault, match="OddError: words") as odd:
        lab.run_inside(local)
    assert odd.value.exit_code == 1
    with pytest.raises(SystemExit, match="7"):
        lab.run_inside(lambda: (_ for _ in ()).throw(SystemExit(7)))
    with pytest.raises(LabFault, match="cannot be handed back"):
        lab.run_inside(lambda: lambda: None)
    with pytest.raises(LabFault, match="without a result"):
        lab.run_inside(lambda: os.kill(os.getpid(), signal.SIGKILL))
