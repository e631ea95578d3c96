"""What a machine knows of its neighbours and its connections: Get- and Remove-NetNeighbor, Get-NetTCPConnection.

Both are its kernel's word.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from lab.shell.command import Call, Example, Impact, Parameter, command
from lab.shell.net.cim import full_name, type_names
from lab.shell.net.filters import ALIAS_AND_INDEX, OBJECT_SET, QUERY, STORE, chosen
from lab.shell.net.interfaces import NetInterface, dashed, interfaces_of
from lab.shell.net.targets import listed
from lab.shell.objects import PSObject
from lab.shell.views import Column, show

_NEIGHBOR: Final = "MSFT_NetNeighbor"
_CONNECTION: Final = "MSFT_NetTCPConnection"
_TIMEOUT_S: Final = 10.0

show(
    full_name(_NEIGHBOR), "table",
    Column("ifIndex", width=7), Column("IPAddress", width=50), Column("LinkLayerAddress", width=21),
    Column("State", width=11), Column("PolicyStore", width=11),
)  # fmt: skip
show(
    full_name(_CONNECTION), "table",
    Column("LocalAddress", width=35), Column("LocalPort", width=9), Column("RemoteAddress", width=35),
    Column("RemotePort", width=10), Column("State", width=11), Column("OwningProcess", width=13),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Neighbor:
    """A neighbour, as an interface of a machine knows it."""

    on: NetInterface
    address: str
    mac: str
    state: str

    @property
    def family(self) -> str:
        return "IPv6" if ":" in self.address else "IPv4"


_STATES: Final = {
    "REACHABLE": "Reachable", "STALE": "Stale", "DELAY": "Delay", "PROBE": "Probe", "FAILED": "Unreachable",
    "INCOMPLETE": "Incomplete", "PERMANENT": "Permanent", "NOARP": "Permanent",
}  # fmt: skip


def neighbors(call: Call) -> list[Neighbor]:
    """Return the neighbours that the machine's kernel knows, IPv6 first."""
    devices = {each.device: each for each in interfaces_of(call.place, call.machine) if each.has_ip}
    said = call.place.run(call.machine, ("ip", "-j", "neigh", "show"), timeout_s=_TIMEOUT_S).out
    found = [
        Neighbor(
            devices[each["dev"]],
            each["dst"],
            dashed(each.get("lladdr", "00:00:00:00:00:00")),
            _STATES.get((each.get("state") or ["STALE"])[0], "Stale"),
        )
        for each in json.loads(said or "[]")
        if each.get("dev") in devices
    ]
    return sorted(found, key=lambda each: (each.family != "IPv6", each.on.index, each.address))


_PROPERTIES: Final[dict[str, Callable[[Neighbor], Any]]] = {
    "IPAddress": lambda each: each.address,
    "InterfaceAlias": lambda each: each.on.alias,
    "InterfaceIndex": lambda each: each.on.index,
    "AddressFamily": lambda each: each.family,
    "LinkLayerAddress": lambda each: each.mac,
    "State": lambda each: each.state,
}
_WHICH: Final = (
    Parameter("IPAddress", "String[]", sets=(QUERY,), position=0, pipe="P", wildcards=True, help="Its IP address."),
    *ALIAS_AND_INDEX,
    Parameter("LinkLayerAddress", "String[]", sets=(QUERY,), wildcards=True, help="Its MAC address."),
    Parameter("State", "State[]", sets=(QUERY,), help="How sure the machine is of it.",
              values=("Unreachable", "Incomplete", "Probe", "Delay", "Stale", "Reachable", "Permanent")),
    STORE,
)  # fmt: skip


@command(
    "Get-NetNeighbor",
    "NetTCPIP",
    "Gets neighbor cache entries.",
    _WHICH,
    default_set=QUERY,
    output="MSFT_NetNeighbor",
    guest=True,
    examples=(Example("Get-NetNeighbor -State Reachable", "Shows whom the machine has just heard from."),),
)
def get_netneighbor(call: Call) -> Iterator[object]:
    """Output the machine's neighbours."""
    for each in chosen(call, _NEIGHBOR, neighbors(call), _PROPERTIES):
        yield PSObject(
            type_names(_NEIGHBOR),
            {
                "InterfaceIndex": each.on.index,
                "ifIndex": each.on.index,
                "InterfaceAlias": each.on.alias,
                "ifAlias": each.on.alias,
                "IPAddress": each.address,
                "LinkLayerAddress": each.mac,
                "AddressFamily": each.family,
                "State": each.state,
                "PolicyStore": "ActiveStore",
            },
            source=each,
        )


