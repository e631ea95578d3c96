"""The intents these tests are made of: an external port, a management adapter and three VMs, the last with spoofing."""

from __future__ import annotations

from dataclasses import replace

from lab.intent import LearningMode, PortIntent, PortKind, SwitchIntent, SwitchType, encode
from lab.model.vlan import UNTAGGED, VlanSettings

BROADCAST = "ff:ff:ff:ff:ff:ff"
UNKNOWN = "00:15:5d:99:99:99"
OUTSIDE = "00:50:56:00:00:01"

SWITCH = SwitchIntent("External", "hv1", SwitchType.EXTERNAL)
PINNED = replace(SWITCH, learning=LearningMode.PINNED)


def mac(number: int) -> str:
    """Return the address of VM `number`."""
    return f"00:15:5d:01:02:{number:02x}"


def vm(number: int, *, spoofing: bool = False, vlan: VlanSettings = UNTAGGED, priority: bool = False) -> str:
    """Return the document of the port of VM `number`."""
    name = f"vm{number}/Network Adapter"
    return encode(PortIntent(name, PortKind.VM, mac(number), spoofing, vlan, ieee_priority_tag=priority))


def external() -> str:
    """Return the document of an external port."""
    return encode(PortIntent("hv1/Ethernet", PortKind.EXTERNAL))


def member(number: int) -> str:
    """Return the document of a member of a team."""
    return encode(PortIntent(f"hv1/Ethernet {number}", PortKind.EXTERNAL, mac(0xE0 + number)))


def management() -> str:
    """Return the document of the management adapter, which has address 0xff."""
    return encode(PortIntent("hv1/vEthernet (External)", PortKind.MANAGEMENT, mac(0xFF)))
