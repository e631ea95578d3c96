"""Which lab, and which of its machines, a command means."""

from __future__ import annotations

import click

from lab.cli.group import Elsewhere, brief, report
from lab.cli.progress import ProgressLine
from lab.emulation.pod import pod as pods
from lab.emulation.pod.pod import Pod
from lab.engine import state as states
from lab.engine.state import STATE_FILE, State
from lab.errors import InputError, InvalidState, LabError, UnknownName
from lab.model.objects import LabModel


def select(name: str | None) -> Pod:
    """Return the named lab, or the only one that runs; `Elsewhere` if another user's is named, as OWNER/LAB."""
    if name and "/" in name:
        raise Elsewhere(name)
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
    """Return what a lab remembers; InvalidState while it is being started.

    A change that was interrupted is completed first, whatever command comes next, and the user is told.
    """
    state = state_of(pod)
    if state is None or state.starting:
        raise InvalidState(f'lab "{pod.name}" is still being started', remedy="wait for `hvlab up` to end")
    if not state.interrupted or state.failure:
        return state
    from lab.emulation import running

    try:
        with ProgressLine(f"completing the interrupted change of {pod.name}") as progress:
            done = running.resume(pod, progress)
    except LabError as error:
        report(error)
        words = f'hvlab: the change begun by "hvlab apply {state.file}" was interrupted and cannot be completed'
        click.echo(brief(words), err=True)
    else:
        if done:
            click.echo(brief(f"hvlab: {done.told()}"), err=True)
        elif (now := state_of(pod)) and now.interrupted:
            click.echo(f'hvlab: another command is changing lab "{pod.name}": this is how it is meanwhile', err=True)
    return state_of(pod) or state


def with_leases(pod: Pod, model: LabModel, running: LabModel | None = None) -> LabModel:
    """Return a running lab's model with the addresses that its DHCP clients have got.

    `running` is what the lab is already, if `model` is what it is to become: only what is in both has any.
    """
    from lab.emulation import leases
    from lab.emulation.observe import pids
    from lab.engine.leased import leased
    from lab.engine.services import services

    clients = tuple(services(model))
    if running is not None:
        begun = {each.key for each in services(running)}
        clients = tuple(each for each in clients if each.key in begun)
    return leased(model, pod.run_inside(lambda: leases.read(clients, pids(pod)))) if clients else model


def condition_of(state: State | None) -> str:
    """Return in a word how a lab is that remembers this."""
    if state is None or state.starting:
        return "starting"
    if state.failure:
        return "failed"
    return "changing" if state.interrupted else "running"


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
