"""Starting a lab, and working on one that runs: where pod, controller and engine come together."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import lab
from lab.emulation import health
from lab.emulation.backend import PodBackend
from lab.emulation.ovs import CONTROLLER_SOCKET
from lab.emulation.pod import pod as pods
from lab.emulation.pod.limits import Limits, default, require
from lab.emulation.pod.pod import Pod
from lab.emulation.pod.process import Process
from lab.engine.backend import Progress
from lab.engine.session import BUSY_TIMEOUT_S, LOCK_TIMEOUT_S, Resumption, Session, locked
from lab.errors import InvalidState, LabFault
from lab.model.objects import LabModel

T = TypeVar("T")

SOURCE = Path(lab.__file__).resolve().parent.parent
CONTROLLER_LOG = "/run/hvlab/log/controller.log"


def start(  # noqa: PLR0913 - what `hvlab up` was given
    model: LabModel,
    file: str,
    parameters: dict[str, str],
    progress: Progress,
    limits: Limits | None = None,
    *,
    patient: bool = True,
) -> Pod:
    """Start a lab and return its pod, when every switch has acknowledged its policy.

    Unless `patient` it does not wait until DHCP clients have got their addresses. Raises InvalidState if a lab of that
    name runs, EnvironmentFault if a limit that is required cannot be had. If anything else goes wrong nothing of the
    lab is left.
    """
    progress("creating the pod")
    limits = limits or default(len(list(model.node_names())))
    pod = pods.create(model.name, file=file, within=limits)
    try:
        require(pod.root, limits.required)
        progress("starting the controller")
        pod.spawn([controller()])
        work(pod, progress, lambda session: session.up(model, file, parameters, patient=patient))
        pod.commit()
    except BaseException as error:
        detail = _last_words(pod) if isinstance(error, LabFault) else ""
        pod.destroy()
        if detail:
            error.add_note(detail)
        raise
    return pod


def work(
    pod: Pod,
    progress: Progress,
    act: Callable[[Session], T],
    *,
    exclusive: bool = True,
    lock_timeout_s: float = LOCK_TIMEOUT_S,
) -> T:
    """Enter the pod, call `act` with a session, and return its result, which must be picklable.

    InvalidState if another command keeps the lab for longer than `lock_timeout_s`.
    """

    def inside() -> T:
        session = Session(PodBackend(pod), progress)
        if not exclusive:
            return act(session)
        with locked(timeout_s=lock_timeout_s):
            return act(session)

    return pod.run_inside(inside)


def resume(pod: Pod, progress: Progress) -> Resumption | None:
    """Complete a change that was interrupted. None if there is nothing to complete, or a command still is at it."""
    health.require_running(pod)
    try:
        return work(pod, progress, lambda session: session.resume(), lock_timeout_s=BUSY_TIMEOUT_S)
    except InvalidState:
        return None


def controller() -> Process:
    """Return the controller's process. Its listening socket belongs to the pod, and outlives it."""
    environment = {
        name: value for name, value in os.environ.items() if name.startswith(("PATH", "LANG", "LC_", "HVLAB_"))
    }
    return Process(
        name="controller",
        argv=(sys.executable, "-m", "controllers", "run", "--listen-fd", "3"),
        env=environment | {"PYTHONPATH": str(SOURCE), "PYTHONUNBUFFERED": "1"},
        restart=True,
        listen=(str(CONTROLLER_SOCKET),),
        log=CONTROLLER_LOG,
    )


def _last_words(pod: Pod) -> str:
    """Return the end of the controller's log: the lab is about to go, and its files with it."""
    try:
        text = Path(pod.path(CONTROLLER_LOG)).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-12:])
