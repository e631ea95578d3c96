"""IPv6 for clients, with real routers, servers and clients: who hears whom, who leases what, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv6Address, ip_address, ip_interface
from typing import Any

import pytest

from lab.model.advertising import autoconfigured
from lab.model.autoconfiguration import Prospect6, prospects6
from lab.model.load import load
from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.labs import TOPOLOGIES, RunningLab, edited

# An ordinary user starts the same programs, in test_topologies.py.
pytestmark = [pytest.mark.system, pytest.mark.switching]

FILES = {path.stem: path for path in TOPOLOGIES}
TEXT = FILES["dhcpv6"].read_text()
DAY = 24 * 3600


def clients(lab: RunningLab) -> dict[str, Any]:
    """Return what each IPv6 client has got, by the names of their machines."""
    return {each["node"]: each for each in lab("dhcp", "--json").json()["clients6"]}


def leases(lab: RunningLab, server: str = "dhcp1") -> dict[str, Any]:
    """Return what a server has leased, by address."""
    return {each["ip"]: each for each in lab("dhcp", "--json").json()["leases6"] if each["server"] == server}


def predicted(lab: RunningLab) -> dict[str, Prospect6]:
    """Return what each client can get, by the names of their machines; each has one adapter that is a client."""
    parameters = dict(word.split("=") for word in lab.settings[1::2])
    found = prospects6(load(lab.file, parameters=parameters))
    assert found
    return {name.partition("/")[0]: each for name, each in found.items()}


def mac(lab: RunningLab, node: str) -> str:
    """Return the MAC address of a machine's eth0."""
    return lab.exec(node, "cat", "/sys/class/net/eth0/address").out.strip()


def addresses(client: Any) -> set[IPv6Address]:
    return {IPv6Address(each.partition("/")[0]) for each in client["addresses"]}


def is_as_predicted(lab: RunningLab, client: Any, wanted: Prospect6) -> None:
    """Check what one client has got: an address of each prefix, a lease of a server, the routers, and nothing else."""
    own = {autoconfigured(prefix, mac(lab, client["node"])) for prefix in wanted.prefixes}
    leased = addresses(client) - own
    assert own <= addresses(client), (client, wanted)
    assert len(leased) == bool(wanted.servers), (client, wanted)
    assert all(any(address in server for server in wanted.servers) for address in leased), (client, wanted)
    assert set(client["routers"]) == {each.partition("/")[0] for each in wanted.routers}, (client, wanted)
    assert (client["managed"], client["other"]) == (wanted.managed, wanted.other), (client, wanted)
    assert bool(client["gateways"]) == bool(wanted.gateways), (client, wanted)


def as_predicted(lab: RunningLab) -> dict[str, Any]:
    """Check that every client has what the oracle predicts; return the clients."""
    found = clients(lab)
    for name, wanted in predicted(lab).items():
        is_as_predicted(lab, found[name], wanted)
    return found


@pytest.fixture(scope="module")
def running(lab: LabOf) -> Iterator[RunningLab]:
    with lab(FILES["dhcpv6"]) as found:
        yield found


def test_clients_have_an_address_of_their_own_making_and_a_leased_one(running: RunningLab) -> None:
    found = as_predicted(running)
    for name in ("client1", "client2"):
        client = found[name]
        assert client["server"] == "dhcp1"
        assert client["dns"] == "fd00:2::53"
        assert client["domain"] == "class.example"
        assert client["lease_s"] == 12 * DAY
        assert client["gateways"] == ["fd00:1::1"]
        assert autoconfigured(ip_interface("fd00:1::/64").network, mac(running, name)) in addresses(client)  # type: ignore[arg-type]
    running.agrees()
    assert running.cells()["client1", "server1"], "beyond the router"


def test_the_kernel_counts_down_what_windows_has_as_lifetimes(running: RunningLab) -> None:
    leased = clients(running)["client1"]["leased"]
    shown = running.exec("client1", "ip", "-6", "-o", "addr", "show", "to", f"{leased}/128").out.split()
    valid, preferred = (int(shown[shown.index(word) + 1].rstrip("sec")) for word in ("valid_lft", "preferred_lft"))
    assert 11 * DAY < valid <= 12 * DAY
    assert 7 * DAY < preferred <= 8 * DAY


