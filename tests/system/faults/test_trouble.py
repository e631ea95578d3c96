"""Several commands at once, no space left, a clock that is set, names of 64 KiB: one clear error, and the lab goes on."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from lab.errors import InputError
from lab.model.load import load
from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.faults.places import MORE, NO_SPACE, PAIR, full
from tests.system.labs import Hvlab, RunningLab, command, edited, fresh_name, pinging
from tests.system.pods import ROOT, processes_below

pytestmark = pytest.mark.system

Announce = Callable[[str], None]

HUGE = "x" * 65536


@pytest.fixture(scope="module")
def pair(lab: LabOf) -> Iterator[RunningLab]:
    """Every test leaves it as it was."""
    with lab(PAIR) as found:
        yield found


class Started:
    """A command that runs beside others; with `held_at` it is stopped in the middle, when it tells of that step."""

    def __init__(self, hvlab: Hvlab, *arguments: str | Path, held_at: str = "") -> None:
        verbose = ("-v",) if held_at else ()
        self._process = hvlab.start(*arguments, *verbose, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self._held: set[int] = set()
        if held_at:
            assert self._process.stderr
            for line in self._process.stderr:
                if line.decode().rstrip().endswith(held_at):
                    break
            self._held = self.workers()
            assert self._held, "it is not in the lab yet, or no more"
            self._signal(signal.SIGSTOP)

    def workers(self) -> set[int]:
        """Return those of the command's processes that are inside a lab."""
        return {pid for pid in processes_below(self._process.pid) if _depth(pid) > _depth(os.getpid())}

    def go_on(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def ended(self) -> tuple[int, str]:
        """Return its exit code and what it said; it is told in words, one line each, if something went wrong."""
        out, err = (text.decode() for text in self._process.communicate(timeout=90))
        assert "Traceback" not in err, err
        told = "".join(line + "\n" for line in err.splitlines() if not re.match(r" *\d+ ms  ", line))
        if self._process.returncode:
            assert told or out
            assert all(re.match(r"hvlab: [^ ].*[^.]$", line) for line in told.splitlines()), told
        return self._process.returncode, out + told

    def _signal(self, number: int) -> None:
        for pid in self._held:
            with suppress(ProcessLookupError):
                os.kill(pid, number)


def _depth(pid: int) -> int:
    """Return in how many PID namespaces a process is; 0 if it has ended."""
    try:
        numbers = re.search(r"^NSpid:(.*)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return len(numbers[1].split()) if numbers else 0


# Several commands at once

# A switch gets another NIC, which is new; the network is interrupted meanwhile.
OTHER_NIC = edited(
    PAIR,
    ("interruption_s=0", "interruption_s=0.2"),
    (
        'hv1.external_switch("External", nic="Ethernet")',
        'hv1.nic("Ethernet 2", office, "192.168.1.22")\nhv1.external_switch("External", nic="Ethernet 2")',
    ),
    ("running=False", "running=True"),
)
# What Open vSwitch says of a NIC that is cut off, or gone, meanwhile.
CUT_OFF = r"\|(netdev_linux|dpif_netdev|bridge)\|(WARN|ERR)\|.*(Network is down|No such device)"


@contextmanager
def held(lab: RunningLab, *, step: str = "creating switches") -> Iterator[Started]:
    """Yield a change to OTHER_NIC that is stopped in the middle; the lab's lock is its."""
    file = lab.file.with_name(f"{lab.name}-other.py")
    file.write_text(OTHER_NIC)
    change = Started(lab.hvlab, "apply", file, "--lab", lab.name, held_at=step)
    try:
        yield change
    finally:
        change.go_on()
        change.ended()
        file.unlink()


def test_two_ups_of_one_name(hvlab: Hvlab, pair: RunningLab) -> None:
    """One of them wins; it does not matter which."""
    name = fresh_name()
    both = [Started(hvlab, "up", pair.file, "--name", name) for _ in range(2)]
    (won, _), (lost, said) = sorted(command.ended() for command in both)
    assert (won, lost) == (0, 2)
    assert said.startswith(f'hvlab: a lab called "{name}" is ')
    hvlab("exec", "--lab", name, "web1", "--", "ping", "-c1", "-W2", "192.168.1.32")
    hvlab("down", name)


def test_two_applies(pair: RunningLab, announce: Announce) -> None:
    announce(CUT_OFF)
    with held(pair) as first:
        second = Started(pair.hvlab, "apply", pair.file, "--lab", pair.name)
        eventually(second.workers, timeout=30)
        first.go_on()
        code, said = first.ended()
        assert code == 0
        assert "NICs Ethernet -> Ethernet 2" in said
        code, said = second.ended()
        assert code == 0
        assert "NICs Ethernet 2 -> Ethernet" in said, "it began when the first had ended"
    pair.agrees()
    pair.remember()


QUESTIONS = (
    ("status",),
    ("matrix",),
    ("learned",),
    ("trace", "web1", "web2"),
    ("exec", "web1", "--", "ping", "-c1", "-W2", "192.168.1.32"),
)


def test_questions_during_a_change(pair: RunningLab, announce: Announce) -> None:
    """They are answered, and say that what they show may be neither the old state nor the new one."""
    announce(CUT_OFF)
    with held(pair) as change:
        asked = {words[0]: Started(pair.hvlab, "--lab", pair.name, *words) for words in QUESTIONS}
        plan = Started(pair.hvlab, "--lab", pair.name, "apply", pair.file, "--dry-run")
        answers = {name: question.ended() for name, question in asked.items()}
        change.go_on()
        assert change.ended()[0] == 0
        assert plan.ended()[0] == 0, "what would be changed can be said only when the change has ended"
    for name, (code, said) in answers.items():
        assert code in (0, 1), f"{name}: {said}"
        assert f'another command is changing lab "{pair.name}"' in said, f"{name}: {said}"
    assert answers["exec"][0] == 0, "these two are not touched by the change"
    pair.apply(PAIR)
    pair.agrees()
    pair.remember()


def test_the_lab_ends_during_a_change(hvlab: Hvlab, lab: LabOf, announce: Announce) -> None:
    announce(CUT_OFF)
    with lab(PAIR) as found, held(found) as change:
        hvlab("down", found.name)
        eventually(found.survivors, lambda left: not left, timeout=5.0)
        change.go_on()
        code, said = change.ended()
        assert code == 1
        assert "as when the lab ends meanwhile" in said or "is not running any more" in said, said


# No space left


MANY = PAIR + 'for number in range(40, 52):\n    hv1.vm(f"vm{number}", "External", f"192.168.1.{number}")\n'


@pytest.mark.parametrize(
    ("left", "text", "new"),
    [(0, MORE, "192.168.1.33"), (12288, MANY, "192.168.1.51")],
    ids=["for the state", "for the databases"],
)
def test_no_space_left(pair: RunningLab, announce: Announce, left: int, text: str, new: str) -> None:
    announce(NO_SPACE)
    with pinging(pair, "web1", "192.168.1.32"), full(pair, left):
        told = pair.apply(text, check=1).err
        assert re.fullmatch(r"hvlab: .*(No space left on device|write failed|timed out).*\n", told), told
        assert not Path(pair.pod.path("/run/hvlab/state.json.new")).exists(), "it takes up the space that is missing"
        pair.exec("web1", "ping", "-c1", "-W2", "192.168.1.10")
    pair.apply(text)
    pair.exec("web1", "ping", "-c1", "-W2", new)
    pair.apply(PAIR)
    pair.healthy()
    pair.agrees()
    pair.remember()


INSIDE_FULL = """
set -eu
mount -t tmpfs -o size=4k,mode=1777 full "$1"
head -c 4096 /dev/zero >"$1/filler"
if touch "$1/more" 2>/dev/null && echo more >"$1/more" 2>/dev/null; then exit 99; fi
export HOME="$1" TMPDIR="$1"
shift
name=$1 file=$2 changed=$3
shift 3
"$@" up "$file" --name "$name"
"$@" status "$name" >/dev/null
"$@" apply "$changed" --lab "$name"
"$@" --lab "$name" exec web1 -- ping -c1 -W2 192.168.1.33
"$@" --lab "$name" matrix
"$@" down "$name"
"""


def test_a_full_home_and_a_full_folder_for_temporary_files(hvlab: Hvlab, tmp_path: Path) -> None:
    """No command needs either. They are full for these commands only: in a mount namespace of their own."""
    for name, text in (("pair.py", PAIR), ("more.py", MORE)):
        (tmp_path / name).write_text(text)
    place = tmp_path / "full"
    place.mkdir()
    unshare = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
    files = (str(tmp_path / "pair.py"), str(tmp_path / "more.py"))
    done = subprocess.run(
        [*unshare, "sh", "-c", INSIDE_FULL, "sh", str(place), fresh_name(), *files, *command()],
        capture_output=True, text=True, timeout=100, check=False, cwd=ROOT, env=hvlab.workplace.environment(),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(place.iterdir()) == []
    shutil.rmtree(tmp_path)


# Names of 64 KiB

WORDS: dict[str, tuple[str | Path, ...]] = {
    "status": ("status", HUGE),
    "down": ("down", HUGE),
    "--lab": ("matrix", "--lab", HUGE),
    "apply": ("apply", HUGE),
    "up": ("up", "FILE", "--name", HUGE),
    "--set": ("up", "FILE", "--set", HUGE),
    "--set=": ("up", "FILE", "--set", f"{HUGE}=1"),
    "exec": ("--lab", "LAB", "exec", HUGE, "--", "true"),
    "trace": ("--lab", "LAB", "trace", "web1", HUGE),
    "learned": ("--lab", "LAB", "learned", HUGE),
    "capture": ("--lab", "LAB", "capture", HUGE),
    "-w": ("--lab", "LAB", "capture", "web1", "-w", f"/{HUGE}"),
    "graph": ("--lab", "LAB", "graph", "--format", HUGE),
    "option": ("list", f"--{HUGE}"),
    "command": (HUGE,),
}


@pytest.mark.parametrize("what", WORDS)
def test_huge_word_on_the_command_line(hvlab: Hvlab, pair: RunningLab, what: str) -> None:
    words = [{"FILE": pair.file, "LAB": pair.name}.get(str(word), word) for word in WORDS[what]]
    done = hvlab(*words, check=2)
    assert done.out == ""
    assert "xxx" in done.err
    assert len(done.err) < 600, done.err
    assert len(done.err.splitlines()) <= 4, done.err


# What stands for what in a topology, with the name in the place of @.
HUGE_NAMES = {
    "lab": ('Lab("pair"', 'Lab("@"'),
    "host": ('lab.host("hv1")', 'lab.host("@")'),
    "NIC": ('hv1.nic("Ethernet"', 'hv1.nic("@"'),
    "network": ('physical_network("office"', 'physical_network("@"'),
    "computer": ('computer("pc1"', 'computer("@"'),
    "switch": ('external_switch("External"', 'external_switch("@"'),
    "VM": ('hv1.vm("web1"', 'hv1.vm("@"'),
    "switch of a VM": ('"web1", "External"', '"web1", "@"'),
    "address": ('"192.168.1.31"', '"@"'),
    "MAC address": ('"192.168.1.31"', '"192.168.1.31", mac="@"'),
    "gateway": ('"192.168.1.31"', '"192.168.1.31", gateway="@"'),
    "adapter": ('"192.168.1.32")', '"192.168.1.32").adapter("External", "192.168.1.77", name="@")'),
    "management adapter": ('hv1.vm("web1"', 'hv1.management_adapter("@", "External")\nhv1.vm("web1"'),
    "parameter": ('hv1 = lab.host', 'lab.parameter("@", 1)\nhv1 = lab.host'),
    "exception": ('hv1 = lab.host', 'raise ValueError("@")\nhv1 = lab.host'),
    "exit": ('hv1 = lab.host', 'raise SystemExit("@")\nhv1 = lab.host'),
    "attribute": ('hv1 = lab.host', 'lab.@\nhv1 = lab.host'),
    "keyword": ('running=False', '@=False'),
    "syntax": ('running=False', '@ @'),
}  # fmt: skip


@pytest.mark.parametrize("what", HUGE_NAMES)
def test_huge_name_in_a_topology(tmp_path: Path, what: str) -> None:
    file = tmp_path / "lab.py"
    old, new = HUGE_NAMES[what]
    file.write_text(edited(PAIR, (old, new.replace("@", HUGE))))
    with pytest.raises(InputError) as raised:
        load(file)
    for record in raised.value.records:
        assert len(str(record)) < 500, str(record)
    file.unlink()


def test_huge_name_changes_nothing(pair: RunningLab) -> None:
    before = pair.addresses(), pair.pod.processes()
    told = pair.apply(edited(PAIR, ('hv1.vm("web1"', f'hv1.vm("{HUGE}"')), check=2).err
    assert re.fullmatch(r'hvlab: \S+\.py:\d+: the VM name "x+…" \(65536 characters\) is not allowed; .*\n', told), told
    pair.file.write_text(PAIR)
    assert (pair.addresses(), pair.pod.processes()) == before
