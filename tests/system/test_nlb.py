"""Network Load Balancing by traffic: who of a cluster's nodes gets which clients, in each mode, and what unicast needs."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.eventually import eventually
from tests.system.clusters import (
    CLIENTS,
    VIP,
    answered_by,
    buckets,
    clients,
    converged,
    nodes,
    servers,
    states,
    total,
    visits,
)
from tests.system.conftest import LabOf
from tests.system.frames import adapters, packet_socket, waiting
from tests.system.labs import RunningLab, edited

# An ordinary user starts the same programs, in test_topologies.py.
pytestmark = [pytest.mark.system, pytest.mark.switching]

TOPOLOGY = """
from lab import Lab, nlb_rule

lab = Lab("nlb-modes", interruption_s=0)
office = lab.physical_network("office", "192.168.1.0/24", "fd00:1::/64")
office.computer("pc1", "192.168.1.10", "fd00:1::10")
spoofing = True
rules = [
    nlb_rule(80, 80, protocol="Tcp", affinity="None"),
    nlb_rule(81, 81, protocol="Tcp", affinity="Single"),
    nlb_rule(82, 82, protocol="Both", affinity="Network"),
    nlb_rule(83, 83, mode="Single"),
    nlb_rule(84, 84, mode="Disabled"),
]
farm = lab.nlb_cluster("farm", "192.168.1.100/24", mode="Unicast", rules=rules)
weights = (None, None, None)
for at, weight in enumerate(weights, 1):
    if at != 2:
        host = lab.host(f"hv{at}")
        host.nic("NIC", office)
        host.external_switch("External", nic="NIC", learning="Pinned", allow_management_os=False)
    addresses = f"192.168.1.3{at}", f"fd00:1::3{at}"
    vm = host.vm(f"web{at}", "External", *addresses, gateway="192.168.1.10", mac_spoofing=spoofing)
    vm.nlb_node(farm, priority=at, load_weight=weight, handling_priority=4 - at)
