"""Who is in a cluster, as one member sees it, and how all of them come to one division of the buckets.

Pure: what was heard and what time it is are passed in, what to send and what to accept are asked for.

Each member tells the others, every second, whom it hears and what it has. Convergence begins whenever that changes
(somebody comes, goes, or is not heard for five heartbeats; a weight changes; draining begins). It has the phases that
Windows shows, in which heartbeats are twice as frequent:

1. ``ConvergingPhase1``: until all members tell of the same members. Then ``StablePhase1``.
2. ``ConvergingPhase2``: each divides the buckets anew, by :mod:`.buckets`. When all have the same division,
   ``StablePhase2``: everybody stops accepting what another one is to get.
3. ``Converged``, when everybody is there: everybody accepts what is in its buckets now.

So no bucket ever has two owners, and who has one keeps it in the meantime. After a partition both sides have all
buckets: of two who claim one, he gives it up at once whose convergence is older, or else whose host id is higher.

One who wants to join with the host id of somebody else, or with other port rules, is refused: it stays in its first
phase while it hears the other one. Of two in conflict, he stays who has been converged before, or else who has the
lower adapter address (host ids) or host id (port rules).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from .buckets import Division, divide, mask, to_one
from .frames import Heartbeat, Load, Phase
from .setup import Rule, Setup

PERIOD_S: Final = 1.0
CONVERGING_PERIOD_S: Final = 0.5
TOLERANCE: Final = 5
"""How many heartbeats may be missed in a row, less one (AliveMsgTolerance)."""
LATE_S: Final = 0.3
"""How much later than it should a heartbeat may come and not be missed."""
LISTEN_S: Final = 1.3
"""How long one who comes listens at least: a converged member speaks once in that time."""
STUCK_S: Final = 5.0
KEPT_EVENTS: Final = 100
LAST_EPOCH: Final = 2**32 - 1
"""More than will ever be, unless somebody lies."""

NONE: Final[frozenset[int]] = frozenset()
NOTHING: Final = bytes(8)
"""The digest of what is not yet known."""


class Intent(StrEnum):
    """What somebody wants a member to be."""

    STARTED = "Started"
    STOPPED = "Stopped"
    SUSPENDED = "Suspended"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, at a time of the machine's monotonic clock."""

    at_s: float
    text: str


@dataclass(frozen=True, slots=True)
class Memory:
    """What a member keeps when its program is ended and started again."""

    intent: Intent = Intent.STARTED
    draining: bool = False
    epoch: int = 0
    fingerprint: str = ""
    owned: Mapping[str, frozenset[int]] | None = None
    history: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class _Peer:
    told: Heartbeat
    at_s: float


DEFAULT: Final = "default"
"""The key of what no port rule is about, among the keys of the rules."""


