"""Whole labs for the system tests: the command line as a process, a lab to work on, what its logs say, the machine.

Nothing here sleeps, and nothing looks at other people's labs: a lab of the tests has a name of its own, and what is
compared on the machine is what a lab of ours could change.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from lab.emulation.netns import Program, run_programs
from lab.emulation.pod import pod as pods
from lab.emulation.pod.pod import Pod
from lab.engine.resources import PHYSICAL
from tests.eventually import eventually
from tests.system.pods import ROOT, caller, processes_below

T = TypeVar("T")

TOPOLOGIES = tuple(sorted(path for path in (ROOT / "topologies").glob("*.py") if path.name != "__init__.py"))
# What each topology's parameters are in the tests: small labs.
SETTINGS = {"classroom": {"vms": "4"}}

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Done:
    """What a command did."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(slots=True)
class Workplace:
    """Where the command line runs in these tests: a home and a directory for temporary files, which it leaves empty."""

    home: Path
    temporary: Path
    labs: list[RunningLab] = field(default_factory=list)
    announced: list[re.Pattern[str]] = field(default_factory=list)

    def environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("HVLAB_", "XDG_"))}
        inherited.pop("COLUMNS", None)
        paths = {"HOME": str(self.home), "TMPDIR": str(self.temporary), "PYTHONPATH": str(ROOT)}
        return inherited | paths | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONWARNINGS": "default"}

    def leftovers(self) -> list[str]:
        return sorted(str(path) for place in (self.home, self.temporary) for path in place.rglob("*"))


def command(*arguments: str | Path) -> list[str]:
    """Return the command line `hvlab ARGUMENTS`."""
    return [sys.executable, "-m", "lab", *map(str, arguments)]


@dataclass(frozen=True, slots=True)
class Hvlab:
    """Calls `hvlab` as a user does."""

    workplace: Workplace

    def __call__(
        self, *arguments: str | Path, check: int | None = 0, stdin: str = "", timeout: float = 90.0,
        env: Mapping[str, str] | None = None,
    ) -> Done:  # fmt: skip
        """Run `hvlab ARGUMENTS`; AssertionError unless its exit code is `check` (None: any)."""
        done = subprocess.run(
            command(*arguments), input=stdin, capture_output=True, text=True, timeout=timeout, check=False,
            env=self.workplace.environment() | (env or {}), cwd=self.workplace.home,
        )  # fmt: skip
        said = f"hvlab {' '.join(map(str, arguments))}: exit code {done.returncode}\n{done.stdout}{done.stderr}"
        assert check is None or done.returncode == check, said
        assert "Traceback" not in done.stderr, said
        return Done(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str | Path, **streams: Any) -> subprocess.Popen[bytes]:
        """Start `hvlab ARGUMENTS` and do not wait for it."""
        return subprocess.Popen(
            command(*arguments), env=self.workplace.environment(), cwd=self.workplace.home, **streams
        )


def fresh_name() -> str:
    """Return a lab name that nobody else uses."""
    return f"sys-{os.getpid()}-{next(_numbers)}"


def edited(text: str, *changes: tuple[str, str]) -> str:
    """Return a topology with some of its text replaced; each must be there exactly once."""
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in:\n{text}"
        text = text.replace(old, new)
    return text


