"""Port mirroring by frames: every Destination gets what Sources send and get, each frame once, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.frames import BROADCAST, Stations, once, stations, stray_mac
from tests.system.labs import TOPOLOGIES, RunningLab, edited

pytestmark = [pytest.mark.system, pytest.mark.switching]

TOPOLOGY = """
from lab import Lab, deny, trunk

lab = Lab("mirrors", interruption_s=0)
office = lab.physical_network("office", "10.0.1.0/24")
office.computer("pc", "10.0.1.1")
hv1 = lab.host("hv1")
hv1.nic("Ethernet", office)
hv1.external_switch("S", nic="Ethernet", allow_management_os=False, learning="MODE", mirror_external_port=False)
hv1.vm("source", "S", "10.0.1.2", port_mirroring="Source")
hv1.vm("closed", "S", "10.0.1.3", port_mirroring="Source",
    acls=[deny(remote_mac="00155D770004", direction="Inbound"), deny(remote_mac="00155D770004", direction="Outbound")])
hv1.vm("other", "S", "10.0.1.4", mac="00155D770004")
hv1.vm("peer", "S", "10.0.1.5")
hv1.vm("mirror1", "S", "10.0.1.6", port_mirroring="Destination", acls=deny(remote="ANY"))
hv1.vm("mirror2", "S", "10.0.1.7", port_mirroring="Destination", vlan=trunk("1-4094", native=0))
hv1.vm("ten1", "S", "10.0.10.1/24", vlan=10, port_mirroring="Source")
hv1.vm("ten2", "S", "10.0.10.2/24", vlan=10)
"""
EVERYBODY = ("pc", "source", "closed", "other", "peer", "mirror1", "mirror2")
TEN = ("ten1", "ten2")
MIRRORS = ("mirror1", "mirror2")

# Sender, receiver, who gets a copy beside it.
UNICASTS = (
    ("source", "peer", MIRRORS),
    ("peer", "source", MIRRORS),
    ("peer", "other", ()),
    ("peer", "pc", ()),
    ("pc", "peer", ()),
    ("pc", "source", MIRRORS),
    ("source", "pc", MIRRORS),
    ("source", "closed", MIRRORS),
    ("closed", "source", MIRRORS),
    ("source", "mirror1", ("mirror2",)),
    ("mirror1", "source", ("mirror2",)),
    ("mirror1", "mirror2", ()),
    ("peer", "mirror1", ()),
)


@pytest.fixture(scope="module", params=["Learning", "Pinned"])
def running(request: pytest.FixtureRequest, lab: LabOf) -> Iterator[RunningLab]:
    with lab(edited(TOPOLOGY, ("MODE", request.param))) as found:
        yield found


@pytest.fixture(scope="module")
def wire(running: RunningLab) -> Iterator[Stations]:
    # Of these two, one does not hear the other.
    with stations(running, [name for name in EVERYBODY if name != "other"], ("other", "peer")) as found:
        for name in EVERYBODY:
            found.copies(name, BROADCAST)  # from now on every address is known
        yield found


@pytest.mark.parametrize(("sender", "receiver", "copies"), UNICASTS)
def test_a_frame_for_one(wire: Stations, sender: str, receiver: str, copies: tuple[str, ...]) -> None:
    assert wire.copies(sender, wire.mac(receiver)) == once((receiver, *copies))


@pytest.mark.parametrize("sender", EVERYBODY)
def test_a_frame_for_all_reaches_everybody_once(wire: Stations, sender: str) -> None:
    deaf = ("closed",) if sender == "other" else ()
    assert wire.copies(sender, BROADCAST) == once(EVERYBODY, sender, *deaf)


def test_what_the_receiver_s_access_list_drops_is_no_frame_that_it_got(wire: Stations) -> None:
    assert wire.copies("other", wire.mac("closed")) == {}


def test_what_the_sender_s_settings_drop_is_not_copied(wire: Stations, running: RunningLab) -> None:
    assert wire.copies("closed", wire.mac("other")) == {}
    invalid = wire.copies("source", wire.mac("peer"), source=BROADCAST)
    assert invalid == {}


def test_an_address_that_nobody_has(wire: Stations, running: RunningLab) -> None:
    pinned = "Pinned" in running.file.read_text()
    for sender in ("peer", "source"):
        everybody = once(EVERYBODY, sender)
        to_the_wire = {"pc": 1} | (once(MIRRORS) if sender == "source" else {})
        assert wire.copies(sender, stray_mac()) == (to_the_wire if pinned else everybody)


def test_a_mirror_gets_copies_of_the_vlans_that_it_hears(running: RunningLab) -> None:
    with stations(running, TEN) as ten, stations(running, MIRRORS) as mirrors:
        ten.copies("ten2", BROADCAST)
        mark = ten.send("ten1", ten.mac("ten2"))
        ten.settle()
        assert ten.received(mark) == once(("ten2",))
        eventually(lambda: mirrors.received(mark), lambda seen: seen == once(("mirror2",)))


def test_the_external_port_is_a_source_when_told(wire: Stations, running: RunningLab) -> None:
    usual = running.file.read_text()
    told = running.apply(edited(usual, ("mirror_external_port=False", "mirror_external_port=True"))).out
    assert "port mirroring of the external port False -> True" in told
    assert wire.copies("pc", wire.mac("peer")) == once(("peer", *MIRRORS))
    assert wire.copies("peer", wire.mac("pc")) == once(("pc", *MIRRORS))
    assert wire.copies("peer", wire.mac("other")) == once(("other",))
    assert wire.copies("source", wire.mac("pc")) == once(("pc", *MIRRORS))
    everybody = once(EVERYBODY, "peer")
    pinned = 'learning="Pinned"' in usual
    assert wire.copies("peer", stray_mac()) == (once(("pc", *MIRRORS)) if pinned else everybody)
    running.apply(usual)
    assert wire.copies("pc", wire.mac("peer")) == once(("peer",))


def test_mirroring_ends_with_its_source(wire: Stations, running: RunningLab) -> None:
    usual = running.file.read_text()
    told = running.apply(edited(usual, ('"10.0.1.2", port_mirroring="Source"', '"10.0.1.2"'))).out
    assert 'change adapter "Network Adapter" of "source": PortMirroring Source -> None' in told
    assert wire.copies("source", wire.mac("peer")) == once(("peer",))
    running.apply(usual)
    assert wire.copies("source", wire.mac("peer")) == once(("peer", *MIRRORS))


def test_a_trace_shows_the_copies(running: RunningLab) -> None:
    told = running("trace", "peer", "source").out
    assert "a copy to the Destinations of port mirroring" in told
    assert "mirror1/Network Adapter" in told
    assert "a copy to the Destinations" not in running("trace", "peer", "other").out


def test_a_source_without_a_destination_is_refused(lab: LabOf, running: RunningLab) -> None:
    usual = running.file.read_text()
    wrong = usual.replace('port_mirroring="Destination"', 'port_mirroring="None"')
    told = running.apply(wrong, check=2).err
    assert 'adapter "source/Network Adapter" is a Source of port mirroring, and switch "S" has no Destination' in told
    running.apply(usual)


def test_the_topology_mirrors_what_it_says(lab: LabOf) -> None:
    file = next(path for path in TOPOLOGIES if path.stem == "mirror")
    with lab(file) as running, stations(running, ("client1", "web1", "db1", "monitor1")) as found:
        for name in ("client1", "web1", "db1"):
            found.copies(name, BROADCAST)
        assert found.copies("client1", found.mac("web1")) == once(("web1", "monitor1"))
        assert found.copies("client1", found.mac("db1")) == once(("db1",))
        running("apply", "--set", "mirror_external_port=yes", file)
        assert found.copies("client1", found.mac("db1")) == once(("db1", "monitor1"))
