"""Whether a model can exist: every mistake in it, each with the object's name and what would be right.

Checked here is what spans objects (names, references, doubles). What a single value may be is checked where it is made.
"""

from __future__ import annotations

from dataclasses import replace

from lab.errors import ErrorRecord
from lab.model.names import quoted
from lab.model.objects import LabModel
from lab.model.rules import (
    acls,
    addresses,
    autoconfiguration,
    bandwidth,
    boot,
    default_switches,
    dhcp,
    isolation,
    machines,
    mirrors,
    names,
    nats,
    networks,
    nlb,
    switches,
    teams,
    vlans,
)

__all__ = ["quoted", "validate", "validate_change"]

_RULES = (
    names.names,
    names.doubles,
    networks.networks,
    networks.subnets,
    switches.switches,
    default_switches.default_switches,
    nats.nats,
    teams.teams,
    teams.guest_teams,
    machines.vms,
    machines.mac_ranges,
    machines.mtus,
    bandwidth.bandwidth,
    bandwidth.promises_kept,
    vlans.vlans,
    vlans.vlan_interfaces,
    isolation.isolation,
    acls.acls,
    machines.timing,
    dhcp.clients,
    dhcp.servers,
    nlb.nlb,
    boot.boot_devices,
    boot.boot_servers,
    boot.real_machines,
    autoconfiguration.clients,
    autoconfiguration.routers,
    autoconfiguration.servers,
    addresses.settings,
    addresses.doubles,
)
_RULES_OF_ONE_VM = frozenset(
    (
        names.names,
        teams.teams,
        teams.guest_teams,
        machines.vms,
        machines.mtus,
        bandwidth.bandwidth,
        vlans.vlans,
        vlans.vlan_interfaces,
        isolation.isolation,
        acls.acls,
        dhcp.clients,
        boot.boot_devices,
        boot.real_machines,
        autoconfiguration.clients,
        addresses.settings,
    )
)
"""What these find in a VM depends on it, on its host and on networks; not on another VM."""
_RULES_OF_THE_WHOLE = (networks.addresses_of_nics, isolation.unused, mirrors.mirrors)
"""What could be built, and is a mistake in a whole description as nothing would come of it."""


def validate(model: LabModel, *, whole: bool = True) -> tuple[ErrorRecord, ...]:
    """Return every mistake in a model, in the order of the rules; none means that it can be built.

    Without `whole` it is one that is still being made, command by command.
    """
    finished = installed(model)
    rules = (*_RULES, *(_RULES_OF_THE_WHOLE if whole else ()))
    return tuple(record for rule in rules for record in rule(finished))


def validate_change(old: LabModel, new: LabModel) -> tuple[ErrorRecord, ...]:
    """Return every mistake in a model that is still being made, of which an older one had none.

    A script changes one VM after the other: the rules for one VM look at those only that are another value than before.
    """
    finished, changed = installed(new), installed(_with_what_changed(old, new))
    return tuple(record for rule in _RULES for record in rule(changed if rule in _RULES_OF_ONE_VM else finished))


def _with_what_changed(old: LabModel, new: LabModel) -> LabModel:
    """Return a model without the VMs that an older one had, if it is the same in everything else."""
    if not _same_but_for_vms(old, new):
        return new
    hosts = []
    for before, host in zip(old.hosts, new.hosts, strict=True):
        known = set(map(id, before.vms))
        hosts.append(replace(host, vms=tuple(vm for vm in host.vms if id(vm) not in known)))
    return replace(new, hosts=tuple(hosts))


def _same_but_for_vms(old: LabModel, new: LabModel) -> bool:
    if len(old.hosts) != len(new.hosts) or replace(old, hosts=()) != replace(new, hosts=()):
        return False
    return all(
        before is host or replace(before, vms=()) == replace(host, vms=())
        for before, host in zip(old.hosts, new.hosts, strict=True)
    )


def installed(model: LabModel) -> LabModel:
    """Return a model as it is when every VM has an operating system."""
    if all(vm.has_system for _, vm in model.vms()):
        return model
    hosts = (replace(host, vms=tuple(replace(vm, installed=True) for vm in host.vms)) for host in model.hosts)
    return replace(model, hosts=tuple(hosts))
