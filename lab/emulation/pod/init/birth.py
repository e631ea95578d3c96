"""From an ordinary process to the first process of a lab.

The launcher (what the creator started) makes the namespaces, forks PID 1 and ends. PID 1 reports over the creator's
socket and then keeps it: until `commit`, the end of the creator is the end of the lab. A socket, unlike
PR_SET_PDEATHSIG, belongs to the process and not to the thread that called, and there is no moment at which it is not
yet armed.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import signal
import socket
import time
import traceback

from . import FILE_KEY, NAME_KEY, kernel, limits, logs, rootfs
from .loop import READ, Loop
from .server import Server
from .supervisor import Supervisor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

_KINDS = ("mnt", "net", "ipc", "uts", "pid")
_COMM_STARTING, _COMM_COMMITTED = "hvlab-new", "hvlab-lab"
_MOST_FAULTY_ROUNDS = 100
_LOGS_EVERY_S = 5.0  # or, while nothing at all happens, at the loop's own pace


def main(arguments: list[str]) -> NoReturn:
    """Run `--hvlab-pod --report FD --processes N --memory BYTES`.

    The environment tells the lab's name and the file it is made from.
    """
    options = dict(zip(arguments[1::2], arguments[2::2], strict=True))
    name, file = os.environ[NAME_KEY], os.environ[FILE_KEY]
    report = socket.socket(fileno=int(options["--report"]))
    report.set_inheritable(False)
    step = "namespaces"
    ordinary = os.geteuid() != 0
    try:
        enclosure = limits.enclose(int(options["--processes"]), int(options["--memory"]))
        with_user = _unshare()
        if with_user and ordinary:
            enclosure.count_by_user_namespace()
        pid = os.fork()
        if pid:
            _say(report, {"pid": pid})
            os._exit(0)
        step = "mounts"
        keep = rootfs.paths_in_use(os.getcwd(), os.path.dirname(file) or "/")
        _become_first(name, lambda: rootfs.build(name, keep, enclosure, with_user=with_user))
        init = Init(report)
    except OSError as error:
        _say(report, {"fault": str(error.strerror or error), "errno": error.errno, "step": step})
        os._exit(1)
    _say(report, {"ready": True, "user_namespace": with_user})
    init.run()


def _say(report: socket.socket, message: dict[str, object]) -> None:
    report.sendall(json.dumps(message).encode() + b"\n")


def _unshare() -> bool:
    """Make the namespaces; return whether a user namespace was needed."""
    uid, gid = os.geteuid(), os.getegid()
    if uid == 0:
        try:
            kernel.unshare(_KINDS)
        except PermissionError:
            # Root without its capabilities (a container): what an ordinary user can do may still work.
            pass
        else:
            return False
    kernel.unshare(("user", *_KINDS))
    for name, content in (("setgroups", "deny"), ("gid_map", f"0 {gid} 1"), ("uid_map", f"0 {uid} 1")):
        with open(f"/proc/self/{name}", "w") as handle:
            handle.write(content)
    return True


def _become_first(name: str, build: Callable[[], None]) -> None:
    os.setsid()
    os.umask(0o022)
    kernel.set_comm(_COMM_STARTING)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, 32, 33}:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    socket.sethostname(name)
    build()
    os.chdir("/")
    kernel.loopback_up()
    null = os.open("/dev/null", os.O_RDWR)
    log = os.open(f"{rootfs.RUN}/log/init.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(null, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(null)
    os.close(log)


def log(name: str, words: str) -> None:
    """Write one line to init.log."""
    _write(f"{time.strftime('%H:%M:%S')} {name}: {' '.join(words.split())}\n")


def _write(text: str) -> None:
    with contextlib.suppress(OSError):  # when logs have used up their room the lab goes on without
        os.write(2, text.encode())


class Init:
    """The first process at work."""

    def __init__(self, report: socket.socket) -> None:
        self._report: socket.socket | None = report
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self._logs_due = time.monotonic() + _LOGS_EVERY_S
        self._loop = Loop()
        self._loop.start(self._on_signals)
        self._supervisor = Supervisor(self._loop, log, (soft, hard))
        self._loop.watch(report.fileno(), READ, self._creator_gone)
        Server(self._loop, self._supervisor, self._commit).start(f"{rootfs.RUN}/init.sock")

    def run(self) -> NoReturn:
        """Serve until told to end; the end of this process is the end of everything in the lab."""
        gc.collect()
        gc.freeze()
        faulty_rounds = 0
        while faulty_rounds < _MOST_FAULTY_ROUNDS:
            happened = self._loop.wait(self._supervisor.next_deadline())
            happened += [(lambda events: self._supervisor.advance(), 0), (lambda events: self._trim_logs(), 0)]
            fine = [self._guarded(callback, events) for callback, events in happened]
            faulty_rounds = 0 if all(fine) else faulty_rounds + 1
        log("init", "nothing but faults")
        os._exit(1)

    def _trim_logs(self) -> None:
        now = time.monotonic()
        if now >= self._logs_due:
            self._logs_due = now + _LOGS_EVERY_S
            logs.trim(f"{rootfs.RUN}/log")

    def _guarded(self, callback: Callable[[int], None], events: int) -> bool:
        try:
            callback(events)
        except Exception:  # noqa: BLE001 - a supervisor
            # One that ends takes the whole lab with it: an event that cannot be handled is worth a traceback, not that.
            _write(traceback.format_exc())
            return False
        return True

    def _on_signals(self, numbers: set[int]) -> None:
        if signal.SIGTERM in numbers or signal.SIGINT in numbers:
            os._exit(0)
        self._supervisor.reap()

    def _creator_gone(self, events: int) -> None:
        log("init", "the creator ended before the lab was committed")
        os._exit(0)

    def _commit(self) -> None:
        if self._report is not None:
            self._loop.unwatch(self._report.fileno())
            self._report.close()
            self._report = None
            kernel.set_comm(_COMM_COMMITTED)
