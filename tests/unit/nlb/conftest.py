"""Members of a cluster without machines: what one says is heard by the others, if nothing is between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address

from lab.emulation.nlb import frames
from lab.emulation.nlb.membership import Membership, Memory
from lab.emulation.nlb.setup import Rule, Setup

STEP_S = 0.05
RULE = Rule(80, 80, "Tcp", "Multiple", "None", 50, 1)


def setup_of(number: int, **other: object) -> Setup:
    """Return the setup of a member with a host priority."""
    found = Setup(
        cluster="web", name=f"web{number}", device="eth0", mac=f"00:15:5d:00:00:{number:02x}", mode="Unicast",
        vip=IPv4Address("192.168.1.100"), prefix_length=24, dedicated=IPv4Address(f"192.168.1.{number}"),
        priority=number, rules=(RULE,), control="", memory="",
    )  # fmt: skip
    return replace(found, **other)  # type: ignore[arg-type]


class Cluster:
    """Members by a name of their own, on a wire; ``cut`` tells between whom nothing passes."""

    def __init__(self) -> None:
        self.members: dict[int, Membership] = {}
        self.now = 0.0
        self.cut: Callable[[int, int], bool] = lambda sender, receiver: False
        self.doubles = 0
        self.longest = 0

    def add(self, name: int, before: Memory | None = None, **other: object) -> Membership:
        self.members[name] = Membership(setup_of(name, **other), self.now, before)
        return self.members[name]

    def run(self, seconds: float) -> None:
        """Let time pass; count at how many moments two had one bucket."""
        end = self.now + seconds
        while self.now < end:
            self.now += STEP_S
            for name, member in self.members.items():
                member.settle(self.now)
                if member.started and member.due(self.now) <= 0:
                    self.say(name, member.heartbeat(self.now))
            owned = [bucket for member in self.members.values() for bucket in member.accepted[0]]
            self.doubles += len(owned) != len(set(owned))

    def say(self, name: int, told: frames.Heartbeat) -> None:
        frame = frames.heartbeat(frames.BROADCAST, "02:01:c0:a8:01:64", told)
        self.longest = max(self.longest, len(frame))
        heard = frames.read_heartbeat(frame)
        assert heard == told
        for other, member in self.members.items():
            if other != name and not self.cut(name, other):
                member.heard(heard, self.now)

    def states(self) -> dict[int, str]:
        return {name: member.state for name, member in self.members.items()}

    def owned(self) -> dict[int, frozenset[int]]:
        return {name: member.accepted[0] for name, member in self.members.items()}

    def counts(self) -> dict[int, int]:
        return {name: len(owned) for name, owned in self.owned().items()}
