"""Machines: namespaces held by a process that only sleeps. A few makers make them, each one after the other.

A maker goes into new namespaces itself, prepares them, spawns the sleeper there (by vfork: nothing of the interpreter
is copied) and goes back. Forking the interpreter for each machine took twice as long.

A maker cannot mount /proc, which shows the PID namespace of whoever mounts it: the first who enters a machine does so.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import socket

from . import child, kernel, privileges
from .admission import Admission

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import NoReturn

    from .spec import Spec

_KINDS = ("net", "uts", "ipc", "pid", "mnt")
_TO_DEFAULT = frozenset(range(1, 32)) - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}


def make(specs: Iterable[Spec], report: int, nofile: tuple[int, int]) -> NoReturn:
    """Make machines, in a process of its own: write a line of JSON on each to `report`, with "pid" or "fault"."""
    status = 0
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        # Orphans inside a machine are given to its sleeper; with SIGCHLD ignored the kernel reaps them by itself.
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_NOFILE, nofile)
        Admission().join()
        privileges.renounce()
        home = [(kind, os.open(f"/proc/self/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC)) for kind in _KINDS]
        null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
        for spec in specs:
            words: dict[str, object]
            try:
                words = {"name": spec.name, "pid": _make(spec, null)}
            except OSError as error:
                words = {"name": spec.name, "fault": child.words(error)}
            for kind, handle in home:
                kernel.setns(handle, kind)
            os.write(report, json.dumps(words).encode() + b"\n")
    except BaseException as error:  # noqa: BLE001 - a process of its own
        os.write(2, f"a maker of machines failed: {error!r}\n".encode())
        status = 1
    finally:
        os._exit(status)


def _make(spec: Spec, null: int) -> int:
    kernel.unshare(spec.unshare)
    if spec.hostname is not None:
        socket.sethostname(spec.hostname)
    for entry in spec.mounts:
        child.mount(entry)
    if "net" in spec.unshare:
        kernel.loopback_up()
    for name, value in spec.sysctls.items():
        child.write_sysctl(name, value)
    environment = {**child.base_environment(), **spec.env}
    return os.posix_spawn(
        child.find_program("sleep", environment),
        ("sleep", "infinity"),
        environment,
        file_actions=[(os.POSIX_SPAWN_DUP2, null, number) for number in (0, 1, 2)],
        setsid=True,
        setsigmask=(),
        setsigdef=_TO_DEFAULT,
    )
