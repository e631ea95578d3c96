"""Scripts about network adapters, on a lab that runs: what they say is what frames meet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.labs import RunningLab

pytestmark = [pytest.mark.system, pytest.mark.switching]

SCRIPTS: Final = Path(__file__).parent / "scripts"
TOPOLOGY = """
from lab import Lab

lab = Lab("adapterscripts", interruption_s=0)
hv1 = lab.host("hv1")
hv1.internal_switch("Lab", "10.0.0.254/24")
hv1.vm("web1", "Lab", "10.0.0.1/24")
hv1.vm("web2", "Lab", "10.0.0.2/24")
hv1.vm("mon", "Lab", "10.0.0.3/24")
"""


@pytest.fixture(scope="module")
def running(lab: LabOf) -> Iterator[RunningLab]:
    with lab(TOPOLOGY) as found:
        yield found


def test_a_running_vm_gets_an_adapter(running: RunningLab) -> None:
    said = running("run", SCRIPTS / "hot_add.ps1").out.split("\n")
    assert said[:2] == ["Network Adapter on Lab: Ok", "1"]
    running.agrees()


def test_vlans_and_access_lists(running: RunningLab) -> None:
    said = running("run", SCRIPTS / "adapters.ps1").out
    assert [line.split()[-2:] for line in said.splitlines() if line.startswith(("web", "mon"))] == [
        ["Access", "10"]
    ] * 3
    cells = {(a.partition("/")[0], b.partition("/")[0]): reaches for (a, b), reaches in running.cells().items()}
    assert cells["web1", "web2"]
    assert not cells["mon", "web2"]
    assert not cells["hv1", "web1"]
    assert not cells["web1", "mon"]


def test_what_is_metered(running: RunningLab) -> None:
    running.exec("web1", "ping", "-c1", "-W1", "10.0.0.2")
    eventually(
        lambda: int(running.hvlab("--lab", running.name, "-c", METERED).out), lambda counted: counted >= 98, timeout=5
    )


METERED: Final = "(Get-VMNetworkAdapterAcl web1).MeteredBytes"
