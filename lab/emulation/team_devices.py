"""The teams that guests make of their adapters: a Linux bridge, and a program that has it use one member.

The kernel's own drivers for teams (bonding, team) are missing on many machines; every kernel that Open vSwitch and
containers run on has bridges.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Final

from lab.emulation import netlink, teamer
from lab.emulation.netlink import Conversation, Link, Unsupported
from lab.emulation.netns import network_of, write_sysctls
from lab.emulation.ovs import LOGS, RUN
from lab.emulation.pod.process import Process
from lab.engine.resources import TeamDevice
from lab.errors import EnvironmentFault

_ADAPTER: Final = re.compile("eth[0-9]+")
READY: Final = RUN / "teams"
"""Where each program says that it has begun."""


def make(teams: Iterable[TeamDevice], pids: Mapping[str, int]) -> list[Process]:
    """Make teams in their machines, and return the programs that are to be started for them.

    ``pids``: a process of each machine. EnvironmentFault if the kernel has no bridges.
    """
    programs = []
    for team in teams:
        pid = pids[team.node]
        with network_of(pid), Conversation() as kernel:
            kernel.change([netlink.delete_link(team.device)], absent_is_fine=True)
            try:
                kernel.change([netlink.add_bridge(team.device, team.mac)])
            except Unsupported as error:
                raise EnvironmentFault(
                    f'the team of "{team.node}" cannot be made: the kernel has no bridges',
                    remedy="sudo modprobe bridge",
                ) from error
            kernel.change([netlink.set_master(member, team.device) for member in team.members])
        _ipv6(team, pid, on=False)
        programs.append(process(team, pid))
    return programs


def remove(teams: Iterable[TeamDevice], pids: Mapping[str, int]) -> None:
    """Remove teams of machines that run, where they are still there, and what their programs have left."""
    for team in teams:
        if team.node in pids:
            with network_of(pids[team.node]), Conversation() as kernel:
                kernel.change([netlink.delete_link(team.device)], absent_is_fine=True)
            _ipv6(team, pids[team.node], on=True)
        forget(team)


def forget(team: TeamDevice) -> None:
    """Remove the files of a team's program."""
    for path in (READY / process_name(team), LOGS / f"{process_name(team)}.log"):
        path.unlink(missing_ok=True)


def process_name(team: TeamDevice) -> str:
    """Return the name of a team's program among the lab's processes."""
    return f"team-{team.device}@{team.node}"


def process(team: TeamDevice, pid: int) -> Process:
    """Return the program that has a team use one member; ``pid`` is the first process of its machine."""
    name = process_name(team)
    READY.mkdir(mode=0o700, exist_ok=True)
    forget(team)
    ready = str(READY / name)
    return Process(
        name=name,
        argv=(sys.executable, "-I", "-S", "-E", teamer.__file__, str(pid), team.device, ready, *team.members),
        enter={"net": team.node},
        restart=True,
        log=f"{LOGS}/{name}.log",
        ready=ready,
    )


def observed(team: TeamDevice, links: Mapping[str, Link], running: Collection[str]) -> TeamDevice | None:
    """Return what there is of a team, by a machine's links and the names of the lab's processes.

    One that is not complete has no members, so that it is made again, or removed.
    """
    bridge, runs = links.get(team.device), process_name(team) in running
    if bridge is None and not runs:
        return None
    complete = runs and bridge is not None and bridge.kind == "bridge"
    complete = complete and all(
        member in links and bridge is not None and links[member].master == bridge.index for member in team.members
    )
    return team if complete else replace(team, members=())


def _ipv6(team: TeamDevice, pid: int, *, on: bool) -> None:
    """Members have no addresses of their own, link-local ones neither: the first would have the team's."""
    with network_of(pid), Conversation() as kernel:
        there = {link.name for link in kernel.links()}
    value = "0" if on else "1"
    # Of a team that is not complete it is not known which they were.
    members = (name for name in there if name in team.members or (not team.members and _ADAPTER.fullmatch(name)))
    write_sysctls(pid, {f"ipv6/conf/{member}/disable_ipv6": value for member in members})
