"""Cookies: which feature and which port a flow belongs to, written into the flow itself.

A cookie is allocated, not hashed, so everything can be read back from it::

    63      56 55   48 47     40 39     32 31            16 15             0
    +---------+-------+---------+---------+----------------+----------------+
    |  mark   | kind  | feature | aspect  |     detail     |     ofport     |
    +---------+-------+---------+---------+----------------+----------------+

``aspect`` is the number of the drop reason, or which way an answer may pass, else 0. ``detail`` is the ageing time of
what is learned, or which entry of an access list is meant: of one that waits for answers something that changes with
the entry, of others its place in the list, from 1. A learned entry carries the port it
was learned on and the ageing time it was learned with; when the learn rule with that port and time goes, the switch
removes the entries with it. So a new ageing time also forgets what was learned under the old one (the switch would
keep the old time).

>>> meaning = read(learned_cookie(3, 300))
>>> meaning.kind, meaning.ofport, meaning.ageing_s
(<FlowKind.LEARNED: 3>, 3, 300)

To get at names: :func:`explain` with the :class:`~controllers.compiler.Program` of the switch.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from controllers.features import FEATURES
from controllers.pipeline.reasons import DropReason
from controllers.pipeline.values import IN, OUT, SWITCH, Action, Admit, Count, Drop, Flow, Learn, Owner

if TYPE_CHECKING:
    from controllers.compiler import Program
    from controllers.view import PortView

MARK: Final = 0x48
LEARNING_FEATURE: Final = "learning"
ADMITTING_FEATURE: Final = "extended_acl"
_NAMES: Final = tuple(feature.name for feature in FEATURES)
_NUMBERS: Final = {name: number for number, name in enumerate(_NAMES, start=1)}


class FlowKind(IntEnum):
    """What a flow is for."""

    FORWARD = 0
    DROP = 1
    LEARN_RULE = 2
    LEARNED = 3
    STATIC = 4
    ADMIT_RULE = 5
    ADMITTED = 6
    COUNT = 7


@dataclass(frozen=True, slots=True)
class CookieMeaning:
    """What a cookie says by itself. ``ofport`` is 0 for a flow of the switch as a whole."""

    kind: FlowKind
    owner: Owner
    reason: DropReason | None = None
    ageing_s: int = 0
    entry: int = 0
    way: int = 0

    @property
    def ofport(self) -> int:
        return self.owner.ofport


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a cookie says about one switch: ``port`` is None for the switch as a whole, or if the port is gone."""

    meaning: CookieMeaning
    switch: str
    port: PortView | None

    @property
    def object_name(self) -> str:
        """Return the adapter's name, or the switch's."""
        if self.meaning.ofport == SWITCH:
            return self.switch
        return self.port.intent.adapter if self.port else f"port {self.meaning.ofport} (gone)"


def cookie_of(flow: Flow) -> int:
    """Return the cookie of a compiled flow."""
    kind, detail, aspect = FlowKind.FORWARD, 0, 0
    if flow.stage == "fdb" and flow.actions:
        kind = FlowKind.STATIC
    for action in flow.actions:
        if isinstance(action, Drop):
            kind, detail, aspect = FlowKind.DROP, action.entry, int(action.reason)
        elif isinstance(action, Count):
            kind, detail = FlowKind.COUNT, action.entry
        elif isinstance(action, Learn):
            kind, detail = FlowKind.LEARN_RULE, action.ageing_s
        elif isinstance(action, Admit):
            kind, detail, aspect = FlowKind.ADMIT_RULE, action.entry, action.way
    return _pack(kind, flow.owner, detail, aspect)


def learned_cookie(ofport: int, ageing_s: int) -> int:
    """Return the cookie of what is learned at a port."""
    return _pack(FlowKind.LEARNED, Owner(LEARNING_FEATURE, ofport), ageing_s)


def admitted_cookie(admit: Admit) -> int:
    """Return the cookie of the answers that an entry of an extended ACL waits for."""
    return _pack(FlowKind.ADMITTED, Owner(ADMITTING_FEATURE, admit.ofport), admit.entry, admit.way)


def remembered_cookie(action: Action) -> int | None:
    """Return the cookie of what an action makes the switch remember by itself; None if it is not such an action."""
    if isinstance(action, Learn):
        return learned_cookie(action.ofport, action.ageing_s)
    return admitted_cookie(action) if isinstance(action, Admit) else None


def read(cookie: int) -> CookieMeaning | None:
    """Return what a cookie says, or None if it is not one of ours."""
    mark, kind, feature, aspect = cookie >> 56, cookie >> 48 & 0xFF, cookie >> 40 & 0xFF, cookie >> 32 & 0xFF
    detail, ofport = cookie >> 16 & 0xFFFF, cookie & 0xFFFF
    if mark != MARK or not 1 <= feature <= len(_NAMES):
        return None
    owner = Owner(_NAMES[feature - 1], ofport)
    try:
        match FlowKind(kind):
            case FlowKind.DROP:
                return CookieMeaning(FlowKind.DROP, owner, DropReason(aspect), entry=detail)
            case (FlowKind.ADMIT_RULE | FlowKind.ADMITTED) as flow_kind:
                return CookieMeaning(flow_kind, owner, entry=detail, way=aspect) if aspect in (IN, OUT) else None
            case (FlowKind.LEARN_RULE | FlowKind.LEARNED) as flow_kind:
                return None if aspect else CookieMeaning(flow_kind, owner, ageing_s=detail)
            case FlowKind.COUNT:
                return None if aspect else CookieMeaning(FlowKind.COUNT, owner, entry=detail)
            case flow_kind:
                return None if aspect or detail else CookieMeaning(flow_kind, owner)
    except ValueError:
        return None


def mask_of(kind: FlowKind) -> tuple[int, int]:
    """Return the value and the mask of the cookies of one kind."""
    return MARK << 56 | kind << 48, 0xFFFF << 48


def explain(cookie: int, program: Program) -> Explanation | None:
    """Return what a cookie says in the names of the switch it was seen on, or None if it is not one of ours."""
    meaning = read(cookie)
    if meaning is None:
        return None
    port = next((port for port in program.view.ports if port.ofport == meaning.ofport), None)
    return Explanation(meaning, program.view.intent.switch, port)


def _pack(kind: FlowKind, owner: Owner, detail: int, aspect: int = 0) -> int:
    return MARK << 56 | kind << 48 | _NUMBERS[owner.feature] << 40 | aspect << 32 | detail << 16 | owner.ofport
