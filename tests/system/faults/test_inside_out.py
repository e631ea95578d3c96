"""That nobody gets out of a lab, tried from inside its machines, as root there, by every way that might lead out.

Each thing tried is also done from where it must succeed, so that a failure means something. How frames stay where they
belong is in `tests/system/test_isolation.py`.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from tests.system.conftest import LabOf
from tests.system.faults import escape
from tests.system.labs import RunningLab, Workplace, edited
from tests.system.pods import execute, output

pytestmark = pytest.mark.system

# Networks that no machine is likely to be in itself.
TOPOLOGY = """
from lab import Lab

lab = Lab("inside", interruption_s=0)
lab.internet_host("internet", "198.18.113.80/24")
office = lab.physical_network("office", "198.18.7.0/24", router="198.18.7.1")
office.computer("pc1", "198.18.7.10")
hv1 = lab.host("hv1")
hv1.nic("Ethernet", office, "198.18.7.20")
hv1.external_switch("External", nic="Ethernet")
hv1.vm("web1", "External", "198.18.7.31")
hv1.private_switch("Private")
hv1.vm("db1", "Private", "198.19.2.11/24")
"""
NODES = ("web1", "db1", "hv1", "pc1", "office-router", "internet")
METADATA = "169.254.169.254"  # where cloud machines find their credentials
SCRIPT = Path(escape.__file__).read_text()


# Of those who call at a socket and say nothing, as some do here; Open vSwitch may write it a good while later.
HUNG_UP = re.compile(r"(connection dropped \(|(receive|send) error: )(Connection reset by peer|Broken pipe)")


@pytest.fixture(scope="module")
def running(lab: LabOf, workplace: Workplace) -> Iterator[RunningLab]:
    workplace.announced.append(HUNG_UP)
    try:
        with lab(TOPOLOGY) as found:
            yield found
    finally:
        workplace.announced.remove(HUNG_UP)


def tried(running: RunningLab | None, node: str | None, **wanted: dict[str, Any]) -> Any:
    """Let a program try something: in a machine, in the lab beside its machines (None), or on the machine itself."""
    request = json.dumps(wanted).encode()
    if running is None:
        line = [sys.executable, "-c", SCRIPT]
        done = subprocess.run(line, input=request, capture_output=True, timeout=60, check=False)
    else:
        done = execute(running.pod, node, sys.executable, "-c", SCRIPT, stdin=request)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# The machine's network


@dataclass(frozen=True, slots=True)
class Server:
    """Somebody on the machine, reachable at all its addresses by TCP and UDP."""

    targets: list[tuple[str, int]]
    datagrams: list[socket.socket]
    streams: list[socket.socket]

    def visitors(self) -> int:
        """Return how many datagrams and connections came."""
        found = 0
        for each in self.datagrams:
            found += len(list(iter(lambda each=each: _quietly(lambda: each.recv(100)), None)))
        for each in self.streams:
            found += len(list(iter(lambda each=each: _quietly(lambda: each.accept()[0].close() or 1), None)))
        return found


def _quietly(act: Any) -> Any:
    try:
        return act()
    except BlockingIOError:
        return None


@contextmanager
def server() -> Iterator[Server]:
    """Yield servers on every address of the machine that is not link-local; their ports are the machine's choice."""
    shown = json.loads(subprocess.run(["ip", "-j", "addr"], capture_output=True, check=True).stdout)
    found = Server([], [], [])
    with ExitStack() as stack:
        for info in (info for link in shown for info in link["addr_info"] if info["scope"] != "link"):
            address = info["local"]
            family = socket.AF_INET6 if info["family"] == "inet6" else socket.AF_INET
            stream = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
            stream.bind((address, 0))
            stream.listen()
            port = stream.getsockname()[1]
            datagrams = stack.enter_context(socket.socket(family, socket.SOCK_DGRAM))
            datagrams.bind((address, port))
            for each in (stream, datagrams):
                each.setblocking(False)
            found.targets.append((address, port))
            found.streams.append(stream)
            found.datagrams.append(datagrams)
        yield found


@pytest.mark.parametrize("node", NODES)
def test_the_machine_s_addresses_do_not_answer(running: RunningLab, node: str) -> None:
    """With TCP, UDP or ICMP; nor does the address where clouds keep a machine's credentials."""
    with server() as machine:
        addresses = [address for address, _ in machine.targets]
        # Every machine of a lab has a loopback of its own, which answers pings.
        outer = [address for address in addresses if not ip_address(address).is_loopback]
        found = tried(None, None, network={"targets": machine.targets, "addresses": outer})["network"]
        assert found == {"calls": addresses, "pings": outer}
        assert machine.visitors() == 2 * len(addresses)
        request = {"targets": [*machine.targets, (METADATA, 80)], "addresses": [*outer, METADATA]}
        assert tried(running, node, network=request)["network"] == {"calls": [], "pings": []}
        assert machine.visitors() == 0


