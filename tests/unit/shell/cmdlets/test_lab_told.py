"""What cmdlets of module hvlab make of what a running lab tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from lab.engine.trace.story import Crossing, Direction, Hop, Lost, Stage, Trace
from tests.unit.shell.cmdlets.lab_console import Asked, Console, office_lab


def drop(adapter: str, reason: int, frames: int = 1, switch: str = "External", host: str = "hv1") -> dict[str, Any]:
    return {
        "host": host, "switch": switch, "adapter": adapter, "reason": reason, "words": "spoofed MAC", "frames": frames,
        "setting": "MacAddressSpoofing Off", "remedy": "Set-VMNetworkAdapter …", "last": "", "seconds_ago": None,
    }  # fmt: skip


def counter(adapter: str, sent: int, host: str = "hv1") -> dict[str, Any]:
    numbers = ("bytes_sent", "packets_received", "bytes_received", "dropped_outgoing", "dropped_incoming")
    return {"host": host, "switch": "External", "adapter": adapter, "packets_sent": sent, **dict.fromkeys(numbers, 0)}


def learned(adapter: str, switch: str, host: str = "hv1") -> dict[str, Any]:
    return {
        "host": host, "switch": switch, "vlan": 0, "mac": "00155D010203", "port": 3, "adapter": adapter,
        "owner": adapter, "how": "learned", "age_s": 2, "forgotten_in_s": 298,
    }  # fmt: skip


def flow(stage: str, feature: str, owner: str, packets: int = 0, host: str = "hv1") -> dict[str, Any]:
    return {
        "host": host, "switch": "External", "table": 2, "stage": stage, "priority": 10000, "match": "", "actions": "x",
        "feature": feature, "object": owner, "kind": "forward", "setting": "", "reason": 0, "packets": packets,
        "bytes": 0, "age_s": 1.5, "cookie": "0x4800", "openflow": "priority=10000 actions=x",
    }  # fmt: skip


def pair(one: str, other: str, measured: bool, predicted: bool | None = None) -> dict[str, Any]:
    expected = measured if predicted is None else predicted
    return {
        "from": one, "to": other, "version": 4, "measured": measured, "time_ms": 0.5 if measured else None,
        "predicted": expected, "agrees": measured == expected, "reason": "both on it",
    }  # fmt: skip


ANSWERS: dict[str, Any] = {
    "drops": [drop("web1/Network Adapter", 16, 3), drop("web2/Network Adapter", 17), drop("", 9, switch="Private")],
    "counters": [
        counter("hv1/Ethernet", 1), counter("hv1/vEthernet (External)", 2), counter("web1/Network Adapter", 3),
        counter("web3/Network Adapter", 4, host="hv2"),
    ],
    "learned": [
        learned("web1/Network Adapter", "External"), learned("db1/Network Adapter", "Private"),
        learned("hv2/Ethernet", "External", "hv2"),
    ],
    "flows": [
        flow("classify", "classify", "web1/Network Adapter", 7), flow("guard_check", "guard", "switch External"),
        flow("vlan_in", "vlan", "web3/Network Adapter", host="hv2"),
    ],
    "matrix": [
        pair("hv1 vEthernet (External)", "web1", measured=True), pair("web1", "web2", measured=False, predicted=True),
        pair("web1", "hv1 vEthernet (External)", measured=True), pair("web2", "cluster web", measured=False),
    ],
    "list": [{"name": "office", "state": "running", "file": "/x/office.py", "pid": 7}],
}  # fmt: skip


def place() -> Asked:
    return Asked(office_lab(), **ANSWERS)


def values(script: str, machine: str = "hv1") -> list[str]:
    return Console(place(), machine).said(script)


WHOSE: dict[str, Sequence[str]] = {
    "(Get-LabDrop).Reason": ("16", "17", "9"),
    "(Get-LabDrop web1).Count": ("3",),
    "(Get-LabDrop web*).Reason": ("16", "17"),
    "(Get-LabDrop -SwitchName Private).Reason": ("9",),
    "(Get-LabDrop -Adapter 'web2/Network Adapter').Reason": ("17",),
    "(Get-LabDrop -Adapter 'Network Adapter').Reason": ("16", "17"),
    "(Get-VM web2 | Get-LabDrop).Reason": ("17",),
    "Get-LabDrop web3": (),
    "(Get-LabCounter hv1).PacketsSent": ("1", "2"),
    "(Get-LabCounter -Adapter External).PacketsSent": ("2",),
    "(Get-LabCounter -Adapter 'vEthernet (External)').PacketsSent": ("2",),
    "(Get-LabCounter hv1 -Adapter Ethernet).PacketsSent": ("1",),
    "(Get-LabCounter -SwitchName hv2/External).PacketsSent": ("4",),
    "(Get-LabCounter WEB1, web3).PacketsSent": ("3", "4"),
    "(Get-LabLearnedAddress External).Adapter": ("web1/Network Adapter", "hv2/Ethernet"),
    "(Get-LabLearnedAddress hv1/External).Adapter": ("web1/Network Adapter",),
    "(Get-VMSwitch Private | Get-LabLearnedAddress).Adapter": ("db1/Network Adapter",),
    "(Get-LabFlow).TableName": ("classify", "guard_check", "vlan_in"),
    "(Get-LabFlow hv1/External).TableName": ("classify", "guard_check"),
    "(Get-VMSwitch External | Get-LabFlow).TableName": ("classify", "guard_check"),
    "(Get-VM web1 | Get-LabFlow).TableName": ("classify",),
    "(Get-LabFlow -Feature guard, vlan).TableName": ("guard_check", "vlan_in"),
    "(Get-LabFlow -TableName vlan*).Object": ("web3/Network Adapter",),
    "(Get-LabFlow -VMName web1).Packets": ("7",),
    "(Get-LabFlow -Stage classify).OpenFlow": ("priority=10000 actions=x",),
    "(Test-LabMatrix).To": ("web1", "web2", "hv1 vEthernet (External)", "cluster web"),
    "(Test-LabMatrix web1).To": ("web2", "hv1 vEthernet (External)"),
    "(Test-LabMatrix -To hv1).From": ("web1",),
    "(Test-LabMatrix hv* web*).To": ("web1",),
    "(Test-LabMatrix -To 'cluster web').From": ("web2",),
    "(Test-LabMatrix | Where-Object { -not $_.Agrees }).To": ("web2",),
    "(Test-LabMatrix web1 web2).Expected": ("True",),
    "(Test-LabMatrix web1 web2).Measured": ("False",),
}


FROM_GUEST = [("web2", script) for script in WHOSE if "Get-VM" not in script]  # a guest has no module Hyper-V


@pytest.mark.parametrize(("machine", "script"), [*(("hv1", script) for script in WHOSE), *FROM_GUEST])
def test_it_is_about_what_was_asked_for(machine: str, script: str) -> None:
    assert values(script, machine) == list(WHOSE[script])


WRONG = {
    "Get-LabDrop web9": 'No machine of this lab is called "web9".',
    "Get-LabCounter -SwitchName Extern": 'No virtual switch is called "Extern".',
    "Get-LabLearnedAddress nix": 'No virtual switch is called "nix". Known: hv1/External, hv1/Private, hv2/External.',
    "Get-LabFlow nix": 'No virtual switch is called "nix".',
    "Test-LabMatrix web9": 'No endpoint of this lab is called "web9". Did you mean "web2"?',
    "Test-LabMatrix -IPv4 -IPv6": "IPv4 and IPv6 are both asked for.",
    "Test-LabMatrix web1 -Matrix": "A positional parameter cannot be found that accepts argument 'web1'.",
    "Trace-LabPacket web1 web2 -Protocol TCP": "TCP is asked for, and no port. Say which one: -Port 80.",
    "Trace-LabPacket web1 web2 -Protocol ICMP -Port 80": "ICMP has no ports.",
    "Trace-LabPacket web1 web2 -Port 70000": "greater than the maximum allowed range of 65535",
    "Trace-LabPacket web1 --tcp": 'No machine of this lab is called "--tcp".',
    "Start-LabCapture web9 -Path x": 'No machine of this lab is called "web9".',
    "Start-LabCapture -Path x": "Nothing to capture at is named. Say -VMName, -Adapter or -SwitchName.",
    "Start-LabCapture web1 -Path x -Seconds 0": "0 seconds are asked for. Expected 0.1 or more.",
    "Stop-LabCapture 3": "There is no capture with the number 3.",
}


@pytest.mark.parametrize("script", WRONG)
def test_a_mistake_is_told_in_words(script: str) -> None:
    assert WRONG[script] in Console(place()).error(script)


@pytest.mark.parametrize(
    "script",
    ["Get-LabDrop", "Get-LabCounter", "Get-LabFlow", "Get-LabLearnedAddress", "Test-LabMatrix",
     "Trace-LabPacket web1 web2", "Start-LabCapture web1 -Path x"],
)  # fmt: skip
def test_a_lab_that_does_not_run_says_so(script: str) -> None:
    assert "does not run: this lab is only described. Start it: hvlab up FILE." in Console().error(script)


@pytest.mark.parametrize(
    ("script", "asked"),
    [
        ("Test-LabMatrix", ("matrix",)),
        ("Test-LabMatrix -IPv4", ("matrix", "-4")),
        ("Test-LabMatrix -Matrix -IPv6", ("matrix", "-6")),
        ("Trace-LabPacket web1 web2", ("trace", "web1", "web2", "--icmp")),
        ("Trace-LabPacket web1 10.0.0.1 -Port 80", ("trace", "web1", "10.0.0.1", "--tcp", "80")),
        ("Trace-LabPacket web1 web2 -Protocol UDP -Port 53 -IPv4", ("trace", "web1", "web2", "--udp", "53", "-4")),
        ("Trace-LabPacket a/b web2 -Protocol RouterAdvertisement", ("trace", "a/b", "web2", "--advertisement")),
    ],
)
def test_options_go_to_the_command(script: str, asked: tuple[str, ...]) -> None:
    where = place()
    where.answers = {**ANSWERS, "trace": asdict(DROPPED)}
    Console(where).said(script)
    assert where.asked == [asked]


def test_the_matrix_is_printed_as_it_is() -> None:
    where = Asked(office_lab(), matrix="   1 2\n 1 - ✓\n")
    assert Console(where).said("Test-LabMatrix -Matrix") == ["   1 2", " 1 - ✓"]


CLASSIFY = Stage(0, "classify", "admits frames", "classify", "web1/Network Adapter")
GUARD = Stage(3, "role_check", "drops", "role", "web1/Network Adapter", "dropped, reason 17: DHCP guard", 17)
LOST = Lost('switch "External" of "hv1"', "dropped, reason 17: DHCP guard", 17, "Set-VMNetworkAdapter …")
CROSSING = Crossing('switch "External" of "hv1"', "web1/Network Adapter", 3, (CLASSIFY, GUARD), "", (), "")
HOP = Hop("web1", "is on its own subnet", "web1/Network Adapter", "00155D010201", "00155D010202", (CROSSING,), "", LOST)
DROPPED = Trace(
    "web1", "web2", Direction("UDP datagram", "web1", "web2", (HOP,), LOST), None, False, "it does not arrive",
    LOST.remedy, 17, ("a note",), False,
)  # fmt: skip


def test_a_trace_is_told_with_verdict_reason_and_remedy() -> None:
    where = Asked(office_lab(), trace=asdict(DROPPED))
    assert Console(where).said("Trace-LabPacket web1 web2") == [
        "Packet      : UDP datagram",
        "From        : web1",
        "To          : web2",
        "Explanation : note: a note",
        "              web1: is on its own subnet",
        "                frame from 00155D010201 (web1/Network Adapter) to 00155D010202",
        '                switch "External" of "hv1", in from web1/Network Adapter (port 3)',
        "                  role_check, for web1/Network Adapter: dropped, reason 17: DHCP guard",
        "                ✗ dropped, reason 17: DHCP guard",
        "Verdict     : ✗ it does not arrive",
        "DropReason  : dropped, reason 17: DHCP guard",
        "Remedy      : Set-VMNetworkAdapter …",
    ]


@pytest.mark.parametrize(
    ("script", "shown"),
    [
        ("$trace.Arrives", ["False"]),
        ("$trace.Reason", ["17"]),
        ("$trace.Steps.Stage", ["classify", "role_check"]),
        ("($trace.Steps | Where-Object Reason).Number", ["2"]),
        ('"$trace"', ["it does not arrive"]),
    ],
)
def test_a_trace_is_an_object(script: str, shown: list[str]) -> None:
    console = Console(Asked(office_lab(), trace=asdict(DROPPED)))
    console.said("$trace = Trace-LabPacket web1 web2")
    assert console.said(script) == shown


class FakeCapture:
    """A capture that ends when it is told to."""

    def __init__(self) -> None:
        self.running = True
        self.said = "tcpdump: listening on eth0\n"

    def wait(self, timeout_s: float) -> bool:
        return not self.running

    def end(self) -> None:
        self.running = False
        self.said += "12 packets captured\n"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("web1 -Path /x/a.pcap", ("web1", "-w", "/x/a.pcap")),
        ("WEB1 -Adapter 'Network Adapter' -Path /x/a.pcap", ("web1/Network Adapter", "-w", "/x/a.pcap")),
        ("-Adapter hv1/Ethernet -Path /x/a.pcap", ("hv1/Ethernet", "-w", "/x/a.pcap")),
        ("-Adapter Ethernet -Path /x/a.pcap", ("hv1/Ethernet", "-w", "/x/a.pcap")),
        ("-SwitchName External -Path /x/a.pcap", ("--switch", "External", "-w", "/x/a.pcap")),
        ("web1 -Path /x\\a.pcap -Count 3", ("web1", "-w", "/x/a.pcap", "-c", "3")),
        ("web1 -Path /x/a.pcap -Seconds 1.5", ("web1", "-w", "/x/a.pcap", "--seconds", "1.5")),
        ("web1 -Path /x/a.pcap -Filter '-x'", ("web1", "-w", "/x/a.pcap", "--filter", "-x")),
    ],
)
def test_a_capture_is_begun_where_it_is_asked_for(script: str, words: tuple[str, ...]) -> None:
    where = Asked(office_lab(), capture=FakeCapture)
    Console(where).said(f"Start-LabCapture {script}")
    assert where.asked == [("capture", *words)]


def test_captures_go_on_until_they_are_stopped() -> None:
    console = Console(Asked(office_lab(), capture=FakeCapture))
    assert console.said("$one = Start-LabCapture web1 -Path /x/a.pcap; $one.State; $one.Frames") == ["Running"]
    console.said("$two = Start-LabCapture web2 -Path /x/b.pcap")
    assert console.said("$one | Stop-LabCapture | Format-Table State, Frames -HideTableHeaders") == ["Completed     12"]
    assert console.said("(Get-LabCapture).State") == ["Completed", "Running"]
    assert "Capture 2 has not ended within 0.1 seconds." in console.error("Wait-LabCapture 2 -Timeout 0.1")
    console.messages()
    console.said("Stop-LabCapture | Out-Null")
    assert console.said("$two.State; (Wait-LabCapture).Id") == ["Completed", "1", "2"]


def test_a_running_lab_tells_its_file_and_its_state() -> None:
    class Up(Asked):
        def started_s(self, machine: object) -> float:
            return 61.5

    shown = Console(Up(office_lab(), **ANSWERS)).said("Get-Lab | Format-Table State, File, Uptime -HideTableHeaders")
    assert [" ".join(line.split()) for line in shown] == ["Running /x/office.py 00:01:01"]


def test_paths_are_those_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    where = Asked(office_lab(), capture=FakeCapture)
    Console(where).said(r"Start-LabCapture web1 -Path .\sub\a.pcap")
    assert where.asked[0][-1] == str(tmp_path / "sub" / "a.pcap")
