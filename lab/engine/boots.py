"""What came of booting over the network: of a boot loader's attempt, and of a real machine, by its console.

Both are written inside VMs, whose guests may write anything there: whatever cannot be read is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lab.model.kinds import AdapterKind, BootDevice
from lab.model.objects import LabModel, VirtualMachine

_LONGEST: Final = 300
_MOST_OFFERS: Final = 32

_TEXTS: Final = ("adapter", "mac", "address", "server", "file", "sha256", "error")
_NUMBERS: Final = ("generation", "architecture", "size", "block_size")

_ESCAPE: Final = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|c)")
_STARTS: Final = ("SeaBIOS (version", ">>Start PXE over IPv4")
_CONSOLE: Final[Mapping[str, re.Pattern[str]]] = {
    "mac": re.compile(r"Configuring \(net0 ([0-9a-f:]{17})\)|\(MAC:([0-9A-F]{12})\)"),
    "address": re.compile(r"^net0: (\d+\.\d+\.\d+\.\d+)/|Station IP address is (\S+)", re.MULTILINE),
    "server": re.compile(r"^Next server: (\S+)|Server IP address is (\S+)", re.MULTILINE),
    "file": re.compile(r"^Filename: (.+)$|NBP filename is (.+)$", re.MULTILINE),
    "size": re.compile(r" : (\d{1,9}) bytes|NBP filesize is (\d{1,9}) Bytes", re.MULTILINE),
}
"""What iPXE says, or UEFI, by the field of a record that it tells."""


@dataclass(frozen=True, slots=True)
class BootOffer:
    """An offer of a DHCP server or, without an address, of a boot server (a proxyDHCP offer)."""

    server: str = ""
    address: str = ""
    vendor_class: str = ""
    boot_server: str = ""
    boot_file: str = ""


@dataclass(frozen=True, slots=True)
class BootRecord:
    """What came of an attempt. ``error`` is what the firmware shows, empty if it booted; ``size`` in bytes."""

    vm: str
    adapter: str = ""
    generation: int = 0
    architecture: int = 0
    mac: str = ""
    offers: tuple[BootOffer, ...] = ()
    address: str = ""
    server: str = ""
    file: str = ""
    size: int = 0
    sha256: str = ""
    block_size: int = 0
    error: str = ""
    seconds: float = 0.0
    console: str = ""


@dataclass(frozen=True, slots=True)
class BootStatus:
    """A VM that boots from a network adapter: how it is, what came of its last attempt, and what is advised."""

    vm: str
    generation: int
    state: str
    installed: bool
    record: BootRecord | None
    advice: str

    @property
    def failed(self) -> bool:
        """Whether its last attempt was in vain."""
        return not self.installed and bool(self.record and self.record.error)


def boot_statuses(model: LabModel, records: Mapping[str, BootRecord]) -> Iterator[BootStatus]:
    """Yield the VMs whose boot device is a network adapter."""
    for _, vm in model.vms():
        if vm.boot_device is not BootDevice.VHD:
            record = records.get(vm.name)
            yield BootStatus(vm.name, vm.generation, _state(vm, record), vm.installed, record, _advice(vm))


def _state(vm: VirtualMachine, record: BootRecord | None) -> str:
    if vm.real_machine:
        return (record.console if record else "") or ("starts" if vm.running else "off")
    if vm.installed:
        return "installed"
    if not vm.running:
        return "off, disk empty"
    return (record.error if record else "") or "disk empty"


def _advice(vm: VirtualMachine) -> str:
    if not vm.installed or all(each.kind is not AdapterKind.LEGACY for each in vm.adapters):
        return ""
    return (
        f'"{vm.name}" is installed: replace its legacy adapter by a synthetic one (Remove-VMNetworkAdapter, '
        "Add-VMNetworkAdapter; in the topology leave out legacy=True, then `hvlab apply`)"
    )


def read_record(vm: str, content: bytes) -> BootRecord:
    """Return what a boot loader wrote down."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        return BootRecord(vm, error="what its boot loader has written down cannot be read")
    offers = found.get("offers")
    shown = tuple(
        BootOffer(**{name: _text(each, name) for name in BootOffer.__slots__})
        for each in (offers[:_MOST_OFFERS] if isinstance(offers, list) else ())
        if isinstance(each, dict)
    )
    values: dict[str, Any] = {name: _text(found, name) for name in _TEXTS}
    values |= {name: _number(found, name) for name in _NUMBERS}
    return BootRecord(vm, offers=shown, seconds=_number(found, "seconds", float), **values)


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    return "".join(filter(str.isprintable, value))[:_LONGEST] if isinstance(value, str) else ""


def _number(found: Mapping[str, Any], name: str, kind: type = int) -> Any:
    value = found.get(name)
    numeric = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**40
    return kind(value) if numeric else kind(0)


def read_console(vm: str, content: bytes) -> BootRecord:
    """Return what a real machine has booted, by what its firmware and iPXE say on its serial console."""
    text = console_text(content)
    matches = {name: each.search(text) for name, each in _CONSOLE.items()}
    found: dict[str, Any] = {
        name: (match[1] or match[2]).strip()[:_LONGEST] for name, match in matches.items() if match
    }
    size = int(found.pop("size", "0"))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return BootRecord(vm, size=size, console=lines[-1][:_LONGEST] if lines else "", **found)


def console_text(content: bytes) -> str:
    """Return what stands on a console since the machine was last started, without what moves the cursor."""
    text = _ESCAPE.sub("", content.decode("utf-8", "replace"))
    text = text[max(0, *(text.rfind(each) for each in _STARTS)) :].replace("\r\n", "\n").replace("\r", "\n")
    kept: list[str] = []
    for character in text:
        if character == "\b":
            kept[-1:] = []
        elif character == "\n" or character.isprintable():
            kept.append(character)
    return "".join(kept)
