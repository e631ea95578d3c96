"""A host's NAT as the cmdlets of module NetNat show it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from lab.model import edit
from lab.model.edit import Edit
from lab.model.nat import TIMEOUTS_S, NatMapping, NetNat
from lab.model.objects import HypervHost
from lab.model.recorded import with_setting
from lab.shell.command import Call
from lab.shell.errors import ErrorRecord
from lab.shell.net.cim import refused, unsupported
from lab.shell.objects import PSObject
from lab.shell.place import Place, host_of
from lab.shell.recording import kept, with_kept

SETTINGS: Final = "NetNat"
IDS: Final = "NetNatStaticMappingID"
EXTERNAL: Final = "NetNatExternalAddress"
NO_DOMAIN: Final = "{00000000-0000-0000-0000-000000000000}"

DEFAULTS: Final[Mapping[str, object]] = {
    **TIMEOUTS_S,
    "TcpFilteringBehavior": "AddressDependentFiltering",
    "UdpFilteringBehavior": "AddressDependentFiltering",
    "UdpInboundRefresh": False,
}


@dataclass(frozen=True, slots=True)
class NatRef:
    """The NAT of a host."""

    place: Place
    host: str
    name: str


@dataclass(frozen=True, slots=True)
class MappingRef:
    """A static mapping of a host's NAT, with its number."""

    place: Place
    host: str
    nat: str
    mapping: NatMapping
    id: int


def the_host(call: Call) -> HypervHost:
    """Return the host that a cmdlet acts on; InvalidState if the machine is none."""
    if not call.machine.is_host:
        raise unsupported(f'"{call.machine.name}" is no Hyper-V host: in a lab only those translate addresses so.')
    return host_of(call.place.model, call.machine)


def settings_of(host: HypervHost) -> dict[str, Any]:
    """Return what is set of a host's NAT, and what Windows takes otherwise."""
    return {**DEFAULTS, **kept(host.recorded, SETTINGS, {})}


def mappings_of(place: Place, host: HypervHost) -> Iterator[MappingRef]:
    """Yield the static mappings of a host's NAT."""
    for number, mapping in _numbered(host):
        yield MappingRef(place, host.name, host.nat.name if host.nat else "", mapping, number)


def _numbered(host: HypervHost) -> Iterator[tuple[int, NatMapping]]:
    """Yield the static mappings of a host's NAT with their numbers, which stay theirs when others go."""
    known: dict[str, int] = dict(kept(host.recorded, IDS, {}))
    for mapping in host.nat.mappings if host.nat else ():
        if str(mapping) not in known:
            known[str(mapping)] = max((number + 1 for number in known.values()), default=0)
        yield known[str(mapping)], mapping


def with_mappings(host: HypervHost, mappings: tuple[NatMapping, ...]) -> HypervHost:
    """Return a host whose NAT has other static mappings; those that stay keep their numbers."""
    assert host.nat
    before = {str(mapping): number for number, mapping in _numbered(host)}
    free = max((number + 1 for number in before.values()), default=0)
    numbers: dict[str, int] = {}
    for mapping in mappings:
        numbers[str(mapping)] = before.get(str(mapping), free)
        free = max(free, numbers[str(mapping)] + 1)
    new = replace(host, nat=replace(host.nat, mappings=mappings))
    if list(numbers.values()) == list(range(len(numbers))):
        return replace(new, recorded=with_setting(new.recorded, IDS, None))
    return replace(new, recorded=with_kept(new.recorded, IDS, numbers))


def with_nat(of: str, nat: NetNat | None, settings: Mapping[str, object] | None = None) -> Edit:
    """Return the change that gives a host another NAT, or none."""

    def change(host: HypervHost) -> HypervHost:
        recorded = host.recorded
        if nat is None:
            for name in (SETTINGS, IDS, EXTERNAL):
                recorded = with_setting(recorded, name, None)
        elif settings:
            recorded = with_kept(recorded, SETTINGS, {**kept(recorded, SETTINGS, {}), **settings})
        return replace(host, nat=nat, recorded=recorded)

    return edit.host(of, change)


def nat_error(
    kind: str, message: str, code: int = 87, category: str = "InvalidArgument", remedy: str = ""
) -> ErrorRecord:
    """Return the error of a cmdlet of module NetNat."""
    target = PSObject(f"root/StandardCimv2/{kind}", text=kind)
    return refused(kind, message, code=code, category=category, target=target, remedy=remedy)
