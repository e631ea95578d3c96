"""Pings and bandwidth between machines of a lab, side by side and without anything left running."""

from __future__ import annotations

import json
import re
import shutil
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lab.emulation.net.door import LabProcess, environment
from lab.emulation.netns import Program, run_programs
from lab.emulation.pod.pod import Pod
from lab.errors import EnvironmentFault, LabFault

if TYPE_CHECKING:
    from lab.emulation.net.nodes import LabHost

_ANSWER: Final = re.compile(r"(?P<target>\S+)\s+:(?P<times>(?: (?:-|\d+\.?\d*))+)")
_RATE: Final = re.compile(r"([\d.]+ \w+/sec)")
_CONNECT_TIMEOUT_MS: Final = 3000
_PERIOD_MS: Final = 200
_UNITS: Final = {"k": 1e3, "m": 1e6, "g": 1e9}


@dataclass(frozen=True, slots=True)
class Ping:
    """A ping from a machine, by whatever way its routes choose, to an address."""

    node: str
    target: str


def ping_all(pod: Pod, pings: Iterable[Ping], *, timeout_ms: int, tries: int = 2) -> dict[Ping, float | None]:
    """Send all pings side by side and return the best round-trip time of each in ms, or None."""
    groups: dict[tuple[str, bool], list[str]] = defaultdict(list)
    for ping in pings:
        groups[ping.node, ":" in ping.target].append(ping.target)

    def inside() -> list[tuple[int, str]]:
        running = pod.processes({node for node, _ in groups})
        programs = []
        for (node, is_v6), targets in groups.items():
            pid = running[node].pid if node in running else None
            if pid is None:
                raise LabFault(f'"{node}" does not run any more', target=node)
            numbers = ("-C", str(tries), "-p", str(min(_PERIOD_MS, timeout_ms)), "-t", str(timeout_ms), "-i", "1")
            programs.append(Program(pid, ("fping", "-6" if is_v6 else "-4", "-q", *numbers, *targets)))
        return run_programs(programs)

    found: dict[Ping, float | None] = {}
    for ((node, _), targets), (_, text) in zip(groups.items(), pod.run_inside(inside), strict=True):
        times = _times(text)
        found |= {Ping(node, target): times.get(target) for target in targets}
    return found


def _times(text: str) -> dict[str, float | None]:
    """Read fping's lines ``192.168.1.32 : 0.76 -``: a time in ms for each try, or a dash."""
    matches = filter(None, (_ANSWER.fullmatch(line.strip()) for line in text.splitlines()))
    return {
        match["target"]: min((float(word) for word in match["times"].split() if word != "-"), default=None)
        for match in matches
    }


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """What to measure. `target` is the server's address; `udp_rate` is empty for TCP, else like 10M."""

    target: str
    port: int
    seconds: float
    udp_rate: str = ""
    unit: str = ""

    @property
    def duration(self) -> str:
        """The seconds as both programs take them; 0 would be without end."""
        return str(max(1, round(self.seconds)))


def iperf(client: LabHost, server: LabHost, wanted: Bandwidth) -> list[str]:
    """Measure and return the rates that server and client tell, as Mininet does; the server has ended then."""
    program = _program()
    measure = _iperf3 if program == "iperf3" else _iperf2
    serving = _serve(server, program, wanted)
    try:
        return measure(client, serving, wanted)
    finally:
        if serving.poll() is None:
            serving.kill()
        serving.communicate()


def _program() -> str:
    path = environment({})["PATH"]
    for name in ("iperf3", "iperf"):
        if shutil.which(name, path=path):
            return name
    raise EnvironmentFault("neither iperf3 nor iperf is installed", remedy="run: sudo apt-get install iperf3")


def _serve(server: LabHost, program: str, wanted: Bandwidth) -> LabProcess:
    """Start a server and return it once it listens."""
    options = ["--one-off", "--forceflush"] if program == "iperf3" else ["-u"] if wanted.udp_rate else []
    # Into a pipe, iperf 2 would keep its words to itself until it ends.
    buffering = [] if program == "iperf3" else ["stdbuf", "-oL"]
    serving = server.popen([*buffering, program, "-s", "-p", str(wanted.port), *options], text=True)
    said = ""
    for line in serving.stdout or ():
        said += line
        if "listening" in line:
            return serving
    serving.wait()
    said = " ".join((said + serving.stderr.read()).split()) if serving.stderr else said
    raise LabFault(f'{program} cannot listen on port {wanted.port} of "{server.name}": {said}', target=str(server.name))


def _iperf3(client: LabHost, serving: LabProcess, wanted: Bandwidth) -> list[str]:
    options = ["-u", "-b", wanted.udp_rate] if wanted.udp_rate else []
    out, err, code = client.pexec(
        ["iperf3", "-c", wanted.target, "-p", str(wanted.port), "-t", wanted.duration, "-J",
         "--connect-timeout", str(_CONNECT_TIMEOUT_MS), *options]
    )  # fmt: skip
    told = json.loads(out) if out.startswith("{") else {}
    if code != 0 or "error" in told:
        raise _failed(client, wanted, str(told.get("error", err)))
    end = told["end"]
    if wanted.udp_rate:
        received = end["sum"]["bits_per_second"] * (1 - end["sum"]["lost_percent"] / 100)
        rates = [received, end["sum"]["bits_per_second"]]
    else:
        rates = [end["sum_received"]["bits_per_second"], end["sum_sent"]["bits_per_second"]]
    return [rate_text(rate, wanted.unit) for rate in rates]


def _iperf2(client: LabHost, serving: LabProcess, wanted: Bandwidth) -> list[str]:
    options = ["-u", "-b", wanted.udp_rate] if wanted.udp_rate else []
    options += ["-f", wanted.unit] if wanted.unit else []
    out, err, _ = client.pexec(["iperf", "-c", wanted.target, "-p", str(wanted.port), "-t", wanted.duration, *options])
    said = _RATE.findall(out)
    if not said or "failed" in out + err:
        raise _failed(client, wanted, out + err)
    if wanted.udp_rate:
        return [said[-1], said[0]]
    for line in serving.stdout or ():
        if heard := _RATE.findall(line):
            return [heard[-1], said[-1]]
    raise _failed(client, wanted, "the server ended before it told its rate")


def _failed(client: LabHost, wanted: Bandwidth, why: str) -> LabFault:
    words = " ".join(why.split()) or "no reason given"
    return LabFault(f'"{client.name}" cannot measure to {wanted.target} port {wanted.port}: {words}')


def rate_text(bits_per_second: float, unit: str = "") -> str:
    """Return a rate as iperf writes it: ``9.41 Gbits/sec``. `unit`: k, m or g bits, K, M or G bytes, else what fits."""
    fitting = next((name for name in "gm" if bits_per_second >= _UNITS[name]), "k")
    name = unit.lower() if unit.lower() in _UNITS else fitting
    if unit.isupper():
        value, word = bits_per_second / 8 / 1024 ** (1 + "kmg".index(name)), "Bytes"
    else:
        value, word = bits_per_second / _UNITS[name], "bits"
    digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:.{digits}f} {name.upper()}{word}/sec"
