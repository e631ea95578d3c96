"""The system calls that Python's library lacks, each raising `OSError` with the step in words.

`os.unshare` and `os.setns` only exist from Python 3.12; `mount` and `prctl` exist in none.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import socket
import struct

NAMESPACES = {
    "user": 0x10000000,
    "mnt": 0x00020000,
    "net": 0x40000000,
    "ipc": 0x08000000,
    "uts": 0x04000000,
    "pid": 0x20000000,
}

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
_MNT_DETACH = 2
MS_REMOUNT, MS_BIND, MS_REC, MS_SLAVE = 0x20, 0x1000, 0x4000, 0x80000
_ST_RELATIME, _MS_RELATIME = 0x1000, 0x200000

_PR_SET_PDEATHSIG, _PR_SET_NAME, _PR_CAPBSET_DROP, _PR_SET_CHILD_SUBREAPER = 1, 15, 24, 36
_CAPABILITY_VERSION_3 = 0x20080522
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mount.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p)
_libc.prctl.argtypes = (ctypes.c_int, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong)


def _check(result: int, step: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{step}: {os.strerror(code)}")


def flags_of(kinds: tuple[str, ...]) -> int:
    """Combine namespace kinds into the flags of unshare(2)."""
    flags = 0
    for kind in kinds:
        flags |= NAMESPACES[kind]
    return flags


def unshare(kinds: tuple[str, ...]) -> None:
    """Leave these namespaces for new ones; "pid" only takes effect for children."""
    _check(_libc.unshare(flags_of(kinds)), f"new {', '.join(kinds)} namespace")


def setns(fd: int, kind: str) -> None:
    """Enter the namespace behind `fd`; "pid" only takes effect for children."""
    _check(_libc.setns(fd, NAMESPACES[kind]), f"enter {kind} namespace")


def mount(source: str, target: str, fstype: str, flags: int = 0, options: str = "") -> None:
    """Mount; `fstype` "bind" with MS_BIND binds a file or a tree."""
    result = _libc.mount(os.fsencode(source), os.fsencode(target), fstype.encode(), flags, options.encode())
    _check(result, f"mount {fstype} {source} on {target}" if source != fstype else f"mount {fstype} on {target}")


def detach(target: str) -> None:
    """Take away the topmost mount from a path; it goes when nothing uses it any more."""
    _check(_libc.umount2(os.fsencode(target), _MNT_DETACH), f"unmount {target}")


def remount_readonly(target: str) -> None:
    """Make a bind mount read-only, keeping the flags that a user namespace may not take away."""
    found = os.statvfs(target).f_flag
    flags = found & (MS_NOSUID | MS_NODEV | MS_NOEXEC | os.ST_NOATIME | os.ST_NODIRATIME)
    if found & _ST_RELATIME:
        flags |= _MS_RELATIME
    mount("none", target, "bind", MS_REMOUNT | MS_BIND | MS_RDONLY | flags)


def own_proc() -> None:
    """Mount /proc for the PID namespace of the caller, unless it is there already: done by who enters a machine."""
    with open("/proc/self/status", encoding="utf-8", errors="replace") as status:
        numbers = next((line.split()[1:] for line in status if line.startswith("NSpid:")), ["?"])
    if len(numbers) > 1:
        mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)


def die_with_parent(signal_number: int) -> None:
    """Ask for this signal when the parent thread ends; cleared by any change of credentials."""
    _check(_libc.prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0), "ask for a signal at the parent's death")


def adopt_orphans() -> None:
    """Become the parent of whatever the descendants of this process leave behind."""
    _check(_libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "become the parent of orphans")


def drop_capability(number: int) -> bool:
    """Keep programs that this process runs from having a capability; False if the kernel has none of that number."""
    if _libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0) == 0:
        return True
    if ctypes.get_errno() == errno.EINVAL:
        return False
    raise OSError(ctypes.get_errno(), f"drop capability {number}: {os.strerror(ctypes.get_errno())}")


def clear_inheritable_capabilities() -> None:
    """Let programs that this process runs inherit no capability beyond those that root gets, ambient ones included."""
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    data = ctypes.create_string_buffer(24)  # twice effective, permitted, inheritable
    _check(_libc.capget(header, data), "read the capabilities")
    low, high = struct.unpack("=8s4x8s4x", data.raw)
    _check(_libc.capset(header, low + bytes(4) + high + bytes(4)), "clear the inheritable capabilities")


def set_comm(name: str) -> None:
    """Set what `ps -o comm` shows; 15 bytes at most."""
    text = ctypes.create_string_buffer(name.encode()[:15])
    _check(_libc.prctl(_PR_SET_NAME, ctypes.addressof(text), 0, 0, 0), "set the process name")


def set_title(title: str) -> None:
    """Set what `ps` shows of this process, its arguments included, as far as the memory that holds those is enough."""
    set_comm(title)
    with open("/proc/self/stat", encoding="utf-8", errors="replace") as stat:
        start, end = map(int, stat.read().rpartition(")")[2].split()[45:47])
    with open("/proc/self/mem", "r+b", buffering=0) as memory:
        memory.seek(start)
        memory.write(title.encode()[: end - start - 1].ljust(end - start, b"\0"))


def loopback_up() -> None:
    """Bring `lo` up in the current network namespace."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        answer = fcntl.ioctl(handle, _SIOCGIFFLAGS, struct.pack("16sH22x", b"lo", 0))
        flags = struct.unpack("16sH22x", answer)[1] | _IFF_UP
        fcntl.ioctl(handle, _SIOCSIFFLAGS, struct.pack("16sH22x", b"lo", flags))


def start_ticks(stat: str) -> int:
    """Return the start time of a process from the text of its `/proc/PID/stat`; with the pid it identifies it."""
    return int(stat.rpartition(")")[2].split()[19])


def ended(stat: str) -> bool:
    """Tell from the text of its `/proc/PID/stat` whether a process has ended, though nobody has waited for it yet."""
    return stat.rpartition(")")[2].split()[0] in "ZX"