class RunningLab:
    """A lab that is up."""

    def __init__(self, hvlab: Hvlab, name: str, file: Path, settings: Mapping[str, str]) -> None:
        self.hvlab = hvlab
        self.name = name
        self.file = file
        self.settings = [word for pair in settings.items() for word in ("--set", "=".join(pair))]
        self.pod: Pod = pods.get(name)
        self._members: set[tuple[int, int]] = set()
        self._read: dict[Path, int] = {}

    # -- commands -----------------------------------------------------------------------------------------------------

    def __call__(self, *arguments: str | Path, check: int | None = 0, stdin: str = "") -> Done:
        """Run a command on this lab."""
        return self.hvlab("--lab", self.name, *arguments, check=check, stdin=stdin)

    def apply(self, text: str, *options: str, check: int | None = 0) -> Done:
        """Turn the lab into what the edited topology describes."""
        self.file.write_text(text, encoding="utf-8")
        return self("apply", self.file, *self.settings, *options, check=check)

    def exec(self, node: str, *argv: str, check: int | None = 0, stdin: str = "") -> Done:
        """Run a program in a machine."""
        return self("exec", node, "--", *argv, check=check, stdin=stdin)

    def agrees(self, *options: str) -> None:
        """Check that for every ordered pair the measurement is what the oracle predicts."""
        self("matrix", *options)

    def cells(self, *options: str) -> dict[tuple[str, str], bool]:
        """Return which pairs answer, by the names of the endpoints; they agree with the oracle."""
        return {(cell["from"], cell["to"]): cell["measured"] for cell in self("matrix", "--json", *options).json()}

    def status(self) -> Any:
        """Return what `hvlab status --json` says; the lab is healthy."""
        return self("status", "--json").json()

    def drops(self, adapter: str, reason: int) -> Any:
        """Return the row of `hvlab drops --json` for one reason; without one, no frames."""
        found = [row for row in self("drops", adapter, "--json").json() if row["reason"] == reason]
        return found[0] if found else {"frames": 0}

    def shown(self) -> Any:
        """Return what `hvlab status` says, but for what differs from moment to moment: how much is used, or left."""
        said = self.status()
        said.pop("nlb_nodes")  # clusters converge in their own time
        for lease in said["leases"]:
            lease.pop("left_s")
        for limit in (said["limits"] or {}).values():
            if isinstance(limit, dict):
                limit.pop("used")
        return said

    def healthy(self, timeout: float = 5.0) -> None:
        """Wait until all processes run, every switch has acknowledged and nothing is missing."""

        def look() -> tuple[int, str]:
            done = self("status", "--json", check=None)
            return done.code, done.out + done.err

        eventually(look, lambda seen: seen[0] == 0 and '"restarting"' not in seen[1], timeout=timeout)

    # -- inside -------------------------------------------------------------------------------------------------------

    def run_inside(self, function: Callable[[], T], node: str | None = None) -> T:
        """Call a function in the pod, or in a machine."""
        return self.pod.run_inside(function, node=node)

    def socket(self, node: str, family: int, kind: int, protocol: int = 0) -> socket.socket:
        """Return a socket of a machine's IP stack: made in there, used from here."""
        ours, theirs = socket.socketpair()

        def make() -> None:
            with socket.socket(family, kind, protocol) as made:
                socket.send_fds(theirs, [b"."], [made.fileno()])

        with ours, theirs:
            self.run_inside(make, node)
            _, descriptors, _, _ = socket.recv_fds(ours, 1, 1)
        found = socket.socket(family, kind, protocol, fileno=descriptors[0])
        found.settimeout(5.0)
        return found

    def addresses(self) -> dict[str, Any]:
        """Return the network settings of every machine that runs: devices, addresses, routes."""
        others = {"controller", PHYSICAL}
        states = {name: each for name, each in self.pod.processes().items() if "@" not in name and name not in others}
        pids = {name: state.pid for name, state in states.items() if state.pid}
        found: dict[str, Any] = self.run_inside(lambda: ip_settings(pids))
        return found

    def switches(self) -> dict[str, Any]:
        """Return the program of every switch; what it holds is exactly that."""
        done = subprocess.run(
            caller(self.pod, None, sys.executable, "-W", "ignore", "-m", "tests.system.readback"),
            capture_output=True, text=True, timeout=60, check=False, cwd=ROOT,
            env=self.hvlab.workplace.environment() | {"EVENTLET_NO_GREENDNS": "yes"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        for name, switch in found.items():
            assert switch["differences"] == [], f"{name}: {switch['differences']}"
            assert switch["flows"] > 0, name
        return {name: switch["program"] for name, switch in found.items()}

    # -- processes and logs -------------------------------------------------------------------------------------------

    def remember(self) -> None:
        """Note all processes of the lab, to see at the end that they are gone."""
        for pid in processes_below(self.pod.pid):
            ticks = start_ticks(pid)
            if ticks is not None:
                self._members.add((pid, ticks))

    def survivors(self) -> set[int]:
        """Return those processes of the lab that are still there."""
        return {pid for pid, ticks in self._members if start_ticks(pid) == ticks}

    def complaints(self) -> list[str]:
        """Return the lines of the logs, since this was last asked, that tell of something wrong."""
        if not self.pod.alive:
            return []
        home = Path(self.pod.path("/run/hvlab"))
        return [f"{log.name}: {line}" for log in sorted(home.rglob("*.log")) for line in self._wrong(log)]

    def _wrong(self, log: Path) -> Iterator[str]:
        with log.open(encoding="utf-8", errors="replace") as file:
            file.seek(self._read.get(log, 0))
            text = file.read()
            self._read[log] = file.tell()
        for line in text.splitlines():
            if _WRONG.search(line) and not _HARMLESS.search(line):
                yield line


_WRONG = re.compile(r"\|(WARN|ERR|EMER)\||\b(WARNING|ERROR|CRITICAL)\b|Traceback|^\S*Error: ")

# What the kernel tells of devices came faster than Open vSwitch read it: then it looks at all of them, and nothing is
# lost. An ordinary user cannot have it told through a larger buffer.
# Where tests run side by side the kernel, which takes one lab's devices away, lets the Open vSwitch of another one wait:
# that has not worked itself meanwhile (less than 100 ms in user mode). Details follow in lines of their own.
_WAITED = (
    r"|\|timeval\|WARN\|(Unreasonably long \d+ms poll interval \(\d{1,2}ms user, \d+ms system\)"
    r"|(faults|disk|context switches): .*)$"
)
_HARMLESS = re.compile(
    r"\|netlink_notifier\|WARN\|netlink receive buffer overflowed$"
    + (_WAITED if "PYTEST_XDIST_WORKER" in os.environ else "")
)


_SHOWN = (("addr",), ("route", "show", "table", "all"), ("-6", "route", "show", "table", "all"), ("rule",))


def ip_settings(pids: Mapping[str, int]) -> Any:
    """Return the devices, addresses, routes and rules of machines, given by a process of each."""
    programs = [Program(pids[node], ("ip", "-j", *what)) for node in sorted(pids) for what in _SHOWN]
    found: dict[str, Any] = {}
    for program, (code, text) in zip(programs, run_programs(programs), strict=True):
        assert code == 0, text
        node = next(name for name, pid in pids.items() if pid == program.pid)
        shown = [each for each in json.loads(text or "[]") if not _cable(each) and not _link_local(each.get("dst", ""))]
        found[f"{node}: {' '.join(program.argv)}"] = _plain(shown)
    return found


def _link_local(address: str) -> bool:
    return address.startswith(("fe80:", "ff00:"))


def _cable(device: Mapping[str, Any]) -> bool:
    """Tell whether a device is the switch's end of a cable: no address, and a MAC address that means nothing."""
    return bool(re.fullmatch(r".+-eth\d+|ovs-netdev|sw\..*", device.get("ifname", "")))


# What the kernel makes by itself, link-local addresses among it, comes and goes with the link.
_CHANGING = {
    "ifindex", "link_index", "link_netnsid", "valid_life_time", "preferred_life_time", "txqlen", "stable-privacy",
    "operstate", "expires",
}  # fmt: skip


def _plain(value: Any) -> Any:
    """Leave out what differs between two labs that are the same: kernel numbers, and order of flags."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in sorted(value.items()) if key not in _CHANGING}
    if isinstance(value, list):
        kept = [each for each in value if not (isinstance(each, dict) and _link_local(each.get("local", "")))]
        return sorted((_plain(each) for each in kept), key=str)
    return value


def start_ticks(pid: int) -> int | None:
    """Return when a process started; None if there is none, or only its exit status is left."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if words[0] in "ZX" else int(words[19])


@contextmanager
def lab_of(
    hvlab: Hvlab, topology: str | Path, name: str | None = None, settings: Mapping[str, str] | None = None,
    options: Sequence[str] = (),
) -> Iterator[RunningLab]:  # fmt: skip
    """Start a lab from a file or from a topology's text, and end it; its logs must not complain unannounced."""
    name = name or fresh_name()
    file = hvlab.workplace.temporary.parent / f"{name}.py"
    if isinstance(topology, Path):
        # Beside its neighbours, for it may import them; what is edited is another file.
        settings = SETTINGS.get(topology.stem, {}) if settings is None else settings
        file.write_text(topology.read_text(encoding="utf-8"), encoding="utf-8")
    else:
        file.write_text(topology, encoding="utf-8")
    words = [word for pair in (settings or {}).items() for word in ("--set", "=".join(pair))]
    hvlab("up", file, "--name", name, *words, *options)
    lab = RunningLab(hvlab, name, file, settings or {})
    hvlab.workplace.labs.append(lab)
    try:
        lab.remember()
        yield lab
        lab.remember()
        assert not unexpected(hvlab.workplace, lab)
    finally:
        hvlab.workplace.labs.remove(lab)
        if lab.pod.alive:
            hvlab("down", name)
        assert eventually(lab.survivors, lambda left: not left, timeout=2.0) == set()
        file.unlink(missing_ok=True)


def unexpected(workplace: Workplace, lab: RunningLab) -> list[str]:
    """Return the complaints of a lab's logs that no test announced."""
    return [line for line in lab.complaints() if not any(each.search(line) for each in workplace.announced)]


# The machine


def machine_network() -> dict[str, str]:
    """Return what a user sees of the machine's network: devices, namespaces, what listens on TCP, its Open vSwitch."""
    seen = {
        "ip link": _said("ip", "-o", "link"),
        "ip netns": _said("ip", "netns"),
        "ss -ltn": "\n".join(sorted(_said("ss", "-Hltn").splitlines())),
        "ss -lx": "\n".join(sorted(_named_sockets())),
    }
    if Path("/run/openvswitch/db.sock").exists():
        seen["ovs-vsctl show"] = _said("ovs-vsctl", "--timeout=5", "show")
    return seen


def _named_sockets() -> set[str]:
    """Return the paths of listening Unix sockets that are hvlab's."""
    words = (line.split() for line in _said("ss", "-Hlx").splitlines())
    return {line[4] for line in words if len(line) > 4 and line[4].startswith("/run/hvlab")}


def machine_leftovers() -> dict[str, set[str]]:
    """Return what labs might leave on the machine's file systems."""
    places = ("/run", "/dev/shm", "/var/run", "/var/lock", f"/run/user/{os.getuid()}")
    files = {str(entry) for place in places for entry in _entries(Path(place))}
    mounts = {line.partition(" - ")[0].split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()}
    return {"files": files, "mounts": mounts}


def _entries(place: Path) -> list[Path]:
    try:
        return list(place.iterdir())
    except (PermissionError, FileNotFoundError):
        return []


def _said(*argv: str) -> str:
    path = "/usr/sbin:/usr/bin:/sbin:/bin"
    done = subprocess.run(argv, capture_output=True, text=True, timeout=20, check=False, env={"PATH": path})
    assert done.returncode == 0, done.stderr
    return done.stdout


# A ping that must not lose anything


@dataclass(slots=True)
class Pinging:
    """A ping that goes on while something else happens."""

    process: subprocess.Popen[bytes]
    output: Path

    def received(self) -> list[int]:
        """Return the sequence numbers of the answers so far."""
        return [int(number) for number in re.findall(r"icmp_seq=(\d+) ttl=", self.output.read_text())]

    def longest_silence_s(self) -> float:
        """Return the longest time between two answers."""
        times = re.findall(r"^\[(\d+\.\d+)\] \d+ bytes", self.output.read_text(), re.MULTILINE)
        return max((float(later) - float(earlier) for earlier, later in pairwise(times)), default=0.0)

    def advance(self, count: int = 20, timeout: float = 10.0) -> None:
        """Wait for that many further answers."""
        before = len(self.received())
        eventually(lambda: len(self.received()), lambda now: now >= before + count, timeout=timeout)

    def stop(self) -> tuple[int, list[int]]:
        """End the ping and return how many packets it sent, and which were lost. The last one may be on its way."""
        number = next(pid for pid in processes_below(self.process.pid) if comm(pid) in ("ping", "ping6"))
        os.kill(number, signal.SIGINT)
        self.process.wait(10)
        text = self.output.read_text()
        found = re.search(r"(\d+) packets transmitted", text)
        assert found, text
        assert "DUP" not in text, text
        sent = int(found[1])
        return sent, sorted(set(range(1, sent)) - set(self.received()))


def comm(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


@contextmanager
def pinging(
    lab: RunningLab, node: str, target: str, *, interval_s: float = 0.01, lossless: bool = True
) -> Iterator[Pinging]:
    """Ping all the time; every single packet must be answered, unless it is said otherwise."""
    output = lab.hvlab.workplace.temporary.parent / f"{lab.name}-{node}-{target}.ping"
    with output.open("wb") as stream:
        ping = ("ping", "-D", "-n", "-i", str(interval_s), "-W", "1", target)
        process = lab.hvlab.start(
            "--lab", lab.name, "exec", node, "--", *ping,  stdout=stream, stderr=stream, stdin=subprocess.DEVNULL
        )  # fmt: skip
    going = Pinging(process, output)
    try:
        going.advance(5)
        yield going
        if lossless:
            going.advance(20)
            sent, lost = going.stop()
            assert not lost, f"{len(lost)} of {sent} lost: {lost[:20]}"
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        output.unlink(missing_ok=True)


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return what differs between two such answers, line by line."""
    lines = []
    for name in sorted(before.keys() | after.keys()):
        one, other = (_lines(side.get(name, "")) for side in (before, after))
        lines += [f"- {name}: {line}" for line in one if line not in other]
        lines += [f"+ {name}: {line}" for line in other if line not in one]
    return lines


def _lines(value: Any) -> list[str]:
    return value.splitlines() if isinstance(value, str) else [json.dumps(each, sort_keys=True) for each in value]


def matching(texts: Sequence[str], pattern: str) -> list[str]:
    """Return the texts that a pattern is found in."""
    return [text for text in texts if re.search(pattern, text)]
