"""NICs with a speed as resources: two cables and what is between them, which alone changes with the promises."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lab import Lab
from lab.engine.allocation import Allocation, allocate
from lab.engine.blueprint import lower
from lab.engine.plan import Action
from lab.engine.resources import PHYSICAL, Blueprint, Interface, Relay
from lab.engine.session import Session
from lab.engine.trace.cabling import Cabling
from lab.errors import TopologyError
from lab.model.objects import LabModel

from .conftest import FakeBackend


def lab_with(speed: int = 10**8, mode: str = "Weight", **settings: Any) -> LabModel:
    lab = Lab("bandwidth", interruption_s=0)
    office = lab.physical_network("office", "192.168.1.0/24")
    host = lab.host("hv1")
    host.nic("Ethernet", office, "192.168.1.2", speed=speed)
    host.external_switch("External", nic="Ethernet", minimum_bandwidth_mode=mode)
    host.management_adapter("Slow", "External", "192.168.1.3", maximum_bandwidth=9_999_999)
    host.vm("web1", "External", "192.168.1.4", **settings)
    host.vm("web2", "External", "192.168.1.5")
    return lab.model()


def lowered(model: LabModel) -> Blueprint:
    return lower(model, allocate(model, Allocation()))


def test_without_a_speed_minimum_bandwidths_need_nothing() -> None:
    assert lowered(lab_with(0, minimum_bandwidth_weight=50)) == lowered(lab_with(0))
    assert not lowered(lab_with(0)).relays


def test_a_nic_with_a_speed_has_a_relay_with_a_share_for_each_minimum() -> None:
    model = lab_with(minimum_bandwidth_weight=99)
    blueprint = lowered(model)
    (relay,) = blueprint.relays
    (share,) = relay.shares
    port = next(port for port in blueprint.ports if port.intent and port.intent.adapter == share.adapter)
    assert port.intent
    assert (share.adapter, share.mac) == ("web1/Network Adapter", port.intent.mac)
    assert (relay.nic, relay.speed_bps, relay.rest_bps, share.rate_bps) == ("hv1/Ethernet", 10**8, 10**6, 99 * 10**6)
    ends = {(each.b_node, each.b_device) for each in blueprint.cables} | {
        (each.a_node, each.a_device) for each in blueprint.cables
    }
    assert {(PHYSICAL, relay.near), (PHYSICAL, relay.far)} <= ends


def test_a_relay_is_no_place_on_the_way() -> None:
    with_relay, without = lowered(lab_with()), lowered(lab_with(0))
    assert set(with_relay.wires()) == set(without.wires())
    cabling = Cabling(lab_with(), with_relay)
    port = cabling.port("hv1", "Ethernet")
    assert port
    assert cabling.behind(port) == cabling.port(PHYSICAL, "hv1-Ethernet")


def test_the_limit_of_the_management_os_is_rounded_and_only_its_own() -> None:
    limits = {each.alias: each.sent_bps for each in lowered(lab_with(maximum_bandwidth=8)).interfaces if each.sent_bps}
    assert limits == {"vEthernet (Slow)": 10_000_000}


@pytest.mark.parametrize(
    "new",
    [lab_with(minimum_bandwidth_weight=50), lab_with(2 * 10**8, minimum_bandwidth_weight=40)],
    ids=["another weight", "another speed"],
)
def test_another_promise_changes_the_relay_alone(session: Session, new: LabModel) -> None:
    session.up(lab_with(minimum_bandwidth_weight=40), "x", {})
    (step,) = session.apply(new, "x", {}).plan.steps
    assert (step.action, step.title) == (Action.CHANGE, 'speed of NIC "hv1/Ethernet"')


def test_another_limit_changes_the_interface_alone(session: Session) -> None:
    model = lab_with()
    session.up(model, "x", {})
    host = model.hosts[0]
    adapters = tuple(replace(each, maximum_bandwidth=0) for each in host.management_adapters)
    (step,) = session.apply(replace(model, hosts=(replace(host, management_adapters=adapters),)), "x", {}).plan.steps
    assert isinstance(step.resource, Interface)
    assert step.action is Action.CHANGE


def test_a_relay_may_be_half_made(session: Session, backend: FakeBackend) -> None:
    """It is observed by its queues; whether it has its rules is not."""
    session.up(lab_with(0), "x", {})
    backend.fail_after = len(session.plan(lab_with()).steps) - 1
    with pytest.raises(Exception, match="broke down"):
        session.apply(lab_with(), "x", {})
    backend.fail_after = None
    steps = session.plan(lab_with()).of(Relay)
    assert [step.action for step in steps] == [Action.REMOVE, Action.CREATE]


def test_a_change_that_cannot_be_is_refused_before_anything_is_done(session: Session, backend: FakeBackend) -> None:
    session.up(lab_with(), "x", {})
    before, state = dict(backend.resources), session.state()
    for act in (session.plan, lambda model: session.apply(model, "y", {})):
        with pytest.raises(TopologyError, match="BandwidthReservationMode Weight, which is fixed at its creation"):
            act(lab_with(mode="Absolute"))
    assert backend.resources == before
    assert session.state() == state
