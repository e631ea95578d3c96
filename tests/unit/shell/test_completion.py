"""What Tab offers: commands of the machine, parameters that are not given yet, and the names of the lab."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.model.load import load
from lab.shell.completion import Surroundings, candidates
from lab.shell.place import Machine

MODEL = load(Path(__file__).parents[3] / "topologies" / "three_switches.py")
HOST = Surroundings(MODEL, Machine("hv1", "hv1"), ("number", "name"), ("Get-Mine",))
GUEST = Surroundings(MODEL, Machine("web1", "hv1"))


def offered(text: str, around: Surroundings = HOST) -> list[str]:
    return [each.text for each in candidates(text, len(text), around)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Get-VMSwitchT", ["Get-VMSwitchTeam"]),
        ("Get-Min", ["Get-Mine"]),
        ("Get-VM | Stop-V", ["Stop-VM"]),
        ("Get-VM -Name we", ["web1", "web2"]),
        ("Get-VM we", ["web1", "web2"]),
        ("Set-VMNetworkAdapterVlan -VMName web1 -Acc", ["-Access"]),
        ("Set-VMNetworkAdapter web1 -DhcpGuard O", ["On", "Off"]),
        ("Connect-VMNetworkAdapter -VMName web1 -SwitchName P", ["Private"]),
        ("New-VMSwitch X -NetAdapterName E", ["Ethernet"]),
        ("New-NetIPAddress -InterfaceAlias vEthernet", ["'vEthernet (External)'", "'vEthernet (Internal)'"]),
        ("Set-VMSwitch External -AllowManagementOS ", ["$true", "$false"]),
        ("Get-VM -ErrorAction Si", ["SilentlyContinue"]),
        ("$nu", ["$number"]),
        ("Get-Nothing -Na", []),
        ("# Get-V", []),
    ],
)
def test_what_is_offered(text: str, expected: list[str]) -> None:
    assert offered(text) == expected


def test_a_parameter_is_offered_once() -> None:
    assert "-Name" in offered("Get-VM -")
    assert "-Name" not in offered("Get-VM -Name web1 -")


def test_a_guest_has_its_own_commands() -> None:
    assert offered("Get-VMSw", GUEST) == []
    assert "Get-NetAdapter" in offered("Get-NetA", GUEST)
