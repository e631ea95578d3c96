"""What may become of a switch-embedded team while its lab runs."""

from __future__ import annotations

from typing import Any

import pytest

from lab import Lab
from lab.model.objects import LabModel
from lab.model.rules.transitions import transitions


def switch(*nics: str, **settings: Any) -> LabModel:
    lab = Lab("team")
    office = lab.physical_network("office", "10.0.1.0/24")
    host = lab.host("hv1")
    for nic in ("NIC 1", "NIC 2"):
        host.nic(nic, office)
    host.external_switch("S", nic=list(nics), **settings)
    return lab.model()


PLAIN = switch("NIC 1")
ONE = switch("NIC 1", embedded_teaming=True)
TWO = switch("NIC 1", "NIC 2")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (PLAIN, ONE, "has no embedded teaming, which is fixed at its creation and cannot be switched on"),
        (PLAIN, TWO, "has no embedded teaming, which is fixed at its creation and cannot be switched on"),
        (TWO, PLAIN, "has embedded teaming, which is fixed at its creation and cannot be switched off"),
    ],
)
def test_teaming_is_fixed(old: LabModel, new: LabModel, said: str) -> None:
    (found,) = transitions(old, new)
    assert f'switch "hv1/S" {said}' in str(found)


@pytest.mark.parametrize(("old", "new"), [(ONE, TWO), (TWO, ONE), (TWO, switch("NIC 2", embedded_teaming=True))])
def test_its_nics_are_not(old: LabModel, new: LabModel) -> None:
    assert not [*transitions(old, new)]


def test_a_switch_becomes_a_team_when_it_becomes_external() -> None:
    lab = Lab("team")
    lab.host("hv1").private_switch("S")
    private = lab.model()
    assert not [*transitions(private, TWO)]
    assert not [*transitions(TWO, private)]
