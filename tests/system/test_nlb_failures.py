"""Nodes of a load-balancing cluster come, go and fail: convergence, and what becomes of connections meanwhile."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.eventually import eventually
from tests.system.clusters import (
    CLIENTS,
    Conversation,
    answered_by,
    buckets,
    clients,
    converged,
    conversation,
    nodes,
    servers,
    states,
    total,
    visits,
)
from tests.system.conftest import LabOf
from tests.system.labs import RunningLab, edited

pytestmark = [pytest.mark.system, pytest.mark.switching]

TOPOLOGY = """
from lab import Lab, deny, nlb_rule

lab = Lab("nlb-failures", interruption_s=0)
office = lab.physical_network("office", "192.168.1.0/24")
office.computer("pc1", "192.168.1.10")
farm = lab.nlb_cluster(
    "farm", "192.168.1.100/24", mode="Multicast", rules=[nlb_rule(80, 80, protocol="Tcp", affinity="None")]
)
off, unplugged, denied, elsewhere, others, pulled = (), (), (), (), (), ()
for at in (1, 2, 3, 4):
    if at in (1, 3):
        host = lab.host(f"hv{at}")
        host.nic("NIC", office, connected=at not in pulled)
        host.external_switch("External", nic="NIC", learning="Pinned", allow_management_os=False)
    host.vm(
        f"web{at}", None if at in unplugged else "External", f"192.168.1.3{at}/24", gateway="192.168.1.10",
        running=at not in off, vlan=7 if at in elsewhere else None,
        acls=[deny(remote_mac="ANY")] if at in denied else [],
    ).nlb_node(farm, priority=at, rules=[nlb_rule(80, 81)] if at in others else None)
