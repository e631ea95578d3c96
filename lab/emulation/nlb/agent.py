"""One member at work: heartbeats come and go, the kernel gets other rules, somebody asks or gives orders."""

from __future__ import annotations

import contextlib
import json
import os
import select
import time
from dataclasses import asdict, replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, Final

from . import control, guest
from . import filter as filters
from .buckets import EVERY_BUCKET
from .frames import BROADCAST, heartbeat, join, read_heartbeat
from .hashing import bucket
from .membership import PERIOD_S, TOLERANCE, Event, Intent, Membership, Memory
from .setup import IGMP_MULTICAST, UNICAST, Setup, igmp_group

_LOOK_S: Final = 1.0
"""How often the adapter and the connections are looked at."""
_JOIN_S: Final = 60.0
_KEPT_NAMES: Final = ("history", "owned")

ORDERS: Final = ("start", "stop", "drainstop", "suspend", "resume")


class Agent:
    """The program of one member."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        now = time.monotonic()
        self._member = Membership(setup, now, recall(setup.memory, now))
        self._wire = guest.open_wire(setup.device)
        self._in_force: tuple[object, ...] = ()
        self._remembered: tuple[object, ...] = ()
        # In which buckets it may have connections: at first nobody knows.
        self._kept = [EVERY_BUCKET] * (len(setup.rules) + 1)
        self._looked = self._joined = now - _JOIN_S
        self._drained_at = float("inf")

    def run(self) -> None:
        """Work until somebody ends the program."""
        events = select.poll()
        events.register(self._wire, select.POLLIN)
        self._work(time.monotonic())
        # That there is somebody to ask means that the adapter has its addresses.
        listener = control.listen(self._setup.control, self._setup.ready)
        events.register(listener, select.POLLIN)
        while True:
            wait = self._member.due(time.monotonic()) if self._member.started else _LOOK_S
            events.poll(max(1.0, min(wait, _LOOK_S) * 1000))
            now = time.monotonic()
            for frame in guest.waiting(self._wire):
                if told := read_heartbeat(frame):
                    self._member.heard(told, now)
            self._work(now)
            control.answer_all(listener, self._answer)

    def _work(self, now: float) -> None:
        member = self._member
        member.settle(now)
        self._enforce()
        if now - self._looked >= _LOOK_S:
            self._looked = now
            self._look(now)
        if member.started and member.due(now) <= 0:
            self._speak(now)

    def _speak(self, now: float, *, leaving: bool = False) -> None:
        # Windows sends broadcasts in unicast mode, for all members have the address that it would be sent to.
        target = BROADCAST if self._setup.mode == UNICAST else self._setup.cluster_mac
        guest.send(self._wire, heartbeat(target, self._setup.sent_from, self._member.heartbeat(now, leaving=leaving)))

    def _enforce(self) -> None:
        """Have the kernel accept what the member accepts."""
        member = self._member
        wanted = member.started, tuple(member.accepted), tuple(self._kept)
        if wanted != self._in_force:
            self._kept = [had | owned for had, owned in zip(self._kept, member.accepted, strict=True)]
            guest.filter_frames(filters.cluster(self._setup, member.accepted, self._kept, started=member.started))
            self._in_force = member.started, tuple(member.accepted), tuple(self._kept)
        known = self._in_force[:2], member.intent, member.draining, member.epoch, member.standing, member.history[-1:]
        if known != self._remembered:
            remember(self._setup.memory, member.memory())
            self._remembered = known

    def _look(self, now: float) -> None:
        """Put right what is not so any more, and go on with what takes time."""
        with contextlib.suppress(OSError):  # the adapter is not there: it may come back
            if guest.bind(self._setup):
                guest.announce(self._setup, self._wire)
        member = self._member
        # When it was last alive, by a clock that nobody sets.
        os.utime(self._setup.memory, ns=(int(now * 1e9), int(now * 1e9)))
        if member.started and self._setup.mode == IGMP_MULTICAST and now - self._joined >= _JOIN_S:
            self._joined = now
            guest.send(self._wire, join(self._setup.mac, self._setup.dedicated, igmp_group(self._setup.vip)))
        if member.started and (self._kept != member.accepted or member.draining):
            self._look_at_connections(now)

    def _look_at_connections(self, now: float) -> None:
        """Forget buckets of others in which no connections are left, and leave when the last one has been drained."""
        member, setup = self._member, self._setup
        found = guest.connections(setup.vip)
        kept = [set(owned) for owned in member.accepted]
        for each in found:
            for at, rule in enumerate(setup.rules):
                if rule.start <= each.port <= rule.end:
                    kept[at].add(bucket(rule.affinity, each.client, each.client_port, setup.seed))
        self._kept = [frozenset(buckets) for buckets in kept]
        drained = now >= self._drained_at or all(each.over for each in found)
        if member.draining and not any(member.accepted) and drained:
            self._leave(now, Intent.STOPPED)

    def _leave(self, now: float, intent: Intent) -> None:
        if self._member.started:
            self._speak(now, leaving=True)
        self._member.stop(now, intent)
        self._drained_at = float("inf")

    # -- questions and orders -----------------------------------------------------------------------------------------

    def _answer(self, question: dict[str, Any]) -> dict[str, Any]:
        now = time.monotonic()
        wanted = question.get("op")
        if wanted == "state":
            return self._state(now)
        if wanted == "filter":
            return self._verdict(question)
        if wanted not in ORDERS:
            return {"error": f"unknown order {wanted!r}"}
        if refusal := self._obey(wanted, now, float(question.get("timeout_s") or "inf")):
            return {"error": refusal}
        self._work(now)
        return self._state(now)

    def _obey(self, order: str, now: float, timeout_s: float) -> str:
        """Do what somebody wants; return why not, if not."""
        member = self._member
        suspended = member.intent is Intent.SUSPENDED
        if suspended and order not in ("resume", "suspend"):
            return "the node is suspended: resume it first"
        match order:
            case "start":
                if not member.started or member.draining:
                    member.start(now)
            case "stop":
                self._leave(now, Intent.STOPPED)
            case "suspend":
                self._leave(now, Intent.SUSPENDED)
            case "resume" if not suspended:
                return "the node is not suspended"
            case "resume":
                # As in Windows it is stopped then, and waits to be started.
                member.stop(now)
            case _:
                if not member.started:
                    return "the node is not started"
                self._drained_at = now + timeout_s
                member.drain(now)
        return ""

    def _state(self, now: float) -> dict[str, Any]:
        setup, member = self._setup, self._member
        return {
            "cluster": setup.cluster,
            "node": setup.name,
            "state": member.state,
            "host": setup.priority,
            "refusal": member.refusal,
            "view": sorted(member.view()) if member.started else [],
            "accepted": {
                key: sorted(owned) for key, owned in zip(self._keys(), member.accepted, strict=True) if member.started
            },
            "mac": _or_empty(setup.device),
            "bound": guest.has_address(setup.vip),
            "connections": sum(not each.over for each in guest.connections(setup.vip)),
            "history": [{"ago_s": round(now - event.at_s, 1), "text": event.text} for event in member.history],
        }

    def _keys(self) -> list[str]:
        return [*(rule.key for rule in self._setup.rules), "default"]

    def _verdict(self, question: dict[str, Any]) -> dict[str, Any]:
        """Return whether the member accepts the first packet of a client, and why, or why not."""
        accepts, why = self._accepts(
            str(question["protocol"]), IPv4Address(question["client"]), int(question["port"]), int(question["from"])
        )
        return {"accepts": accepts, "why": why}

    def _accepts(self, protocol: str, client: IPv4Address, port: int, source: int) -> tuple[bool, str]:
        member, setup = self._member, self._setup
        if not member.started:
            return False, f"it is {member.state}"
        if protocol == "ICMP":
            return True, "every node takes ICMP"
        for rule, owned in zip(setup.rules, member.accepted, strict=False):
            if rule.start <= port <= rule.end and rule.protocol in ("Both", protocol.capitalize()):
                if rule.mode == "Disabled":
                    return False, f"the port rule {rule.key} drops it"
                if rule.mode == "Single":
                    first = "has" if owned == EVERY_BUCKET else "has not"
                    return bool(owned), f"it {first} the first handling priority of the port rule {rule.key}"
                number = bucket(rule.affinity, client, source, setup.seed)
                has = "is one of its" if number in owned else "is none of its"
                return number in owned, f"bucket {number} of the port rule {rule.key} {has} {len(owned)}"
        default = "it is" if member.accepted[-1] else "it is not"
        return bool(member.accepted[-1]), f"no port rule is about that, and {default} the default host"


def _or_empty(device: str) -> str:
    try:
        return guest.mac_of(device)
    except OSError:
        return ""


def recall(path: str, now: float) -> Memory | None:
    """Return what a member that ran before has kept; None if that is nothing, or cannot be understood.

    One that has been away for so long that the others have gone on without it has no buckets any more.
    """
    try:
        away = now - os.stat(path).st_mtime_ns / 1e9
        found = json.loads(Path(path).read_text(encoding="utf-8"))
        history = tuple(Event(float(at), str(text)) for at, text in found.pop("history"))
        owned = {key: frozenset(buckets) for key, buckets in found.pop("owned").items()}
        memory = Memory(**found | {"intent": Intent(found["intent"])}, owned=owned, history=history)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return memory if away < TOLERANCE * PERIOD_S else replace(memory, owned=None, fingerprint="")


def remember(path: str, memory: Memory) -> None:
    """Keep what a member must know if it is started again."""
    kept = {name: value for name, value in asdict(memory).items() if name not in _KEPT_NAMES}
    kept["owned"] = {key: sorted(buckets) for key, buckets in (memory.owned or {}).items()}
    kept["history"] = [[event.at_s, event.text] for event in memory.history]
    new = f"{path}.new"
    Path(new).write_text(json.dumps(kept), encoding="utf-8")
    os.replace(new, path)


def hold_out(setup: Setup) -> None:
    """Be a member whose adapter does not take the cluster's MAC address: it is in no cluster, and only says so."""
    guest.unbind(setup)  # it may have had it before
    listener = control.listen(setup.control, setup.ready)
    state = {
        "cluster": setup.cluster, "node": setup.name, "state": "Misconfigured", "host": setup.priority,
        "refusal": setup.refused, "view": [], "accepted": {}, "connections": 0, "history": [],
    }  # fmt: skip

    def answer(question: dict[str, Any]) -> dict[str, Any]:
        if question.get("op") == "filter":
            return {"accepts": False, "why": setup.refused}
        if question.get("op") != "state":
            return {"error": setup.refused}
        return state | {"mac": _or_empty(setup.device), "bound": guest.has_address(setup.vip)}

    events = select.poll()
    events.register(listener, select.POLLIN)
    while True:
        events.poll()
        control.answer_all(listener, answer)
