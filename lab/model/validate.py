"""Whether a model can exist: every mistake in it, each with the object's name and what would be right.

Checked here is what spans objects (names, references, doubles). What a single value may be is checked where it is made.
"""

from __future__ import annotations

from lab.errors import ErrorRecord
from lab.model.names import quoted
from lab.model.objects import LabModel
from lab.model.rules import (
    acls,
    addresses,
    bandwidth,
    isolation,
    machines,
    mirrors,
    names,
    nats,
    networks,
    switches,
    teams,
    vlans,
)

__all__ = ["quoted", "validate"]

_RULES = (
    names.names,
    names.doubles,
    networks.networks,
    networks.subnets,
    switches.switches,
    nats.nats,
    teams.teams,
    teams.guest_teams,
    machines.vms,
    machines.mac_ranges,
    machines.mtus,
    bandwidth.bandwidth,
    vlans.vlans,
    vlans.vlan_interfaces,
    isolation.isolation,
    acls.acls,
    mirrors.mirrors,
    machines.timing,
    addresses.settings,
    addresses.doubles,
)


def validate(model: LabModel) -> tuple[ErrorRecord, ...]:
    """Return every mistake in a model, in the order of the rules; none means that it can be built."""
    return tuple(record for rule in _RULES for record in rule(model))
