"""What the oracles say of a switch whose forwarding an extension has taken over."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from lab import Lab
from lab.model.acl import UDP
from lab.model.extensions import SwitchExtension, forwarding_extension
from lab.model.frames import Content, FrameOracle
from lab.model.objects import LabModel
from lab.model.reachability import matrix

VFP = SwitchExtension.AZURE_VFP
WEB1, WEB2, WEB3 = (f"web{number}/Network Adapter" for number in (1, 2, 3))
PC = "pc1/Ethernet"


@pytest.fixture(scope="module")
def model() -> LabModel:
    """Return two hosts with an external switch each, of which the first one's forwards nothing."""
    lab = Lab("extensions")
    office = lab.physical_network("office", "192.168.1.0/24")
    office.computer("pc1", "192.168.1.10")
    first, second = lab.host("hv1"), lab.host("hv2")
    for host, enabled in ((first, VFP), (second, SwitchExtension.NDIS_CAPTURE)):
        host.nic("Ethernet", office)
        host.external_switch("S", "Ethernet", allow_management_os=False, extensions=[enabled])
    first.vm("web1", "S", "192.168.1.31")
    first.vm("web2", "S", "192.168.1.32", port_mirroring="Destination")
    second.vm("web3", "S", "192.168.1.33")
    return lab.model()


def test_only_what_does_not_touch_the_switch_is_reachable(model: LabModel) -> None:
    pairs = {(one.node, other.node): verdict for (one, other), verdict in matrix(model).items()}
    found = {pair: verdict for pair, verdict in pairs.items() if {"hv1", "hv2"}.isdisjoint(pair)}
    assert {pair for pair, verdict in found.items() if verdict.reachable} == {("pc1", "web3"), ("web3", "pc1")}
    why = f'switch "S" of "hv1" forwards nothing: its forwarding extension "{VFP}" has no policy'
    assert {verdict.reason for verdict in found.values() if not verdict.reachable} == {why}


def test_frames_neither_enter_nor_leave_it(model: LabModel) -> None:
    oracle = FrameOracle(model)
    content = Content(ip_address("192.168.1.31"), ip_address("192.168.1.255"), UDP, 5, 6)
    assert oracle.receivers(WEB1, content) == frozenset()
    assert oracle.receivers(PC, content) == {WEB3}
    assert oracle.receivers(PC, content, WEB1) == frozenset()
    assert not oracle.hear_each_other(WEB1, WEB2)
    assert oracle.hear_each_other(PC, WEB3)


def test_which_extension_forwards() -> None:
    others = [each for each in SwitchExtension if each is not VFP]
    assert forwarding_extension(others) is None
    assert forwarding_extension([*others, VFP]) is VFP
