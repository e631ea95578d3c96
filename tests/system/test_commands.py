"""The contract of the commands: words, exit codes, streams, `--lab`, `--json`."""

from __future__ import annotations

import hashlib
import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.emulation.pod import census
from tests.system.conftest import LabOf
from tests.system.labs import Hvlab, RunningLab, command, edited, fresh_name
from tests.system.offices import OFFICE

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def office(lab: LabOf) -> Iterator[RunningLab]:
    with lab(OFFICE) as found:
        yield found


# Exec


@pytest.mark.parametrize(
    ("script", "code"),
    [("exit 0", 0), ("exit 1", 1), ("exit 42", 42), ("exit 255", 255), ("kill -9 $$", 137), ("kill -15 $$", 143)],
)
def test_exec_ends_with_the_command_s_own_exit_code(office: RunningLab, script: str, code: int) -> None:
    done = office.exec("web1", "sh", "-c", script, check=code)
    assert (done.out, done.err) == ("", "")


@pytest.mark.parametrize(
    ("program", "code", "words"),
    [("nonesuch", 127, "nonesuch"), ("/etc/hosts", 126, "/etc/hosts"), ("/", 126, "/")],
)
def test_exec_of_what_is_no_program(office: RunningLab, program: str, code: int, words: str) -> None:
    done = office.exec("web1", program, check=code)
    assert words in done.err
    assert "web1" in done.err
    assert done.err.count("\n") == 1


def test_exec_keeps_standard_output_and_error_apart(office: RunningLab) -> None:
    done = office.exec("web1", "sh", "-c", "echo out; echo err >&2")
    assert (done.out, done.err) == ("out\n", "err\n")


def test_exec_hands_on_its_input(office: RunningLab) -> None:
    assert office.exec("web1", "tr", "a-z", "A-Z", stdin="hello\n").out == "HELLO\n"


def test_exec_without_input_does_not_wait_for_any(office: RunningLab) -> None:
    assert office.exec("web1", "cat").out == ""


def test_exec_carries_large_binary_data_unchanged(office: RunningLab, tmp_path: Path) -> None:
    content = os.urandom(1 << 20) * 24
    done = subprocess.run(
        command("--lab", office.name, "exec", "web1", "--", "cat"), input=content, capture_output=True, timeout=60,
        check=True, env=office.hvlab.workplace.environment(), cwd=tmp_path,
    )  # fmt: skip
    assert hashlib.sha256(done.stdout).digest() == hashlib.sha256(content).digest()
    assert done.stderr == b""


