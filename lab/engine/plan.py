"""The difference between what a lab is and what it shall be, as steps with reasons.

A step creates, changes or removes one resource. The plan is a value: it is printed by ``hvlab apply --dry-run`` and
carried out by a backend, and it is empty when there is nothing to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from typing import Final

from lab.engine.resources import (
    Blueprint,
    Bridge,
    Cable,
    Instance,
    Interface,
    Key,
    Node,
    Port,
    Relay,
    Resource,
    Route,
    Rule,
    Service,
    TeamDevice,
    VlanDevice,
)


class Action(StrEnum):
    CREATE = "create"
    CHANGE = "change"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Step:
    """One resource to create, change or remove. ``old`` is what there is, ``new`` what shall be."""

    action: Action
    old: Resource | None
    new: Resource | None
    reason: str

    @property
    def resource(self) -> Resource:
        found = self.new or self.old
        assert found is not None
        return found

    @property
    def title(self) -> str:
        return describe(self.resource)

    def __str__(self) -> str:
        return f"{self.action} {self.title} ({self.reason})"


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything to do, in an order in which it can be done: removals first, users before what they use."""

    steps: tuple[Step, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.steps)

    def of(self, kind: type[Resource], *actions: Action) -> tuple[Step, ...]:
        """Return the steps for resources of one kind, with one of the actions (any, if none is given)."""
        return tuple(s for s in self.steps if isinstance(s.resource, kind) and (not actions or s.action in actions))


def describe(resource: Resource) -> str:  # noqa: C901, PLR0911 - one for each kind
    """Return what a resource is, in words."""
    match resource:
        case Node():
            return f'{resource.role.value} "{resource.name}"'
        case Cable():
            return f'cable "{resource.a_node}" {resource.a_device} to "{resource.b_node}" {resource.b_device}'
        case Relay():
            return f'speed of NIC "{resource.nic}"'
        case VlanDevice() | TeamDevice():
            return f'{resource.title} "{resource.node}" {resource.device}'
        case Instance():
            return f'Open vSwitch of "{resource.node}"'
        case Bridge():
            switch = resource.intent
            return f'switch "{switch.switch}" of "{switch.host}"' if switch else f"physical switch {resource.device}"
        case Port():
            port = resource.intent
            where = f"{resource.bridge} of {resource.node}"
            return f'port of "{port.adapter}" on {where}' if port else f"port {resource.device} on {where}"
        case Interface():
            return f'IP settings of "{resource.node}/{resource.alias}"'
        case Route():
            source = f" from {resource.source}" if resource.source else ""
            return f'route of "{resource.node}" to {resource.destination}{source}'
        case Rule():
            return f'routing rule of "{resource.node}" for {resource.source}'
        case Service():
            return f'{resource.title} of "{resource.node}"'


def compare(
    recorded: Blueprint, observed: Blueprint, wanted: Blueprint, doubtful: frozenset[Key] = frozenset()
) -> Plan:
    """Return what turns the observed lab into the wanted one.

    ``recorded`` is what was wanted before: it tells a change of the file from something lost in the running lab.
    ``doubtful`` is what may be half made, although it can be observed.
    """
    had, has, want = recorded.by_key(), observed.by_key(), wanted.by_key()
    remake = _remade(has, want, doubtful)
    steps: list[Step] = []
    for resource in reversed(tuple(observed.resources())):
        key = resource.key
        if key not in want:
            steps.append(Step(Action.REMOVE, resource, None, _why_removed(had.get(key))))
        elif key in remake:
            steps.append(Step(Action.REMOVE, resource, None, remake[key]))
    for resource in wanted.resources():
        key = resource.key
        found = has.get(key)
        if found is None or key in remake:
            steps.append(Step(Action.CREATE, None, resource, remake.get(key) or _why_created(key, resource, had)))
        elif found != resource:
            steps.append(Step(Action.CHANGE, found, resource, _why_changed(found, resource, had.get(key))))
    return Plan(tuple(steps))


def half_made(recorded: Blueprint, begun: Iterable[Blueprint]) -> frozenset[Key]:
    """Return what interrupted changes may have left half made: it is not in everything the lab was or was to become.

    A machine is observed as soon as its process is there, a cable as soon as it has two ends, an internal port as soon
    as Open vSwitch has it; what they are given next (firewall rules, offloads) is not observed at all.
    """
    stages = [recorded.by_key(), *(blueprint.by_key() for blueprint in begun)]
    return frozenset(
        key
        for stage in stages
        for key, resource in stage.items()
        if isinstance(resource, Node | Cable | Relay | VlanDevice | TeamDevice)
        or (isinstance(resource, Port) and resource.internal)
        if not all(key in other for other in stages)
    )


