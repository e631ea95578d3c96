"""Which routes and rules a plan takes from a machine, and which it gives it, as rtnetlink messages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from lab.emulation import links
from lab.emulation.netlink import Message
from lab.engine.plan import Action, Plan
from lab.engine.resources import Blueprint, Interface, Resource, Route, Rule


class RouteChanges:
    """Which routes and rules of each node go, and which come."""

    def __init__(self, plan: Plan, wanted: Blueprint) -> None:
        changed = (*plan.of(Interface, Action.CREATE, Action.CHANGE), *plan.of(Route), *plan.of(Rule))
        self.nodes = {step.resource.node for step in changed if isinstance(step.resource, Interface | Route | Rule)}
        remade = {step.resource.key for step in plan.of(Interface, Action.CREATE)}
        self._alive = {each.key for each in wanted.interfaces} - remade
        self._nodes = {each.name for each in wanted.nodes}
        self._routes = _by_node(wanted.routes)
        self._removed_routes = _by_node(step.resource for step in plan.of(Route, Action.REMOVE))
        self._removed_rules = _by_node(step.resource for step in plan.of(Rule, Action.REMOVE))
        self._new_rules = _by_node(step.resource for step in plan.of(Rule, Action.CREATE))

    def removals(self, node: str) -> Iterator[Message]:
        """Yield what takes away what is no longer wanted, where its device is still there."""
        for route in self._removed_routes[node]:
            if isinstance(route, Route) and self._can_be_removed(route):
                yield links.remove_route(route)
        for rule in self._removed_rules[node]:
            if isinstance(rule, Rule) and node in self._nodes:
                yield links.remove_rule(rule.source)

    def _can_be_removed(self, route: Route) -> bool:
        if not route.device:
            return route.node in self._nodes
        return ("interface", route.node, route.device) in self._alive

    def additions(self, node: str) -> Iterator[Message]:
        """Yield what makes every wanted route; one that is there already stays as it is."""
        for rule in self._new_rules[node]:
            if isinstance(rule, Rule):
                yield links.add_rule(rule.source)
        for route in self._routes[node]:
            if isinstance(route, Route):
                yield links.set_route(route)


def _by_node(resources: Iterable[Resource]) -> Mapping[str, list[Resource]]:
    found: dict[str, list[Resource]] = defaultdict(list)
    for resource in resources:
        if isinstance(resource, Route | Rule):
            found[resource.node].append(resource)
    return found
