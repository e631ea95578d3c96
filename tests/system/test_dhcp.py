"""DHCP with real servers and real clients: whose lease a client gets, what is in it, and what becomes of it."""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_interface
from typing import Any

import pytest

from lab.model.leasing import LINK_LOCAL, prospects
from lab.model.load import load
from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.frames import EVERYTHING, waiting
from tests.system.labs import TOPOLOGIES, RunningLab, edited

pytestmark = pytest.mark.system

FILES = {path.stem: path for path in TOPOLOGIES}
TEXT = FILES["dhcp"].read_text()

# What a client that is started by hand says it has got: NAME=VALUE for everything.
_PRINT = "printf '#!/bin/sh\\n[ $1 = bound ] && env\\nexit 0\\n' >/run/print && chmod +x /run/print"


def clients(lab: RunningLab) -> dict[str, Any]:
    """Return what each DHCP client has got, by the names of their machines."""
    return {each["node"]: each for each in lab("dhcp", "--json").json()["clients"]}


def leases(lab: RunningLab, server: str = "dhcp1") -> dict[str, Any]:
    """Return what a server has leased, by address."""
    return {each["ip"]: each for each in lab("dhcp", "--json").json()["leases"] if each["server"] == server}


def asked(lab: RunningLab, node: str, *options: str) -> dict[str, str]:
    """Return what a client gets that a guest starts by itself, once, on an adapter without an address."""
    client = "udhcpc -i eth0 -f -n -q -t 5 -T 1 -s /run/print"
    done = lab.exec(node, "sh", "-c", f"{_PRINT} && {client} {' '.join(options)}", check=None)
    pairs = (line.partition("=") for line in done.out.splitlines())
    return {name: value for name, _, value in pairs}


def as_predicted(lab: RunningLab) -> dict[str, Any]:
    """Check that every client has a lease that the oracle allows, or none where it allows none; return the clients."""
    found = clients(lab)
    wanted = prospects(load(lab.file, parameters=dict(word.split("=") for word in lab.settings[1::2])))
    assert wanted
    for name, allowed in wanted.items():
        node = name.partition("/")[0]
        got = found[node]
        address = ip_interface(got["address"]).ip
        if allowed:
            assert got["state"] == "leased", got
            assert any(address in each for each in allowed), (got, allowed)
        else:
            assert got["state"] == "autoconfigured", got
            assert address in LINK_LOCAL
    return found


@pytest.fixture(scope="module")
def running(lab: LabOf) -> Iterator[RunningLab]:
    with lab(FILES["dhcp"]) as found:
        yield found


def test_a_lease_is_inside_the_range_and_outside_its_exclusion(running: RunningLab) -> None:
    found = as_predicted(running)
    for name in ("client1", "client2"):
        host = ip_interface(found[name]["address"]).ip
        assert 120 <= int(str(host).rpartition(".")[2]) <= 199
        assert found[name]["server"] == "10.0.1.2"
        assert found[name]["gateway"] == "10.0.1.1"
        assert found[name]["dns"] == "10.0.1.2"
        assert found[name]["domain"] == "class.example"
        assert found[name]["lease_s"] == 8 * 24 * 3600
    running.agrees()
    assert running.cells()["client1", "client2"]


def test_an_excluded_address_is_leased_to_whom_it_is_reserved_for(running: RunningLab) -> None:
    assert clients(running)["printer"]["address"] == "10.0.1.110/24"
    row = leases(running)["10.0.1.110"]
    assert row["state"] == "ActiveReservation"
    assert row["client_id"] == "00-15-5d-00-01-10"


def test_the_status_and_the_names_know_leased_addresses(running: RunningLab) -> None:
    address = clients(running)["client1"]["address"]
    adapter = next(each for each in running.status()["adapters"] if each["machine"] == "client1")
    assert adapter["addresses"] == [address]
    assert adapter["status"] == "Ok, leased from 10.0.1.2"
    assert running.exec("client2", "ping", "-c1", "-W2", "client1").code == 0
    assert running("trace", "client1", "client2").code == 0


def test_a_guest_asks_the_name_servers_it_was_told_and_no_other_guest_does(running: RunningLab) -> None:
    assert "nameserver 10.0.1.2\n" in running.exec("client1", "cat", "/etc/resolv.conf").out
    assert "nameserver" not in running.exec("dhcp1", "cat", "/etc/resolv.conf").out
    assert running.exec("client1", "getent", "hosts", "nowhere.example", check=None).code == 2