def _remade(has: dict[Key, Resource], want: dict[Key, Resource], doubtful: frozenset[Key]) -> dict[Key, str]:
    """Tell what cannot be changed in place and must be removed and created, and what goes down with it."""
    remake: dict[Key, str] = {key: "may be half made" for key in want if key in doubtful and key in has}
    for key, new in want.items():
        old = has.get(key)
        if old is None or old == new:
            continue
        if key not in remake and not _changes_in_place(old, new):
            remake[key] = differences(old, new)
    providers = _providers(want)
    for key, resource in want.items():  # in the order of creation, so one pass is enough
        lost = next((need for need in _needs(resource, providers) if need in remake or need not in has), None)
        if lost and key in has:
            remake.setdefault(key, f"goes with {describe(want[lost])}")
    return remake


def _providers(want: dict[Key, Resource]) -> dict[tuple[str, str], Key]:
    """Tell which resource makes each network device."""
    providers: dict[tuple[str, str], Key] = {}
    for key, resource in want.items():
        if isinstance(resource, Cable):
            providers[resource.a_node, resource.a_device] = key
            providers[resource.b_node, resource.b_device] = key
        elif isinstance(resource, VlanDevice | TeamDevice) or (isinstance(resource, Port) and resource.internal):
            providers[resource.node, resource.device] = key
    return providers


def _needs(resource: Resource, providers: dict[tuple[str, str], Key]) -> Iterator[Key]:  # noqa: C901 - one for each kind
    """Yield the keys of what a resource cannot outlive."""
    match resource:
        case Cable():
            yield ("node", resource.a_node)
            yield ("node", resource.b_node)
        case Relay() | VlanDevice() | TeamDevice():
            yield ("node", resource.node)
            yield from (providers[resource.node, parent] for parent in resource.parents)
        case Instance() | Rule():
            yield ("node", resource.node)
        case Bridge():
            yield ("instance", resource.node)
        case Port():
            yield ("bridge", resource.node, resource.bridge)
            if not resource.internal and (resource.node, resource.device) in providers:
                yield providers[resource.node, resource.device]
        case Interface():
            if (resource.node, resource.device) in providers:
                yield providers[resource.node, resource.device]
        case Route():
            yield ("interface", resource.node, resource.device) if resource.device else ("node", resource.node)
        case Service():
            yield ("node", resource.node)
            if (resource.node, resource.device) in providers:
                yield providers[resource.node, resource.device]


def _changes_in_place(old: Resource, new: Resource) -> bool:
    return all(getattr(old, name) == getattr(new, name) for name in _FIXED.get(type(new), ()))


_FIXED: Final[dict[type, tuple[str, ...]]] = {
    Node: ("role",),
    Port: ("bridge", "ofport", "internal", "shaped"),
    Cable: ("a_node", "a_device"),
    VlanDevice: ("parent", "vlan_id"),
    TeamDevice: ("members", "mac"),
    Relay: ("far",),
}


def differences(old: object, new: object) -> str:
    """Return the differing fields of two values of one dataclass, nested ones too: ``mtu: 1500 -> 9000``."""
    return ", ".join(_differing(old, new))


def _differing(old: object, new: object) -> Iterator[str]:
    for each in fields(new):  # type: ignore[arg-type]
        before, after = getattr(old, each.name), getattr(new, each.name)
        if before == after:
            continue
        if is_dataclass(before) and is_dataclass(after):
            yield from _differing(before, after)
        elif isinstance(new, Service) and each.name in ("settings", "files"):
            one, other = dict(before), dict(after)
            yield from (name for name in sorted({*one, *other}) if one.get(name) != other.get(name))
        else:
            yield f"{each.name}: {_short(before)} -> {_short(after)}"


def _short(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(map(str, value)) or "none"
    return str(value) if value not in ("", None) else "none"


def _why_created(key: Key, resource: Resource, had: dict[Key, Resource]) -> str:
    return "missing in the running lab" if had.get(key) == resource else "new in the topology"


def _why_removed(recorded: Resource | None) -> str:
    return "no longer in the topology" if recorded else "not in the topology"


def _why_changed(found: Resource, new: Resource, recorded: Resource | None) -> str:
    prefix = "differs in the running lab: " if recorded == new else ""
    return prefix + differences(found, new)
