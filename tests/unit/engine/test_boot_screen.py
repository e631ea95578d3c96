"""What the firmware of each generation shows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lab.engine.boot_screen import screen
from lab.engine.boots import BootOffer, BootRecord

UEFI = BootRecord("new1", "Network Adapter", 2, 7, "00:15:5d:01:02:03")
BIOS = replace(UEFI, vm="old1", adapter="Legacy Network Adapter", generation=1, architecture=0)
LEASED = {"offers": (BootOffer("10.0.1.2", "10.0.1.100"),), "address": "10.0.1.100"}
LOADED = {**LEASED, "server": "10.0.1.3", "file": r"boot\\x64\\wdsmgfw.efi", "size": 716800}


def test_uefi_tells_what_it_downloads() -> None:
    told = screen(replace(UEFI, **LOADED)).splitlines()  # type: ignore[arg-type]
    assert told[0] == ">>Start PXE over IPv4."
    assert "  Station IP address is 10.0.1.100" in told
    assert "  NBP filesize is 716800 Bytes" in told
    assert told[-1] == "  NBP file downloaded successfully."


@pytest.mark.parametrize(
    ("error", "words", "summary"),
    [
        ("PXE-E51: No DHCP", "PXE-E16: No valid offer received.", "DHCP failed."),
        ("PXE-E53: No boot filename received", "PXE-E16: No valid offer received.", "A boot image was not found."),
        ("PXE-E55: proxyDHCP", "PXE-E18: Server response timeout.", "A boot image was not found."),
        ("PXE-T01: File not found", "PXE-E23: Client received TFTP error from server.", "A boot image was not found."),
        ("No operating system was loaded", "", "The boot loader failed."),
    ],
)
def test_uefi_has_words_of_its_own(error: str, words: str, summary: str) -> None:
    told = screen(replace(UEFI, error=error)).splitlines()
    assert not words or f"  {words}" in told
    assert told[told.index("1. Network Adapter (00155D010203)") + 1] == f"   {summary}"
    assert told[-1].startswith("No operating system was loaded.")


def test_a_pxe_rom_tells_what_it_got_and_leaves() -> None:
    told = screen(replace(BIOS, error="PXE-E53: No boot filename received", **LEASED)).splitlines()  # type: ignore[arg-type]
    assert "CLIENT MAC ADDR: 00 15 5D 01 02 03" in told
    assert "CLIENT IP: 10.0.1.100  DHCP IP: 10.0.1.2" in told
    assert told[told.index("PXE-E53: No boot filename received") + 1] == "PXE-M0F: Exiting PXE ROM."
    assert told[-2] == "Boot failure. Reboot and Select proper Boot device"


def test_without_a_boot_rom_nothing_is_tried() -> None:
    told = screen(BootRecord("gen1", generation=1, error="Boot failure. Reboot"))
    assert told.strip().splitlines()[0].startswith("Boot failure")
