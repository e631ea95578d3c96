"""Pages of help that belong to no command: ``Get-Help``, ``Get-Help about_hvlab``."""

from __future__ import annotations

from typing import Final

INTRODUCTION: Final = """\

TOPIC
    PowerShell for a lab of Hyper-V networks

SHORT DESCRIPTION
    The networking cmdlets of Windows Server, on the machines of an emulated lab.

    Get-Command                          lists all commands
    Get-Command -Module Hyper-V          lists the cmdlets of a module
    Get-Command *VMSwitch*               finds commands by a part of their names
    Get-Help New-VMSwitch                tells what a command does, and how it is written
    Get-Help New-VMSwitch -Examples      shows examples
    Get-Help New-VMSwitch -Parameter *   tells what its parameters do here
    Get-Help about_hvlab                 tells what is different from Windows

    Tab completes commands, parameters and the names of the lab. -WhatIf tells what a command would change.
"""

_ABOUT_HVLAB: Final = """\

TOPIC
    about_hvlab

SHORT DESCRIPTION
    What is different here from Windows.

LONG DESCRIPTION
    Cmdlets have the names, parameters, tables and errors of Windows Server; the language is that of Windows
    PowerShell 5.1. What they work on is a lab: Hyper-V hosts, VMs, computers and networks on one computer.

  Changes
    A cmdlet changes the description of the lab at once. Machines and switches follow when somebody could notice:
    before a program or a ping, at a pause, at the prompt, at the end of a script. Other consoles see the change, too.

  What works, what is recorded, what is accepted
    What has to do with networks works: frames of real programs go the way that the settings say. Memory,
    processors and disks are only recorded: they can be read back, and do nothing. A parameter that is
    accepted has no effect, and says so with -Verbose. Get-Help COMMAND -Parameter * tells which is which.

  Machines
    A VM is there as soon as it runs; nothing boots. -Credential is taken, and nobody is asked for a password.
    -ComputerName reaches another Hyper-V host of the lab; Invoke-Command -VMName and Enter-PSSession -VMName
    reach the guest of a VM; `hvlab console VM` opens a console there.

  Files
    Paths with a drive (C:\\VMs, \\VMs) are those of the machine: a folder inside the lab, which is gone with it.
    $HOME and $env:TEMP are there. Names know no case, and there is no other drive than C:.
    All other paths (./vms.csv, .\\vms.csv, ~/vms.csv, /tmp/vms.csv) are your own files, and the console begins in
    your own directory. Where the current location is on C:, paths without a root are there; Set-Location ~ leads back.
    Disks of VMs are records: Test-Path finds them, Remove-Item takes them away, and no folder lists them.

  What Windows has no cmdlet for
    Cables, computers, routers, captures, counters and the way of a packet have cmdlets of the module hvlab:
    Get-Command -Module hvlab. The commands outside of this console are in `hvlab --help`.

SEE ALSO
    docs/console.md, docs/cmdlets.md and docs/fidelity.md, which come with hvlab
"""

PAGES: Final = {"about_hvlab": _ABOUT_HVLAB}
"""Pages by their names, in lower case."""
