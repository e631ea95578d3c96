"""`hvlab nlb`: the clusters of Network Load Balancing, their nodes, port rules and history; and orders to nodes."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from lab.cli.group import json_option, lab_option

if TYPE_CHECKING:
    from lab.emulation.nlb_nodes import NodeReport
    from lab.emulation.pod.pod import Pod
    from lab.model.interfaces import IpInterface
    from lab.model.nlb import NlbNode
    from lab.model.objects import LabModel

ORDERS = ("start", "stop", "drainstop", "suspend", "resume")


@click.command("nlb", short_help="Show load-balancing clusters, or start, stop, drainstop, suspend or resume a node.")
@click.argument("order", required=False, type=click.Choice(ORDERS, case_sensitive=False))
@click.argument("node", required=False)
@click.argument("cluster", required=False)
@click.option("--history", is_flag=True, help="Show what happened to each node.")
@click.option("--timeout", "timeout_s", type=float, help="drainstop: after so many seconds connections are cut.")
@json_option
@lab_option
def nlb(
    order: str | None,
    node: str | None,
    cluster: str | None,
    history: bool,
    timeout_s: float | None,
    as_json: bool,
    lab: str | None,
) -> None:
    """Show clusters with their nodes, states and port rules, and how the 60 buckets of each rule are divided.

    \b
    hvlab nlb stop web1         cut all of its connections (Stop-NlbClusterNode)
    hvlab nlb drainstop web1    take no new ones, and stop when the others have ended (-Drain)
    hvlab nlb start web1        take part again (Start-NlbClusterNode)
    hvlab nlb suspend web1      stop, and take no order but resume (Suspend-NlbClusterNode)
    hvlab nlb resume web1       be stopped, and wait to be started (Resume-NlbClusterNode)
    """
    from lab.cli.selection import finished_state, select
    from lab.emulation.nlb_nodes import reports
    from lab.emulation.observe import pids

    if order and not node:
        raise click.UsageError(f"which node is to {order}? See `hvlab nlb`.")
    pod = select(lab)
    model = finished_state(pod).model
    if order and node:
        _obey(pod, model, order, (node, cluster), timeout_s)
        return
    found = pod.run_inside(lambda: reports(model, pids(pod)))
    if as_json:
        click.echo(json.dumps(as_plain(model, found), indent=2, ensure_ascii=False))
    elif not found:
        click.echo("there is no NLB cluster")
    elif history:
        _print_history(found)
    else:
        print_clusters(model, found)


def as_plain(model: LabModel, found: list[NodeReport]) -> list[dict[str, Any]]:
    """Return clusters and their nodes, for programs."""
    return [
        {
            "name": name,
            "ip_address": str(one.address.ip),
            "subnet_mask": str(one.address.netmask),
            "mode": one.mode.value,
            "mac": one.mac,
            "port_rules": [str(rule) for rule in one.rules],
            "nodes": [asdict(each) for each in found if each.cluster == name],
        }
        for name, one in _clusters(model).items()
    ]


def _clusters(model: LabModel) -> dict[str, NlbNode]:
    """Return each cluster by its name, as its first node has it."""
    found: dict[str, NlbNode] = {}
    for _, vm in model.vms():
        for adapter in vm.adapters:
            if adapter.nlb and adapter.nlb.priority < found.get(adapter.nlb.cluster, _LAST).priority:
                found[adapter.nlb.cluster] = adapter.nlb
    return dict(sorted(found.items()))


class _Last:
    priority = 1 << 16


_LAST = _Last()


def print_clusters(model: LabModel, found: list[NodeReport]) -> None:
    """Print clusters, nodes and port rules."""
    from lab.cli.tables import print_table

    clusters = _clusters(model)
    print_table(
        ["CLUSTER", "IP ADDRESS", "SUBNET MASK", "MODE", "MAC ADDRESS"],
        [
            [name, str(one.address.ip), str(one.address.netmask), one.mode.value, _dashes(one.mac)]
            for name, one in clusters.items()
        ],
    )
    print_nodes(found)
    rows = []
    for name, one in clusters.items():
        nodes = [each for each in found if each.cluster == name]
        for rule in one.rules:
            key = f"{rule.start_port}-{rule.end_port} {rule.protocol} {rule.mode} {rule.affinity}"
            shares = [f"{each.node} {_share(each.accepted.get(key, ()))}" for each in nodes if each.accepted.get(key)]
            affinity = rule.affinity.value if rule.mode == "Multiple" else ""
            ports = [str(rule.start_port), str(rule.end_port), rule.protocol.value, rule.mode.value, affinity]
            rows.append([name, *ports, ", ".join(shares) or "nobody"])
    if rows:
        print_table(["CLUSTER", "START", "END", "PROTOCOL", "MODE", "AFFINITY", "BUCKETS OF 60"], rows)


def print_nodes(found: list[NodeReport]) -> None:
    """Print nodes with their states, and why one is not what it should be."""
    from lab.cli.tables import print_table

    print_table(
        ["CLUSTER", "NODE", "INTERFACE", "HOST ID", "STATE", "HEARS", "MAC ADDRESS", "IP BOUND", "CONNECTIONS"],
        [
            [each.cluster, each.node, each.interface, str(each.host_id), each.state, _others(each), _dashes(each.mac),
             "yes" if each.bound else "no", str(each.connections)]
            for each in found
        ],
    )  # fmt: skip
    for each in found:
        if each.refusal:
            click.echo(f"{each.node}: {each.refusal}")


def _others(report: NodeReport) -> str:
    return " ".join(str(host) for host in report.view if host != report.host_id)


def _share(owned: tuple[int, ...]) -> str:
    return f"{len(owned)} ({len(owned) / 0.6:.0f} %)"


def _dashes(mac: str) -> str:
    return mac.replace(":", "-").upper()


def _print_history(found: list[NodeReport]) -> None:
    from lab.cli.tables import print_table

    rows = [[each.cluster, each.node, f"{ago:.1f} s ago", text] for each in found for ago, text in each.history]
    print_table(["CLUSTER", "NODE", "WHEN", "WHAT"], rows)


def _obey(pod: Pod, model: LabModel, what: str, whom: tuple[str, str | None], timeout_s: float | None) -> None:
    from lab.emulation import nlb_nodes
    from lab.emulation.observe import pids
    from lab.errors import InvalidState

    member = _member(model, *whom)
    refusal = pod.run_inside(lambda: nlb_nodes.order(member, pids(pod), what, timeout_s))
    if refusal:
        raise InvalidState(f'node "{member.node}" does not {what}: {refusal}', target=member.node)
    click.echo(f'node "{member.node}": {what}')


def _member(model: LabModel, node: str, cluster: str | None) -> IpInterface:
    """Return the adapter of a running machine that is a node, of one cluster where it is in several."""
    from lab.cli.selection import running_node
    from lab.errors import InputError
    from lab.model.interfaces import interfaces

    name = running_node(model, node)
    mine = [each for each in interfaces(model) if each.node == name and each.nlb]
    found = [each for each in mine if each.nlb and cluster in (None, each.nlb.cluster)]
    if len(found) == 1:
        return found[0]
    known = ", ".join(f'"{each.nlb.cluster}"' for each in mine if each.nlb)
    wanted = f'of NLB cluster "{cluster}"' if cluster else "of an NLB cluster"
    if not found:
        raise InputError(f'"{name}" is no node {wanted}', target=name, remedy=f"it is one of {known}" if known else "")
    raise InputError(f'"{name}" is a node of {known}', target=name, remedy="say of which: hvlab nlb ORDER NODE CLUSTER")
