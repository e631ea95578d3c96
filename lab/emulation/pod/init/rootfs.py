"""What a lab's mount namespace looks like: the machine's files, but its own /run, /proc, /sys, /dev/shm and names.

All state lives in the tmpfs on /run, so it goes with the namespace. Mounts of the machine still arrive (and, above all,
go); nothing made here gets out.
"""

from __future__ import annotations

import os
import stat
import sys

from . import kernel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .limits import Enclosure

RUN = "/run/hvlab"
_PRIVATE = kernel.MS_NOSUID | kernel.MS_NODEV
_RESOLV_CONF = "/etc/resolv.conf"
_SIZE, _LOG_SIZE = "256m", "64m"

# Devices that are there for every program; the two in folders, for tunnels, only if the machine has them.
_DEVICES = {
    "null": (1, 3),
    "zero": (1, 5),
    "full": (1, 7),
    "random": (1, 8),
    "urandom": (1, 9),
    "tty": (5, 0),
    "ptmx": (5, 2),
}
_MORE_DEVICES = ("net/tun", "ppp")
_DEVICE_LINKS = {"fd": "", "stdin": "/0", "stdout": "/1", "stderr": "/2"}


def build(hostname: str, keep: tuple[str, ...], enclosure: Enclosure, *, with_user: bool) -> None:
    """Make the lab's own mounts; the paths to `keep`, if they lie under /run, stay where they are."""
    kernel.mount("none", "/", "none", kernel.MS_REC | kernel.MS_SLAVE)
    resolv_conf = os.path.realpath(_RESOLV_CONF)
    _run(keep)
    for folder in ("", "/etc", "/log"):
        os.mkdir(RUN + folder, 0o700)
    # Logs that fill their own file system leave room for what the lab cannot do without.
    kernel.mount("tmpfs", f"{RUN}/log", "tmpfs", _PRIVATE, f"mode=0700,size={_LOG_SIZE}")
    _names(hostname, resolv_conf)
    enclosure.publish()
    if not with_user:
        _dev()
    if os.path.isdir("/dev/shm"):
        kernel.mount("tmpfs", "/dev/shm", "tmpfs", _PRIVATE, f"mode=1777,size={enclosure.limits['memory'] // 4}")
    if os.path.isdir("/dev/mqueue"):
        kernel.mount("mqueue", "/dev/mqueue", "mqueue", _PRIVATE | kernel.MS_NOEXEC)
    kernel.mount("proc", "/proc", "proc", _PRIVATE | kernel.MS_NOEXEC)
    if not with_user and os.path.ismount("/sys"):
        try:
            kernel.detach("/sys")  # and all that is mounted below it: every machine gets a copy of every mount
        except OSError:
            pass  # to root of a container with a user namespace what was mounted from outside is locked
    _sys()


def paths_in_use(*more: str) -> tuple[str, ...]:
    """Return the folders without which Python and this package would not run."""
    return (sys.prefix, sys.base_prefix, os.path.dirname(sys.executable), __file__.rsplit("/", 5)[0], *more)


def _run(keep: tuple[str, ...]) -> None:
    wanted = sorted({real for real in map(os.path.realpath, keep) if real.startswith("/run/")})
    whole = [path for path in map(os.path.realpath, keep) if path == "/run"]
    if whole:
        raise OSError(22, "the current folder is /run, which a lab hides; start it from another folder")
    old = os.open("/run", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    links = [(entry.name, os.readlink(entry.path)) for entry in os.scandir("/run") if entry.is_symlink()]
    kernel.mount("tmpfs", "/run", "tmpfs", _PRIVATE, f"mode=0755,size={_SIZE}")
    for name, target in links:
        os.symlink(target, f"/run/{name}")
    for path in wanted:
        if not os.path.exists(path):
            os.makedirs(path)
            kernel.mount(f"/proc/self/fd/{old}/{path[5:]}", path, "bind", kernel.MS_BIND | kernel.MS_REC)
    os.close(old)


def _dev() -> None:
    """Leave out of /dev what belongs to the machine: its disks, its memory. Root could open them there.

    An ordinary user could not, and may not make device files either. Nor may root in a container, where /dev is sparse.
    """
    old = os.open("/dev", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    kernel.mount("tmpfs", "/dev", "tmpfs", kernel.MS_NOSUID, "mode=0755,size=1m")
    try:
        for name, numbers in _DEVICES.items():
            _device(name, 0o666, os.makedev(*numbers))
    except PermissionError:
        kernel.detach("/dev")
        os.close(old)
        return
    for name in _MORE_DEVICES:
        _device_like(name, old)
    for name, rest in _DEVICE_LINKS.items():
        os.symlink(f"/proc/self/fd{rest}", f"/dev/{name}")
    for name in ("shm", "mqueue", "pts"):
        os.mkdir(f"/dev/{name}")
    kernel.mount(f"/proc/self/fd/{old}/pts", "/dev/pts", "bind", kernel.MS_BIND)
    os.close(old)


def _device(name: str, mode: int, numbers: int) -> None:
    path = f"/dev/{name}"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    os.mknod(path, stat.S_IFCHR | mode, numbers)
    os.chmod(path, mode)


def _device_like(name: str, folder: int) -> None:
    try:
        found = os.stat(name, dir_fd=folder)
    except FileNotFoundError:
        return
    if stat.S_ISCHR(found.st_mode):
        _device(name, stat.S_IMODE(found.st_mode), found.st_rdev)


def _names(hostname: str, resolv_conf: str) -> None:
    hosts = f"127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n127.0.1.1 {hostname}\n"
    _file(f"{RUN}/etc/hosts", hosts)
    _file(f"{RUN}/etc/resolv.conf", "# nothing outside the lab can be reached\n")
    if os.path.exists("/etc/hosts"):
        kernel.mount(f"{RUN}/etc/hosts", "/etc/hosts", "bind", kernel.MS_BIND)
    if os.path.exists(resolv_conf):
        kernel.mount(f"{RUN}/etc/resolv.conf", resolv_conf, "bind", kernel.MS_BIND)
    elif resolv_conf.startswith("/run/"):
        # /etc/resolv.conf is a link to a file of systemd-resolved or the like, which the tmpfs now hides.
        os.makedirs(os.path.dirname(resolv_conf), exist_ok=True)
        os.symlink(f"{RUN}/etc/resolv.conf", resolv_conf)


def _file(path: str, content: str) -> None:
    with open(path, "w") as handle:
        handle.write(content)
    os.chmod(path, 0o644)


def _sys() -> None:
    flags = _PRIVATE | kernel.MS_NOEXEC
    try:
        kernel.mount("sysfs", "/sys", "sysfs", flags)
    except PermissionError:
        # A user namespace gets no more of sysfs than it sees already: in a container that is read-only.
        kernel.mount("sysfs", "/sys", "sysfs", flags | kernel.MS_RDONLY)
