"""`hvlab up`, `down`, `list` and `apply`: the life of a lab."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lab.cli.group import brief, complete_labs, json_option, lab_option
from lab.cli.progress import ProgressLine

if TYPE_CHECKING:
    from lab.cli.plans import Outcome
    from lab.emulation.pod.pod import Pod
    from lab.engine.session import Session
    from lab.model.objects import LabModel

FILE = click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
SET = click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="A value for the file's parameter.")


@click.command("up", short_help="Start the lab that a topology file or a PowerShell script describes.")
@FILE
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[-- ARGUMENTS]...")
@click.option("--on", "ground", type=click.Path(path_type=Path), metavar="TOPOLOGY", help="What a script starts from.")
@click.option("--name", metavar="LAB", help="Call the lab so, instead of by the name in the file.")
@SET
@click.option("--processes", metavar="N", help="How many processes all machines together may have.")
@click.option("--memory", metavar="SIZE", help="How much memory all machines together may have, such as 2G.")
@click.option("--group", metavar="GROUP", help="Let the members of this group of the machine look at the lab.")
@click.option("-v", "--verbose", is_flag=True, help="Print every step with its time.")
@lab_option
def up(
    file: Path,
    arguments: tuple[str, ...],
    ground: Path | None,
    name: str | None,
    settings: tuple[str, ...],
    processes: str | None,
    memory: str | None,
    group: str | None,
    verbose: bool,
    lab: str | None,
) -> int:
    """Start the lab that FILE describes; return when every switch has acknowledged its policy.

    FILE is a topology in Python, or a PowerShell script (.ps1): that is run on a lab with one Hyper-V host and nothing
    configured, or on TOPOLOGY without what its hosts have been given, and with the script's arguments.
    """
    from lab import doctor
    from lab.cli import guests
    from lab.cli.selection import finished_state
    from lab.emulation import running
    from lab.emulation.pod import limits
    from lab.model.load import load

    doctor.require()
    members = guests.group_id(group) if group else None
    parameters = given_parameters(settings)
    elapsed_s = 0.0
    scripted = file.suffix.casefold() == ".ps1"

    def start(model: LabModel) -> Pod:
        nonlocal elapsed_s
        wanted = limits.asked_for(processes, memory, len(list(model.node_names())))
        with ProgressLine(f"starting {model.name}", verbose=verbose) as progress:
            pod = running.start(model, str(file.resolve()), parameters, progress, wanted, patient=not scripted)
            if members is not None:
                progress("opening it to the group")
                _open(pod, members)
        elapsed_s = progress.elapsed_s
        return pod

    called = lab if name is None else name
    if scripted:
        from lab.cli.scripted import built

        pod, code = built(file, arguments, ground=ground, name=called, parameters=parameters, start=start)
        model = finished_state(pod).model
    elif arguments or ground:
        raise click.UsageError("arguments and --on are for PowerShell scripts (.ps1)")
    else:
        model, code = load(file, name=called, parameters=parameters), 0
        pod = start(model)
    vms = sum(1 for _, vm in model.vms() if vm.running)
    switches = sum(len(host.switches) for host in model.hosts)
    parts = (
        _count(len(model.hosts), "Hyper-V host"),
        _count(switches, "switch", "switches"),
        _count(vms, "running VM"),
    )
    click.echo(f'lab "{pod.name}" is up: {", ".join(parts)} ({elapsed_s:.1f} s)')
    _warn(pod)
    return code


def _open(pod: Pod, group: int) -> None:
    """Open a lab to a group, or end it: it is not to run otherwise than it was asked for."""
    from lab.cli import guests

    try:
        guests.open_to(pod, group)
    except BaseException:
        pod.destroy()
        raise


@click.command("down", short_help="End a lab, or all of them.")
@click.argument("name", required=False, metavar="[LAB]", shell_complete=complete_labs)
@click.option("--all", "every", is_flag=True, help="End all labs.")
@lab_option
def down(name: str | None, every: bool, lab: str | None) -> None:
    """End a lab. Nothing of it is left: no process, no network device, no file."""
    from lab.cli.selection import select
    from lab.emulation.pod import pod as pods

    if every and (name or lab):
        raise click.UsageError("name a lab or say --all, not both")
    ending = list(pods.find()) if every else [select(name or lab)]
    for pod in ending:
        pod.destroy()
        click.echo(f'lab "{pod.name}" is gone')
    if not ending:
        click.echo("no lab is running")


@click.command("list", short_help="List the labs that run.")
@click.option("--shared", is_flag=True, help="Also list labs of other users that are open to a group of yours.")
@json_option
def list_labs(shared: bool, as_json: bool) -> None:
    """List your labs: name, state, topology file, and the process whose end ends the lab.

    A lab of another user is called OWNER/LAB; with that name you may look at it: `hvlab --lab OWNER/LAB status`.
    """
    from lab.emulation.pod import pod as pods

    rows: list[dict[str, object]] = []
    for pod in pods.find():
        rows.append({"name": pod.name, **_described(pod), "pid": pod.pid})
    if shared:
        from lab.cli.visit import listed

        rows += listed()
    if as_json:
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    if not rows:
        click.echo("no lab is running")
        return
    from lab.cli.tables import print_table

    columns = ("name", "state", "pid", "file")
    print_table([name.upper() for name in columns], [[str(row[name]) for name in columns] for row in rows])


def _described(pod: Pod) -> dict[str, str]:
    from lab.cli.selection import condition_of, state_of
    from lab.errors import LabFault

    try:
        state = state_of(pod)
    except LabFault:
        return {"state": "unreadable", "file": pod.file}
    return {"state": condition_of(state), "file": state.file if state else pod.file}


@click.command("apply", short_help="Turn a running lab into what its edited file describes.")
@FILE
@SET
@click.option("--dry-run", is_flag=True, help="Print the plan, and change nothing.")
@json_option
@click.option("-v", "--verbose", is_flag=True, help="Print every step, with its time.")
@lab_option
def apply(file: Path, settings: tuple[str, ...], dry_run: bool, as_json: bool, verbose: bool, lab: str | None) -> int:
    """Turn a running lab into what FILE describes, and print what was done and why.

    What has not changed goes on undisturbed.
    """
    from lab.cli.plans import Outcome, print_plan
    from lab.cli.selection import select, state_of
    from lab.emulation import health, running
    from lab.engine.services import carried_over
    from lab.errors import InputError
    from lab.model.load import load

    if file.suffix.casefold() == ".ps1":
        raise InputError(f'"{file.name}" is a PowerShell script, expected a topology', remedy=f"hvlab run {file}")
    pod = select(lab) if lab else None
    given = given_parameters(settings)
    model = load(file, name=lab, parameters=given)
    pod = pod or _lab_of(file, model.name)
    model = model if model.name == pod.name else load(file, name=pod.name, parameters=given)
    path = str(file.resolve())

    def act(session: Session) -> Outcome:
        before = session.state().model
        if dry_run:
            after = carried_over(before, model)
            return Outcome(before, after, session.plan(model), session.resumption(model), dry_run=True)
        done = session.apply(model, path, given)
        return Outcome(before, session.state().model, done.plan, done.resumed)

    health.require_running(pod)
    try:
        with ProgressLine(f"changing {pod.name}", verbose=verbose) as progress:
            outcome = running.work(pod, progress, act)
    except KeyboardInterrupt:
        if (state := state_of(pod)) and state.interrupted:
            click.echo("hvlab: interrupted in the middle of the change; the next command completes it", err=True)
            return 130
        raise
    print_plan(outcome, as_json=as_json, verbose=verbose)
    if outcome.plan and not dry_run:
        _warn(pod)
    return 0


def _warn(pod: Pod) -> None:
    """Tell of what did not come about, although the lab is what its file describes."""
    from lab.cli import pxe
    from lab.cli.selection import state_of

    state = state_of(pod)
    for each in pxe.failures(pod, state.model) if state else ():
        click.echo(brief(f"hvlab: {each}"), err=True)


def _lab_of(file: Path, name: str) -> Pod:
    """Return the running lab that a file is meant for: one started from it, or of its name, or the only one."""
    from lab.cli.selection import select
    from lab.emulation.pod import pod as pods

    running = pods.find()
    started = [pod for pod in running if _described(pod)["file"] == str(file.resolve())]
    named = [pod for pod in running if pod.name == name]
    found = [pod for pod in started if pod in named] or started or named
    return found[0] if len(found) == 1 else select(None)


def given_parameters(settings: tuple[str, ...]) -> dict[str, str]:
    """Return the values of `--set` by name; click.BadParameter for one without a name or value."""
    found: dict[str, str] = {}
    for setting in settings:
        name, mark, value = setting.partition("=")
        if not mark or not name:
            raise click.BadParameter(f'"{setting}" is not of the form NAME=VALUE', param_hint="--set")
        found[name] = value
    return found


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
