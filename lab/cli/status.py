"""`hvlab status`: hosts, switches, adapters and processes of a lab, and how each of them is."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from lab.cli.group import brief, complete_labs, json_option, lab_option
from lab.errors import printable

if TYPE_CHECKING:
    from lab.emulation.nlb_nodes import NodeReport
    from lab.emulation.pod.limits import Protection
    from lab.emulation.pod.pod import Pod
    from lab.emulation.pod.process import ProcessState
    from lab.engine.session import Session
    from lab.engine.status import AdapterStatus, SwitchStatus
    from lab.engine.switch_leases import SwitchLease

_OFTEN: Final = 3


@click.command("status", short_help="Show a lab's switches, adapters, addresses and processes.")
@click.argument("name", required=False, metavar="[LAB]", shell_complete=complete_labs)
@json_option
@lab_option
def status(name: str | None, as_json: bool, lab: str | None) -> int:
    """Show hosts, switches with their acknowledged policy, adapters with their addresses, leases, and processes.

    The leases are those of Default Switches.

    The exit code is 1 if a switch has not acknowledged its policy, something is missing, or a program does not answer.
    """
    from lab.cli import pxe as boots
    from lab.cli.selection import condition_of, finished_state, select
    from lab.emulation import health, running, switch_leases
    from lab.emulation.nlb_nodes import reports
    from lab.emulation.observe import pids
    from lab.emulation.pod import limits
    from lab.engine.status import adapter_statuses, switch_statuses

    pod = select(name or lab)
    state = finished_state(pod)

    def look(session: Session) -> tuple[_Looked, dict[str, str]]:
        troubles = health.troubles(pod, pod.processes())
        if any(name.startswith("ovsdb-server@") for name in troubles):
            return _Looked(), troubles
        observed = session.observe()
        switches = list(switch_statuses(state.model, observed, session.acknowledgements()))
        adapters = list(adapter_statuses(state.model, state.numbers(), observed, session.leases()))
        leases, nodes = switch_leases.read(state.model), reports(state.model, pids(pod))
        return _Looked(switches, adapters, leases, nodes), troubles

    looked, troubles = running.work(pod, lambda step: None, look, exclusive=False)
    processes = [replace(p, state=troubles.get(name, p.state)) for name, p in sorted(pod.processes().items())]
    shown = _Shown(pod.name, condition_of(state), state.file, pod.pid, limits.read(pod.root), looked, processes)
    if as_json:
        _print_json(shown)
    else:
        _print(shown)
        for each in boots.advice(pod, state.model):
            click.echo(brief(each))
    unwell = [health.unwell(pod, name, trouble) for name, trouble in sorted(troubles.items())]
    words = [f"{each.told()}; {each.remedy()}" for each in unwell]
    again = f"`hvlab apply {state.file}` starts it again"
    words += [f'"{process.name}" has ended; {again}' for process in processes if process.state == "exited"]
    words += [f'"{p.name}" has ended {p.restarts} times{_last_line(pod, p.name)}' for p in processes if _in_vain(p)]
    if state.failure:
        words.append(f'the change begun by "hvlab apply {state.file}" failed: {state.failure}; run it again')
    for each in [*words, *boots.failures(pod, state.model)]:
        click.echo(brief(f"hvlab: {each}"), err=True)
    return 0 if shown.healthy and not words else 1


def _in_vain(process: ProcessState) -> bool:
    """Tell whether a program ends again and again; one that was killed once is just started anew."""
    return process.state == "backoff" and process.restarts >= _OFTEN


def _last_line(pod: Pod, name: str) -> str:
    """Return how a program's log ends."""
    try:
        text = Path(pod.path(f"/run/hvlab/log/{name}.log")).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    lines = text.split("\n")
    return f"; its log ends with: {lines[-2]}" if len(lines) > 1 else ""


