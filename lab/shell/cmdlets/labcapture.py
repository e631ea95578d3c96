"""Frames into a file, for Wireshark: Start-, Get-, Wait- and Stop-LabCapture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lab.errors import InputError
from lab.model.objects import LabModel
from lab.shell.command import Call, Example, Parameter, command
from lab.shell.errors import ErrorRecord
from lab.shell.labs.captures import READY, Capture, capture_object, captures
from lab.shell.labs.targets import MODULE, file_named, listed, one

_FOREVER_S: Final = 365 * 24 * 3600.0

_WHICH: Final = (
    Parameter("Id", "Int32[]", sets=("Id",), position=0, pipe="P", help="The number of the capture."),
    Parameter("InputObject", "LabCapture[]", sets=("InputObject",), mandatory=True, pipe="V",
              help="The capture, as Start-LabCapture outputs it."),
)  # fmt: skip


@command(
    "Start-LabCapture",
    MODULE,
    "Begins to capture the frames at a network adapter, or at all ports of a virtual switch, into a pcap file.",
    (
        Parameter("VMName", sets=("Adapter",), position=0, pipe="P", aliases=("MachineName",), complete="vm",
                  help="The VM, or other machine, at whose adapter to capture."),
        Parameter("Adapter", sets=("Adapter",), aliases=("VMNetworkAdapterName",), complete="adapter",
                  help='Its adapter, if it has several; or an adapter in full, as in "hv1/Ethernet".'),
        Parameter("SwitchName", sets=("Switch",), mandatory=True, complete="switch",
                  help="The switch at all of whose ports to capture; it needs the extension Microsoft NDIS Capture."),
        Parameter("Path", mandatory=True, aliases=("FilePath",), complete="file", help="The pcap file to write."),
        Parameter("Count", "Int32", minimum=1, help="Ends after so many frames."),
        Parameter("Seconds", "Double", help="Ends after so many seconds."),
        Parameter("Filter", help='Only such frames, as tcpdump has it: "icmp or arp".'),
    ),
    default_set="Adapter",
    output="LabCapture",
    guest=True,
    examples=(
        Example("Start-LabCapture web1 -Path web1.pcap", "Captures at web1 until Stop-LabCapture, or the end."),
        Example("Start-LabCapture -Adapter hv1/Ethernet -Path wire.pcap -Count 10 -Filter icmp",
                "Captures the next ten pings on the wire."),
    ),
    remarks="It goes on while the script does, and ends with it. What was there before in the file is replaced.",
)  # fmt: skip
def start_labcapture(call: Call) -> Iterator[object]:
    """Begin a capture, and return when it sees every frame."""
    where = call.get("SwitchName") or _adapter(call, call.place.model)
    path = file_named(call)
    words = ["--switch", where] if "SwitchName" in call else [where]
    words += ["-w", str(path)]
    words += ["-c", str(call.get("Count"))] if "Count" in call else []
    words += ["--seconds", str(call.get("Seconds"))] if "Seconds" in call else []
    words += ["--filter", call.get("Filter")] if "Filter" in call else []
    if where.startswith("-"):
        raise InputError(f'there is no adapter or switch "{where}"', target=where)
    if call.get("Seconds", 1.0) < 0.1:
        raise InputError(f"{call.get('Seconds')} seconds are asked for", remedy="expected 0.1 or more")
    begun = call.place.begin("capture", *words, ready=READY)
    mine = captures(call.place)
    mine.append(Capture(len(mine) + 1, where, call.files.shown(path), begun))
    yield capture_object(mine[-1])


def _adapter(call: Call, model: LabModel) -> str:
    """Return the adapter to capture at, as `hvlab capture` takes it."""
    machine, adapter = call.get("VMName", ""), call.get("Adapter", "")
    if not machine and not adapter:
        raise InputError("nothing to capture at is named", remedy="say -VMName, -Adapter or -SwitchName")
    if not machine:
        full = str(adapter)
        machine, mark, adapter = full.partition("/")
        if not mark:
            machine, adapter = call.machine.name, full
    name = one("machine of this lab", model.node_names(), machine)
    return f"{name}/{adapter}" if adapter else name


@command(
    "Get-LabCapture",
    MODULE,
    "Gets the captures that were begun in this session.",
    (Parameter("Id", "Int32[]", position=0, help="The number of the capture."),),
    output="LabCapture",
    guest=True,
    examples=(Example("Get-LabCapture", "Shows which captures go on, and how many frames the others have."),),
)
def get_labcapture(call: Call) -> Iterator[object]:
    """Output captures."""
    yield from map(capture_object, _given(call))


@command(
    "Wait-LabCapture",
    MODULE,
    "Waits until captures have ended by themselves, after their -Count or -Seconds.",
    (*_WHICH, Parameter("Timeout", "Double", help="For how many seconds to wait at most.")),
    default_set="Id",
    output="LabCapture",
    guest=True,
    examples=(Example("Start-LabCapture web1 -Path a.pcap -Count 3 | Wait-LabCapture", "Waits for three frames."),),
)
def wait_labcapture(call: Call) -> Iterator[object]:
    """Wait, and output those captures that have ended."""
    for each in _given(call):
        if each.command.wait(call.get("Timeout", _FOREVER_S)):
            yield capture_object(each)
        else:
            message = f"Capture {each.id} has not ended within {call.get('Timeout'):g} seconds."
            call.error(ErrorRecord(message, "OperationTimeout", "CaptureNotEnded", "LabException", each.id))


@command(
    "Stop-LabCapture",
    MODULE,
    "Ends captures; their files are complete then.",
    _WHICH,
    default_set="Id",
    output="LabCapture",
    guest=True,
    examples=(
        Example("Stop-LabCapture", "Ends all captures of this session."),
        Example("$capture | Stop-LabCapture", "Ends one, and outputs it with the number of its frames."),
    ),
)
def stop_labcapture(call: Call) -> Iterator[object]:
    """End captures, and output them."""
    for each in _given(call):
        each.command.end()
        yield capture_object(each)


def _given(call: Call) -> Iterator[Capture]:
    """Yield the captures that are given, all if none are; a number that none has is an error."""
    if "InputObject" in call:
        yield from (item.source for item in listed(call.get("InputObject")))
        return
    mine = captures(call.place)
    if "Id" not in call:
        yield from list(mine)
        return
    for number in call.get("Id"):
        if 0 < number <= len(mine):
            yield mine[number - 1]
        else:
            message = f"There is no capture with the number {number}."
            call.error(ErrorRecord(message, "ObjectNotFound", "UnknownCapture", "LabException", number))
