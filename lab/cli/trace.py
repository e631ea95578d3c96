"""`hvlab trace`: the way of a packet, stage by stage, and what keeps it from arriving."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from lab.cli.completion import complete_nodes
from lab.cli.group import json_option, lab_option

if TYPE_CHECKING:
    from lab.engine.trace.story import Trace

PORT = click.IntRange(1, 65535)


@click.command("trace", short_help="Say where a packet goes, stage by stage, and what keeps it from arriving.")
@click.argument("source", metavar="FROM", shell_complete=complete_nodes)
@click.argument("target", metavar="TO", shell_complete=complete_nodes)
@click.option("--tcp", type=PORT, metavar="PORT", help="A TCP connection to this port.")
@click.option("--udp", type=PORT, metavar="PORT", help="A UDP datagram to this port.")
@click.option("--icmp", is_flag=True, help="A ping; the default.")
@click.option("--advertisement", is_flag=True, help="A router advertisement; IPv6 unless -4 is said.")
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
    advertisement: bool,
    version: int | None,
    as_json: bool,
    lab: str | None,
) -> int:
    """Say where a packet from FROM to TO goes, through every stage of every switch, and whether its answer comes back.

    FROM and TO are machines (web1) or one of their adapters (hv1/External, web1/eth0); TO may be an IP address, or a
    cluster of Network Load Balancing: then its nodes are asked who of them accepts the packet. The
    switches are asked what they would do now: no packet is sent and nothing is learned. The exit code is 0 if the
    packet arrives and its answer comes back, otherwise 1. A router advertisement, which nobody answers, is one for TO
    alone, as a router that was asked may send it.
    """
    if sum((tcp is not None, udp is not None, icmp, advertisement)) > 1:
        raise click.UsageError("say one of --tcp, --udp, --icmp and --advertisement")
    number = version or (6 if advertisement else None)
    found = follow(lab, source, target, (tcp, udp), number, advertisement=advertisement)
    if as_json:
        click.echo(json.dumps(asdict(found), indent=2, ensure_ascii=False))
    else:
        from lab.engine.trace.telling import told

        for line in told(found):
            click.echo(line)
    return 0 if found.arrives else 1


def follow(
    lab: str | None,
    source: str,
    target: str,
    ports: tuple[int | None, int | None],
    version: int | None,
    *,
    advertisement: bool = False,
) -> Trace:
    """Trace in a running lab; ``ports`` are that of TCP and that of UDP, both None for ICMP."""
    from lab.cli.selection import finished_state, select, with_leases
    from lab.emulation.nlb_nodes import accepted
    from lab.emulation.observe import pids
    from lab.emulation.tracing import ControllerGlossary, PodLab
    from lab.engine.trace.clusters import among_nodes
    from lab.engine.trace.names import choose
    from lab.engine.trace.packet import Protocol
    from lab.engine.trace.tracer import Question
    from lab.engine.trace.tracer import trace as trace_packet

    pod = select(lab)
    state = finished_state(pod)
    model = with_leases(pod, state.model)
    ends = choose(model, source, target, version)
    tcp, udp = ports
    protocol = Protocol.TCP if tcp else Protocol.UDP if udp else Protocol.ICMP
    protocol = Protocol.ADVERTISEMENT if advertisement else protocol
    port = tcp or udp or 0

    def inside() -> Trace:
        running = pids(pod)
        choice = among_nodes(ends, accepted(model, running, ends, protocol, port), protocol)
        question = Question(choice.ends, protocol, port, choice.holders, choice.refused)
        return trace_packet(model, state.numbers(), PodLab(running), ControllerGlossary(), question)

    return pod.run_inside(inside)
