"""The doctor: what it finds, what it says about it, and that the trials leave nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lab import doctor
from lab.doctor import Check
from lab.errors import EnvironmentFault
from lab.trial import Outcome, Step
from tests.ordinary import ordinary_user

ROOT = Path(__file__).resolve().parents[2]
MISSING = Check("own /proc", False, "not there", "there", "put it there")


@pytest.mark.parametrize(
    ("version", "ok"), [((3, 10, 9), False), ((3, 11, 2), True), ((3, 13, 5), True), ((3, 14, 0), False)]
)
def test_python(version: tuple[int, ...], ok: bool) -> None:
    assert doctor.check_python(version).ok is ok


@pytest.mark.parametrize(
    ("system", "release", "ok"),
    [
        ("Linux", "6.1.0-18-amd64", True),
        ("Linux", "5.15.153.1-microsoft-standard-WSL2", True),
        ("Linux", "5.4.0-150-generic", False),
        ("Darwin", "23.5.0", False),
    ],
)
def test_kernel(system: str, release: str, ok: bool) -> None:
    assert doctor.check_kernel(system, release).ok is ok


@pytest.mark.parametrize(
    ("output", "verdicts"),
    [
        ("ovs-vswitchd (Open vSwitch) 2.17.9\n", [False]),
        ("ovs-vswitchd (Open vSwitch) 3.1.0\n", [True, False]),
        ("ovs-vswitchd (Open vSwitch) 3.1.7\n", [True, True]),
        ("ovs-vswitchd (Open vSwitch) 3.3.0\n", [True, False]),
        ("ovs-vswitchd (Open vSwitch) 3.3.4\n", [True, True]),
        ("ovs-vswitchd (Open vSwitch) 3.5.0\n", [True, True]),
        ("ovs-vswitchd (Open vSwitch) 4.0.0\n", [True, True]),
        ("ovs-vswitchd (Open vSwitch) 3.6-rc1\n", [True, True]),
        ("", [False]),
    ],
)
def test_open_vswitch(output: str, verdicts: list[bool]) -> None:
    assert [check.ok for check in doctor.check_ovs_version(output)] == verdicts


def test_known_faults_do_not_stop_a_lab() -> None:
    assert [check.needed for check in doctor.check_ovs_version("ovs-vswitchd (Open vSwitch) 3.1.0")] == [True, False]


def test_a_missing_program_is_named_with_its_package() -> None:
    package = next(p for p in doctor.packages() if p.name == "iproute2")
    check = doctor.check_program(package, lambda name: None if name == "tc" else f"/sbin/{name}")
    assert (check.ok, check.needed, check.found) == (False, True, "no tc")
    assert "apt-get install iproute2" in check.remedy


def test_programs_are_found_where_an_ordinary_users_path_does_not_lead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(doctor, "SYSTEM_FOLDERS", ("/usr/bin", "/bin"))
    assert doctor.find_program("sh") in ("/usr/bin/sh", "/bin/sh")


def test_a_file_needs_only_be_there(tmp_path: Path) -> None:
    (tmp_path / "firmware").touch(mode=0o600)
    assert doctor.find_program(f"{tmp_path}/firmware") == f"{tmp_path}/firmware"
    assert doctor.find_program(f"{tmp_path}/nothing") is None


def test_package_list_is_well_formed() -> None:
    listed = doctor.packages()
    assert {package.need for package in listed} == {"needed", "optional", "suggested"}
    assert len({package.name for package in listed}) == len(listed)
    assert all(package.purpose for package in listed)
    assert next(p for p in listed if p.name == "python3-venv").programs == ()


def test_tun_missing(tmp_path: Path) -> None:
    check = doctor.check_tun(tmp_path / "tun")
    assert (check.ok, check.found) == (False, "no such device")
    assert "modprobe tun" in check.remedy


def test_tun_closed_to_this_user() -> None:
    with ordinary_user() as folder:
        device = folder / "tun"
        device.touch(mode=0)
        assert f"chmod 0666 {device}" in doctor.check_tun(device).remedy


@pytest.mark.parametrize(
    ("uid", "settings", "word"),
    [
        (1000, {"user/max_user_namespaces": "0"}, "user.max_user_namespaces"),
        (1000, {"kernel/unprivileged_userns_clone": "0"}, "unprivileged_userns_clone=1"),
        (1000, {"kernel/apparmor_restrict_unprivileged_userns": "1"}, "AppArmor"),
        (1000, {}, "seccomp"),
        (0, {"kernel/apparmor_restrict_unprivileged_userns": "1"}, "--privileged"),
    ],
)
def test_why_namespaces_cannot_be_made(tmp_path: Path, uid: int, settings: dict[str, str], word: str) -> None:
    for name, value in settings.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"{value}\n")
    assert word in doctor.namespace_remedy(uid, tmp_path)


def test_proc_is_not_blamed_when_namespaces_are() -> None:
    assert doctor.check_proc(Outcome(entered=False, proc_mounted=False)).ok
    assert not doctor.check_proc(Outcome(entered=True, proc_mounted=False, error="Operation not permitted")).ok


def test_network_modules() -> None:
    steps = (Step("veth", True), Step("nft", False, "no such table"), Step("netem", False, "unknown qdisc"))
    found = doctor.check_devices(Outcome(True, True, steps=steps))
    assert [(check.ok, check.needed) for check in found] == [(True, True), (False, True), (False, False)]
    assert doctor.check_devices(Outcome(entered=True, proc_mounted=False)) == ()


def test_memory() -> None:
    assert doctor.check_memory("MemAvailable:  2097152 kB\n").ok
    scarce = doctor.check_memory("MemTotal: 1 kB\nMemAvailable:   102400 kB\n")
    assert (scarce.ok, scarce.needed, scarce.found) == (False, False, "100 MB available")


def test_limits() -> None:
    everything = {"processes": "cgroup v2", "memory": "cgroup v2", "processor": "cgroup v2"}
    check = doctor.check_limits({"by": everything, "why_not": ""})
    assert (check.ok, check.found) == (True, "processes by cgroup v2, memory by cgroup v2, processor by cgroup v2")
    check = doctor.check_limits({"by": {"processes": "RLIMIT_NPROC"}, "why_not": "none here"})
    assert (check.ok, check.needed) == (False, False)
    assert check.found == "processes by RLIMIT_NPROC, memory and processor not limited (none here)"
    assert (
        "not limited (the trial ended without a word)"
        in doctor.check_limits({"error": "the trial ended without a word"}).found
    )
    assert "linger" in doctor.limits_remedy(1000)
    assert "--privileged" in doctor.limits_remedy(0)


def test_require_names_the_first_thing_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_essential", lambda: iter([Check("a", True, "x", "x"), MISSING]))
    with pytest.raises(EnvironmentFault, match="own /proc: found not there, expected there") as raised:
        doctor.require()
    assert raised.value.record.remedy == "put it there"


def test_render() -> None:
    text = doctor.render(
        (Check("Python", True, "3.11.2", "3.11"), MISSING, Check("dot", False, "no", "yes", "", False))
    )
    assert text.splitlines() == [
        "ok    Python     3.11.2",
        "FAIL  own /proc  not there; expected: there",
        "                 → put it there",
        "note  dot        no; expected: yes",
        "",
        "hvlab cannot run here: own /proc",
    ]


def test_render_of_a_sound_machine() -> None:
    assert doctor.render((Check("Python", True, "3.11.2", "3.11"),)).endswith("\n\nhvlab can run here")


def test_checks_on_this_machine_answer_and_leave_nothing() -> None:
    before = sorted(os.listdir("/sys/class/net"))
    found = doctor.checks()
    assert len({check.name for check in found}) == len(found)
    assert sorted(os.listdir("/sys/class/net")) == before
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


_TRIALS = """
import time
from lab.trial import try_namespaces

def timed():
    started = time.perf_counter()
    try_namespaces()
    return time.perf_counter() - started

print(min(timed() for _ in range(10)))
"""


def test_the_quick_trial_is_quick() -> None:
    """No command may be felt to wait for it: it takes less than two starts of a Python that does nothing.

    A process of its own tries, as a command does: one with all the tests in it is slow to fork.
    """
    done = subprocess.run([sys.executable, "-c", _TRIALS], check=True, capture_output=True, text=True, cwd=ROOT)
    assert float(done.stdout) < 2 * min(_start_of_python() for _ in range(10))


def _start_of_python() -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-I", "-c", "pass"], check=True)
    return time.perf_counter() - started
