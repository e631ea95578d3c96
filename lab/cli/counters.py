"""`hvlab counters`: what the network adapters on virtual switches have sent and received."""

from __future__ import annotations

import json
import os
from dataclasses import asdict

import click

from lab.cli.completion import complete_adapters
from lab.cli.group import json_option, lab_option


@click.command("counters", short_help="Show what adapters have sent and received, in packets and bytes.")
@click.argument("adapter", required=False, metavar="[ADAPTER]", shell_complete=complete_adapters)
@json_option
@lab_option
def counters(adapter: str | None, as_json: bool, lab: str | None) -> None:
    """Show what ADAPTER, or each adapter on a virtual switch, has sent and received (Get-NetAdapterStatistics).

    ADAPTER is a machine (web1), or one of its adapters ("web1/Network Adapter"); a NIC such as hv1/Ethernet counts what
    goes onto the wire and comes from it. Dropped outgoing is part of what was sent, dropped incoming was not received.
    `hvlab drops` has the reasons, and what was dropped on nobody's account.
    """
    from lab.cli.drops import check_adapter, of_adapter
    from lab.cli.selection import finished_state, select
    from lab.cli.tables import print_table
    from lab.emulation.adapter_counters import adapter_counters
    from lab.engine.blueprint import lower

    pod = select(lab)
    check_adapter(pod, adapter)
    state = finished_state(pod)
    blueprint = lower(state.model, state.numbers())
    bridges = [bridge for bridge in blueprint.bridges if bridge.intent]
    found = of_adapter(pod.run_inside(lambda: adapter_counters(blueprint, bridges, os.getpid())), adapter)
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], indent=2, ensure_ascii=False))
    elif found:
        print_table(
            ["ADAPTER", "SWITCH", "PACKETS SENT", "BYTES SENT", "PACKETS RECEIVED", "BYTES RECEIVED",
             "DROPPED OUTGOING", "DROPPED INCOMING"],
            [
                [
                    each.adapter, f"{each.host}/{each.switch}", str(each.packets_sent), str(each.bytes_sent),
                    str(each.packets_received), str(each.bytes_received), str(each.dropped_outgoing),
                    str(each.dropped_incoming),
                ]
                for each in found
            ],
        )  # fmt: skip
    else:
        click.echo("no adapter is connected to a virtual switch")
