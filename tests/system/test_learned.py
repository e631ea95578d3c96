"""`hvlab learned`: the MAC tables, after real frames."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.eventually import eventually
from tests.system.commands import CommandLine, up

pytestmark = [pytest.mark.system, pytest.mark.switching]

Row = dict[str, Any]


@pytest.fixture(scope="module")
def two_hosts() -> Iterator[CommandLine]:
    with up("two_hosts") as lab:
        yield lab


@pytest.fixture(scope="module")
def dedicated_nic() -> Iterator[CommandLine]:
    with up("dedicated_nic") as lab:
        yield lab


def rows(lab: CommandLine, switch: str) -> dict[str, Row]:
    """Return the table of one switch, by whose address it is."""
    return {row["owner"] or row["mac"]: row for row in lab.json("learned", switch)}


def ping(lab: CommandLine, source: str, target: str) -> None:
    lab.said("exec", source, "--", "ping", "-c1", "-W2", target)


def test_both_switches_learn_where_the_two_ends_are(two_hosts: CommandLine) -> None:
    ping(two_hosts, "web1", "192.168.1.32")
    found = rows(two_hosts, "hv1/External")
    here, there = found["web1/Network Adapter"], found["web2/Network Adapter"]
    assert (here["adapter"], here["port"], here["how"], here["vlan"]) == ("web1/Network Adapter", 3, "learned", 0)
    assert (there["adapter"], there["port"]) == ("hv1/Ethernet", 1)
    assert there["mac"].startswith("00155D")
    assert rows(two_hosts, "hv2/External")["web1/Network Adapter"]["adapter"] == "hv2/Ethernet"


def test_the_age_is_the_time_since_the_last_frame(two_hosts: CommandLine) -> None:
    def entry() -> Row:
        return rows(two_hosts, "hv1/External")["web2/Network Adapter"]

    ping(two_hosts, "web1", "192.168.1.32")
    aged = eventually(entry, lambda row: row["age_s"] >= 2)
    assert aged["age_s"] + aged["forgotten_in_s"] == 300
    ping(two_hosts, "web1", "192.168.1.32")
    eventually(entry, lambda row: row["age_s"] < 2)


def test_all_switches_are_shown_in_words(two_hosts: CommandLine) -> None:
    ping(two_hosts, "web1", "192.168.1.32")
    said = two_hosts.said("learned")
    assert "hv1" in said
    assert "hv2" in said
    assert "FORGOTTEN IN" in said


@pytest.mark.parametrize(
    ("switch", "words"),
    [
        ("External", "say hv1/External or hv2/External"),
        ("Nothing", "known: hv1/External, hv1/Private, hv2/External, hv2/Private"),
    ],
)
def test_a_switch_that_is_not_one_is_refused(two_hosts: CommandLine, switch: str, words: str) -> None:
    done = two_hosts.run("learned", switch)
    assert done.returncode == 2
    assert words in done.stderr


def test_a_pinned_switch_has_assigned_addresses_that_do_not_age(dedicated_nic: CommandLine) -> None:
    ping(dedicated_nic, "web1", "192.168.1.10")
    found = rows(dedicated_nic, "vmsonly")
    own = found["web1/Network Adapter"]
    assert (own["how"], own["age_s"], own["forgotten_in_s"]) == ("static", None, None)
    assert found["pc1/Ethernet"]["how"] == "learned"
    assert found["pc1/Ethernet"]["adapter"] == "hv1/Ethernet"
    assert "never" in dedicated_nic.said("learned", "VMsOnly")
