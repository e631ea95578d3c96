"""Wrong input, end to end: exit code 2, words that say what is wrong and what to do, and nothing is changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.conftest import LabOf
from tests.system.labs import TOPOLOGIES, Hvlab, RunningLab, fresh_name
from tests.system.offices import OFFICE

pytestmark = [pytest.mark.system, pytest.mark.switching]

WEB1 = 'hv1.vm("web1", "External", "192.168.1.31", "2001:db8:1::31")\n'

# The text that is put in place of web1's line, and what the message must say: what, the name, found, expected, remedy.
FILES: dict[str, tuple[str, tuple[str, ...]]] = {
    "unknown switch": (
        'hv1.vm("web1", "Externel", "192.168.1.31")', ('"web1"', '"Externel"', '"hv1"', 'did you mean "External"?'),
    ),
    "two switches on one NIC": (
        'hv1.external_switch("Second", nic="Ethernet")', ('"Second"', '"External"', '"Ethernet"'),
    ),
    "unknown NIC": ('hv1.external_switch("Second", nic="Ethernet 9")', ('"Second"', '"Ethernet 9"', '"Ethernet 3"')),
    "duplicate VM": ('hv1.vm("web2", "External", "192.168.1.31")', ('"web2"',)),
    "duplicate switch": ('hv1.private_switch("External")', ('"External"',)),
    "duplicate host": ('lab.host("hv1")', ('"hv1"',)),
    "duplicate address": ('hv1.vm("web1", "External", "192.168.1.32")', ("192.168.1.32", '"web1', '"web2')),
    "address outside its subnet": ('hv1.vm("web1", "External", "10.9.9.9")', ("10.9.9.9", "192.168.1.0/24", '"web1')),
    "address that is none": ('hv1.vm("web1", "External", "192.168.1.310")', ("192.168.1.310", '"web1')),
    "name that begins with a space": ('hv1.vm(" web1", "External", "192.168.1.31")', ('" web1"', "letters")),
    "name with umlauts": ('hv1.vm("wüb1", "External", "192.168.1.31")', ('"wüb1"', "letters")),
    "name with quotes": ("hv1.vm('we\"b1', \"External\", \"192.168.1.31\")", ('"we\\"b1"', "letters")),
    "name with a shell's words": (
        'hv1.vm("web1; rm -rf /", "External", "192.168.1.31")', ('"web1; rm -rf /"', "letters"),
    ),
    "name with a substitution": ('hv1.private_switch("$(touch /tmp/hvlab-pwned)")', ('"$(touch /tmp/hvlab-pwned)"',)),
    "name that is an option": ('hv1.vm("--help", "External", "192.168.1.31")', ('"--help"',)),
    "name that is a path": ('hv1.vm("../../etc", "External", "192.168.1.31")', ('"../../etc"',)),
    "name that is empty": ('hv1.vm("", "External", "192.168.1.31")', ('""',)),
    "syntax error": ('hv1.vm("web1", "External"', ("not valid Python",)),
    "exception": ("1 / 0", ("ZeroDivisionError",)),
    "unknown method": ('hv1.vmm("web1")', ("AttributeError", "vmm")),
    "unknown argument": ('hv1.vm("web1", colour="red")', ("colour",)),
    "legacy adapter in generation 2": (
        'hv1.vm("web1", "External", "192.168.1.31", legacy=True)', ('"web1', "generation"),
    ),
    "unknown learning mode": ('hv1.private_switch("New", learning="Guessing")', ('"Guessing"', "Learning", "Pinned")),
    "MTU": ('hv1.vm("web1", "External", "192.168.1.31", mtu=10)', ("10", '"web1')),
}  # fmt: skip


@pytest.fixture(scope="module")
def office(lab: LabOf) -> Iterator[RunningLab]:
    with lab(OFFICE) as found:
        yield found


def wrong(name: str) -> str:
    assert OFFICE.count(WEB1) == 1
    return OFFICE.replace(WEB1, FILES[name][0] + "\n")


def well_said(err: str, words: tuple[str, ...]) -> None:
    """Check that an error is one sentence for each mistake, and says all that."""
    for word in words:
        assert word in err, err
    for line in err.splitlines():
        assert re.match(r"hvlab: (\S+\.py(:\d+)?: )?\S", line), line
        assert not line.endswith("."), line
        assert len(line) < 400, line


@pytest.mark.parametrize("name", FILES, ids=lambda name: name.replace(" ", "-"))
def test_up_refuses_a_wrong_file(hvlab: Hvlab, name: str) -> None:
    lab = fresh_name()
    file = hvlab.workplace.temporary.parent / f"{lab}.py"
    file.write_text(wrong(name), encoding="utf-8")
    done = hvlab("up", file, "--name", lab, check=2)
    file.unlink()
    well_said(done.err, FILES[name][1])
    assert done.out == ""
    assert f"{lab}.py" in done.err
    assert lab not in hvlab("list").out
    assert not Path("/tmp/hvlab-pwned").exists()


@pytest.mark.parametrize(
    "name", ["unknown switch", "duplicate address", "syntax error", "exception", "name with a shell's words"]
)
def test_apply_refuses_a_wrong_file_and_the_lab_goes_on(office: RunningLab, name: str) -> None:
    before = office.shown()
    done = office.apply(wrong(name), check=2)
    well_said(done.err, FILES[name][1])
    assert office.shown() == before
    done = office.apply(wrong(name), "--dry-run", check=2)
    well_said(done.err, FILES[name][1])
    office.apply(OFFICE)


def test_all_mistakes_of_a_file_are_told_together(hvlab: Hvlab) -> None:
    lab = fresh_name()
    file = hvlab.workplace.temporary.parent / f"{lab}.py"
    well_told = ("two switches on one NIC", "address outside its subnet", "name with umlauts", "duplicate switch")
    mistakes = ("unknown switch", *well_told)
    file.write_text(OFFICE.replace(WEB1, "".join(FILES[name][0] + "\n" for name in mistakes)), encoding="utf-8")
    done = hvlab("up", file, "--name", lab, check=2)
    file.unlink()
    assert len(done.err.splitlines()) >= len(mistakes)
    for name in well_told:
        well_said(done.err, FILES[name][1])
    lines = {int(number) for number in re.findall(rf"{lab}\.py:(\d+): ", done.err)}
    assert len(lines) >= len(mistakes), done.err


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/nonesuch/lab.py", ("does not exist",)),
        ("/tmp", ("is a directory",)),
        ("/dev/null", ("not a regular file",)),
        ("/bin/true", ("not a Python file",)),
        ("topologies\x1b[31m.py", ("does not exist", "\\x1b")),
    ],
    ids=("missing", "directory", "device", "binary", "escape"),
)
def test_up_refuses_what_is_no_file(hvlab: Hvlab, path: str, words: tuple[str, ...]) -> None:
    done = hvlab("up", path, check=2)
    well_said(done.err, words)


@pytest.mark.parametrize("name", ["a b", "ü", "; rm -rf /", "", "-x", "a/b", "x" * 64], ids=repr)
def test_up_refuses_a_name_that_cannot_be(hvlab: Hvlab, office: RunningLab, name: str) -> None:
    done = hvlab("up", office.file, f"--name={name}", check=2)
    assert "Traceback" not in done.err
    assert "hvlab: " in done.err or "Error" in done.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("exec", "web3", "--", "true"), ('VM "web3" is off, expected Running', "running=True", "hvlab apply")),
        (("exec", "web9", "--", "true"), ('no machine of this lab is called "web9"', "did you mean")),
        (("exec", "; rm -rf /", "--", "true"), ('"; rm -rf /"',)),
    ],
    ids=("vm-is-off", "unknown", "shell"),
)
def test_exec_refuses_a_machine_that_cannot_run_it(
    office: RunningLab, words: tuple[str, ...], says: tuple[str, ...]
) -> None:
    done = office(*words, check=2)
    well_said(done.err, says)


@pytest.mark.parametrize(
    ("setting", "says"),
    [("vms=0", ("vms", "0")), ("vms=many", ("vms", "many")), ("vsm=3", ("vsm", "vms")), ("vms", ("vms", "NAME=VALUE"))],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_up_refuses_a_parameter_that_cannot_be(hvlab: Hvlab, setting: str, says: tuple[str, ...]) -> None:
    classroom = next(path for path in TOPOLOGIES if path.stem == "classroom")
    name = fresh_name()
    done = hvlab("up", classroom, "--name", name, "--set", setting, check=2)
    for word in says:
        assert word in done.err
    assert name not in hvlab("list").out


def test_up_of_a_lab_that_runs_is_refused_with_a_remedy(hvlab: Hvlab, office: RunningLab) -> None:
    done = hvlab("up", office.file, "--name", office.name, check=2)
    well_said(done.err, (f'"{office.name}" is running already', "; use it, or remove it"))
