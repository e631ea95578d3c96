"""`hvlab capture`: what a user and Wireshark get, and that nothing of it stays."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.emulation.pod import pod as pods
from tests.eventually import eventually
from tests.system.commands import CommandLine, up

pytestmark = pytest.mark.system

PCAP_MAGIC = 0xA1B2C3D4
ECHO = ("ping", "-q", "-c3", "-i0.2", "-W2")


@pytest.fixture(scope="module")
def lab() -> Iterator[CommandLine]:
    with up("three_switches") as found:
        yield found


@pytest.fixture(autouse=True)
def nothing_is_left(lab: CommandLine) -> Iterator[None]:
    yield
    eventually(lambda: captures(lab), lambda found: not found)


def captures(lab: CommandLine) -> list[str]:
    """Return the command lines of the captures that run in a lab."""
    found = []
    for entry in Path(pods.get(lab.lab).path("/proc")).iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except (FileNotFoundError, ProcessLookupError):
                continue
            if words[0].endswith(b"tcpdump"):
                found.append(b" ".join(words).decode())
    return found


def listening(process: subprocess.Popen[bytes]) -> str:
    """Wait until a capture has begun, and return what it said before."""
    assert process.stderr
    said = b""
    while b"listening on" not in said:
        line = process.stderr.readline()
        assert line, said
        said += line
    return said.decode()


def end(process: subprocess.Popen[bytes], number: int = signal.SIGINT) -> bytes:
    """End a capture as Ctrl-C does, and return what it wrote."""
    os.killpg(process.pid, number)
    output, _ = process.communicate(timeout=20)
    return output


def frames(content: bytes) -> list[bytes]:
    """Return the frames of a pcap file; AssertionError if it is not whole."""
    assert struct.unpack_from("=I", content)[0] == PCAP_MAGIC
    found, position = [], 24
    while position < len(content):
        (length,) = struct.unpack_from("=I", content, position + 8)
        frame = content[position + 16 : position + 16 + length]
        assert len(frame) == length
        found.append(frame)
        position += 16 + length
    return found


@pytest.mark.parametrize("adapter", ["web1", "web1/Network Adapter", "web1/eth0", "WEB1/network adapter"])
def test_lines_are_printed_as_frames_pass(lab: CommandLine, adapter: str) -> None:
    with lab.started("capture", adapter, "-c", "2", "--filter", "icmp") as process:
        assert "ethtool -K eth0 tx off" in listening(process)
        lab.said("exec", "web1", "--", *ECHO, "192.168.1.10")
        output, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    lines = output.decode().splitlines()
    assert len(lines) == 2
    assert "192.168.1.31 > 192.168.1.10: ICMP echo request" in lines[0]


@pytest.mark.parametrize("adapter", ["hv1/External", "hv1/vEthernet (External)", "hv1/Ethernet"])
def test_the_management_os_and_its_nic_can_be_captured(lab: CommandLine, adapter: str) -> None:
    with lab.started("capture", adapter, "-c", "1", "-w", "-", "--filter", "icmp and host 192.168.1.20") as process:
        listening(process)
        lab.said("exec", "pc1", "--", *ECHO, "192.168.1.20")
        output, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert len(frames(output)) == 1


def test_a_file_is_written_as_the_calling_user(lab: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "it's a file.pcap"
    with lab.started("capture", "web1", "-w", str(file), "--filter", "icmp") as process:
        listening(process)
        lab.said("exec", "web1", "--", *ECHO, "192.168.1.10")
        eventually(lambda: len(frames(file.read_bytes())), lambda number: number >= 6)
        assert end(process) == b""
    assert process.returncode == 0
    assert file.stat().st_uid == os.getuid()


def test_ctrl_c_ends_a_capture_with_a_whole_file(lab: CommandLine) -> None:
    with lab.started("capture", "web2", "-w", "-") as process:
        listening(process)
        content = end(process)
    assert process.returncode == 0
    assert isinstance(frames(content), list)


def test_a_reader_that_leaves_ends_it_even_when_no_frame_comes(lab: CommandLine) -> None:
    with lab.started("capture", "db1", "-w", "-", "--filter", "tcp port 1") as process:
        listening(process)
        assert process.stdout
        process.stdout.close()
        assert process.wait(20) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_capture_does_not_outlive_its_caller(lab: CommandLine, number: int) -> None:
    with lab.started("capture", "db1", "-w", "-") as process:
        listening(process)
        process.send_signal(number)
        process.communicate(timeout=20)
    assert process.returncode == -number


def test_it_says_when_an_adapter_is_wire_true(lab: CommandLine) -> None:
    lab.said("exec", "app1", "--", "ethtool", "-K", "eth0", "tx", "off")
    with lab.started("capture", "app1", "-w", "-") as process:
        assert "wire-true" in listening(process)
        end(process)


def test_names_of_the_lab_may_stand_in_a_filter(lab: CommandLine) -> None:
    with lab.started("capture", "web1", "-w", "-", "--filter", "host pc1") as process:
        listening(process)
        end(process)
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nobody"], 'no machine of this lab is called "nobody"'),
        (["web1/eth9"], 'no adapter of "web1" is called "eth9"'),
        (["hv1"], "say which one"),
        (["web1", "-w", "/no/such/folder/x.pcap"], 'cannot write to "/no/such/folder/x.pcap"'),
        (["web1", "-w", "/"], "Is a directory"),
        (["web1", "--filter", "no filter"], "tcpdump does not understand the filter"),
        (["web1", "--filter", "-w/tmp/x"], "tcpdump does not understand the filter"),
        (["web1", "-c", "0"], "'-c'"),
    ],
)
def test_bad_input_is_one_clear_error(lab: CommandLine, arguments: list[str], words: str) -> None:
    done = lab.run("capture", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_filter_leaves_a_file_as_it_was(lab: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "precious"
    file.write_text("content")
    assert lab.run("capture", "web1", "-w", str(file), "--filter", "no filter").returncode == 2
    assert file.read_text() == "content"
