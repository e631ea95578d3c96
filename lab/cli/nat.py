"""`hvlab nat`: the NATs of hosts, their static mappings, and what they translate now."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from lab.cli.group import json_option, lab_option


@click.command("nat", short_help="Show the NATs of hosts, their static mappings and their sessions.")
@json_option
@lab_option
def nat(as_json: bool, lab: str | None) -> None:
    """Show the NATs of hosts with their static mappings, and what they translate now.

    A session's external address is what the remote one sees (Get-NetNat, Get-NetNatStaticMapping, Get-NetNatSession).
    """
    from lab.cli.selection import finished_state, select
    from lab.cli.tables import print_table
    from lab.emulation.nat_sessions import sessions
    from lab.emulation.observe import pids

    pod = select(lab)
    model = finished_state(pod).model
    hosts = [(host.name, nat) for host in model.hosts for nat in host.nats]
    found = pod.run_inside(lambda: sessions(model, pids(pod)))
    if as_json:
        content = {
            "nats": [
                {"host": name, "name": each.name, "prefix": str(each.prefix), "mappings": list(map(str, each.mappings))}
                for name, each in hosts
            ],
            "sessions": [asdict(each) for each in found],
        }
        click.echo(json.dumps(content, indent=2, ensure_ascii=False))
        return
    if not hosts:
        click.echo("no host has a NAT")
        return
    rows = [[name, each.name, str(each.prefix), ", ".join(map(str, each.mappings)) or "none"] for name, each in hosts]
    print_table(["HOST", "NAT", "INTERNAL PREFIX", "STATIC MAPPINGS"], rows)
    if found:
        print_table(
            ["HOST", "PROTOCOL", "INTERNAL", "EXTERNAL", "REMOTE", "SECONDS LEFT"],
            [[s.host, s.protocol, s.internal, s.external, s.remote, str(s.seconds)] for s in found],
        )
    else:
        click.echo("no sessions")
