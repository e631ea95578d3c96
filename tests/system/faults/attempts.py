"""What a program of a machine tries to do to the kernel, and what it needs for its own network.

A program: run as root of a machine it prints JSON, for each thing tried the error it met, "" if it worked. Standard
library only. It refuses to run outside of a machine of a lab. Where something is allowed that should not be it does no
harm: values are written that are there already, mounts are made and taken away in a mount namespace of their own, calls
are made wrong in what the kernel looks at only after it has looked at the caller's rights.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import json
import os
import platform
import resource
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)
_NUMBERS = {  # of system calls, by what `uname -m` says
    "x86_64": {
        "finit_module": 313,
        "bpf": 321,
        "perf_event_open": 298,
        "kexec_load": 246,
        "ioperm": 173,
        "reboot": 169,
    },
    "aarch64": {"finit_module": 273, "bpf": 280, "perf_event_open": 241, "kexec_load": 104, "reboot": 142},
}[platform.machine()]
_FS_IOC_GETFLAGS, _FS_IOC_SETFLAGS = 0x80086601, 0x40086602
_CLONE_NEWNS, _CLONE_NEWNET, _CLONE_NEWUSER = 0x00020000, 0x40000000, 0x10000000
_MS_PRIVATE_ALL, _MS_REMOUNT_BIND, _MNT_DETACH = 0x44000, 0x1020, 2
_SYSLOG_UNREAD = 9

# Settings of the whole machine that root may write without any capability.
SETTINGS = (
    "/proc/sys/kernel/panic", "/proc/sys/kernel/core_pattern", "/proc/sys/vm/swappiness", "/proc/sys/fs/file-max",
    "/proc/sysrq-trigger", "/proc/irq/default_smp_affinity", "/proc/acpi/wakeup", "/proc/dynamic_debug/control",
    "/sys/power/state", "/sys/kernel/mm/transparent_hugepage/enabled", "/sys/kernel/uevent_helper",
    "/sys/module/kernel/parameters/panic", "/sys/kernel/profiling",
)  # fmt: skip
MEMORY = ("/dev/mem", "/dev/kmem", "/dev/port", "/proc/kcore", "/dev/kmsg", "/dev/cpu/0/msr", "/dev/nvram")


def checked(result: int) -> None:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def call(name: str, *arguments: int) -> Callable[[], None]:
    return lambda: checked(_LIBC.syscall(_NUMBERS[name], *map(ctypes.c_long, arguments)))


def in_child(act: Callable[[], object]) -> Callable[[], None]:
    """Let a child try, for what would change the process that does it."""

    def tried() -> None:
        pid = os.fork()
        if pid == 0:
            os._exit(number_of(act))
        number = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if number:
            raise OSError(number, os.strerror(number))

    return tried


def number_of(act: Callable[[], object]) -> int:
    try:
        act()
    except ValueError:  # what Python makes of a refused setrlimit(2)
        return errno.EPERM
    except OSError as error:
        return error.errno or errno.EIO
    return 0


def open_by_handle() -> None:
    """Open a file by its number in its file system, which leads to any file, whatever is mounted over it."""
    handle = ctypes.create_string_buffer(struct.pack("Ii", 128, 0), 136)
    folder = os.open("/", os.O_RDONLY)
    checked(_LIBC.name_to_handle_at(folder, b"usr", handle, ctypes.byref(ctypes.c_int()), 0))
    checked(_LIBC.open_by_handle_at(folder, handle, os.O_RDONLY))


def make_immutable() -> None:
    with tempfile.NamedTemporaryFile() as file:
        flags = number_in(fcntl.ioctl(file, _FS_IOC_GETFLAGS, bytes(8)))
        fcntl.ioctl(file, _FS_IOC_SETFLAGS, struct.pack("l", flags | 0x10))
        fcntl.ioctl(file, _FS_IOC_SETFLAGS, struct.pack("l", flags))


def number_in(raw: bytes) -> int:
    return int(struct.unpack("l", raw)[0])


def make_device() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.mknod(f"{folder}/disk", stat.S_IFBLK | 0o600, os.makedev(8, 0))


def open_block_devices() -> None:
    """Open any disk that has a device file."""
    found = [path for path in Path("/dev").rglob("*") if not path.is_symlink() and path.is_block_device()]
    refused = OSError(errno.ENOENT, "there are no block devices")
    for path in found:
        try:
            os.close(os.open(path, os.O_RDONLY))
        except OSError as error:
            refused = error
        else:
            return
    raise refused


def open_memory() -> None:
    refused = OSError(errno.ENOENT, "there is nothing to open")
    for path in MEMORY:
        try:
            os.close(os.open(path, os.O_RDWR))
        except OSError as error:
            refused = error
        else:
            return
    raise refused


def write_settings() -> None:
    """Open for writing, and write nothing: who can open them can change them."""
    allowed = [path for path in SETTINGS if os.path.exists(path) and not number_of(lambda p=path: open_to_write(p))]
    if not allowed:
        raise OSError(errno.EACCES, "none can be written")
    print(f"can be written: {allowed}", file=sys.stderr)


def open_to_write(path: str) -> None:
    os.close(os.open(path, os.O_WRONLY))


def among_own_mounts(act: Callable[[], object]) -> Callable[[], None]:
    """Try in a child, and in a mount namespace of its own if it can have one; who cannot may not mount either."""

    def tried() -> None:
        if _LIBC.unshare(_CLONE_NEWNS) == 0:
            checked(_LIBC.mount(b"none", b"/", None, ctypes.c_ulong(_MS_PRIVATE_ALL), None))
        act()

    return in_child(tried)


def mount(kind: str, target: str, flags: int = 0) -> Callable[[], None]:
    return among_own_mounts(
        lambda: checked(_LIBC.mount(b"none", target.encode(), kind.encode(), ctypes.c_ulong(flags), None))
    )


def umount(target: str) -> Callable[[], None]:
    return among_own_mounts(lambda: checked(_LIBC.umount2(target.encode(), _MNT_DETACH)))


def enter(kind: str) -> None:
    handle = os.open(f"/proc/1/ns/{kind}", os.O_RDONLY)
    checked(_LIBC.setns(handle, 0))


def be_root_of_a_user_namespace() -> None:
    checked(_LIBC.unshare(_CLONE_NEWUSER))
    Path("/proc/self/uid_map").write_text("0 0 1")


def set_clock() -> None:
    time.clock_settime(time.CLOCK_REALTIME, time.clock_gettime(time.CLOCK_REALTIME))


def more_files() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard + 1))


def more_processes() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NPROC)
    if hard == resource.RLIM_INFINITY:
        raise OSError(errno.EINVAL, "there is no limit to raise")
    resource.setrlimit(resource.RLIMIT_NPROC, (hard, hard + 1))


def priority_of_real_time() -> None:
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))


def use_ports() -> None:
    """Talk to devices directly, which only some processors have a call for."""
    if "ioperm" not in _NUMBERS:
        raise OSError(errno.ENOSYS, "this processor has none")
    call("ioperm", 0x80, 1, 1)()


def perf() -> None:
    """Count the cycles that a processor spends on everybody's behalf."""
    attributes = ctypes.create_string_buffer(struct.pack("IIQ", 0, 128, 0), 128)
    number = _NUMBERS["perf_event_open"]
    checked(_LIBC.syscall(number, attributes, -1, 0, -1, 0))


