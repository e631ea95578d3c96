"""Teams that guests make: a connection outlives the loss of a switch's NIC, if AllowTeaming is On."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.frames import ETHERTYPE, adapters, packet_socket, raw, waiting
from tests.system.labs import RunningLab, edited, pinging
from tests.system.talking import connected, transfer, where

pytestmark = pytest.mark.system

TOPOLOGY = """
from lab import Lab

lab = Lab("guest-teams", interruption_s=0)
office = lab.physical_network("office", "10.0.1.0/24", "fd00:1::/64")
office.computer("pc", "10.0.1.1", "fd00:1::1")
hv1 = lab.host("hv1")
hv1.nic("NIC 1", office, connected=True)
hv1.nic("NIC 2", office)
hv1.external_switch("S1", nic="NIC 1", learning="Pinned", allow_management_os=False)
hv1.external_switch("S2", nic="NIC 2", learning="Pinned", allow_management_os=False)
teaming = True
web = hv1.vm("web", "S1", allow_teaming=teaming).adapter("S2", allow_teaming=teaming)
web.team("Team", "10.0.1.2", "fd00:1::2")
hv1.vm("near1", "S1", "10.0.1.3", "fd00:1::3")
hv1.vm("near2", "S2", "10.0.1.4", "fd00:1::4")
"""
PULLED = edited(TOPOLOGY, ("connected=True", "connected=False"))
OFF = ("teaming = True", "teaming = False")


@pytest.fixture(scope="module")
def running(lab: LabOf) -> Iterator[RunningLab]:
    with lab(TOPOLOGY) as found:
        yield found


@pytest.fixture(autouse=True)
def _cables_are_pulled(announce: Callable[[str], None]) -> None:
    announce(r"Network is down|netdev_linux\|WARN\|Dropped \d+ log messages")


def answers(lab: RunningLab, *pairs: tuple[str, str]) -> dict[tuple[str, str], bool]:
    lab.agrees()
    lab.agrees("-6")
    cells = lab.cells()
    return {pair: cells[pair] for pair in pairs}


def test_with_all_links_the_team_reaches_everybody(running: RunningLab) -> None:
    running.apply(TOPOLOGY)
    found = answers(running, ("web", "pc"), ("pc", "web"), ("web", "near1"), ("web", "near2"))
    assert all(found.values())


@pytest.mark.switching
def test_it_uses_its_other_adapter_when_the_first_switch_is_cut_off(running: RunningLab) -> None:
    running.apply(PULLED)
    found = answers(running, ("pc", "web"), ("near2", "web"), ("near1", "web"))
    assert found == {("pc", "web"): True, ("near2", "web"): True, ("near1", "web"): False}
    running.apply(TOPOLOGY)
    assert answers(running, ("pc", "web"), ("near1", "web")) == {("pc", "web"): True, ("near1", "web"): True}


def test_a_connection_goes_on(running: RunningLab) -> None:
    content = os.urandom(10_000)
    with connected(running, where(running, "web", 4), where(running, "pc", 4)) as (web, pc):
        for text in (PULLED, TOPOLOGY, PULLED, TOPOLOGY):
            running.apply(text)
            transfer(web, pc, content)
            transfer(pc, web, content)


@pytest.mark.switching
def test_with_allow_teaming_off_the_guest_does_not_notice(running: RunningLab) -> None:
    running.apply(edited(PULLED, (OFF[0], OFF[1])))
    assert answers(running, ("pc", "web"), ("near1", "web")) == {("pc", "web"): False, ("near1", "web"): True}
    running.apply(TOPOLOGY)


@pytest.mark.switching
def test_with_allow_teaming_off_the_other_switch_takes_nothing(running: RunningLab) -> None:
    text = edited(TOPOLOGY, (OFF[0], OFF[1]), ('vm("web", "S1"', 'vm("web", None'))
    running.apply(text)
    assert answers(running, ("pc", "web"), ("near2", "web")) == {("pc", "web"): False, ("near2", "web"): False}
    told = running("trace", "near2", "web", check=1).out
    assert "takes nothing from the address of" in told
    assert 'Set-VMNetworkAdapter -VMName "web" -Name "Network Adapter 2" -AllowTeaming On' in told
    running.apply(edited(text, (OFF[1], OFF[0])))
    assert answers(running, ("pc", "web"), ("near2", "web")) == {("pc", "web"): True, ("near2", "web"): True}
    running.apply(TOPOLOGY)


@pytest.mark.switching
def test_the_program_that_follows_the_links_comes_back(running: RunningLab) -> None:
    def program() -> int:
        found = [each for each in running.status()["processes"] if each["name"] == "team-team0@web"]
        return int(found[0]["pid"]) if found[0]["state"] == "running" else 0

    first = program()
    with pinging(running, "web", "10.0.1.1") as pings:
        pings.advance()
        running.run_inside(lambda: os.kill(first, signal.SIGKILL))
        eventually(program, lambda pid: pid not in (0, first))
        pings.advance()
    running.apply(PULLED)
    assert answers(running, ("pc", "web")) == {("pc", "web"): True}
    running.apply(TOPOLOGY)
    running.healthy()


@pytest.mark.switching
def test_who_only_receives_is_found_at_his_other_adapter(running: RunningLab) -> None:
    known = adapters(running)
    team = known["web/Team"]
    with (
        running.socket("pc", socket.AF_PACKET, socket.SOCK_RAW) as mouth,
        packet_socket(running, team, ETHERTYPE) as ear,
    ):
        mouth.bind((known["pc"].device, 0))
        running.exec("web", "ping", "-c1", "-W2", "10.0.1.1")

        def heard() -> bool:
            mouth.send(raw(team.mac) + raw(known["pc"].mac) + ETHERTYPE.to_bytes(2, "big") + bytes(46))
            time.sleep(0.1)
            return any(True for _ in waiting(ear))

        assert heard()
        for text in (PULLED, TOPOLOGY):
            running.apply(text)
            eventually(heard, timeout=3.0)


def test_the_program_that_follows_the_links_rests(running: RunningLab) -> None:
    pid = next(each["pid"] for each in running.status()["processes"] if each["name"] == "team-team0@web")

    def ticks() -> int:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    before = running.run_inside(ticks)
    time.sleep(1)
    assert running.run_inside(ticks) - before < 20


@pytest.mark.switching
def test_what_is_left_of_a_team_goes_with_it(running: RunningLab) -> None:
    """The guest takes a member out, or the program is gone, before the team is taken out of the file."""
    without = edited(TOPOLOGY, ('web.team("Team", "10.0.1.2", "fd00:1::2")', ""))
    running.exec("web", "ip", "link", "set", "dev", "eth1", "nomaster")
    running.apply(without)
    assert "team0" not in running.exec("web", "ip", "-o", "link").out
    assert not [each for each in running.status()["processes"] if each["name"].startswith("team-")]
    running.apply(TOPOLOGY)
    running.exec("web", "ip", "link", "set", "dev", "eth0", "nomaster")
    assert "team" in running.apply(TOPOLOGY, "--json").out
    running.agrees()


@pytest.mark.switching
def test_a_team_comes_and_goes(running: RunningLab) -> None:
    apart = edited(
        TOPOLOGY, ('web.team("Team", "10.0.1.2", "fd00:1::2")', ""), ('("web", "S1"', '("web", "S1", "10.0.1.2"')
    )
    running.apply(apart)
    assert answers(running, ("pc", "web")) == {("pc", "web"): True}
    running.apply(TOPOLOGY)
    assert answers(running, ("pc", "web")) == {("pc", "web"): True}
    assert "nothing to do" in running.apply(TOPOLOGY).out.casefold() or running.apply(TOPOLOGY).out == ""
