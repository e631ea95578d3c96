"""Access lists: which entry decides, and what cannot be one."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controllers.features.extended_acl import build
from controllers.view import SwitchView
from lab import Lab, allow, deny, extended_allow, extended_deny, meter
from lab.errors import TopologyError
from lab.model.acl import (
    ICMP,
    TCP,
    UDP,
    AclAction,
    AclDirection,
    AclSide,
    ExtendedAcl,
    Packet,
    PortAcl,
    awaits,
    denies,
)
from tests.unit.controllers.views import PRIVATE, vm, with_acls

IN, OUT = AclDirection.INBOUND, AclDirection.OUTBOUND
ALLOW, DENY, METER = AclAction.ALLOW, AclAction.DENY, AclAction.METER
HERE, THERE = "00:15:5d:00:00:01", "00:15:5d:00:00:02"


def packet(local: str = "10.0.1.1", remote: str = "10.0.1.2", **settings: int) -> Packet:
    return Packet(ip_address(local), ip_address(remote), HERE, THERE, **settings)


def entry(
    action: AclAction, address: str = "", direction: AclDirection = IN, side: AclSide = AclSide.REMOTE
) -> PortAcl:
    return PortAcl(action, direction, side, ip_network(address) if address else None)


@pytest.mark.parametrize(
    ("entries", "denied"),
    [
        ([], None),
        ([entry(DENY)], 0),
        ([entry(DENY, direction=OUT)], None),
        ([entry(DENY), entry(ALLOW, "10.0.1.0/24")], None),
        ([entry(ALLOW, "10.0.1.0/24"), entry(DENY)], None),
        ([entry(ALLOW), entry(DENY, "10.0.0.0/8")], 1),
        ([entry(ALLOW, "10.0.1.2"), entry(DENY, "10.0.1.0/24"), entry(ALLOW)], None),
        ([entry(ALLOW, "10.0.1.0/24"), entry(DENY, "10.0.1.0/24", side=AclSide.LOCAL)], 1),
        ([entry(ALLOW, "10.0.1.0/24"), entry(DENY, "10.0.1.0/25", side=AclSide.LOCAL)], 1),
        ([entry(DENY, "2001:db8::/32")], None),
        ([entry(METER)], None),
        ([entry(ALLOW, "10.0.1.2"), PortAcl(DENY, IN, AclSide.REMOTE, mac=THERE)], 1),
        ([PortAcl(DENY, IN, AclSide.REMOTE, mac="ANY"), PortAcl(ALLOW, IN, AclSide.REMOTE, mac=THERE)], None),
        ([PortAcl(DENY, IN, AclSide.LOCAL, mac=THERE)], None),
    ],
)
def test_which_entry_denies(entries: list[PortAcl], denied: int | None) -> None:
    expected = None if denied is None else entries[denied]
    assert denies(entries, (), IN, packet()) == expected
    shuffled = Random(1).sample(entries, len(entries))
    assert denies(shuffled, (), IN, packet()) == expected, "the order means nothing"


def test_what_is_no_ip_packet_is_for_mac_entries_only() -> None:
    frame = Packet(None, None, HERE, THERE)
    assert denies([entry(DENY)], [ExtendedAcl(1, DENY, IN)], IN, frame) is None
    by_mac = PortAcl(DENY, IN, AclSide.REMOTE, mac=THERE)
    assert denies([by_mac], [], IN, frame) is by_mac


def test_the_largest_weight_decides() -> None:
    web = ExtendedAcl(10, ALLOW, IN, local_port=(80, 80), protocol=TCP)
    rest = ExtendedAcl(1, DENY, IN)
    for entries in ([web, rest], [rest, web]):
        assert denies((), entries, IN, packet(protocol=TCP, local_port=80)) is None
        assert denies((), entries, IN, packet(protocol=TCP, local_port=81)) is rest
        assert denies((), entries, IN, packet(protocol=UDP, local_port=80)) is rest
        assert denies((), entries, OUT, packet(protocol=ICMP[4])) is None
        assert denies((), entries, IN, packet("2001:db8::1", "2001:db8::2")) is rest


def test_an_answer_passes_if_its_question_took_a_stateful_entry() -> None:
    entries = (ExtendedAcl(1, DENY, IN), ExtendedAcl(5, ALLOW, OUT, remote_port=(53, 53), protocol=UDP, stateful=True))
    dns, other = packet(protocol=UDP, remote_port=53), packet(protocol=UDP, remote_port=54)
    assert awaits(entries, IN, dns)
    assert not awaits(entries, IN, other)
    assert not awaits(entries, OUT, dns)
    assert denies((), entries, IN, dns, answer=True) is None
    assert denies((), entries, IN, dns) is entries[0]
    assert denies((), entries, IN, other, answer=True) is entries[0]


@given(st.lists(st.integers(0, 65535), unique=True, max_size=40), st.booleans())
def test_priorities_are_in_the_order_of_the_weights(weights: list[int], stateful: bool) -> None:
    """Above the flow for everything else, below that for answers."""
    entries = [ExtendedAcl(weight, DENY, IN, protocol=1) for weight in weights]
    entries += [ExtendedAcl(1, ALLOW, OUT, protocol=TCP, stateful=True)] if stateful else []
    flows, _ = build(SwitchView(PRIVATE, (with_acls(vm(3), *entries),)))
    found = sorted({int(flow.priority) for flow in flows if flow.stage == "ext_acl_in" and flow.match} - {0xFFFF})
    assert len(found) == len(weights)
    assert all(0 < priority < 0xFFFF for priority in found)
    far = [weight for weight in weights if 64 < weight < 65000]
    assert set(far) <= set(found), "a weight is its own priority where there is room"


def model_with(**settings: Any) -> Any:
    lab = Lab("acl")
    hv1 = lab.host("hv1")
    hv1.private_switch("S")
    hv1.vm("vm1", "S", "10.0.1.1/24", **settings)
    return lab.model()


def test_both_directions_are_two_entries() -> None:
    vm1 = (
        model_with(acls=deny(remote="any"), extended_acls=extended_allow(7, "inbound", protocol="udp")).hosts[0].vms[0]
    )
    assert [str(each) for each in vm1.adapters[0].acls] == [
        "Deny Inbound RemoteIPAddress ANY",
        "Deny Outbound RemoteIPAddress ANY",
    ]
    assert str(vm1.adapters[0].extended_acls[0]) == "Allow Inbound Weight 7 Protocol UDP"


ADAPTER = 'adapter "vm1/Network Adapter" has '
OF_ADAPTER = 'of "vm1/Network Adapter" '
BAD = {
    "no address": ({"acls": [deny()]}, f"a port ACL entry {OF_ADAPTER}has 0 addresses, expected one"),
    "two addresses": ({"acls": [deny(remote="ANY", local="ANY")]}, "has 2 addresses, expected one"),
    "host bits": ({"acls": [deny(remote="10.0.1.1/24")]}, 'has the address "10.0.1.1/24": it has host bits set'),
    "no prefix": ({"acls": [deny(remote="nonsense")]}, '"nonsense": it is no IP address or prefix'),
    "a number": ({"acls": [deny(remote=7)]}, "7 (int): it is no IP address or prefix"),
    "no MAC": ({"acls": [deny(remote_mac="xyz")]}, '"xyz" is not a MAC address'),
    "direction": ({"acls": [deny(remote="ANY", direction="in")]}, '"in"; expected Inbound, Outbound or Both'),
    "no entry": ({"acls": ["deny"]}, f'acls {OF_ADAPTER}has "deny"'),
    "wrong list": ({"acls": [extended_deny(1, "Inbound")]}, f"acls {OF_ADAPTER}has"),
    "the other wrong list": ({"extended_acls": [deny(remote="ANY")]}, f"extended_acls {OF_ADAPTER}has"),
    "twice": (
        {"acls": [deny(remote="ANY"), deny(remote="ANY", direction="Inbound")]},
        f"{ADAPTER}the port ACL entry Deny Inbound RemoteIPAddress ANY 2 times; expected once (reason 24)",
    ),
    "no list": ({"acls": 7}, f"acls {OF_ADAPTER}has 7 (int)"),
    "weight": ({"extended_acls": [extended_deny(65536, "Inbound")]}, "with weight 65536; expected 0 to 65535"),
    "weight as text": ({"extended_acls": [extended_deny("1", "Inbound")]}, 'weight of "vm1/Network Adapter" is "1"'),
    "Both": ({"extended_acls": [extended_deny(1, "Both")]}, '"Both"; expected Inbound or Outbound'),
    "one weight twice": (
        {"extended_acls": [extended_deny(5, "Inbound"), extended_allow(5, "Inbound", protocol=1)]},
        f"{ADAPTER}2 extended ACL entries Inbound with weight 5",
    ),
    "protocol": ({"extended_acls": [extended_deny(1, "Inbound", protocol="SCTP")]}, 'is "SCTP"; expected TCP, UDP'),
    "large protocol": ({"extended_acls": [extended_deny(1, "Inbound", protocol=256)]}, "is 256 (int)"),
    "ports of ICMP": (
        {"extended_acls": [extended_deny(1, "Inbound", protocol=1, local_port=80)]},
        "only the protocols TCP and UDP have ports",
    ),
    "port range": ({"extended_acls": [extended_deny(1, "Inbound", protocol=6, local_port="9-8")]}, 'is "9-8"'),
    "large port": ({"extended_acls": [extended_deny(1, "Inbound", protocol=6, local_port=65536)]}, "is 65536 (int)"),
    "two families": (
        {"extended_acls": [extended_deny(1, "Inbound", local="10.0.0.1", remote="2001:db8::1")]},
        "expected both addresses to be IPv4, or both IPv6",
    ),
    "stateful ICMP": (
        {"extended_acls": [extended_allow(1, "Inbound", protocol=1, stateful=True)]},
        "only the protocols TCP and UDP can be stateful; the VM would not start (0x80070057) (reason 80)",
    ),
    "idle": (
        {"extended_acls": [extended_allow(1, "Inbound", protocol="TCP", idle_s=7)]},
        "with an idle session timeout; only stateful entries have one (reason 77)",
    ),
    "idle too short": (
        {"extended_acls": [extended_allow(1, "Inbound", protocol="TCP", stateful=True, idle_s=0)]},
        "the idle session timeout 0 s; expected 1 to 65535",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_refused(what: str) -> None:
    settings, words = BAD[what]
    with pytest.raises(TopologyError) as refusal:
        model_with(**settings)
    assert words in str(refusal.value)


def test_entries_of_a_vm_that_is_off_may_be_contradictory() -> None:
    wrong = extended_allow(1, "Inbound", stateful=True)
    assert model_with(extended_acls=[wrong], running=False)
    with pytest.raises(TopologyError):
        model_with(extended_acls=[wrong])


def test_meters_are_entries_of_their_own() -> None:
    assert len(model_with(acls=[meter(remote="ANY"), allow(remote="ANY")]).hosts[0].vms[0].adapters[0].acls) == 4
