"""Switch extensions: which there are, and what a forwarding extension without a network controller does to a switch."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.frames import BROADCAST, adapters, once, packet_socket, raw, stations, waiting
from tests.system.labs import RunningLab, edited

pytestmark = [pytest.mark.system, pytest.mark.switching]

VFP = "Microsoft Azure VFP Switch Extension"
TOPOLOGY = f"""
from lab import Lab, deny

VFP = "{VFP}"
lab = Lab("extensions", interruption_s=0)
office = lab.physical_network("office", "192.168.1.0/24")
office.computer("pc1", "192.168.1.10")
hv1 = lab.host("hv1")
hv1.nic("Ethernet", office, "192.168.1.20")
hv1.nic("Ethernet 2", office)
hv1.external_switch("S", "Ethernet", extensions=[VFP])
hv1.external_switch("Plain", "Ethernet 2", allow_management_os=False, extensions=["Microsoft NDIS Capture"])
hv1.vm("web1", "S", "192.168.1.31", mac="00155D770001")
hv1.vm("web2", "S", "192.168.1.32", mac="00155D770002")
hv1.vm("web3", "Plain", "192.168.1.33", mac="00155D770003")
hv1.vm("denied", "S", mac="00155D770004", acls=[deny(remote_mac="ANY", direction="Outbound")])
"""
ON_S = ("web1", "web2", "hv1/vEthernet (S)")
OTHERS = ("web3", "pc1")
MACS = {"web1": "00:15:5d:77:00:01", "web2": "00:15:5d:77:00:02", "denied": "00:15:5d:77:00:04"}
REMEDY = f'Disable-VMSwitchExtension -VMSwitchName "S" -Name "{VFP}"'


@pytest.fixture(scope="module")
def running(lab: LabOf) -> Iterator[RunningLab]:
    with lab(TOPOLOGY) as found:
        yield found


def without_vfp() -> str:
    return edited(TOPOLOGY, (', "Ethernet", extensions=[VFP])', ', "Ethernet")'))


def test_nothing_passes_the_switch_and_all_passes_the_others(running: RunningLab) -> None:
    running.agrees()
    cells = running.cells()
    assert {pair for pair, reached in cells.items() if reached} == {
        ("web3", "pc1"), ("pc1", "web3"),
    }  # fmt: skip


@pytest.mark.parametrize("target", [BROADCAST, MACS["web2"]], ids=["broadcast", "unicast"])
def test_frames_end_at_the_extension(running: RunningLab, target: str) -> None:
    """The others' fences tell when it is too late for the frame to arrive."""
    known = adapters(running)
    before = dropped(running, "web1")["frames"]
    with (
        packet_socket(running, known["web2"], 0x88B6) as ear,
        packet_socket(running, known["pc1"], 0x88B6) as far,
        packet_socket(running, known["web1"], 0x88B6) as mouth,
    ):
        mouth.send((raw(target) + raw(MACS["web1"]) + b"\x88\xb6").ljust(60, b"\0"))
        eventually(lambda: dropped(running, "web1")["frames"], lambda seen: seen > before)
        with stations(running, OTHERS) as wire:
            wire.settle()
        assert [*waiting(ear), *waiting(far)] == []


def dropped(running: RunningLab, adapter: str) -> dict[str, Any]:
    found = [each for each in running("drops", adapter, "--json").json() if each["reason"] == 8]
    return found[0] if found else {"frames": 0}


def test_a_drop_is_told_with_the_extension_and_the_cmdlet(running: RunningLab) -> None:
    running.exec("web1", "ping", "-c", "1", "-W", "1", "192.168.1.32", check=None)
    found = dropped(running, "web1")
    assert (found["words"], found["setting"], found["remedy"]) == ("filtered", f"extension {VFP}", REMEDY)


def test_access_lists_come_before(running: RunningLab) -> None:
    known = adapters(running)
    with packet_socket(running, known["denied"], 0x88B6) as mouth:
        for _ in range(3):
            mouth.send((raw(BROADCAST) + raw(MACS["denied"]) + b"\x88\xb6").ljust(60, b"\0"))
    rows = eventually(
        lambda: running("drops", "denied", "--json").json(),
        lambda seen: any(each["reason"] == 12 and each["frames"] >= 3 for each in seen),
    )
    assert {each["reason"] for each in rows} == {12}


@pytest.mark.parametrize(("source", "target"), [("web1", "web2"), ("pc1", "web1"), ("web1", "pc1"), ("hv1", "web3")])
def test_a_trace_names_the_extension_and_the_cmdlet(running: RunningLab, source: str, target: str) -> None:
    told = running("trace", source, target, check=1).out
    assert f'switch "S" of "hv1" forwards nothing: its forwarding extension "{VFP}" has no policy' in told
    assert REMEDY in told


def test_extensions_are_listed(running: RunningLab) -> None:
    switches = {each["name"]: each["extensions"] for each in running.status()["switches"]}
    assert {name: [each["enabled"] for each in found] for name, found in switches.items()} == {
        "S": [False, False, True], "Plain": [True, False, False],
    }  # fmt: skip
    assert [(each["name"], each["vendor"], each["type"]) for each in switches["S"]] == [
        ("Microsoft NDIS Capture", "Microsoft", "Capture"),
        ("Microsoft Windows Filtering Platform", "Microsoft", "Filter"),
        (VFP, "Microsoft", "Forwarding"),
    ]
    assert VFP in running("status").out


def test_a_switch_with_the_capture_extension_can_be_captured(running: RunningLab) -> None:
    words = ("--lab", running.name, "capture", "--switch", "Plain", "--filter", "icmp", "-c", "4")
    with running.hvlab.start(*words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as capturing:
        assert capturing.stdout
        assert capturing.stderr
        said = b""
        while b"listening on" not in said:
            line = capturing.stderr.readline()
            assert line, said
            said += line
        # Into another switch of the host, which is none of this one's business.
        known = ("192.168.1.32", "lladdr", MACS["web2"], "dev", "eth0")
        running.exec("web1", "ip", "neigh", "replace", *known)
        running.exec("web1", "ping", "-c", "1", "-W", "1", "192.168.1.32", check=1)
        running.exec("web1", "ip", "neigh", "del", *known)
        running.exec("web3", "ping", "-c", "1", "-W", "2", "192.168.1.10")
        seen = [line.split() for line in capturing.stdout.read().decode().splitlines()]
    assert b"web3-eth0: web3/Network Adapter" in said
    assert [(line[1], line[2]) for line in seen] == [
        ("web3-eth0", "P"), ("Ethernet2", "Out"), ("Ethernet2", "P"), ("web3-eth0", "Out"),
    ]  # fmt: skip
    refused = running("capture", "--switch", "S", "-c", "1", check=2).err
    assert 'extension "Microsoft NDIS Capture" of switch "S" of "hv1" is off, expected on' in refused
    assert 'Enable-VMSwitchExtension -VMSwitchName "S" -Name "Microsoft NDIS Capture"' in refused


def test_the_switch_forwards_again_when_it_is_disabled(running: RunningLab) -> None:
    told = running.apply(without_vfp()).out
    assert f"enabled extensions {VFP} -> Microsoft Windows Filtering Platform" in told
    everybody = (*ON_S, *OTHERS)
    with stations(running, everybody) as wire:
        assert wire.copies("web1", BROADCAST) == once(everybody, "web1")
    running.agrees()
    lost = {pair for pair, reached in running.cells().items() if not reached}
    assert all("denied" in pair for pair in lost), lost  # it has no address
    running.apply(TOPOLOGY)
    running.agrees()
