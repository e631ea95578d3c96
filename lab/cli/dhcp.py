"""`hvlab dhcp`: what DHCP servers lease, what clients have got of them and of routers; renewal and release."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from lab.cli.group import json_option, lab_option

if TYPE_CHECKING:
    from lab.emulation.dhcp_servers import Answer, Answer6
    from lab.engine.dhcp_report import LeaseRow, ScopeRow
    from lab.engine.leased import ClientLease, Lease
    from lab.engine.switch_leases import SwitchLease
    from lab.model.objects import LabModel

    _Found = tuple[dict[str, Answer], dict[str, Answer6], tuple[Lease, ...], list[SwitchLease]]


@click.group("dhcp", short_help="Show DHCP scopes, leases and clients; renew and release.", invoke_without_command=True)
@json_option
@lab_option
@click.pass_context
def dhcp(context: click.Context, as_json: bool, lab: str | None) -> None:
    """Show the scopes and leases of DHCP servers, and what each client has got of them, and of routers.

    As Get-DhcpServerv4Scope, Get-DhcpServerv4ScopeStatistics, Get-DhcpServerv4Lease and Get-DhcpServerv4Failover do,
    and those of Get-DhcpServerv6Scope.
    """
    if context.invoked_subcommand is None:
        _show(lab, as_json)


def _versions(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options that say which version of IP is meant; both are, without."""
    six = click.option("-6", "version", flag_value=6, type=int, help="IPv6 only (ipconfig /renew6, /release6).")
    return click.option("-4", "version", flag_value=4, type=int, help="IPv4 only.")(six(command))


@dhcp.command("renew", short_help="Have a client renew its lease, or ask for one (ipconfig /renew).")
@click.argument("client", metavar="VM[/DEVICE]")
@_versions
@lab_option
def renew(client: str, version: int | None, lab: str | None) -> int:
    """Have a client renew its lease, or ask for one if it has none (ipconfig /renew, /renew6).

    A client of IPv6 asks for routers, too.
    """
    from lab.cli import dhcp_clients

    return 0 if dhcp_clients.renew(lab, client, version) else 1


@dhcp.command("release", short_help="Have a client give its lease back (ipconfig /release).")
@click.argument("client", metavar="VM[/DEVICE]")
@_versions
@lab_option
def release(client: str, version: int | None, lab: str | None) -> int:
    """Have a client give its lease back; it asks for no other until it is told to renew (ipconfig /release, /release6).

    What it has made itself of a router's prefixes stays.
    """
    from lab.cli import dhcp_clients

    return 0 if dhcp_clients.release(lab, client, version) else 1


@dhcp.command("replicate", short_help="Give a failover partner a server's configuration.")
@click.argument("server", metavar="VM")
@lab_option
def replicate(server: str, lab: str | None) -> None:
    """Give a server's failover partner its scopes as they are now (Invoke-DhcpServerv4FailoverReplication)."""
    from lab.cli.progress import ProgressLine
    from lab.cli.selection import finished_state, select
    from lab.emulation import running
    from lab.engine.services import replicated

    pod = select(lab)
    state = finished_state(pod)
    wanted = replicated(state.model, server)
    with ProgressLine(f"replicating {server}") as progress:
        running.work(pod, progress, lambda session: session.become(wanted))
    click.echo(f'what DHCP server "{server}" has configured is its partner\'s, too')


