"""The oracle: what must be true in every lab, over generated ones."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab import Lab
from lab.model.objects import LabModel
from lab.model.reachability import Oracle, matrix, predict


@st.composite
def labs(draw: st.DrawFn) -> LabModel:
    """A lab without NAT and without one address in two places; anything else goes."""
    lab = Lab("generated")
    if draw(st.booleans()):
        lab.internet_host("internet", "203.0.113.80/24")
    nets = [
        lab.physical_network(f"net{at}", f"192.0.{at}.0/24", router=f"192.0.{at}.1", nat=False)
        for at in range(draw(st.integers(1, 2)))
    ]
    for at, net in enumerate(nets):
        net.computer(f"pc{at}", f"192.0.{at}.10", gateway=draw(st.sampled_from([None, ""])))
    for number in range(draw(st.integers(1, 2))):
        host = lab.host(f"hv{number}", forwarding=draw(st.booleans()))
        at = draw(st.integers(0, len(nets) - 1))
        host.nic("Ethernet", nets[at], f"192.0.{at}.{20 + number}")
        host.nic("Ethernet 2", nets[at], f"192.0.{at}.{30 + number}")
        host.external_switch("External", nic="Ethernet", allow_management_os=draw(st.booleans()))
        host.internal_switch("Internal", f"10.{number}.0.1/24")
        host.private_switch("Private")
        for each in range(draw(st.integers(0, 3))):
            gateway = draw(st.sampled_from(["", f"10.{number}.0.1"]))
            vm = host.vm(
                f"vm{number}-{each}", "Internal", f"10.{number}.0.{10 + each}", gateway=gateway,
                running=draw(st.booleans()), forwarding=draw(st.booleans()),
            )  # fmt: skip
            if draw(st.booleans()):
                vm.adapter("External", f"192.0.{at}.{100 + 10 * number + each}")
            if draw(st.booleans()):
                vm.adapter("Private", f"10.9.{number}.{10 + each}/24")
    return lab.model()


FAST = settings(
    max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)


@FAST
@given(labs())
def test_without_nat_a_ping_works_both_ways_or_not_at_all(model: LabModel) -> None:
    found = matrix(model)
    for (source, target), forth in found.items():
        assert forth.reachable == found[target, source].reachable, (source.name, target.name)


@FAST
@given(labs())
def test_the_order_of_vms_means_nothing(model: LabModel) -> None:
    hosts = tuple(replace(host, vms=tuple(reversed(host.vms))) for host in model.hosts)
    other = matrix(replace(model, hosts=hosts))
    for pair, found in matrix(model).items():
        assert other[pair].reachable == found.reachable


@FAST
@given(labs())
def test_every_verdict_has_a_reason_and_a_matrix_is_its_predictions(model: LabModel) -> None:
    oracle = Oracle(model)
    for (source, target), found in matrix(model).items():
        assert found.reason
        assert found == oracle.predict(source, target)
        assert found.reachable == (found.answered_by == target.node)
    for pair in list(matrix(model))[:1]:
        assert predict(model, *pair) == matrix(model)[pair]
