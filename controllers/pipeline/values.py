"""Flows and groups as values: what features return, what is compared, printed and sent.

Equality is structural. A value says what is meant (``Drop(reason)``, ``Goto("learn")``), not how OpenFlow spells it;
the spelling is ``controllers.openflow``'s business.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final, TypeAlias

from controllers.pipeline.fields import FIELDS, FULL_MASKS, mac_text
from controllers.pipeline.priorities import Priority
from controllers.pipeline.reasons import DropReason
from controllers.pipeline.registers import Register

SWITCH: Final = 0
"""The object of a flow that belongs to the switch as a whole, where others have a port number."""


OUT: Final = 1
IN: Final = 2
"""Which way a frame goes, as seen by an adapter: what it sends, and what it gets."""

UNTAGGED: Final = 0
"""The VLAN of frames without a tag."""


@dataclass(frozen=True, slots=True, order=True)
class Criterion:
    """One matched field: ``value`` under ``mask``."""

    field: str
    value: int
    mask: int

    @property
    def is_exact(self) -> bool:
        return self.mask == FULL_MASKS[self.field]

    def __str__(self) -> str:
        spec = FIELDS[self.field]
        return f"{self.field}={spec.show(self.value)}" + ("" if self.is_exact else f"/{spec.show(self.mask)}")


Match: TypeAlias = tuple[Criterion, ...]


def match(**wanted: int | tuple[int, int]) -> Match:
    """Return a match from ``field=value`` or ``field=(value, mask)``; no argument matches every frame."""
    criteria = []
    for name, value in sorted(wanted.items()):
        full = FULL_MASKS[name]
        number, mask = value if isinstance(value, tuple) else (value, full)
        criteria.append(Criterion(name, number & mask, mask))
    return tuple(criteria)


@dataclass(frozen=True, slots=True)
class SetRegister:
    """Write a register."""

    register: Register
    value: int

    def __str__(self) -> str:
        return f"{self.register.name}:={self.value}"


@dataclass(frozen=True, slots=True)
class ReadTag:
    """Write the VLAN id of the frame's tag into a register."""

    register: Register

    def __str__(self) -> str:
        return f"{self.register.name}:=tag"


@dataclass(frozen=True, slots=True)
class PopTag:
    """Take the frame's tag off."""

    def __str__(self) -> str:
        return "untag"


@dataclass(frozen=True, slots=True)
class PushTag:
    """Put a tag on (802.1Q, type 0x8100)."""

    def __str__(self) -> str:
        return "tag"


@dataclass(frozen=True, slots=True)
class WriteTag:
    """Write a register into the VLAN id of the frame's tag."""

    register: Register

    def __str__(self) -> str:
        return f"tag:={self.register.name}"


@dataclass(frozen=True, slots=True)
class ReadPcp:
    """Write the priority of the frame's tag into a register."""

    register: Register

    def __str__(self) -> str:
        return f"{self.register.name}:=tag pcp"


@dataclass(frozen=True, slots=True)
class WritePcp:
    """Write a register into the priority of the frame's tag."""

    register: Register

    def __str__(self) -> str:
        return f"tag pcp:={self.register.name}"


@dataclass(frozen=True, slots=True)
class EnterBy:
    """Go on as if the frame had come in by another port."""

    ofport: int

    def __str__(self) -> str:
        return f"enter by {self.ofport}"


@dataclass(frozen=True, slots=True)
class Push:
    """Put the value of a field aside, on top of others."""

    field: str

    def __str__(self) -> str:
        return f"push {self.field}"


@dataclass(frozen=True, slots=True)
class Pop:
    """Write the value that was put aside last into a field."""

    field: str

    def __str__(self) -> str:
        return f"pop {self.field}"


@dataclass(frozen=True, slots=True)
class Choose:
    """Write into a register the number of the first port that has a link, or of any that has, always the same for a
    flow (its addresses and ports)."""

    register: Register
    ofports: tuple[int, ...]
    by_flow: bool = False

    def __str__(self) -> str:
        of = ",".join(map(str, self.ofports))
        return f"{self.register.name}:={'one by flow' if self.by_flow else 'first'} of {of} with a link"


@dataclass(frozen=True, slots=True)
class SetSource:
    """Replace the source MAC address."""

    mac: int

    def __str__(self) -> str:
        return f"eth_src:={mac_text(self.mac)}"


@dataclass(frozen=True, slots=True)
class Goto:
    """Go on in a later stage."""

    stage: str

    def __str__(self) -> str:
        return f"goto {self.stage}"


@dataclass(frozen=True, slots=True)
class Consult:
    """Let another stage act on the frame, then come back."""

    stage: str

    def __str__(self) -> str:
        return f"consult {self.stage}"


@dataclass(frozen=True, slots=True)
class Learn:
    """Remember that the sender's address, in its database, is behind a port, until `ageing_s` after its last frame."""

    ofport: int
    ageing_s: int

    def __str__(self) -> str:
        return f"learn sender at {self.ofport} for {self.ageing_s} s"


@dataclass(frozen=True, slots=True)
class Admit:
    """Remember that answers to this packet may pass a port: one that it sends, or one that it gets.

    ``way`` is OUT or IN, ``version`` IP's, ``protocol`` TCP's or UDP's number. It is forgotten when there was no answer
    for ``idle_s`` seconds, and with the ``entry`` of the port's extended ACL that wanted it (16 bits).
    """

    ofport: int
    way: int
    version: int
    protocol: int
    idle_s: int
    entry: int

    def __str__(self) -> str:
        where = "from" if self.way == OUT else "to"
        return f"admit answers {where} {self.ofport} for {self.idle_s} s (entry {self.entry:#06x})"


