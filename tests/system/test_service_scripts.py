"""Scripts for DHCP servers and clusters, on a lab that runs: clients get what they say, nodes converge as they say."""

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
TOPOLOGY: Final = """
from lab import Lab

lab = Lab("servicescripts")
hv1 = lab.host("hv1")
hv1.internal_switch("Internal", "10.0.1.1/24")
hv1.vm("dc1", "Internal", "10.0.1.2/24")
hv1.vm("dc2", "Internal", "10.0.1.3/24")
hv1.vm("client1", "Internal", "dhcp")
hv1.vm("printer", "Internal", "dhcp", mac="00155D000110")
for number in (1, 2):
    hv1.vm(f"web{number}", "Internal", f"10.0.1.3{number}/24", mac_spoofing=True)
"""


@pytest.fixture(scope="module")
def running(lab: LabOf) -> Iterator[RunningLab]:
    with lab(TOPOLOGY) as found:
        assert found("run", SCRIPTS / "services.ps1").out.split("\n")[:3] == ["DC1 True", "DC2 True", "2"]
        yield found


def console(running: RunningLab, line: str) -> list[str]:
    return str(running.hvlab("--lab", running.name, "-c", line).out).split()


LEASES: Final = (
    "Get-DhcpServerv4Lease -ComputerName {0} -ScopeId 10.0.1.0 | % {{ '{{0}}={{1}}' -f $_.HostName, $_.AddressState }}"
)


@pytest.mark.parametrize("server", ["dc1", "dc2"])
def test_both_servers_know_what_is_leased(running: RunningLab, server: str) -> None:
    eventually(
        lambda: sorted(console(running, LEASES.format(server))),
        lambda found: found == ["client1=Active", "printer=ActiveReservation"],
        timeout=30,
    )


def test_a_client_has_what_the_scope_says(running: RunningLab) -> None:
    address = console(
        running, "(Get-DhcpServerv4Lease -ComputerName dc1 10.0.1.0 | ? HostName -eq client1).IPAddress.ToString()"
    )
    assert 120 <= int(address[0].rpartition(".")[2]) <= 199
    assert "10.0.1.105/24" in running.exec("printer", "ip", "-4", "addr", "show", "eth0").out
    assert "via 10.0.1.1" in running.exec("client1", "ip", "route").out


def test_nodes_converge_and_stop(running: RunningLab) -> None:
    states = "(Get-NlbClusterNode -HostName web1).State"
    eventually(lambda: console(running, states), lambda found: found == ["Converged(default)", "Converged"], timeout=30)
    assert console(running, "Stop-NlbClusterNode web1 | % State") == ["Stopped"]
    eventually(lambda: console(running, states), lambda found: found == ["Stopped", "Converged(default)"], timeout=30)
    running.exec("client1", "ping", "-c1", "-W2", "10.0.1.90")
