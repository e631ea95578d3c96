"""Labs beside labs: equal addresses, no cross-talk, and a name is given once.

Those of two users are in `faults/test_other_users.py`.
"""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator

import pytest

from tests.system.conftest import LabOf
from tests.system.labs import TOPOLOGIES, Hvlab, RunningLab, fresh_name, pinging
from tests.system.offices import OFFICE

pytestmark = pytest.mark.system

PORT = 7007


@pytest.fixture(scope="module")
def twins(lab: LabOf) -> Iterator[tuple[RunningLab, RunningLab]]:
    """Two labs from one file."""
    with lab(OFFICE) as one, lab(OFFICE) as other:
        yield one, other


def test_two_labs_from_one_file_are_alike(twins: tuple[RunningLab, RunningLab]) -> None:
    one, other = twins
    assert one.addresses() == other.addresses()
    assert one.switches() == other.switches()
    for each in twins:
        each.agrees()
        assert each.exec("web1", "hostname").out == "web1\n"


@pytest.mark.parametrize("node", ["web2", "pc1", "hv1"])
def test_a_broadcast_stays_in_its_lab(twins: tuple[RunningLab, RunningLab], node: str) -> None:
    """The other lab's receiver hears its own lab's broadcast, sent later, and nothing before it."""
    receivers = [each.socket(node, socket.AF_INET, socket.SOCK_DGRAM) for each in twins]
    senders = [each.socket("web1", socket.AF_INET, socket.SOCK_DGRAM) for each in twins]
    try:
        for receiver in receivers:
            receiver.bind(("", PORT))
        for number, sender in enumerate(senders):
            sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            sender.sendto(str(number).encode(), ("192.168.1.255", PORT))
            assert receivers[number].recv(100) == str(number).encode()
    finally:
        for each in (*receivers, *senders):
            each.close()


def test_the_end_of_one_lab_is_nothing_to_the_other(hvlab: Hvlab, twins: tuple[RunningLab, RunningLab]) -> None:
    one, other = twins
    with pinging(one, "web1", "192.168.1.32"), pinging(one, "web2", "203.0.113.80"):
        hvlab("down", other.name)
    one.agrees()
    assert hvlab("status", other.name, check=2).err.startswith("hvlab: no lab is called")


def test_of_two_ups_at_once_one_wins(hvlab: Hvlab) -> None:
    name = fresh_name()
    file = next(path for path in TOPOLOGIES if path.stem == "three_switches")
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    try:
        commands = [hvlab.start("up", file, "--name", name, **pipes) for _ in range(4)]
        said = [command.communicate(timeout=60) for command in commands]
        codes = [command.returncode for command in commands]
        assert sorted(codes) == [0, 2, 2, 2], said
        for code, (_, err) in zip(codes, said, strict=True):
            assert code == 0 or f'"{name}" is ' in err.decode(), err
            assert b"Traceback" not in err
        assert [each["state"] for each in hvlab("list", "--json").json() if each["name"] == name] == ["running"]
        hvlab("--lab", name, "matrix")
    finally:
        hvlab("down", name, check=None)
