"""What the compiler looks at: one switch's intent and the ports it has now. Values only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from lab.errors import LabFault
from lab.intent import LearningMode, PortIntent, PortKind, SwitchIntent

MAX_OFPORT = 0xFEFF
"""The highest port number the pipeline handles; Open vSwitch assigns lower ones, OpenFlow reserves higher ones."""


_MAC = re.compile("[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}")


class ViewError(LabFault):
    """An intent that is well-formed but cannot be carried out, in the user's words."""


@dataclass(frozen=True, slots=True)
class PortView:
    """One port of a switch: its OpenFlow number, its device and what it is meant to do."""

    ofport: int
    device: str
    intent: PortIntent

    @property
    def mac(self) -> int:
        """Return the address assigned to the adapter, as a number; 0 if it has none."""
        return parse_mac(self.intent.mac, self.intent.adapter) if self.intent.mac else 0


@dataclass(frozen=True, slots=True)
class SwitchView:
    """One switch as the compiler sees it. Ports without a number yet are not part of it."""

    intent: SwitchIntent
    ports: tuple[PortView, ...]

    @property
    def is_pinned(self) -> bool:
        return self.intent.learning is LearningMode.PINNED

    def sorted_ports(self) -> tuple[PortView, ...]:
        """Return the ports by number, which is the order in which they were connected."""
        return tuple(sorted(self.ports, key=lambda port: port.ofport))

    def guarded_ports(self) -> tuple[PortView, ...]:
        """Return the ports that may send from their own address only."""
        if not self.is_pinned:
            return ()
        return tuple(
            port
            for port in self.sorted_ports()
            if port.intent.kind is not PortKind.EXTERNAL and not port.intent.mac_spoofing
        )

    def learning_ports(self) -> tuple[PortView, ...]:
        """Return the ports whose senders' addresses are learned."""
        guarded = set(self.guarded_ports())
        return tuple(port for port in self.sorted_ports() if port not in guarded)

    def unknown_unicast_ports(self) -> tuple[PortView, ...]:
        """Return the ports that receive frames to an address the switch does not know: those that learn."""
        return self.learning_ports()

    def pinned_macs(self) -> Mapping[int, PortView]:
        """Return who owns which address on a Pinned switch: of two adapters with one, that connected first."""
        owners: dict[int, PortView] = {}
        if self.is_pinned:
            for port in self.sorted_ports():
                if port.mac:
                    owners.setdefault(port.mac, port)
        return owners

    def check(self) -> None:
        """Raise ViewError for what no program can be made of."""
        if not 1 <= self.intent.ageing_s <= 65535:
            raise ViewError(
                f'ageing time of switch "{self.intent.switch}" is {self.intent.ageing_s} s, expected 1 to 65535'
            )
        seen: dict[int, PortView] = {}
        for port in self.sorted_ports():
            if not 1 <= port.ofport <= MAX_OFPORT:
                raise ViewError(
                    f'port number of "{port.intent.adapter}" is {port.ofport}, expected 1 to {MAX_OFPORT}',
                    target=port.intent.adapter,
                )
            if port.ofport in seen:
                other = seen[port.ofport].intent.adapter
                raise ViewError(f'"{other}" and "{port.intent.adapter}" both have port number {port.ofport}')
            seen[port.ofport] = port
            if port.mac & 1 << 40:
                raise ViewError(
                    f'"{port.intent.mac}" of "{port.intent.adapter}" is a group address', target=port.device
                )
        for port in self.guarded_ports():
            if not port.mac:
                raise ViewError(
                    f'"{port.intent.adapter}" has no MAC address, which learning mode Pinned needs',
                    target=port.intent.adapter,
                )


def parse_mac(text: str, adapter: str = "") -> int:
    """Return a MAC address written ``00:15:5d:01:02:00`` as a number; ViewError if it is not one."""
    if not _MAC.fullmatch(text):
        owner = f' of "{adapter}"' if adapter else ""
        raise ViewError(f'"{text}"{owner} is not a MAC address, expected such as 00:15:5d:01:02:00', target=adapter)
    return int(text.replace(":", ""), 16)
