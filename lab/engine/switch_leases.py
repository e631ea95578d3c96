"""The leases of Default Switches, as their hosts have written them down."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lab.engine.dhcp_report import LeaseRow, dashed
from lab.intent.leases import leases_in
from lab.model.dhcp import DhcpScope
from lab.model.objects import HypervHost


@dataclass(frozen=True, slots=True)
class SwitchLease:
    """One address that a Default Switch has leased, or had leased last.

    ``adapter`` is the full name of the adapter by which the client asked, ``state`` Active, Expired or Declined.
    ``left_s``: how many seconds the lease goes on, or a declined address is left alone; 0 if it does not.
    """

    host: str
    switch: str
    address: str
    mac: str
    adapter: str
    host_name: str
    state: str
    left_s: int


def switch_leases(host: HypervHost, document: str, now: float) -> Iterator[SwitchLease]:
    """Yield the leases in the document of a host's Default Switch, by address; ``now`` by the clock of leases.

    CodecError if it is not such a document.
    """
    switch = host.default_switch
    for each in leases_in(document) if switch else ():
        left_s = max(0, int(each.expires - now))
        state = "Declined" if each.declined and left_s else "Active" if left_s and not each.declined else "Expired"
        name = switch.name if switch else ""
        yield SwitchLease(host.name, name, str(each.address), each.mac, each.adapter, each.host_name, state, left_s)


def lease_row(lease: SwitchLease, scope: DhcpScope, epoch_s: float) -> LeaseRow:
    """Return a lease as Get-DhcpServerv4Lease shows one; ``epoch_s`` is the time of day, in seconds of the epoch."""
    expires = int(epoch_s) + lease.left_s if lease.state == "Active" else 0
    client = dashed(lease.mac)
    return LeaseRow(lease.host, lease.address, str(scope.id), client, lease.host_name, lease.state, expires)