def test_statistics_count_what_is_leased_and_what_is_free(running: RunningLab) -> None:
    (scope,) = running("dhcp", "--json").json()["scopes"]
    assert (scope["free"], scope["in_use"], scope["reserved"]) == (78, 3, 1)


def test_release_and_renew(running: RunningLab) -> None:
    before = clients(running)["client1"]
    assert "no address" in running("dhcp", "release", "client1").out
    assert clients(running)["client1"]["state"] == "unconfigured"
    assert running.exec("client2", "ping", "-c1", "-W1", before["address"].partition("/")[0], check=None).code != 0
    taken = leases(running).get(before["address"].partition("/")[0])
    assert taken is None or taken["state"] == "Expired"
    assert "leased from 10.0.1.2" in running("dhcp", "renew", "client1").out
    assert clients(running)["client1"]["state"] == "leased"
    assert running("dhcp", "renew", "client1").code == 0, "a lease that is there is renewed, too"


def test_a_killed_server_comes_back_with_its_leases(running: RunningLab) -> None:
    before = leases(running)
    assert before
    running.pod.kill(["dhcp-server@dhcp1"])
    eventually(lambda: running.pod.processes()["dhcp-server@dhcp1"].restarts, lambda seen: seen >= 1)
    running.healthy()
    eventually(lambda: leases(running), lambda now: now == before, timeout=10.0)
    assert running("dhcp", "renew", "client2").code == 0


def test_a_killed_client_comes_back_with_its_address(running: RunningLab) -> None:
    before = clients(running)["client2"]["address"]
    running.pod.kill(["dhcp-client-eth0@client2"])
    eventually(lambda: running.pod.processes()["dhcp-client-eth0@client2"].restarts, lambda seen: seen >= 1)
    eventually(
        lambda: clients(running)["client2"],
        lambda now: (now["state"], now["address"]) == ("leased", before),
        timeout=10.0,
    )


def test_applying_the_same_file_changes_nothing(running: RunningLab) -> None:
    before = running.pod.processes()
    assert "nothing to do" in running.apply(TEXT).out
    now = running.pod.processes()
    assert {name: each.pid for name, each in now.items()} == {name: each.pid for name, each in before.items()}


def test_a_client_becomes_static_and_dynamic_again(running: RunningLab) -> None:
    said = running.apply(
        edited(TEXT, ('hv1.vm("client2", "Internal", "dhcp")', 'hv1.vm("client2", "Internal", "10.0.1.50/24")'))
    )
    assert "DHCP" in said.out
    assert "client2" not in clients(running)
    shown = running.exec("client2", "ip", "-4", "-o", "addr", "show", "eth0").out
    assert "10.0.1.50/24" in shown
    assert shown.count("inet ") == 1, "the leased address is given back"
    running.agrees()
    running.apply(TEXT)
    as_predicted(running)
    running.agrees()


def test_a_scope_that_changes_is_obeyed_at_the_next_renewal(running: RunningLab) -> None:
    running.apply(edited(TEXT, ('"10.0.1.199"', '"10.0.1.129"'), ('"10.0.1.119")]', '"10.0.1.124")]')))
    try:
        anew(running)
        as_predicted(running)
    finally:
        running.apply(TEXT)


ALONE = """
from lab import Lab, dhcp_policy, dhcp_reservation, dhcp_scope
lab = Lab("alone")
hv1 = lab.host("hv1")
hv1.private_switch("Private")
hv1.vm("dhcp1", "Private", "10.0.1.2/24")
hv1.vm("client1", "Private", "dhcp")
hv1.vm("client2", "Private", "dhcp")
hv1.vm("squatter", "Private", "10.0.1.100/24")
hv1.vm("probe", "Private", mac="00155D0000AA")
"""
SERVED = """"10.0.1.2/24").dhcp_server(
    dhcp_scope("10.0.1.0/24", "10.0.1.100", "10.0.1.{end}", router="10.0.1.1", boot_file="scope", {more}), {whole})"""


def serving(end: int = 199, more: str = "", whole: str = "") -> str:
    return edited(ALONE, ('"10.0.1.2/24")', SERVED.format(end=end, more=more, whole=whole)))