class Membership:
    """One member."""

    def __init__(self, setup: Setup, now: float, before: Memory | None = None) -> None:
        before = before or Memory()
        self._setup = setup
        self._peers: dict[int, _Peer] = {}
        self._objections: dict[str, tuple[str, float]] = {}
        self._refusals: dict[str, str] = {}
        self.intent = before.intent
        self.draining = before.draining
        self.epoch = before.epoch
        self.history = list(before.history)
        self.standing = before.fingerprint == setup.fingerprint.hex()
        had = before.owned or {}
        keys = [*(rule.key for rule in setup.rules), DEFAULT]
        self._told = [had.get(key, NONE) for key in keys]
        self.accepted = list(self._told)
        self.phase = Phase.CONVERGING_1
        self._division: list[Division] = []
        self._next = 0
        self._agreed = (NOTHING, NOTHING, NOTHING)
        self._since = self._spoken = self._looked = now
        self.urgent = True
        self._changed = True
        if self.intent is Intent.STARTED:
            self._begin(now, "it started")

    # -- what it is ---------------------------------------------------------------------------------------------------

    @property
    def started(self) -> bool:
        return self.intent is Intent.STARTED

    @property
    def is_default(self) -> bool:
        """Whether it is the default host: that of the lowest host id, which gets what no port rule is about."""
        return self.started and bool(self.accepted[-1])

    @property
    def refusal(self) -> str:
        """Why it may not join, empty if it may."""
        return next((why for why, _ in self._objections.values()), "")

    @property
    def state(self) -> str:
        """What Get-NlbClusterNode would show."""
        if not self.started:
            return self.intent.value
        if self.phase is not Phase.CONVERGED:
            return _NAMES[self.phase]
        if self.draining:
            return "Draining"
        return "Converged(default)" if self.is_default else "Converged"

    def view(self) -> frozenset[int]:
        """Return the host ids of those whom it hears, itself included."""
        return frozenset({self._setup.priority, *self._peers})

    def peers(self) -> list[Heartbeat]:
        """Return what the others have told last."""
        return [self._peers[host].told for host in sorted(self._peers)]

    def memory(self) -> Memory:
        """Return what is to be kept."""
        keys = [*(rule.key for rule in self._setup.rules), DEFAULT]
        fingerprint = self._setup.fingerprint.hex() if self.standing else ""
        owned = dict(zip(keys, self.accepted, strict=True))
        return Memory(self.intent, self.draining, self.epoch, fingerprint, owned, tuple(self.history))

    # -- what is told -------------------------------------------------------------------------------------------------

    def due(self, now: float) -> float:
        """Return in how many seconds the next heartbeat is due; none of one that is not started matters."""
        return 0.0 if self.urgent else max(0.0, self._spoken + self._period() - now)

    def heartbeat(self, now: float, *, leaving: bool = False) -> Heartbeat:
        """Return what is to be told now."""
        self.urgent, self._spoken = False, now
        loads = self._loads()
        return Heartbeat(
            vip=self._setup.vip,
            instance=self._setup.mac,
            host=self._setup.priority,
            phase=self.phase,
            epoch=self.epoch,
            fingerprint=self._setup.fingerprint,
            members=self._whole() if self.phase is Phase.CONVERGING_1 else self._agreed[1],
            division=self._agreed[2],
            view=self.view(),
            name=self._setup.name,
            loads=loads,
            standing=self.standing,
            draining=self.draining,
            refused=bool(self.refusal),
            leaving=leaving,
        )

    def _loads(self) -> tuple[Load, ...]:
        rules = [(rule.weight, rule.handling) for rule in self._setup.rules]
        both = zip([*rules, (0, 0)], self._told, strict=True)
        return tuple(Load(weight, handling, owned) for (weight, handling), owned in both)

    def _period(self) -> float:
        return PERIOD_S if self.phase is Phase.CONVERGED else CONVERGING_PERIOD_S

    # -- orders -------------------------------------------------------------------------------------------------------

    def start(self, now: float) -> None:
        """Take part, or take all again after draining."""
        self.intent, self.draining = Intent.STARTED, False
        self._begin(now, "it started")

    def stop(self, now: float, intent: Intent = Intent.STOPPED) -> None:
        """Leave the cluster; what was accepted is lost."""
        self.intent, self.draining = intent, False
        self._peers.clear()
        self._objections.clear()
        self._told = [NONE] * len(self._told)
        self.accepted = list(self._told)
        self.phase = Phase.CONVERGING_1
        self._note(now, f"it was {'suspended' if intent is Intent.SUSPENDED else 'stopped'}")

    def drain(self, now: float) -> None:
        """Take nothing new."""
        if not self.draining:
            self.draining = True
            self._begin(now, "it drains: it takes no new connections")

    # -- what is heard ------------------------------------------------------------------------------------------------

    def heard(self, told: Heartbeat, now: float) -> None:
        """Take note of a heartbeat. :meth:`settle` draws the conclusions."""
        if told.vip != self._setup.vip or told.instance == self._setup.mac or not self.started:
            return
        if told.fingerprint == self._setup.fingerprint and len(told.loads) != len(self._told):
            return  # nobody of ours says such a thing
        before = self._peers.get(told.host)
        self._changed = self._changed or before is None or before.told != told
        if told.leaving:
            self._left(told, now)
            return
        if self._in_conflict(told, now):
            return
        if before and before.told.instance != told.instance:
            return  # the two will find that out themselves
        self._peers[told.host] = _Peer(told, now)
        self._refusals.pop(told.instance, None)
        if not before:
            self._note(now, f"{_who(told)} was heard")
        self._yield_to(told, now)

    def _left(self, told: Heartbeat, now: float) -> None:
        self._objections.pop(told.instance, None)
        self._refusals.pop(told.instance, None)
        peer = self._peers.get(told.host)
        if peer and peer.told.instance == told.instance:
            del self._peers[told.host]
            self._note(now, f"{_who(told)} has left")

    def _in_conflict(self, told: Heartbeat, now: float) -> bool:
        """Tell whether the two cannot be in one cluster; note who of them is refused."""
        setup = self._setup
        if told.host == setup.priority:
            why = f"the host priority {told.host} is that of"
            mine, theirs = (not self.standing, setup.mac), (not told.standing, told.instance)
            wins = mine < theirs
        elif told.fingerprint != setup.fingerprint:
            why = "the cluster operation mode or the port rules are not those of"
            wins = (not self.standing, setup.priority) < (not told.standing, told.host)
        else:
            self._objections.pop(told.instance, None)
            return told.refused
        if told.host in self._peers and self._peers[told.host].told.instance == told.instance:
            del self._peers[told.host]
        if not wins and not told.refused:
            if told.instance not in self._objections:
                self._note(now, f"it was refused: {why} {_who(told)}")
            self._objections[told.instance] = f"{why} {_who(told)}", now
        else:
            self._objections.pop(told.instance, None)
            if self._refusals.get(told.instance) != why:
                self._note(now, f"{_who(told)} was refused: {why} {setup.name} (host {setup.priority})")
                self._refusals[told.instance] = why
        return True

    def _yield_to(self, told: Heartbeat, now: float) -> None:
        """Give up what somebody has whose convergence is newer, or who comes first."""
        if (told.epoch, -told.host) <= (self.epoch, -self._setup.priority):
            return
        theirs = [load.owned for load in told.loads]
        if any(mine & other for mine, other in zip(self.accepted, theirs, strict=True)):
            self.accepted = [mine - other for mine, other in zip(self.accepted, theirs, strict=True)]
            self._note(now, f"it gave up what {_who(told)} has, too")
            if self.phase in (Phase.CONVERGING_1, Phase.CONVERGED):
                self._begin(now, f"{_who(told)} had the same buckets")

    # -- convergence --------------------------------------------------------------------------------------------------

    def settle(self, now: float) -> None:
        """Draw the conclusions of what was heard, and of what was not. To be called after all that has arrived."""
        if not self.started:
            return
        self._forget(now)
        if self.phase is Phase.CONVERGED and not self._changed:
            return
        self._changed = False
        if self.refusal:
            self._peers.clear()
            self.standing = False
            self.accepted = [NONE] * len(self.accepted)
            self._told = list(self.accepted)
            self._change(Phase.CONVERGING_1, now)
            self._since = now
            return
        light = self._light()
        if self.phase is Phase.CONVERGING_1:
            if light != self._agreed[0]:
                self._agreed = light, NOTHING, NOTHING
                self._since, self.urgent = now, True
        elif light != self._agreed[0] or any(map(self._restarted, self.peers())) or self._stuck(now):
            self._begin(now, "")
        while self._advance(now):
            pass

    def _forget(self, now: float) -> None:
        """Forget whom it has not heard for so long. Who was not running himself has heard nobody, and blames nobody."""
        if now - self._looked > PERIOD_S * 2:
            for host, peer in self._peers.items():
                self._peers[host] = replace(peer, at_s=now)
        self._looked = now
        for host, peer in list(self._peers.items()):
            if now - peer.at_s > TOLERANCE * PERIOD_S + LATE_S:
                del self._peers[host]
                self._changed = True
                self._note(now, f"{_who(peer.told)} was lost: {TOLERANCE} heartbeats in a row were missed")
        for instance, (_, at_s) in list(self._objections.items()):
            if now - at_s > TOLERANCE * PERIOD_S + LATE_S:
                del self._objections[instance]

    def _begin(self, now: float, why: str) -> None:
        """Converge, with what is really accepted now."""
        if why:
            self._note(now, why)
        self._changed = True
        self._told = list(self.accepted)
        self._agreed = self._light(), NOTHING, NOTHING
        self._since = now
        self._change(Phase.CONVERGING_1, now)
        self.urgent = True

    def _change(self, phase: Phase, now: float) -> None:
        if phase is not self.phase:
            self.phase, self._since, self.urgent = phase, now, True

    def _stuck(self, now: float) -> bool:
        return self.phase is not Phase.CONVERGED and now - self._since > STUCK_S

    def _restarted(self, told: Heartbeat) -> bool:
        """Tell whether a member is where it can only be if its convergence has begun again, or is another one."""
        match self.phase:
            case Phase.STABLE_1:
                return False
            case Phase.CONVERGING_2:
                return told.phase is Phase.CONVERGING_1
            case Phase.STABLE_2:
                return told.phase < Phase.CONVERGING_2
            case _:
                return told.phase < Phase.STABLE_2 or told.division != self._agreed[2]

    def _advance(self, now: float) -> bool:
        """Go on to the next phase, if all members are ready for it."""
        peers, waited = self.peers(), now - self._since
        phases = {each.phase for each in peers}
        match self.phase:
            case Phase.CONVERGING_1:
                whole = self._whole()
                listening = CONVERGING_PERIOD_S if self.standing else LISTEN_S
                if waited < listening or Phase.CONVERGED in phases or any(each.members != whole for each in peers):
                    return False
                self._agreed = self._agreed[0], whole, NOTHING
                self._change(Phase.STABLE_1, now)
            case Phase.STABLE_1:
                if self._whole() != self._agreed[1]:
                    self._begin(now, "")
                    return False
                early = phases & {Phase.CONVERGING_1, Phase.CONVERGED}
                differ = any(each.members != self._agreed[1] for each in peers)
                if waited < CONVERGING_PERIOD_S or early or differ:
                    return False
                self._divide()
                self._change(Phase.CONVERGING_2, now)
            case Phase.CONVERGING_2:
                ready = phases <= {Phase.CONVERGING_2, Phase.STABLE_2}
                differ = any(each.division != self._agreed[2] for each in peers)
                if waited < CONVERGING_PERIOD_S or not ready or differ:
                    return False
                mine = (division[self._setup.priority] for division in self._division)
                self.accepted = [had & new for had, new in zip(self.accepted, mine, strict=True)]
                self._change(Phase.STABLE_2, now)
            case Phase.STABLE_2:
                differ = any(each.division != self._agreed[2] for each in peers)
                if not phases <= {Phase.STABLE_2, Phase.CONVERGED} or differ:
                    return False
                self._converged(now)
            case _:
                return False
        return True

    def _divide(self) -> None:
        """Divide the buckets of each rule, as every member does that was told the same."""
        everybody = {told.host: told for told in self._everybody()}
        ready = [host for host in sorted(everybody) if not everybody[host].draining]
        self._division = []
        for at, rule in enumerate((*self._setup.rules, None)):
            loads = {host: told.loads[at] for host, told in everybody.items()}
            self._division.append(_division(rule, loads, ready))
        epoch = min(max(told.epoch for told in everybody.values()) + 1, LAST_EPOCH)
        shares = [sorted((host, mask(owned)) for host, owned in each.items()) for each in self._division]
        self._next = epoch
        self._agreed = *self._agreed[:2], _digest(epoch, self._agreed[1], shares)

    def _converged(self, now: float) -> None:
        self.accepted = [division[self._setup.priority] for division in self._division]
        self._told = list(self.accepted)
        self.epoch, self.standing = self._next, True
        self._change(Phase.CONVERGED, now)
        ready = [host for host, owned in self._division[-1].items() if owned]
        default = f"; the default host is {ready[0]}" if ready else ""
        self._note(now, f"converged with the hosts {', '.join(map(str, sorted(self.view())))}{default}")

    # -- digests ------------------------------------------------------------------------------------------------------

    def _light(self) -> bytes:
        """Return what is the same as long as the members and their parameters are."""
        return _digest(*(_parameters(told) for told in self._everybody()))

    def _whole(self) -> bytes:
        """Return what is the same for all who would divide the buckets in the same way."""
        return _digest(
            *((told.epoch, _parameters(told), [mask(load.owned) for load in told.loads]) for told in self._everybody())
        )

    def _everybody(self) -> list[Heartbeat]:
        setup = self._setup
        own = Heartbeat(
            setup.vip, setup.mac, setup.priority, self.phase, self.epoch, setup.fingerprint, NOTHING, NOTHING, NONE,
            setup.name, self._loads(), draining=self.draining,
        )  # fmt: skip
        return sorted((own, *self.peers()), key=lambda told: told.host)

    def _note(self, now: float, text: str) -> None:
        self.history.append(Event(now, text))
        del self.history[:-KEPT_EVENTS]


_NAMES: Final = {
    Phase.CONVERGING_1: "ConvergingPhase1",
    Phase.STABLE_1: "StablePhase1",
    Phase.CONVERGING_2: "ConvergingPhase2",
    Phase.STABLE_2: "StablePhase2",
}


def _division(rule: Rule | None, loads: Mapping[int, Load], ready: Iterable[int]) -> Division:
    """Return who gets what of a port rule, of those who are ready for more; without a rule it is the default host's."""
    able = list(ready)
    if rule is None:
        return to_one(min(able, default=None), loads)
    if rule.mode == "Multiple":
        weights = {host: load.weight if host in able else 0 for host, load in loads.items()}
        return divide(weights, {host: load.owned for host, load in loads.items()})
    first = min(able, key=lambda host: (loads[host].handling, host), default=None) if rule.mode == "Single" else None
    return to_one(first, loads)


def _parameters(told: Heartbeat) -> tuple[object, ...]:
    return told.host, told.instance, told.draining, [(load.weight, load.handling) for load in told.loads]


def _digest(*what: object) -> bytes:
    return hashlib.blake2s(repr(what).encode(), digest_size=8).digest()


def _who(told: Heartbeat) -> str:
    return f"{told.name} (host {told.host})"
