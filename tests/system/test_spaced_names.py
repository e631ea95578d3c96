"""Names as Hyper-V has them, with spaces and brackets: of VMs, switches and NICs, in everything that a lab does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab.emulation.net import attach
from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.labs import RunningLab

pytestmark = [pytest.mark.system, pytest.mark.switching]

TOPOLOGY = """
from lab import Lab, dhcp_scope

lab = Lab("spaced")
office = lab.physical_network("office", "192.168.1.0/24", router="192.168.1.1")
office.computer("pc1", "192.168.1.10")
hv1 = lab.host("hv1")
hv1.nic("Ethernet 2", office, "192.168.1.20")
hv1.external_switch("External Switch", "Ethernet 2")
hv1.internal_switch("NAT Switch #1 (inside)", "10.0.0.1/24")
hv1.default_switch(subnet="172.20.16.0/20")
hv1.vm("Web Server 1", "External Switch", "192.168.1.31", resource_metering=True)
hv1.vm("SQL (2019) #2", "External Switch", "192.168.1.32").vlan_interface(10, "10.10.0.1/24")
for number in (1, 2):
    server = hv1.vm(f"DHCP Server {number}", "NAT Switch #1 (inside)", f"10.0.0.{number + 1}/24")
    server.dhcp_server(*([dhcp_scope("10.0.0.0/24", "10.0.0.100", "10.0.0.200")] if number == 1 else []))
    if number == 1:
        server.dhcp_failover("both", "DHCP Server 2")
hv1.vm("Client A", "NAT Switch #1 (inside)", "dhcp")
hv1.vm("Guest (one)", "Default Switch")
hv1.vm("Guest 2.0", "Default Switch")
"""


@pytest.fixture(scope="module")
def running(lab: LabOf) -> Iterator[RunningLab]:
    with lab(TOPOLOGY) as found:
        yield found


def test_a_guest_is_called_by_the_host_name_that_follows_from_its_name(running: RunningLab) -> None:
    assert running.exec("Web Server 1", "hostname").out == "Web-Server-1\n"
    assert running.exec("sql (2019) #2", "hostname").out == "SQL-2019-2\n"
    assert running.exec("pc1", "ping", "-c1", "-W2", "Web-Server-1").code == 0
    assert running.exec("Web Server 1", "ping", "-c1", "-W2", "SQL-2019-2").code == 0


def test_what_is_possible_is_what_the_model_says(running: RunningLab) -> None:
    running.agrees()
    running.healthy()


def test_dhcp_and_failover(running: RunningLab) -> None:
    told = running("dhcp", "--json").json()
    (client,) = (each for each in told["clients"] if each["node"] == "Client A")
    assert client["address"].startswith("10.0.0.1")
    assert told["failover"] == {"DHCP Server 1": "Normal", "DHCP Server 2": "Normal"}
    assert "Client-A" in running.exec("Web Server 1", "cat", "/etc/hosts").out


def test_the_default_switch_answers_with_host_names(running: RunningLab) -> None:
    found = eventually(
        lambda: running.exec("Guest (one)", "getent", "ahostsv4", "Guest-2-0", check=None).out, lambda out: bool(out)
    )
    assert found.startswith("172.20.")


def test_commands_take_the_names(running: RunningLab) -> None:
    (counted,) = running("counters", "Web Server 1", "--json").json()
    assert (counted["adapter"], counted["switch"]) == ("Web Server 1/Network Adapter", "External Switch")
    assert "answered" in running("trace", "Web Server 1", "SQL (2019) #2").out
    assert running("learned", "hv1/External Switch", "--json").json()
    measured = running("measure", "Web Server 1", "--json").json()
    assert {each["vm"] for each in measured} == {"Web Server 1"}


def test_the_console_takes_the_names(running: RunningLab) -> None:
    script = """
        New-VM "Web Server 2" -SwitchName "External Switch" | Start-VM
        (Get-VM "Web Server *").State
        Rename-VMSwitch "NAT Switch #1 (inside)" "NAT Switch"
        (Get-VMNetworkAdapter "Client A").SwitchName
        Stop-VM "Web Server 2" -TurnOff; Remove-VM "Web Server 2" -Force
        Rename-VMSwitch "NAT Switch" "NAT Switch #1 (inside)"
    """
    done = running("console", stdin=script)
    assert (done.out.split("\n"), done.err) == (["Running", "Running", "NAT Switch", ""], "")


def test_metering_by_the_console_counts_what_went_by(running: RunningLab) -> None:
    report = "$r = Measure-VM 'Web Server 1'; $r.NetworkMeteredTrafficReport | % { $_.TotalTraffic }"
    running("console", stdin="Reset-VMResourceMetering 'Web Server 1'")
    assert set(running("console", stdin=report).out.split()) == {"0"}
    running.exec("pc1", "ping", "-q", "-c50", "-i0.01", "-s60000", "192.168.1.31")
    assert sorted(running("console", stdin=report).out.split()) == ["0", "0", "2", "2"]


def test_mininet_has_host_names(running: RunningLab) -> None:
    with attach(running.name) as net:
        assert {"Web-Server-1", "SQL-2019-2", "External Switch"} <= set(net)
        assert net["Web Server 1"] is net["Web-Server-1"]
        assert net.ping([net["Web Server 1"], net["pc1"]]) == 0
