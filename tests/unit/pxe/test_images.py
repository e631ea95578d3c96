"""Boot files: for which firmware they are, and what a BIOS runs."""

from __future__ import annotations

import struct

import pytest

from lab.emulation.pxe.images import BIOS, UEFI, image, made_for


@pytest.mark.parametrize(("name", "firmware"), [(r"boot\x64\wdsmgfw.EFI", UEFI), (r"boot\x86\wdsnbp.com", BIOS)])
def test_a_name_tells_the_firmware(name: str, firmware: str) -> None:
    content = image(name, 4096)
    assert len(content) == 4096
    assert made_for(content) == firmware
    assert image(name, 4096) == content
    assert image(name, 9000)[:4096] == content
    assert image(f"other-{name}", 4096) != content


@pytest.mark.parametrize(
    "content", [b"", b"MZ", b"MZ".ljust(64, b"\xff"), image("a.efi", 200).replace(b"\x64\x86", b"\x4c\x01")]
)
def test_what_no_firmware_here_can_start(content: bytes) -> None:
    assert made_for(content) == ""


def test_an_efi_application_is_whole() -> None:
    content = image("x.efi", 4096)
    (at,) = struct.unpack_from("<I", content, 60)
    machine, sections = struct.unpack_from("<HH", content, at + 4)
    magic, entry, alignment = (
        struct.unpack_from(form, content, at + 24 + place)[0] for form, place in (("<H", 0), ("<I", 16), ("<I", 32))
    )
    assert (machine, sections, magic, entry, alignment) == (0x8664, 1, 0x20B, 0x1000, 0x1000)
    name, size, address, stored, place = struct.unpack_from("<8sIIII", content, at + 24 + 240)
    assert (name, address, stored) == (b".text\0\0\0", entry, size)
    code = content[place : place + size]
    text = 15 + struct.unpack_from("<i", code, 11)[0]
    assert code[text:].decode("utf-16-le").startswith("\r\nhvlab: x.efi runs\r\n\0")


def test_the_text_is_where_the_code_looks_for_it() -> None:
    content = image("x.com", 600)
    start = content.index(b"\xbe") + 1
    at = int.from_bytes(content[start : start + 2], "little") - 0x7C00
    assert content[at:].startswith(b"\r\nhvlab: x.com runs\r\n\0")
    assert content[content[1] + 2] == 0x31, "the jump leads to the code"
