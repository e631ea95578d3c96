"""What the cmdlets and programs of Windows' network show, and what they refuse; the network is what programs say."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from lab.model.builder import Lab
from lab.model.objects import LabModel
from lab.shell.place import Description, Finished, Machine
from tests.unit.shell.cmdlets.conversation import Exchange, Session, answers, exchanges

_FOLDER = "net"

_HOSTS = {
    "web1": ["192.168.1.31"], "web2": ["192.168.1.32"], "pc1": ["192.168.1.10"], "slow": ["192.168.1.40"],
    "silent": ["192.168.1.99"], "internet": ["203.0.113.80"], "six": ["fd00:1::31"],
}  # fmt: skip
_PINGS = {
    "192.168.1.31": "40 bytes from 192.168.1.31: icmp_seq=1 ttl=64 time=0.033 ms",
    "192.168.1.40": "40 bytes from 192.168.1.40: icmp_seq=1 ttl=63 time=12.7 ms",
    "203.0.113.80": "40 bytes from 203.0.113.80: icmp_seq=1 ttl=63 time=2.31 ms",
    "192.168.1.99": "From 192.168.1.20 icmp_seq=1 Destination Host Unreachable",
    "10.9.9.9": "From 192.168.1.1 icmp_seq=1 Destination Net Unreachable",
    "192.168.1.50": "From 192.168.1.1 icmp_seq=1 Time to live exceeded",
    "fd00:1::31": "40 bytes from fd00:1::31: icmp_seq=1 ttl=64 time=0.050 ms",
}
_TRACE = """traceroute to 203.0.113.80 (203.0.113.80), 30 hops max, 46 byte packets
 1  192.168.1.1  0.120 ms  1.204 ms  0.090 ms
 2  *  *  *
 3  203.0.113.80  14.120 ms  0.204 ms  0.090 ms"""
_NEIGHBOURS = [
    {"dst": "192.168.1.1", "dev": "vE-External", "lladdr": "02:18:c5:8d:0c:e9", "state": ["REACHABLE"]},
    {"dst": "192.168.1.31", "dev": "vE-External", "lladdr": "00:15:5d:01:14:01", "state": ["STALE"]},
    {"dst": "192.168.1.99", "dev": "vE-External", "state": ["FAILED"]},
    {"dst": "fe80::1", "dev": "vE-External", "lladdr": "02:18:c5:8d:0c:e9", "state": ["DELAY"]},
    {"dst": "10.255.0.1", "dev": "other", "lladdr": "02:18:c5:8d:0c:e9", "state": ["STALE"]},
]
_SOCKETS = """LISTEN 0 128 0.0.0.0:80 0.0.0.0:* users:(("httpd",pid=41,fd=3))
ESTAB 0 0 192.168.1.20:80 192.168.1.31:40112 users:(("httpd",pid=41,fd=4))
TIME-WAIT 0 0 [fd00:1::20]:49152 [fd00:1::31]:80"""
_LINKS = [
    {
        "ifname": "vE-External",
        "stats64": {
            "rx": {"bytes": 1032, "packets": 14, "errors": 0, "dropped": 1, "multicast": 2},
            "tx": {"bytes": 922, "packets": 15, "errors": 0, "dropped": 0},
        },
    }
]
_PAGE = {
    "status": 200, "reason": "OK", "version": 11, "headers": [["Content-Type", "text/html"], ["Content-Length", "12"]],
    "content": "PGgxPmhpPC9oMT4K",
}  # fmt: skip
_PAGES = {
    "http://web1/": _PAGE,
    "http://web1/old": {**_PAGE, "status": 301, "reason": "Moved", "headers": [["Location", "/"]]},
    "http://web1/nope": {**_PAGE, "status": 404, "reason": "Not Found"},
    "http://web1/json": {**_PAGE, "headers": [["Content-Type", "application/json"]], "content": "eyJ1cCI6IHRydWV9"},
    "http://silent/": {"problem": "connection"},
    "http://nosuch/": {"problem": "name"},
    "http://slow/": {"problem": "time"},
}
_DNS = {
    ("web9.contoso.local", "A"): {"code": 0, "answers": [["web9.contoso.local", "A", 3600, "10.0.0.9", "Answer"]]},
    ("gone.contoso.local", "A"): {"code": 3, "answers": []},
    ("31.1.168.192.in-addr.arpa", "PTR"): {
        "code": 0,
        "answers": [["31.1.168.192.in-addr.arpa", "PTR", 60, "web1.contoso.local", "Answer"]],
    },
}


def office() -> LabModel:
    lab = Lab("office")
    lab.internet_host("internet", "203.0.113.80/24")
    lan = lab.physical_network("lan", "192.168.1.0/24", router="192.168.1.1")
    lan.computer("pc1", "192.168.1.10")
    hv1 = lab.host("hv1")
    hv1.nic("Ethernet", lan, "192.168.1.20", mac="02-00-00-00-00-01")
    hv1.nic("Ethernet 2", lan, mac="02-00-00-00-00-02")
    hv1.nic("Ethernet 3", lan, mac="02-00-00-00-00-03", connected=False)
    hv1.external_switch("External", "Ethernet")
    hv1.external_switch("Second", "Ethernet 2", allow_management_os=False)
    hv1.internal_switch("Lab", "10.0.0.1/24")
    web1 = hv1.vm("web1", "External", "192.168.1.31", allow_teaming=True)
    web1.adapter("Second", allow_teaming=True)
    hv1.vm("web2", "External", "192.168.1.32").adapter("Lab", "10.0.0.32/24", name="Back")
    hv1.vm("client1", "Lab", "dhcp")
    hv1.vm("old", "Lab", "10.0.0.40/24", generation=1).adapter("Lab", "10.0.0.41/24", legacy=True)
    hv1.vm("bare", "Lab", "10.0.0.50/24", integration_services=False)
    hv1.vm("off1", "Lab", "10.0.0.60/24", running=False)
    return lab.model()


class Network(Description):
    """A lab whose programs say what is written down above."""

    def run(self, machine: Machine, argv: Sequence[str], *, timeout_s: float | None = None) -> Finished:
        words = [word for word in argv if word not in ("env", "LC_ALL=C")]
        if words[0] == "ping":
            said = _PINGS.get(words[-1], "")
            return Finished(0 if "bytes from" in said else 1, said)
        if words[:2] == ["getent", "ahosts"]:
            return Finished(0, "\n".join(f"{each} STREAM {words[2]}" for each in _HOSTS.get(words[2].casefold(), [])))
        if words[:2] == ["getent", "hosts"]:
            name = next((name for name, found in _HOSTS.items() if words[2] in found), "")
            return Finished(0 if name else 2, f"{words[2]} {name}" if name else "")
        if words[:3] == ["ip", "-j", "route"]:
            lost = words[-1] == "10.9.9.9"
            found = [] if lost else [{"dev": "vE-External", "prefsrc": "192.168.1.20", "gateway": "192.168.1.1"}]
            return Finished(2 if lost else 0, json.dumps(found))
        known: dict[str, object] = {"neigh": _NEIGHBOURS, "link": _LINKS}
        if words[0] == "ip":
            return Finished(0, json.dumps(next((value for name, value in known.items() if name in words), [])))
        if words[0] == "ss":
            return Finished(0, _SOCKETS)
        return Finished(0, json.dumps(_python(words)))

    def stream(self, machine: Machine, argv: Sequence[str]) -> Iterator[str]:
        yield from _TRACE.split("\n")

    def ask(self, command: str, *arguments: str) -> Any:
        session = {
            "host": "hv1", "nat": "Lab", "protocol": "TCP", "internal": "10.0.0.32:40000",
            "external": "192.168.1.20:40000", "remote": "203.0.113.80:80", "seconds": 118,
        }  # fmt: skip
        lease = {
            "node": "client1", "device": "eth0", "state": "leased", "address": "10.0.0.100/24", "gateway": "10.0.0.1",
            "server": "10.0.0.2", "dns": "10.0.0.2", "domain": "contoso.local", "lease_s": 691200, "obtained": 0.0,
        }  # fmt: skip
        return {"nat": {"sessions": [session]}, "dhcp": {"clients": [lease], "clients6": []}}[command]

    def tell(self, command: str, *arguments: str) -> str:
        return ""


def _python(words: Sequence[str]) -> object:
    """Return what one of the console's own programs would print."""
    if words[-1].startswith("{"):
        return _PAGES[json.loads(words[-1])["url"]]
    if len(words) >= 3 and words[-2] == "80":
        return {"connected": True, "source": "192.168.1.20"}
    if words[-2].isdigit():
        return {"connected": False, "why": "timed out"}
    return _DNS.get((words[-3], words[-2]), {"code": -1, "answers": []})


def console() -> Session:
    return Session(Network(office()))


@pytest.mark.parametrize("exchange", exchanges(_FOLDER), ids=str)
def test_answer(exchange: Exchange) -> None:
    assert answers(_FOLDER, exchange.file, console)[exchange.number - 1] == exchange.expected, exchange.typed
