"""The lab's own cmdlets on a lab that runs: what they tell is what frames do, and what they set is done."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.labs import TOPOLOGIES, RunningLab

pytestmark = [pytest.mark.system, pytest.mark.switching]

FILE = next(path for path in TOPOLOGIES if path.stem == "three_switches")
PING = ("ping", "-c1", "-W2")


@pytest.fixture(scope="module")
def running(lab: LabOf) -> Iterator[RunningLab]:
    with lab(FILE) as found:
        yield found


def said(running: RunningLab, script: str) -> list[str]:
    """Return the lines that a script outputs; an error fails the test."""
    done = running("-c", script)
    assert not done.err, done.err
    return done.out.strip("\n").splitlines()


def test_the_lab_tells_where_it_comes_from(running: RunningLab) -> None:
    lines = said(running, "$lab = Get-Lab; $lab.Name; $lab.State; $lab.File; (Get-LabMachine web1).IPAddresses")
    assert lines == [running.name, "Running", str(running.file), "192.168.1.31"]


def test_the_counter_of_a_flow_rises_with_what_it_is_about(running: RunningLab) -> None:
    def packets() -> dict[tuple[str, str], int]:
        found: Counter[tuple[str, str]] = Counter()
        for each in running("flows", "External", "--json").json():
            found[each["stage"], each["object"]] += each["packets"]
        return found

    sent, handed = ("classify", "web1/Network Adapter"), ("output", "web2/Network Adapter")
    before = packets()
    running.exec("web1", "ping", "-c3", "-i0.2", "-W2", "192.168.1.32")
    eventually(packets, lambda now: all(now[each] >= before[each] + 3 for each in (sent, handed)))
    shown = running("flows", "External").out
    assert "in_port=web1/Network Adapter" in shown
    assert "[classify: web1/Network Adapter]" in shown
    (told,) = said(running, "(Get-LabFlow External -VMName web1 -TableName classify).Packets")
    assert int(told) >= before[sent] + 3


def test_every_pair_is_measured_and_predicted(running: RunningLab) -> None:
    lines = said(
        running,
        "$pairs = Test-LabMatrix; ($pairs | Where-Object { -not $_.Agrees }) -eq $null; "
        "$pairs | Where-Object From -eq web1 | Where-Object To -like *b2 | ForEach-Object { $_.To + $_.Measured }",
    )
    assert lines == ["True", "web2True", "db2False"]
    grid = said(running, "Test-LabMatrix -Matrix")
    assert any(line.startswith(" 3 web1") for line in grid)
    assert grid[-1].endswith("all as predicted")


def test_a_drop_is_told_by_counter_and_by_trace(running: RunningLab) -> None:
    said(running, "Add-VMNetworkAdapterAcl web2 -RemoteIPAddress 192.168.1.31 -Direction Inbound -Action Deny")
    running.exec("web1", *PING, "192.168.1.32", check=1)
    script = "Get-LabDrop web2 | ForEach-Object { $_.Reason; $_.Remedy; $_.Count -gt 0 }"
    lines = eventually(lambda: said(running, script), lambda seen: len(seen) == 3)
    assert lines[0] == "12"
    assert lines[1].startswith('Remove-VMNetworkAdapterAcl -VMName "web2"')
    assert lines[2] == "True"
    traced = said(
        running,
        "$t = Trace-LabPacket web1 web2; $t.Arrives; $t.Reason; $t.Remedy; "
        "Get-VMNetworkAdapterAcl web2 | Remove-VMNetworkAdapterAcl; (Trace-LabPacket web1 web2).Arrives",
    )
    assert traced == ["False", "12", lines[1], "True"]


def test_what_is_learned_and_counted_is_told(running: RunningLab) -> None:
    script = "Test-LabMatrix | Out-Null; (Get-LabCounter web1).PacketsSent"
    lines = said(running, f"{script}; {script}; (Get-LabLearnedAddress External).Owner")
    assert int(lines[1]) > int(lines[0]) > 0
    assert "web1/Network Adapter" in lines[2:]


def test_frames_are_captured_while_the_script_goes_on(running: RunningLab, tmp_path: Path) -> None:
    file = tmp_path / "web1.pcap"
    lines = said(
        running,
        f"$c = Start-LabCapture web1 -Path '{file}' -Filter icmp; Test-LabMatrix web1 web2 | Out-Null; "
        "(Stop-LabCapture).Frames; $c.State",
    )
    frames = pcap(file.read_bytes())
    assert lines == [str(len(frames)), "Completed"]
    assert frames
    done = said(running, f"(Start-LabCapture web1 -Path '{file}' -Seconds 0.2 | Wait-LabCapture).State")
    assert done == ["Completed"]


def test_a_capture_ends_with_its_script(running: RunningLab, tmp_path: Path) -> None:
    said(running, f"$null -eq (Start-LabCapture web1 -Path '{tmp_path / 'a.pcap'}')")

    def left() -> list[str]:
        processes = Path(running.pod.path("/proc"))
        names = [each / "comm" for each in processes.iterdir() if each.name.isdigit()]
        return [name for each in names if each.exists() and (name := each.read_text().strip()) == "tcpdump"]

    assert eventually(left, lambda found: not found) == []


def pcap(content: bytes) -> list[bytes]:
    """Return the frames of a pcap file, which is whole."""
    found, at = [], 24
    while at < len(content):
        (length,) = struct.unpack_from("=I", content, at + 8)
        found.append(content[at + 16 : at + 16 + length])
        at += 16 + length
    assert at == len(content)
    return found


def test_a_cable_is_pulled_out_and_the_lab_comes_back_as_it_was(
    running: RunningLab, tmp_path: Path, announce: Callable[[str], None]
) -> None:
    announce(r"(receiving|sending) .*hv1-Ethernet: Network is down")
    file = tmp_path / "before.lab"
    before = running.shown()
    said(running, f"Set-Lab -Interruption 0; Save-Lab '{file}'; Set-LabNic Ethernet -Connected $false")
    running.exec("web1", *PING, "192.168.1.10", check=1)
    said(running, "New-LabComputer pc2 office -IPAddress 192.168.1.11; Set-LabSwitch External -LearningMode Pinned")
    running.exec("pc2", *PING, "192.168.1.10")
    said(running, f"Restore-Lab '{file}'")
    running.exec("web1", *PING, "192.168.1.10")
    after = running.shown()
    for each in (before, after):
        for switch in each["switches"]:
            switch.pop("generation")
            switch.pop("applied")
    assert after == before
    running.agrees()


def test_a_damaged_file_changes_nothing(running: RunningLab, tmp_path: Path) -> None:
    file = tmp_path / "before.lab"
    said(running, f"Save-Lab '{file}'")
    file.write_text(file.read_text(encoding="utf-8").replace("192.168.1.31", "192.168.1.99"), encoding="utf-8")
    done = running("-c", f"Restore-Lab '{file}'; (Get-LabMachine web1).IPAddresses", check=None)
    assert "is damaged: it is not what was saved" in done.err
    assert done.out.split() == ["192.168.1.31"]