def test_an_excluded_address_is_leased_to_whom_it_is_reserved_for(running: RunningLab) -> None:
    assert clients(running)["printer"]["leased"] == "fd00:1::50"
    row = leases(running)["fd00:1::50"]
    assert (row["state"], row["host_name"]) == ("ActiveReservation", "printer")
    assert row["client_duid"] == "00-03-00-01-00-15-5d-00-01-10"


def test_the_server_knows_its_clients(running: RunningLab) -> None:
    client = clients(running)["client2"]
    row = leases(running)[client["leased"]]
    assert (row["host_name"], row["state"], row["prefix"]) == ("client2", "Active", "fd00:1::")
    assert row["client_duid"].replace("-", ":") == f"00:03:00:01:{mac(running, 'client2')}"
    (scope,) = running("dhcp", "--json").json()["scopes6"]
    assert (scope["name"], scope["in_use"], scope["reserved"]) == ("Classroom", 3, 1)
    assert scope["free"] == 2**64 - 1 - 255 - 2


def test_names_status_and_trace_know_the_addresses(running: RunningLab) -> None:
    client = clients(running)["client1"]
    adapter = next(each for each in running.status()["adapters"] if each["machine"] == "client1")
    assert adapter["addresses"] == client["addresses"]
    assert adapter["status"] == "Ok, IPv6 leased from dhcp1, IPv6 of prefixes of router1"
    assert running.exec("client2", "ping", "-6", "-c1", "-W2", "client1").code == 0
    assert running("trace", "client1", "server1").code == 0


def test_a_guest_asks_the_name_server_that_it_was_told(running: RunningLab) -> None:
    text = running.exec("client1", "cat", "/etc/resolv.conf").out
    assert "nameserver fd00:2::53\n" in text
    assert "search class.example." in text


def test_release_and_renew(running: RunningLab) -> None:
    before = clients(running)["client1"]
    running("dhcp", "release", "client1", "-6")
    after = clients(running)["client1"]
    assert after["leased"] is None
    assert addresses(after) == addresses(before) - {ip_address(before["leased"])}, "what it has made itself stays"
    taken = leases(running).get(before["leased"])
    assert taken is None or taken["state"] == "Expired"
    assert "fd00:2::53" not in running.exec("client1", "cat", "/etc/resolv.conf").out
    assert running.exec("client2", "ping", "-c1", "-W1", before["leased"], check=None).code != 0
    assert "IPv6 leased from dhcp1" in running("dhcp", "renew", "client1").out
    as_predicted(running)


def test_an_address_that_was_another_s_is_found_where_it_is_now(running: RunningLab) -> None:
    before = clients(running)["client1"]["leased"]
    assert running.exec("dhcp1", "ping", "-c1", "-W2", before).code == 0
    running("dhcp", "release", "client1")
    running("dhcp", "release", "client2")
    one_each = edited(
        TEXT,
        (
            'exclusions=[("fd00:1::1", "fd00:1::ff")]',
            f'exclusions=[("fd00:1::", "{IPv6Address(int(ip_address(before)) - 1)}"), ("{IPv6Address(int(ip_address(before)) + 1)}", "fd00:1::ffff:ffff:ffff:ffff")]',
        ),
    )
    running.apply(one_each)
    try:
        running("dhcp", "renew", "client2")
        assert clients(running)["client2"]["leased"] == before
        assert running.exec("dhcp1", "ping", "-c1", "-W2", before).code == 0
    finally:
        running.apply(TEXT)
        running("dhcp", "renew", "client1")
    as_predicted(running)
    running.agrees()


def test_a_renewal_gives_the_same_address_for_longer(running: RunningLab) -> None:
    before = clients(running)["client2"]
    ends = leases(running)[before["leased"]]["expires"]
    eventually(
        lambda: (running("dhcp", "renew", "client2").code, leases(running)[before["leased"]]["expires"]),
        lambda seen: seen[0] == 0 and seen[1] > ends,
        timeout=10.0,
    )
    assert clients(running)["client2"]["leased"] == before["leased"]


