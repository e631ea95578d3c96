"""A lab as a script, and the script as a lab: for every topology, for labs that cmdlets made, and for random ones."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from lab.model import edit
from lab.model.builder import Lab
from lab.model.changes import changes
from lab.model.load import load
from lab.model.nlb import NlbNode, PortRule
from lab.model.objects import LabModel
from lab.model.validate import validate
from lab.shell.export.comparing import missing, rebuilt
from lab.shell.export.script import losses, script
from lab.shell.parser import parse
from lab.shell.registry import find
from tests.unit.shell.export.rooms import ROOMS, worked_on
from tests.walks import walked

ROOT = Path(__file__).parents[4]
TOPOLOGIES = sorted(path for path in (ROOT / "topologies").glob("*.py") if path.stem != "__init__")
OTHERS = [ROOT / "tests/unit/graph/everything.py", *sorted((ROOT / "tests/unit/model/labs").glob("*.py"))]
VARIANTS = [
    ("dhcp_failover", {"mode": "HotStandby"}),
    ("dhcpv6", {"managed": "no"}),
    ("teaming", {"balancing": "Dynamic", "cable2": "0"}),
    ("classroom", {"vms": "12"}),
]


def comes_back(model: LabModel) -> None:
    """Check that a lab's script leaves nothing out and rebuilds it, and that it is the script of that, too."""
    text = script(model)
    found, errors = rebuilt(model, text)
    assert errors == ()
    assert changes(model, found) == ()
    assert validate(found) == validate(model)
    assert losses(text) == ()
    assert missing(model, text) == ()
    assert script(found) == text


@pytest.mark.parametrize("file", [*TOPOLOGIES, *OTHERS], ids=lambda path: path.stem)
def test_every_topology_comes_back(file: Path) -> None:
    comes_back(load(file))


@pytest.mark.parametrize(("name", "parameters"), VARIANTS)
def test_topologies_with_other_parameters_come_back(name: str, parameters: dict[str, str]) -> None:
    comes_back(load(ROOT / "topologies" / f"{name}.py", parameters=parameters))


@pytest.mark.parametrize("room", ROOMS)
def test_what_cmdlets_made_comes_back_with_its_recorded_settings(room: str) -> None:
    model = worked_on(ROOMS[room])
    assert any(each.recorded for each in (*model.hosts, *(vm for _, vm in model.vms()), *model.hosts[0].switches))
    comes_back(model)


@pytest.mark.parametrize("seed", range(40))
def test_random_labs_come_back_or_it_is_said_what_does_not(seed: int) -> None:
    random = Random(seed)
    model = walked(random, random.randint(0, 25))
    text = script(model)
    if not losses(text):
        assert missing(model, text) == ()
        assert script(rebuilt(model, text)[0]) == text


@pytest.mark.parametrize("name", ["nat_switch", "teaming", "pxe"])
def test_it_reads_like_what_an_administrator_writes(name: str, golden: Callable[[Path, str], None]) -> None:
    golden(ROOT / "tests/golden/shell/export" / f"{name}.ps1", script(load(ROOT / "topologies" / f"{name}.py")))


@pytest.mark.parametrize("file", [*TOPOLOGIES, *OTHERS], ids=lambda path: path.stem)
def test_what_only_a_lab_has_is_guarded(file: Path) -> None:
    guards: list[int] = []
    for row in script(load(file)).splitlines():
        depth = len(row) - len(row.lstrip())
        guards = [each for each in guards if depth > each]
        words = [word for word in re.findall(r"[A-Z][a-z]+-[A-Za-z0-9]+", row) if find(word)]
        if re.search(r"^ *if \(.*Get-Command", row):
            guards.append(depth)
        elif any(found.module == "hvlab" for word in words if (found := find(word))) and not row.startswith("#"):
            assert guards, row


@pytest.mark.parametrize("file", TOPOLOGIES, ids=lambda path: path.stem)
def test_it_parses_and_its_lines_are_short(file: Path) -> None:
    text = script(load(file))
    parse(text, "export.ps1")
    assert max(len(row) for row in text.splitlines() if not row.startswith("#")) <= 130


def test_the_physical_world_is_told_and_not_made() -> None:
    text = script(load(ROOT / "topologies/vlan.py"))
    told = [row for row in text.splitlines() if row.startswith(("# - ", "#   "))]
    assert "#   with the computer pc10 (10.0.10.100/24, gateway 10.0.10.1), in VLAN 10" in told
    assert not re.search(r"New-Lab|Set-LabN", text)


def test_a_lab_without_hosts_is_a_script_that_does_nothing() -> None:
    lab = Lab("empty")
    lab.physical_network("office", "192.168.1.0/24")
    comes_back(lab.model())


def test_a_checkpoint_is_lost_and_that_is_said() -> None:
    model = worked_on("New-VM web1 -Generation 2\nCheckpoint-VM web1 -SnapshotName 'It''s'")
    text = script(model)
    assert losses(text) == ('the checkpoint "It\'s" of VM "web1"',)
    assert "# hvlab: not expressible: the checkpoint" in text
    assert any("Checkpoints" in each for each in missing(model, text))


def test_a_guest_that_cannot_be_started_is_lost_and_that_is_said() -> None:
    lab = Lab("twins")
    hv1 = lab.host("hv1")
    hv1.private_switch("S")
    hv1.vm("a", "S", "10.0.0.1/24")
    hv1.vm("b", "S", "10.0.0.1/24", running=False).dhcp_server()
    model = lab.model()
    text = script(model)
    assert losses(text) == ('the DHCP server of VM "b", whose guest cannot be started',)
    assert missing(model, text) == ('add role "DHCP Server" of "b"',)
    assert "Set-LabAdapter -VMName b -IPAddress 10.0.0.1/24 -Dhcp $false" in text


def test_what_nobody_has_foreseen_is_found_by_running_the_script() -> None:
    model = load(ROOT / "topologies/nlb.py")

    def unsorted(node: NlbNode) -> NlbNode:
        return replace(node, rules=(PortRule(443, 443), PortRule(80, 80)))

    for _, vm in model.vms():
        model = edit.vm_adapter(
            "hv1", vm.name, "Network Adapter",
            lambda each: replace(each, nlb=unsorted(each.nlb) if each.nlb else None),
        )(model)  # fmt: skip
    text = script(model)
    assert losses(text) == ()
    assert [each.partition(":")[0] for each in missing(model, text)] == [
        f'change adapter "Network Adapter" of "web{number}"' for number in (1, 2, 3)
    ]


def test_a_node_that_is_not_like_the_others_is_lost_and_that_is_said() -> None:
    model = load(ROOT / "topologies/nlb.py")
    model = edit.vm_adapter(
        "hv1", "web2", "Network Adapter", lambda each: replace(each, nlb=replace(each.nlb, rules=(PortRule(),)))
    )(model)  # fmt: skip
    assert losses(script(model)) == ("the node web2 of cluster web, which has other settings than the first one",)


def test_the_default_switch_is_windows_own() -> None:
    model = load(ROOT / "topologies/default_switch.py")
    assert "New-VMSwitch" not in script(model)
    behind = replace(
        worked_on("New-VMSwitch S -SwitchType Internal", model), name="behind"
    )  # the Default Switch comes before it already
    turned = replace(
        behind, hosts=tuple(replace(h, management_adapters=h.management_adapters[::-1]) for h in behind.hosts)
    )
    assert changes(turned, rebuilt(turned, script(turned))[0]) != ()
    assert missing(turned, script(turned)) == ()
