"""Addresses, VLANs and switches that moves give to whatever has some.

Addresses come from few numbers and two MAC addresses are fixed, so that one machine gets what another has just had.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_interface
from random import Random

from lab.model.addresses import IpSettings
from lab.model.kinds import SwitchType
from lab.model.objects import HypervHost
from lab.model.vlan import UNTAGGED, access, community, isolated, promiscuous, trunk

_NUMBERS = range(10, 26)
# Of IPv4 and IPv6: that of the physical network, and one for inside.
_SUBNETS = (("192.168.1.{}/24", "2001:db8:1::{}/64"), ("10.0.1.{}/24", "2001:db8:a::{}/64"))
MACS = ("", "", "", "00:15:5d:77:00:01", "00:15:5d:77:00:02")
# Few, so that many adapters meet, in every mode; VLAN 10 is an ordinary one and the primary of a private one.
VLANS = (
    *(UNTAGGED,) * 4, *(access(10),) * 3, access(11), trunk("10-12", native=0), trunk("11", native=10),
    *(isolated(10, 11),) * 2, *(community(10, 12),) * 2, community(10, 11), *(promiscuous(10, "11-12"),) * 2,
    promiscuous(10, "12"),
)  # fmt: skip


def some_ip(random: Random, kind: SwitchType | None) -> IpSettings:
    """Return settings that fit a switch of a type, mostly."""
    usual = 0 if kind is SwitchType.EXTERNAL else 1
    v4, v6 = _SUBNETS[usual if random.random() < 0.85 else 1 - usual]
    number = random.choice(_NUMBERS)
    addresses, gateways = [v4.format(number)], [v4.format(1)]
    if random.random() < 0.4:
        addresses, gateways = [*addresses, v6.format(number)], [*gateways, v6.format(1)]
    if random.random() < 0.1:
        addresses, gateways = [v6.format(number)], [v6.format(1)]
    if random.random() < 0.05:
        addresses = []
    if not addresses or random.random() < 0.4:
        gateways = []
    near = (ip_address(each.partition("/")[0]) for each in gateways)
    return IpSettings(tuple(map(ip_interface, addresses)), tuple(near))


def type_of(host: HypervHost, switch: str | None) -> SwitchType | None:
    found = host.switch(switch)
    return found.type if found else None


def some_place(random: Random, host: HypervHost) -> str | None:
    """Return the name of a switch, or None: connected to nothing."""
    return random.choice([None, *(switch.name for switch in host.switches for _ in range(2))])