@pytest.fixture(scope="module")
def alone(lab: LabOf) -> Iterator[RunningLab]:
    with lab(ALONE) as found:
        yield found


def anew(lab: RunningLab) -> None:
    """Have all clients give back what they have, and ask again."""
    names = tuple(clients(lab))
    for name in names:
        lab("dhcp", "release", name)
    for name in names:
        lab("dhcp", "renew", name, check=None)


def test_without_a_server_clients_give_themselves_addresses(alone: RunningLab) -> None:
    alone.apply(ALONE)
    found = as_predicted(alone)
    assert {each["state"] for each in found.values()} == {"autoconfigured"}
    alone.agrees()
    assert alone.cells()["client1", "client2"]


@pytest.mark.switching
def test_a_server_that_comes_later_is_found(alone: RunningLab) -> None:
    alone.apply(ALONE)
    assert "add role" in alone.apply(serving()).out
    eventually(lambda: clients(alone)["client1"]["state"], lambda state: state == "leased", timeout=15.0)
    eventually(lambda: clients(alone)["client2"]["state"], lambda state: state == "leased", timeout=15.0)
    as_predicted(alone)
    alone.agrees()


@pytest.mark.switching
def test_an_address_that_somebody_has_is_declined(alone: RunningLab) -> None:
    alone.apply(ALONE)
    alone.apply(serving())
    for name in ("client1", "client2"):
        eventually(lambda name=name: clients(alone)[name]["state"], lambda state: state == "leased", timeout=15.0)
    assert "10.0.1.100/24" not in [each["address"] for each in clients(alone).values()]
    assert leases(alone)["10.0.1.100"]["state"] == "Declined"


@pytest.mark.switching
def test_what_is_leased_to_one_is_not_leased_to_another(alone: RunningLab) -> None:
    alone.apply(serving(end=101))
    anew(alone)
    states = lambda: sorted(each["state"] for each in clients(alone).values())  # noqa: E731
    eventually(states, lambda found: found == ["autoconfigured", "leased"], timeout=15.0)
    (scope,) = alone("dhcp", "--json").json()["scopes"]
    assert (scope["free"], scope["percentage_in_use"]) == (0, 100)


@pytest.mark.switching
def test_an_inactive_scope_leases_nothing(alone: RunningLab) -> None:
    alone.apply(serving(more="active=False"))
    anew(alone)
    assert asked(alone, "probe") == {}
    as_predicted(alone)


RESERVED = 'reservations=[dhcp_reservation("10.0.1.9", "00155D0000AA"{0})]'
POLICY = 'policies=[dhcp_policy("PXE", vendor_class="PXEClient", boot_file="policy")]'
LEVELS: Mapping[str, tuple[str, str, str, str]] = {
    "scope over server": ("", 'wpad="server"', "", "scope"),
    "policy of the scope": (POLICY, "", "-V PXEClient:Arch:00000", "policy"),
    "policy of the server": ("", POLICY, "-V PXEClient:Arch:00000", "policy"),
    "policy of others": (POLICY, "", "-V MSFT", "scope"),
    "reservation over policy": (
        f"{POLICY}, {RESERVED.format(', boot_file=' + repr('reservation'))}", "", "-V PXEClient", "reservation",
    ),
    "reservation without it": (RESERVED.format(""), "", "", "scope"),
}  # fmt: skip


@pytest.mark.switching
@pytest.mark.parametrize("level", LEVELS)
def test_the_most_specific_option_is_given(alone: RunningLab, level: str) -> None:
    more, whole, options, expected = LEVELS[level]
    alone.apply(serving(more=more, whole=whole))
    got = asked(alone, "probe", "-O bootfile -O wpad", options)
    assert got["bootfile"] == expected
    assert got["router"] == "10.0.1.1"
    assert ("wpad" in got) == ("wpad" in whole)
    assert (got["ip"] == "10.0.1.9") == ("reservation" in level)


