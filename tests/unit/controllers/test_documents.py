"""What is said of ports without a device."""

from __future__ import annotations

from controllers.documents import PortDocument, SwitchDocuments, missing_ports
from lab.intent import PortIntent, PortKind, encode


def port(number: int, ofport: int | None = None, error: str = "") -> PortDocument:
    text = encode(PortIntent(f"vm{number}/Network Adapter", PortKind.VM, f"00:15:5d:01:02:{number:02x}"))
    return PortDocument(f"vm{number}-eth0", ofport, text, error)


def told(*ports: PortDocument) -> str:
    return missing_ports(SwitchDocuments("sw.External", "1", "", ports))


def test_port_and_reason_are_named() -> None:
    found = told(port(1, 1), port(2, error="could not open network device vm2-eth0 (No such device)"))
    assert found == (
        'port vm2-eth0 of "vm2/Network Adapter" is missing: could not open network device vm2-eth0 (No such device)'
    )


def test_of_several_the_one_with_a_reason_is_named() -> None:
    found = told(port(1), port(2, error="No such device"), port(3))
    assert found == 'port vm2-eth0 of "vm2/Network Adapter" is missing (and 2 more): No such device'


def test_port_that_was_not_opened_yet() -> None:
    assert told(port(1)).endswith("is missing: Open vSwitch has not opened it")
