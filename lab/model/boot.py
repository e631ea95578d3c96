"""What a VM is booted from over the network: the files of a boot server, and the boot file for each firmware.

Windows Deployment Services is a boot server that answers PXE clients, too (Install-WindowsFeature WDS; WDSUTIL
/Set-Server /UseDhcpPorts /BootProgram); the architectures are those of option 93 (RFC 4578, 2.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

BIOS, UEFI_X64 = 0, 7
"""The architectures that VMs of generation 1 and of generation 2 tell of (option 93)."""

LARGEST_FILES: Final = 8 << 20
"""How many bytes the files of a boot server may have together: they are in its VM's memory."""


@dataclass(frozen=True, slots=True)
class BootFile:
    """A file of a boot server: made up, of a size in bytes, unless there is a content. Names are as in Windows."""

    name: str
    size: int = 0
    content: str = ""

    @property
    def bytes(self) -> int:
        """How large it is."""
        return len(self.content.encode()) if self.content else self.size

    def __str__(self) -> str:
        return f"{self.name} ({self.bytes} bytes)"


@dataclass(frozen=True, slots=True)
class BootProgram:
    """The boot file for the PXE clients of an architecture (WDSUTIL /Set-Server /BootProgram)."""

    architecture: int
    file: str

    def __str__(self) -> str:
        return f"{self.architecture} {self.file}"


@dataclass(frozen=True, slots=True)
class BootServer:
    """A TFTP server with files; with boot programs it is Windows Deployment Services, and answers PXE clients.

    ``use_dhcp_ports``: it listens on port 67, too; it cannot next to a DHCP server (WDSUTIL /UseDhcpPorts).
    """

    files: tuple[BootFile, ...] = ()
    programs: tuple[BootProgram, ...] = ()
    use_dhcp_ports: bool = True

    @property
    def role(self) -> str:
        """What the VM is with it."""
        return "Windows Deployment Services" if self.programs else "TFTP Server"
