"""The Default Switch by traffic: leases for real clients, out behind the host's address, names, and no harm by anybody."""

from __future__ import annotations

import random
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import ip_address, ip_interface, ip_network
from typing import Any

import pytest

from lab.emulation import ovs
from lab.model.leasing import prospects
from lab.model.load import load
from tests import dhcp
from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.labs import TOPOLOGIES, RunningLab, edited

# An ordinary user starts the same programs, in test_topologies.py.
pytestmark = [pytest.mark.system, pytest.mark.switching]

FILE = next(path for path in TOPOLOGIES if path.stem == "default_switch")
TEXT = FILE.read_text()
HOST, WIFI, PC = "172.20.16.1", "192.168.1.20", "192.168.1.10"
# What the topology shows, in a subnet that the tests know, and what they need besides.
PLACED = edited(
    TEXT,
    ("default_switch()", 'default_switch(subnet="172.20.16.0/20")'),
    ('router="192.168.1.1")\n', f'router="192.168.1.1")\nhome.computer("pc", "{PC}")\n'),
)
SUBNET = ip_network("172.20.16.0/20")
LAST_WORDS = '\nif __name__ == "__main__":'


@pytest.fixture(scope="module")
def running(lab: LabOf) -> Iterator[RunningLab]:
    with lab(PLACED) as found:
        yield found


def with_vms(*lines: str) -> str:
    """Return the topology with more lines at its end."""
    return edited(PLACED, (LAST_WORDS, "\n".join(lines) + "\n" + LAST_WORDS))


def clients(lab: RunningLab) -> dict[str, Any]:
    """Return what each DHCP client has got, by the names of their machines."""
    return {each["node"]: each for each in lab("dhcp", "--json").json()["clients"]}


def leases(lab: RunningLab) -> dict[str, Any]:
    """Return the leases that `hvlab status` shows, by the names that clients give themselves."""
    return {each["host_name"]: each for each in lab.status()["leases"] if each["state"] == "Active"}


def active(lab: RunningLab) -> set[str]:
    """Return the addresses that are leased."""
    return {each["address"] for each in lab.status()["leases"] if each["state"] == "Active"}


def address(lab: RunningLab, name: str) -> str:
    return clients(lab)[name]["address"].partition("/")[0]


class Adapter:
    """A VM's adapter, as one who makes DHCP messages by hand: beside whatever the VM itself does with it."""

    def __init__(self, lab: RunningLab, vm: str, identifier: bytes = b"") -> None:
        self._socket = lab.socket(vm, socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
        self._socket.bind(("eth0", 0x0800))
        self._socket.setblocking(False)
        self.mac = self._socket.getsockname()[4].hex(":")
        self._id = {61: b"\0" + identifier} if identifier else {}
        self.xid = random.getrandbits(24) << 8

    def __enter__(self) -> Adapter:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, frame: bytes) -> None:
        self._socket.send(frame)

    def say(self, kind: int, options: dict[int, bytes] | None = None, **fields: str | int) -> None:
        """Broadcast a message."""
        self.xid += 1
        self.send(
            dhcp.frame(dhcp.message(kind, self.mac, (options or {}) | self._id, xid=self.xid, **fields), self.mac)
        )

    def heard(self) -> list[dhcp.Reply]:
        """Return the answers to the last message that are there now; each once."""
        found = []
        while True:
            try:
                frame = self._socket.recv(2048)
            except BlockingIOError:
                return found
            answer = dhcp.reply(frame) if len(frame) >= 38 else None
            if answer and answer.xid == self.xid:
                found.append(answer)

    def asked(self, kind: int, options: dict[int, bytes] | None = None, **fields: str | int) -> dhcp.Reply:
        """Broadcast a message and return the one answer."""
        self.say(kind, options, **fields)
        (answer,) = eventually(self.heard, bool)
        return answer

    def lease(self) -> str:
        """Get an address, from discovery to acknowledgement."""
        offer = self.asked(dhcp.DISCOVER)
        ack = self.asked(dhcp.REQUEST, {50: socket.inet_aton(offer.yiaddr), 54: offer[54]})
        assert ack.kind == dhcp.ACK
        return ack.yiaddr


