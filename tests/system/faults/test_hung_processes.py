"""Programs of a lab that are there but do nothing: no command hangs over it, and each says what is the matter."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from lab.emulation import health
from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.faults.places import MORE, PAIR
from tests.system.faults.processes import is_machine, kill, listed
from tests.system.labs import Done, RunningLab, pinging

pytestmark = pytest.mark.system

# A command against a program that hangs; the machine may be busy.
ENDS_WITHIN_S = 20.0


@pytest.fixture(scope="module")
def pair(lab: LabOf) -> Iterator[RunningLab]:
    with lab(PAIR) as found:
        yield found


@pytest.fixture(autouse=True)
def _patient(announce: Callable[[str], None]) -> None:
    # The controller and Open vSwitch tell of what the other does not answer.
    announce(r"inactivity|no response|Unreasonably long|unreasonably|faults:|context switches|Dropped \d+ log")
    announce(
        r"connection (closed|dropped|failed|reset)|Connection (refused|reset)|Broken pipe|not answer|receive error"
    )


@contextmanager
def stopped(lab: RunningLab, name: str) -> Iterator[int]:
    """Have a process of the lab stopped as long as the block lasts, and yield its pid."""
    pid = kill(lab, name, signal.SIGSTOP) if name else lab.pod.pid
    if not name:
        os.kill(pid, signal.SIGSTOP)
    eventually(lambda: Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0], lambda state: state == "T")
    try:
        yield pid
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def in_time(lab: RunningLab, *arguments: str | Path) -> Done:
    """Run a command that fails, and soon, in one sentence."""
    started = time.monotonic()
    done = lab(*arguments, check=1)
    assert time.monotonic() - started < ENDS_WITHIN_S
    assert len(done.err.splitlines()) == 1, done.err
    return done


def test_status_and_apply_name_what_is_stopped(pair: RunningLab) -> None:
    for name in [name for name in listed(pair) if not is_machine(pair, name)]:
        with stopped(pair, name) as pid:
            told = in_time(pair, "status", "--json")
            assert {each["name"]: each["state"] for each in told.json()["processes"]}[name] == "stopped"
            pair.file.write_text(MORE)
            refused = in_time(pair, "apply", pair.file)
            assert "nothing was changed" in refused.err
            for said in (told.err, refused.err):
                assert said.startswith(f'hvlab: "{name}" (pid {pid}) is stopped: ')
                assert f"`kill -CONT {pid}`" in said and f"`kill -KILL {pid}`" in said
        pair.healthy()
    pair.apply(MORE)
    pair.agrees()
    pair.apply(PAIR)


@pytest.mark.parametrize("program", ["controller", "ovsdb-server@hv1"])
def test_traffic_goes_on_without_them(pair: RunningLab, program: str) -> None:
    with pinging(pair, "web1", "192.168.1.32"), stopped(pair, program):
        pair.agrees()


def test_a_stopped_daemon_forwards_nothing_and_can_be_killed(pair: RunningLab) -> None:
    with stopped(pair, "ovs-vswitchd@hv1") as pid:
        assert "its switches forward nothing" in in_time(pair, "status").err
        pair.exec("web1", "ping", "-c1", "-W1", "192.168.1.32", check=1)
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: listed(pair).get("ovs-vswitchd@hv1", pid), lambda now: now != pid)
        pair.healthy()
        pair.exec("web1", "ping", "-c1", "-W2", "192.168.1.32")
    pair.remember()


def test_a_stopped_first_process_is_told_by_every_command_and_down_ends_it(lab: LabOf) -> None:
    with lab(PAIR) as found, stopped(found, "") as pid:
        for line in (("status",), ("apply", found.file), ("exec", "web1", "true"), ("matrix",)):
            told = in_time(found, *line)
            assert told.err.startswith(f'hvlab: the first process of lab "{found.name}" (pid {pid}) is stopped')
        found.hvlab("down", found.name)
        assert not found.pod.alive


def test_a_program_that_hangs_without_being_stopped_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "controller.sock"
    monkeypatch.setattr(health, "CONTROLLER_SOCKET", path)
    monkeypatch.setattr(health, "ANSWER_TIMEOUT_S", 0.1)
    assert health.silent(["controller"]) == [], "one that has ended is not one that hangs"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(0)
        assert health.silent(["controller"]) == ["controller"]
        assert health.silent(["controller"]) == ["controller"], "nobody takes the connections, and the queue is full"
