"""The part of `hvlab dhcp` about IPv6: scopes, leases, and what clients have got of routers and servers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lab.emulation.dhcp_servers import Answer6
    from lab.engine.dhcp6_report import Lease6Row, Scope6Row
    from lab.engine.leased import ClientLease6
    from lab.model.objects import LabModel


@dataclass(frozen=True, slots=True)
class Shown6:
    """Everything that is printed about IPv6."""

    scopes: tuple[Scope6Row, ...]
    leases: tuple[Lease6Row, ...]
    clients: tuple[ClientLease6, ...]

    def __bool__(self) -> bool:
        return bool(self.scopes or self.clients)


def servers6(model: LabModel) -> list[str]:
    """Return the VMs whose DHCP servers have scopes of IPv6."""
    return [vm.name for _, vm in model.vms() if vm.dhcp_server and vm.dhcp_server.scopes6]


def shown6(model: LabModel, answers: Mapping[str, Answer6], clients: tuple[ClientLease6, ...], now: float) -> Shown6:
    """Return what servers have answered, and what clients have got, as rows of tables; ``now``: the time of day."""
    from lab.engine.dhcp6_report import lease6_rows, scope6_row
    from lab.model.serving import scopes6

    scopes: list[Scope6Row] = []
    leases: list[Lease6Row] = []
    for name, answer in answers.items():
        mine = scopes6(model, name)
        found = list(lease6_rows(name, mine, answer.leases, now))
        leases += found
        scopes += [scope6_row(name, scope, found) for scope in mine]
    return Shown6(tuple(scopes), tuple(leases), clients)


def print6(shown: Shown6) -> None:
    """Print the tables of IPv6."""
    from lab.cli.tables import moment, print_table, span

    if shown.scopes:
        print_table(
            ["SERVER", "PREFIX", "NAME", "STATE", "PREFERRED", "VALID", "IN USE", "RESERVED"],
            [
                [s.server, s.prefix, s.name, s.state, span(s.preferred_lifetime_s), span(s.valid_lifetime_s),
                 str(s.in_use), str(s.reserved)]
                for s in shown.scopes
            ],
        )  # fmt: skip
    if shown.leases:
        print_table(
            ["SERVER", "IPV6 ADDRESS", "CLIENT DUID", "IAID", "HOST NAME", "ADDRESS STATE", "EXPIRES"],
            [
                [r.server, r.ip, r.client_duid, str(r.iaid), r.host_name, r.state, moment(r.expires)]
                for r in shown.leases
            ],
        )
    if shown.clients:
        print_table(
            ["CLIENT", "DEVICE", "IPV6 ADDRESSES", "ROUTERS", "DNS", "STATE", "LEASE"],
            [
                [c.node, c.device, " ".join(map(str, c.addresses)), " ".join(c.routers), c.dns, c.told,
                 span(c.lease_s) if c.leased else ""]
                for c in shown.clients
            ],
        )  # fmt: skip
