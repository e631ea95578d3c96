"""What stands on the screen of a VM that boots over the network: a BIOS and a UEFI say the same in other words.

Generation 1 has the PXE ROM of the legacy adapter, generation 2 the messages of UEFI's PXE driver and Hyper-V's boot
summary.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lab.engine.boots import BootRecord

_NO_SYSTEM: Final = "No operating system was loaded. Press a key to retry the boot sequence..."
_BOOT_FAILURE: Final = (
    "Boot failure. Reboot and Select proper Boot device",
    "or Insert Boot Media in selected Boot device",
)
_UEFI: Final = (
    ("PXE-E51", "PXE-E16: No valid offer received.", "DHCP failed."),
    ("PXE-E52", "PXE-E16: No valid offer received.", "DHCP failed."),
    ("PXE-E53", "PXE-E16: No valid offer received.", "A boot image was not found."),
    ("PXE-E55", "PXE-E18: Server response timeout.", "A boot image was not found."),
    ("PXE-E32", "PXE-E18: Server response timeout.", "A boot image was not found."),
    ("PXE-E35", "PXE-E18: Server response timeout.", "A boot image was not found."),
    ("PXE-T", "PXE-E23: Client received TFTP error from server.", "A boot image was not found."),
    ("PXE-E61", "", "The network cable is unplugged."),
    ("", "", "The boot loader failed."),
)
"""What begins a PXE ROM's words, what UEFI's driver says in their place, and what the boot summary does."""


def screen(record: BootRecord) -> str:
    """Return what a VM's screen shows after an attempt."""
    lines = _uefi(record) if record.generation == 2 else _bios(record)
    return "\n".join(lines)


def _bios(record: BootRecord) -> Iterator[str]:
    if record.adapter:
        yield "PXE Network Boot"
        yield ""
        yield f"CLIENT MAC ADDR: {record.mac.replace(':', ' ').upper()}"
        yield from _bios_lease(record)
    if record.file:
        yield f"TFTP: {record.server} {record.file}"
    if record.error:
        if record.error.startswith("PXE-"):
            yield from (record.error, "PXE-M0F: Exiting PXE ROM.")
        yield from ("", *_BOOT_FAILURE)
    else:
        yield f"{record.size} bytes; {record.file} runs"


def _bios_lease(record: BootRecord) -> Iterator[str]:
    server = next((each.server for each in record.offers if each.address == record.address and each.address), "")
    yield f"CLIENT IP: {record.address}  DHCP IP: {server}" if server else "DHCP......"


def _uefi(record: BootRecord) -> Iterator[str]:
    yield ">>Start PXE over IPv4."
    if record.address:
        yield f"  Station IP address is {record.address}"
        yield ""
    if record.server:
        yield f"  Server IP address is {record.server}"
        yield f"  NBP filename is {record.file}"
    if record.size:
        yield f"  NBP filesize is {record.size} Bytes"
        yield " Downloading NBP file..."
        yield ""
        yield "  NBP file downloaded successfully."
    if not record.error:
        return
    words, summary = next((said, told) for begin, said, told in _UEFI if record.error.startswith(begin))
    if words:
        yield f"  {words}"
    yield from ("", "Virtual Machine Boot Summary", "")
    yield f"1. {record.adapter or 'Network Adapter'} ({record.mac.replace(':', '').upper()})"
    yield f"   {summary}"
    yield from ("", _NO_SYSTEM)
