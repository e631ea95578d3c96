"""Which DNS servers a machine asks."""

from __future__ import annotations

from typing import Final

from lab.shell.net.interfaces import InterfaceRef, NetInterface, interfaces_of
from lab.shell.place import Machine, Place

DNS: Final = "DnsServerAddresses"


def servers_of(ref: InterfaceRef, interface: NetInterface, family: str) -> list[str]:
    """Return the DNS servers of an interface: those that were set, else those that its lease names."""
    found = interface.kept(DNS)
    if found is not None:
        return list(found.get(family, []))
    if not (interface.own.dhcp if family == "IPv4" else interface.own.auto):
        return []
    clients = ref.place.ask("dhcp")["clients" if family == "IPv4" else "clients6"]
    mine = (each for each in clients if (each["node"], each["device"]) == (ref.machine.name, interface.device))
    texts = " ".join(str(each.get("dns", "")) for each in mine).split()
    return [text for text in texts if (":" in text) == (family == "IPv6")]


def servers(place: Place, machine: Machine) -> list[str]:
    """Return all DNS servers of a machine, in the order in which it asks them."""
    found: dict[str, None] = {}
    for interface in interfaces_of(place, machine):
        if interface.has_ip and interface.up:
            ref = interface.at(place, machine)
            for family in ("IPv4", "IPv6"):
                found.update(dict.fromkeys(servers_of(ref, interface, family)))
    return list(found)
