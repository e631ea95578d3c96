"""`hvlab capture`: the frames at a network adapter, decoded or as pcap for Wireshark."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from lab.cli.completion import complete_adapters, complete_switches
from lab.cli.group import lab_option

if TYPE_CHECKING:
    from lab.engine.state import State

STANDARD_OUTPUT = "-"


@click.command("capture", short_help="Capture the frames at a network adapter.")
@click.argument("adapter", required=False, metavar="[ADAPTER]", shell_complete=complete_adapters)
@click.option(
    "--switch", metavar="SWITCH", shell_complete=complete_switches,
    help="At all ports of a switch that has the extension Microsoft NDIS Capture enabled.",
)  # fmt: skip
@click.option("-w", "file", type=click.Path(), metavar="FILE", help="Write pcap to FILE, or to standard output (-).")
@click.option("-c", "count", type=click.IntRange(min=1), metavar="COUNT", help="End after so many frames.")
@click.option("--seconds", type=click.FloatRange(min=0.1), metavar="SECONDS", help="End after so many seconds.")
@click.option("--filter", "expression", metavar="EXPR", help='Only such frames, as tcpdump has it: "icmp or arp".')
@lab_option
def capture(
    adapter: str | None,
    switch: str | None,
    file: str | None,
    count: int | None,
    seconds: float | None,
    expression: str | None,
    lab: str | None,
) -> int:
    """Capture at ADAPTER: web1, web1/eth0, "hv1/vEthernet (External)" or hv1/External, or a NIC such as hv1/Ethernet.

    With --switch at every port of a virtual switch: a frame shows where it enters, and at each port that it leaves by.

    Prints one line for each frame; with -w the frames themselves:

    \b
    hvlab capture web1 -w - | wireshark -k -i -
    """
    from lab.cli.selection import finished_state, select
    from lab.emulation import capture as capturing
    from lab.errors import InputError

    if (adapter is None) is (switch is None):
        raise click.UsageError("say where: an adapter, or --switch SWITCH")
    pod = select(lab)
    state = finished_state(pod)
    place = _ports(state, switch) if switch is not None else _interface(state, adapter or "")
    if file == STANDARD_OUTPUT and sys.stdout.isatty():
        raise InputError(
            "frames cannot be written to a terminal",
            remedy="pipe them (hvlab capture ... -w - | wireshark -k -i -), name a file, or leave out -w",
        )
    devices = tuple(place.devices)
    wanted = capturing.Capture(
        place.node, devices, place.ports, file is not None, count or 0, seconds or 0.0, expression or ""
    )
    wire_true = capturing.prepare(pod, wanted)
    with _output(file) as output:
        click.echo(_told_of_ports(place) if place.ports else _told(place, wire_true), err=True)
        return capturing.run(pod, wanted, output)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where to capture: an adapter, or all ``ports`` of a switch. ``devices`` are Linux's names, with the lab's."""

    name: str
    node: str
    devices: Mapping[str, str]
    ports: bool = False


def _interface(state: State, adapter: str) -> _Place:
    from lab.engine.trace.names import find_interface

    found = find_interface(state.model, adapter)
    return _Place(found.full_name, found.node, {found.device: found.full_name})


def _ports(state: State, name: str) -> _Place:
    """Return the ports of a switch; InvalidState if it has no capture extension enabled."""
    from lab.cli.learned import switches_called
    from lab.engine.blueprint import lower
    from lab.errors import InvalidState
    from lab.model.extensions import SwitchExtension

    blueprint = lower(state.model, state.numbers())
    (bridge,) = switches_called(blueprint, name)
    title, needed = bridge.intent.switch if bridge.intent else "", SwitchExtension.NDIS_CAPTURE
    host = state.model.host(bridge.node)
    switch = host.switch(title) if host else None
    if switch is None or needed not in switch.extensions:
        raise InvalidState(
            f'extension "{needed}" of switch "{title}" of "{bridge.node}" is off, expected on',
            remedy=f'Enable-VMSwitchExtension -VMSwitchName "{title}" -Name "{needed}" (extensions= in the topology)',
            target=title,
        )
    here = [port for port in blueprint.ports if (port.node, port.bridge) == (bridge.node, bridge.device)]
    if not here:
        raise InvalidState(f'switch "{title}" of "{bridge.node}" has no port', target=title)
    names = {port.device: port.intent.adapter if port.intent else port.device for port in here}
    return _Place(f"{bridge.node}/{title}", bridge.node, names, ports=True)


@contextmanager
def _output(file: str | None) -> Iterator[int]:
    """Open what to write to, as the calling user and outside the lab."""
    from lab.errors import InputError, printable

    if file is None or file == STANDARD_OUTPUT:
        sys.stdout.flush()
        yield sys.stdout.fileno()
        return
    try:
        output = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise InputError(f'cannot write to "{printable(file)}": {error.strerror}', target=file) from error
    try:
        yield output
    finally:
        os.close(output)


def _told_of_ports(switch: _Place) -> str:
    ports = "\n".join(f"  {device}: {name}" for device, name in switch.devices.items())
    return (
        f'capturing at the ports that switch "{switch.name}" has now; Out is out of the switch, all else into it, '
        f"at a vEthernet the other way round:\n{ports}"
    )


def _told(adapter: _Place, wire_true: bool) -> str:
    (device,) = adapter.devices
    where = f'capturing at "{adapter.name}" ({device} of {adapter.node})'
    if wire_true:
        return f"{where}: wire-true, what it sends is seen frame by frame as on the wire"
    return (
        f"{where}: checksums and segmentation are offloaded, so TCP shows as frames of up to 64 kB with unfinished "
        f"checksums; to see frames as on the wire: hvlab exec {adapter.node} -- ethtool -K {device} tx off"
    )
