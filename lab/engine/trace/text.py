"""Reading what `ofproto/trace` prints, as Open vSwitch 3.1 to 4.0 print it.

Only what is needed is read, and by its form rather than its place: a line ``6. reg1=0, priority 1000, cookie 0x48`` is
a table, what is below it are its actions, ``->`` and ``>>`` are remarks. What is not known is kept as an action.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

_TABLE: Final = re.compile(
    r"\s*(?P<table>\d+)\. (?:(?P<match>.*?),? ?\bpriority (?P<priority>\d+)(?:, cookie (?P<cookie>0x[0-9a-f]+))?"
    r"|(?P<miss>No match.*|Packets are IP fragments.*))"
)
_REMARK: Final = re.compile(r"\s*(?:->|>>>>|>>) (?P<remark>.*?)(?: <<<<)?")
_NAME: Final = re.compile(r'"?(?P<name>[A-Za-z0-9_.-]+)"?')
_FAILED: Final = re.compile(r"Translation failed \((?P<why>.*)\)")
_VLAN: Final = re.compile(r"\bdl_vlan=(?P<vlan>\d+)")
_PUSH: Final = re.compile(r"push_vlan\(vid=(?P<vlan>\d+),.*\)")
_NOTHING: Final = "drop"


@dataclass(frozen=True, slots=True)
class Visit:
    """One table that a frame visited. ``cookie`` is 0 for a table miss and for flows without one."""

    table: int
    match: str = ""
    priority: int = 0
    cookie: int = 0
    actions: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    missed: bool = False


@dataclass(frozen=True, slots=True)
class TraceText:
    """A whole trace: tables in the order in which they were visited, and the devices that the frame left by.

    ``tags`` are the VLAN ids with which it left, by device; a device that is not there got it without a tag.
    ``failure`` is Open vSwitch's reason for giving up, empty if it did not.
    """

    visits: tuple[Visit, ...] = ()
    outputs: tuple[str, ...] = ()
    failure: str = ""
    tags: Mapping[str, int] = field(default_factory=dict)

    @property
    def remarks(self) -> tuple[str, ...]:
        return tuple(remark for visit in self.visits for remark in visit.remarks)


def parse(text: str) -> TraceText:
    """Return the content of a trace that was asked for with ``--names``."""
    visits: list[Visit] = []
    outputs: dict[str, int] = {}
    failure, entered = "", 0
    for line in text.splitlines():
        if line.startswith("Datapath actions: "):
            for name, tag in _outputs(line.partition(": ")[2], entered):
                outputs.setdefault(name, tag)
        elif line.startswith("Flow: ") and (tagged := _VLAN.search(line)):
            entered = int(tagged["vlan"])
        elif found := _FAILED.match(line):
            failure = found["why"]
        elif found := _TABLE.fullmatch(line):
            visits.append(_visit(found))
        elif visits and line.startswith("  "):
            visits[-1] = _more(visits[-1], line)
    tags = {name: tag for name, tag in outputs.items() if tag}
    return TraceText(tuple(visits), tuple(outputs), failure, tags)


def _visit(found: re.Match[str]) -> Visit:
    if found["miss"]:
        return Visit(int(found["table"]), missed=True, remarks=(found["miss"],))
    return Visit(int(found["table"]), found["match"], int(found["priority"]), int(found["cookie"] or "0", 16))


def _more(visit: Visit, line: str) -> Visit:
    remark = _REMARK.fullmatch(line)
    if remark:
        return replace(visit, remarks=(*visit.remarks, remark["remark"]))
    return replace(visit, actions=(*visit.actions, line.strip()))


def _outputs(actions: str, tag: int) -> Iterator[tuple[str, int]]:
    """Yield the devices among a list of datapath actions, those inside ``clone(...)`` and its like included.

    Beside each is the VLAN id with which it gets the frame, 0 if without a tag; `tag` is that of the frame at first.
    """
    if actions.strip() == _NOTHING:
        return
    for word in _split(actions):
        name = _NAME.fullmatch(word)
        pushed = _PUSH.fullmatch(word)
        if pushed:
            tag = int(pushed["vlan"])
        elif word == "pop_vlan":
            tag = 0
        elif name:
            yield name["name"], tag
        elif word.startswith(("clone(", "sample(", "check_pkt_len(")):
            inner = word.partition("(")[2].rpartition(")")[0]
            for part in _split(inner):
                yield from _outputs(part.rpartition("(")[2].rstrip(")") if "actions(" in part else part, tag)


def _split(actions: str) -> Iterator[str]:
    """Yield what is between the commas that are outside all brackets."""
    word, depth = "", 0
    for char in actions:
        depth += (char in "({") - (char in ")}")
        if char == "," and depth == 0:
            yield word.strip()
            word = ""
        else:
            word += char
    if word.strip():
        yield word.strip()
