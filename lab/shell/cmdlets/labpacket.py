"""Where a packet goes, and what keeps it from arriving: Trace-LabPacket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from lab import codec
from lab.engine.trace.story import Crossing, Hop, Stage, Trace
from lab.engine.trace.telling import ARRIVES, LOST, way
from lab.errors import InputError
from lab.shell.command import Call, Example, Parameter, command
from lab.shell.labs.targets import MODULE
from lab.shell.objects import PSObject
from lab.shell.views import Column, show

_OPTIONS: Final = {"TCP": "--tcp", "UDP": "--udp", "ICMP": "--icmp", "RouterAdvertisement": "--advertisement"}

show(
    f"{MODULE}.LabTrace", "list", "Packet", "From", "To", "Explanation",
    Column("Verdict", lambda trace: f"{ARRIVES if trace.get('Arrives') else LOST} {trace.get('Verdict')}"),
    "DropReason", "Remedy",
)  # fmt: skip
show(f"{MODULE}.LabTraceStep", "table", "Number", "Machine", "Place", "Stage", "Object", "Does", "Detail")


@command(
    "Trace-LabPacket",
    MODULE,
    "Tells where a packet goes, through every stage of every switch, and whether its answer comes back.",
    (
        Parameter("From", position=0, mandatory=True, aliases=("Source",), complete="vm",
                  help="The machine that sends it (web1), or its adapter (web1/Network Adapter)."),
        Parameter("To", position=1, mandatory=True, aliases=("Destination",), complete="vm",
                  help="The machine, adapter, IP address, or load-balancing cluster that it is for."),
        Parameter("Protocol", "LabProtocol", values=tuple(_OPTIONS),
                  help="What kind of packet: ICMP is a ping; with -Port it is TCP unless given, else ICMP."),
        Parameter("Port", "Int32", minimum=1, maximum=65535, help="The port that it is for, of TCP or UDP."),
        Parameter("IPv4", "Switch", help="By IPv4 only."),
        Parameter("IPv6", "Switch", help="By IPv6 only."),
    ),
    output="LabTrace",
    guest=True,
    examples=(
        Example("Trace-LabPacket web1 db1", "Tells in words what a ping meets, and what would let it through."),
        Example("Trace-LabPacket web1 web2 -Protocol TCP -Port 80", "Does so for a connection to a web server."),
        Example("(Trace-LabPacket web1 db1).Steps | Where-Object Reason", "Shows the stage that drops it."),
    ),
    remarks="The switches are asked what they would do now: no packet is sent, and nothing is learned.",
)  # fmt: skip
def trace_labpacket(call: Call) -> Iterator[object]:
    """Output one trace, with its steps as objects."""
    source, target = call.get("From"), call.get("To")
    for name in (source, target):
        if name.startswith("-"):
            raise InputError(f'no machine of this lab is called "{name}"', target=name)
    found = call.place.ask("trace", source, target, *_protocol(call), *_version(call))
    # What is asked for goes through JSON; read back, it can be told in the same words.
    yield trace_object(codec.loads(Trace, json.dumps(found)))


def _protocol(call: Call) -> list[str]:
    port = call.get("Port")
    protocol = call.get("Protocol", "TCP" if port else "ICMP")
    ports = protocol in ("TCP", "UDP")
    if ports and port is None:
        raise InputError(f"{protocol} is asked for, and no port", remedy="say which one: -Port 80")
    if port is not None and not ports:
        raise InputError(f"{protocol} has no ports", remedy="leave out -Port, or say -Protocol TCP or UDP")
    return [_OPTIONS[protocol], *([str(port)] if ports else [])]


def _version(call: Call) -> list[str]:
    if call.is_on("IPv4") and call.is_on("IPv6"):
        raise InputError("IPv4 and IPv6 are both asked for", remedy="leave out one")
    return ["-4"] if call.is_on("IPv4") else ["-6"] if call.is_on("IPv6") else []


def trace_object(trace: Trace) -> PSObject:
    """Return a trace as the cmdlet outputs it."""
    steps = list(_steps(trace))
    dropped = next((step for step in steps if step.get("Reason")), None)
    return PSObject(
        f"{MODULE}.LabTrace",
        {
            "Packet": trace.request.title,
            "From": trace.source,
            "To": trace.target,
            "Arrives": trace.arrives,
            "Predicted": trace.predicted,
            "Verdict": trace.verdict,
            "DropReason": dropped.get("Detail") if dropped else None,
            "Reason": trace.reason,
            "Remedy": trace.remedy,
            "Steps": steps,
            "Notes": list(trace.notes),
            "Explanation": "\n".join([*(f"note: {note}" for note in trace.notes), *way(trace, briefly=True)]),
        },
        text=trace.verdict,
    )


def _steps(trace: Trace) -> Iterator[PSObject]:
    """Yield the stages that the packet passes on its way there, then those of its answer, numbered."""
    number = 0
    for direction in (trace.request, trace.reply):
        for hop in direction.hops if direction else ():
            for crossing in hop.crossings:
                for stage in crossing.stages or (None,):
                    number += 1
                    yield _step(number, direction is trace.reply, hop, crossing, stage)


def _step(number: int, answers: bool, hop: Hop, crossing: Crossing, stage: Stage | None) -> PSObject:
    return PSObject(
        f"{MODULE}.LabTraceStep",
        {
            "Number": number,
            "Direction": "Reply" if answers else "Request",
            "Machine": hop.machine,
            "Place": crossing.place,
            "Stage": stage.name if stage else "",
            "Feature": stage.feature if stage else "",
            "Object": stage.object if stage else "",
            "Does": stage.does if stage else crossing.decision,
            "Detail": stage.detail if stage else "",
            "Reason": stage.reason if stage else 0,
            "To": crossing.to,
        },
    )
