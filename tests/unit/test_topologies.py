"""Every topology that comes with hvlab: it loads, reads well, and teaches what its docstring says."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from lab.errors import InputError
from lab.model.kinds import LearningMode
from lab.model.load import load
from lab.model.objects import LabModel
from lab.model.reachability import Verdict, clusters, endpoints, matrix

FOLDER = Path(__file__).parents[2] / "topologies"
FILES = sorted(path for path in FOLDER.glob("*.py") if path.name != "__init__.py")


def every_topology(test: object) -> object:
    return pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])(test)  # type: ignore[arg-type]


def verdicts(model: LabModel, version: int = 4) -> dict[tuple[str, str], Verdict]:
    return {(source.name, target.name): found for (source, target), found in matrix(model, version).items()}


def reachable(model: LabModel, version: int = 4) -> set[tuple[str, str]]:
    return {pair for pair, found in verdicts(model, version).items() if found.reachable}


@every_topology
def test_it_is_a_short_script_that_runs_by_itself(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    content = ast.parse(text)
    assert ast.get_docstring(content)
    assert text.endswith('\n\nif __name__ == "__main__":\n    lab.main()\n')
    body = text.split('"""')[-1]
    assert len([line for line in body.splitlines() if line.strip()]) <= 27
    assert file.stem in (FOLDER.parent / "docs/topologies.md").read_text(encoding="utf-8")


@every_topology
def test_the_lab_has_the_name_of_its_file(file: Path) -> None:
    assert load(file).name == file.stem


@every_topology
@pytest.mark.parametrize("version", [4, 6])
def test_every_pair_has_a_verdict_with_a_reason(file: Path, version: int) -> None:
    model = load(file)
    found = matrix(model, version)
    shown = endpoints(model)
    between = {pair for pair in found if pair[1] in shown}
    assert between == {(one, other) for one in shown for other in shown if one.node != other.node}
    assert {other for _, other in set(found) - between} == set(clusters(model))
    assert all(verdict.reason for verdict in found.values())
    assert all(verdict.pings == verdict.reachable for verdict in found.values())


def everybody(*names: str) -> set[tuple[str, str]]:
    return {(one, other) for one in names for other in names if one.split()[0] != other.split()[0]}


def test_three_switches() -> None:
    """The table of the three switch types: external reaches the world, internal the host, private nobody else."""
    office = ("web1", "web2", "pc1", "hv1 vEthernet (External)")
    assert reachable(load(FOLDER / "three_switches.py")) == (
        everybody(*office)
        | {(name, "internet") for name in office}
        | everybody("app1", "app2", "hv1 vEthernet (Internal)")
        | everybody("db1", "db2")
    )


def test_two_paths() -> None:
    found = verdicts(load(FOLDER / "two_paths.py"))
    assert all(verdict.reachable for verdict in found.values())
    assert [str(hop) for hop in found["web1", "hv1 vEthernet (Shared)"].path] == [
        "web1", 'switch "Shared" of "hv1"', "hv1",
    ]  # fmt: skip
    assert [str(hop) for hop in found["web2", "hv1 Ethernet 3"].path] == [
        "web2", 'switch "Separate" of "hv1"', 'physical network "office"', "hv1",
    ]  # fmt: skip


def test_dedicated_nic() -> None:
    model = load(FOLDER / "dedicated_nic.py")
    assert reachable(model) == (
        everybody("web1", "web2", "pc1")
        | {(name, "internet") for name in ("web1", "web2", "pc1")}
        | everybody("hv1", "admin")
    )
    assert "AllowManagementOS is False" in verdicts(model)["web1", "hv1"].reason
    assert [switch.learning for switch in model.hosts[0].switches] == [LearningMode.PINNED]


def test_two_hosts() -> None:
    model = load(FOLDER / "two_hosts.py")
    office = ("hv1", "hv2", "web1", "web2", "pc1")
    assert reachable(model, 4) == everybody(*office) | {(name, "internet") for name in office}
    assert reachable(model, 6) == everybody(*office, "internet")
    assert "private switch" in verdicts(model)["db1", "db2"].reason


def test_legacy_adapter() -> None:
    model = load(FOLDER / "legacy_adapter.py")
    assert reachable(model) == everybody("hv1", "pc1", "new1", "old1 Legacy Network Adapter")
    found = verdicts(model)
    assert "integration services are off" in found["pc1", "old2"].reason
    assert found["pc1", "web1"].reason == 'VM "web1" is off'


def test_nlb() -> None:
    model = load(FOLDER / "nlb.py")
    found = verdicts(model)
    assert all(verdict.reachable for verdict in found.values())
    assert found["pc1", "web (cluster)"].reason.endswith('"web1" is a node of the cluster')
    assert ("web1", "web (cluster)") not in found


def test_classroom() -> None:
    model = load(FOLDER / "classroom.py", parameters={"vms": "4"})
    found = verdicts(model)
    vms = [vm.name for _, vm in model.vms()]
    assert vms == ["vm1", "vm2", "vm3", "vm4"]
    assert all(found[pair].reachable for pair in everybody(*vms))
    assert found["vm1", "internet"].reachable
    assert found["vm2", "teacher"].reason.startswith('no way back: no route: "office-router" knows no way to')


@pytest.mark.parametrize("vms", [1, 10, 50, 200])
def test_classroom_of_any_size(vms: int) -> None:
    assert len(list(load(FOLDER / "classroom.py", parameters={"vms": str(vms)}).vms())) == vms


@pytest.mark.parametrize("vms", ["0", "201", "-1", "ten", "1.5"])
def test_classroom_of_no_size(vms: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="expected a whole number from 1 up to 200"):
        load(FOLDER / "classroom.py", parameters={"vms": vms})
    monkeypatch.setenv("HVLAB_VMS", vms)
    with pytest.raises(InputError, match="from HVLAB_VMS; expected a whole number from 1 up to 200"):
        load(FOLDER / "classroom.py")
