"""Controller and switches disagree in a whole lab: every change converges or is a fault in words, others lose nothing."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.emulation.ovs import directory
from lab.emulation.ovsdb import OvsdbClient
from tests.dataplane.messages import endless_groups, kind, spoiled
from tests.dataplane.proxy import Proxy
from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.faults.places import MORE, PAIR
from tests.system.labs import RunningLab, edited, pinging

pytestmark = pytest.mark.system

Announce = Callable[[str], None]

# What Open vSwitch and the controller say of one another's death, and of a switch that is at fault.
LOSS = r"rconn\|(WARN|ERR)\||connection (dropped|failed|reset)|Broken pipe|controllers: controller: ended"
FAULT = r"ERROR controllers\.reconcile: switch sw\.External generation "
RESTARTS_WITHIN_S = 60.0
"""Six seconds of processor time, which others want as well."""


@dataclass(frozen=True, slots=True)
class Supervised:
    """The controller of a lab, as the proxy sees it."""

    lab: RunningLab

    @property
    def target(self) -> str:
        return f"unix:{self.lab.pod.path('/run/hvlab/controller.sock')}"

    def kill(self) -> None:
        self.lab.pod.kill(["controller"])

    @property
    def restarts(self) -> int:
        return self.lab.pod.processes()["controller"].restarts

    def restarted(self, before: int) -> None:
        """Wait until it has been restarted."""
        eventually(lambda: self.restarts, lambda now: now > before, timeout=RESTARTS_WITHIN_S)


def transact(lab: RunningLab, *operations: dict[str, object]) -> None:
    """Change the database of hv1's Open vSwitch."""

    def act() -> None:
        with OvsdbClient(str(directory("hv1") / "db.sock")) as database:
            database.transact(*operations)

    lab.run_inside(act)


def connect(lab: RunningLab, path: str) -> None:
    """Make the switches of hv1 connect to this socket now."""
    transact(lab, {"op": "update", "table": "Controller", "where": [], "row": {"target": f"unix:{path}"}})


class Interposed:
    """A proxy between the switches of a lab and its controller."""

    def __init__(self, lab: RunningLab) -> None:
        self.lab = lab
        self.controller = Supervised(lab)
        self._home = "/run/hvlab/ovs/hv1"
        self.proxy = Proxy(Path(lab.pod.path(f"{self._home}/proxy.sock")), self.controller)
        self._other = Path(lab.pod.path(f"{self._home}/proxy.too"))
        self._other.symlink_to("proxy.sock")
        self._names = ["proxy.sock", "proxy.too"]
        self.reconnect()

    def reconnect(self) -> None:
        """Make the switches connect to the controller again, through the proxy."""
        self.proxy.sent.clear()
        connect(self.lab, f"{self._home}/{self._names[0]}")
        self._names.reverse()
        eventually(lambda: [kind(message) for message in self.proxy.sent], lambda kinds: "ask groups" in kinds)

    def remove(self) -> None:
        connect(self.lab, f"{self._home}/controller.sock")
        self.proxy.close()
        self._other.unlink()
        Path(self.lab.pod.path(f"{self._home}/proxy.sock")).unlink()


@pytest.fixture(scope="module")
def pair(lab: LabOf) -> Iterator[RunningLab]:
    """Every test leaves it as it was."""
    with lab(PAIR) as found:
        yield found


@pytest.fixture
def interposed(pair: RunningLab, announce: Announce) -> Iterator[Interposed]:
    announce(LOSS)
    made = Interposed(pair)
    yield made
    made.proxy.restore()
    made.remove()
    pair.healthy(timeout=30)


@contextmanager
def others_lose_nothing(lab: RunningLab) -> Iterator[None]:
    with pinging(lab, "web1", "192.168.1.32", interval_s=0.005), pinging(lab, "pc1", "192.168.1.31"):
        yield


