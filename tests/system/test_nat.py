"""A host's NAT by traffic: out behind the host's address, in by a static mapping only, and what `hvlab nat` tells of it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.labs import TOPOLOGIES, RunningLab, edited

pytestmark = pytest.mark.system

FILE = next(path for path in TOPOLOGIES if path.stem == "nat_switch")
TEXT = FILE.read_text()
HOST, WEB1, INTERNET = "192.168.1.20", "192.168.100.11", "203.0.113.80"


@pytest.fixture(scope="module")
def running(lab: LabOf) -> Iterator[RunningLab]:
    with lab(FILE) as found:
        yield found


@contextmanager
def server(lab: RunningLab, node: str, port: int, kind: socket.SocketKind) -> Iterator[socket.socket]:
    with lab.socket(node, socket.AF_INET, kind) as made:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(("0.0.0.0", port))
        made.settimeout(5)
        if kind is socket.SOCK_STREAM:
            made.listen(8)
        yield made


def test_who_reaches_whom_is_as_predicted(running: RunningLab) -> None:
    running.agrees()
    cells = running.cells()
    assert cells["web1", "internet"]
    assert cells["web2", "pc1"]
    assert not cells["pc1", "web1"]


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM], ids=["TCP", "UDP"])
def test_others_see_the_host_s_address(running: RunningLab, kind: socket.SocketKind) -> None:
    with server(running, "pc1", 7001, kind) as there, running.socket("web1", socket.AF_INET, kind) as here:
        here.settimeout(5)
        here.connect(("192.168.1.10", 7001))
        here.send(b"hello")
        if kind is socket.SOCK_STREAM:
            accepted, seen = there.accept()
            accepted.close()
        else:
            seen = there.recvfrom(100)[1]
        assert seen[0] == HOST
        told = running("nat", "--json").json()["sessions"]
        protocol = "TCP" if kind is socket.SOCK_STREAM else "UDP"
        mine = [each for each in told if each["protocol"] == protocol and each["remote"] == "192.168.1.10:7001"]
        assert mine[0]["internal"] == f"{WEB1}:{here.getsockname()[1]}"
        assert mine[0]["external"] == f"{HOST}:{seen[1]}"
        assert 0 < mine[0]["seconds"] <= (1800 if kind is socket.SOCK_STREAM else 120)


def test_a_mapping_lets_in_and_the_vm_sees_who_asks(running: RunningLab) -> None:
    with server(running, "web1", 80, socket.SOCK_STREAM) as there:
        with running.socket("pc1", socket.AF_INET, socket.SOCK_STREAM) as here:
            here.settimeout(5)
            here.connect((HOST, 8080))
            accepted, seen = there.accept()
            accepted.send(b"welcome")
            assert here.recv(100) == b"welcome"
            assert seen[0] == "192.168.1.10"
            accepted.close()
        with running.socket("pc1", socket.AF_INET, socket.SOCK_STREAM) as here:
            here.settimeout(2)
            with pytest.raises(OSError, match=r"refused|timed out"):
                here.connect((HOST, 80))


def test_nothing_gets_in_even_if_the_way_is_known(running: RunningLab) -> None:
    running.exec("pc1", "ip", "route", "add", "192.168.100.0/24", "via", HOST)
    try:
        assert running.exec("pc1", "ping", "-c1", "-W1", WEB1, check=None).code != 0
        assert running.exec("web1", "ping", "-c1", "-W2", "192.168.1.10").code == 0
    finally:
        running.exec("pc1", "ip", "route", "del", "192.168.100.0/24")


@pytest.mark.switching
def test_a_trace_names_what_translates_and_the_cmdlet_that_lets_in(running: RunningLab) -> None:
    assert f"translates the source {WEB1} to {HOST}" in running("trace", "web1", "internet").out
    told = running("trace", "pc1", "web1", check=1).out
    assert 'the NAT "NatNetwork" of "hv1" translates addresses' in told
    assert "Add-NetNatStaticMapping" in told


@pytest.mark.switching
def test_a_nat_comes_and_goes_and_changes(running: RunningLab) -> None:
    line = next(each for each in TEXT.splitlines() if each.startswith("hv1.nat("))
    running.apply(edited(TEXT, (line, "")))
    running.agrees()
    assert not running.cells()["web1", "internet"]
    told = running.apply(edited(TEXT, ('"TCP", 8080', '"TCP", 8081'))).out
    assert "add NAT" in told
    running.agrees()
    with (
        server(running, "web1", 80, socket.SOCK_STREAM),
        running.socket("pc1", socket.AF_INET, socket.SOCK_STREAM) as c,
    ):
        c.settimeout(5)
        c.connect((HOST, 8081))
    assert "static mappings" in running.apply(TEXT).out
    with server(running, "web1", 80, socket.SOCK_STREAM):
        eventually(lambda: answers(running, 8080), timeout=5.0)
        assert not answers(running, 8081)


def answers(lab: RunningLab, port: int) -> bool:
    with lab.socket("pc1", socket.AF_INET, socket.SOCK_STREAM) as made:
        made.settimeout(2)
        return made.connect_ex((HOST, port)) == 0