def test_a_killed_server_comes_back_with_its_leases(running: RunningLab) -> None:
    before = leases(running)
    assert before
    running.pod.kill(["dhcp6-server@dhcp1"])
    eventually(lambda: running.pod.processes()["dhcp6-server@dhcp1"].restarts, lambda seen: seen >= 1)
    running.healthy()
    eventually(lambda: leases(running), lambda now: now == before, timeout=10.0)
    assert running("dhcp", "renew", "client1", "-6").code == 0


def test_a_killed_client_comes_back_with_its_addresses(running: RunningLab) -> None:
    before = clients(running)["client2"]
    running.pod.kill(["ipv6-client-eth0@client2"])
    eventually(lambda: running.pod.processes()["ipv6-client-eth0@client2"].restarts, lambda seen: seen >= 1)
    eventually(
        lambda: clients(running)["client2"],
        lambda now: now["obtained"] > before["obtained"] and now["addresses"] == before["addresses"],
        timeout=15.0,
    )
    assert running.exec("client2", "pgrep", "-c", "dhclient").out.strip() == "1", "the old one has ended with it"


def test_a_killed_router_goes_on_advertising(running: RunningLab) -> None:
    running.pod.kill(["router-advertisements@router1"])
    eventually(lambda: running.pod.processes()["router-advertisements@router1"].restarts, lambda seen: seen >= 1)
    running.healthy()
    assert running("dhcp", "renew", "client1", "-6").code == 0


def test_applying_the_same_file_changes_nothing(running: RunningLab) -> None:
    before = {name: each.pid for name, each in running.pod.processes().items()}
    assert "nothing to do" in running.apply(TEXT).out
    assert {name: each.pid for name, each in running.pod.processes().items()} == before


def test_a_client_becomes_static_and_listens_again(running: RunningLab) -> None:
    static = edited(
        TEXT, ('"client2", "Clients", "auto"', '"client2", "Clients", "fd00:1::77/64", gateway="fd00:1::1"')
    )
    assert "RouterDiscovery" in running.apply(static).out
    assert "client2" not in clients(running)
    shown = running.exec("client2", "ip", "-6", "-o", "addr", "show", "dev", "eth0", "scope", "global").out
    assert [line.split()[3] for line in shown.splitlines()] == ["fd00:1::77/64"]
    assert "proto ra" not in running.exec("client2", "ip", "-6", "route").out
    running.agrees()
    running.apply(TEXT)
    as_predicted(running)
    running.agrees()


def test_without_the_flag_managed_nothing_is_leased(lab: LabOf) -> None:
    with lab(FILES["dhcpv6"], settings={"managed": "no"}) as unmanaged:
        found = as_predicted(unmanaged)
        assert {each["leased"] for each in found.values()} == {None}
        assert leases(unmanaged).keys() == {"fd00:1::50"}
        assert {each["dns"] for each in found.values()} == {"fd00:2::53"}, "Other: everything but addresses"
        unmanaged.agrees()


ROUTERS = """
from lab import Lab, deny
lab = Lab("routers", interruption_s=0)
lab.internet_host("internet", "2001:db8:99::80/64")
office = lab.physical_network("office", "2001:db8:1::/64", router="2001:db8:1::1", router_advertisements=True)
office.computer("pc1", "auto")
office.computer("pc2", "2001:db8:1::12")
hv1 = lab.host("hv1", forwarding=True)
hv1.nic("Ethernet", office, "2001:db8:1::20")
hv1.external_switch("External", nic="Ethernet")
hv1.internal_switch("Internal", "fd00:1::1/64")
hv1.router_advertisements(adapters=["vEthernet (Internal)"])
hv1.vm("web1", "External", "auto")
hv1.vm("away1", "External", "auto", vlan=10)
hv1.vm("deaf1", "External", "auto", acls=[deny(remote="fe80::/10", direction="Inbound")])
hv1.vm("in1", "Internal", "auto")
hv1.vm("in2", "Internal", "auto", "10.0.0.2/24")
hv1.vm("both", "External", "auto").adapter("Internal", "auto")
"""


@pytest.fixture(scope="module")
def routers(lab: LabOf) -> Iterator[RunningLab]:
    with lab(ROUTERS) as found:
        yield found


