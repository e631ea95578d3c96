"""What hvlab asks of systemd, through its own library: whether it is there, for a scope, to move a process into it.

An ordinary user asks the manager of his session (`systemd --user`), root that of the machine.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_LIBRARY = "libsystemd.so.0"
_CALL_TIMEOUT_US = 3_000_000
_START_TIMEOUT_S = 3.0
_NO_LIMIT = 2**64 - 1
_MANAGER = (b"org.freedesktop.systemd1", b"/org/freedesktop/systemd1", b"org.freedesktop.systemd1.Manager")


def is_running(folder: str = "/run/systemd/system") -> bool:
    """Tell whether systemd runs this machine; sd_booted(3) looks at the same."""
    return os.path.isdir(folder)


class Bus:
    """A connection to the manager that has, or is to have, a unit; `OSError` if there is none."""

    def __init__(self, unit: str) -> None:
        self._unit = unit.encode()
        self._library = ctypes.CDLL(_LIBRARY)
        self._bus = ctypes.c_void_p()
        with _runtime_folder():
            open_bus = self._library.sd_bus_open_user if os.geteuid() else self._library.sd_bus_open_system
            self._check(open_bus(ctypes.byref(self._bus)), "systemd cannot be reached")
        self._library.sd_bus_set_method_call_timeout(self._bus, ctypes.c_uint64(_CALL_TIMEOUT_US))

    def start_scope(self, pid: int, description: str) -> None:
        """Ask for a scope around a process, whose inside belongs to this user; it is there a moment later."""
        self._call(
            b"StartTransientUnit", b"ssa(sv)a(sa(sv))", self._unit, b"fail", 5,
            b"Description", b"s", description.encode(),
            b"PIDs", b"au", 1, ctypes.c_uint32(pid),
            b"Delegate", b"b", 1,
            b"CollectMode", b"s", b"inactive-or-failed",
            b"TasksMax", b"t", ctypes.c_uint64(_NO_LIMIT),
            0,
        )  # fmt: skip

    def attach(self, pid: int, group: str) -> None:
        """Move a process to a group below that of the unit."""
        self._call(b"AttachProcessesToUnit", b"ssau", self._unit, group.encode(), 1, ctypes.c_uint32(pid))

    def _call(self, method: bytes, signature: bytes, *values: object) -> None:
        result = self._library.sd_bus_call_method(self._bus, *_MANAGER, method, None, None, signature, *values)
        self._check(result, f"systemd refused {method.decode()}")

    def close(self) -> None:
        self._library.sd_bus_flush_close_unref(self._bus)

    def _check(self, result: int, step: str) -> None:
        if result < 0:
            raise OSError(-result, f"{step}: {os.strerror(-result)}")


@contextlib.contextmanager
def _runtime_folder() -> Iterator[None]:
    """Name the folder in which the user's systemd listens, which is known without: `su` and cron do not set it."""
    if "XDG_RUNTIME_DIR" in os.environ:
        yield
        return
    os.environ["XDG_RUNTIME_DIR"] = f"/run/user/{os.geteuid()}"
    try:
        yield
    finally:
        del os.environ["XDG_RUNTIME_DIR"]


def start_scope(unit: str, description: str) -> str:
    """Put this process into a new scope, and return the path of its control group (version 2)."""
    bus = Bus(unit)
    bus.start_scope(os.getpid(), description)
    deadline = time.monotonic() + _START_TIMEOUT_S
    while not (path := _own_group()).endswith(f"/{unit}"):
        if time.monotonic() > deadline:
            raise OSError(0, f"systemd did not start {unit} within {_START_TIMEOUT_S:g} s")
        time.sleep(0.0005)
    bus.close()
    return path


def _own_group() -> str:
    with open("/proc/self/cgroup") as file:
        return next((line.partition("::")[2].rstrip("\n") for line in file if line.startswith("0::")), "")
