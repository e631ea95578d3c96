"""Capturing frames at a network adapter, or at the ports of a switch, inside the machine that has them, with tcpdump.

The capture ends with tcpdump, with Ctrl-C, with the reader of its output, and with the calling process: whichever is
first. Nothing is left running.
"""

from __future__ import annotations

import array
import ctypes
import fcntl
import os
import platform
import select
import shutil
import signal
import socket
import struct
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lab.emulation.pod.pod import Pod
from lab.errors import EnvironmentFault, InputError, LabFault

_PATHS: Final = "/usr/bin:/usr/sbin:/bin:/sbin:/usr/local/bin:/usr/local/sbin"
_CHECK_TIMEOUT_S: Final = 10.0
_END_TIMEOUT_S: Final = 5.0
_ETHERNET: Final = "EN10MB"
_SEVERAL: Final = "LINUX_SLL2"
"""What frames of several devices are captured as: with the device of each."""

_SIOCETHTOOL: Final = 0x8946
_ETHTOOL_GTXCSUM: Final = 0x16

# setgroups(2), by what `uname -m` says.
_SETGROUPS: Final = {"x86_64": 116, "aarch64": 159}
_PR_SET_SECCOMP: Final = 22
_SECCOMP_MODE_FILTER: Final = 2
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_DONE: Final = 0x00050000  # SECCOMP_RET_ERRNO with no error
_ALLOW: Final = 0x7FFF0000


@dataclass(frozen=True, slots=True)
class Capture:
    """What to capture and how: ``raw`` is pcap, otherwise decoded lines. ``count`` 0 is no limit, nor is ``seconds`` 0.

    ``ports``: the devices are all ports of a switch, and each frame is told with the one that it passed.
    """

    node: str
    devices: tuple[str, ...]
    ports: bool = False
    raw: bool = False
    count: int = 0
    seconds: float = 0.0
    filter: str = ""


def tcpdump() -> str:
    """Return the path of tcpdump; EnvironmentFault if it is not installed."""
    found = shutil.which("tcpdump", path=_PATHS)
    if not found:
        raise EnvironmentFault('the program "tcpdump" is missing', remedy="run: sudo apt-get install tcpdump")
    return found


def prepare(pod: Pod, capture: Capture) -> bool:
    """Check that the capture can start, and tell whether the adapter shows frames as they are on the wire.

    InputError if tcpdump does not understand the filter, LabFault if an adapter is not there, EnvironmentFault if
    tcpdump is too old for a switch.
    """
    program = tcpdump()
    kind = _SEVERAL if capture.ports else _ETHERNET

    def inside() -> bool:
        if capture.ports and not _understands(program, kind, "ifindex 1"):
            raise EnvironmentFault(
                "this tcpdump cannot tell the ports of a switch apart", remedy="it takes tcpdump 4.99 and libpcap 1.10"
            )
        if capture.filter:
            _check_filter(program, kind, capture.filter)
        return not capture.ports and is_wire_true(capture.devices[0])

    return pod.run_inside(inside, node=capture.node)


def run(pod: Pod, capture: Capture, output: int) -> int:
    """Capture into a file descriptor until tcpdump ends, and return its exit code; a reader that left is no mistake."""
    # Else frames of the last second are still with the kernel when a capture is ended, and are lost.
    command = [tcpdump(), "-Z", "root", "-n", "--immediate-mode"]
    command += ["-i", "any", "-y", _SEVERAL] if capture.ports else ["-i", *capture.devices]
    command += ["-U", "-w", "-"] if capture.raw else ["-l", "-e"]
    command += ["-c", str(capture.count)] if capture.count else []
    return pod.run_inside(lambda: _supervise([*command, *_filter(capture)], output, capture.seconds), node=capture.node)


def _filter(capture: Capture) -> list[str]:
    """Return the filter as tcpdump takes it; asked in the machine, whose numbers of devices are in it."""
    if not capture.ports:
        return ["--", capture.filter] if capture.filter else []
    ports = " or ".join(f"ifindex {_number(device)}" for device in capture.devices)
    return ["--", f"({ports}) and ({capture.filter})" if capture.filter else ports]


def _number(device: str) -> int:
    try:
        return socket.if_nametoindex(device)
    except OSError as error:
        raise LabFault(
            f'network device "{device}" is missing in the running lab', remedy="see `hvlab status`"
        ) from error


def is_wire_true(device: str) -> bool:
    """Tell whether a device of this namespace sends whole frames: neither 64 kB segments nor unfinished checksums.

    Segmentation offload needs checksum offload, so that one setting tells both.
    """
    value = array.array("B", struct.pack("II", _ETHTOOL_GTXCSUM, 0))
    request = struct.pack("16sP", device.encode(), value.buffer_info()[0])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        try:
            fcntl.ioctl(any_socket, _SIOCETHTOOL, request)
        except OSError as error:
            raise LabFault(f'network device "{device}" cannot be asked for its settings: {error.strerror}') from error
    return not struct.unpack("II", value)[1]


def _check_filter(program: str, kind: str, text: str) -> None:
    done = _compiled(program, kind, text)
    if done.returncode != 0:
        words = " ".join(done.stderr.removeprefix("tcpdump: ").split())
        raise InputError(f'tcpdump does not understand the filter "{text}": {words}', remedy="see man pcap-filter")


def _understands(program: str, kind: str, text: str) -> bool:
    return _compiled(program, kind, text).returncode == 0


def _compiled(program: str, kind: str, text: str) -> subprocess.CompletedProcess[str]:
    command = [program, "-y", kind, "-d", "--", text]
    return subprocess.run(command, capture_output=True, text=True, timeout=_CHECK_TIMEOUT_S, check=False)


def _supervise(command: Sequence[str], output: int, seconds: float) -> int:
    """Run tcpdump until it ends, and end it when nobody reads its output any more, or its time is over."""
    # Ctrl-C reaches tcpdump as well: it finishes its output, and we wait for that.
    signal.signal(signal.SIGINT, lambda *_: None)
    groups = Path("/proc/self/setgroups")
    if groups.exists() and groups.read_text(encoding="ascii").strip() == "deny":
        _make_setgroups_do_nothing()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output)
    handle = os.pidfd_open(process.pid)
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        poll.register(output, 0)  # errors only: a pipe without a reader is one
        if handle not in [fd for fd, _ in poll.poll(seconds * 1000 or None)]:
            process.terminate()
        code = process.wait(_END_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        code = process.wait()
    finally:
        os.close(handle)
    return 0 if code in (-signal.SIGPIPE, -signal.SIGTERM) else code if code >= 0 else 128 - code


def _make_setgroups_do_nothing() -> None:
    """Let this process and its children believe that setgroups(2) works.

    tcpdump, run by root, sets the groups of the user it becomes, even if that is root and even for its own. In the user
    namespace of an ordinary user's lab there is one user and one group, and the kernel refuses: tcpdump gives up.
    """
    number = _SETGROUPS.get(platform.machine())
    if number is None:
        return
    steps = ((_LOAD, 0, 0, 0), (_JUMP_IF_EQUAL, 0, 1, number), (_RETURN, 0, 0, _DONE), (_RETURN, 0, 0, _ALLOW))
    code = b"".join(struct.pack("HBBI", *step) for step in steps)
    filter_ = ctypes.create_string_buffer(code, len(code))
    program = ctypes.create_string_buffer(struct.pack("HP", len(steps), ctypes.addressof(filter_)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, program, 0, 0) != 0:
        raise LabFault(f"tcpdump cannot be run without root: {os.strerror(ctypes.get_errno())}")
