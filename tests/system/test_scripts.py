"""The exercises of classes on Hyper-V as PowerShell scripts: what they check by traffic holds on a real lab.

A script prints ``ok: WHAT`` or ``not ok: WHAT`` for each of its checks; what only sockets can tell is tried here while
what it has built is still there. Four exercises are left out, as hvlab has no such thing (yet): 30, live migration; 31,
network virtualization (HNV); 32, the REST interface of Microsoft's SDN; 33, nested virtualization.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

from tests.eventually import eventually
from tests.system import talking
from tests.system.conftest import LabOf
from tests.system.labs import Hvlab, RunningLab, fresh_name, pinging
from tests.system.pods import ROOT
from tests.system.streams import goodputs

pytestmark = [pytest.mark.system, pytest.mark.switching]

FOLDER: Final = ROOT / "tests" / "system" / "scripts" / "exercises"
SCRIPTS: Final = sorted(FOLDER.glob("[0-9]*.ps1"))
LEFT_OUT: Final = (30, 31, 32, 33)
WAITING: Final = (25, 26, 28, 29)
"""What takes long because it waits: for answers that do not come, for others to be missed."""
MEASURING: Final = (7, 15, 16, 23)
"""What measures how fast something is."""
_CHECK: Final = re.compile(r'^ *Check "([^"$]+)"', re.MULTILINE)

TOPOLOGY: Final = """
from lab import Lab

