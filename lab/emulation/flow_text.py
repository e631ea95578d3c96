"""One line of ``ovs-ofctl dump-flows``, taken apart, and told in the pipeline's words: stages, registers, adapters.

Fields of frames keep the names that Open vSwitch gives them (ovs-fields(7)).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from controllers.openflow.cookies import CookieMeaning, FlowKind, read
from controllers.pipeline.registers import REGISTERS
from controllers.pipeline.tables import stage_numbered
from controllers.pipeline.values import OUT, Limit, group_text, limit_of
from lab.errors import LabFault

_DEFAULT_PRIORITY: Final = 32768
"""The priority that Open vSwitch does not print (OFP_DEFAULT_PRIORITY)."""

_LINE: Final = re.compile(
    r" cookie=(?P<cookie>0x[0-9a-f]+), duration=(?P<age>[0-9.]+)s, table=(?P<table>\d+), "
    r"n_packets=(?P<packets>\d+), n_bytes=(?P<bytes>\d+), (?P<more>(?:\w+(?:=\d+)?,? )*?)"
    r"(?:priority=(?P<priority>\d+),?)?(?P<match>\S*) actions=(?P<actions>.*)"
)
_NUMBER: Final = re.compile(r"0x[0-9a-f]+|\d+")
_REGISTER: Final = re.compile(r"reg(\d+)")
_PORTS: Final = frozenset({"receiver", "arrived", "member", "own_member"})
"""The registers that hold a port's number."""
_PRESENT: Final = 0x1000
"""The bit of a tag that says that there is one."""
_NXM: Final = re.compile(
    r"NXM_NX_REG(\d+)\[[0-9.]*\]|OXM_OF_VLAN_(VID|PCP)\[\]|(?:NXM|OXM)_OF_(ETH_SRC|ETH_DST|IN_PORT)\[\]"
)
_TAGS: Final = {"VID": "tag", "PCP": "tag pcp"}


@dataclass(frozen=True, slots=True)
class DumpedFlow:
    """A flow as ``ovs-ofctl dump-flows`` prints it; ``match`` is empty if it fits every frame."""

    cookie: int
    table: int
    priority: int
    match: str
    actions: str
    packets: int
    bytes: int
    age_s: float


def dumped(text: str) -> Iterator[DumpedFlow]:
    """Yield the flows that `ovs-ofctl -OOpenFlow13 dump-flows` printed; LabFault if a line is not understood."""
    for line in text.splitlines():
        if not line.startswith(" cookie="):
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            raise LabFault(f'a flow that Open vSwitch has cannot be read: "{line.strip()}"')
        yield DumpedFlow(
            cookie=int(found["cookie"], 16),
            table=int(found["table"]),
            priority=int(found["priority"] or _DEFAULT_PRIORITY),
            match=found["match"],
            actions=found["actions"],
            packets=int(found["packets"]),
            bytes=int(found["bytes"]),
            age_s=float(found["age"]),
        )


def split(text: str) -> list[str]:
    """Return the parts between commas that are in no parentheses.

    >>> split("learn(table=17,priority=1000),goto_table:16")
    ['learn(table=17,priority=1000)', 'goto_table:16']
    """
    parts, depth = [""], 0
    for char in text:
        depth += (char == "(") - (char == ")")
        if char == "," and not depth:
            parts.append("")
        else:
            parts[-1] += char
    return [part for part in parts if part]


