"""Real packets of a machine: echo requests, routes looked up in its kernel, names resolved there, connections tried."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final

from lab.errors import LabFault
from lab.shell.net.dns import servers
from lab.shell.net.programs import program
from lab.shell.place import Machine, Place

_REPLY: Final = re.compile(r"bytes from (?P<who>\S+?):? .*?ttl=(?P<ttl>\d+)(?: time=(?P<time>[\d.]+) ms)?")
_SAID: Final = re.compile(r"From (?P<who>[0-9a-fA-F.:%\w]+?):? icmp_seq=\d+ (?P<what>.+)")
_C: Final = ("env", "LC_ALL=C")
_LOOK_UP_S: Final = 10.0

OK, TIMED_OUT, UNREACHABLE, NET_UNREACHABLE, EXPIRED, TOO_BIG, GENERAL = (
    "Success", "TimedOut", "DestinationHostUnreachable", "DestinationNetworkUnreachable", "TtlExpired",
    "PacketTooBig", "GeneralFailure",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Echo:
    """What became of one echo request. ``status`` as System.Net.NetworkInformation.IPStatus has it; ``who`` answered.

    ``time_ms`` is the time of the round trip, 0 for less than a millisecond or where it is not known.
    """

    status: str
    who: str = ""
    ttl: int = 0
    time_ms: int = 0

    @property
    def ok(self) -> bool:
        return self.status == OK


def echo(  # noqa: PLR0913 - settings given by name
    place: Place,
    machine: Machine,
    address: str,
    *,
    size: int = 32,
    timeout_s: float = 4.0,
    ttl: int = 128,
    whole: bool = False,
    source: str = "",
) -> Echo:
    """Send one echo request and wait for the answer; ``whole``: it must not be cut into fragments."""
    argv = [*_C, "ping", "-n", "-c", "1", "-W", f"{timeout_s:g}", "-s", str(size), "-t", str(ttl)]
    argv += ["-M", "do"] if whole else []
    argv += ["-I", source] if source else []
    done = place.run(machine, (*argv, address), timeout_s=timeout_s + 8)
    if done.code == 127:
        raise LabFault("this machine has no program ping", remedy="install it: apt-get install iputils-ping")
    return _read(f"{done.out}\n{done.err}", address)


def _read(text: str, address: str) -> Echo:
    if found := _REPLY.search(text):
        return Echo(OK, found["who"], int(found["ttl"]), int(float(found["time"] or 0)))
    if found := _SAID.search(text):
        return Echo(_status(found["what"]), found["who"])
    if "too long" in text or "mtu" in text:
        return Echo(TOO_BIG, address)
    if "nreachable" in text or "No route" in text or "not permitted" in text or "Cannot assign" in text:
        return Echo(GENERAL)
    return Echo(TIMED_OUT)


def _status(words: str) -> str:
    for known, status in _WORDS:
        if known in words:
            return status
    return UNREACHABLE


_WORDS: Final = (
    ("Time to live exceeded", EXPIRED), ("Hop limit", EXPIRED), ("Frag needed", TOO_BIG), ("too big", TOO_BIG),
    ("Net Unreachable", NET_UNREACHABLE), ("No route", NET_UNREACHABLE),
)  # fmt: skip


def is_address(text: str) -> bool:
    """Tell whether a text is an IP address."""
    try:
        ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return True


def resolve(place: Place, machine: Machine, name: str, version: int = 0) -> list[str]:
    """Return the addresses that a name has for a machine, of a version of IP if one is asked for.

    From the lab's list of names, as for every program there; else from the DNS servers that the machine is told to ask.
    """
    if is_address(name):
        return [name]
    found = hosts(place, machine, name)
    if not found:
        for kind in ("A", "AAAA"):
            found += [str(each[3]) for each in asked(place, machine, name, kind)[1] if each[1] == kind]
    return [text for text in found if not version or (":" in text) == (version == 6)]


def hosts(place: Place, machine: Machine, name: str) -> list[str]:
    """Return the addresses of a name in the machine's own list (/etc/hosts); IPv4 first."""
    said = place.run(machine, ("getent", "ahosts", name), timeout_s=_LOOK_UP_S).out
    found = dict.fromkeys(line.split()[0] for line in said.splitlines() if line.split())
    return sorted(found, key=lambda text: ":" in text)


def asked(  # noqa: PLR0913 - settings given by name
    place: Place, machine: Machine, name: str, kind: str, server: str = "", timeout_s: float = 3.0
) -> tuple[int | None, list[Any]]:
    """Ask DNS servers; return the code of the answer (None without one) and its entries (name, type, TTL, data)."""
    code = None
    for each in [server] if server else servers(place, machine):
        done = place.run(machine, program("query", each, name, kind, f"{timeout_s:g}"), timeout_s=timeout_s + 5)
        answer = json.loads(done.out or '{"code": -1, "answers": []}')
        if answer["code"] >= 0:
            return answer["code"], answer["answers"]
    return code, []


@dataclass(frozen=True, slots=True)
class Way:
    """By which device, from which address and to which neighbour a machine sends to an address; empty if it cannot."""

    device: str = ""
    source: str = ""
    next_hop: str = ""


def way(place: Place, machine: Machine, address: str) -> Way:
    """Return how a machine's kernel sends to an address."""
    done = place.run(machine, ("ip", "-j", "route", "get", address), timeout_s=_LOOK_UP_S)
    found = json.loads(done.out) if done.code == 0 and done.out.strip() else []
    if not found:
        return Way()
    first = found[0]
    return Way(first.get("dev", ""), first.get("prefsrc", ""), first.get("gateway", ""))


def connects(place: Place, machine: Machine, address: str, port: int, timeout_s: float = 10.0) -> dict[str, Any]:
    """Try a TCP connection; ``connected`` says whether there was one."""
    done = place.run(machine, program("connect", address, str(port), f"{timeout_s:g}"), timeout_s=timeout_s + 5)
    found: dict[str, Any] = json.loads(done.out or '{"connected": false}')
    return found


_HOP: Final = re.compile(r"^ *(?P<number>\d+) +(?P<rest>.*)$")


def hops(text: str) -> tuple[int, str, list[float | None]] | None:
    """Return the number, the address and the times in ms of a line of traceroute; None if it is no such line."""
    found = _HOP.match(text)
    if found is None:
        return None
    words = found["rest"].split()
    times = [_time(word, after) for word, after in zip(words, [*words[1:], ""], strict=True)]
    address = next((word for word in words if is_address(word)), "")
    return int(found["number"]), address, [time for time in times if time is not ...]


def _time(word: str, after: str) -> Any:
    if word == "*":
        return None
    return float(word) if after == "ms" else ...


def trace(address: str, *, most: int = 30, timeout_s: float = 4.0, tries: int = 3) -> tuple[str, ...]:
    """Return the command that shows by whom packets go to an address."""
    name = "traceroute6" if ":" in address else "traceroute"
    seconds = str(max(1, round(timeout_s)))
    return (*_C, "busybox", name, "-n", *(() if ":" in address else ("-I",)), "-q", str(tries), "-w", seconds,
            "-m", str(most), address)  # fmt: skip
