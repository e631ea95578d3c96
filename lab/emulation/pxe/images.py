"""The files of a boot server: made up, but such that a firmware can tell what they are for.

A UEFI firmware starts PE images for its processor only, and a BIOS starts whatever it gets as 16-bit code. Of the files
here, those called .efi are the former, all others are the latter: a program that says on the console that it runs, and
stops. What follows is noise, the same for the same name.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct

from .lookup import program

_PE_AT = 0x80
_X64 = 0x8664
_EFI_APPLICATION = 10
_PAGE, _HEADERS, _TEXT = 0x1000, 0x200, 0x200
_EFI_CODE = bytes.fromhex(
    "4883ec28 488b4a40"  # sub rsp, 0x28; mov rcx, [rdx + 0x40]: ConOut of the system table
    + "488d1507000000 ff5108"  # lea rdx, [text]; call [rcx + 8]: OutputString
    + "faf4ebfd"  # cli; stop: hlt; jmp stop
)  # fmt: skip
"""The text follows it, in UTF-16 (UEFI 2.10, 4.3 and 12.4.3)."""
_CODE = bytes.fromhex(
    "eb3c90" + "00" * 0x3B  # jmp 0x3e
    + "31c08ed8fc be587c"  # xor ax, ax; mov ds, ax; cld; mov si, text
    + "ac84c07409 b40ebb0700cd10 ebf2"  # print: lodsb; test al, al; jz stop; int 0x10, of ah = 0x0e; jmp print
    + "fbf4ebfc"  # stop: sti; hlt; jmp stop
)  # fmt: skip
"""It is at 0000:7C00 (PXE 2.1, 4.4.5.1); the text follows it."""
UEFI, BIOS = "UEFI x64", "BIOS"


def image(name: str, size: int) -> bytes:
    """Return the content of a boot file of a size in bytes."""
    if name.lower().endswith(".efi"):
        head = _efi_application(_says(name))
    else:
        head = _CODE + _says(name).encode() + b"\0"
    return (head + hashlib.shake_128(name.lower().encode()).digest(max(size, 1)))[:size]


def _says(name: str) -> str:
    return f"\r\nhvlab: {name} runs\r\n"


def _efi_application(says: str) -> bytes:
    """Return a PE32+ image with one section, of code that says something (Microsoft's PE format)."""
    code = (_EFI_CODE + says.encode("utf-16-le") + b"\0\0").ljust(_TEXT, b"\0")
    dos = (b"MZ".ljust(60, b"\0") + struct.pack("<I", _PE_AT)).ljust(_PE_AT, b"\0")
    coff = b"PE\0\0" + struct.pack("<HHIIIHH", _X64, 1, 0, 0, 0, 240, 0x22)
    optional = struct.pack(
        "<HBBIIIIIQIIHHHHHHIIIIHHQQQQII",
        *(0x20B, 0, 0, len(code), 0, 0, _PAGE, _PAGE, 0, _PAGE, _HEADERS, 0, 0, 0, 0, 0, 0, 0),
        *(2 * _PAGE, _HEADERS, 0, _EFI_APPLICATION, 0, 0, 0, 0, 0, 0, 16),
    )
    section = struct.pack("<8sIIIIIIHHI", b".text", len(code), _PAGE, len(code), _HEADERS, 0, 0, 0, 0, 0x60000020)
    return (dos + coff + optional + bytes(16 * 8) + section).ljust(_HEADERS, b"\0") + code


def made_for(content: bytes) -> str:
    """Return which firmware can start a boot file, empty for none that is known."""
    if not content.startswith(b"MZ"):
        return BIOS if content else ""
    (at,) = struct.unpack_from("<I", content, 60) if len(content) >= 64 else (0,)
    if content[at : at + 4] != b"PE\0\0" or len(content) < at + 6:
        return ""
    (machine,) = struct.unpack_from("<H", content, at + 4)
    return UEFI if machine == _X64 else ""


def main(told: str, *argv: str) -> None:
    """Write the files of a boot server, and become its TFTP server.

    ``folder`` is where they are written; ``sizes`` has those that are made up, ``contents`` all others, both by name.
    """
    found = json.loads(told)
    folder = found["folder"]
    files = {name: image(name, size) for name, size in found["sizes"].items()}
    files |= {name: content.encode() for name, content in found["contents"].items()}
    for name, content in files.items():
        _write(os.path.join(folder, "files", name.replace("\\", "/").lower()), content, 0o644)
    # A copy: profiles of AppArmor are for the machine's own server, with its files in /srv, and go by the name.
    copy = os.path.join(folder, "tftpd")
    with open(program(argv[0]), "rb") as original:
        _write(copy, original.read(), 0o755)
    os.execv(copy, [argv[0], *argv[1:]])


def _write(path: str, content: bytes, mode: int) -> None:
    """Write a file as a whole: a program that runs is not changed under it."""
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    new = f"{path}.new"
    with open(new, "wb") as file:
        file.write(content)
    os.chmod(new, mode)
    os.replace(new, path)
