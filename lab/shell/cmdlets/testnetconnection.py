"""Test-NetConnection: whether a machine answers echo requests, or a TCP connection to a port comes about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from lab.shell.command import Call, Example, Parameter, Support, command
from lab.shell.net.interfaces import interfaces_of
from lab.shell.net.probes import Way, connects, echo, hops, resolve, trace, way
from lab.shell.net.reaching import status_text, target_of
from lab.shell.objects import PSObject
from lab.shell.recording import accepted
from lab.shell.views import Column, show

_BASE: Final = "TestNetConnectionResult"
_BEACON: Final = "internetbeacon.msedge.net"
_PORTS: Final = {"HTTP": 80, "RDP": 3389, "SMB": 445, "WINRM": 5985}
_MOST_HOPS: Final = 30

_RTT: Final = Column("PingReplyDetails (RTT)", lambda item: f"{_rtt(item)} ms")
_HOP: Final = Column("NetRoute (NextHop)", lambda item: _inner(item, "NetRoute", "NextHop"))
_NAMES: Final = Column("NameResolutionResults", lambda item: _lines(item, "AllNameResolutionResults"))
_TRACE: Final = Column("TraceRoute", lambda item: _lines(item, "TraceRoute"))
_HEAD: Final = ("ComputerName", "RemoteAddress")
_FROM: Final = ("InterfaceAlias", "SourceAddress")


def _rtt(item: PSObject) -> object:
    return _inner(item, "PingReplyDetails", "RoundtripTime") or 0


def _inner(item: PSObject, name: str, inner: str) -> object:
    found = item.get(name)
    return found.get(inner) if isinstance(found, PSObject) else None


def _lines(item: PSObject, name: str) -> str:
    found = item.get(name)
    return "\n".join(str(each) for each in found) if isinstance(found, list) else ""


show(f"{_BASE}#Ping", "list", *_HEAD, *_FROM, "PingSucceeded", _RTT)
show(f"{_BASE}#PingDetailed", "list", *_HEAD, _NAMES, *_FROM, _HOP, "PingSucceeded", _RTT)
show(f"{_BASE}#Trace", "list", *_HEAD, *_FROM, "PingSucceeded", _RTT, _TRACE)
show(f"{_BASE}#TcpYes", "list", *_HEAD, "RemotePort", *_FROM, "TcpTestSucceeded")
show(f"{_BASE}#TcpDetailed", "list", *_HEAD, "RemotePort", _NAMES, *_FROM, _HOP, "TcpTestSucceeded")
show(f"{_BASE}#TcpNo", "list", *_HEAD, "RemotePort", *_FROM, "PingSucceeded", _RTT, "TcpTestSucceeded")


@command(
    "Test-NetConnection",
    "NetTCPIP",
    "Displays diagnostic information for a connection.",
    (
        Parameter("ComputerName", position=0, aliases=("RemoteAddress", "cn"), pipe="VP", complete="machine",
                  help="Whom to ask, by name or address."),
        Parameter("CommonTCPPort", sets=("CommonTCPPort",), position=1, mandatory=True, values=tuple(_PORTS),
                  help="A well-known port: HTTP, RDP, SMB, WINRM."),
        Parameter("Port", "Int32", sets=("RemotePort",), mandatory=True, aliases=("RemotePort",), pipe="P",
                  minimum=1, maximum=65535, help="The TCP port to connect to."),
        Parameter("TraceRoute", "Switch", sets=("ICMP",), help="Also shows over whom packets go."),
        Parameter("Hops", "Int32", sets=("ICMP",), minimum=1, maximum=120, help="Over how many at most."),
        Parameter("DiagnoseRouting", "Switch", sets=("NetRouteDiagnostics",), support=Support.ACCEPTED),
        Parameter("InformationLevel", values=("Quiet", "Detailed", "Standard"),
                  help="Quiet only tells whether it worked."),
    ),
    default_set="ICMP",
    aliases=("TNC",),
    output="TestNetConnectionResult",
    guest=True,
    examples=(
        Example("Test-NetConnection web1 -Port 80", "Tells whether a TCP connection comes about."),
        Example("Test-NetConnection 192.168.1.10 -TraceRoute", "Shows over which routers a machine is reached."),
        Example("Test-NetConnection web1 -InformationLevel Quiet", "Only tells whether a machine answers."),
    ),
)  # fmt: skip
def test_netconnection(call: Call) -> Iterator[object]:
    """Try to reach a machine, and output what was found on the way."""
    accepted(call)
    name = call.get("ComputerName", _BEACON)
    port = call.get("Port") or _PORTS.get(call.get("CommonTCPPort", ""))
    address = target_of(call.place, call.machine, name)
    found: dict[str, Any] = {"ComputerName": name, "RemoteAddress": address, "PingSucceeded": False}
    if port:
        found |= {"RemotePort": port, "TcpTestSucceeded": False}
    if address is None:
        call.warn(f"Name resolution of {name} failed")
        yield from _told(call, found, bool(port))
        return
    found["AllNameResolutionResults"] = resolve(call.place, call.machine, name)
    _add_way(call, found, way(call.place, call.machine, address))
    if port:
        found |= _tcp(call, address, port)
    if not found.get("TcpTestSucceeded"):
        found |= _ping(call, address)
    if call.is_on("TraceRoute"):
        found["TraceRoute"] = list(_trace(call, address))
    yield from _told(call, found, bool(port))


def _add_way(call: Call, found: dict[str, Any], by: Way) -> None:
    aliases = {each.device: each.alias for each in interfaces_of(call.place, call.machine)}
    loopback = "Loopback Pseudo-Interface 1" if by.device == "lo" else ""
    found["InterfaceAlias"] = aliases.get(by.device, loopback)
    found["SourceAddress"] = by.source
    hop = by.next_hop or ("::" if ":" in str(found["RemoteAddress"]) else "0.0.0.0") if by.device else ""
    found["NetRoute"] = PSObject("MSFT_NetRoute", {"NextHop": hop}, text=hop)


def _tcp(call: Call, address: str, port: int) -> dict[str, Any]:
    answer = connects(call.place, call.machine, address, port)
    if not answer["connected"]:
        call.warn(f"TCP connect to ({address} : {port}) failed")
        return {}
    return {"TcpTestSucceeded": True, "SourceAddress": answer["source"]}


def _ping(call: Call, address: str) -> dict[str, Any]:
    answer = echo(call.place, call.machine, address)
    if not answer.ok:
        call.warn(f"Ping to {address} failed with status: {status_text(answer)}")
    details = {"Address": answer.who, "Status": answer.status, "RoundtripTime": answer.time_ms}
    return {
        "PingSucceeded": answer.ok,
        "PingReplyDetails": PSObject("System.Net.NetworkInformation.PingReply", details),
    }


def _trace(call: Call, address: str) -> Iterator[str]:
    argv = trace(address, most=call.get("Hops", _MOST_HOPS), tries=1, timeout_s=2)
    for line in call.place.stream(call.machine, argv):
        if hop := hops(line):
            yield hop[1] or ("::" if ":" in address else "0.0.0.0")


def _told(call: Call, found: dict[str, Any], tcp: bool) -> Iterator[object]:
    succeeded = bool(found.get("TcpTestSucceeded") if tcp else found["PingSucceeded"])
    level = call.get("InformationLevel", "Standard")
    if level == "Quiet":
        yield succeeded
        return
    detailed = level == "Detailed"
    if tcp:
        kind = ("TcpDetailed" if detailed else "TcpYes") if succeeded else "TcpNo"
    else:
        kind = "Trace" if call.is_on("TraceRoute") else "PingDetailed" if detailed else "Ping"
    blank = dict.fromkeys(("RemoteAddress", "InterfaceAlias", "SourceAddress", "PingReplyDetails", "TraceRoute"))
    yield PSObject((f"{_BASE}#{kind}", _BASE), {**blank, **found, "Detailed": detailed})