@pytest.mark.parametrize("node", NODES)
def test_no_device_of_the_machine_is_in_a_lab(running: RunningLab, node: str) -> None:
    """Every device of a lab is virtual, and made by it: none is the machine's, none is backed by hardware."""
    shown = json.loads(output(running.pod, node, "ip", "-d", "-j", "link"))
    kinds = {link["ifname"]: link.get("linkinfo", {}).get("info_kind", link["link_type"]) for link in shown}
    assert {name for name, kind in kinds.items() if kind in ("veth", "tun")} or node == "hv1"
    made_by_the_kernel = {"loopback", "sit", "ip6tnl", "ipip", "gre", "gretap", "ip6gre", "erspan", "vti", "vti6"}
    assert set(kinds.values()) <= {"veth", "tun", *made_by_the_kernel}, kinds
    assert output(running.pod, node, "ls", "/sys/class/net").split() == sorted(kinds)
    assert output(running.pod, node, "sh", "-c", "echo /sys/class/net/*/device") == "/sys/class/net/*/device\n"


# Sockets


@pytest.fixture(scope="module")
def abstract(running: RunningLab) -> Iterator[dict[str, str]]:
    """Listening sockets with abstract names: one of the machine, one of the lab, one of a machine of it."""
    with ExitStack() as stack:
        places = {
            "machine": socket.socket(socket.AF_UNIX, socket.SOCK_STREAM),
            "lab": running.socket(None, socket.AF_UNIX, socket.SOCK_STREAM),
            "hv1": running.socket("hv1", socket.AF_UNIX, socket.SOCK_STREAM),
        }
        found = {place: f"@hvlab-test-{os.getpid()}-{place}" for place in places}
        for place, listener in places.items():
            stack.enter_context(listener).bind(found[place].replace("@", "\0"))
            listener.listen()
        yield found


def paths_of_sockets(running: RunningLab) -> list[str]:
    """Return the paths, as the lab has them, of all its sockets."""
    root = running.pod.path("")
    found = [str(path) for path in Path(running.pod.path("/run")).rglob("*") if path.is_socket()]
    return sorted(path.removeprefix(root) for path in found)


@pytest.mark.parametrize("node", NODES)
def test_no_socket_of_the_lab_or_of_the_machine_is_reached(
    running: RunningLab, abstract: dict[str, str], node: str
) -> None:
    """Open vSwitch's, the controller's, the first process's; with mounts undone, roots changed, namespaces entered."""
    paths, names = paths_of_sockets(running), list(abstract.values())
    assert {Path(path).name for path in paths} >= {"init.sock", "controller.sock", "db.sock", "ovs-vswitchd.ctl"}
    request = {"paths": paths, "names": names, "ways": ["as it is"]}
    assert tried(running, None, sockets=request)["sockets"] == {"as it is": [*paths, abstract["lab"]]}
    assert tried(None, None, sockets=request | {"paths": []})["sockets"] == {"as it is": [abstract["machine"]]}
    reached = tried(running, node, sockets=request | {"ways": list(escape.WAYS)})["sockets"]
    own = {abstract["hv1"]} if node == "hv1" else set()
    assert {socket for sockets in reached.values() for socket in sockets} == own, reached


# What can be seen and ended


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can write into /run")
def test_the_machine_s_run_and_processes_are_not_seen(running: RunningLab) -> None:
    marker = Path(f"/run/hvlab-test-{os.getpid()}")
    marker.touch()
    try:
        for node in (None, *NODES):
            places = ("/proc/self", str(marker), f"/proc/{running.pod.pid}/root{marker}")
            assert execute(running.pod, node, "ls", "-d", *places).stdout == b"/proc/self\n"
    finally:
        marker.unlink()


@pytest.mark.parametrize("node", NODES)
def test_a_machine_that_kills_all_it_can_kills_itself_only(running: RunningLab, node: str) -> None:
    kill = f"import os; os.kill(-1, {signal.SIGKILL:d})"
    before = running.pod.processes()
    execute(running.pod, node, sys.executable, "-c", kill)
    assert running.pod.processes() == before
    running.healthy()


# Another lab


def test_another_lab_of_the_same_user_is_not_reached(running: RunningLab, lab: LabOf) -> None:
    with lab(edited(TOPOLOGY, ("198.18.7.10", "198.18.7.12"), ("198.18.113.80", "198.18.113.82"))) as other:
        listening = {"pc1": "198.18.7.12", "internet": "198.18.113.82"}
        with ExitStack() as stack:
            for node, address in listening.items():
                stream = stack.enter_context(other.socket(node, socket.AF_INET, socket.SOCK_STREAM))
                stream.bind((address, 18077))
                stream.listen()
            addresses = list(listening.values())
            request = {"targets": [(each, 18077) for each in addresses], "addresses": addresses}
            assert tried(other, "web1", network=request)["network"] == {"calls": addresses, "pings": addresses}
            for node in ("web1", "office-router", None):
                assert tried(running, node, network=request)["network"] == {"calls": [], "pings": []}
        # Its first process is not to be seen, its sockets neither: both labs have theirs at the same paths.
        assert execute(running.pod, None, "test", "-d", f"/proc/{other.pod.pid}/root/run/hvlab").returncode == 1