def test_leases_are_as_predicted_and_everybody_gets_out(running: RunningLab) -> None:
    wanted, found = prospects(load(running.file)), clients(running)
    assert set(wanted) == {"vm1/Network Adapter", "vm2/Network Adapter"}
    for name, (prospect,) in wanted.items():
        got = found[name.partition("/")[0]]
        assert ip_interface(got["address"]).ip in prospect
        assert ip_interface(got["address"]).network == SUBNET
        assert (got["server"], got["gateway"], got["dns"], got["domain"]) == (HOST, HOST, HOST, "mshome.net")
        assert got["lease_s"] == 86400
    running.agrees()
    cells = running.cells()
    assert cells["vm1", "internet"] and cells["vm1", "vm2"] and cells["vm2", "pc"]
    assert not cells["pc", "vm1"]


def test_others_see_the_address_of_the_host(running: RunningLab) -> None:
    with running.socket("pc", socket.AF_INET, socket.SOCK_STREAM) as there:
        there.bind((PC, 7001))
        there.listen()
        with running.socket("vm1", socket.AF_INET, socket.SOCK_STREAM) as here:
            here.connect((PC, 7001))
            accepted, seen = there.accept()
            accepted.close()
    assert seen[0] == WIFI


def test_the_status_shows_whose_lease_it_is(running: RunningLab) -> None:
    row = leases(running)["vm1"]
    assert row["address"] == address(running, "vm1")
    assert (row["host"], row["switch"], row["adapter"]) == ("laptop", "Default Switch", "vm1/Network Adapter")
    assert 0 < row["left_s"] <= 86400
    assert row["address"] in running("status").out
    listed = {each["ip"]: each for each in running("dhcp", "--json").json()["leases"]}
    assert listed[row["address"]]["state"] == "Active"


def test_release_and_renew(running: RunningLab) -> None:
    before = address(running, "vm1")
    running("dhcp", "release", "vm1")
    eventually(lambda: leases(running), lambda seen: "vm1" not in seen)
    assert "leased from" in running("dhcp", "renew", "vm1").out
    assert address(running, "vm1") == before, "an address waits for the client that had it"
    first = leases(running)["vm1"]["left_s"]
    time_passes(running, first)
    assert "leased from" in running("dhcp", "renew", "vm1").out
    assert leases(running)["vm1"]["left_s"] >= first


def time_passes(lab: RunningLab, left_s: int) -> None:
    """Wait until a lease is shorter than it was."""
    eventually(lambda: leases(lab)["vm1"]["left_s"], lambda now: now < left_s)


def test_a_client_in_the_wrong_place_is_told_so(running: RunningLab) -> None:
    with Adapter(running, "vm1", b"stranger") as stranger:
        for wrong in ("10.0.0.9", "192.168.1.77"):
            nak = stranger.asked(dhcp.REQUEST, {50: socket.inet_aton(wrong)})
            assert (nak.kind, nak.to_mac, nak.from_ip) == (dhcp.NAK, dhcp.EVERYONE, HOST)
        mine = stranger.lease()
        nak = stranger.asked(dhcp.REQUEST, {50: socket.inet_aton(address(running, "vm2")), 54: socket.inet_aton(HOST)})
        assert nak.kind == dhcp.NAK
        stranger.say(dhcp.RELEASE, {54: socket.inet_aton(HOST)}, ciaddr=mine)
        eventually(lambda: mine in active(running), lambda still: not still)


