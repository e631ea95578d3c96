"""The lives of a process as init counts them, the sockets it keeps, and the marks by which a lab is found."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from lab.emulation.pod import census
from lab.emulation.pod.init import child, kernel, listeners
from lab.emulation.pod.init.entry import Entry
from lab.emulation.pod.init.loop import READ, Loop
from lab.emulation.pod.init.spec import Spec


def entry(**more: object) -> Entry:
    return Entry(Spec({"name": "d", "argv": ["true"], **more}), lambda reply: None)


def test_restarts_come_later_and_later_and_at_once_after_a_healthy_life() -> None:
    found = entry()
    delays = []
    for _ in range(9):
        found.started_at = 100.0
        found.back_off(101.0)
        assert found.deadline is not None
        delays.append(round(found.deadline - 101.0, 3))
    assert delays == [0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0, 2.0]
    found.started_at = 100.0
    found.back_off(110.0)
    assert (found.deadline, found.restarts, found.state) == (110.0, 10, "backoff")


def test_a_spawn_is_answered_once() -> None:
    replies: list[dict[str, object]] = []
    found = Entry(Spec({"name": "d", "argv": ["true"]}), replies.append)
    found.reply({"ok": True})
    found.reply({"ok": False})
    assert replies == [{"ok": True}]


def test_the_end_of_a_log_goes_into_the_error(tmp_path: Path) -> None:
    log = tmp_path / "d.log"
    found = entry(log=str(log))
    assert found.log_tail() == ""
    log.write_text("")
    assert found.log_tail() == "; its log is empty"
    log.write_text("x" * 5000 + "\nlast words\n")
    assert found.log_tail().endswith("x\nlast words")
    assert len(found.log_tail()) < 1100


def test_listening_sockets_are_opened_all_or_none(tmp_path: Path) -> None:
    good, bad = str(tmp_path / "a"), str(tmp_path / "missing" / "b")
    with pytest.raises(OSError, match=r'listen on ".*missing/b": No such file'):
        listeners.open_all((good, bad))
    assert not Path(good).exists()
    opened = listeners.open_all((good,))
    assert Path(good).stat().st_mode & 0o777 == 0o600
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(good)
    listeners.close_all(opened)
    assert not Path(good).exists()


def test_a_callback_of_a_descriptor_closed_in_the_same_round_is_not_called() -> None:
    loop, called = Loop(), []
    pipes = [os.pipe(), os.pipe()]
    for read, write in pipes:
        os.write(write, b"x")

        def callback(events: int, read: int = read) -> None:
            called.append(read)
            for other, _ in pipes:
                loop.unwatch(other)

        loop.watch(read, READ, callback)
    for call, events in loop.wait(None):
        call(events)
    assert len(called) == 1
    assert loop.wait(0.0) == []
    for pair in pipes:
        for fd in pair:
            os.close(fd)


def test_programs_are_found_as_a_shell_would(tmp_path: Path) -> None:
    plain, script = tmp_path / "plain", tmp_path / "bin" / "tool"
    script.parent.mkdir()
    plain.write_text("x")
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    (tmp_path / "tool").write_text("not executable, and earlier in the path")
    environment = {"PATH": f"{tmp_path}:{script.parent}"}
    assert child.find_program("tool", environment) == str(script)
    assert child.find_program(str(script), {}) == str(script)
    assert child.find_program("sh", {}).endswith("/sh")
    for name in ("plain", str(plain), str(tmp_path)):
        with pytest.raises(PermissionError, match="not an executable program"):
            child.find_program(name, environment)
    with pytest.raises(FileNotFoundError, match='no program "nonesuch"'):
        child.find_program("nonesuch", environment)


def test_a_lab_s_arguments_are_its_mark() -> None:
    assert census.arguments(3)[0] == census.MARK
    assert Path(census.MAIN).is_file()


def test_a_lab_s_environment_tells_its_name_and_file() -> None:
    found = {"HOME": "/root", **census.environment("a", "x=y z.py"), "EMPTY": ""}
    text = "".join(f"{name}={value}\0" for name, value in found.items())
    assert census.parse(text) == ("a", "x=y z.py")
    assert census.parse("HOME=/root\0") is None
    assert census.parse("") is None


def test_this_process_is_not_a_lab_and_has_one_start_time() -> None:
    own = census.start_ticks_at("/proc/self")
    assert own is not None
    assert census.still_there(census.Sighting("a", "", os.getpid(), own))
    assert not census.still_there(census.Sighting("a", "", os.getpid(), own - 1))
    assert os.getpid() not in {seen.pid for seen in census.sightings()}
    assert census.start_ticks_at("/proc/0") is None


def test_the_start_time_is_read_behind_a_name_with_brackets_and_spaces() -> None:
    fields = " ".join(["S", *(str(number) for number in range(4, 30))])
    assert kernel.start_ticks(f"7 (a) b) {fields}") == 22
