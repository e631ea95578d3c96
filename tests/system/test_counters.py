"""`hvlab counters`: what each adapter has sent, received and lost, as the adapter sees it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.frames import BROADCAST, Stations, stations
from tests.system.labs import RunningLab

pytestmark = [pytest.mark.system, pytest.mark.switching]

TOPOLOGY = """
from lab import Lab, deny

lab = Lab("counters", interruption_s=0)
office = lab.physical_network("office", "192.168.1.0/24")
office.computer("pc1", "192.168.1.10")
hv1 = lab.host("hv1")
hv1.nic("Ethernet", office, "192.168.1.20")
hv1.external_switch("External", "Ethernet", learning="Pinned")
hv1.vm("web1", "External", "192.168.1.31", mac="00155D770001")
hv1.vm("web2", "External", "192.168.1.32", mac="00155D770002", acls=[deny(remote_mac="00155D770001", direction="Inbound")])
hv1.vm("web3", "External", "192.168.1.33", mac="00155D770003", storm_limit=1)
"""
SIZE = 60
COLUMNS = (
    "packets_sent", "bytes_sent", "packets_received", "bytes_received", "dropped_outgoing", "dropped_incoming",
)  # fmt: skip
EVERYBODY = ("web1", "web2", "web3", "pc1", "hv1/vEthernet (External)")
WEB1, WEB2, WEB3, PC1, HOST = EVERYBODY
NIC = "hv1/Ethernet"


@pytest.fixture(scope="module")
def running(lab: LabOf) -> Iterator[RunningLab]:
    with lab(TOPOLOGY) as found:
        yield found


@pytest.fixture
def wire(running: RunningLab) -> Iterator[Stations]:
    with stations(running, EVERYBODY) as found:
        found.send(PC1, BROADCAST)
        quiet(running)
        yield found


def counted(running: RunningLab) -> dict[str, tuple[int, ...]]:
    """Return the columns by adapter; a VM's one adapter by the VM's name."""
    rows = running("counters", "--json").json()
    return {row["adapter"].removesuffix("/Network Adapter"): tuple(row[name] for name in COLUMNS) for row in rows}


def quiet(running: RunningLab) -> dict[str, tuple[int, ...]]:
    """Wait until nothing is counted any more."""
    seen = [counted(running)]

    def again() -> bool:
        seen.append(counted(running))
        return seen[-1] == seen[-2]

    eventually(again)
    return seen[-1]


def grown(running: RunningLab, before: dict[str, tuple[int, ...]], wanted: dict[str, tuple[int, ...]]) -> None:
    """Wait until the counters of these, and of nobody else, have grown by so much."""

    def difference() -> dict[str, tuple[int, ...]]:
        now = counted(running)
        grew = {name: tuple(b - a for a, b in zip(before[name], now[name], strict=True)) for name in now}
        return {name: each for name, each in grew.items() if any(each)}

    eventually(difference, lambda seen: seen == wanted)


@pytest.mark.parametrize(
    ("sender", "receiver", "wanted"),
    [
        (WEB1, HOST, {WEB1: (3, 180, 0, 0, 0, 0), HOST: (0, 0, 3, 180, 0, 0)}),
        (HOST, WEB2, {HOST: (3, 180, 0, 0, 0, 0), WEB2: (0, 0, 3, 180, 0, 0)}),
        (WEB1, PC1, {WEB1: (3, 180, 0, 0, 0, 0), NIC: (3, 180, 0, 0, 0, 0)}),
        (PC1, WEB1, {NIC: (0, 0, 3, 180, 0, 0), WEB1: (0, 0, 3, 180, 0, 0)}),
        (WEB1, WEB2, {WEB1: (3, 180, 0, 0, 0, 0), WEB2: (0, 0, 0, 0, 0, 3)}),
    ],
    ids=["to the host", "from the host", "onto the wire", "from the wire", "denied at the receiver"],
)
def test_frames_count_at_both_ends(
    running: RunningLab, wire: Stations, sender: str, receiver: str, wanted: dict[str, tuple[int, ...]]
) -> None:
    before = quiet(running)
    for _ in range(3):
        wire.send(sender, wire.mac(receiver))
    grown(running, before, wanted)


def test_what_may_not_be_sent_is_dropped_outgoing(running: RunningLab, wire: Stations) -> None:
    before = quiet(running)
    for _ in range(2):
        wire.send(WEB1, wire.mac(HOST), source="02:88:b5:99:00:01")
    grown(running, before, {WEB1: (2, 120, 0, 0, 2, 0)})


def test_a_storm_is_dropped_outgoing(running: RunningLab, wire: Stations) -> None:
    before = quiet(running)
    for _ in range(50):
        wire.send(WEB3, BROADCAST)
    after = quiet(running)
    sent, dropped = (after[WEB3][at] - before[WEB3][at] for at in (0, 4))
    passed = after[WEB1][2] - before[WEB1][2]
    assert (sent, dropped > 40, sent - dropped) == (50, True, passed)


def test_what_is_shown(running: RunningLab) -> None:
    told = running("counters", WEB1).out
    assert "DROPPED INCOMING" in told
    assert "web1/Network Adapter" in told
    assert "web2" not in told
    assert running("counters", NIC, "--json").json()[0]["switch"] == "External"
    assert 'is called "web9"' in running("counters", "web9", check=2).err