class Limit(IntEnum):
    """What a meter limits: what a port sends to many, its questions to the switch, or those of all ports together."""

    STORM = 0
    QUESTIONS = 1
    CONTROLLER = 2


_QUESTIONS_FROM: Final = 1 << 16
_CONTROLLER_METER: Final = 0xFFFFFFFE
"""OFPM_CONTROLLER: the meter of whatever a switch gives to its controller."""


def meter_number(limit: Limit, ofport: int) -> int:
    """Return the number of a meter; no two have the same."""
    numbers = {Limit.STORM: ofport, Limit.QUESTIONS: _QUESTIONS_FROM + ofport, Limit.CONTROLLER: _CONTROLLER_METER}
    return numbers[limit]


def limit_of(number: int) -> tuple[Limit, int]:
    """Return what the meter of a number limits, and of which port."""
    if number == _CONTROLLER_METER:
        return Limit.CONTROLLER, SWITCH
    return (Limit.QUESTIONS, number - _QUESTIONS_FROM) if number >= _QUESTIONS_FROM else (Limit.STORM, number)


@dataclass(frozen=True, slots=True)
class Police:
    """Let a meter of a port drop what is too much."""

    ofport: int
    limit: Limit = Limit.STORM

    @property
    def number(self) -> int:
        """Return the number of the meter."""
        return meter_number(self.limit, self.ofport)

    def __str__(self) -> str:
        return f"police {'questions of ' if self.limit else ''}{self.ofport}"


@dataclass(frozen=True, slots=True)
class AskController:
    """Give the controller a copy, which it may answer."""

    def __str__(self) -> str:
        return "ask controller"


@dataclass(frozen=True, slots=True)
class Replicate:
    """Give every bucket of a group its own copy."""

    group_id: int

    def __str__(self) -> str:
        return f"replicate to {group_text(self.group_id)}"


@dataclass(frozen=True, slots=True)
class Output:
    """Send out of a port; never of the port the frame came from."""

    ofport: int

    def __str__(self) -> str:
        return f"output {self.ofport}"


@dataclass(frozen=True, slots=True)
class Drop:
    """Drop, and say why. ``entry``: the place, from 1, of what denies it in an access list of the port."""

    reason: DropReason
    entry: int = 0

    def __str__(self) -> str:
        return f"drop: {self.reason}" + (f", entry {self.entry}" if self.entry else "")


@dataclass(frozen=True, slots=True)
class Count:
    """Count, for the entry at a place, from 1, in an access list of the port."""

    entry: int

    def __str__(self) -> str:
        return f"count for entry {self.entry}"


Tagging: TypeAlias = ReadTag | PopTag | PushTag | WriteTag | ReadPcp | WritePcp
Teaming: TypeAlias = EnterBy | Push | Pop | Choose | SetSource
Action: TypeAlias = (
    SetRegister
    | Tagging
    | Teaming
    | Goto
    | Consult
    | Learn
    | Admit
    | Police
    | AskController
    | Replicate
    | Output
    | Drop
    | Count
)
Actions: TypeAlias = tuple[Action, ...]


@dataclass(frozen=True, slots=True, order=True)
class Owner:
    """Who wanted a flow: a feature, for one port of the switch or (``SWITCH``) for all of it."""

    feature: str
    ofport: int = SWITCH


@dataclass(frozen=True, slots=True)
class Flow:
    """One flow. Empty ``actions`` mean: nothing to say, return to the stage that asked."""

    stage: str
    priority: Priority | int
    match: Match
    actions: Actions
    owner: Owner

    @property
    def key(self) -> tuple[str, int, Match]:
        """Return what no two flows of a program share."""
        return self.stage, int(self.priority), self.match


ROLES: Final = ("everyone", "unknown", "mirrors")
"""Who a group of a VLAN serves: every port, those that get frames to unknown addresses, or the Destinations of port
mirroring, whatever their VLANs (one group, of VLAN 0). The order numbers them."""

VLAN_COUNT: Final = 4096


@dataclass(frozen=True, slots=True)
class Group:
    """The receivers of one role in one VLAN, one bucket each. Its number is allocated from the two: never two alike."""

    vlan: int
    role: str
    buckets: tuple[Actions, ...] = field(default=())

    @property
    def group_id(self) -> int:
        return 1 + ROLES.index(self.role) * VLAN_COUNT + self.vlan


@dataclass(frozen=True, slots=True, order=True)
class Meter:
    """How many frames a second may pass for a port. The limit of all ports together is that of port ``SWITCH``."""

    ofport: int
    packets_per_s: int
    limit: Limit = Limit.STORM

    @property
    def number(self) -> int:
        """Return what no two meters of a switch share."""
        return meter_number(self.limit, self.ofport)

    def __str__(self) -> str:
        name = {Limit.STORM: f"{self.ofport}", Limit.QUESTIONS: f"questions of {self.ofport}"}
        return f"meter {name.get(self.limit, 'questions')}: {self.packets_per_s} packets/s"


def group_text(group_id: int) -> str:
    """Return which role and VLAN a group number stands for."""
    role, vlan = divmod(group_id - 1, VLAN_COUNT)
    return f"{ROLES[role]} in VLAN {vlan}" if 0 <= role < len(ROLES) else f"group {group_id}"