def test_a_rogue_server_is_heard_until_dhcp_guard_is_on(lab: LabOf) -> None:
    with lab(FILES["rogue_dhcp"]) as running:
        found = as_predicted(running)
        assert {each["server"] for each in found.values()} == {"10.0.1.2"}
        assert running.drops("rogue", 17)["frames"] >= 1
        told = running("trace", "rogue", "client1", "--udp", "68", check=1).out
        assert "DhcpGuard" in told
        text = edited(running.file.read_text(), ('lab.parameter("guard", True', 'lab.parameter("guard", False'))
        text = edited(
            text, ('"10.0.1.100", "10.0.1.199", router="10.0.1.1")', '"10.0.1.100", "10.0.1.199", active=False)')
        )
        running.apply(text)
        anew(running)
        assert {each["server"] for each in as_predicted(running).values()} == {"10.0.1.66"}
        running.agrees()


def test_a_relay_agent_leads_to_the_scope_of_the_client_s_subnet(lab: LabOf) -> None:
    with lab(FILES["dhcp_relay"]) as running:
        found = as_predicted(running)
        assert found["near"]["address"].startswith("10.0.1.")
        for name in ("far1", "far2"):
            assert found[name]["address"].startswith("10.0.2.")
            assert (found[name]["server"], found[name]["gateway"]) == ("10.0.1.2", "10.0.2.1")
        assert running("dhcp", "renew", "far1").code == 0, "a renewal goes to the server directly"
        running.agrees()
        running.apply(edited(FILES["dhcp_relay"].read_text(), ('.dhcp_relay("10.0.1.2")', "")))
        running("dhcp", "release", "far2")
        running("dhcp", "renew", "far2", check=1)
        eventually(lambda: clients(running)["far2"]["state"], lambda state: state == "autoconfigured", timeout=10.0)


@pytest.mark.parametrize("mode", ["LoadBalance", pytest.param("HotStandby", marks=pytest.mark.switching)])
def test_when_one_server_ends_the_other_one_renews_its_leases(lab: LabOf, mode: str) -> None:
    with lab(FILES["dhcp_failover"], settings={"mode": mode}) as running:
        found = as_predicted(running)
        both = {"10.100.150.2", "10.100.150.3"}
        assert {each["server"] for each in found.values()} <= (both if mode == "LoadBalance" else {"10.100.150.2"})
        assert (
            leases(running, "dhcp1").keys()
            == leases(running, "dhcp2").keys()
            == {each["address"].partition("/")[0] for each in found.values()}
        )
        off = edited(running.file.read_text(), ('"10.100.150.2/24")', '"10.100.150.2/24", running=False)'))
        running.apply(off)
        eventually(
            lambda: running("dhcp", "--json").json()["failover"]["dhcp2"],
            lambda state: state == "PartnerDown",
            timeout=20.0,
        )
        for name, before in found.items():
            running("dhcp", "renew", name)
            now = clients(running)[name]
            assert (now["server"], now["address"]) == ("10.100.150.3", before["address"])
        running.apply(edited(off, (", running=False", "")))
        eventually(
            lambda: set(running("dhcp", "--json").json()["failover"].values()),
            lambda seen: seen == {"Normal"},
            timeout=30.0,
        )
        assert leases(running, "dhcp1").keys() == leases(running, "dhcp2").keys()


@pytest.mark.switching
def test_configuration_follows_only_when_replication_is_asked_for(lab: LabOf) -> None:
    text = FILES["dhcp_failover"].read_text()
    with lab(FILES["dhcp_failover"]) as running:
        running.apply(edited(text, ('router="10.100.150.1"', 'router="10.100.150.9"')))

        def gateways() -> dict[str, str]:
            for name in clients(running):
                running("dhcp", "renew", name)
            return {each["server"]: each["gateway"] for each in clients(running).values()}

        eventually(
            lambda: set(running("dhcp", "--json").json()["failover"].values()),
            lambda seen: seen == {"Normal"},
            timeout=30.0,
        )
        assert gateways() == {"10.100.150.2": "10.100.150.9", "10.100.150.3": "10.100.150.1"}
        running("dhcp", "replicate", "dhcp1")
        eventually(
            lambda: set(running("dhcp", "--json").json()["failover"].values()),
            lambda seen: seen == {"Normal"},
            timeout=30.0,
        )
        assert gateways() == {"10.100.150.2": "10.100.150.9", "10.100.150.3": "10.100.150.9"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hears what the machine's own network hears")
def test_nothing_of_it_is_heard_outside_the_lab(lab: LabOf) -> None:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(EVERYTHING)) as outside:
        outside.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        with lab(PHYSICAL) as running:
            anew(running)
            assert clients(running)["pc1"]["state"] == "leased"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
            own.sendto(b"a frame that is heard", ("127.0.0.1", 67))
        outside.setblocking(False)
        heard = [frame for frame in waiting(outside) if is_dhcp(frame)]
    assert heard, "this test hears nothing at all"
    assert all(b"a frame that is heard" in frame for frame in heard)


