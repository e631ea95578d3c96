"""What people run over a network: TCP and UDP in both families, multicast, jumbo frames, slow and fast adapters."""

from __future__ import annotations

import random
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import pytest

from tests.system.conftest import LabOf
from tests.system.labs import RunningLab
from tests.system.talking import Where, connected, listening, ports, transfer, where

pytestmark = [pytest.mark.system, pytest.mark.switching]

TOPOLOGY = """
from lab import Lab

lab = Lab("protocols", interruption_s=0)
lab.internet_host("internet", "203.0.113.80/24", "2001:db8:ffff::80/64")
office = lab.physical_network("office", "192.168.1.0/24", "2001:db8:1::/64", router=("192.168.1.1", "2001:db8:1::1"))
office.computer("pc1", "192.168.1.10", "2001:db8:1::10")
outward = "192.0.2.1", "2001:db8:2::1"
branch = lab.physical_network("branch", "192.0.2.0/24", "2001:db8:2::/64", router=outward, nat=False)
branch.computer("pc2", "192.0.2.10", "2001:db8:2::10")
fast = lab.physical_network("fast", "172.16.0.0/24", mtu=9000, router="172.16.0.1", nat=False)
fast.computer("pc3", "172.16.0.10")

hv1 = lab.host("hv1")
hv1.nic("Ethernet", office, "192.168.1.21", "2001:db8:1::21")
hv1.nic("Ethernet 2", fast)
hv1.external_switch("External", nic="Ethernet")
hv1.vm("web1", "External", "192.168.1.31", "2001:db8:1::31")
hv1.vm("web2", "External", "192.168.1.32", "2001:db8:1::32")
old1 = hv1.vm("old1", "External", "192.168.1.34", generation=1, integration_services=False)
old1.adapter("External", "192.168.1.44", legacy=True)
hv1.vm("old2", "External", "192.168.1.35", generation=1, integration_services=False)

hv1.external_switch("Fast", nic="Ethernet 2", allow_management_os=False)
hv1.vm("big1", "Fast", "172.16.0.31", mtu=9000)
hv1.vm("big2", "Fast", "172.16.0.32", mtu=9000)
hv1.vm("small", "Fast", "172.16.0.33")

hv1.internal_switch("Internal", "10.0.1.1/24", "2001:db8:a::1/64")
hv1.vm("app1", "Internal", "10.0.1.11", "2001:db8:a::11")

hv2 = lab.host("hv2")
hv2.nic("Ethernet", office, "192.168.1.22", "2001:db8:1::22")
hv2.nic("Ethernet 2", fast)
hv2.external_switch("External", nic="Ethernet")
hv2.vm("web3", "External", "192.168.1.33", "2001:db8:1::33")
hv2.external_switch("Fast", nic="Ethernet 2", allow_management_os=False)
hv2.vm("big3", "Fast", "172.16.0.34", mtu=9000)
hv2.vm("small2", "Fast", "172.16.0.35")
"""

HOST, INSIDE = "hv1/vEthernet (External)", "hv1/vEthernet (Internal)"
PAIRS = {
    "one-switch": ("web1", "web2"),
    "two-hosts": ("web1", "web3"),
    "to-the-management-os": ("web1", HOST),
    "from-the-management-os": (HOST, "web1"),
    "to-the-other-host": ("web1", "hv2/vEthernet (External)"),
    "internal": ("app1", INSIDE),
    "to-a-computer": ("web1", "pc1"),
    "from-a-computer": ("pc1", "web3"),
    "to-the-internet": ("web1", "internet"),
}
CONTENT = random.Random(20).randbytes(20_000_000)
# The last ones take several packets each.
DATAGRAMS = [random.Random(size).randbytes(size) for size in (0, 1, 512, 1400, 1452, 1472, 4000, 30000, 60000)]


@pytest.fixture(scope="module")
def running(lab: LabOf) -> Iterator[RunningLab]:
    with lab(TOPOLOGY) as found:
        yield found


@pytest.fixture(autouse=True)
def _busy(announce: Callable[[str], None]) -> None:
    """TCP finds out how much can be sent by sending more; Open vSwitch complains of each time it was too much."""
    announce(r"error sending Ethernet packet on \S+: (Resource temporarily unavailable|No buffer space available)")
    announce(r"netdev_linux\|WARN\|Dropped \d+ log messages")  # all of them of this kind


# TCP and UDP


@pytest.mark.parametrize("version", [4, 6], ids=["ipv4", "ipv6"])
@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_tcp_brings_every_byte_in_both_directions(running: RunningLab, pair: tuple[str, str], version: int) -> None:
    client, server = (where(running, name, version) for name in pair)
    with connected(running, client, server) as (near, far):
        transfer(near, far, CONTENT)
        transfer(far, near, CONTENT[:4_000_000])


