"""The dynamic MAC addresses that the machines of a lab really have."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.system.conftest import LabOf
from tests.system.labs import RunningLab, edited

pytestmark = [pytest.mark.system, pytest.mark.switching]

TOPOLOGY = """
from lab import Lab

lab = Lab("macs")
hv1 = lab.host("hv1")
hv1.internal_switch("Internal", "10.0.3.77/24")
hv1.vm("web1", "Internal", "10.0.3.1")
hv1.vm("web2", "Internal", "10.0.3.2", running=False)
hv1.vm("web3", "Internal", "10.0.3.3", running=False)
"""
NEVER = "000000000000"
SMALLER = ('lab.host("hv1")', 'lab.host("hv1", mac_address_minimum="00155D020600", mac_address_maximum="00155D020600")')


@pytest.fixture(scope="module")
def running(lab: LabOf) -> Iterator[RunningLab]:
    with lab(TOPOLOGY) as found:
        yield found


def shown(running: RunningLab) -> dict[str, str]:
    return {each["machine"]: each["mac"] for each in running.status()["adapters"]}


def on(name: str) -> tuple[str, str]:
    number = name.removeprefix("web")
    address = f'"{name}", "Internal", "10.0.3.{number}"'
    return f"{address}, running=False", address


def test_addresses_from_the_first_start_to_the_end_of_the_pool(running: RunningLab) -> None:
    first = {"hv1": "00155D034D00", "web1": "00155D034D01", "web2": NEVER, "web3": NEVER}
    assert shown(running) == first
    assert NEVER in running("status").out
    told = running.apply(edited(TOPOLOGY, SMALLER)).out
    assert "MacAddressMinimum from its IPv4 address -> 00155D020600" in told
    assert shown(running) == first

    running.apply(edited(TOPOLOGY, SMALLER, on("web2")))
    second = first | {"web2": "00155D020600"}
    assert shown(running) == second
    assert running.exec("web2", "cat", "/sys/class/net/eth0/address").out.strip() == "00:15:5d:02:06:00"
    running.agrees()

    refused = running.apply(edited(TOPOLOGY, SMALLER, on("web2"), on("web3")), check=2).err
    assert 'VM "web3" cannot start: Synthetic Ethernet Port "Network Adapter" cannot power on' in refused
    assert shown(running) == second

    running.apply(edited(TOPOLOGY, SMALLER))
    assert shown(running) == second, "an address is kept while the VM is off"
    running.apply(edited(TOPOLOGY, on("web2"), on("web3")))
    assert shown(running) == second | {"web3": "00155D034D02"}
    running.agrees()
