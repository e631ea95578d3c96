"""What a member is told to be: the file that its program is started with, as values."""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, Final

UNICAST: Final = "Unicast"
MULTICAST: Final = "Multicast"
IGMP_MULTICAST: Final = "IgmpMulticast"


@dataclass(frozen=True, slots=True)
class Rule:
    """A port rule, as this member has it: ``weight`` is its load weight, ``handling`` its handling priority."""

    start: int
    end: int
    protocol: str
    mode: str
    affinity: str
    weight: int
    handling: int

    @property
    def key(self) -> str:
        """What it is known by, and all members must have alike."""
        return f"{self.start}-{self.end} {self.protocol} {self.mode} {self.affinity}"


@dataclass(frozen=True, slots=True)
class Setup:
    """A member of a cluster. ``mac`` is its adapter's own address; ``refused`` why it cannot have the cluster's.

    ``control`` is where it answers, ``memory`` what it keeps, ``ready`` a file that says that it has begun.
    """

    cluster: str
    name: str
    device: str
    mac: str
    mode: str
    vip: IPv4Address
    prefix_length: int
    dedicated: IPv4Address
    priority: int
    rules: tuple[Rule, ...]
    control: str
    memory: str
    ready: str = ""
    refused: str = ""

    @property
    def is_unicast(self) -> bool:
        return self.mode == UNICAST

    @property
    def cluster_mac(self) -> str:
        """The address that frames for the cluster have."""
        return cluster_mac(self.mode, self.vip)

    @property
    def sent_from(self) -> str:
        """The source address of the member's own frames: in unicast mode one that no switch can take for the cluster's.

        MaskSourceMac: 02, the host's priority, and the cluster's IP address.
        """
        return f"02:{self.priority:02x}:{self.vip.packed.hex(':')}" if self.is_unicast else self.mac

    @property
    def seed(self) -> int:
        """What makes one cluster divide its clients otherwise than another one."""
        return int.from_bytes(hashlib.blake2s(self.vip.packed, digest_size=4).digest(), "big")

    @property
    def fingerprint(self) -> bytes:
        """What all members must have alike: the mode and the port rules."""
        text = "\n".join((self.mode, *(rule.key for rule in self.rules)))
        return hashlib.blake2s(text.encode(), digest_size=8).digest()


def cluster_mac(mode: str, vip: IPv4Address) -> str:
    """Return a cluster's MAC address: 02-BF or 03-BF and its IP address, or 01-00-5E-7F and that's last two octets."""
    if mode == IGMP_MULTICAST:
        return f"01:00:5e:7f:{vip.packed[2:].hex(':')}"
    return f"{'02' if mode == UNICAST else '03'}:bf:{vip.packed.hex(':')}"


def igmp_group(vip: IPv4Address) -> IPv4Address:
    """Return the group that members of a cluster in IGMP multicast mode join."""
    return IPv4Address(struct.pack("!BB", 239, 255) + vip.packed[2:])


def read(path: str) -> Setup:
    """Return the setup in a file."""
    return parse(Path(path).read_text(encoding="utf-8"))


def parse(text: str) -> Setup:
    """Return the setup that a text holds."""
    found: dict[str, Any] = json.loads(text)
    found["rules"] = tuple(Rule(**rule) for rule in found["rules"])
    for name in ("vip", "dedicated"):
        found[name] = IPv4Address(found[name])
    return Setup(**found)
