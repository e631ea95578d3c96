"""Isolation settings: what they mean for frames, and which adapters may have one address."""

from __future__ import annotations

from typing import Any

import pytest

from lab import Lab, access, isolation, trunk
from lab.errors import InputError
from lab.model.isolation import NO_ISOLATION, IsolationMode, IsolationSettings, VlanPolicy
from lab.model.reachability import matrix
from lab.model.vlan import NOTHING, UNTAGGED, GuestVlan, VlanSettings, obstacle

IN_TEN = isolation(allow_untagged_traffic=True, default_isolation_id=10)
IN_TWENTY = isolation("vlan", allow_untagged_traffic=True, default_isolation_id=20)


@pytest.mark.parametrize(
    ("setting", "same"), [(NO_ISOLATION, UNTAGGED), (IN_TEN, access(10)), (isolation(multi_tenant_stack=True), None)]
)
def test_what_a_setting_means(setting: IsolationSettings, same: VlanSettings | None) -> None:
    assert setting.membership() == (same.membership() if same else NOTHING)


@pytest.mark.parametrize("mode", [IsolationMode.NATIVE_VIRTUAL_SUBNET, IsolationMode.EXTERNAL_VIRTUAL_SUBNET])
def test_a_virtual_subnet_is_never_taken_for_a_vlan(mode: IsolationMode) -> None:
    assert isolation(mode, allow_untagged_traffic=True, default_isolation_id=10).membership() == NOTHING


@pytest.mark.parametrize("setting", [IN_TEN, isolation()], ids=str)
def test_no_tag_of_a_guest_passes(setting: IsolationSettings) -> None:
    inside = GuestVlan(setting, 10)
    assert inside.membership() == NOTHING
    assert obstacle(inside) == f"a port in isolation {setting} takes no frames with the tag of VLAN 10"


@pytest.mark.parametrize(
    ("setting", "shown"),
    [
        (NO_ISOLATION, "None"),
        (IN_TEN, "Vlan 10"),
        (isolation(), "Vlan without untagged traffic"),
        (isolation(multi_tenant_stack=True), "Vlan without untagged traffic, MultiTenantStack"),
    ],
)
def test_how_it_is_shown(setting: IsolationSettings, shown: str) -> None:
    assert str(setting) == shown


def lab_of(one: VlanPolicy, other: VlanPolicy, addresses: tuple[str, str]) -> Lab:
    """Return a lab in which two adapters of one switch have some settings."""
    lab = Lab("two")
    hv1 = lab.host("hv1")
    hv1.private_switch("Private")
    for name, setting, address in zip(("web1", "web2"), (one, other), addresses, strict=True):
        settings: dict[str, Any] = {"isolation" if isinstance(setting, IsolationSettings) else "vlan": setting}
        hv1.vm(name, "Private", address, **settings)
    return lab


PAIRS = [
    (IN_TEN, IN_TEN, True),
    (IN_TEN, access(10), True),
    (IN_TEN, trunk("20", native=10), True),
    (IN_TEN, trunk("10", native=0), False),
    (IN_TEN, IN_TWENTY, False),
    (IN_TEN, UNTAGGED, False),
    (isolation(), isolation(), False),
    (isolation(), UNTAGGED, False),
]


@pytest.mark.parametrize(("one", "other", "hear"), PAIRS, ids=str)
def test_who_reaches_whom(one: VlanPolicy, other: VlanPolicy, hear: bool) -> None:
    for pair in ((one, other), (other, one)):
        found = matrix(lab_of(*pair, ("10.0.0.1/24", "10.0.0.2/24")).model())
        verdicts = [each for ends, each in found.items() if {end.node for end in ends} == {"web1", "web2"}]
        assert [each.reachable for each in verdicts] == [hear, hear]
        assert all("VLAN settings keep the two apart" in each.reason for each in verdicts) is not hear


@pytest.mark.parametrize(
    ("one", "other", "may"),
    [
        (IN_TEN, access(10), False),
        (IN_TEN, IN_TEN, False),
        (IN_TEN, trunk("10", native=0), False),
        (IN_TEN, IN_TWENTY, True),
        (IN_TEN, UNTAGGED, True),
        (isolation(), isolation(), True),
    ],
    ids=str,
)
def test_who_may_have_the_same_address(one: VlanPolicy, other: VlanPolicy, may: bool) -> None:
    lab = lab_of(one, other, ("10.0.0.1/24", "10.0.0.1/24"))
    if may:
        lab.model()
    else:
        with pytest.raises(InputError, match=r'"web2/Network Adapter" has the address 10\.0\.0\.1, which "web1'):
            lab.model()