REFUSED: dict[str, Callable[[], None]] = {
    "load a kernel module": call("finit_module", -1, 0, 0),
    "load another kernel": call("kexec_load", 0, 0, 0, 0),
    "reboot": call("reboot", 0, 0, 0, 0),
    "mount": mount("tmpfs", "/mnt"),
    "mount the machine's cgroups": mount("cgroup2", "/mnt"),
    "make /sys writable": mount("none", "/sys", _MS_REMOUNT_BIND),
    "unmount /run": umount("/run"),
    "unmount /proc": umount("/proc"),
    "unmount /sys": umount("/sys"),
    "enter namespaces": in_child(lambda: enter("mnt")),
    "make a network": in_child(lambda: checked(_LIBC.unshare(_CLONE_NEWNET))),
    "make a mount namespace": in_child(lambda: checked(_LIBC.unshare(_CLONE_NEWNS))),
    "become root of a user namespace": in_child(be_root_of_a_user_namespace),
    "make a device file": make_device,
    "open a disk": open_block_devices,
    "open the machine's memory": open_memory,
    "write the machine's settings": write_settings,
    "open a file by its handle": open_by_handle,
    "make a file immutable": make_immutable,
    "load a BPF program": call("bpf", 5, 0, 0),
    "watch the processor": perf,
    "read the kernel's log": lambda: checked(_LIBC.klogctl(_SYSLOG_UNREAD, None, 0)),
    "use the ports of devices": use_ports,
    "set the clock": set_clock,
    "set the host name": lambda: socket.sethostname(socket.gethostname()),
    "swap": lambda: checked(_LIBC.swapon(b"/dev/null", 0)),
    "account processes": lambda: checked(_LIBC.acct(b"/dev/null")),
    "raise its priority": in_child(lambda: os.setpriority(os.PRIO_PROCESS, 0, -1)),
    "be served in real time": in_child(priority_of_real_time),
    "open more files than it may": in_child(more_files),
    "have more processes than it may": in_child(more_processes),
}