def test_physical_routers_and_the_management_os_advertise_themselves(routers: RunningLab) -> None:
    found = {(each["node"], each["device"]): each for each in routers("dhcp", "--json").json()["clients6"]}
    wanted = prospects6(load(routers.file))
    assert wanted["away1/Network Adapter"] == wanted["deaf1/Network Adapter"] == Prospect6()
    for (node, device), client in found.items():
        name = "Ethernet" if node == "pc1" else "Network Adapter 2" if device == "eth1" else "Network Adapter"
        if device == "eth0":
            is_as_predicted(routers, client, wanted[f"{node}/{name}"])
    assert found["pc1", "eth0"]["routers"] == found["web1", "eth0"]["routers"] == ["office-router"]
    assert found["in1", "eth0"]["routers"] == ["hv1"]
    assert found["both", "eth1"]["gateways"] == ["fd00:1::1"]
    routers.agrees()
    routers.agrees("-6")
    assert routers.cells("-6")["web1", "internet"]


def test_what_is_sent_from_an_address_leaves_by_its_adapter(routers: RunningLab) -> None:
    cells = routers.cells("-6")
    assert cells["both Network Adapter", "internet"]
    assert cells["both Network Adapter", "web1"]
    assert cells["both Network Adapter 2", "in1"]
    rules = routers.exec("both", "ip", "-6", "rule").out
    assert rules.count("lookup 3000") == 2


def test_who_does_not_listen_takes_nothing(routers: RunningLab) -> None:
    for node in ("pc2", "hv1"):
        assert "proto ra" not in routers.exec(node, "ip", "-6", "route").out
    assert "dynamic" not in routers.exec("pc2", "ip", "-6", "addr").out


def test_a_client_finds_the_router_of_its_new_vlan_by_itself(routers: RunningLab) -> None:
    assert clients(routers)["away1"]["addresses"] == []
    routers.apply(edited(ROUTERS, (", vlan=10", "")))
    eventually(lambda: clients(routers)["away1"]["routers"], lambda seen: seen == ["office-router"], timeout=15.0)
    is_as_predicted(routers, clients(routers)["away1"], predicted(routers)["away1"])
    routers.agrees("-6")


def test_a_router_that_stops_advertising_says_so(routers: RunningLab) -> None:
    routers.apply(edited(ROUTERS, (", router_advertisements=True", "")))
    eventually(lambda: clients(routers)["web1"]["routers"], lambda seen: seen == [], timeout=10.0)
    assert clients(routers)["web1"]["gateways"] == []
    assert not routers.cells("-6")["web1", "internet"]
    routers.apply(ROUTERS)
    routers("dhcp", "renew", "web1")
    assert clients(routers)["web1"]["gateways"] == ["2001:db8:1::1"]


ROGUES = """
from lab import Lab, dhcp_scope6
lab = Lab("rogues")
guard = lab.parameter("guard", True, "the rogues are guarded")
hv1 = lab.host("hv1", forwarding=True)
hv1.internal_switch("Internal", "fd00:1::1/64")
hv1.router_advertisements(managed=True)
hv1.vm("dhcp1", "Internal", "fd00:1::2/64").dhcp_server(dhcp_scope6("fd00:1::/64", dns_server="fd00:1::2"))
hv1.vm("rogue1", "Internal", "fd00:bad::1/64", "fd00:1::67/64", forwarding=True, router_guard=guard).router_advertisements()
hv1.vm("rogue2", "Internal", "fd00:1::66/64", dhcp_guard=guard).dhcp_server(
    dhcp_scope6("fd00:1::/64", dns_server="fd00:1::66")
)
for number in range(1, 4):
    hv1.vm(f"client{number}", "Internal", "auto")
"""


def test_rogues_are_not_heard_while_they_are_guarded(lab: LabOf) -> None:
    with lab(ROGUES) as rogues:
        found = as_predicted(rogues)
        assert {each["server"] for each in found.values()} == {"dhcp1"}
        assert {tuple(each["routers"]) for each in found.values()} == {("hv1",)}
        eventually(lambda: rogues.drops("rogue1", 18)["frames"], lambda seen: seen >= 1, timeout=20.0)
        assert rogues.drops("rogue2", 17)["frames"] >= 1
        assert "DhcpGuard" in rogues("trace", "rogue2", "client1", "--udp", "546", check=1).out
        assert "RouterGuard" in rogues("trace", "rogue1", "client1", "--advertisement", check=1).out
        rogues.agrees()


