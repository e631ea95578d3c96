"""Traces against the oracle, on switches that give every frame to every port; and the words for what goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.engine.allocation import Allocation, allocate
from lab.engine.blueprint import lower
from lab.engine.resources import Blueprint
from lab.engine.trace.hops import Device
from lab.engine.trace.names import Ends, choose, find_interface
from lab.engine.trace.packet import Protocol
from lab.engine.trace.passage import Meaning
from lab.engine.trace.story import Trace
from lab.engine.trace.text import TraceText, Visit
from lab.engine.trace.tracer import Question, trace
from lab.errors import InputError, InvalidState, UnknownName
from lab.model.acl import AclDirection
from lab.model.load import load
from lab.model.objects import LabModel
from lab.model.reachability import Oracle, endpoints

FOLDER = Path(__file__).parents[2] / "topologies"
FILES = sorted(path for path in FOLDER.glob("*.py") if path.name != "__init__.py")
# Those whose switches do nothing but forward, as the one below does.
UNFILTERED = [file for file in FILES if file.stem != "acl"]
SPOOFED = 0x10


class Flooding:
    """A running lab whose switches flood, except that ports in `deaf` get nothing; devices may differ."""

    def __init__(self, model: LabModel, allocation: Allocation) -> None:
        self.blueprint: Blueprint = lower(model, allocation)
        self.deaf: set[str] = set()
        self.devices = {(each.node, each.device): Device(each.mac, each.up) for each in self.blueprint.interfaces}
        self.flows: list[str] = []
        self.dropping = False

    def ask(self, node: str, bridge: str, flow: str, admitted: tuple[AclDirection, ...] = ()) -> TraceText:
        self.flows.append(flow)
        if self.dropping:
            return TraceText((Visit(0, cookie=SPOOFED),))
        entry = flow.partition('"')[2].partition('"')[0]
        ports = [port.device for port in self.blueprint.ports if (port.node, port.bridge) == (node, bridge)]
        assert entry in ports
        return TraceText((), tuple(port for port in ports if port != entry and port not in self.deaf))

    def device(self, node: str, device: str) -> Device | None:
        return self.devices.get((node, device))

    def listens(self, node: str, protocol: str, port: int) -> bool:
        return port == 80


class NoGlossary:
    def stage(self, table: int) -> tuple[str, str]:
        return f"stage{table}", "does something"

    def meaning(self, cookie: int) -> Meaning | None:
        return Meaning("guard", 0, reason=16, words="spoofed MAC") if cookie == SPOOFED else None


class Bench:
    """A model with a flooding lab."""

    def __init__(self, file: str) -> None:
        self.model = load(FOLDER / f"{file}.py")
        self.allocation = allocate(self.model, Allocation())
        self.lab = Flooding(self.model, self.allocation)

    def trace(self, source: str, target: str, version: int | None = None, tcp: int = 0) -> Trace:
        ends = choose(self.model, source, target, version)
        return self.ends(ends, Question(ends, Protocol.TCP, tcp) if tcp else Question(ends))

    def ends(self, ends: Ends, question: Question | None = None) -> Trace:
        return trace(self.model, self.allocation, self.lab, NoGlossary(), question or Question(ends))


def pairs(model: LabModel, version: int) -> Iterator[Ends]:
    for one in endpoints(model):
        for other in endpoints(model):
            if one.node != other.node:
                yield Ends(one, other, other.address(version), version)


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("file", UNFILTERED, ids=[file.stem for file in UNFILTERED])
def test_the_verdict_is_the_oracles(file: Path, version: int) -> None:
    bench = Bench(file.stem)
    oracle = Oracle(bench.model, version)
    for ends in pairs(bench.model, version):
        found = bench.ends(ends)
        assert ends.target
        predicted = oracle.predict(ends.source, ends.target)
        assert found.arrives == predicted.reachable, (ends, found)
        assert found.predicted == predicted.reachable
        assert not found.notes
        if not found.arrives:
            assert predicted.reason.removeprefix("no way back: ") in found.verdict


@pytest.mark.parametrize(
    ("file", "source", "target", "remedy"),
    [
        ("three_switches", "db1", "web1", 'Connect-VMNetworkAdapter -VMName "db1" -Name "Network Adapter"'),
        ("three_switches", "web1", "app1", 'make it external (Set-VMSwitch -Name "Internal"'),
        ("dedicated_nic", "web1", "hv1", 'Set-VMSwitch -Name "VMsOnly" -AllowManagementOS $true'),
        ("legacy_adapter", "pc1", "web1", 'Start-VM -Name "web1"'),
        ("legacy_adapter", "web1", "pc1", 'Start-VM -Name "web1"'),
        ("legacy_adapter", "old2", "pc1", "install integration services in old2"),
        ("legacy_adapter", "pc1", "hv1/Ethernet", 'talk to its management OS through "hv1/vEthernet (External)"'),
        ("two_hosts", "internet", "web1", "Add-NetNatStaticMapping"),
        ("classroom", "vm2", "teacher", "New-NetRoute -DestinationPrefix 0.0.0.0/0"),
        ("vlan", "web1", "printer", '-VMNetworkAdapterName "Network Adapter" -Trunk -AllowedVlanIdList "10,20,30"'),
        ("vlan", "printer", "gateway/eth0.30", '-Trunk -AllowedVlanIdList "10,20,30" -NativeVlanId 0'),
        ("vlan", "plain1", "gateway/eth0.10", "New-NetRoute -DestinationPrefix 0.0.0.0/0"),
    ],
)
def test_a_verdict_of_no_names_the_setting_that_would_change_it(
    file: str, source: str, target: str, remedy: str
) -> None:
    found = Bench(file).trace(source, target)
    assert not found.arrives
    assert remedy in found.remedy


def test_the_internet_is_reached_through_the_router_which_translates() -> None:
    bench = Bench("three_switches")
    found = bench.trace("web1", "internet")
    assert [hop.machine for hop in found.request.hops] == ["web1", "office-router"]
    assert "translates the source 192.168.1.31 to 203.0.113.254" in found.request.hops[1].decision
    assert "nw_src=203.0.113.254,nw_dst=203.0.113.80,nw_ttl=63" in bench.lab.flows[2]
    assert found.reply
    assert "knows the answer to be for 192.168.1.31" in found.reply.hops[1].decision
    assert [crossing.place for hop in found.request.hops for crossing in hop.crossings] == [
        'switch "External" of "hv1"', 'physical network "office"', "the internet",
    ]  # fmt: skip


def test_a_switch_that_sends_elsewhere_loses_the_frame() -> None:
    bench = Bench("three_switches")
    bench.lab.deaf = {"web2-eth0"}
    found = bench.trace("web1", "web2")
    assert found.request.lost
    assert "and not to web2/Network Adapter" in found.request.lost.why
    assert not found.arrives
    assert found.predicted
    assert any("the topology says otherwise" in note for note in found.notes)


def test_the_answer_may_be_lost() -> None:
    bench = Bench("three_switches")
    bench.lab.deaf = {"web1-eth0"}
    found = bench.trace("web1", "web2")
    assert found.request.lost is None
    assert found.reply
    assert found.reply.lost
    assert "arrives, but the answer is lost" in found.verdict


def test_a_drop_has_its_number_and_its_remedy() -> None:
    bench = Bench("three_switches")
    bench.lab.dropping = True
    found = bench.trace("web1", "web2")
    assert found.reason == 16
    assert "reason 16: spoofed MAC" in found.verdict
    assert found.remedy == 'Set-VMNetworkAdapter -VMName "web1" -Name "Network Adapter" -MacAddressSpoofing On'


def test_what_a_guest_did_to_its_adapter_counts() -> None:
    bench = Bench("three_switches")
    bench.lab.devices["web1", "eth0"] = Device("00:15:5d:ff:ff:ff", True)
    found = bench.trace("web1", "web2")
    assert "dl_src=00:15:5d:ff:ff:ff" in bench.lab.flows[0]
    assert any("was changed inside the machine to 00155DFFFFFF" in note for note in found.notes)
    bench.lab.devices["web2", "eth0"] = Device(bench.lab.devices["web2", "eth0"].mac, False)
    found = bench.trace("web1", "web2")
    assert '"web2/Network Adapter" was disabled inside the machine' in found.verdict
    assert found.remedy == "hvlab exec web2 -- ip link set eth0 up"


def test_protocols_and_versions() -> None:
    bench = Bench("two_hosts")
    assert bench.trace("web1", "web2", tcp=80).request.title == "TCP SYN to port 80"
    assert 'in_port="web1-eth0",tcp,' in bench.lab.flows[0]
    assert "tcp_src=49152,tcp_dst=80,tcp_flags=2" in bench.lab.flows[0]
    assert "tcp_src=80,tcp_dst=49152,tcp_flags=18" in bench.lab.flows[-1]
    assert bench.trace("web1", "web2", tcp=80).notes == ()
    found = bench.trace("web1", "web2", tcp=81)
    assert found.arrives
    assert found.notes == ("no program of web2 listens on TCP port 81: the answer is a TCP reset",)
    bench.lab.flows.clear()
    assert bench.trace("web1", "internet", 6).arrives
    assert "icmpv6_type=129" in bench.lab.flows[-1]


def test_what_nobody_has_is_asked_for_by_broadcast() -> None:
    bench = Bench("two_hosts")
    assert not bench.trace("web1", "192.168.1.77").arrives
    assert "dl_dst=ff:ff:ff:ff:ff:ff,arp_op=1" in bench.lab.flows[-1]
    found = bench.trace("web1", "2001:db8:1::7")
    assert "ipv6_dst=ff02::1:ff00:7" in bench.lab.flows[-1]
    assert found.verdict.endswith('nobody on switch "External" of "hv1" has the address 2001:db8:1::7')


def test_of_several_addresses_the_nearest_is_taken() -> None:
    model = load(FOLDER / "two_paths.py")
    near, far = choose(model, "web1", "hv1", None), choose(model, "web2", "hv1", None)
    assert near.target
    assert far.target
    assert (near.target.interface, far.target.interface) == ("vEthernet (Shared)", "Ethernet 3")
    assert near.notes == ('of "hv1" the adapter "vEthernet (Shared)" was taken; others are "hv1/Ethernet 3"',)


@pytest.mark.parametrize("word", ["hv1/vEthernet (Shared)", "hv1/Shared", "HV1/shared", "hv1/vE-Shared"])
def test_an_adapter_has_several_names(word: str) -> None:
    assert find_interface(load(FOLDER / "two_paths.py"), word).label == "vEthernet (Shared)"


def test_a_machines_own_address_needs_no_network() -> None:
    found = Bench("two_paths").trace("hv1/Shared", "hv1/Ethernet 3")
    assert found.arrives
    assert "nothing leaves the machine" in found.request.hops[0].decision


@pytest.mark.parametrize(
    ("source", "target", "error"),
    [
        ("nobody", "pc1", UnknownName),
        ("pc1", "nobody", UnknownName),
        ("pc1/eth7", "new1", UnknownName),
        ("pc1", "pc1", InputError),
    ],
)
def test_ends_that_are_none(source: str, target: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        choose(load(FOLDER / "legacy_adapter.py"), source, target, None)


@pytest.mark.parametrize(
    ("word", "error", "words"),
    [
        ("web1", InvalidState, "is off"),
        ("old1", InputError, "has 2 network adapters"),
        ("old1/eth9", UnknownName, "no adapter"),
    ],
)
def test_adapters_that_are_none(word: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        find_interface(load(FOLDER / "legacy_adapter.py"), word)