def test_an_address_that_somebody_has_taken_is_declined(running: RunningLab) -> None:
    """A real client looks whether its new address answers, and asks for another one (RFC 5227)."""
    wanted = "172.20.20.20"
    running.exec("vm2", "ip", "address", "add", f"{wanted}/20", "dev", "eth0")
    try:
        client = f"udhcpc -i eth0 -f -n -q -a -t 5 -T 1 -r {wanted} -x 0x3d:00736f6d65626f6479 -s /run/p"
        got = running.exec("vm1", "sh", "-c", f"{_PRINT} && {client}").out
        (taken,) = re.findall(r"^ip=(\S+)$", got, re.MULTILINE)
        assert taken != wanted and ip_address(taken) in SUBNET
        assert {row["address"]: row["state"] for row in running.status()["leases"]}[wanted] == "Declined"
    finally:
        running.exec("vm2", "ip", "address", "del", f"{wanted}/20", "dev", "eth0")


_PRINT = "printf '#!/bin/sh\\n[ $1 = bound ] && env\\nexit 0\\n' >/run/p && chmod +x /run/p"


def test_a_controller_that_is_killed_knows_its_leases_again(running: RunningLab) -> None:
    before = leases(running)
    running.pod.kill(["controller"])
    running.healthy(timeout=15.0)
    assert {name: row["address"] for name, row in leases(running).items()} == {
        name: row["address"] for name, row in before.items()
    }
    eventually(lambda: running("dhcp", "renew", "vm1", check=None).code, lambda code: code == 0, timeout=30.0)
    assert address(running, "vm1") == before["vm1"]["address"]


def looked_up(lab: RunningLab, node: str, name: str, server: str = HOST) -> set[str]:
    """Return the addresses that a server says a name has."""
    done = lab.exec(node, "busybox", "nslookup", "-type=a", name, server, check=None)
    return set(re.findall(r"^Address: (\S+)$", done.out, re.MULTILINE))


def test_names(running: RunningLab) -> None:
    assert looked_up(running, "vm1", "vm2.mshome.net") == {address(running, "vm2")}
    assert looked_up(running, "vm1", "vm2") == {address(running, "vm2")}
    assert looked_up(running, "vm1", "laptop.mshome.net") == {HOST}
    assert looked_up(running, "vm1", "internet") == {"203.0.113.80"}
    assert looked_up(running, "vm1", "pc.mshome.net") == {PC}
    done = running.exec("vm1", "busybox", "nslookup", "www.example.com", HOST, check=None)
    assert "NXDOMAIN" in done.out


def test_a_client_is_known_by_the_name_it_gives_itself_but_by_nobody_else_s(running: RunningLab) -> None:
    with Adapter(running, "vm1", b"guest") as guest:
        for name, found in ((b"printer", True), (b"pc", False)):
            offer = guest.asked(dhcp.DISCOVER, {12: name})
            chosen = {50: socket.inet_aton(offer.yiaddr), 54: offer[54], 12: name}
            assert guest.asked(dhcp.REQUEST, chosen).kind == dhcp.ACK
            wanted = {offer.yiaddr} if found else {PC}
            eventually(lambda: looked_up(running, "vm2", f"{name.decode()}.mshome.net"), lambda seen: seen == wanted)  # noqa: B023
        guest.say(dhcp.RELEASE, {54: socket.inet_aton(HOST)}, ciaddr=offer.yiaddr)
        eventually(lambda: looked_up(running, "vm2", "printer.mshome.net"), lambda seen: not seen)


def test_nobody_outside_hears_the_names(running: RunningLab) -> None:
    running.exec("pc", "ip", "route", "add", str(SUBNET), "via", WIFI)
    try:
        for server in (WIFI, HOST):
            with running.socket("pc", socket.AF_INET, socket.SOCK_STREAM) as asking:
                asking.settimeout(1)
                assert asking.connect_ex((server, 53)) != 0
        assert looked_up(running, "pc", "vm1", HOST) == set()
    finally:
        running.exec("pc", "ip", "route", "del", str(SUBNET))


