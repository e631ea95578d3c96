"""What an external switch does to the management OS: it takes over a NIC, interrupts, and gives everything back."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from subprocess import run
from typing import Any

import pytest

from lab.emulation import running as work
from lab.emulation.execution import Execution
from lab.emulation.netns import network_of
from lab.engine.session import Session
from tests.system.conftest import LabOf
from tests.system.labs import RunningLab, difference, edited, pinging

pytestmark = pytest.mark.system

BARE = """
from lab import Lab

lab = Lab("bare"SETTINGS)
lab.internet_host("internet", "203.0.113.80/24", "2001:db8:ffff::80/64")
office = lab.physical_network("office", "192.168.1.0/24", "2001:db8:1::/64", router=("192.168.1.1", "2001:db8:1::1"))
office.computer("pc1", "192.168.1.10", "2001:db8:1::10")

hv1 = lab.host("hv1")
hv1.nic("Ethernet", office, "192.168.1.20", "2001:db8:1::20", mac="02-00-00-00-00-20")
hv1.private_switch("Private")
hv1.vm("db1", "Private", "10.0.2.11/24")
hv1.vm("db2", "Private", "10.0.2.12/24")
# more
"""
SHARED = 'hv1.external_switch("External", nic="Ethernet")\nhv1.vm("web1", "External", "192.168.1.31")\n'
SEPARATE = 'hv1.external_switch("External", nic="Ethernet", allow_management_os=False)\n'
SETTINGS = {"default": "", "1 s": ", interruption_s=1", "none": ", interruption_s=0"}
PERIOD_S = 0.02


def topology(settings: str, more: str = "") -> str:
    return edited(BARE, ("SETTINGS", SETTINGS[settings]), ("# more\n", more))


@pytest.fixture
def bare(lab: LabOf) -> Iterator[RunningLab]:
    with lab(topology("none")) as found:
        yield found


def devices(lab: RunningLab) -> dict[str, Any]:
    """Return what `ip addr` shows in the management OS, by device."""
    shown = json.loads(lab.exec("hv1", "ip", "-j", "-d", "addr").out)
    return {device["ifname"]: device for device in shown}


def static_addresses(device: Any) -> set[str]:
    return {f"{each['local']}/{each['prefixlen']}" for each in device["addr_info"] if each["scope"] == "global"}


def default_routes(lab: RunningLab) -> set[tuple[str, str]]:
    """Return the default routes of the management OS as (gateway, device)."""
    shown = [json.loads(lab.exec("hv1", "ip", family, "-j", "route", "show", "default").out) for family in ("-4", "-6")]
    return {(route["gateway"], route["dev"]) for routes in shown for route in routes}


ADDRESSES = {"192.168.1.20/24", "2001:db8:1::20/64"}
MAC = "02:00:00:00:00:20"


def test_the_nic_s_addresses_routes_and_mac_move_to_the_virtual_adapter_and_back(bare: RunningLab) -> None:
    before = bare.addresses()
    assert static_addresses(devices(bare)["Ethernet"]) == ADDRESSES
    assert default_routes(bare) == {("192.168.1.1", "Ethernet"), ("2001:db8:1::1", "Ethernet")}

    bare.apply(topology("none", SHARED))
    found = devices(bare)
    assert found["Ethernet"]["addr_info"] == []
    assert found["vE-External"]["address"] == MAC
    assert found["vE-External"]["altnames"] == ["vEthernet(External)"]
    assert static_addresses(found["vE-External"]) == ADDRESSES
    assert default_routes(bare) == {("192.168.1.1", "vE-External"), ("2001:db8:1::1", "vE-External")}
    assert "vEthernet (External)" in bare.exec("hv1", "ip", "link", "show", "vE-External").out
    bare.agrees()

    bare.apply(topology("none", SEPARATE))
    found = devices(bare)
    assert found["Ethernet"]["addr_info"] == []
    assert "vE-External" not in found
    assert default_routes(bare) == set()
    bare.agrees()

    bare.apply(topology("none"))
    assert difference(before, bare.addresses()) == []
    assert default_routes(bare) == {("192.168.1.1", "Ethernet"), ("2001:db8:1::1", "Ethernet")}
    bare.agrees()
    bare.agrees("-6")


def test_the_virtual_adapter_is_found_under_its_display_name(bare: RunningLab) -> None:
    bare.apply(topology("none", SHARED))
    assert "192.168.1.20" in bare.exec("hv1", "ip", "addr", "show", "dev", "vEthernet(External)").out
    status = {adapter["name"]: adapter for adapter in bare.status()["adapters"] if adapter["machine"] == "hv1"}
    assert status["Ethernet"]["addresses"] == []
    assert "bound to switch External" in status["Ethernet"]["status"]
    assert set(status["vEthernet (External)"]["addresses"]) == ADDRESSES
    assert status["vEthernet (External)"]["mac"] == MAC.replace(":", "").upper()


@pytest.mark.alone
@pytest.mark.parametrize(
    ("setting", "shortest_s", "longest_s"), [("default", 1.8, 4.0), ("1 s", 0.9, 2.5), ("none", 0.0, 0.8)],
    ids=("default-2s", "1s", "none"),
)  # fmt: skip
def test_creation_and_deletion_interrupt_the_host_for_that_long(
    bare: RunningLab, announce: Callable[[str], None], setting: str, shortest_s: float, longest_s: float
) -> None:
    announce(r"Ethernet packet on hv1-Ethernet: Network is down|hv1-Ethernet: Network is down")
    bare.apply(topology(setting))
    for step in (SHARED, ""):
        # What has nothing to do with that NIC goes on meanwhile.
        with (
            pinging(bare, "db1", "10.0.2.12"),
            pinging(bare, "pc1", "192.168.1.20", interval_s=PERIOD_S, lossless=False) as outside,
        ):
            bare.apply(topology(setting, step))
            outside.advance(10)
            silence_s = outside.longest_silence_s()
            assert shortest_s <= silence_s <= longest_s, "created" if step else "deleted"


def test_a_connection_through_the_nic_survives_the_switch(bare: RunningLab) -> None:
    """The address and the MAC address stay, so what was open goes on after the interruption."""
    with (
        bare.socket("hv1", socket.AF_INET, socket.SOCK_STREAM) as server,
        bare.socket("pc1", socket.AF_INET, socket.SOCK_STREAM) as client,
    ):
        server.bind(("192.168.1.20", 7000))
        server.listen()
        client.connect(("192.168.1.20", 7000))
        peer, _ = server.accept()
        with peer:
            for step in (SHARED, ""):
                bare.apply(topology("none", step))
                peer.settimeout(10)
                client.sendall(b"still here")
                assert peer.recv(100) == b"still here"
                peer.sendall(b"so am I")
                assert client.recv(100) == b"so am I"


def test_a_nic_is_on_before_open_vswitch_takes_it(bare: RunningLab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Open vSwitch writes back the flags that it has read: what is switched on in between would be off again."""
    bare.apply(topology("none", SHARED))
    commit, flags = Execution._commit, []

    def look_and_commit(execution: Execution, node: str, operations: list[Any]) -> int:
        if node == "hv1":
            with network_of(execution._pids[node]):
                shown = run(["ip", "-j", "link", "show", "Ethernet"], check=True, capture_output=True).stdout
            flags.append(set(json.loads(shown)[0]["flags"]))
        return commit(execution, node, operations)

    def change(session: Session) -> list[set[str]]:
        """Give the NIC a speed, which makes it another card."""
        state = session.state()
        (host,) = state.model.hosts
        faster = replace(host, nics=(replace(host.nics[0], speed=10**9),))
        session.apply(replace(state.model, hosts=(faster,)), state.file, {})
        return flags

    monkeypatch.setattr(Execution, "_commit", look_and_commit)
    released, taken = work.work(bare.pod, lambda step: None, change)
    assert {"UP", "PROMISC"} <= released
    assert "UP" in taken
    assert "PROMISC" not in taken, "it is another card"
