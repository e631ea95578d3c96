"""The way of a freshly forked child to its program: namespaces, mounts, sysctls, descriptors, exec.

Runs in the child only and never returns. What goes wrong is written, in words, to the status pipe; the pipe closing
without a word means that the program runs.
"""

from __future__ import annotations

import fcntl
import os
import resource
import signal
import socket

from . import kernel, privileges
from .admission import Admission
from .spec import MountSpec, Spec

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_HIGH_FD = 200
_SIGNALS = frozenset(range(1, 32)) - {signal.SIGKILL, signal.SIGSTOP}


class Status:
    """The pipe on which a child tells why it does not become its program; it may move to another number."""

    __slots__ = ("fd",)

    def __init__(self, fd: int) -> None:
        self.fd = fd


def run(spec: Spec, targets: dict[str, int], listeners: list[int], status: Status, nofile: tuple[int, int]) -> None:
    """Become the program of `spec`, inside the namespaces of the `targets`, or report the failing step and exit."""
    try:
        _become(spec, targets, listeners, status, nofile)
    except BaseException as error:  # noqa: BLE001 - whatever it is, it must reach the one who asked
        os.write(status.fd, words(error).encode()[:4000])
    finally:
        os._exit(127)


def words(error: BaseException) -> str:
    """Return what went wrong, and with what."""
    if isinstance(error, OSError):
        return f"{error.strerror}" + (f": {error.filename}" if error.filename else "")
    return f"{type(error).__name__}: {error}"


def _become(spec: Spec, targets: dict[str, int], listeners: list[int], status: Status, nofile: tuple[int, int]) -> None:
    signal.set_wakeup_fd(-1)
    for number in _SIGNALS:  # all, for whoever started the lab may have had some ignored
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.setsid()
    _standard_streams(spec.log)
    inside_machine = {"pid", "mnt"} <= set(targets)
    if inside_machine:
        Admission(machine=spec.enter["pid"]).join()
    _enter(spec, targets)
    environment = {**base_environment(), **spec.env}
    if spec.hostname is not None:
        socket.sethostname(spec.hostname)
    for entry in spec.mounts:
        mount(entry)
    if "net" in spec.unshare:
        kernel.loopback_up()
    for name, value in spec.sysctls.items():
        write_sysctl(name, value)
    os.chdir(spec.cwd or "/")
    if listeners:
        environment["LISTEN_FDS"] = str(len(listeners))
        environment["LISTEN_PID"] = str(os.getpid())
    _descriptors(listeners, status)
    resource.setrlimit(resource.RLIMIT_NOFILE, nofile)
    if inside_machine:
        privileges.confine()
    assert spec.argv is not None  # machines are made elsewhere
    execute(spec.argv, environment)


def base_environment() -> dict[str, str]:
    """What every process of a lab finds in its environment."""
    kept = {key: os.environ[key] for key in ("HOME", "LANG", "LC_ALL", "TZ") if key in os.environ}
    return {"PATH": PATH, **kept}


def _standard_streams(log: str | None) -> None:
    null = os.open("/dev/null", os.O_RDWR)
    out = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600) if log is not None else null
    os.dup2(null, 0)
    os.dup2(out, 1)
    os.dup2(out, 2)


def _enter(spec: Spec, targets: dict[str, int]) -> None:
    # The pid namespace was chosen before the fork. All are opened before any is entered: the last changes /proc.
    kinds = [kind for kind in ("net", "uts", "ipc", "mnt") if kind in targets]
    handles = [(os.open(f"/proc/{targets[kind]}/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC), kind) for kind in kinds]
    for handle, kind in handles:
        kernel.setns(handle, kind)
    if {"pid", "mnt"} <= set(targets):
        kernel.own_proc()
    rest = tuple(kind for kind in spec.unshare if kind != "pid")
    if rest:
        kernel.unshare(rest)


def mount(entry: MountSpec) -> None:
    """Make one mount."""
    flags = kernel.MS_RDONLY if entry.readonly else 0
    if entry.fstype == "bind":
        kernel.mount(entry.source, entry.target, "bind", kernel.MS_BIND | kernel.MS_REC)
        if entry.readonly:
            kernel.remount_readonly(entry.target)
        return
    if entry.fstype == "own-file":
        _own_file(entry.source, os.path.realpath(entry.target))
        return
    if entry.fstype in ("proc", "sysfs", "tmpfs", "mqueue"):
        flags |= kernel.MS_NOSUID | kernel.MS_NODEV
    kernel.mount(entry.source, entry.target, entry.fstype, flags, entry.options)


def _own_file(source: str, target: str) -> None:
    """Let a file of the machine's own /run stand where all machines have one: what is written there is its own."""
    os.close(os.open(source, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644))
    if os.path.exists(target):
        kernel.mount(source, target, "bind", kernel.MS_BIND)
    elif target.startswith("/run/"):  # a link to a file of systemd-resolved or the like, which the machine has not
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.symlink(source, target)


def write_sysctl(name: str, value: str) -> None:
    """Write one sysctl; a name with slashes is taken as it is, so that interface names may contain dots."""
    path = "/proc/sys/" + (name if "/" in name else name.replace(".", "/"))
    try:
        with open(path, "w") as handle:
            handle.write(value)
    except OSError as error:
        raise OSError(error.errno, f"sysctl {name}={value}: {error.strerror}") from error


def _descriptors(listeners: list[int], status: Status) -> None:
    # Duplicates get the lowest free number from _HIGH_FD up, so the status pipe, coming last, is above the listeners.
    high = [fcntl.fcntl(fd, fcntl.F_DUPFD, _HIGH_FD) for fd in listeners]
    status.fd = fcntl.fcntl(status.fd, fcntl.F_DUPFD_CLOEXEC, _HIGH_FD)
    for offset, fd in enumerate(high):
        os.dup2(fd, 3 + offset)
    os.closerange(3 + len(high), status.fd)
    os.closerange(status.fd + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def find_program(name: str, environment: dict[str, str]) -> str:
    """Return the path of a program as execvp(3) would choose it; `FileNotFoundError`, `PermissionError` otherwise."""
    if "/" in name:
        candidates = [name]
    else:
        candidates = [f"{folder or '.'}/{name}" for folder in environment.get("PATH", PATH).split(":")]
    present = [candidate for candidate in candidates if os.path.isfile(candidate)]
    for candidate in present:
        if os.access(candidate, os.X_OK):
            return candidate
    if present or os.path.isdir(name):
        raise PermissionError(13, f'"{name}" is not an executable program')
    raise FileNotFoundError(2, f'there is no program "{name}"')


def execute(argv: tuple[str, ...], environment: dict[str, str]) -> None:
    """Replace this process by the program; only returns by an exception."""
    program = find_program(argv[0], environment)
    try:
        os.execve(program, argv, environment)
    except OSError as error:
        raise OSError(error.errno, f'run "{program}": {os.strerror(error.errno or 0)}') from error