def test_a_name_server_that_is_killed_comes_back(running: RunningLab) -> None:
    before = running.pod.processes()["name-server@laptop"].restarts
    running.pod.kill(["name-server@laptop"])
    eventually(lambda: running.pod.processes()["name-server@laptop"].restarts, lambda seen: seen > before)
    eventually(lambda: looked_up(running, "vm1", "vm2.mshome.net"), lambda seen: seen == {address(running, "vm2")})


def test_a_trace_says_that_the_switch_answers(running: RunningLab) -> None:
    told = running("trace", "vm1", HOST, "--udp", "67").out
    assert "the switch itself answers: DHCP" in told
    assert "arrives and is answered" in told
    assert "no program of laptop listens" not in told
    assert "the switch itself answers" not in running("trace", "vm1", HOST, "--udp", "68").out


def test_a_storm_of_rubbish_harms_nobody_s_lease(running: RunningLab) -> None:
    controller = running.pod.processes()["controller"]
    rubbish = [dhcp.frame(bytes([at % 256]) * (at % 300), "02:00:00:00:00:01") for at in range(500)]
    good = dhcp.message(dhcp.DISCOVER, "02:00:00:00:00:02")
    rubbish += [dhcp.frame(good[:at], "02:00:00:00:00:01") for at in range(len(good))]
    with Adapter(running, "vm1") as storm, Adapter(running, "vm2", b"quiet") as quiet:
        sent, until = 0, time.monotonic() + 3.0
        took = []
        while time.monotonic() < until:
            for frame in rubbish[sent % len(rubbish) :][:100]:
                storm.send(frame)
                sent += 1
            if sent % 1000 < 100 and len(took) < 5:
                began = time.monotonic()
                assert ip_address(quiet.lease()) in SUBNET
                took.append(time.monotonic() - began)
        assert sent > 5000
    now = running.pod.processes()["controller"]
    assert (now.pid, now.restarts) == (controller.pid, controller.restarts)
    assert "leased from" in running("dhcp", "renew", "vm2").out
    dropped = running.drops("vm1", 30)
    assert dropped["frames"] > 1000
    assert dropped["setting"] == "DHCP of the switch: 20 messages a second of each adapter"
    rows = [row for row in running("drops", "vm1", "--json").json() if row["reason"] == 8]
    assert {"DHCP of the switch: cut short"} <= {row["setting"] for row in rows}
    assert sum(row["frames"] for row in rows) <= 20 * 10
    running("trace", "vm2", "internet")


def test_settings_of_adapters_and_the_service(lab: LabOf) -> None:
    lines = (
        'laptop.vm("guarded", switch, dhcp_guard=True)',
        'laptop.vm("denied", switch, extended_acls=[extended_deny(10, "Outbound", protocol="UDP", remote_port="67")])',
        'laptop.vm("deaf", switch, extended_acls=[extended_deny(10, "Inbound", protocol="UDP", local_port="68")])',
        'laptop.vm("apart", switch, vlan=10)',
        'laptop.vm("static", switch, "172.20.16.77/20", gateway="172.20.16.1")',
    )
    text = edited(with_vms(*lines), ("from lab import Lab\n", "from lab import Lab, extended_deny\n"))
    with lab(text) as running:
        states = {name: each["state"] for name, each in clients(running).items()}
        assert states == {
            "vm1": "leased", "vm2": "leased", "guarded": "leased",
            "denied": "autoconfigured", "deaf": "autoconfigured", "apart": "autoconfigured",
        }  # fmt: skip
        wanted = {name.partition("/")[0]: bool(found) for name, found in prospects(load(running.file)).items()}
        assert wanted == {name: state == "leased" for name, state in states.items()}
        assert "172.20.16.77" not in active(running)
        running.agrees()
        assert running.cells()["static", "internet"]


