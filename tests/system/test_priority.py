"""IeeePriorityTag: whether the 802.1p priority of a frame is kept, from its sender to each of its receivers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.frames import BROADCAST, raw
from tests.system.labs import RunningLab, edited
from tests.system.packets import ICMP, icmp, packet
from tests.system.tagged import IGNORE_OUTGOING, SOL_PACKET, Ears, Fence, Heard, listening, tag

pytestmark = [pytest.mark.system, pytest.mark.switching]

VMS = {
    "on": "ieee_priority_tag=True",
    "off": "",
    "on10": "vlan=10, ieee_priority_tag=True",
    "off10": "vlan=10",
    "iso10": "isolation=isolation(allow_untagged_traffic=True, default_isolation_id=10), ieee_priority_tag=True",
    "trunk": 'vlan=trunk("1-4094", native=0), ieee_priority_tag=True',
    "trunkoff": 'vlan=trunk("1-4094", native=0)',
}
TOPOLOGY = """
from lab import Lab, isolation, trunk

lab = Lab("priority", interruption_s=0)
office = lab.physical_network("office", "10.0.0.0/24")
office.computer("pc", "10.0.0.100")
office.computer("pc10", "10.0.0.110", vlan=10)
for number in (1, 2):
    host = lab.host(f"hv{number}")
    host.nic("Ethernet", office)
    learning = "Pinned" if number == 2 else "Learning"
    host.external_switch("External", nic="Ethernet", learning=learning, allow_management_os=False)
hv1, hv2 = lab._hosts
""" + "".join(
    f'hv{host}.vm("{name}-{host}", "External", "10.0.0.{10 * host + at}", {settings})\n'
    for host in (1, 2)
    for at, (name, settings) in enumerate(VMS.items())
)
ALL = [f"{name}-{host}" for host in (1, 2) for name in VMS]


@pytest.fixture(scope="module")
def running(lab: LabOf) -> Iterator[RunningLab]:
    with lab(TOPOLOGY) as found:
        yield found


@pytest.fixture(scope="module")
def ears(running: RunningLab) -> Iterator[Ears]:
    with listening(running, Fence("off10-1", None, len(heard("off10-1", None)))) as found:
        for host in ("hv1", "hv2"):
            found.sockets[host].setsockopt(SOL_PACKET, IGNORE_OUTGOING, 0)
        yield found


def heard(sender: str, sent: int | None) -> Heard:
    """Return who gets a broadcast, and what its tag says; the NICs of both hosts hear what passes them either way."""
    vlan = 10 if "10" in sender else (sent or 0) & 0xFFF
    priority = (sent or 0) >> 13 if "off" not in sender else 0
    found: Heard = {}
    for each in (*ALL, "hv1", "hv2"):
        kept = priority if "off" not in each else 0
        if "trunk" in each or each in ("hv1", "hv2"):
            found[each] = tag(vlan, kept) or None
        elif vlan == (10 if "10" in each else 0):
            found[each] = tag(0, kept) or None
    # A physical switch takes all tags off at the ports of its computers.
    found |= {"pc10": None} if vlan == 10 else {"pc": None} if vlan == 0 else {}
    return {name: what for name, what in found.items() if name != sender}


SENT = (
    *((sender, tag(0, 5)) for sender in ALL),
    *((sender, None) for sender in ("on-1", "on10-1", "trunk-1")),
    *((sender, tag(10, 6)) for sender in ("trunk-1", "trunk-2", "trunkoff-1")),
    *(("trunk-1", tag(10, priority)) for priority in range(8)),
    ("on10-1", tag(0, 7)),
    ("trunk-1", tag(77, 3)),
)


@pytest.mark.parametrize(("sender", "sent"), SENT)
def test_the_priority_of_a_broadcast(ears: Ears, sender: str, sent: int | None) -> None:
    wanted = heard(sender, sent)
    assert ears.reached(sender, BROADCAST, sent, wanted) == wanted


@pytest.mark.parametrize("sender", ["on10-1", "off10-1", "iso10-2"])
@pytest.mark.parametrize("target", ["on10-2", "off10-2", "iso10-1", "trunk-1"])
def test_the_priority_of_a_frame_for_one(ears: Ears, sender: str, target: str) -> None:
    ears.reached(target, BROADCAST, tag(10) if target == "trunk-1" else None)
    got = ears.reached(sender, ears.known[target].mac, tag(0, 5), [target])
    assert got[target] == heard(sender, tag(0, 5))[target]


def test_a_tag_is_not_let_in_for_its_priority(ears: Ears) -> None:
    """What must not send tags must not send them with a priority either."""
    for sender in ("on-1", "on10-1", "iso10-1"):
        assert ears.reached(sender, BROADCAST, tag(10, 5)) == {}


def test_a_guest_takes_what_has_a_priority_and_no_vlan(running: RunningLab, ears: Ears) -> None:
    """Its IP stack answers."""
    addresses = "10.0.0.12", "10.0.0.14"
    content = packet(*addresses, ICMP, icmp(8, b"\0\1\0\1hvlab"))
    mac, me = (raw(ears.known[name].mac) for name in ("iso10-1", "on10-1"))
    running.exec("iso10-1", "ping", "-c1", "-W2", addresses[0])
    mouth = ears.sockets["on10-1"]
    assert b"hvlab" in content
    answers: list[bytes] = []

    def answered() -> bool:
        while True:
            try:
                answers.append(mouth.recv(2048))
            except BlockingIOError:
                return any(b"hvlab" in each and each[12:14] == b"\x08\0" and each[34] == 0 for each in answers)

    mouth.send(mac + me + b"\x81\0" + tag(0, 5).to_bytes(2, "big") + content)
    eventually(answered, timeout=5.0)


def test_it_is_changed_while_the_vm_runs(running: RunningLab, ears: Ears) -> None:
    line = next(line for line in TOPOLOGY.splitlines() if '"on10-1"' in line)
    told = running.apply(edited(TOPOLOGY, (line, line.replace(", ieee_priority_tag=True", "")))).out
    assert "IeeePriorityTag True -> False" in told
    got = ears.reached("on10-1", BROADCAST, tag(0, 5), ["trunk-2"])
    assert got["trunk-2"] == tag(10)
    running.apply(TOPOLOGY)
    assert ears.reached("on10-1", BROADCAST, tag(0, 5), ["trunk-2"])["trunk-2"] == tag(10, 5)
    running.agrees()