@command(
    "Remove-NetNeighbor",
    "NetTCPIP",
    "Removes neighbor cache entries.",
    (
        *_WHICH,
        Parameter("InputObject", "CimInstance[]", sets=(OBJECT_SET,), mandatory=True, pipe="V",
                  help="An object of Get-NetNeighbor."),
    ),
    default_set=QUERY,
    confirms=True,
    impact=Impact.HIGH,
    guest=True,
    examples=(Example("Remove-NetNeighbor -IPAddress 10.0.0.2 -Confirm:$false", "Has the machine ask for it anew."),),
)  # fmt: skip
def remove_netneighbor(call: Call) -> None:
    """Have the machine's kernel forget neighbours."""
    if "InputObject" in call:
        found = [each.source for each in listed(call.get("InputObject")) if isinstance(each.source, Neighbor)]
    else:
        found = chosen(call, _NEIGHBOR, neighbors(call), _PROPERTIES)
    for each in found:
        target = f"NetNeighbor -IP{each.family[2:]}Address {each.address} -InterfaceIndex {each.on.index} -Store Active"
        if call.agreed(target, "Remove"):
            argv = ("ip", "neigh", "del", each.address, "dev", each.on.device)
            call.place.run(call.machine, argv, timeout_s=_TIMEOUT_S)


@dataclass(frozen=True, slots=True)
class _Connection:
    """A TCP connection, or a port that is listened at."""

    local: str
    local_port: int
    remote: str
    remote_port: int
    state: str
    process: int


_TCP_STATES: Final = {
    "LISTEN": "Listen", "ESTAB": "Established", "SYN-SENT": "SynSent", "SYN-RECV": "SynReceived",
    "FIN-WAIT-1": "FinWait1", "FIN-WAIT-2": "FinWait2", "TIME-WAIT": "TimeWait", "CLOSE-WAIT": "CloseWait",
    "LAST-ACK": "LastAck", "CLOSING": "Closing", "UNCONN": "Bound",
}  # fmt: skip
_PID: Final = re.compile(r"pid=(\d+)")


@command(
    "Get-NetTCPConnection",
    "NetTCPIP",
    "Gets TCP connections.",
    (
        Parameter("LocalAddress", "String[]", position=0, wildcards=True, pipe="P", help="The address at this end."),
        Parameter("LocalPort", "UInt16[]", position=1, pipe="P", help="The port at this end."),
        Parameter("RemoteAddress", "String[]", wildcards=True, pipe="P", help="The address at the other end."),
        Parameter("RemotePort", "UInt16[]", pipe="P", help="The port at the other end."),
        Parameter("State", "State[]", values=tuple(_TCP_STATES.values()), pipe="P", help="What state it is in."),
        Parameter("OwningProcess", "UInt32[]", pipe="P", help="Whose it is."),
    ),
    default_set=QUERY,
    output="MSFT_NetTCPConnection",
    guest=True,
    examples=(Example("Get-NetTCPConnection -State Listen", "Shows on which ports programs of the machine listen."),),
)
def get_nettcpconnection(call: Call) -> Iterator[object]:
    """Output the machine's TCP connections and the ports that programs listen at."""
    found = list(_connections(call))
    for each in chosen(
        call, _CONNECTION, found,
        {
            "LocalAddress": lambda each: each.local,
            "LocalPort": lambda each: each.local_port,
            "RemoteAddress": lambda each: each.remote,
            "RemotePort": lambda each: each.remote_port,
            "State": lambda each: each.state,
            "OwningProcess": lambda each: each.process,
        },
    ):  # fmt: skip
        yield PSObject(
            type_names(_CONNECTION),
            {
                "LocalAddress": each.local,
                "LocalPort": each.local_port,
                "RemoteAddress": each.remote,
                "RemotePort": each.remote_port,
                "State": each.state,
                "AppliedSetting": "Internet" if each.state == "Established" else None,
                "OwningProcess": each.process,
            },
        )


def _connections(call: Call) -> Iterator[_Connection]:
    said = call.place.run(call.machine, ("ss", "-Htanp"), timeout_s=_TIMEOUT_S).out
    for line in said.splitlines():
        words = line.split()
        if len(words) < 5 or words[0] not in _TCP_STATES:
            continue
        local, remote = _end(words[3]), _end(words[4])
        process = _PID.search(line)
        state = _TCP_STATES[words[0]]
        yield _Connection(*local, *remote, state, int(process[1]) if process else 0)


def _end(text: str) -> tuple[str, int]:
    address, _, port = text.rpartition(":")
    address = address.strip("[]").partition("%")[0]
    return {"*": "::"}.get(address, address), int(port) if port.isdigit() else 0
