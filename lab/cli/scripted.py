"""`hvlab up SCRIPT.ps1`: a lab that a PowerShell script builds."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from lab.cli.running_place import RunningPlace
from lab.cli.shell import run_file
from lab.cli.starting_place import StartingPlace
from lab.errors import InputError, InvalidState
from lab.model.objects import LabModel
from lab.shell.place import Machine
from lab.shell.world import desk, unconfigured

if TYPE_CHECKING:
    from lab.emulation.pod.pod import Pod


def built(
    script: Path,
    arguments: tuple[str, ...],
    *,
    ground: Path | None,
    name: str | None,
    parameters: dict[str, str],
    start: Callable[[LabModel], Pod],
) -> tuple[Pod, int]:
    """Run a script on a lab that nothing is configured in, and return the running lab and the script's exit code.

    The lab starts when the script does something that needs it, at the latest at the script's end. If a terminating
    error ends the script before, no lab is left: InputError.
    """
    model = _ground(script, ground, name, parameters)
    _free(model.name)
    if not model.hosts:
        raise InputError(f'lab "{model.name}" has no Hyper-V host that a script could be run on')
    host = model.hosts[0].name
    place = StartingPlace(model, lambda described: RunningPlace(start(described), just_started=True))
    code = run_file(place, Machine(host, host), script, arguments)
    if code and place.started is None:
        raise InputError(f'no lab was started: script "{script.name}" ended with exit code {code}')
    return place.running().pod, code


def _ground(script: Path, ground: Path | None, name: str | None, parameters: dict[str, str]) -> LabModel:
    if ground is None:
        if parameters:
            raise InputError("--set is for the parameters of a topology", remedy="name it: --on TOPOLOGY")
        return desk(name or re.sub(r"[^A-Za-z0-9_-]+", "-", script.stem).strip("-_") or "script")
    from lab.model.load import load

    return unconfigured(load(ground, name=name, parameters=parameters))


def _free(name: str) -> None:
    """Refuse a name that a running lab has before anything is done."""
    from lab.emulation.pod import pod as pods

    if any(pod.name == name for pod in pods.find()):
        raise InvalidState(f'lab "{name}" is already running', remedy=f"end it first: hvlab down {name}; or --name")
