"""`hvlab capture`: the frames at a network adapter, decoded or as pcap for Wireshark."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from lab.cli.completion import complete_adapters
from lab.cli.group import lab_option

if TYPE_CHECKING:
    from lab.model.interfaces import IpInterface

STANDARD_OUTPUT = "-"


@click.command("capture", short_help="Capture the frames at a network adapter.")
@click.argument("adapter", metavar="ADAPTER", shell_complete=complete_adapters)
@click.option("-w", "file", type=click.Path(), metavar="FILE", help="Write pcap to FILE, or to standard output (-).")
@click.option("-c", "count", type=click.IntRange(min=1), metavar="COUNT", help="End after so many frames.")
@click.option("--filter", "expression", metavar="EXPR", help='Only such frames, as tcpdump has it: "icmp or arp".')
@lab_option
def capture(adapter: str, file: str | None, count: int | None, expression: str | None, lab: str | None) -> int:
    """Capture at ADAPTER: web1, web1/eth0, "hv1/vEthernet (External)" or hv1/External, or a NIC such as hv1/Ethernet.

    Prints one line for each frame; with -w the frames themselves:

    \b
    hvlab capture web1 -w - | wireshark -k -i -
    """
    from lab.cli.selection import finished_state, select
    from lab.emulation import capture as capturing
    from lab.engine.trace.names import find_interface
    from lab.errors import InputError

    pod = select(lab)
    interface = find_interface(finished_state(pod).model, adapter)
    if file == STANDARD_OUTPUT and sys.stdout.isatty():
        raise InputError(
            "frames cannot be written to a terminal",
            remedy="pipe them (hvlab capture ... -w - | wireshark -k -i -), name a file, or leave out -w",
        )
    wanted = capturing.Capture(interface, file is not None, count or 0, expression or "")
    wire_true = capturing.prepare(pod, wanted)
    with _output(file) as output:
        click.echo(_told(interface, wire_true), err=True)
        return capturing.run(pod, wanted, output)


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


def _told(interface: IpInterface, wire_true: bool) -> str:
    where = f'capturing at "{interface.full_name}" ({interface.device} of {interface.node})'
    if wire_true:
        return f"{where}: wire-true, what it sends is seen frame by frame as on the wire"
    return (
        f"{where}: checksums and segmentation are offloaded, so TCP shows as frames of up to 64 kB with unfinished "
        f"checksums; to see frames as on the wire: hvlab exec {interface.node} -- ethtool -K {interface.device} tx off"
    )