class FlowWords:
    """Tells flows of one switch in words. ``ports`` are the names of what is connected, by port number."""

    def __init__(self, ports: Mapping[int, str]) -> None:
        self._ports = ports

    def port(self, number: int) -> str:
        """Return what is connected to a port."""
        return self._ports.get(number, f"port {number}")

    def match(self, text: str) -> str:
        """Return what a flow fits, empty if every frame."""
        return ", ".join(self._criterion(each) for each in split(text))

    def _criterion(self, text: str) -> str:
        name, _, value = text.partition("=")
        if name == "in_port":
            return f"in_port={self._numbered(value)}"
        if register := _REGISTER.fullmatch(name):
            return self._register(int(register[1]), value)
        if name == "dl_vlan":
            return f"tag={value}"
        return _tag(value) if name == "vlan_tci" else text

    def _numbered(self, value: str) -> str:
        return self.port(int(value, 0)) if value[:1].isdigit() else value

    def _register(self, number: int, value: str) -> str:
        name = _register_name(number)
        plain, _, mask = value.partition("/")
        if mask:
            return f"{name}={int(plain, 0)}/{mask}"
        return f"{name}={self._value(name, int(plain, 0))}"

    def _value(self, name: str, value: int) -> str:
        return self.port(value) if name in _PORTS and value else str(value)

    def actions(self, flow: DumpedFlow) -> str:
        """Return what a flow does with a frame."""
        meaning = read(flow.cookie)
        if flow.actions == "drop":
            return _nothing(flow, meaning)
        return ", ".join(self._action(each) for each in split(flow.actions))

    def _action(self, text: str) -> str:
        name, mark, rest = text.partition("(" if re.match(r"\w+\(", text) else ":")
        tell = self._tellers().get(name)
        return tell(rest.removesuffix(")") if mark == "(" else rest) if tell else text

    def _tellers(self) -> Mapping[str, Callable[[str], str]]:
        return {
            "goto_table": lambda rest: f"goto {_stage(int(rest))}",
            "resubmit": lambda rest: f"consult {_stage(int(rest.rpartition(',')[2]))}",
            "output": lambda rest: f"output {self._numbered(rest)}",
            "group": lambda rest: f"replicate to {group_text(int(rest))}",
            "meter": lambda rest: self._police(int(rest)),
            "set_field": self._assigned,
            "load": self._assigned,
            "move": _moved,
            "push": lambda rest: f"push {_field(rest)}",
            "pop": lambda rest: f"pop {_field(rest)}",
            "pop_vlan": lambda rest: "untag",
            "push_vlan": lambda rest: "tag",
            "learn": self._learn,
            "bundle_load": self._choose,
            "CONTROLLER": lambda rest: "ask controller",
        }

    def _assigned(self, rest: str) -> str:
        value, _, target = rest.rpartition("->")
        name = _register_name(int(found[1])) if (found := _REGISTER.fullmatch(target)) else _field(target)
        if name == "in_port":
            return f"enter by {self._numbered(value)}"
        return f"{name}:={self._value(name, int(value, 0)) if _NUMBER.fullmatch(value) else value}"

    def _police(self, number: int) -> str:
        limit, ofport = limit_of(number)
        return f"police {'questions of ' if limit is not Limit.STORM else ''}{self.port(ofport)}"

    def _learn(self, rest: str) -> str:
        parts = dict(each.partition("=")[::2] for each in split(rest))
        meaning = read(int(parts.get("cookie", "0"), 0))
        if meaning is None:
            return f"learn({rest})"
        whose = self.port(meaning.ofport)
        if meaning.kind is FlowKind.ADMITTED:
            where = "from" if meaning.way == OUT else "to"
            return f"admit answers {where} {whose} for {parts.get('idle_timeout', '0')} s"
        return f"learn sender at {whose} for {meaning.ageing_s} s"

    def _choose(self, rest: str) -> str:
        head, _, members = rest.partition(",members:")
        register = _field(head.rpartition(",")[2])
        how = "one by flow" if ",hrw," in head else "first"
        return f"{register}:={how} of {' and '.join(map(self._numbered, members.split(',')))} with a link"


def _nothing(flow: DumpedFlow, meaning: CookieMeaning | None) -> str:
    """Return what it means that a flow has no action."""
    if meaning and meaning.reason:
        return f"drop: {meaning.reason}"
    return "return" if meaning and stage_numbered(flow.table).returns else "drop"


def _stage(table: int) -> str:
    try:
        return stage_numbered(table).name
    except IndexError:
        return f"table {table}"


def _register_name(number: int) -> str:
    return REGISTERS[number].name if number < len(REGISTERS) else f"reg{number}"


def _field(text: str) -> str:
    """Return a field, or part of one, as actions name it."""
    found = _NXM.fullmatch(text)
    if found is None:
        return text
    return _register_name(int(found[1])) if found[1] else _TAGS.get(found[2] or "", (found[3] or "").lower())


def _moved(rest: str) -> str:
    source, _, target = rest.partition("->")
    return f"{_field(target)}:={_field(source)}"


def _tag(value: str) -> str:
    """Return what a match says of the tag, whose bits are those of vlan_tci."""
    tci, mask = (int(part or "0xffff", 0) for part in value.partition("/")[::2])
    if not tci & _PRESENT:
        return "tag=none"
    vlan, of = tci & 0xFFF, mask & 0xFFF
    return f"tag={vlan}" if of == 0xFFF else f"tag={vlan}/{of:#05x}"