@pytest.mark.parametrize("version", [4, 6], ids=["ipv4", "ipv6"])
@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_udp_brings_every_datagram_there_and_back(running: RunningLab, pair: tuple[str, str], version: int) -> None:
    client, server = (where(running, name, version) for name in pair)
    port = next(ports)
    with (
        running.socket(server.node, server.family, socket.SOCK_DGRAM) as far,
        running.socket(client.node, client.family, socket.SOCK_DGRAM) as near,
    ):
        far.bind((server.address, port))
        near.bind((client.address, 0))
        for datagram in DATAGRAMS:
            near.sendto(datagram, (server.address, port))
            content, sender = far.recvfrom(65536)
            assert content == datagram
            far.sendto(datagram[::-1], sender)
            assert near.recvfrom(65536)[0] == datagram[::-1]


def test_the_internet_sees_the_router_s_address_in_ipv4_and_the_vm_s_own_in_ipv6(running: RunningLab) -> None:
    router = where(running, "office-router/outside", 4)
    for version, seen in ((4, router.address), (6, "2001:db8:1::31")):
        with connected(running, where(running, "web1", version), where(running, "internet", version)) as (_, far):
            assert far.getpeername()[0] == seen


@pytest.mark.parametrize(
    ("target", "version", "comes_through"),
    [("web1", 4, False), ("pc1", 4, False), ("web1", 6, True), ("pc2", 4, True), ("pc2", 6, True)],
)
def test_from_the_internet_only_what_no_router_hides_can_be_reached(
    running: RunningLab, target: str, version: int, comes_through: bool
) -> None:
    client, server = where(running, "internet", version), where(running, target, version)
    with suppress(OSError) if not comes_through else ExitStack():
        with connected(running, client, server) as (near, far):
            assert comes_through
            transfer(near, far, CONTENT[:100_000])


def test_a_router_that_hides_lets_nothing_in_even_if_the_way_is_known(running: RunningLab) -> None:
    outside = where(running, "office-router/outside", 4).address
    client, server = where(running, "internet", 4), where(running, "web1", 4)
    running.exec("internet", "ip", "route", "add", "192.168.1.0/24", "via", outside)
    port = next(ports)
    try:
        with listening(running, server, port) as listener:
            listener.settimeout(0)
            with running.socket(client.node, client.family, socket.SOCK_STREAM) as near:
                near.settimeout(1.0)
                with pytest.raises(TimeoutError):
                    near.connect((server.address, port))
            with pytest.raises(BlockingIOError):
                listener.accept()
    finally:
        running.exec("internet", "ip", "route", "delete", "192.168.1.0/24")


# Multicast


GROUPS = {4: "239.88.181.1", 6: "ff15::88b5:1"}


def member(lab: RunningLab, name: str, version: int, port: int) -> socket.socket:
    """Return a socket that has joined the group, and sends to it, by one adapter."""
    place = where(lab, name, version)
    index = lab.run_inside(lambda: socket.if_nametoindex(place.device), place.node)
    made = lab.socket(place.node, place.family, socket.SOCK_DGRAM)
    made.bind(("", port))
    group = socket.inet_pton(place.family, GROUPS[version])
    if version == 4:
        made.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group + struct.pack("=4sI", bytes(4), index))
        made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, struct.pack("=4s4sI", bytes(4), bytes(4), index))
        made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
    else:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group + struct.pack("=I", index))
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 0)
    return made


@pytest.mark.parametrize("version", [4, 6], ids=["ipv4", "ipv6"])
@pytest.mark.parametrize("sender", ["web1", "web3", "pc1", HOST])
def test_multicast_reaches_every_member_on_the_network_once(running: RunningLab, sender: str, version: int) -> None:
    inside, outside, port = ("web1", "web2", "web3", "pc1", HOST), ("app1", "pc2"), next(ports)
    with ExitStack() as stack:
        members = {name: stack.enter_context(member(running, name, version, port)) for name in (*inside, *outside)}
        for content in (b"first", b"second" * 500):
            members[sender].sendto(content, (GROUPS[version], port))
            for name in inside:
                if name != sender:
                    assert members[name].recv(65536) == content, name
        # Had there been more copies, or any elsewhere, they would have come before the second one did.
        for name, each in members.items():
            each.settimeout(0)
            with pytest.raises(BlockingIOError):
                assert not each.recv(65536), name


# Frames of all sizes


def ping(lab: RunningLab, source: str, target: str, size: int, *, fragments: bool = False) -> bool:
    mode = ["-M", "dont"] if fragments else ["-M", "do"]
    done = lab.exec(source, "ping", "-c", "1", "-W", "1", *mode, "-s", str(size), target, check=None)
    return done.code == 0


@pytest.mark.parametrize("target", ["172.16.0.32", "172.16.0.34"], ids=["one-switch", "two-hosts"])
def test_jumbo_frames_pass_where_both_ends_take_them(running: RunningLab, target: str) -> None:
    assert ping(running, "big1", target, 8972)
    assert not ping(running, "big1", target, 8973)
    assert ping(running, "big1", target, 8973, fragments=True)


