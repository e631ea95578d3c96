"""Resource metering: what the VMs that have it send and get is counted, by classes of network addresses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.frames import EVERYTHING, Adapter, adapters, packet_socket, raw
from tests.system.labs import RunningLab, edited
from tests.system.packets import UDP, packet, udp

pytestmark = [pytest.mark.system, pytest.mark.switching]

# The addresses of the frames belong to nobody, so that nothing but the frames is counted.
TOPOLOGY = """
from lab import Lab, deny, meter

lab = Lab("metering")
hv1 = lab.host("hv1")
hv1.private_switch("Private", learning="Pinned")
hv1.vm("all", "Private", mac="00155D770001", resource_metering=True)
hv1.vm("some", "Private", mac="00155D770002", resource_metering=True,
    acls=[meter(remote="10.0.1.0/24"), meter(remote="10.0.1.9"), deny(remote="10.0.3.0/24")])
hv1.vm("none", "Private", mac="00155D770003")
"""
MACS = {"all": "00:15:5d:77:00:01", "some": "00:15:5d:77:00:02", "none": "00:15:5d:77:00:03"}
SIZE = 100


@pytest.fixture(scope="module")
def running(lab: LabOf) -> Iterator[RunningLab]:
    with lab(TOPOLOGY) as found:
        yield found


def send(running: RunningLab, count: int, sender: str, receiver: str, source: str, target: str) -> None:
    """Send IPv4 packets in frames of SIZE bytes."""
    known: dict[str, Adapter] = adapters(running)
    content = packet(source, target, UDP, udp(5, 6, b"")).ljust(SIZE - 12, b"\0")
    with packet_socket(running, known[sender], EVERYTHING) as mouth:
        for _ in range(count):
            mouth.send((raw(MACS[receiver]) + raw(MACS[sender]) + content)[:SIZE])


def measured(running: RunningLab, vm: str, version: int = 4) -> dict[tuple[str, str], int]:
    found = running("measure", vm, "--json").json()
    return {(t["direction"], t["remote"]): t["bytes"] for t in found if (":" in t["remote"]) is (version == 6)}


def soon(running: RunningLab, vm: str, wanted: dict[tuple[str, str], int]) -> None:
    eventually(lambda: measured(running, vm), lambda seen: seen == wanted)


def test_everything_is_counted_where_there_are_no_meter_entries(running: RunningLab) -> None:
    running("measure", "all", "--reset")
    send(running, 3, "all", "none", "10.0.1.1", "10.0.1.3")
    send(running, 2, "none", "all", "10.0.2.3", "10.0.1.1")
    soon(running, "all", {("Inbound", "0.0.0.0/0"): 2 * SIZE, ("Outbound", "0.0.0.0/0"): 3 * SIZE})
    assert measured(running, "all", version=6).keys() == {("Inbound", "::/0"), ("Outbound", "::/0")}
    assert running("meters", "all", "--json").json() == []


def test_meter_entries_are_the_classes_and_the_longest_prefix_counts(running: RunningLab) -> None:
    running("measure", "some", "--reset")
    for source, count in (("10.0.1.7", 1), ("10.0.1.9", 2), ("10.0.2.1", 4), ("10.0.3.1", 8)):
        send(running, count, "none", "some", source, "10.0.1.2")
    send(running, 3, "some", "none", "10.0.1.2", "10.0.1.9")
    wanted = {("Inbound", "10.0.1.0/24"): 1, ("Inbound", "10.0.1.9/32"): 2}
    wanted |= {("Outbound", "10.0.1.0/24"): 0, ("Outbound", "10.0.1.9/32"): 3}
    soon(running, "some", {key: count * SIZE for key, count in wanted.items()})


def test_a_reset_is_for_one_vm_and_leaves_the_meters_alone(running: RunningLab) -> None:
    send(running, 1, "some", "all", "10.0.1.9", "10.0.1.1")
    send(running, 1, "all", "some", "10.0.1.9", "10.0.1.1")
    eventually(lambda: measured(running, "all"), lambda seen: all(seen.values()))
    eventually(lambda: measured(running, "some")["Inbound", "10.0.1.9/32"], lambda seen: seen > 0)
    before, meters = measured(running, "all"), running("meters", "some", "--json").json()
    running("measure", "some", "--reset")
    assert set(measured(running, "some").values()) == {0}
    assert measured(running, "all") == before
    assert running("meters", "some", "--json").json() == meters


def test_metering_is_turned_on_while_the_vm_runs_and_counts_from_then_on(running: RunningLab) -> None:
    send(running, 1, "none", "all", "10.0.1.3", "10.0.1.1")
    told = running.apply(edited(TOPOLOGY, ('mac="00155D770003"', 'mac="00155D770003", resource_metering=True'))).out
    assert 'change VM "none" of "hv1": resource metering False -> True' in told
    send(running, 5, "none", "all", "10.0.1.3", "10.0.1.1")
    soon(running, "none", {("Inbound", "0.0.0.0/0"): 0, ("Outbound", "0.0.0.0/0"): 5 * SIZE})
    running.apply(TOPOLOGY)
    assert 'resource metering of VM "none" is off' in running("measure", "none", check=2).err


def test_a_vm_that_was_off_counts_from_zero_whenever_it_was_reset(running: RunningLab) -> None:
    send(running, 3, "all", "none", "10.0.1.1", "10.0.1.3")
    eventually(lambda: measured(running, "all")["Outbound", "0.0.0.0/0"], lambda seen: seen >= 3 * SIZE)
    running("measure", "--reset")
    off = 'mac="00155D770001", running=False,'
    running.apply(edited(TOPOLOGY, ('mac="00155D770001",', off)))
    assert running("measure", "all", "--json").json() == []
    assert "nothing is measured" in running("measure", "all").out
    running.apply(TOPOLOGY)
    send(running, 1, "all", "none", "10.0.1.1", "10.0.1.3")
    soon(running, "all", {("Inbound", "0.0.0.0/0"): 0, ("Outbound", "0.0.0.0/0"): SIZE})


def test_what_is_shown(running: RunningLab) -> None:
    told = running("measure").out
    assert "REMOTE ADDRESS" in told
    assert "10.0.1.9/32" in told
    assert {each["vm"] for each in running("measure", "--json").json()} == {"all", "some"}
    told = running("measure", "noone", check=2).err
    assert 'no VM is called "noone"; did you mean "none"?' in told