"""
EMPTY = "off, unplugged, denied, elsewhere, others, pulled = (), (), (), (), (), ()"
WEBS = ("web1", "web2", "web3", "web4")
OTHERS = ("web1", "web2", "web3")


def without(what: str, *numbers: int) -> str:
    """Return the topology with something wrong about some nodes."""
    return edited(TOPOLOGY, (EMPTY, f"{EMPTY}\n{what} = ({', '.join(map(str, numbers))},)"))


@pytest.fixture(scope="module")
def running(lab: LabOf) -> Iterator[RunningLab]:
    with lab(TOPOLOGY) as found, clients(found, "pc1"):
        converged(found, *WEBS)
        yield found


@pytest.fixture(autouse=True)
def _all_is_well(running: RunningLab, announce: Callable[[str], None]) -> None:
    announce(r"Network is down|netdev_linux\|WARN\|Dropped \d+ log messages")
    running.apply(TOPOLOGY)
    for name, state in states(running).items():
        for order in {"Suspended": ("resume", "start"), "Stopped": ("start",), "Draining": ("start",)}.get(state, ()):
            running("nlb", order, name)
    converged(running, *WEBS)


@contextmanager
def conversations(lab: RunningLab, *names: str) -> Iterator[list[Conversation]]:
    """Yield connections from the computer to the cluster: each node has at least two."""
    with ExitStack() as stack:
        found: list[Conversation] = []
        while min(Counter(dict.fromkeys(names, 0) | Counter(talk.node for talk in found)).values()) < 2:
            assert len(found) < 100, "some node has nobody"
            talk = conversation(lab, "pc1")
            stack.callback(talk.socket.close)
            found.append(talk)
        yield found


@pytest.mark.parametrize("what", ["off", "unplugged", "denied", "elsewhere"])
def test_only_a_lost_node_s_connections_are_lost(running: RunningLab, what: str) -> None:
    with servers(running, OTHERS, 80) as kept, servers(running, ["web4"], 80), conversations(running, *WEBS) as talks:
        before = buckets(running)
        running.apply(without(what, 4))
        lost_at = time.monotonic()
        staying = [talk for talk in talks if talk.node != "web4"]
        assert all(talk.goes_on() for talk in staying)
        eventually(
            lambda: set(total(visits(running, "pc1", CLIENTS[:24], 1, timeout_s=2.0))) <= set(OTHERS), timeout=10
        )
        assert time.monotonic() - lost_at < 12.0
        found = converged(running, *OTHERS)
        assert any("web4 (host 4) was lost: 5 heartbeats" in text for _, text in found["web1"]["history"])
        after = buckets(running)
        assert all(before[name] < after[name] for name in OTHERS)
        assert all(talk.goes_on() for talk in staying)
        for talk in talks:
            talk.socket.settimeout(0.5)
        assert not any(talk.goes_on() for talk in talks if talk.node == "web4")
        assert all(program.poll() is None for program in kept.values())


def test_a_partition_makes_two_clusters_and_healing_joins_them(running: RunningLab) -> None:
    running.apply(without("pulled", 3))
    converged(running, "web1", "web2")
    found = converged(running, "web3", "web4")
    assert {name: found[name]["state"] for name in WEBS} == {
        "web1": "Converged(default)", "web2": "Converged", "web3": "Converged(default)", "web4": "Converged",
    }  # fmt: skip
    parts = buckets(running)
    assert len(parts["web1"] | parts["web2"]) == len(parts["web3"] | parts["web4"]) == 60
    running.apply(TOPOLOGY)
    converged(running, *WEBS)
    joined = buckets(running)
    assert sum(map(len, joined.values())) == len(set.union(*joined.values())) == 60
    assert joined["web1"] < parts["web1"]


def test_a_node_that_joins_takes_no_connection_and_few_buckets(running: RunningLab) -> None:
    running.apply(without("off", 4))
    three = converged(running, *OTHERS)
    before = {name: set(three[name]["accepted"]["80-80 Tcp Multiple None"]) for name in OTHERS}
    with servers(running, OTHERS, 80), conversations(running, *OTHERS) as talks:
        running.apply(TOPOLOGY)
        converged(running, *WEBS)
        after = buckets(running)
        assert all(after[name] < before[name] for name in OTHERS)
        assert [len(after[name]) for name in WEBS] == [15, 15, 15, 15]
        # Its kernel would answer with a reset what it took of somebody else's connection: nobody listens there.
        assert all(talk.goes_on() for talk in talks)


def test_draining_keeps_what_is_there_and_takes_nothing_new(running: RunningLab) -> None:
    with servers(running, WEBS, 80), conversations(running, *WEBS) as talks:
        mine = [talk for talk in talks if talk.node == "web2"]
        running("nlb", "drainstop", "web2")
        eventually(lambda: states(running)["web2"] == "Draining")
        assert "web2" not in total(visits(running, "pc1", CLIENTS[:60], 1))
        assert all(talk.goes_on() for talk in talks)
        assert nodes(running)["web2"]["connections"] == len(mine)
        for talk in mine:
            talk.socket.close()
        eventually(lambda: states(running)["web2"] == "Stopped")
        converged(running, "web1", "web3", "web4")
        running("nlb", "start", "web2")
        converged(running, *WEBS)
        assert set(total(visits(running, "pc1", CLIENTS[:60], 1))) == set(WEBS)


def test_draining_ends_at_its_timeout(running: RunningLab) -> None:
    with servers(running, WEBS, 80), conversations(running, *WEBS) as talks:
        running("nlb", "drainstop", "web2", "--timeout", "4")
        eventually(lambda: states(running)["web2"] == "Stopped", timeout=12.0)
        mine = [talk for talk in talks if talk.node == "web2"]
        for talk in mine:
            talk.socket.settimeout(0.5)
        assert not any(talk.goes_on() for talk in mine)
        assert all(talk.goes_on() for talk in talks if talk.node != "web2")
    running("nlb", "start", "web2")


def test_who_is_stopped_takes_nothing_and_the_others_notice_at_once(running: RunningLab) -> None:
    with servers(running, WEBS, 80):
        running("nlb", "stop", "web1", "farm")
        found = converged(running, "web2", "web3", "web4", timeout=5.0)
        assert found["web1"]["state"] == "Stopped"
        assert found["web2"]["state"] == "Converged(default)"
        assert "web1" not in total(visits(running, "pc1", CLIENTS[:60], 1))
        running("nlb", "suspend", "web1")
        assert "resume it first" in running("nlb", "start", "web1", check=2).err
        assert states(running)["web1"] == "Suspended"
        running("nlb", "resume", "web1")
        assert states(running)["web1"] == "Stopped"
        running("nlb", "start", "web1")
        converged(running, *WEBS)
        history = running("nlb", "--history").out
        assert "it was suspended" in history
        assert "web1 (host 1) has left" in history


def program_of(lab: RunningLab, node: str) -> int:
    found = [each for each in lab.status()["processes"] if each["name"] == f"nlb-eth0@{node}"]
    return int(found[0]["pid"]) if found[0]["state"] == "running" else 0


def killed(lab: RunningLab, node: str) -> None:
    """Kill the program of a node, and wait until it is there again."""
    first = program_of(lab, node)
    lab.run_inside(lambda: os.kill(first, signal.SIGKILL))
    eventually(lambda: program_of(lab, node), lambda pid: pid not in (0, first))


def test_a_program_that_is_killed_goes_on_where_it_was(running: RunningLab) -> None:
    with servers(running, WEBS, 80), conversations(running, *WEBS) as talks:
        before = buckets(running)
        killed(running, "web2")
        assert all(talk.goes_on() for talk in talks)
        converged(running, *WEBS)
        assert buckets(running) == before
        assert all(talk.goes_on() for talk in talks)
        assert set(total(visits(running, "pc1", CLIENTS[:60], 1))) == set(WEBS)


def test_who_was_stopped_stays_so_when_its_program_is_killed(running: RunningLab) -> None:
    running("nlb", "stop", "web3")
    killed(running, "web3")
    assert eventually(lambda: states(running)["web3"], lambda state: state != "does not answer") == "Stopped"
    running("nlb", "start", "web3")
    converged(running, *WEBS)


def test_other_port_rules_are_refused(running: RunningLab) -> None:
    running.apply(without("others", 4))
    found = converged(running, *OTHERS)
    assert found["web4"]["state"] == "ConvergingPhase1"
    assert "the port rules are not those of" in found["web4"]["refusal"]
    assert any("web4 (host 4) was refused" in text for _, text in found["web1"]["history"])
    with servers(running, WEBS, 80):
        assert "web4" not in total(visits(running, "pc1", CLIENTS[:30], 1))


def test_new_port_rules_are_those_of_all_and_connections_go_on(running: RunningLab) -> None:
    with servers(running, WEBS, 80, 81), conversations(running, *WEBS) as talks:
        text = 'nlb_rule(80, 80, protocol="Tcp", affinity="None")'
        running.apply(edited(TOPOLOGY, (text, f'{text}, nlb_rule(81, 81, mode="Single")')))
        converged(running, *WEBS)
        assert all(talk.goes_on() for talk in talks)
        assert answered_by(running, "pc1", 81) == "web1"


def test_host_priorities_can_be_exchanged(running: RunningLab) -> None:
    """For a moment two nodes have one, and are not in one cluster."""
    running.apply(edited(TOPOLOGY, ("priority=at,", "priority=5 - at,")))
    found = converged(running, *WEBS)
    assert found["web4"]["state"] == "Converged(default)"
    assert found["web4"]["host_id"] == 1


def test_the_programs_rest(running: RunningLab) -> None:
    """A heartbeat a second costs next to nothing."""
    pid = program_of(running, "web1")

    def ticks() -> int:
        def read() -> int:
            with open(f"/proc/{pid}/stat", encoding="ascii") as file:
                fields = file.read().rpartition(")")[2].split()
            return int(fields[11]) + int(fields[12])

        return running.run_inside(read)

    first, begun = ticks(), time.monotonic()
    eventually(lambda: time.monotonic() - begun > 3.0, timeout=5.0)
    used_s = (ticks() - first) / os.sysconf("SC_CLK_TCK")
    assert used_s < 0.05 * (time.monotonic() - begun), used_s