def test_rogues_are_heard_without_the_guards(lab: LabOf) -> None:
    with lab(ROGUES, settings={"guard": "no"}) as rogues:
        wanted = predicted(rogues)["client1"]
        assert {each.name for each in wanted.servers} == {"dhcp1", "rogue2"}
        found = as_predicted(rogues)
        assert all(set(each["routers"]) == {"hv1", "rogue1"} for each in found.values())
        assert rogues.drops("rogue1", 18)["frames"] == 0
        assert "advertisement arrives" in rogues("trace", "rogue1", "client1", "--advertisement").out
        rogues.apply(edited(ROGUES, ('dns_server="fd00:1::2")', 'dns_server="fd00:1::2", active=False)')))
        for name in found:
            rogues("dhcp", "release", name)
            rogues("dhcp", "renew", name)
        assert {each["server"] for each in as_predicted(rogues).values()} == {"rogue2"}
        rogues.agrees()


def test_both_versions_side_by_side(lab: LabOf) -> None:
    text = """
from lab import Lab, dhcp_scope, dhcp_scope6
lab = Lab("dual")
hv1 = lab.host("hv1")
hv1.private_switch("Private")
hv1.vm("dhcp1", "Private", "10.0.1.2/24", "fd00:1::2/64").dhcp_server(
    dhcp_scope("10.0.1.0/24", "10.0.1.100", "10.0.1.199", router="10.0.1.1", dns_server="10.0.1.2"),
    dhcp_scope6("fd00:1::/64", dns_server="fd00:1::2"),
)
hv1.vm("router1", "Private", "10.0.1.1/24", "fd00:1::1/64", forwarding=True).router_advertisements(
    managed=True, autonomous=False)
hv1.vm("client1", "Private", "dhcp", "auto")
hv1.vm("client2", "Private", "dhcp", "auto")
"""
    with lab(text) as dual:
        found = as_predicted(dual)
        assert all(len(each["addresses"]) == 1 for each in found.values()), "not autonomous: what is leased, only"
        names = dual.exec("client1", "cat", "/etc/resolv.conf").out
        assert "nameserver 10.0.1.2" in names
        assert "nameserver fd00:1::2" in names
        dual.agrees("-4")
        dual.agrees("-6")
        released = dual("dhcp", "release", "client1").out
        assert released.count("no address") == 2
        renewed = dual("dhcp", "renew", "client1").out
        assert "10.0.1." in renewed
        assert "fd00:1::" in renewed
        dual("dhcp", "release", "client1", "-4")
        assert clients(dual)["client1"]["leased"]


def test_a_client_that_is_moved_or_has_another_mac_address_has_nothing_of_what_it_had(lab: LabOf) -> None:
    text = """
from lab import Lab, dhcp_scope6
lab = Lab("moved")
hv1 = lab.host("hv1")
for at in (1, 2):
    hv1.private_switch(f"S{at}")
    hv1.vm(f"both{at}", f"S{at}", f"fd00:{at}::1/64").dhcp_server(dhcp_scope6(f"fd00:{at}::/64")).router_advertisements(
        managed=True)
hv1.vm("client1", "S1", "auto", mac="00155D000001").adapter(None, "auto")
"""
    with lab(text) as moved:
        (first, _) = moved("dhcp", "--json").json()["clients6"]
        assert {each.partition("::")[0] for each in first["addresses"]} == {"fd00:1"}
        for change in (('"client1", "S1"', '"client1", "S2"'), ("00155D000001", "00155D000002")):
            text = edited(text, change)
            moved.apply(text)
            (now, _) = moved("dhcp", "--json").json()["clients6"]
            assert {each.partition("::")[0] for each in now["addresses"]} == {"fd00:2"}
            assert now["server"] == "both2"
            wanted = prospects6(load(moved.file))["client1/Network Adapter"]
            is_as_predicted(moved, now, wanted)
            moved.agrees("-6")