@dataclass(frozen=True, slots=True)
class _Looked:
    """What was found inside the lab; nothing if its databases do not answer."""

    switches: list[SwitchStatus] = field(default_factory=list)
    adapters: list[AdapterStatus] = field(default_factory=list)
    leases: list[SwitchLease] = field(default_factory=list)
    nodes: list[NodeReport] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Shown:
    """Everything that is printed about a lab."""

    name: str
    state: str
    file: str
    pid: int
    limits: Protection | None
    inside: _Looked
    processes: list[ProcessState]

    @property
    def healthy(self) -> bool:
        from lab.engine.status import MISSING

        missing = any(adapter.status == MISSING for adapter in self.inside.adapters)
        return not missing and all(switch.policy == "acknowledged" for switch in self.inside.switches)

    @property
    def hosts(self) -> list[str]:
        return sorted({each.machine for each in self.inside.adapters if each.kind == "management OS"})


def _print_json(lab: _Shown) -> None:
    content = {
        "name": lab.name,
        "state": lab.state,
        "file": lab.file,
        "pid": lab.pid,
        "limits": asdict(lab.limits) if lab.limits else None,
        "hosts": lab.hosts,
        "switches": [asdict(switch) | {"policy": switch.policy} for switch in lab.inside.switches],
        "adapters": [asdict(adapter) for adapter in lab.inside.adapters],
        "leases": [asdict(lease) for lease in lab.inside.leases],
        "nlb_nodes": [asdict(replace(node, history=())) for node in lab.inside.nodes],
        "processes": [
            {"name": p.name, "pid": p.pid, "state": p.state, "restarts": p.restarts, "last_exit": p.last_exit}
            for p in lab.processes
        ],
    }
    click.echo(json.dumps(content, indent=2, ensure_ascii=False))


def _print(lab: _Shown) -> None:
    from lab.cli.tables import print_table
    from lab.model.addresses import hyperv_mac

    click.echo(f"lab {lab.name}: {lab.state}, pid {lab.pid}, from {printable(lab.file)}")
    if lab.limits:
        click.echo(f"machines: {lab.limits}")
    print_table(
        ["HOST", "SWITCH", "TYPE", "NIC", "LEARNING", "PORTS", "POLICY"],
        [[s.host, s.name, s.type, s.nic, s.learning, str(s.ports), s.policy] for s in lab.inside.switches],
    )
    extended = [switch for switch in lab.inside.switches if switch.is_extended]
    if extended:
        print_table(
            ["HOST", "SWITCH", "EXTENSION", "VENDOR", "TYPE", "ENABLED"],
            [[s.host, s.name, e.name, e.vendor, e.type, str(e.enabled)] for s in extended for e in s.extensions],
        )
    isolated = any(a.isolation for a in lab.inside.adapters)
    print_table(
        ["MACHINE", "KIND", "ADAPTER", "DEVICE", "CONNECTED TO", "VLAN", *["ISOLATION"] * isolated, "MAC", "ADDRESSES",
         "STATUS"],
        [
            [a.machine, a.kind, a.name, a.device, a.connected_to, a.vlan, *[a.isolation] * isolated, a.mac,
             " ".join(a.addresses), a.status]
            for a in lab.inside.adapters
        ],
    )  # fmt: skip
    if lab.inside.leases:
        print_table(
            ["HOST", "SWITCH", "LEASED ADDRESS", "MAC", "ADAPTER", "HOST NAME", "STATE", "LEFT"],
            [
                [e.host, e.switch, e.address, hyperv_mac(e.mac), e.adapter, e.host_name, e.state,
                 str(timedelta(seconds=e.left_s)) if e.left_s else ""]
                for e in lab.inside.leases
            ],
        )  # fmt: skip
    if lab.inside.nodes:
        from lab.cli.nlb import print_nodes

        print_nodes(lab.inside.nodes)
    print_table(
        ["PROCESS", "PID IN THE LAB", "STATE", "RESTARTS"],
        [[p.name, str(p.pid or ""), p.state, str(p.restarts)] for p in lab.processes],
    )
