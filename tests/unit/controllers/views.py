"""Switches to compile: one of each sort that matters."""

from __future__ import annotations

from dataclasses import replace

from controllers.view import PortView, SwitchView
from lab.intent import LearningMode, PortIntent, PortKind, SwitchIntent, SwitchType

EXTERNAL = SwitchIntent("External", "hv1", SwitchType.EXTERNAL)
PRIVATE = SwitchIntent("Private", "hv1", SwitchType.PRIVATE)


def mac(number: int) -> str:
    """Return the address of VM `number`."""
    return f"00:15:5d:01:02:{number:02x}"


def vm(ofport: int, *, spoofing: bool = False, address: str = "") -> PortView:
    """Return the port of a VM."""
    intent = PortIntent(f"vm{ofport}/Network Adapter", PortKind.VM, address or mac(ofport), spoofing)
    return PortView(ofport, f"vm{ofport}", intent)


WIRE = PortView(1, "nic1", PortIntent("hv1/Ethernet", PortKind.EXTERNAL))
HOST = PortView(2, "host2", PortIntent("hv1/vEthernet (External)", PortKind.MANAGEMENT, mac(2)))


def pinned(intent: SwitchIntent) -> SwitchIntent:
    """Return the same switch in mode Pinned."""
    return replace(intent, learning=LearningMode.PINNED)


VIEWS = {
    "empty": SwitchView(PRIVATE, ()),
    "learning": SwitchView(EXTERNAL, (WIRE, HOST, vm(3), vm(4))),
    "learning-one-port": SwitchView(PRIVATE, (vm(3),)),
    "pinned": SwitchView(pinned(EXTERNAL), (WIRE, HOST, vm(3), vm(4))),
    "pinned-spoofing": SwitchView(pinned(EXTERNAL), (WIRE, HOST, vm(3), vm(4, spoofing=True))),
    "pinned-private": SwitchView(pinned(PRIVATE), (vm(3), vm(4))),
    "pinned-same-address-twice": SwitchView(pinned(PRIVATE), (vm(3), vm(4, address=mac(3)))),
    "pinned-empty": SwitchView(pinned(PRIVATE), ()),
    "short-ageing": SwitchView(replace(EXTERNAL, ageing_s=15), (WIRE, HOST, vm(3))),
}