def is_dhcp(frame: bytes) -> bool:
    """Tell whether a frame is UDP over IPv4, from or to a port of DHCP."""
    if frame[12:14] != b"\x08\x00" or frame[23] != socket.IPPROTO_UDP:
        return False
    start = 14 + 4 * (frame[14] & 15)
    return not {67, 68}.isdisjoint(struct.unpack_from("!HH", frame, start)) if len(frame) >= start + 4 else False


PHYSICAL = """
from lab import Lab, dhcp_scope
lab = Lab("physical", interruption_s=0)
office = lab.physical_network("office", "192.168.1.0/24", router="192.168.1.1")
office.computer("pc1", "dhcp")
hv1 = lab.host("hv1")
hv1.nic("Ethernet", office, "192.168.1.20")
hv1.external_switch("External", nic="Ethernet")
hv2 = lab.host("hv2")
hv2.nic("Ethernet", office, "192.168.1.21")
hv2.external_switch("External", nic="Ethernet")
hv1.vm("dhcp1", "External", "192.168.1.2").dhcp_server(
    dhcp_scope("192.168.1.0/24", "192.168.1.100", "192.168.1.149", router="192.168.1.1"),
)
hv2.vm("web1", "External", "dhcp")
hv2.vm("old1", "External", "dhcp", generation=1, legacy=True)
hv2.vm("away1", "External", "dhcp", vlan=10)
"""


def test_a_server_serves_its_whole_physical_network_but_no_other_vlan(lab: LabOf) -> None:
    with lab(PHYSICAL) as running:
        found = as_predicted(running)
        assert found["away1"]["state"] == "autoconfigured"
        assert {found[name]["state"] for name in ("pc1", "web1", "old1")} == {"leased"}
        running.agrees()
        running.apply(edited(PHYSICAL, (", vlan=10", "")))
        started = time.monotonic()
        eventually(lambda: clients(running)["away1"]["state"], lambda state: state == "leased", timeout=15.0)
        assert time.monotonic() - started < 15
        as_predicted(running)
        running.agrees()


def first(lab: RunningLab) -> str:
    """Return the address of the first DHCP client."""
    return str(lab("dhcp", "--json").json()["clients"][0]["address"])


@pytest.mark.switching
def test_a_client_that_is_moved_to_another_switch_gets_an_address_there(lab: LabOf) -> None:
    text = """
from lab import Lab, dhcp_scope
lab = Lab("moved")
hv1 = lab.host("hv1")
for at in (1, 2):
    hv1.private_switch(f"S{at}")
    hv1.vm(f"dhcp{at}", f"S{at}", f"10.0.{at}.2/24").dhcp_server(
        dhcp_scope(f"10.0.{at}.0/24", f"10.0.{at}.100", f"10.0.{at}.199", router=f"10.0.{at}.1"))
hv1.vm("client1", "S1", "dhcp").adapter(None, "dhcp")
"""
    with lab(text) as running:
        assert first(running) == "10.0.1.100/24"
        running.apply(edited(text, ('"client1", "S1"', '"client1", "S2"')))
        assert first(running) == "10.0.2.100/24"
        running.agrees()


@pytest.mark.switching
def test_a_server_that_ends_again_and_again_is_told_of(alone: RunningLab, announce: Callable[[str], None]) -> None:
    announce("DHCP4_|cannot bind|in use|bad")
    alone.apply(serving())
    alone.exec("dhcp1", "sh", "-c", "echo bad >/run/kea/leases4.csv")

    def told() -> str:
        if alone.pod.processes()["dhcp-server@dhcp1"].state == "running":
            alone.pod.kill(["dhcp-server@dhcp1"])
        return alone("status", check=None).err

    try:
        eventually(told, lambda words: '"dhcp-server@dhcp1" has ended' in words, timeout=30.0)
    finally:
        alone.exec("dhcp1", "rm", "-f", "/run/kea/leases4.csv")
    alone.apply(ALONE)
