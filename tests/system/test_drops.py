"""`hvlab drops` and `hvlab meters`: what was dropped or counted, on whose account, and what would change it."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator

import pytest

from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.frames import BROADCAST, EVERYTHING, Adapter, adapters, packet_socket, raw
from tests.system.labs import RunningLab
from tests.system.packets import ICMP, SYN, TCP, UDP, icmp, packet, tcp, udp

pytestmark = [pytest.mark.system, pytest.mark.switching]

TOPOLOGY = """
from lab import Lab, allow, deny, extended_deny, isolated, meter

lab = Lab("drops")
hv1 = lab.host("hv1")
hv1.private_switch("Pinned", learning="Pinned")
hv1.vm("sender", "Pinned", "10.0.1.1/24", mac="00155D770001", dhcp_guard=True, router_guard=True)
hv1.vm("guest", "Pinned", "10.0.1.2/24", mac="00155D770002",
    acls=[deny(remote="10.0.1.0/24", direction="Inbound"), allow(remote="10.0.1.3"), meter(remote="10.0.1.3")])
hv1.vm("web", "Pinned", "10.0.1.3/24", mac="00155D770003",
    extended_acls=[extended_deny(7, "Inbound", protocol="TCP", local_port="80-90")])
hv1.vm("ten", "Pinned", mac="00155D770004", vlan=10)
"""
SET = 'Set-VMNetworkAdapter -VMName "sender" -Name "Network Adapter"'
MACS = {name: f"00:15:5d:77:00:0{number}" for number, name in enumerate(("sender", "guest", "web", "ten"), start=1)}


@pytest.fixture(scope="module")
def running(lab: LabOf) -> Iterator[RunningLab]:
    with lab(TOPOLOGY) as found:
        yield found


@pytest.fixture(scope="module")
def known(running: RunningLab) -> dict[str, Adapter]:
    return adapters(running)


def send(running: RunningLab, known: dict[str, Adapter], count: int, target: str, content: bytes, **who: str) -> None:
    sender = who.get("sender", "sender")
    frame = raw(target) + raw(who.get("source", MACS[sender])) + content
    with packet_socket(running, known[sender], EVERYTHING) as mouth:
        for _ in range(count):
            mouth.send(frame.ljust(60, b"\0"))


def from_sender(target: str, protocol: int, content: bytes) -> bytes:
    return packet("10.0.1.1", target, protocol, content)


WHAT: dict[str, tuple[str, int, str, str, str, tuple[str, bytes], dict[str, str]]] = {
    # whose, reason, setting, cmdlet, last frame; target and content, and who sends
    "spoofed MAC": (
        "sender", 16, "MacAddressSpoofing Off", f"{SET} -MacAddressSpoofing On", "type 0x88b5 020000000009",
        (BROADCAST, b"\x88\xb5spoofed"), {"source": "02:00:00:00:00:09"},
    ),
    "DHCP guard": (
        "sender", 17, "DhcpGuard On", f"{SET} -DhcpGuard Off", "UDP 10.0.1.1:67 -> 10.0.1.2:68",
        (MACS["guest"], from_sender("10.0.1.2", UDP, udp(67, 68, b"offer"))), {},
    ),
    "router guard": (
        "sender", 18, "RouterGuard On", f"{SET} -RouterGuard Off", "ICMP 10.0.1.1 -> 10.0.1.2",
        (MACS["guest"], from_sender("10.0.1.2", ICMP, icmp(9, b"advertisement"))), {},
    ),
    "port ACL": (
        "guest", 12, "Deny Inbound RemoteIPAddress 10.0.1.0/24",
        'Remove-VMNetworkAdapterAcl -VMName "guest" -VMNetworkAdapterName "Network Adapter" -Action Deny '
        "-Direction Inbound -RemoteIPAddress 10.0.1.0/24", "UDP 10.0.1.1:5 -> 10.0.1.2:6",
        (MACS["guest"], from_sender("10.0.1.2", UDP, udp(5, 6, b"denied"))), {},
    ),
    "extended ACL": (
        "web", 12, "Deny Inbound Weight 7 LocalPort 80-90 Protocol TCP",
        'Remove-VMNetworkAdapterExtendedAcl -VMName "web" -VMNetworkAdapterName "Network Adapter" -Direction Inbound '
        "-Weight 7", "TCP 10.0.1.1:5000 -> 10.0.1.3:81",
        (MACS["web"], from_sender("10.0.1.3", TCP, tcp(5000, 81, SYN, b""))), {},
    ),
    "another VLAN's tag": (
        "ten", 25, "VLAN Access 10", "", "tagged VLAN 20", (BROADCAST, b"\x81\0\0\x14\x88\xb5tagged"), {"sender": "ten"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", WHAT)
def test_every_drop_is_counted_and_explained(running: RunningLab, known: dict[str, Adapter], what: str) -> None:
    whose, reason, setting, remedy, last, (target, content), who = WHAT[what]
    before = running.drops(whose, reason)["frames"]
    send(running, known, 3, target, content, **who)
    found = eventually(lambda: running.drops(whose, reason), lambda seen: seen["frames"] == before + 3)
    assert (found["adapter"], found["switch"], found["setting"]) == (f"{whose}/Network Adapter", "Pinned", setting)
    assert found["remedy"] == remedy
    assert last in found["last"]
    assert found["seconds_ago"] < 10
    told = running("drops").out
    assert f"{reason} {found['words']}" in told
    assert remedy in told


def test_who_says_a_name_that_is_none_is_told(running: RunningLab) -> None:
    told = running("drops", "sendr", check=2).err
    assert 'no adapter on a virtual switch is called "sendr"; did you mean "sender"?' in told


def test_followed_drops_come_one_by_one(running: RunningLab, known: dict[str, Adapter]) -> None:
    _, reason, _, _, last, (target, content), _ = WHAT["DHCP guard"]
    words = ("--lab", running.name, "drops", "sender", "--follow")
    with running.hvlab.start(*words, stdout=subprocess.PIPE) as following:
        assert following.stdout
        while b"to change that" not in (line := following.stdout.readline()):
            assert line
        while b"Set-VMNetworkAdapter" not in following.stdout.readline():
            pass
        send(running, known, 2, target, content)
        while b"dropped, reason" not in (line := following.stdout.readline()):
            assert line
        following.send_signal(signal.SIGINT)
    assert f"sender/Network Adapter: 2 dropped, reason {reason}: DHCP guard (DhcpGuard On): {last}" in line.decode()


def test_meters_count_what_passes(running: RunningLab, known: dict[str, Adapter]) -> None:
    def counted() -> dict[str, tuple[int, int]]:
        found = running("meters", "guest", "--json").json()
        return {each["entry"]: (each["frames"], each["bytes"]) for each in found}

    inbound, outbound = (f"Meter {way} RemoteIPAddress 10.0.1.3/32" for way in ("Inbound", "Outbound"))
    before = counted()
    # To a port at which nobody listens: what is counted the other way are the guest's own complaints.
    content = packet("10.0.1.3", "10.0.1.2", UDP, udp(5, 6, b"x" * 100))
    send(running, known, 5, MACS["guest"], content, sender="web")
    size = 5 * (12 + len(content))
    wanted = (before[inbound][0] + 5, before[inbound][1] + size)
    eventually(lambda: counted()[inbound], lambda seen: seen == wanted)
    assert outbound in before
    assert inbound in running("meters").out
    assert "nothing is metered" in running("meters", "web").out