def _show(lab: str | None, as_json: bool) -> None:
    from lab.cli.dhcp6 import print6, servers6, shown6
    from lab.cli.selection import finished_state, select
    from lab.emulation import dhcp_servers, leases, switch_leases
    from lab.emulation.observe import pids
    from lab.engine.dhcp_report import FAILOVER_STATES
    from lab.engine.leased import ClientLease, ClientLease6
    from lab.engine.resources import Program
    from lab.engine.services import services

    pod = select(lab)
    model = finished_state(pod).model
    wanted = tuple(services(model))
    serving = {each.node for each in wanted if each.program is Program.DHCP_SERVER}
    servers = [vm for _, vm in model.vms() if vm.dhcp_server and (vm.name in serving or not vm.running)]

    def look() -> _Found:
        running = pids(pod)
        answers = dhcp_servers.ask([vm.name for vm in servers], running)
        answers6 = dhcp_servers.ask6(servers6(model), running)
        return answers, answers6, leases.read(wanted, running), switch_leases.read(model)

    answers, answers6, found_clients, of_switches = pod.run_inside(look)
    clients = tuple(each for each in found_clients if isinstance(each, ClientLease))
    six = shown6(model, answers6, tuple(each for each in found_clients if isinstance(each, ClientLease6)), time.time())
    scopes, rows = _rows(model, answers, of_switches)
    states = {name: FAILOVER_STATES.get(each.failover, each.failover) for name, each in answers.items()}
    faults = {name: each.fault for name, each in answers.items() if each.fault}
    faults |= {name: each.fault for name, each in answers6.items() if each.fault}
    if as_json:
        content = {
            "scopes": [asdict(each) for each in scopes],
            "leases": [asdict(each) for each in rows],
            "failover": {name: state for name, state in states.items() if state},
            "clients": [asdict(each) for each in clients],
            "scopes6": [asdict(each) for each in six.scopes],
            "leases6": [asdict(each) for each in six.leases],
            "clients6": [asdict(each) for each in six.clients],
            "faults": faults,
        }
        click.echo(json.dumps(content, indent=2, ensure_ascii=False, default=str))
        return
    if not scopes and not clients and not six:
        click.echo("no VM has the DHCP Server role, and nobody is a DHCP client")
    _print(model, scopes, rows, clients, states)
    print6(six)
    for name, fault in faults.items():
        click.echo(f'hvlab: DHCP server "{name}": {fault}', err=True)


def _rows(
    model: LabModel, answers: Mapping[str, Answer], of_switches: Iterable[SwitchLease]
) -> tuple[list[ScopeRow], list[LeaseRow]]:
    """Return the scopes and the leases of all servers for IPv4; those of Default Switches come last."""
    from lab.engine.dhcp_report import lease_rows, scope_row
    from lab.engine.switch_leases import lease_row
    from lab.model.serving import scope_of, served

    scopes: list[ScopeRow] = []
    rows: list[LeaseRow] = []
    for name, answer in answers.items():
        mine = served(model, name)
        found = list(lease_rows(name, mine, answer.leases, time.time()))
        rows += found
        scopes += [scope_row(name, scope, found) for scope in mine]
    leases = tuple(of_switches)
    for host in model.hosts:
        scope = scope_of(host)
        if scope:
            found = [lease_row(each, scope, time.time()) for each in leases if each.host == host.name]
            rows += found
            scopes.append(scope_row(host.name, scope, found))
    return scopes, rows


def _print(
    model: LabModel,
    scopes: list[ScopeRow],
    rows: list[LeaseRow],
    clients: tuple[ClientLease, ...],
    states: dict[str, str],
) -> None:
    from lab.cli.tables import moment, print_table, span

    if scopes:
        print_table(
            ["SERVER", "SCOPE ID", "SUBNET MASK", "NAME", "STATE", "START RANGE", "END RANGE", "LEASE", "FREE",
             "IN USE", "% IN USE", "RESERVED"],
            [
                [s.server, s.scope_id, s.subnet_mask, s.name, s.state, s.start, s.end, span(s.lease_duration_s),
                 str(s.free), str(s.in_use), f"{s.percentage_in_use:.4g}", str(s.reserved)]
                for s in scopes
            ],
        )  # fmt: skip
    if rows:
        print_table(
            ["SERVER", "IP ADDRESS", "SCOPE ID", "CLIENT ID", "HOST NAME", "ADDRESS STATE", "EXPIRES"],
            [[r.server, r.ip, r.scope_id, r.client_id, r.host_name, r.state, moment(r.expires)] for r in rows],
        )
    relations = [(vm, vm.dhcp_server.failover) for _, vm in model.vms() if vm.dhcp_server and vm.dhcp_server.failover]
    if relations:
        print_table(
            ["FAILOVER", "SERVER", "STATE", "PARTNER", "ITS STATE", "MODE", "SCOPES"],
            [
                [f.name, vm.name, states.get(vm.name, ""), f.partner, states.get(f.partner, ""), f.mode.value,
                 " ".join(map(str, f.scope_ids))]
                for vm, f in relations
            ],
        )  # fmt: skip
    if clients:
        print_table(
            ["CLIENT", "DEVICE", "ADDRESS", "GATEWAY", "DNS", "STATE", "LEASE"],
            [
                [c.node, c.device, str(c.address or ""), str(c.gateway or ""), c.dns, c.told,
                 span(c.lease_s) if c.state == "leased" else ""]
                for c in clients
            ],
        )  # fmt: skip
