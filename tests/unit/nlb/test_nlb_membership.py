"""Convergence of a cluster, without machines and without waiting: time is passed in."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from lab.emulation.nlb.frames import Load, Phase
from lab.emulation.nlb.membership import LAST_EPOCH, Intent
from lab.emulation.nlb.setup import Rule
from tests.unit.nlb.conftest import RULE, Cluster


@pytest.fixture
def cluster() -> Cluster:
    found = Cluster()
    for name in (1, 2, 3):
        found.add(name)
    found.run(4.0)
    return found


def test_members_that_start_together_share_the_buckets(cluster: Cluster) -> None:
    assert cluster.states() == {1: "Converged(default)", 2: "Converged", 3: "Converged"}
    assert cluster.counts() == {1: 20, 2: 20, 3: 20}
    assert frozenset().union(*cluster.owned().values()) == frozenset(range(60))
    assert not cluster.doubles


def test_the_phases_are_those_of_windows() -> None:
    cluster = Cluster()
    member = cluster.add(1)
    seen = [member.state]
    while member.state != "Converged(default)":
        cluster.run(0.05)
        if member.state != seen[-1]:
            seen.append(member.state)
    # Alone it goes through the last phase at once.
    assert seen == ["ConvergingPhase1", "StablePhase1", "ConvergingPhase2", "Converged(default)"]
    assert 1.0 < cluster.now < 4.0


def test_one_that_joins_gets_its_share_of_everybody(cluster: Cluster) -> None:
    before = cluster.owned()
    cluster.add(4)
    cluster.run(4.0)
    after = cluster.owned()
    assert cluster.counts() == {1: 15, 2: 15, 3: 15, 4: 15}
    assert all(after[name] < before[name] for name in before)
    assert not cluster.doubles


def test_one_that_is_not_heard_five_times_is_lost(cluster: Cluster) -> None:
    del cluster.members[2]
    cluster.run(4.0)
    assert cluster.counts() == {1: 20, 3: 20}
    cluster.run(4.0)
    assert cluster.counts() == {1: 30, 3: 30}
    assert "web2 (host 2) was lost: 5 heartbeats in a row were missed" in texts(cluster, 1)
    assert not cluster.doubles


def test_four_missed_heartbeats_are_nothing(cluster: Cluster) -> None:
    cluster.cut = lambda sender, receiver: sender == 2
    cluster.run(3.9)
    cluster.cut = lambda sender, receiver: False
    cluster.run(5.0)
    assert not any("was lost" in text for text in texts(cluster, 1))


def test_one_that_leaves_is_gone_at_once(cluster: Cluster) -> None:
    cluster.say(3, cluster.members[3].heartbeat(cluster.now, leaving=True))
    cluster.members[3].stop(cluster.now)
    cluster.run(2.0)
    assert cluster.counts() == {1: 30, 2: 30, 3: 0}
    assert cluster.states()[3] == "Stopped"
    cluster.members[3].start(cluster.now)
    cluster.run(4.0)
    assert cluster.counts() == {1: 20, 2: 20, 3: 20}


def test_one_that_drains_gets_nothing_new(cluster: Cluster) -> None:
    cluster.members[1].drain(cluster.now)
    cluster.run(3.0)
    assert cluster.counts() == {1: 0, 2: 30, 3: 30}
    assert cluster.states() == {1: "Draining", 2: "Converged(default)", 3: "Converged"}
    cluster.members[1].start(cluster.now)
    cluster.run(3.0)
    assert cluster.counts() == {1: 20, 2: 20, 3: 20}


def test_a_partition_is_two_clusters_and_then_one_again(cluster: Cluster) -> None:
    cluster.add(4)
    cluster.run(4.0)
    cluster.cut = lambda sender, receiver: (sender < 3) != (receiver < 3)
    cluster.run(9.0)
    assert cluster.counts() == {1: 30, 2: 30, 3: 30, 4: 30}
    assert [name for name, state in cluster.states().items() if state == "Converged(default)"] == [1, 3]
    cluster.cut = lambda sender, receiver: False
    cluster.run(1.1)
    cluster.doubles = 0
    cluster.run(4.0)
    assert cluster.counts() == {1: 15, 2: 15, 3: 15, 4: 15}
    assert not cluster.doubles, "what both sides had is given up at the first word"


def test_one_that_is_not_heard_but_hears_gives_its_buckets_up(cluster: Cluster) -> None:
    cluster.cut = lambda sender, receiver: sender == 2
    cluster.run(9.0)
    assert cluster.counts() == {1: 30, 2: 0, 3: 30}
    assert cluster.states()[2] == "ConvergingPhase1"
    cluster.doubles = 0
    cluster.cut = lambda sender, receiver: False
    cluster.run(5.0)
    assert cluster.counts() == {1: 20, 2: 20, 3: 20}
    assert not cluster.doubles


def test_one_that_is_started_again_keeps_what_it_had(cluster: Cluster) -> None:
    before = cluster.owned()
    cluster.add(2, cluster.members[2].memory())
    assert cluster.members[2].accepted[0] == before[2]
    cluster.run(4.0)
    assert cluster.owned() == before
    assert not cluster.doubles


@pytest.mark.parametrize("intent", [Intent.STOPPED, Intent.SUSPENDED])
def test_one_that_was_stopped_stays_so(cluster: Cluster, intent: Intent) -> None:
    cluster.members[2].stop(cluster.now, intent)
    cluster.add(2, cluster.members[2].memory())
    cluster.run(8.0)
    assert cluster.states()[2] == intent.value
    assert cluster.counts() == {1: 30, 2: 0, 3: 30}


def test_one_with_a_host_id_of_another_is_refused(cluster: Cluster) -> None:
    cluster.add(9, priority=2)
    cluster.run(8.0)
    assert cluster.states()[9] == "ConvergingPhase1"
    assert cluster.members[9].refusal == "the host priority 2 is that of web2 (host 2)"
    assert cluster.counts() == {1: 20, 2: 20, 3: 20, 9: 0}
    assert "web9 (host 2) was refused: the host priority 2 is that of web2 (host 2)" in texts(cluster, 2)
    del cluster.members[2]
    cluster.run(12.0)
    assert cluster.counts() == {1: 20, 3: 20, 9: 20}


def test_one_with_other_rules_is_refused(cluster: Cluster) -> None:
    cluster.add(4, rules=(replace(RULE, end=81),))
    cluster.run(8.0)
    assert cluster.states()[4] == "ConvergingPhase1"
    assert "port rules are not those of" in cluster.members[4].refusal
    assert cluster.counts() == {1: 20, 2: 20, 3: 20, 4: 0}
    assert any(text.startswith("web4 (host 4) was refused") for text in texts(cluster, 1))


def test_of_two_that_start_with_different_rules_the_lower_host_stays() -> None:
    cluster = Cluster()
    cluster.add(1)
    cluster.add(2, rules=())
    cluster.run(8.0)
    assert cluster.states() == {1: "Converged(default)", 2: "ConvergingPhase1"}


def test_a_new_weight_moves_buckets(cluster: Cluster) -> None:
    cluster.add(3, cluster.members[3].memory(), rules=(replace(RULE, weight=100),))
    cluster.run(4.0)
    assert cluster.counts() == {1: 15, 2: 15, 3: 30}
    assert not cluster.doubles


def test_a_rule_of_mode_single_is_for_the_first_handling_priority() -> None:
    cluster = Cluster()
    for name, handling in ((1, 7), (2, 3), (3, 5)):
        cluster.add(name, rules=(replace(RULE, mode="Single", handling=handling),))
    cluster.run(4.0)
    assert cluster.counts() == {1: 0, 2: 60, 3: 0}
    del cluster.members[2]
    cluster.run(9.0)
    assert cluster.counts() == {1: 0, 3: 60}


def test_a_rule_of_mode_disabled_is_for_nobody() -> None:
    cluster = Cluster()
    cluster.add(1, rules=(replace(RULE, mode="Disabled"),))
    cluster.run(4.0)
    assert cluster.counts() == {1: 0}
    assert cluster.members[1].is_default


def test_one_that_slept_blames_nobody(cluster: Cluster) -> None:
    """A machine that stood still for a while has heard nobody, and has not to tell that all are lost."""
    cluster.now += 30.0
    cluster.run(4.0)
    assert not any("was lost" in text for name in (1, 2, 3) for text in texts(cluster, name))
    assert cluster.counts() == {1: 20, 2: 20, 3: 20}


def test_the_largest_cluster_fits_into_a_frame() -> None:
    cluster = Cluster()
    rules = tuple(Rule(port, port, "Both", "Multiple", "Single", 50, 1) for port in range(32))
    for name in range(1, 33):
        cluster.add(name, rules=rules)
    cluster.run(5.0)
    assert sorted(cluster.counts().values()) == [1] * 4 + [2] * 28
    assert cluster.longest <= 1514


@pytest.mark.parametrize("seed", range(10))
def test_whatever_happens_it_converges(seed: int) -> None:
    """And while nothing is between the members, no bucket ever has two owners."""
    random, cluster = Random(seed), Cluster()
    memories = {}
    for _ in range(25):
        name = random.randint(1, 6)
        member = cluster.members.get(name)
        if member is None:
            cluster.add(name)
        else:
            happens = random.choice(["ends", "restarts", "stops", "starts", "drains", "changes"])
            if happens == "ends":
                del cluster.members[name]
            elif happens == "restarts":
                memories[name] = member.memory()
                cluster.add(name, memories[name])
            elif happens == "stops":
                cluster.say(name, member.heartbeat(cluster.now, leaving=True))
                member.stop(cluster.now)
            elif happens == "starts" and not member.started:
                member.start(cluster.now)
            elif happens == "drains" and member.started:
                member.drain(cluster.now)
            elif happens == "changes":
                cluster.add(name, member.memory(), rules=(replace(RULE, weight=random.randint(0, 100)),))
        cluster.run(random.choice([0.1, 0.6, 1.3, 3.0, 7.0]))
    assert not cluster.doubles
    cluster.run(20.0)
    started = [member for member in cluster.members.values() if member.started]
    assert all(member.state.startswith(("Converged", "Draining")) for member in started)
    able = [member for member in started if not member.draining and member.heartbeat(cluster.now).loads[0].weight]
    owned = [bucket for member in started for bucket in member.accepted[0]]
    assert sorted(owned) == (list(range(60)) if able else [])
    assert not cluster.doubles


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_cut_it_converges_when_it_is_whole_again(seed: int) -> None:
    random, cluster = Random(seed), Cluster()
    for name in range(1, 6):
        cluster.add(name)
    for _ in range(12):
        lost = {(one, other) for one in range(1, 6) for other in range(1, 6) if random.random() < 0.3}
        cluster.cut = lambda sender, receiver, lost=lost: (sender, receiver) in lost  # type: ignore[misc]
        cluster.run(random.choice([0.5, 2.0, 6.0, 9.0]))
    cluster.cut = lambda sender, receiver: False
    cluster.run(3.0)
    cluster.doubles = 0
    cluster.run(15.0)
    assert not cluster.doubles
    assert cluster.counts() == dict.fromkeys(range(1, 6), 12)


@pytest.mark.parametrize("seed", range(3))
def test_a_wire_that_loses_frames_makes_no_double_owners(seed: int) -> None:
    random, cluster = Random(seed), Cluster()
    for name in range(1, 5):
        cluster.add(name)
    cluster.run(4.0)
    cluster.cut = lambda sender, receiver: random.random() < 0.2
    for _ in range(4):
        cluster.members[2].drain(cluster.now)
        cluster.run(6.0)
        cluster.members[2].start(cluster.now)
        cluster.run(6.0)
    assert not cluster.doubles
    cluster.cut = lambda sender, receiver: False
    cluster.run(8.0)
    assert cluster.counts() == dict.fromkeys(range(1, 5), 15)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_somebody_says_a_member_goes_on(seed: int) -> None:
    """Any machine of the network can send what looks like a heartbeat."""
    random, cluster = Random(seed), Cluster()
    for name in (1, 2, 3):
        cluster.add(name)
    cluster.run(4.0)
    for _ in range(300):
        told = cluster.members[random.randint(1, 3)].heartbeat(cluster.now)
        changed: dict[str, object] = {
            "host": random.randint(1, 32),
            "instance": f"02:00:00:00:00:{random.randint(0, 9):02x}",
            "phase": random.choice(list(Phase)),
            "epoch": random.choice([0, 7, LAST_EPOCH]),
            "fingerprint": random.choice([told.fingerprint, bytes(8)]),
            "members": random.choice([told.members, random.randbytes(8)]),
            "division": random.choice([told.division, random.randbytes(8)]),
            "view": frozenset(random.sample(range(1, 33), 3)),
            "name": random.choice(["web9", "", "\x1b[31m", "ä" * 20]),
            "loads": random.choice([told.loads, (), told.loads * 20, (Load(255, 255, frozenset(range(60))),) * 2]),
            "standing": random.random() < 0.5,
            "draining": random.random() < 0.5,
            "refused": random.random() < 0.5,
            "leaving": random.random() < 0.1,
        }
        some = random.sample(sorted(changed), random.randint(1, 5))
        cluster.say(0, replace(told, **{each: changed[each] for each in some}))  # type: ignore[arg-type]
        cluster.run(random.choice([0.1, 0.5]))
    cluster.run(20.0)
    assert cluster.counts() == {1: 20, 2: 20, 3: 20}


def texts(cluster: Cluster, name: int) -> list[str]:
    return [event.text for event in cluster.members[name].history]