lab = Lab("exercises", interruption_s=0)
lab.internet_host("internet", "203.0.113.80/24")
office = lab.physical_network("office", "192.168.1.0/24", router="192.168.1.1")
office.computer("pc1", "192.168.1.10")
hv1 = lab.host("HV1")
hv1.nic("Ethernet", office, "192.168.1.20")
hv1.nic("Ethernet 2", office)
"""


@pytest.fixture(scope="module")
def running(lab: LabOf) -> Iterator[RunningLab]:
    with lab(TOPOLOGY) as found:
        yield found


def holds(script: Path, said: str) -> None:
    """Check that a script has made all its checks, that they hold, and that it has said nothing else."""
    expected = [f"ok: {what}" for what in _CHECK.findall(script.read_text(encoding="utf-8"))]
    # What `hvlab up` itself says comes before or after it.
    lines = [line for line in said.splitlines() if not line.startswith("lab ")]
    assert lines == expected


def number(script: Path) -> int:
    return int(script.stem.partition("-")[0])


# What the scripts cannot tell: streams, and connections to servers


def answers(running: RunningLab, client: str, server: str, address: str, port: int, listening: int = 0) -> bool:
    """Tell whether a TCP connection comes about, and both sides hear one another."""
    with (
        running.socket(server, socket.AF_INET, socket.SOCK_STREAM) as there,
        running.socket(client, socket.AF_INET, socket.SOCK_STREAM) as here,
    ):
        there.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        there.bind(("0.0.0.0", listening or port))
        there.listen()
        here.settimeout(0.5)
        try:
            here.connect((address, port))
        except OSError:
            return False
        accepted, _ = there.accept()
        with accepted:
            accepted.sendall(b"welcome")
            return here.recv(100) == b"welcome"


def a_mapping_lets_in(running: RunningLab) -> None:
    assert answers(running, "pc1", "web1", "192.168.1.20", 8080, listening=80)
    assert not answers(running, "pc1", "web1", "192.168.1.20", 80)


def a_legacy_adapter_is_slow(running: RunningLab) -> None:
    found = goodputs(running, ("pxe", "new"), warm_s=0.5, seconds=1.0)
    assert 0 < max(found.values()) < 105e6


def limits_are_kept(running: RunningLab) -> None:
    found = goodputs(running, ("slow", "free"), ("mistaken", "free"), warm_s=0.5, seconds=1.0)
    assert 40e6 < found["slow", "free"] < 53e6
    assert 8e6 < found["mistaken", "free"] < 11.1e6


def weights_share_the_uplink(running: RunningLab) -> None:
    light, heavy = ("light", "pc1"), ("heavy", "pc1")
    both = goodputs(running, light, heavy, warm_s=1.0, seconds=1.5)
    assert 2.2 < both[heavy] / both[light] < 4
    assert goodputs(running, light, warm_s=0.5, seconds=1.0)[light] > 60e6


def ports_are_told_apart(running: RunningLab) -> None:
    assert answers(running, "client", "web1", "10.0.0.1", 80)  # stateful: what answers comes back
    assert not answers(running, "client", "web1", "10.0.0.1", 81)  # stateless: nothing lets it out
    assert not answers(running, "client", "web1", "10.0.0.1", 23)


def a_storm_is_limited(running: RunningLab) -> None:
    with (
        running.socket("noisy", socket.AF_INET, socket.SOCK_DGRAM) as sender,
        running.socket("quiet", socket.AF_INET, socket.SOCK_DGRAM) as receiver,
    ):
        receiver.bind(("", 9999))
        receiver.settimeout(0.3)
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        for _ in range(200):
            sender.sendto(b"storm", ("10.0.0.255", 9999))
        got = 0
        try:
            while receiver.recv(100):
                got += 1
        except TimeoutError:
            pass
    assert 10 <= got <= 60


BESIDE: Final[dict[int, Callable[[RunningLab], None]]] = {
    6: a_mapping_lets_in, 7: a_legacy_adapter_is_slow, 15: limits_are_kept, 16: weights_share_the_uplink,
    22: ports_are_told_apart, 23: a_storm_is_limited,
}  # fmt: skip


@pytest.fixture(scope="module")
def meanwhile(request: pytest.FixtureRequest, hvlab: Hvlab) -> Iterator[dict[Path, Future[str]]]:
    """The output of the scripts that wait; they build labs of their own, one after the other, beside all others."""
    names = {item.name for item in request.session.items}
    ground = hvlab.workplace.temporary.parent / "ground.py"
    ground.write_text(TOPOLOGY, encoding="utf-8")
    with ThreadPoolExecutor(1) as pool:
        chosen = [each for each in SCRIPTS if f"test_an_exercise_that_waits[{each.stem}]" in names]
        yield {script: pool.submit(on_its_own, hvlab, ground, script) for script in chosen}


def on_its_own(hvlab: Hvlab, ground: Path, script: Path) -> str:
    """Build a lab by a script, end it, and return what the script has said."""
    name = fresh_name()
    try:
        return hvlab("up", script, "--on", ground, "--name", name, check=None).out
    finally:
        hvlab("down", name, check=None)


@pytest.fixture
def bare(running: RunningLab, announce: Callable[[str], None]) -> Iterator[RunningLab]:
    """A lab in which nothing is configured; it is so again when an exercise is over. NICs come and go in it."""
    announce(r"\|(netdev_linux|dpif_netdev|bridge)\|(WARN|ERR)\|.*(Network is down|No such device)")
    yield running
    running.apply(TOPOLOGY)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(each, id=each.stem, marks=[pytest.mark.alone] if number(each) in MEASURING else [])
        for each in SCRIPTS
        if number(each) not in WAITING
    ],
)
@pytest.mark.usefixtures("meanwhile")
def test_an_exercise(bare: RunningLab, script: Path) -> None:
    holds(script, bare("run", script).out)
    beside = BESIDE.get(number(script))
    if beside:
        talking._rows.cache_clear()  # another exercise, other addresses
        beside(bare)


@pytest.mark.parametrize("script", [each for each in SCRIPTS if number(each) in WAITING], ids=lambda path: path.stem)
def test_an_exercise_that_waits(meanwhile: dict[Path, Future[str]], script: Path) -> None:
    holds(script, meanwhile[script].result(timeout=120))


def test_what_a_script_has_made_another_takes_away(bare: RunningLab) -> None:
    before = bare.shown()
    bare("run", FOLDER / "06-nat.ps1")
    assert without_numbers(bare.shown()) != without_numbers(before)
    assert bare("run", FOLDER / "cleanup.ps1").out == ""
    assert without_numbers(bare.shown()) == without_numbers(before)


def without_numbers(shown: dict[str, object]) -> dict[str, object]:
    return {name: shown[name] for name in ("switches", "adapters", "limits") if name in shown}


def test_every_exercise_has_a_script_or_a_reason() -> None:
    assert sorted({number(each) for each in SCRIPTS} - {0}) == [each for each in range(1, 37) if each not in LEFT_OUT]


def test_a_script_builds_its_own_lab(hvlab: Hvlab) -> None:
    """What a script finds that names no ground."""
    script, name = FOLDER / "05-switch-removed.ps1", fresh_name()
    done = hvlab("up", script, "--name", name)
    try:
        holds(script, done.out)
        assert f'lab "{name}" is up' in done.out + done.err
    finally:
        hvlab("down", name)


def test_a_switch_that_takes_a_nic_interrupts_it(bare: RunningLab) -> None:
    hvlab = bare.hvlab
    hvlab("--lab", bare.name, "-c", "Set-Lab -Interruption 1")
    with pinging(bare, "pc1", "192.168.1.20", lossless=False) as going:
        hvlab("--lab", bare.name, "-c", "New-VMSwitch S -NetAdapterName Ethernet | Out-Null")
        before = len(going.received())
        eventually(lambda: len(going.received()), lambda now: now > before + 20, timeout=10.0)
        assert 0.5 < going.longest_silence_s() < 5
