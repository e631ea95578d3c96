"""Which routes and rules a plan takes from a machine, and which it gives it, as `ip` commands."""

from __future__ import annotations

from collections.abc import Iterator

from lab.emulation import links
from lab.engine.plan import Action, Plan
from lab.engine.resources import Blueprint, Interface, Route, Rule


class RouteChanges:
    """Which routes and rules of each node go, and which come."""

    def __init__(self, plan: Plan, wanted: Blueprint) -> None:
        self._wanted = wanted
        self._plan = plan
        changed = (*plan.of(Interface, Action.CREATE, Action.CHANGE), *plan.of(Route), *plan.of(Rule))
        self.nodes = {step.resource.node for step in changed if isinstance(step.resource, Interface | Route | Rule)}
        remade = {step.resource.key for step in plan.of(Interface, Action.CREATE)}
        self._alive = {each.key for each in wanted.interfaces} - remade

    def removals(self, node: str) -> Iterator[str]:
        """Yield the commands that take away what is no longer wanted, where its device is still there."""
        for step in self._plan.of(Route, Action.REMOVE):
            route = step.resource
            if isinstance(route, Route) and route.node == node and self._can_be_removed(route):
                yield links.remove_route(route)
        for step in self._plan.of(Rule, Action.REMOVE):
            rule = step.resource
            if isinstance(rule, Rule) and rule.node == node and node in {each.name for each in self._wanted.nodes}:
                yield links.remove_rule(rule.source)

    def _can_be_removed(self, route: Route) -> bool:
        if not route.device:
            return route.node in {node.name for node in self._wanted.nodes}
        return ("interface", route.node, route.device) in self._alive

    def additions(self, node: str) -> Iterator[str]:
        """Yield the commands that make every wanted route; one that is there already stays as it is."""
        for step in self._plan.of(Rule, Action.CREATE):
            if isinstance(step.resource, Rule) and step.resource.node == node:
                yield links.add_rule(step.resource.source)
        for route in self._wanted.routes:
            if route.node == node:
                yield links.set_route(route)
