"""What a switch does, one module per feature: each turns a :class:`~controllers.view.SwitchView` into flows and groups.

Pure functions; nothing here knows OpenFlow messages or OVSDB. The order of the list numbers the features in cookies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from controllers.features import (
    acl,
    classify,
    deliver,
    extended_acl,
    extension,
    guard,
    learning,
    mirror,
    replicate,
    role,
    service,
    storm,
    team,
    vlan,
)
from controllers.pipeline.values import Flow, Group
from controllers.view import SwitchView


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature: its name in cookies and explanations, and what builds its flows."""

    name: str
    build: Callable[[SwitchView], tuple[tuple[Flow, ...], tuple[Group, ...]]]


_MODULES: Final = (
    classify,
    guard,
    role,
    vlan,
    learning,
    replicate,
    deliver,
    acl,
    extended_acl,
    mirror,
    storm,
    team,
    extension,
    service,
)

FEATURES: Final = tuple(Feature(module.NAME, module.build) for module in _MODULES)