host.vm("plain", "External", "192.168.1.50")
"""
MODES = ("Unicast", "Multicast", "IgmpMulticast")
MACS = {"Unicast": "02:bf:c0:a8:01:64", "Multicast": "03:bf:c0:a8:01:64", "IgmpMulticast": "01:00:5e:7f:01:64"}
WEBS = ("web1", "web2", "web3")
PORTS = (80, 81, 82, 83, 84, 90)


def of_mode(mode: str) -> str:
    return edited(TOPOLOGY, ('mode="Unicast"', f'mode="{mode}"'))


@pytest.fixture(scope="module", params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def running(lab: LabOf, mode: str) -> Iterator[RunningLab]:
    with lab(of_mode(mode)) as found, servers(found, WEBS, *PORTS), clients(found, "pc1"):
        converged(found, *WEBS)
        yield found


def test_clients_are_shared_evenly(running: RunningLab) -> None:
    found = total(visits(running, "pc1", CLIENTS, 10))
    assert set(found) == set(WEBS)
    assert sum(found.values()) == 3000
    assert all(900 < count < 1100 for count in found.values()), found


@pytest.mark.parametrize(("port", "kept"), [(81, "address"), (82, "network")])
def test_affinity_keeps_clients_at_one_node(running: RunningLab, port: int, kept: str) -> None:
    found = visits(running, "pc1", CLIENTS[::3], 6, port)
    assert all(len(answers) == 1 for answers in found.values()), found
    by_network: dict[str, set[str]] = {}
    for address, answers in found.items():
        by_network.setdefault(address.rpartition(".")[0], set()).update(answers)
    alike = all(len(names) == 1 for names in by_network.values())
    assert alike == (kept == "network"), by_network
    assert set(total(found)) <= set(WEBS)


def test_mode_single_is_for_the_first_handling_priority(running: RunningLab) -> None:
    assert total(visits(running, "pc1", CLIENTS[:20], 1, 83)) == Counter({"web3": 20})


def test_mode_disabled_drops(running: RunningLab) -> None:
    assert not answered_by(running, "pc1", 84, timeout_s=1.5)
    assert (
        "the port rule 84-84 Both Disabled Single drops it" in running("trace", "pc1", VIP, "--tcp", "84", check=1).out
    )


def test_everything_else_is_for_the_default_host(running: RunningLab) -> None:
    assert total(visits(running, "pc1", CLIENTS[:20], 1, 90)) == Counter({"web1": 20})
    assert states(running) == {"web1": "Converged(default)", "web2": "Converged", "web3": "Converged"}


def test_all_nodes_answer_a_ping(running: RunningLab) -> None:
    said = running.exec("pc1", "ping", "-c", "2", "-W", "2", VIP).out
    assert said.count("DUP!") >= 2, said


def test_the_cluster_s_address_is_resolved_to_its_mac(running: RunningLab, mode: str) -> None:
    running.exec("pc1", "ip", "neigh", "flush", "dev", "eth0")
    running.exec("pc1", "ping", "-c", "1", "-W", "2", VIP)
    assert f"{VIP} dev eth0 lladdr {MACS[mode]}" in running.exec("pc1", "ip", "neigh").out


def test_no_frame_comes_from_the_cluster_s_mac(running: RunningLab, mode: str) -> None:
    """A switch that learned it would give what is for the cluster to one node only."""
    with packet_socket(running, adapters(running)["pc1"], 0x0003) as ear:
        visits(running, "pc1", CLIENTS[:30], 1)
        running.exec("pc1", "ping", "-c", "2", VIP)
        sources = {frame[6:12].hex(":") for frame in waiting(ear)}
    own = {f"02:{at:02x}:c0:a8:01:64" for at in (1, 2, 3)}
    own = own if mode == "Unicast" else {adapters(running)[name].mac for name in WEBS}
    assert own <= sources
    assert not sources & set(MACS.values())


def test_the_matrix_is_as_predicted(running: RunningLab, mode: str) -> None:
    cells = running.cells()
    assert cells["pc1", "farm (cluster)"]
    assert cells["plain", "farm (cluster)"]
    assert cells["web1", "web2"] == cells["web1", "web3"] == (mode != "Unicast")
    by_ipv6 = running.cells("-6")
    assert by_ipv6["pc1", "web2"]
    assert by_ipv6["web1", "web2"] == (mode != "Unicast")


@pytest.mark.parametrize("port", [80, 81, 82, 83, 90])
def test_a_trace_names_the_node_that_then_answers(running: RunningLab, port: int) -> None:
    told = running("trace", "pc1", "farm", "--tcp", str(port)).out
    accepts = [name for name in WEBS if f"{name} accepts it" in told]
    assert sum(f"{name} drops it" in told for name in WEBS) == 2, told
    # Affinity None goes by the client's port, too: a trace says from which it takes the connection to be.
    said = eventually(lambda: answered_by(running, "pc1", port, ("192.168.1.10", 49152)), timeout=10.0)
    assert [said] == accepts


def test_status_shows_the_nodes(running: RunningLab, mode: str) -> None:
    shown = {each["node"]: each for each in running.status()["nlb_nodes"]}
    assert set(shown) == set(WEBS)
    assert all(each["bound"] for each in shown.values())
    assert (shown["web1"]["mac"] == MACS["Unicast"]) == (mode == "Unicast")


def test_what_runs_is_what_was_asked_for(running: RunningLab, mode: str) -> None:
    assert "nothing to do" in running.apply(of_mode(mode)).out
    converged(running, *WEBS, timeout=1.0)


@pytest.mark.switching
def test_weights_are_shares(running: RunningLab, mode: str) -> None:
    running.apply(edited(of_mode(mode), ("weights = (None, None, None)", "weights = (20, 30, 50)")))
    eventually(lambda: {name: len(owned) for name, owned in buckets(running).items()}, timeout=15.0, holds=_weighted)
    found = total(visits(running, "pc1", CLIENTS, 10))
    for name, share in (("web1", 0.2), ("web2", 0.3), ("web3", 0.5)):
        assert abs(found[name] / 3000 - share) < 0.1 * share, found
    running.apply(of_mode(mode))
    converged(running, *WEBS)


def _weighted(numbers: dict[str, int]) -> bool:
    return numbers == {"web1": 12, "web2": 18, "web3": 30}


@pytest.mark.switching
def test_udp_goes_by_buckets(running: RunningLab) -> None:
    with (
        running.socket("web1", socket.AF_INET, socket.SOCK_DGRAM) as one,
        running.socket("web2", socket.AF_INET, socket.SOCK_DGRAM) as two,
        running.socket("web3", socket.AF_INET, socket.SOCK_DGRAM) as three,
        running.socket("pc1", socket.AF_INET, socket.SOCK_DGRAM) as mouth,
    ):
        ears = {"web1": one, "web2": two, "web3": three}
        for ear in ears.values():
            ear.bind(("0.0.0.0", 82))
            ear.settimeout(0.3)
        mouth.bind(("192.168.1.10", 5000))
        for number in range(20):
            mouth.sendto(b"%d" % number, (VIP, 82))
        heard = {name: sum(1 for _ in datagrams(ear)) for name, ear in ears.items()}
        assert sorted(heard.values()) == [0, 0, 20], heard


def datagrams(ear: socket.socket) -> Iterator[bytes]:
    while True:
        try:
            yield ear.recv(100)
        except TimeoutError:
            return


OFF = edited(TOPOLOGY, ("spoofing = True", "spoofing = False"))


@pytest.mark.switching
def test_unicast_needs_mac_spoofing(lab: LabOf) -> None:
    """KB4494444: the guest may not change its MAC address, keeps its own, and has not got the cluster's address."""
    with lab(OFF) as running:
        found = nodes(running)
        assert {each["state"] for each in found.values()} == {"Misconfigured"}
        assert not any(each["bound"] for each in found.values())
        assert all(each["mac"].startswith("00:15:5d") for each in found.values())
        assert "MacAddressSpoofing of adapter" in running("status").out
        assert VIP not in running.exec("web1", "ip", "addr").out
        cells = running.cells()
        assert not cells["pc1", "farm (cluster)"]
        assert cells["pc1", "web1"]
        told = running("trace", "pc1", "farm", "--tcp", "80", check=1).out
        assert 'Set-VMNetworkAdapter -VMName "web1" -Name "Network Adapter" -MacAddressSpoofing On' in told
        with packet_socket(running, adapters(running)["pc1"], 0x0003) as ear:
            running.apply(TOPOLOGY)
            converged(running, *WEBS)
            sources = {frame[6:12].hex(":") for frame in waiting(ear)}
        assert "02:01:c0:a8:01:64" in sources
        assert MACS["Unicast"] not in sources, "the physical switch would take it for one node's"
        with servers(running, WEBS, 80):
            assert answered_by(running, "pc1") in WEBS
        assert running.cells()["pc1", "farm (cluster)"]
        running.apply(OFF)
        assert VIP not in running.exec("web1", "ip", "addr").out
        assert not running.cells()["pc1", "farm (cluster)"]


@pytest.mark.switching
def test_a_node_leaves_and_nothing_is_left_of_it(lab: LabOf) -> None:
    line = "    vm.nlb_node("
    with lab(TOPOLOGY) as running:
        converged(running, *WEBS)
        running.apply(edited(TOPOLOGY, (line, f"    if at != 3:\n    {line}")))
        assert VIP not in running.exec("web3", "ip", "addr").out
        assert "hvlab_nlb" not in running.exec("web3", "nft", "list", "ruleset").out
        assert "02:bf" not in running.exec("web3", "ip", "link").out
        assert running.exec("web3", "ls", "/run/nlb").out == ""
        converged(running, "web1", "web2")
        running.agrees()
