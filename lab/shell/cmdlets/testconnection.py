"""Test-Connection: echo requests as objects."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from lab.errors import UnknownName
from lab.shell.command import Call, Example, Parameter, Support, command
from lab.shell.net.probes import Echo, echo
from lab.shell.net.reaching import UNKNOWN, ping_error, target_of
from lab.shell.objects import PSObject
from lab.shell.place import Machine, machine_of
from lab.shell.recording import accepted
from lab.shell.views import Column, show

_TYPE: Final = (
    "System.Management.ManagementObject#root\\cimv2\\Win32_PingStatus", "System.Management.ManagementObject"
)  # fmt: skip

show(
    _TYPE[0], "table",
    Column("Source", "PSComputerName", width=13), Column("Destination", "Address", width=15),
    Column("IPV4Address", width=16), Column("IPV6Address", width=40),
    Column("Bytes", "BufferSize", width=8), Column("Time(ms)", "ResponseTime", width=9),
)  # fmt: skip


@command(
    "Test-Connection",
    "Microsoft.PowerShell.Management",
    "Sends ICMP echo request packets (\"pings\") to one or more computers.",
    (
        Parameter("ComputerName", "String[]", position=0, mandatory=True, pipe="P", complete="machine",
                  aliases=("CN", "IPAddress", "__SERVER", "Server", "Destination"),
                  help="Whom to ask, by name or address."),
        Parameter("Source", "String[]", position=1, sets=("Source",), aliases=("FCN", "SRC"), complete="machine",
                  help="From which machines of the lab; from this one unless given."),
        Parameter("Count", "Int32", minimum=1, help="How many times; 4 unless given."),
        Parameter("BufferSize", "Int32", aliases=("Size", "Bytes", "BS"), minimum=0, maximum=65500,
                  help="How many bytes; 32 unless given."),
        Parameter("Delay", "Int32", minimum=1, maximum=60, help="The seconds between two; 1 unless given."),
        Parameter("TimeToLive", "Int32", aliases=("TTL",), minimum=1, maximum=255,
                  help="Over how many routers at most."),
        Parameter("Quiet", "Switch", sets=("Default",), help="Only tells whether anything came back."),
        Parameter("AsJob", "Switch", support=Support.ACCEPTED),
        Parameter("ThrottleLimit", "Int32", support=Support.ACCEPTED),
        Parameter("Credential", "Object", support=Support.ACCEPTED),
        Parameter("Protocol", support=Support.ACCEPTED),
        Parameter("Impersonation", support=Support.ACCEPTED),
        Parameter("DcomAuthentication", support=Support.ACCEPTED, aliases=("Authentication",)),
        Parameter("WsmanAuthentication", support=Support.ACCEPTED),
    ),
    default_set="Default",
    output="Win32_PingStatus",
    guest=True,
    examples=(
        Example("Test-Connection web1", "Asks a machine four times."),
        Example("Test-Connection -ComputerName web1 -Count 1 -Quiet", "Tells whether a machine answers."),
    ),
)  # fmt: skip
def test_connection(call: Call) -> Iterator[object]:
    """Send echo requests, and output each answer; with -Quiet whether there was any."""
    accepted(call)
    for source in _sources(call):
        for computer in call.get("ComputerName"):
            address = target_of(call.place, source, computer)
            if call.is_on("Quiet"):
                yield address is not None and any(each.ok for each in _echoes(call, source, address))
            elif address is None:
                call.error(ping_error(computer, UNKNOWN))
            else:
                for each in _echoes(call, source, address):
                    if each.ok:
                        yield _object(call, source, computer, address, each)
                    else:
                        call.error(ping_error(computer))


def _sources(call: Call) -> Iterator[Machine]:
    if "Source" not in call:
        yield call.machine
    for name in call.get("Source", []):
        found = machine_of(call.place.model, name)
        if found is None:
            raise UnknownName("machine of this lab", name, call.place.model.node_names())
        yield found


def _echoes(call: Call, source: Machine, address: str) -> Iterator[Echo]:
    """Send the echo requests one after the other; with -Quiet no more after the first answer."""
    size, ttl = call.get("BufferSize", 32), call.get("TimeToLive", 80)
    for number in range(call.get("Count", 4)):
        if number:
            time.sleep(call.get("Delay", 1))
        found = echo(call.place, source, address, size=size, ttl=ttl)
        yield found
        if found.ok and call.is_on("Quiet"):
            return


def _object(call: Call, source: Machine, computer: str, address: str, found: Echo) -> PSObject:
    six = ":" in address
    return PSObject(
        _TYPE,
        {
            "PSComputerName": source.name,
            "Address": computer,
            "IPV4Address": None if six else address,
            "IPV6Address": address if six else None,
            "BufferSize": call.get("BufferSize", 32),
            "ReplySize": call.get("BufferSize", 32),
            "ResponseTime": found.time_ms,
            "ResponseTimeToLive": found.ttl,
            "TimeToLive": call.get("TimeToLive", 80),
            "StatusCode": 0,
            "PrimaryAddressResolutionStatus": 0,
            "ProtocolAddress": found.who or address,
            "Timeout": 4000,
            "__SERVER": source.name,
        },
    )
