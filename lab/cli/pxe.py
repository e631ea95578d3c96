"""`hvlab pxe`: the VMs that boot from their network adapters, what they were offered and what they got; boot again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from lab.cli.group import brief, json_option, lab_option

if TYPE_CHECKING:
    from lab.emulation.pod.pod import Pod
    from lab.engine.boots import BootStatus
    from lab.model.objects import LabModel


@click.group(
    "pxe", short_help="Show what VMs boot over the network, and why not; boot again.", invoke_without_command=True
)
@json_option
@lab_option
@click.pass_context
def pxe(context: click.Context, as_json: bool, lab: str | None) -> None:
    """Show the VMs whose boot device is a network adapter: offers, boot server, boot file, or the firmware's error.

    A VM that has booted so is installed: it has its addresses, and boots from its disk from then on.
    """
    if context.invoked_subcommand is None:
        _show(lab, as_json)


@pxe.command("boot", short_help="Boot VMs from the network again.")
@click.argument("vms", nargs=-1, required=True, metavar="VM...")
@click.option("--reinstall", is_flag=True, help="Also those that are installed: their disks are emptied.")
@lab_option
def boot(vms: tuple[str, ...], reinstall: bool, lab: str | None) -> int:
    """Boot VMs from the network again, those that could not before; return when they have, or could not.

    The exit code is 1 if one of them has no operating system then.
    """
    from lab.cli.progress import ProgressLine
    from lab.cli.selection import finished_state, running_node, select
    from lab.emulation import running

    pod = select(lab)
    model = finished_state(pod).model
    names = frozenset(running_node(model, each) for each in vms)
    _require(model, names, reinstall=reinstall)
    with ProgressLine("booting from the network") as progress:
        running.work(pod, progress, lambda session: session.boot(names, reinstall=reinstall))
    found = [each for each in _statuses(pod, finished_state(pod).model) if each.vm in names]
    _print(found)
    return 0 if all(each.installed for each in found) else 1


@pxe.command("console", short_help="Print what the screen of a VM showed when it booted.")
@click.argument("vm", metavar="VM")
@lab_option
def console(vm: str, lab: str | None) -> None:
    """Print what the screen of a VM showed when it last booted from the network; of a real machine, what it shows now.

    The firmware of generation 2 has other words for what goes wrong than a PXE ROM, which `hvlab pxe` quotes.
    """
    from lab.cli.selection import finished_state, running_node, select
    from lab.emulation.network_boot import console as real_console
    from lab.engine.boot_screen import screen
    from lab.errors import InvalidState

    pod = select(lab)
    model = finished_state(pod).model
    name = running_node(model, vm)
    found = next((each for each in _statuses(pod, model) if each.vm == name), None)
    if found is None or found.record is None:
        raise InvalidState(f'"{name}" has not booted from the network', remedy="see `hvlab pxe`")
    click.echo(brief(screen(found.record) if found.record.adapter or found.record.error else real_console(pod, name)))


def failures(pod: Pod, model: LabModel) -> list[str]:
    """Return, in a sentence each, which VMs have not booted from the network, and why."""
    found = (each for each in _statuses(pod, model) if each.failed)
    return [f'VM "{each.vm}" has not booted from the network: {each.state}; see `hvlab pxe`' for each in found]


def advice(pod: Pod, model: LabModel) -> list[str]:
    """Return what is advised about VMs that have booted from the network."""
    return [each.advice for each in _statuses(pod, model) if each.advice]


def _statuses(pod: Pod, model: LabModel) -> list[BootStatus]:
    from lab.emulation.network_boot import records
    from lab.engine.boots import boot_statuses

    return list(boot_statuses(model, records(pod, model)))


def _require(model: LabModel, names: frozenset[str], *, reinstall: bool) -> None:
    from lab.errors import InvalidState
    from lab.model.kinds import BootDevice

    for name in sorted(names):
        vm = next((each for _, each in model.vms() if each.name == name), None)
        if vm is None or vm.boot_device is BootDevice.VHD:
            remedy = 'in the topology: boot_device="NetworkAdapter", or "LegacyNetworkAdapter" in generation 1'
            raise InvalidState(f'"{name}" does not boot from a network adapter', remedy=remedy)
        if vm.real_machine:
            raise InvalidState(f'"{name}" is a real machine, which boots by itself', remedy="see `hvlab pxe`")
        if vm.installed and not reinstall:
            raise InvalidState(f'VM "{name}" is installed, and boots from its disk', remedy="say --reinstall")


def _show(lab: str | None, as_json: bool) -> None:
    from lab.cli.selection import finished_state, select

    pod = select(lab)
    found = _statuses(pod, finished_state(pod).model)
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], indent=2, ensure_ascii=False))
    elif found:
        _print(found)
    else:
        click.echo("no VM boots from a network adapter")


def _print(found: Sequence[BootStatus]) -> None:
    from lab.cli.tables import print_table

    print_table(
        ["VM", "GENERATION", "ADAPTER", "ADDRESS", "BOOT SERVER", "BOOT FILE", "BYTES", "SECONDS", "STATE"],
        [[each.vm, str(each.generation), *_row(each), each.state] for each in found],
    )
    offers = [(each.vm, offer) for each in found if each.record for offer in each.record.offers]
    if offers:
        print_table(
            ["VM", "OFFER FROM", "ADDRESS", "VENDOR CLASS", "BOOT SERVER", "BOOT FILE"],
            [[vm, o.server, o.address, o.vendor_class, o.boot_server, o.boot_file] for vm, o in offers],
        )
    for each in found:
        if each.record and each.record.sha256:
            click.echo(f'"{each.vm}" got "{each.record.file}", SHA-256 {each.record.sha256}')
    for each in found:
        if each.advice:
            click.echo(each.advice)


def _row(status: BootStatus) -> list[str]:
    record = status.record
    if record is None:
        return [""] * 6
    seconds = f"{record.seconds:.1f}" if record.adapter else ""
    return [record.adapter, record.address, record.server, record.file, str(record.size or ""), seconds]
