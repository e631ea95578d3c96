"""`hvlab trace`: the way of a packet, stage by stage, and what keeps it from arriving."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from lab.cli.completion import complete_nodes
from lab.cli.group import json_option, lab_option

if TYPE_CHECKING:
    from lab.engine.trace.story import Crossing, Direction, Hop, Trace

ARRIVES, LOST = "✓", "✗"
PORT = click.IntRange(1, 65535)


@click.command("trace", short_help="Say where a packet goes, stage by stage, and what keeps it from arriving.")
@click.argument("source", metavar="FROM", shell_complete=complete_nodes)
@click.argument("target", metavar="TO", shell_complete=complete_nodes)
@click.option("--tcp", type=PORT, metavar="PORT", help="A TCP connection to this port.")
@click.option("--udp", type=PORT, metavar="PORT", help="A UDP datagram to this port.")
@click.option("--icmp", is_flag=True, help="A ping; the default.")
@click.option("-4", "version", flag_value=4, type=int, help="IPv4 only.")
@click.option("-6", "version", flag_value=6, type=int, help="IPv6 only.")
@json_option
@lab_option
def trace(
    source: str,
    target: str,
    tcp: int | None,
    udp: int | None,
    icmp: bool,
    version: int | None,
    as_json: bool,
    lab: str | None,
) -> int:
    """Say where a packet from FROM to TO goes, through every stage of every switch, and whether its answer comes back.

    FROM and TO are machines (web1) or one of their adapters (hv1/External, web1/eth0); TO may be an IP address. The
    switches are asked what they would do now: no packet is sent and nothing is learned. The exit code is 0 if the
    packet arrives and its answer comes back, otherwise 1.
    """
    if sum((tcp is not None, udp is not None, icmp)) > 1:
        raise click.UsageError("say one of --tcp, --udp and --icmp")
    found = follow(lab, source, target, (tcp, udp), version)
    if as_json:
        click.echo(json.dumps(asdict(found), indent=2, ensure_ascii=False))
    else:
        for line in told(found):
            click.echo(line)
    return 0 if found.arrives else 1


def follow(
    lab: str | None, source: str, target: str, ports: tuple[int | None, int | None], version: int | None
) -> Trace:
    """Trace in a running lab; ``ports`` are that of TCP and that of UDP, both None for ICMP."""
    from lab.cli.selection import finished_state, select
    from lab.emulation.observe import pids
    from lab.emulation.tracing import ControllerGlossary, PodLab
    from lab.engine.trace.names import choose
    from lab.engine.trace.packet import Protocol
    from lab.engine.trace.tracer import Question
    from lab.engine.trace.tracer import trace as trace_packet

    pod = select(lab)
    state = finished_state(pod)
    ends = choose(state.model, source, target, version)
    tcp, udp = ports
    protocol = Protocol.TCP if tcp else Protocol.UDP if udp else Protocol.ICMP
    question = Question(ends, protocol, tcp or udp or 0)

    def inside() -> Trace:
        return trace_packet(state.model, state.numbers(), PodLab(pids(pod)), ControllerGlossary(), question)

    return pod.run_inside(inside)


def told(found: Trace) -> Iterator[str]:
    """Yield the lines of a trace."""
    yield f"{found.request.title}: {found.source} -> {found.target}"
    for note in found.notes:
        yield f"  note: {note}"
    for hop in found.request.hops:
        yield ""
        yield from _hop(hop)
    if found.reply:
        yield ""
        yield from _reply(found.reply)
    yield ""
    yield f"{ARRIVES if found.arrives else LOST} {found.verdict}"
    if found.remedy:
        yield f"  to change that: {found.remedy}"


def _hop(hop: Hop) -> Iterator[str]:
    yield f"{hop.machine}: {hop.decision}"
    if hop.target_mac:
        yield f"  frame from {hop.source_mac} ({hop.interface}) to {hop.target_mac}"
    elif hop.source_mac:
        yield f"  asks for the MAC address of the next hop: a broadcast from {hop.source_mac} ({hop.interface})"
    for crossing in hop.crossings:
        yield from _crossing(crossing)
    if hop.lost:
        yield f"  {LOST} {hop.lost.why}"
    elif hop.source_mac and not hop.target_mac:
        yield f"  {LOST} nobody answers"
    elif hop.receiver:
        yield f"  -> {hop.receiver}"


def _crossing(crossing: Crossing) -> Iterator[str]:
    from lab.engine.trace.story import some

    number = f" (port {crossing.port})" if crossing.port else ""
    yield f"  {crossing.place}, in from {crossing.entered}{number}"
    owners = [f"{stage.feature}: {stage.object}" if stage.feature else stage.object for stage in crossing.stages]
    names = max((len(stage.name) for stage in crossing.stages), default=0)
    width = max(map(len, owners), default=0)
    for stage, owner in zip(crossing.stages, owners, strict=True):
        yield f"    {stage.table:>2} {stage.name:<{names}}  {owner:<{width}}  {stage.does}"
        if stage.detail:
            yield f"       {'':<{names}}  = {stage.detail}"
    if not any(stage.reason for stage in crossing.stages):
        yield f"    {crossing.decision}"
    if len(crossing.receivers) > 1 or (crossing.receivers and not crossing.to):
        yield f"    copies go to {some(crossing.receivers)}"
    if crossing.to:
        yield f"    out to {crossing.to}"


def _reply(reply: Direction) -> Iterator[str]:
    yield f"{reply.title}: {reply.source} -> {reply.target}"
    places = " -> ".join(reply.places())
    if places:
        yield f"  by {places}"
    if reply.lost:
        yield f"  {LOST} lost at {reply.lost.where}: {reply.lost.why}"