def test_a_mirror_sees_questions_and_answers(lab: LabOf) -> None:
    lines = (
        'laptop.vm("watched", switch, port_mirroring="Source")',
        'laptop.vm("monitor", switch, "172.20.16.78/20", port_mirroring="Destination")',
    )
    with lab(with_vms(*lines)) as running, Adapter(running, "watched", b"seen") as watched:
        with Adapter(running, "monitor") as monitor:
            watched.lease()
            monitor.xid = watched.xid
            kinds = eventually(monitor.heard, bool)
            assert [each.kind for each in kinds] == [dhcp.ACK]
            assert kinds[0].to_mac == watched.mac


def test_another_server_is_not_suppressed(lab: LabOf) -> None:
    """A VM that is a DHCP server on the Default Switch hears what clients ask, and they hear its offers."""
    scope = 'dhcp_scope("10.9.9.0/24", "10.9.9.100", "10.9.9.199", lease_duration_s=3600)'
    lines = (f'laptop.vm("rogue", switch, "10.9.9.1/24").dhcp_server({scope})',)
    text = edited(with_vms(*lines), ("from lab import Lab\n", "from lab import Lab, dhcp_scope\n"))
    with lab(text) as running, Adapter(running, "vm1", b"asking") as asking:
        asking.say(dhcp.DISCOVER)
        offers: dict[str, str] = {}

        def servers() -> set[str]:
            offers.update({each.server: each.yiaddr for each in asking.heard()})
            return set(offers)

        eventually(servers, lambda seen: seen == {HOST, "10.9.9.1"})
        asking.say(dhcp.REQUEST, {54: socket.inet_aton("10.9.9.1"), 50: socket.inet_aton(offers["10.9.9.1"])})
        answers = eventually(asking.heard, bool)
        time.sleep(0.2)
        answers += asking.heard()
        heard = {(each.from_ip, each.kind) for each in answers}
        assert heard == {("10.9.9.1", dhcp.ACK)}, "the host keeps silent: another server was chosen"


@contextmanager
def adapters(lab: RunningLab, names: list[str]) -> Iterator[list[Adapter]]:
    with ExitStack() as stack:
        yield [stack.enter_context(Adapter(lab, name, f"again {name}".encode())) for name in names]


@pytest.mark.slow
@pytest.mark.alone
def test_two_hundred_clients_have_leases_within_five_seconds(lab: LabOf) -> None:
    lines = ("for number in range(3, 201):", '    laptop.vm(f"vm{number}", switch)')
    names = [f"vm{number}" for number in range(1, 201)]
    with lab(with_vms(*lines)) as running:
        assert {each["state"] for each in clients(running).values()} == {"leased"}
        with adapters(running, names) as asking:
            offered: dict[Adapter, dhcp.Reply] = {}
            leased: dict[Adapter, str] = {}
            began = time.monotonic()
            for each in asking:
                each.say(dhcp.DISCOVER)

            def progress() -> int:
                for each in asking:
                    for answer in each.heard():
                        if answer.kind == dhcp.OFFER and each not in offered:
                            offered[each] = answer
                            each.say(dhcp.REQUEST, {50: socket.inet_aton(answer.yiaddr), 54: answer[54]})
                        elif answer.kind == dhcp.ACK:
                            leased[each] = answer.yiaddr
                return len(leased)

            eventually(progress, lambda count: count == len(asking), timeout=20.0)
            took = time.monotonic() - began
        assert len(set(leased.values())) == 200
        assert took < 5.0, f"it took {took:.1f} s"
        print(f"200 leases in {took:.2f} s")


def test_the_subnet_may_be_another_one_and_old_leases_are_then_refused(lab: LabOf) -> None:
    with lab(PLACED) as running:
        old = address(running, "vm1")
        other = edited(PLACED, ("172.20.16.0/20", "172.21.32.0/20"))
        running.apply(other)
        running("dhcp", "renew", "vm1", check=None)
        eventually(
            lambda: address(running, "vm1"), lambda seen: ip_address(seen) in ip_network("172.21.32.0/20"), timeout=30.0
        )
        assert old not in {row["address"] for row in running.status()["leases"]}
        eventually(lambda: looked_up(running, "vm1", "laptop", "172.21.32.1"), lambda seen: seen == {"172.21.32.1"})


