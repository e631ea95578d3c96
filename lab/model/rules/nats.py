"""Address translation that a host cannot do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lab.errors import ErrorRecord
from lab.model.names import quoted
from lab.model.nat import ANY_ADDRESS, PROTOCOLS, NatMapping, NetNat
from lab.model.objects import HypervHost, LabModel
from lab.model.rules.mistakes import mistake

_LARGEST_PORT = 65535


def nats(model: LabModel) -> Iterator[ErrorRecord]:
    """Mappings to what is not inside, or of what is mapped already (Add-NetNatStaticMapping)."""
    for host in model.hosts:
        if host.nat:
            yield from _nat(host, host.nat)


def _nat(host: HypervHost, nat: NetNat) -> Iterator[ErrorRecord]:
    target = f"{host.name}/{nat.name}"
    who = f"NAT {quoted(nat.name)} of host {quoted(host.name)}"
    if not nat.name:
        yield mistake(target, f"{who} has no name", "give it one")
    for mapping in nat.mappings:
        yield from _mapping(target, who, nat, mapping)
    used = Counter((each.protocol, each.external_port) for each in nat.mappings)
    for (protocol, port), count in used.items():
        same = [each.external_ip for each in nat.mappings if (each.protocol, each.external_port) == (protocol, port)]
        if count > 1 and (ANY_ADDRESS in same or len(set(same)) < count):
            yield mistake(
                target, f"{who} maps {protocol} port {port} {count} times", "map each port of an address once"
            )


def _mapping(target: str, who: str, nat: NetNat, mapping: NatMapping) -> Iterator[ErrorRecord]:
    if mapping.protocol not in PROTOCOLS:
        yield mistake(target, f"{who} maps protocol {quoted(mapping.protocol)}", f"expected {' or '.join(PROTOCOLS)}")
    for port in (mapping.external_port, mapping.internal_port):
        if not 1 <= port <= _LARGEST_PORT:
            yield mistake(target, f"{who} maps port {port}", f"expected 1 to {_LARGEST_PORT}")
    if mapping.internal_ip not in nat.prefix:
        what = f"{who} maps port {mapping.external_port} to {mapping.internal_ip}, which is not inside"
        yield mistake(target, what, f"expected an address of {nat.prefix}")