def test_exec_ends_quietly_when_its_reader_goes(office: RunningLab) -> None:
    with office.hvlab.start(
        "--lab", office.name, "exec", "web1", "--", "yes", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline() == b"y\n"
        process.stdout.close()
        assert process.wait(10) == 128 + 13
        assert process.stderr.read() == b""


@pytest.mark.parametrize(
    "words",
    [("--", "echo", "-n", "--lab", "x"), ("echo", "-n", "--lab", "x"), ("--", "echo", "-n", "--lab", "x", "--", "y")],
    ids=("separated", "plain", "second-separator"),
)
def test_exec_takes_the_command_s_words_as_they_are(office: RunningLab, words: tuple[str, ...]) -> None:
    expected = " ".join(words[words.index("-n") + 1 :])
    assert office("exec", "web1", *words).out == expected


@pytest.mark.parametrize("argument", ["; touch /tmp/pwned", "$(touch /tmp/pwned)", "a b", "", "*", "'", '"', "\\", "ü"])
def test_no_argument_reaches_a_shell(office: RunningLab, argument: str) -> None:
    assert office.exec("web1", "printf", "%s", argument).out == argument
    assert not Path("/tmp/pwned").exists()


@pytest.mark.parametrize("node", ["web1", "hv1", "pc1", "internet", "office-router"])
def test_exec_works_in_every_kind_of_machine(office: RunningLab, node: str) -> None:
    assert office.exec(node, "hostname").out == f"{node}\n"
    assert office.exec(node.upper(), "hostname").out == f"{node}\n"


def test_machines_know_one_another_by_name(office: RunningLab) -> None:
    office.exec("web1", "ping", "-c1", "-W2", "web2")
    office.exec("web1", "ping", "-c1", "-W2", "-6", "pc1")


def test_exec_gives_a_terminal_to_the_command(office: RunningLab) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir("/")
        arguments = command("--lab", office.name, "exec", "web1")
        settings = {"HISTFILE": "/dev/null", "TERM": "dumb"}
        os.execve(arguments[0], arguments, office.hvlab.workplace.environment() | settings)
    try:
        os.write(terminal, b"tty; stty size; echo in-$(hostname); exit 7\n")
        said = read_until_closed(terminal)
        _, status = os.waitpid(pid, 0)
    finally:
        os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 7, said
    assert re.search(r"/dev/pts/\d+|/dev/tty", said), said
    assert "in-web1" in said


def test_ctrl_c_ends_the_command_and_its_exit_code_says_so(office: RunningLab) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir("/")
        arguments = command("--lab", office.name, "exec", "web1", "--", "ping", "-n", "192.168.1.32")
        os.execve(arguments[0], arguments, office.hvlab.workplace.environment())
    try:
        said = read_until(terminal, "ttl=")
        os.write(terminal, b"\x03")
        said += read_until_closed(terminal)
        _, status = os.waitpid(pid, 0)
    finally:
        os.close(terminal)
    assert "packets transmitted" in said, said
    assert os.waitstatus_to_exitcode(status) == 0, said


def read_until(terminal: int, mark: str) -> str:
    said = ""
    deadline = time.monotonic() + 15
    while mark not in said:
        assert time.monotonic() < deadline, said
        if select.select([terminal], [], [], 1)[0]:
            said += os.read(terminal, 4096).decode(errors="replace")
    return said


def read_until_closed(terminal: int) -> str:
    said = b""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        if select.select([terminal], [], [], 1)[0]:
            try:
                more = os.read(terminal, 4096)
            except OSError:
                return said.decode(errors="replace")
            if not more:
                return said.decode(errors="replace")
            said += more
    raise AssertionError(said)


# List, status, --lab


def test_list_gives_name_state_file_and_pid(hvlab: Hvlab, office: RunningLab) -> None:
    (mine,) = (each for each in hvlab("list", "--json").json() if each["name"] == office.name)
    assert mine == {"name": office.name, "state": "running", "file": str(office.file), "pid": office.pod.pid}
    # The pod's first process, as the machine sees it.
    assert census.MARK in Path(f"/proc/{mine['pid']}/cmdline").read_text()
    namespaces = {os.readlink(f"/proc/{mine['pid']}/ns/{kind}") for kind in ("net", "mnt", "pid", "ipc", "uts")}
    assert not namespaces & {os.readlink(f"/proc/self/ns/{kind}") for kind in ("net", "mnt", "pid", "ipc", "uts")}
    text = hvlab("list").out
    assert re.search(rf"{office.name}\s+running\s+{office.pod.pid}\s+{office.file}", text), text


@pytest.mark.parametrize("name", ["list", "status", "matrix"])
def test_json_is_json_and_nothing_else(office: RunningLab, name: str) -> None:
    done = office.hvlab(name, "--json") if name == "list" else office(name, "--json")
    assert done.json()
    assert done.err == ""


def test_lab_is_taken_before_and_after_the_command(hvlab: Hvlab, office: RunningLab) -> None:
    expected = hvlab("--lab", office.name, "status").out
    for words in (
        ("status", "--lab", office.name), (f"--lab={office.name}", "status"), ("status", f"--lab={office.name}"),
        ("status", office.name), ("--lab", office.name, "status", "--lab", office.name),
    ):  # fmt: skip
        assert hvlab(*words).out == expected
    assert hvlab("--lab", office.name, "exec", "web1", "--", "hostname").out == "web1\n"
    assert hvlab("exec", "--lab", office.name, "web1", "--", "hostname").out == "web1\n"
    assert hvlab("exec", "web1", "--lab", office.name, "--", "hostname").out == "web1\n"
    done = hvlab("--lab", office.name, "status", "--lab", "another", check=2)
    assert f'"{office.name}" and "another"' in done.err


@pytest.mark.parametrize(
    "words",
    [("status",), ("matrix",), ("exec", "web1", "--", "true"), ("apply", "FILE"), ("down",)],
    ids=lambda words: words[0],
)
def test_every_command_names_the_lab_that_does_not_exist(
    hvlab: Hvlab, office: RunningLab, words: tuple[str, ...]
) -> None:
    missing = fresh_name()
    done = hvlab("--lab", missing, *(str(office.file) if word == "FILE" else word for word in words), check=2)
    assert done.err.startswith(f'hvlab: no lab is called "{missing}"; ')
    assert done.err.count("\n") == 1


def test_up_twice_is_refused_and_changes_nothing(hvlab: Hvlab, office: RunningLab) -> None:
    before = office.shown()
    done = hvlab("up", office.file, "--name", office.name, check=2)
    assert done.err.startswith(f'hvlab: a lab called "{office.name}" is running already')
    assert done.out == ""
    assert office.shown() == before


def test_down_of_an_unknown_lab_ends_nothing(hvlab: Hvlab, office: RunningLab) -> None:
    missing = office.name + "x"
    done = hvlab("down", missing, check=2)
    assert f'no lab is called "{missing}"; did you mean "{office.name}"?' in done.err
    assert office.pod.alive


def test_down_takes_a_lab_or_all_and_not_both(hvlab: Hvlab, office: RunningLab) -> None:
    assert "not both" in hvlab("down", office.name, "--all", check=2).err
    assert office.pod.alive


@pytest.mark.parametrize(
    ("word", "meant"), [("statsu", "status"), ("matirx", "matrix"), ("upp", "up")], ids=lambda word: word
)
def test_a_misspelt_command_is_guessed(hvlab: Hvlab, word: str, meant: str) -> None:
    done = hvlab(word, check=2)
    assert f'Did you mean "{meant}"?' in done.err


def test_help_and_version(hvlab: Hvlab) -> None:
    assert "hvlab up topologies/three_switches.py" in hvlab("--help").out
    for name in ("up", "down", "list", "status", "apply", "exec", "matrix"):
        assert name in hvlab("--help").out
        assert "Usage" in hvlab(name, "--help").out


# Apply


def test_a_dry_run_prints_the_plan_and_changes_nothing(office: RunningLab) -> None:
    before = office.switches(), office.addresses(), office.shown()
    changed = edited(
        OFFICE,
        ("running=False", "running=True"),
        ('hv1.private_switch("Private")', 'hv1.internal_switch("Private", "10.0.2.1/24")'),
    )
    told = office.apply(changed, "--dry-run")
    assert '~ change VM "web3" of "hv1": starts' in told.out
    assert re.search(r"^\d+ steps would be taken; nothing was changed$", told.out, re.MULTILINE)
    content = office.apply(changed, "--dry-run", "--json").json()
    assert content["applied"] is False
    assert {"create", "change"} <= {step["action"] for step in content["steps"]}
    assert all(step["reason"] for step in content["steps"])
    assert (office.switches(), office.addresses(), office.shown()) == before
    real = office.apply(changed, "--json").json()
    assert (real["changes"], real["steps"]) == (content["changes"], content["steps"])
    assert real["applied"] is True
    office.apply(OFFICE)


def test_apply_of_nothing_says_so(office: RunningLab) -> None:
    assert office.apply(OFFICE).out == "nothing to do: the lab is what the file describes\n"


def test_apply_finds_the_lab_by_the_name_in_the_file(lab: LabOf, hvlab: Hvlab) -> None:
    name = fresh_name()
    with lab(OFFICE.replace('Lab("office"', f'Lab("{name}"'), name) as named:
        assert "nothing to do" in hvlab("apply", named.file).out


def test_a_topology_runs_by_itself(hvlab: Hvlab) -> None:
    name = fresh_name()
    file = hvlab.workplace.temporary.parent / f"{name}.py"
    file.write_text(OFFICE.replace('Lab("office"', f'Lab("{name}"') + '\nif __name__ == "__main__":\n    lab.main()\n')
    try:
        done = subprocess.run(
            [command()[0], str(file)], capture_output=True, text=True, timeout=60, check=False,
            env=hvlab.workplace.environment(), cwd="/",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert f'lab "{name}" is up' in done.stdout
        assert "all as predicted" in done.stdout
    finally:
        hvlab("down", name)
        file.unlink()
