"""What a Default Switch is made of: intent, services, rules; and what its leases, and a trace to it, become in words."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest

from lab import Lab
from lab.emulation.firewall import translate
from lab.emulation.services import process
from lab.engine.allocation import Allocation, allocate
from lab.engine.blueprint import lower
from lab.engine.resources import Program
from lab.engine.services import services
from lab.engine.switch_leases import lease_row, switch_leases
from lab.engine.trace.hops import Device
from lab.engine.trace.names import choose
from lab.engine.trace.packet import Protocol
from lab.engine.trace.passage import Meaning
from lab.engine.trace.text import TraceText, Visit
from lab.engine.trace.tracer import Question, trace
from lab.errors import LabFault
from lab.intent.leases import Lease, Leases, dumps
from lab.model.acl import AclDirection
from lab.model.nat import NetNat
from lab.model.objects import LabModel
from lab.model.serving import scope_of


@pytest.fixture
def model() -> LabModel:
    lab = Lab("lab")
    host = lab.host("laptop")
    switch = host.default_switch("172.20.16.0/20")
    host.vm("client", switch)
    host.vm("static", switch, "172.20.16.9")
    host.private_switch("Private")
    host.vm("elsewhere", "Private", "10.9.9.9/24", running=False)
    return lab.model()


def test_the_intent_says_what_is_leased_and_what_is_not(model: LabModel) -> None:
    bridges = {
        each.intent.switch: each.intent for each in lower(model, allocate(model, Allocation())).bridges if each.intent
    }
    leased = bridges["Default Switch"].default_switch
    assert leased and str(leased.address) == "172.20.16.1/20"
    assert leased.reserved == (IPv4Address("172.20.16.9"),)
    assert bridges["Private"].default_switch is None


def test_its_names_are_served_at_its_address_only(model: LabModel) -> None:
    found = {each.program: each for each in services(model)}
    assert set(found) == {Program.NAME_SERVER, Program.DHCP_CLIENT}
    server = process(found[Program.NAME_SERVER])
    assert server.name == "name-server@laptop"
    assert dict(server.enter) == {"net": "laptop"}, "nobody in the host reaches it"
    assert "--listen-address=172.20.16.1" in server.argv
    assert "--domain=mshome.net" in server.argv
    assert "--no-resolv" in server.argv


def test_all_subnets_of_a_host_are_translated_by_one_set_of_rules() -> None:
    nats = NetNat("Nat", IPv4Network("192.168.100.0/24")), NetNat("Default Switch", IPv4Network("172.20.16.0/20"))
    rules = translate(nats, routes=False)
    for nat in nats:
        assert f"ip saddr {nat.prefix} ip daddr != {nat.prefix} ct state new" in rules
    assert rules.count("chain forward") == 1, "what one lets pass the other must not drop"
    assert translate((), routes=False).count("chain") == 0


def test_leases_in_words(model: LabModel) -> None:
    host = model.hosts[0]
    scope = scope_of(host)
    lease = Lease(IPv4Address("172.20.16.2"), "00:15:5d:00:00:01", "01aa", 1000, "client/Network Adapter", "client")
    other = replace(lease, address=IPv4Address("172.20.16.3"), client="01bb", declined=True)
    document = dumps(Leases((lease, other)))
    found = list(switch_leases(host, document, 400.0))
    assert [(each.address, each.state, each.left_s) for each in found] == [
        ("172.20.16.2", "Active", 600),
        ("172.20.16.3", "Declined", 600),
    ]
    assert [each.state for each in switch_leases(host, document, 1000.0)] == ["Expired", "Expired"]
    assert scope
    row = lease_row(found[0], scope, 5000.5)
    assert (row.server, row.ip, row.scope_id, row.client_id) == (
        "laptop", "172.20.16.2", "172.20.16.0", "00-15-5d-00-00-01",
    )  # fmt: skip
    assert (row.state, row.expires) == ("Active", 5600)
    assert list(switch_leases(host, "", 0.0)) == []
    with pytest.raises(LabFault, match="Leases"):
        list(switch_leases(host, '{"leases": 1}', 0.0))


class Asking:
    """A running lab whose switches give everything to the controller."""

    def __init__(self, model: LabModel, allocation: Allocation) -> None:
        blueprint = lower(model, allocation)
        self._devices = {(each.node, each.device): each for each in blueprint.interfaces}
        self._ports = tuple(port.device for port in blueprint.ports)

    def ask(self, node: str, bridge: str, flow: str, admitted: tuple[AclDirection, ...] = ()) -> TraceText:
        if '"vE-' in flow.partition(",")[0]:
            return TraceText((), self._ports)  # the answer goes to everybody
        return TraceText((Visit(14, cookie=1, actions=("meter:65538", "CONTROLLER:65535")),))

    def device(self, node: str, device: str) -> Device | None:
        found = self._devices.get((node, device))
        return Device(found.mac, found.up) if found else None

    def listens(self, node: str, protocol: str, port: int) -> bool:
        return False


class Words:
    def stage(self, table: int) -> tuple[str, str]:
        return "service", "answers"

    def meaning(self, cookie: int) -> Meaning | None:
        return Meaning("service", 2)


def test_a_trace_says_that_the_switch_answers_for_the_host(model: LabModel) -> None:
    allocation = allocate(model, Allocation())
    ends = choose(model, "static", "172.20.16.1", None)
    question = Question(ends, Protocol.UDP, 67)
    told = trace(model, allocation, Asking(model, allocation), Words(), question)
    (crossing,) = told.request.hops[0].crossings
    assert crossing.decision == "the switch itself answers, in the name of laptop/vEthernet (Default Switch)"
    assert crossing.stages[0].detail == "the switch itself answers: DHCP"
    assert told.request.lost is None
    assert not told.notes, "that no program of the host listens does not matter"
