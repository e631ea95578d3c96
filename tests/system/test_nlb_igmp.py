"""IGMP multicast mode: nodes join a group, and a physical switch that snoops gives the cluster's frames to them only."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator

import pytest

from lab.engine.resources import PHYSICAL
from tests.eventually import eventually
from tests.system.clusters import answered_by, converged, servers
from tests.system.conftest import LabOf
from tests.system.frames import adapters, packet_socket, waiting
from tests.system.labs import RunningLab, edited

pytestmark = [pytest.mark.system, pytest.mark.switching]

TOPOLOGY = """
from lab import Lab, nlb_rule

lab = Lab("nlb-igmp", interruption_s=0)
office = lab.physical_network("office", "192.168.1.0/24", igmp_snooping=True)
office.computer("pc1", "192.168.1.10")
office.computer("pc2", "192.168.1.11")
rules = [nlb_rule(80, 80, protocol="Tcp", affinity="None")]
farm = lab.nlb_cluster("farm", "192.168.1.100/24", mode="IgmpMulticast", rules=rules)
for at in (1, 2, 3):
    host = lab.host(f"hv{at}")
    host.nic("NIC", office)
    host.external_switch("External", nic="NIC", allow_management_os=False)
    vm = host.vm(f"web{at}", "External", f"192.168.1.3{at}")
    if at < 3:
        vm.nlb_node(farm, at)
"""
FLOODING = edited(TOPOLOGY, (", igmp_snooping=True", ""))
GROUP = bytes.fromhex("01005e7f0164")
IP = 0x0800


@pytest.fixture(scope="module")
def running(lab: LabOf) -> Iterator[RunningLab]:
    with lab(TOPOLOGY) as found, servers(found, ("web1", "web2"), 80):
        converged(found, "web1", "web2")
        yield found


def overheard(lab: RunningLab, name: str) -> int:
    """Return how many frames for the cluster an adapter gets while a client talks to it."""
    with packet_socket(lab, adapters(lab)[name], IP) as ear:
        assert all(answered_by(lab, "pc1") in ("web1", "web2") for _ in range(5))
        lab.exec("pc1", "ping", "-c", "1", "-W", "2", "192.168.1.31")  # what was sent before has arrived
        return sum(frame[:6] == GROUP for frame in waiting(ear))


def test_a_switch_that_snoops_gives_them_to_members_only(running: RunningLab) -> None:
    running.apply(TOPOLOGY)
    assert overheard(running, "web1")
    assert overheard(running, "web2")
    assert not overheard(running, "pc2")
    assert not overheard(running, "web3")
    running.agrees()
    told = running("trace", "pc1", "farm", "--tcp", "80").out
    assert "copies go to hv1/NIC, hv2/NIC" in told


def test_a_switch_that_does_not_snoop_floods(running: RunningLab) -> None:
    running.apply(FLOODING)
    assert overheard(running, "pc2")
    assert overheard(running, "web3")
    running.apply(TOPOLOGY)
    _joined_again(running)
    assert not overheard(running, "pc2")


def _program(lab: RunningLab, name: str) -> int:
    found = [each for each in lab.status()["processes"] if each["name"] == name]
    return int(found[0]["pid"]) if found and found[0]["state"] == "running" else 0


def _killed(lab: RunningLab, name: str) -> None:
    first = _program(lab, name)
    lab.run_inside(lambda: os.kill(first, signal.SIGKILL))
    eventually(lambda: _program(lab, name), lambda pid: pid not in (0, first))


def _joined_again(lab: RunningLab) -> None:
    """Have both nodes say that they are members, which they do once a minute, and when their programs begin."""
    for node in ("web1", "web2"):
        _killed(lab, f"nlb-eth0@{node}")
    converged(lab, "web1", "web2")


def test_a_join_is_a_report_of_the_cluster_s_group(running: RunningLab) -> None:
    running.apply(FLOODING)
    with packet_socket(running, adapters(running)["pc2"], IP) as ear:
        _killed(running, "nlb-eth0@web1")

        def reports() -> list[bytes]:
            return [frame for frame in waiting(ear) if frame[:6] == GROUP and frame[23] == 2]

        heard = eventually(reports)[0]
    assert heard[34] == 0x12, "IGMPv1, a membership report"
    assert heard[38:42] == bytes([239, 255, 1, 100])
    running.apply(TOPOLOGY)


def test_the_switch_snoops_again_when_its_daemon_was_killed(
    running: RunningLab, announce: Callable[[str], None]
) -> None:
    announce(r"\|WARN\|")
    running.apply(TOPOLOGY)
    _killed(running, f"ovs-vswitchd@{PHYSICAL}")
    eventually(lambda: answered_by(running, "pc1", timeout_s=1.0), timeout=10.0)
    _joined_again(running)
    eventually(lambda: overheard(running, "pc2"), lambda count: not count, timeout=10.0)
    assert overheard(running, "web2")
    running.healthy()
