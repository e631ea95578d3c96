"""Which programs of a lab are there but do nothing: stopped (SIGSTOP, a debugger), or hung.

A program that has ended is restarted by the lab's first process; one that only stopped answering is not, for somebody
may be looking at it. So it is told: each is asked something that it answers at once when it is well.
"""

from __future__ import annotations

import contextlib
import select
import socket
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lab.emulation.ovs import CONTROLLER_SOCKET, directory
from lab.emulation.pod import census
from lab.emulation.pod.pod import Pod
from lab.emulation.pod.process import ProcessState
from lab.errors import LabFault

ANSWER_TIMEOUT_S: Final = 2.0
STOPPED: Final = "stopped"
SILENT: Final = "does not answer"

_VERSION: Final = b'{"id":0,"method":"version","params":[]}'
_CONSEQUENCES: Final = {
    "controller": "switches go on as they are, but nothing can be changed",
    "ovs-vswitchd": "its switches forward nothing",
    "ovsdb-server": "its switches go on as they are, but nothing can be changed or asked",
    "vlan": "the VLAN interface carries nothing",
    "dhcp-client": "its adapter keeps what it has, and renews nothing",
    "dhcp-server": "it leases nothing",
    "dhcp6-server": "it leases nothing",
    "ipv6-client": "its adapter keeps what it has, and renews nothing",
    "router-advertisements": "nobody hears of the router any more",
    "dhcp-relay": "clients beside it reach no server",
    "name-server": "VMs on its Default Switch are told no addresses of names",
    "team-team0": "the team does not notice when a link is lost",
    "nlb": "the other nodes of its NLB cluster take it for lost, while it goes on to accept what it did",
}


@dataclass(frozen=True, slots=True)
class Unwell:
    """A program that runs and does nothing; `pid` as the machine numbers it, `trouble` in words."""

    name: str
    pid: int | None
    trouble: str

    def told(self) -> str:
        """Return it as a sentence."""
        consequence = _CONSEQUENCES.get(self.name.partition("@")[0].partition("-eth")[0])
        return f'"{self.name}" (pid {self.pid}) {_VERBS[self.trouble]}{f": {consequence}" if consequence else ""}'

    def remedy(self) -> str:
        end = f"end it with `kill -KILL {self.pid}`, and it is restarted at once"
        return f"let it go on with `kill -CONT {self.pid}`, or {end}" if self.trouble == STOPPED else end


_VERBS: Final = {STOPPED: "is stopped", SILENT: f"has not answered for {ANSWER_TIMEOUT_S:g} s"}


def require_running(pod: Pod) -> None:
    """Raise LabFault if a program of the lab is stopped: a change would begin, and not come to its end."""
    found = [unwell(pod, name, STOPPED) for name in stopped(pod, pod.processes().values())]
    if found:
        raise LabFault(f"{found[0].told()}; nothing was changed", remedy=found[0].remedy(), target=found[0].name)


def unwell(pod: Pod, name: str, trouble: str) -> Unwell:
    """Return the trouble of a program with what a user needs to end it. Works outside the pod only."""
    state = pod.processes((name,)).get(name)
    pid = census.outer_pid(pod.pid, state.pid) if state and state.pid else None
    return Unwell(name, pid, trouble)


def stopped(pod: Pod, processes: Iterable[ProcessState]) -> list[str]:
    """Return the names of the programs that a signal or a debugger has stopped."""
    programs = [each for each in processes if each.argv and each.pid]
    return sorted(each.name for each in programs if census.is_stopped_at(pod.path(f"/proc/{each.pid}")))


def troubles(pod: Pod, processes: Mapping[str, ProcessState]) -> dict[str, str]:
    """Return what is the matter with each program that is not well, by name. Works inside the pod only."""
    halted = stopped(pod, processes.values())
    asked = [name for name, each in processes.items() if each.argv and each.state == "running" and name not in halted]
    return dict.fromkeys(halted, STOPPED) | dict.fromkeys(silent(asked), SILENT)


def silent(names: Iterable[str]) -> list[str]:
    """Ask programs all at once, and return those that do not answer in time. One that has just ended is not meant."""
    found: list[str] = []
    waiting: dict[int, tuple[str, socket.socket]] = {}
    for name in names:
        if question := _question(name):
            try:
                handle = _asked(*question)
            except (TimeoutError, BlockingIOError):
                found.append(name)  # so many wait for it already that there is no place in the queue
            except OSError:
                continue
            else:
                waiting[handle.fileno()] = name, handle
    _wait_for_answers(waiting)
    return sorted([*found, *(name for name, _ in waiting.values())])


def _wait_for_answers(waiting: dict[int, tuple[str, socket.socket]]) -> None:
    """Close all connections; those that were answered in time are taken out."""
    poll = select.poll()
    for number in waiting:
        poll.register(number, select.POLLIN)
    deadline = time.monotonic() + ANSWER_TIMEOUT_S
    while waiting and (left := deadline - time.monotonic()) > 0:
        for number, _ in poll.poll(left * 1000):
            poll.unregister(number)
            with waiting.pop(number)[1] as handle, contextlib.suppress(ConnectionResetError):
                handle.recv(1 << 16)  # to the other side, closing what is not read looks like a fault
    for _, handle in waiting.values():
        handle.close()


def _question(name: str) -> tuple[Path, bytes] | None:
    """Return where a program listens, and what to say: Open vSwitch is asked for its version, the controller greets."""
    if name == "controller":
        return CONTROLLER_SOCKET, b""
    program, _, node = name.partition("@")
    return (directory(node) / f"{program}.ctl", _VERSION) if program in _CONSEQUENCES else None


def _asked(path: Path, question: bytes) -> socket.socket:
    handle = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    handle.settimeout(ANSWER_TIMEOUT_S)
    try:
        handle.connect(str(path))
        handle.sendall(question)
    except OSError:
        handle.close()
        raise
    return handle