def test_a_nat_of_the_host_s_own_works_beside_it(lab: LabOf) -> None:
    lines = (
        'laptop.internal_switch("Inside", "192.168.100.1/24")',
        'laptop.nat("NatNetwork", "192.168.100.0/24", nat_mapping("TCP", 8080, "192.168.100.11", 80))',
        'laptop.vm("web1", "Inside", "192.168.100.11", gateway="192.168.100.1")',
    )
    text = edited(with_vms(*lines), ("from lab import Lab\n", "from lab import Lab, nat_mapping\n"))
    with lab(text) as running:
        running.agrees()
        cells = running.cells()
        assert cells["vm1", "internet"] and cells["web1", "internet"]
        running.exec("vm1", "ping", "-c1", "-W2", "internet")
        told = running("nat", "--json").json()
        assert [each["name"] for each in told["nats"]] == ["NatNetwork", "Default Switch"]
        assert "Default Switch" in [each["nat"] for each in told["sessions"]]


def test_nobody_removes_it(lab: LabOf) -> None:
    with lab(PLACED) as running:
        without = PLACED.replace(
            'switch = laptop.default_switch(subnet="172.20.16.0/20")', 'switch = laptop.private_switch("P")'
        )
        refused = running.apply(without, check=2).err
        assert "the Default Switch of host" in refused
        assert running.status()["switches"][0]["name"] == "Default Switch"


def test_it_comes_to_a_running_host_and_vms_come_to_it(lab: LabOf) -> None:
    before = edited(
        PLACED,
        ('laptop.default_switch(subnet="172.20.16.0/20")', 'laptop.internal_switch("Inside", "192.168.100.1/24")'),
    )
    with lab(before) as running:
        assert not running("dhcp", "--json").json()["clients"]
        running.apply(PLACED)
        assert {each["state"] for each in clients(running).values()} == {"leased"}
        running.agrees()
        kept = address(running, "vm1")
        running.apply(with_vms('laptop.vm("vm3", switch)'))
        assert clients(running)["vm3"]["state"] == "leased"
        assert looked_up(running, "vm1", "vm3.mshome.net") == {address(running, "vm3")}
        running.agrees()
        running.apply(PLACED)
        assert address(running, "vm1") == kept
        assert not running.apply(PLACED, "--dry-run").out.startswith("add")


LOST = (
    r"rconn\|(WARN|ERR)\||connection (dropped|failed|reset)|Broken pipe|ovs(-vswitchd|db-server)@laptop: ended"
    r"|\|(netdev_linux|dpif_netdev|bridge|ovsdb_idl|reconnect|jsonrpc|stream_unix)\|(WARN|ERR)\|"
)
"""What Open vSwitch says when one of its programs was killed."""


def test_an_open_vswitch_that_is_killed_serves_again(lab: LabOf, announce: Callable[[str], None]) -> None:
    announce(LOST)
    with lab(PLACED) as running:
        before = address(running, "vm1")
        for name in ("ovs-vswitchd@laptop", "ovsdb-server@laptop"):
            running.pod.kill([name])
            running.healthy(timeout=20.0)
            eventually(lambda: running("dhcp", "renew", "vm1", check=None).code, lambda code: code == 0, timeout=30.0)
            assert address(running, "vm1") == before
            eventually(lambda: looked_up(running, "vm1", "vm2"), lambda seen: seen == {address(running, "vm2")})
        running.agrees()


def test_a_host_that_is_removed_leaves_nothing_of_its_names(lab: LabOf, announce: Callable[[str], None]) -> None:
    announce(r"terminating with signal 15")
    other = with_vms('lab.host("other").default_switch()')
    with lab(other) as running:
        folder = ovs.directory("other") / "names"
        assert running.run_inside(folder.exists)
        running.apply(PLACED)
        assert not running.run_inside(folder.exists)
        assert "name-server@other" not in running.pod.processes()