def run(*argv: str) -> Callable[[], None]:
    def ran() -> None:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=20, check=False, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise OSError(done.returncode, (done.stderr or done.stdout).strip())

    return ran


def listen_below_1024() -> None:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as server:
            server.bind(("0.0.0.0", 80))


def capture() -> None:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as ear:
        ear.bind(("lo", 0))


def write_own_settings() -> None:
    for path in ("/proc/sys/net/ipv4/ip_forward", "/sys/class/net/lo/mtu"):
        value = Path(path).read_text()
        Path(path).write_text(value)


def end_another() -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        other.send_signal(signal.SIGTERM)


def give_away() -> None:
    with tempfile.NamedTemporaryFile() as file:
        os.chown(file.name, 65534, 65534)


NEEDED: dict[str, Callable[[], None]] = {
    "make a bridge": run("ip", "link", "add", "br9", "type", "bridge"),
    "make a cable": run("ip", "link", "add", "v9", "type", "veth", "peer", "name", "v10"),
    "plug it in": run("ip", "link", "set", "v9", "master", "br9"),
    "give an address": run("ip", "addr", "add", "10.250.0.1/24", "dev", "br9"),
    "turn it on": run("ip", "link", "set", "br9", "up"),
    "route": run("ip", "route", "add", "10.251.0.0/24", "via", "10.250.0.2"),
    "shape": run("tc", "qdisc", "add", "dev", "br9", "root", "tbf", "rate", "1mbit", "burst", "10k", "latency", "9ms"),
    "filter": run("nft", "add", "table", "inet", "t9"),
    "set what is its own": write_own_settings,
    "listen below 1024": listen_below_1024,
    "ping": run("ping", "-c", "1", "-W", "2", "127.0.0.1"),
    "capture": capture,
    "change the root directory": in_child(lambda: os.chroot("/usr")),
    "end another program": end_another,
    "end": run("ip", "link", "del", "br9"),
}
# In an ordinary user's lab there is one user only.
NEEDED_AMONG_USERS: dict[str, Callable[[], None]] = {
    "give a file away": give_away,
    "become another user": run("su", "nobody", "-s", "/bin/sh", "-c", 'test "$(id -u)" = 65534'),
}


def outcome(act: Callable[[], None]) -> str:
    try:
        act()
    except OSError as error:
        return f"{errno.errorcode.get(error.errno or 0, error.errno)}: {error.strerror}"
    return ""


def main() -> None:
    if Path("/proc/1/cmdline").read_bytes() != b"sleep\0infinity\0":
        sys.exit("this must only be run inside a machine of a lab")
    things = {**REFUSED, **NEEDED, **NEEDED_AMONG_USERS}
    json.dump({name: outcome(things[name]) for name in things}, sys.stdout)


if __name__ == "__main__":
    main()
