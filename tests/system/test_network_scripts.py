"""A script about the network as a host and its guests see it, on a lab that runs: its packets are real."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from tests.system.conftest import LabOf

pytestmark = [pytest.mark.system, pytest.mark.switching]

SCRIPT: Final = Path(__file__).parent / "scripts" / "network.ps1"
TOPOLOGY: Final = """
from lab import Lab, dhcp_scope

lab = Lab("networkscripts", interruption_s=0)
lab.internet_host("internet", "203.0.113.80/24")
office = lab.physical_network("office", "192.168.1.0/24", router="192.168.1.1")
office.computer("pc1", "192.168.1.10")
hv1 = lab.host("hv1")
hv1.nic("Ethernet", office, "192.168.1.20")
hv1.external_switch("External", nic="Ethernet", learning="Pinned")
hv1.internal_switch("Internal", "10.0.1.1/24")
hv1.private_switch("Red")
hv1.private_switch("Blue")
hv1.vm("web1", "External", "192.168.1.31").adapter("Red")
hv1.vm("red", "Red", "10.1.0.2/24")
hv1.vm("router", "Red", "10.1.0.1/24", forwarding=True).adapter("Blue", "10.2.0.1/24")
hv1.vm("blue", "Blue", "10.2.0.2/24", gateway="10.2.0.1")
hv1.vm("nat", "Internal", "10.0.1.5/24", gateway="10.0.1.1")
scope = dhcp_scope("10.0.1.0/24", "10.0.1.100", "10.0.1.199", router="10.0.1.1")
hv1.vm("dhcp1", "Internal", "10.0.1.2/24").dhcp_server(scope)
hv1.vm("client1", "Internal", "dhcp")
"""

_SAID: Final = {
    "names": "Ethernet, Ethernet 2",
    "ping": "Reply from 192.168.1.1: bytes=32 time TTL=64",
    "unknown": "Ping request could not find host nosuch. Please check the name and try again.",
    "disabled": "False",
    "enabled": "True",
    "spoofed": "False",
    "allowed": "True",
    "no route": "False",
    "route": "True",
    "hops": "2",
    "removed": "False",
    "inside only": "False",
    "translated": "True",
    "session": "10.0.1.5",
    "mapped": "True",
    "page": "<h1>inside</h1>",
    "closed": "False",
    "lease": "10.0.1.100",
    "released": "",
    "renewed": "1",
    "neighbour": "1",
}


def test_a_script_about_the_network(lab: LabOf) -> None:
    with lab(TOPOLOGY) as running:
        running.exec(
            "nat", "sh", "-c", "mkdir -p /run/www; echo '<h1>inside</h1>' >/run/www/index.html; "
            "setsid busybox httpd -p 80 -h /run/www </dev/null >/dev/null 2>&1",
        )  # fmt: skip
        lines = [line for line in running("run", SCRIPT).out.split("\n") if ":" in line]
        lines = [re.sub(r"time[<=]\d+ms", "time", line) for line in lines]
        said = dict(line.split(": ", 1) if ": " in line else (line.rstrip(":"), "") for line in lines)
        assert {name: said.get(name, "").strip() for name in _SAID} == _SAID
