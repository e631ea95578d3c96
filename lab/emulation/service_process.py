"""How a service becomes a process of its machine: in all namespaces of that, with a log of its own."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping

from lab.emulation import launcher
from lab.emulation.ovs import LOGS
from lab.emulation.pod.process import Process
from lab.engine.resources import Service


def in_machine(
    service: Service, argv: tuple[str, ...], *, ready: str | None = None, ready_timeout_s: float = 10.0
) -> Process:
    """Return a process that is started again when it ends; it has begun its work when ``ready`` is there."""
    return Process(
        name=service.name,
        argv=argv,
        enter=dict.fromkeys(("net", "mnt", "pid", "uts"), service.node),
        restart=True,
        log=f"{LOGS}/{service.name}.log",
        ready=ready,
        ready_timeout_s=ready_timeout_s,
    )


def launched(
    service: Service, folder: str, environment: Mapping[str, str], copies: Mapping[str, str], argv: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the command that writes the files of a service, and copies of programs, and becomes one of them."""
    told = {
        "folder": folder,
        "files": dict(service.files),
        "environment": dict(environment),
        "copies": dict(copies),
    }
    return (sys.executable, "-I", "-S", "-E", launcher.__file__, json.dumps(told, sort_keys=True), *argv)