def test_controller_killed_at_the_messages_of_a_change(interposed: Interposed) -> None:
    """After it has filled a bundle, and after it has committed it; tests/dataplane goes through all of them."""
    lab, proxy = interposed.lab, interposed.proxy
    before = lab.switches()
    proxy.sent.clear()
    lab.apply(MORE)
    kinds = [kind(message) for message in proxy.sent]
    lab.apply(PAIR)
    before_commit = len(kinds) - 1 - kinds[::-1].index("commit")
    with others_lose_nothing(lab):
        for messages in (before_commit, before_commit + 1):
            restarts = interposed.controller.restarts
            proxy.kill_after(messages)
            lab.file.write_text(MORE)
            command = lab.hvlab.start("apply", lab.file, "--lab", lab.name, stdout=subprocess.DEVNULL)
            interposed.controller.restarted(restarts)
            interposed.reconnect()
            assert command.wait(60) == 0
            lab.exec("web1", "ping", "-c1", "-W2", "192.168.1.33")
            lab.apply(PAIR)
        assert lab.switches() == before
    lab.remember()


def test_change_that_the_switch_refuses_is_told_and_tried_again(interposed: Interposed, announce: Announce) -> None:
    announce(FAULT)
    lab, proxy = interposed.lab, interposed.proxy
    proxy.to_switch = lambda message: spoiled(message) if kind(message) == "add flow" else message
    with others_lose_nothing(lab):
        told = lab.apply(MORE, check=1).err
        assert re.search(r'switch "External" of "hv1": the switch refused to add flow .*\(feature \w+ of ".+"\)', told)
        status = lab("status", "--json", check=1).json()
        assert [each["policy"][:32] for each in status["switches"]] == ["fault: the switch refused to add"]
        proxy.restore()
        eventually(
            lambda: lab("status", "--json", check=None).json()["switches"][0]["policy"],
            lambda policy: policy == "acknowledged",
            timeout=30,
        )
        lab.exec("web1", "ping", "-c1", "-W2", "192.168.1.33")
        lab.apply(PAIR)
    lab.remember()


def test_controller_that_hangs_is_restarted(interposed: Interposed) -> None:
    lab = interposed.lab
    before = interposed.controller.restarts
    with others_lose_nothing(lab):
        interposed.proxy.inject(endless_groups())
        interposed.controller.restarted(before)
        interposed.reconnect()
        lab.apply(MORE)
        lab.apply(PAIR)
    assert "most recent call first" in Path(lab.pod.path("/run/hvlab/log/controller.log")).read_text()
    lab.remember()


def test_port_that_has_lost_its_device_is_told(pair: RunningLab, announce: Announce) -> None:
    announce(f"{FAULT}|{LOSS}|web2-eth0")
    pair.exec("hv1", "ip", "link", "del", "web2-eth0")
    pair.pod.kill(["ovs-vswitchd@hv1"])  # one that runs keeps what it has opened
    policy = eventually(
        lambda: pair("status", "--json", check=None).json()["switches"][0]["policy"],
        lambda policy: policy.startswith("fault: port "),
        timeout=30,
    )
    assert policy.startswith('fault: port web2-eth0 of "web2/Network Adapter" is missing: '), policy
    assert "No such device" in policy
    pair.exec("web1", "ping", "-c1", "-W2", "192.168.1.10")
    pair.apply(PAIR)
    pair.healthy()
    pair.agrees()
    pair.remember()


HV2 = edited(
    PAIR,
    ('hv1 = lab.host("hv1")', 'hv2 = lab.host("hv2")\nhv2.private_switch("Other")\nhv1 = lab.host("hv1")'),
)


def test_host_that_is_removed_is_forgotten(pair: RunningLab, announce: Announce) -> None:
    announce(r"hv2\.log: .*terminating with signal 15")
    log = Path(pair.pod.path("/run/hvlab/log/controller.log"))
    for times in (1, 2):
        pair.apply(HV2)
        pair.apply(PAIR)
        eventually(lambda: log.read_text().count("/ovs/hv2/db.sock is gone"), lambda count: count == times)  # noqa: B023
    pair.remember()
