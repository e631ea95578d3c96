"""Which lab, and which of its machines, a command means."""

from __future__ import annotations

from lab.emulation.pod import pod as pods
from lab.emulation.pod.pod import Pod
from lab.engine import state as states
from lab.engine.state import STATE_FILE, State
from lab.errors import InputError, InvalidState, UnknownName
from lab.model.objects import LabModel


def select(name: str | None) -> Pod:
    """Return the named lab, or the only one that runs."""
    if name:
        return pods.get(name)
    running = pods.find()
    if len(running) == 1:
        return running[0]
    if not running:
        raise InvalidState("no lab is running", remedy="start one: hvlab up topologies/three_switches.py")
    names = ", ".join(pod.name for pod in running)
    raise InputError(f"{len(running)} labs are running: {names}", remedy="say which one: --lab NAME")


def state_of(pod: Pod) -> State | None:
    """Return what a lab remembers, None while it is being started."""
    return states.read(pod.path(STATE_FILE))


def finished_state(pod: Pod) -> State:
    """Return what a lab remembers; InvalidState while it is being started."""
    state = state_of(pod)
    if state is None:
        raise InvalidState(f'lab "{pod.name}" is still being started', remedy="wait for `hvlab up` to end")
    return state


def running_node(model: LabModel, name: str) -> str:
    """Return the name of a machine that runs; UnknownName or InvalidState if it does not."""
    names = list(model.node_names())
    found = next((each for each in names if each.casefold() == name.casefold()), None)
    if found is None:
        raise UnknownName("machine of this lab", name, names)
    for _, vm in model.vms():
        if vm.name == found and not vm.running:
            raise InvalidState(
                f'VM "{found}" is off, expected Running',
                remedy="start it in the topology (running=True) and run `hvlab apply`",
                target=found,
            )
    return found
