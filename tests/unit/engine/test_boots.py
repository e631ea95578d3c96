"""What boot loaders and consoles tell, and what becomes of what guests write in their place."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab import Lab
from lab.engine.boots import BootOffer, BootRecord, boot_statuses, console_text, read_console, read_record

CONSOLE = (
    "SeaBIOS (version 0)\r\nold\r\n\x1bc\x1b[?7l\x1b[2J\x1b[0mSeaBIOS (version 1.16.2)\r\nBooting from ROM...\r\n"
    "Press Ctrl-B\x08 \x08...\r\nConfiguring (net0 00:15:5d:01:01:03)... ok\r\n"
    "net0: 10.0.1.100/255.255.255.0 gw 10.0.1.1\r\nnet0: fe80::215:5dff:fe01:103/64\r\nNext server: 10.0.1.3\r\n"
    "Filename: boot\\x86\\wdsnbp.com\r\ntftp://10.0.1.3/boot\\x86\\wdsnbp.com... ok\r\n"
    "boot\\x86\\wdsnbp.com : 31744 bytes [PXE-NBP]\r\n\nhvlab: boot\\x86\\wdsnbp.com runs\r\n"
)

UEFI_CONSOLE = (
    "\x1b[2J\x1b[01;01H\x1b[=3h>>Start PXE over IPv4.\r\n  Station IP address is 10.0.1.100\r\n\r\n"
    "  Server IP address is 10.0.1.3\r\n  NBP filename is boot\\x64\\wdsmgfw.efi\r\n  NBP filesize is 716800 Bytes\r\n"
    ' Downloading NBP file...\r\n\r\n  NBP file downloaded successfully.\r\nBdsDxe: loading Boot0001 "UEFI PXEv4 '
    '(MAC:00155D010103)" from PciRoot(0x0)\r\n\r\nhvlab: boot\\x64\\wdsmgfw.efi runs\r\n'
)

junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NAMES = ("adapter", "offers", "error", "size", "seconds", "sha256", "file")


@given(
    st.binary(max_size=300)
    | st.dictionaries(st.sampled_from(NAMES), junk).map(lambda found: json.dumps(found).encode())
)
def test_whatever_a_guest_writes_is_read(content: bytes) -> None:
    found = read_record("vm", content)
    assert found.vm == "vm"
    texts = [found.adapter, found.error, found.sha256, found.file, *(each.server for each in found.offers)]
    assert all(text.isprintable() and len(text) <= 300 for text in texts)
    assert 0 <= found.size < 2**40 and 0 <= found.seconds < 2**40
    read_console("vm", content)


def test_what_a_boot_loader_writes_is_read() -> None:
    content = {"vm": "other", "adapter": "A", "generation": 2, "offers": [{"server": "10.0.1.2"}, 7], "seconds": 0.5}
    found = read_record("vm", json.dumps(content).encode())
    assert found == BootRecord("vm", "A", 2, offers=(BootOffer("10.0.1.2"),), seconds=0.5)
    assert read_record("vm", b"[").error


def test_a_console_tells_what_was_booted() -> None:
    assert read_console("vm", CONSOLE.encode()) == BootRecord(
        "vm", mac="00:15:5d:01:01:03", address="10.0.1.100", server="10.0.1.3", size=31744,
        file=r"boot\x86\wdsnbp.com", console=r"hvlab: boot\x86\wdsnbp.com runs",
    )  # fmt: skip
    assert read_console("vm", UEFI_CONSOLE.encode()) == BootRecord(
        "vm", mac="00155D010103", address="10.0.1.100", server="10.0.1.3", size=716800,
        file=r"boot\x64\wdsmgfw.efi", console=r"hvlab: boot\x64\wdsmgfw.efi runs",
    )  # fmt: skip
    assert read_console("vm", b"NBP filesize is " + b"9" * 9999 + b" Bytes").size == 0
    text = console_text(CONSOLE.encode())
    assert text.startswith("SeaBIOS (version 1.16.2)\n")
    assert "\nPress Ctrl-...\n" in text, "what has been wiped out is not there"
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("record", "state", "failed"),
    [
        (None, "disk empty", False),
        (BootRecord("new1", error="PXE-E51: none"), "PXE-E51: none", True),
    ],
)
def test_the_state_of_a_vm_is_the_firmware_s_last_word(record: BootRecord | None, state: str, failed: bool) -> None:
    lab = Lab("boot")
    hv1 = lab.host("hv1")
    hv1.private_switch("Private")
    hv1.vm("new1", "Private", boot_device="NetworkAdapter")
    hv1.vm("off1", "Private", boot_device="NetworkAdapter", running=False)
    hv1.vm("disk1", "Private")
    found = {each.vm: each for each in boot_statuses(lab.model(), {"new1": record} if record else {})}
    assert set(found) == {"new1", "off1"}
    assert (found["new1"].state, found["new1"].failed) == (state, failed)
    assert found["off1"].state == "off, disk empty"
