"""What a program of a machine may do: which capabilities it has, and which of the kernel's files it may write.

A machine needs to be root towards its own network, its files and its processes, and towards nothing else. Everything
here holds for whatever the program starts, and cannot be undone by it.
"""

from __future__ import annotations

import os

from . import kernel

# By number (linux/capability.h), with what they are needed for. All others are given up: see docs/reliability.md.
KEPT = {
    0: "chown",  # servers give their files to the user they run as
    1: "dac_override",  # root writes what belongs to others
    3: "fowner",
    4: "fsetid",
    5: "kill",  # root stops the servers of other users
    6: "setgid",  # su, sudo -u, sshd and servers become other users
    7: "setuid",
    8: "setpcap",  # tcpdump and others give up more by themselves
    10: "net_bind_service",  # ports below 1024
    12: "net_admin",  # ip, tc, nft, bridge: what the exercises are about
    13: "net_raw",  # ping, tcpdump, arping, dhclient
    18: "sys_chroot",  # sshd, dnsmasq and others lock themselves up
}

# What lies in /proc for the whole machine and may be written by root without any capability. Container runtimes
# protect the same.
_MACHINE_WIDE = ("sys", "sysrq-trigger", "irq", "bus", "fs", "acpi", "scsi", "dynamic_debug")
_OWN_SETTINGS = "/proc/sys/net"
_OWN_DEVICES = "/sys/devices/virtual/net"

_MORE_LIKELY_TO_BE_KILLED = 500
_MOST_LIKELY_TO_BE_KILLED = 1000


def confine() -> None:
    """Make this process, which is in the namespaces of a machine, fit to become a program of that machine."""
    _be_killed_first()
    _shield()
    renounce()


def renounce() -> None:
    """Let no program that this process runs from now on have another capability than those kept."""
    kernel.clear_inheritable_capabilities()
    for number in range(64):
        if number not in KEPT and not kernel.drop_capability(number):
            break


def _shield() -> None:
    """Make those settings of the kernel read-only that are not the machine's own, in its mount namespace.

    In a user namespace there is nothing to do: root there is an ordinary user to these files.
    """
    if not _is_root_of_the_machine() or _is_readonly("/sys"):
        return
    for name in _MACHINE_WIDE:
        path = f"/proc/{name}"
        if os.path.exists(path) and not _is_readonly(path):
            kernel.mount(path, path, "bind", kernel.MS_BIND)
            if path == "/proc/sys":
                kernel.mount(_OWN_SETTINGS, _OWN_SETTINGS, "bind", kernel.MS_BIND)
            kernel.remount_readonly(path)
    if os.path.isdir(_OWN_DEVICES):
        kernel.mount(_OWN_DEVICES, _OWN_DEVICES, "bind", kernel.MS_BIND)
    kernel.remount_readonly("/sys")  # last: it tells that all is done


def _be_killed_first() -> None:
    """When memory runs out, let the kernel end this process and its children rather than others."""
    with open("/proc/self/oom_score_adj", "r+") as file:
        found = int(file.read())
        file.seek(0)
        file.write(str(min(found + _MORE_LIKELY_TO_BE_KILLED, _MOST_LIKELY_TO_BE_KILLED)))


def _is_root_of_the_machine() -> bool:
    with open("/proc/self/uid_map") as file:
        return file.read().split() == ["0", "0", "4294967295"]


def _is_readonly(path: str) -> bool:
    return bool(os.statvfs(path).f_flag & os.ST_RDONLY)
