"""A lab that runs, as a script: it makes a lab that is the same in all that can be seen of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.labs import SETTINGS, TOPOLOGIES, Hvlab, RunningLab, fresh_name

pytestmark = [pytest.mark.system, pytest.mark.switching]

EXPORTED = ("dhcp", "nat_switch", "teaming")


def seen(running: RunningLab) -> Any:
    """Return what `hvlab status` says, but for what no two labs have in common."""
    said = running.shown()
    for name in ("name", "file", "pid"):
        said.pop(name)
    for process in said["processes"]:
        process.pop("pid")
    for adapter in said["adapters"]:
        if "leased" in adapter["status"]:
            adapter.pop("addresses")  # who asks first gets the first one
    return said


@pytest.mark.parametrize("file", [each for each in TOPOLOGIES if each.stem in EXPORTED], ids=lambda path: path.stem)
def test_an_exported_lab_is_the_same_lab(lab: LabOf, hvlab: Hvlab, file: Path, tmp_path: Path) -> None:
    script, name = tmp_path / "exported.ps1", fresh_name()
    with lab(file) as running:
        assert running("export", "-o", script).err == ""
        words = [word for pair in SETTINGS.get(file.stem, {}).items() for word in ("--set", "=".join(pair))]
        hvlab("up", script, "--on", running.file, "--name", name, *words)
        try:
            other = RunningLab(hvlab, name, script, {})
            # A script does not wait for the leases of clients.
            assert eventually(lambda: seen(other), lambda found: found == seen(running), timeout=20.0) == seen(running)
            assert other.cells() == running.cells()
            assert other("export").out.replace(name, running.name) == running("export").out
        finally:
            hvlab("down", name)


def test_what_was_changed_since_is_exported(lab: LabOf, tmp_path: Path) -> None:
    topology = """
from lab import Lab

lab = Lab("changed", interruption_s=0)
hv1 = lab.host("hv1")
hv1.private_switch("Lab")
hv1.vm("web1", "Lab", "10.0.0.1/24")
"""
    with lab(topology) as running:
        running("run", _script(tmp_path, "Set-VMNetworkAdapterVlan web1 -Access -VlanId 7; Set-VM web1 -Notes 'It''s'"))
        text = running("export").out
        assert "Set-VMNetworkAdapterVlan -VMName web1 -Access -VlanId 7" in text
        assert "Set-VM -Name web1 -Notes 'It''s'" in text


def _script(folder: Path, text: str) -> Path:
    file = folder / "change.ps1"
    file.write_text(text, encoding="utf-8")
    return file
