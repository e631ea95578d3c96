"""What a pod can be asked to run, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Namespace = Literal["net", "mnt", "pid", "uts", "ipc"]


@dataclass(frozen=True, slots=True)
class Mount:
    """One mount in a new mount namespace; type "bind" binds the tree or file `source`.

    Type "own-file" makes `source`, an empty file in the machine's own /run, stand at `target`.
    """

    type: str
    target: str
    source: str = ""
    options: str = ""
    readonly: bool = False

    def to_json(self) -> dict[str, object]:
        found: dict[str, object] = {"type": self.type, "target": self.target}
        if self.source:
            found["source"] = self.source
        if self.options:
            found["options"] = self.options
        if self.readonly:
            found["readonly"] = True
        return found


OWN_SYS = Mount("sysfs", "/sys")
OWN_RESOLV_CONF = Mount("own-file", "/etc/resolv.conf", source="/run/resolv.conf")
OWN_RUN = Mount("tmpfs", "/run", options="mode=0755,size=16m")


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A process to spawn in a pod.

    `argv=None` only holds the namespaces (a machine). `enter` maps a namespace to the name of a process that has it.
    `mounts` and then `sysctls` are applied in the namespaces of the process before it runs; a failing step fails the
    spawn. `ready` is a path, as the process sees it, whose appearance ends the
    wait. `listen` are Unix sockets that init binds once and hands over as descriptors 3, 4, … at every start.
    `after_restart` runs in the pod, outside the namespaces of the process, each time it had to be restarted.
    """

    name: str
    argv: tuple[str, ...] | None
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str = "/"
    unshare: tuple[Namespace, ...] = ()
    enter: Mapping[Namespace, str] = field(default_factory=dict)
    hostname: str | None = None
    mounts: tuple[Mount, ...] = ()
    sysctls: Mapping[str, str] = field(default_factory=dict)
    log: str | None = None
    restart: bool = False
    listen: tuple[str, ...] = ()
    after_restart: tuple[str, ...] | None = None
    ready: str | None = None
    ready_timeout_s: float = 10.0

    def to_json(self) -> dict[str, object]:
        """Return the request that spawns it."""
        request: dict[str, object] = {
            "op": "spawn",
            "name": self.name,
            "argv": self.argv,
            "env": dict(self.env),
            "cwd": self.cwd,
            "unshare": self.unshare,
            "enter": dict(self.enter),
            "hostname": self.hostname,
            "mounts": [mount.to_json() for mount in self.mounts],
            "sysctls": dict(self.sysctls),
            "log": self.log,
            "restart": self.restart,
            "listen": [{"path": path} for path in self.listen],
            "after_restart": self.after_restart,
        }
        if self.ready is not None:
            request["ready"] = {"path": self.ready, "timeout_s": self.ready_timeout_s}
        return request


def node(
    name: str,
    *,
    hostname: str | None = None,
    own_run: bool = False,
    mounts: tuple[Mount, ...] = (),
    sysctls: Mapping[str, str] | None = None,
) -> Process:
    """Describe a machine of the lab: own network, mount, PID and UTS namespaces, held by a process that does nothing.

    With `own_run` it has a /run of its own and cannot see the lab's state and sockets. Whoever enters it first mounts
    its /proc.
    """
    return Process(
        name=name,
        argv=None,
        unshare=("net", "mnt", "pid", "uts"),
        hostname=hostname or name,
        mounts=(OWN_SYS, *((OWN_RUN,) if own_run else ()), *mounts),
        sysctls=sysctls or {},
    )


@dataclass(frozen=True, slots=True)
class ProcessState:
    """What init knows of one process; `pid` is the one inside the pod, `started_at_s` is CLOCK_MONOTONIC."""

    name: str
    pid: int | None
    start_ticks: int | None
    state: str
    restarts: int
    started_at_s: float
    last_exit: int | None
    argv: tuple[str, ...] | None

    @classmethod
    def from_json(cls, found: Mapping[str, object]) -> ProcessState:
        def number(key: str) -> int | None:
            value = found[key]
            return value if isinstance(value, int) else None

        started_at, argv = found["started_at"], found["argv"]
        return cls(
            name=str(found["name"]),
            pid=number("pid"),
            start_ticks=number("start_ticks"),
            state=str(found["state"]),
            restarts=number("restarts") or 0,
            started_at_s=started_at if isinstance(started_at, float) else 0.0,
            last_exit=number("last_exit"),
            argv=tuple(map(str, argv)) if isinstance(argv, list) else None,
        )
