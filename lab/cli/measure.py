"""`hvlab measure`: what the VMs with resource metering have sent and got."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import click

from lab.cli.completion import complete_vms
from lab.cli.group import json_option, lab_option

if TYPE_CHECKING:
    from lab.model.objects import LabModel

_MEGABYTE: Final = 1 << 20
"""1MB in PowerShell."""


@click.command("measure", short_help="Show the network traffic of VMs with resource metering.")
@click.argument("names", nargs=-1, metavar="[VM]...", shell_complete=complete_vms)
@click.option("--reset", is_flag=True, help="Begin at zero again (Reset-VMResourceMetering); show nothing.")
@json_option
@lab_option
def measure(names: tuple[str, ...], reset: bool, as_json: bool, lab: str | None) -> None:
    """Show what each VM, or all with resource metering, has sent and got, by network addresses (Measure-VM).

    Counted is what passed the access lists, since the adapter was connected or since the last --reset.
    """
    from lab.cli.selection import finished_state, select
    from lab.cli.tables import print_table
    from lab.emulation import measuring
    from lab.engine.blueprint import lower

    pod = select(lab)
    state = finished_state(pod)
    vms = _metered(state.model, names)
    blueprint = lower(state.model, state.numbers())
    if reset:
        pod.run_inside(lambda: measuring.reset(blueprint, vms, os.getpid()))
        return
    found = pod.run_inside(lambda: measuring.traffic(blueprint, vms, os.getpid()))
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], indent=2, ensure_ascii=False))
    elif found:
        print_table(
            ["VM", "ADAPTER", "DIRECTION", "LOCAL ADDRESS", "REMOTE ADDRESS", "BYTES", "MB"],
            [
                [t.vm, t.adapter, t.direction, t.local, t.remote, str(t.bytes), f"{t.bytes / _MEGABYTE:.2f}"]
                for t in found
            ],
        )
    else:
        click.echo("nothing is measured: no VM with resource metering is connected to a switch")


def _metered(model: LabModel, names: Sequence[str]) -> frozenset[str]:
    """Return the VMs that are meant, or all with resource metering; InvalidState if one is named that has it off."""
    from lab.errors import InvalidState, UnknownName

    known = {vm.name.casefold(): vm for _, vm in model.vms()}
    for name in names:
        vm = known.get(name.casefold())
        if vm is None:
            raise UnknownName("VM", name, [each.name for each in known.values()])
        if not vm.resource_metering:
            raise InvalidState(
                f'resource metering of VM "{vm.name}" is off, expected on',
                remedy=f'Enable-VMResourceMetering -VMName "{vm.name}" (resource_metering=True in the topology)',
                target=vm.name,
            )
    wanted = [known[name.casefold()] for name in names] or known.values()
    return frozenset(vm.name for vm in wanted if vm.resource_metering)