def test_jumbo_frames_do_not_reach_an_adapter_that_does_not_take_them(
    running: RunningLab, announce: Callable[[str], None]
) -> None:
    announce(r"error sending Ethernet packet on small-eth0: Message too long")
    assert not ping(running, "big1", "172.16.0.33", 8972)
    assert not ping(running, "big1", "172.16.0.33", 1473)
    assert ping(running, "big1", "172.16.0.33", 1472)
    assert ping(running, "small", "172.16.0.31", 1472)


@pytest.mark.parametrize(
    "pair", [("big1", "big2"), ("big1", "big3"), ("big1", "small"), ("small", "big2")], ids="-".join
)
def test_tcp_agrees_on_a_size_with_its_neighbour(running: RunningLab, pair: tuple[str, str]) -> None:
    client, server = (where(running, name, 4) for name in pair)
    with connected(running, client, server) as (near, far):
        transfer(near, far, CONTENT)
        transfer(far, near, CONTENT[:4_000_000])


@pytest.mark.parametrize("pair", [("big3", "small"), ("small", "small2")], ids="-".join)
def test_tcp_agrees_on_a_size_across_a_network_of_larger_frames(running: RunningLab, pair: tuple[str, str]) -> None:
    """Open vSwitch would cut late segments by the MTU of the port they leave by, not by the size TCP agreed on."""
    client, server = (where(running, name, 4) for name in pair)
    with connected(running, client, server) as (near, far):
        for each in (near, far):  # after a failure nothing is to be sent again and again
            each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transfer(near, far, CONTENT, timeout=3.0)


def test_a_router_says_what_is_too_large_for_the_internet(running: RunningLab) -> None:
    """The way out takes ordinary frames, whatever the network behind it takes."""
    done = running.exec("pc3", "ping", "-c", "1", "-W", "1", "-M", "do", "-s", "8972", "203.0.113.80", check=None)
    assert "mtu = 1500" in done.out + done.err
    assert ping(running, "pc3", "203.0.113.80", 8972, fragments=True)
    assert ping(running, "internet", "172.16.0.10", 8972, fragments=True)


@pytest.mark.parametrize("target", ["192.168.1.32", "192.168.1.33", "192.168.1.21", "192.168.1.10", "203.0.113.80"])
def test_ordinary_frames_have_the_ordinary_size(running: RunningLab, target: str) -> None:
    assert ping(running, "web1", target, 1472)
    assert not ping(running, "web1", target, 1473)
    assert ping(running, "web1", target, 40000, fragments=True)


# Adapters


def rate(lab: RunningLab, client: Where, server: Where, size: int) -> float:
    """Return how many bit/s a TCP connection carries."""
    content = CONTENT[:size]
    with connected(lab, client, server) as (near, far):
        return transfer(near, far, content, uncounted=size // 8)


@pytest.mark.alone
@pytest.mark.parametrize("direction", ["out", "in"])
def test_a_legacy_adapter_is_slow_and_a_synthetic_one_is_not(running: RunningLab, direction: str) -> None:
    web1, web2, old1 = (where(running, name, 4) for name in ("web1", "web2", "old1"))
    assert old1.address == "192.168.1.44"
    legacy = rate(running, *((old1, web2) if direction == "out" else (web2, old1)), 16_000_000)
    assert 80e6 <= legacy <= 105e6
    assert max(rate(running, web1, web2, 20_000_000) for _ in range(3)) >= 5 * legacy


def test_a_synthetic_adapter_needs_integration_services_and_a_legacy_one_does_not(running: RunningLab) -> None:
    rows = {(row["machine"], row["name"]): row for row in running.status()["adapters"]}
    for vm in ("old1", "old2"):
        row = rows[vm, "Network Adapter"]
        assert "integration services" in row["status"]
        assert row["addresses"] == []
        assert "state DOWN" in running.exec(vm, "ip", "link", "show", "dev", "eth0").out
    assert rows["old1", "Legacy Network Adapter"]["status"] == "Ok"
    assert rows["web1", "Network Adapter"]["status"] == "Ok"
    assert "integration services" in running("status").out
    assert ping(running, "old1", "192.168.1.31", 56)
    assert ping(running, "web1", "192.168.1.44", 1472)
    assert not ping(running, "old2", "192.168.1.31", 56)
    assert not ping(running, "web1", "192.168.1.35", 56)
    assert not ping(running, "web1", "192.168.1.34", 56)


@pytest.mark.alone
def test_segmentation_offload_makes_tcp_several_times_faster(running: RunningLab) -> None:
    web1, web2 = (where(running, name, 4) for name in ("web1", "web2"))

    def best() -> float:
        return max(rate(running, web1, web2, 20_000_000) for _ in range(4))

    def offload(tx: str, segmentation: str) -> None:
        for vm in ("web1", "web2"):
            running.exec(vm, "ethtool", "-K", "eth0", "tx", tx, "tso", segmentation, "gso", segmentation)

    try:
        offload("on", "on")  # between two of equal size it is safe
        fast = best()
        offload("off", "off")
        slow = best()
    finally:
        offload("on", "off")
    assert fast >= 4 * slow
