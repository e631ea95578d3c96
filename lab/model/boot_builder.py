"""How a topology script writes what VMs boot from over the network (see :mod:`lab.model.boot`).

>>> hv1.vm("wds1", "Internal", "10.0.1.3/24").wds_server()
>>> hv1.vm("new1", "Internal", "dhcp", boot_device="NetworkAdapter")
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from lab.model.boot import BIOS, UEFI_X64, BootFile, BootProgram, BootServer
from lab.model.names import quoted
from lab.model.reading import Reader, shown

WrittenFiles = Mapping[str, int | str]
"""Files by name: the size of one that is made up, in bytes, or the text that it holds."""

BOOT_PROGRAMS: Final[Mapping[int, str]] = {BIOS: r"boot\x86\wdsnbp.com", UEFI_X64: r"boot\x64\wdsmgfw.efi"}
"""What Windows Deployment Services begin with."""

_SIZES: Final[Mapping[str, int]] = {".com": 31 << 10, ".efi": 700 << 10}
_SIZE: Final = 256 << 10


def read_tftp_server(read: Reader, files: object) -> BootServer:
    """Return a TFTP server; what cannot be read of it is a mistake."""
    return BootServer(tuple(_files(read, files)))


def read_wds(read: Reader, boot_programs: object, files: object, use_dhcp_ports: object) -> BootServer:
    """Return Windows Deployment Services; boot programs that are not among the files are made up."""
    programs = tuple(_programs(read, BOOT_PROGRAMS if boot_programs is None else boot_programs))
    given = tuple(_files(read, {} if files is None else files))
    names = {each.name.casefold() for each in given}
    missing = dict.fromkeys(each.file for each in programs if each.file.casefold() not in names)
    made = tuple(BootFile(name, _SIZES.get(name[-4:].lower(), _SIZE)) for name in missing)
    return BootServer((*made, *given), programs, read.flag("use_dhcp_ports", use_dhcp_ports, True))


def _files(read: Reader, written: object) -> Iterator[BootFile]:
    if not isinstance(written, Mapping):
        example = r'{"boot\\x64\\wdsmgfw.efi": 700_000}'
        read.mistake(f"the boot files of {quoted(read.owner)} are {shown(written)}", f"expected {example}")
        return
    for name, value in written.items():
        title = read.name("boot file", name, "")
        if isinstance(value, str):
            yield BootFile(title, content=value)
        else:
            yield BootFile(title, read.number(f"size of the boot file {quoted(title)}", value, 0))


def _programs(read: Reader, written: object) -> Iterator[BootProgram]:
    if not isinstance(written, Mapping):
        example = r'{7: "boot\\x64\\wdsmgfw.efi"}'
        read.mistake(f"boot_programs of {quoted(read.owner)} is {shown(written)}", f"expected {example}")
        return
    for number, name in written.items():
        yield BootProgram(
            read.number("the architecture of a boot program", number, 0), read.name("boot file", name, "")
        )
