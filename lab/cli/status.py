"""`hvlab status`: hosts, switches, adapters and processes of a lab, and how each of them is."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import click

from lab.cli.group import brief, complete_labs, json_option, lab_option
from lab.errors import printable

if TYPE_CHECKING:
    from lab.emulation.pod.limits import Protection
    from lab.emulation.pod.process import ProcessState
    from lab.engine.session import Session
    from lab.engine.status import AdapterStatus, SwitchStatus


@click.command("status", short_help="Show a lab's switches, adapters, addresses and processes.")
@click.argument("name", required=False, metavar="[LAB]", shell_complete=complete_labs)
@json_option
@lab_option
def status(name: str | None, as_json: bool, lab: str | None) -> int:
    """Show hosts, switches with their acknowledged policy, adapters with their addresses, and processes.

    The exit code is 1 if a switch has not acknowledged its policy, something is missing, or a program does not answer.
    """
    from lab.cli.selection import condition_of, finished_state, select
    from lab.emulation import health, running
    from lab.emulation.pod import limits
    from lab.engine.status import adapter_statuses, switch_statuses

    pod = select(name or lab)
    state = finished_state(pod)

    def look(session: Session) -> tuple[list[SwitchStatus], list[AdapterStatus], dict[str, str]]:
        troubles = health.troubles(pod, pod.processes())
        if any(name.startswith("ovsdb-server@") for name in troubles):
            return [], [], troubles
        observed = session.observe()
        switches = list(switch_statuses(state.model, observed, session.acknowledgements()))
        return switches, list(adapter_statuses(state.model, state.numbers(), observed)), troubles

    switches, adapters, troubles = running.work(pod, lambda step: None, look, exclusive=False)
    processes = [replace(p, state=troubles.get(name, p.state)) for name, p in sorted(pod.processes().items())]
    shown = _Shown(
        pod.name, condition_of(state), state.file, pod.pid, limits.read(pod.root), switches, adapters, processes
    )
    if as_json:
        _print_json(shown)
    else:
        _print(shown)
    unwell = [health.unwell(pod, name, trouble) for name, trouble in sorted(troubles.items())]
    words = [f"{each.told()}; {each.remedy()}" for each in unwell]
    again = f"`hvlab apply {state.file}` starts it again"
    words += [f'"{process.name}" has ended; {again}' for process in processes if process.state == "exited"]
    if state.failure:
        words.append(f'the change begun by "hvlab apply {state.file}" failed: {state.failure}; run it again')
    for each in words:
        click.echo(brief(f"hvlab: {each}"), err=True)
    return 0 if shown.healthy and not words else 1


@dataclass(frozen=True, slots=True)
class _Shown:
    """Everything that is printed about a lab."""

    name: str
    state: str
    file: str
    pid: int
    limits: Protection | None
    switches: list[SwitchStatus]
    adapters: list[AdapterStatus]
    processes: list[ProcessState]

    @property
    def healthy(self) -> bool:
        missing = any("missing" in adapter.status for adapter in self.adapters)
        return not missing and all(switch.policy == "acknowledged" for switch in self.switches)

    @property
    def hosts(self) -> list[str]:
        return sorted({each.machine for each in self.adapters if each.kind == "management OS"})


def _print_json(lab: _Shown) -> None:
    content = {
        "name": lab.name,
        "state": lab.state,
        "file": lab.file,
        "pid": lab.pid,
        "limits": asdict(lab.limits) if lab.limits else None,
        "hosts": lab.hosts,
        "switches": [asdict(switch) | {"policy": switch.policy} for switch in lab.switches],
        "adapters": [asdict(adapter) for adapter in lab.adapters],
        "processes": [
            {"name": p.name, "pid": p.pid, "state": p.state, "restarts": p.restarts, "last_exit": p.last_exit}
            for p in lab.processes
        ],
    }
    click.echo(json.dumps(content, indent=2, ensure_ascii=False))


def _print(lab: _Shown) -> None:
    from lab.cli.tables import print_table

    click.echo(f"lab {lab.name}: {lab.state}, pid {lab.pid}, from {printable(lab.file)}")
    if lab.limits:
        click.echo(f"machines: {lab.limits}")
    print_table(
        ["HOST", "SWITCH", "TYPE", "NIC", "LEARNING", "PORTS", "POLICY"],
        [[s.host, s.name, s.type, s.nic, s.learning, str(s.ports), s.policy] for s in lab.switches],
    )
    extended = [switch for switch in lab.switches if switch.is_extended]
    if extended:
        print_table(
            ["HOST", "SWITCH", "EXTENSION", "VENDOR", "TYPE", "ENABLED"],
            [[s.host, s.name, e.name, e.vendor, e.type, str(e.enabled)] for s in extended for e in s.extensions],
        )
    isolated = any(a.isolation for a in lab.adapters)
    print_table(
        ["MACHINE", "KIND", "ADAPTER", "DEVICE", "CONNECTED TO", "VLAN", *["ISOLATION"] * isolated, "MAC", "ADDRESSES",
         "STATUS"],
        [
            [a.machine, a.kind, a.name, a.device, a.connected_to, a.vlan, *[a.isolation] * isolated, a.mac,
             " ".join(a.addresses), a.status]
            for a in lab.adapters
        ],
    )  # fmt: skip
    print_table(
        ["PROCESS", "PID IN THE LAB", "STATE", "RESTARTS"],
        [[p.name, str(p.pid or ""), p.state, str(p.restarts)] for p in lab.processes],
    )
