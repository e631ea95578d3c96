"""A PXE boot loader: what the firmware of a VM does when it boots from its network adapter.

DHCP with what PXE adds to it, then the boot file by TFTP (PXE 2.1, RFC 4578). What has come of it is written into a
file as JSON, whose appearance tells that the attempt is over; then it waits, as a machine does that shows an error.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import time
from dataclasses import asdict, dataclass, field

from . import link, tftp
from .conversation import Conversation, Failure, Offer
from .images import BIOS, UEFI, made_for

_BOOT_FAILURE = {
    1: "Boot failure. Reboot and Select proper Boot device or Insert Boot Media in selected Boot device",
    2: "No operating system was loaded. Press a key to retry the boot sequence",
}
"""What the firmware of each generation shows when nothing could be booted."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A VM whose firmware boots: ``device`` is that of the adapter that it boots from, empty if there is none.

    ``architecture`` is that of option 93.
    """

    name: str
    generation: int
    device: str
    adapter: str
    architecture: int

    @property
    def firmware(self) -> str:
        """Which boot files it can start."""
        return UEFI if self.generation == 2 else BIOS

    @property
    def guid(self) -> bytes:
        """What option 97 tells of it: the same for the same VM."""
        return hashlib.sha256(self.name.encode()).digest()[:16]


@dataclass(slots=True)
class Record:
    """What came of an attempt. ``error`` is empty if it booted; ``seconds`` is how long it took."""

    vm: str
    adapter: str
    generation: int
    architecture: int
    mac: str = ""
    offers: list[Offer] = field(default_factory=list)
    address: str = ""
    server: str = ""
    file: str = ""
    size: int = 0
    sha256: str = ""
    block_size: int = 0
    error: str = ""
    seconds: float = 0.0


def boot(machine: Machine) -> Record:
    """Boot a machine, and return what came of it."""
    record = Record(machine.name, machine.adapter, machine.generation, machine.architecture)
    started = time.monotonic()
    try:
        _boot(machine, record)
    except (Failure, tftp.TftpError) as error:
        record.error = str(error)
    except OSError as error:
        record.error = f"PXE-E32: TFTP open timeout ({error.strerror or error})"
    record.seconds = round(time.monotonic() - started, 3)
    return record


def _boot(machine: Machine, record: Record) -> None:
    if not machine.device:
        raise Failure(_BOOT_FAILURE[machine.generation])
    record.mac = link.mac_of(machine.device)
    if not link.has_carrier(machine.device):
        raise Failure("PXE-E61: Media test failure, check cable")
    mac, number = bytes.fromhex(record.mac.replace(":", "")), int.from_bytes(os.urandom(4), "big")
    with link.wire(machine.device) as wire:
        talk = Conversation(wire, mac, number, machine.architecture, machine.guid)
        try:
            lease = talk.lease()
        finally:
            record.offers = talk.offers
    record.address = str(lease.address)
    with link.address(machine.device, f"{lease.address}/{lease.prefix}", lease.router):
        found = talk.boot_file(lease)
        record.server, record.file = str(found.server), found.file
        download = tftp.get(str(found.server), found.file)
    record.size, record.block_size = len(download.content), download.block_size
    record.sha256 = hashlib.sha256(download.content).hexdigest()
    if download.told_size not in (None, record.size):
        raise Failure(f"PXE-E3A: the server told of {download.told_size} bytes, and {record.size} came")
    kind = made_for(download.content)
    if kind != machine.firmware:
        what = f'"{found.file}" is a boot file for {kind or "no firmware that is known"}, this is {machine.firmware}'
        raise Failure(f"{_BOOT_FAILURE[machine.generation]}: {what} (architecture {machine.architecture})")


def main(told: str) -> None:
    """Boot, write down what came of it, and wait for ever. ``record`` is the file; the rest describes the machine."""
    found = json.loads(told)
    path = found.pop("record")
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    if os.path.exists(path):
        os.unlink(path)
    text = json.dumps(asdict(boot(Machine(**found))), default=str)
    print(text, flush=True)
    with open(f"{path}.new", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(f"{path}.new", path)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    try:
        while True:
            signal.pause()
    finally:
        os.unlink(path)  # or the next attempt would seem to be over as it begins
