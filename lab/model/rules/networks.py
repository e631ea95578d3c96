"""Physical networks, their routers and the internet, and the NICs plugged into them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from lab.errors import ErrorRecord
from lab.model.addresses import IpSettings, Network
from lab.model.names import quoted
from lab.model.objects import LabModel, PhysicalNetwork
from lab.model.rules.mistakes import known, mistake


def networks(model: LabModel) -> Iterator[ErrorRecord]:
    """Machines outside the subnet of the network they are plugged into, and NICs plugged in nowhere."""
    for network in model.networks:
        where = f"physical network {quoted(network.name)}"
        for computer in network.computers:
            yield from _inside(computer.name, computer.ip, network.subnets, where)
            if computer.vlan and network.igmp_snooping:
                what = f"computer {quoted(computer.name)} is in VLAN {computer.vlan}, and {where} has IGMP snooping"
                yield mistake(computer.name, what, "its snooping knows no VLANs: leave out one of the two")
        if network.router:
            yield from _inside(network.router.name, network.router.inside, network.subnets, where)
    for host in model.hosts:
        for nic in host.nics:
            found = model.network(nic.network)
            target = f"{host.name}/{nic.name}"
            if found is None and nic.network:
                yield mistake(
                    target,
                    f"NIC {quoted(target)} is on a physical network called {quoted(nic.network)}, which does not exist",
                    known((each.name for each in model.networks), nic.network),
                )


def addresses_of_nics(model: LabModel) -> Iterator[ErrorRecord]:
    """Addresses of hosts' NICs that are in none of their networks' subnets: nobody there would talk to them."""
    for host in model.hosts:
        for nic in host.nics:
            if found := model.network(nic.network):
                where = f"physical network {quoted(found.name)}"
                yield from _inside(f"{host.name}/{nic.name}", nic.ip, found.subnets, where)


def _inside(owner: str, ip: IpSettings, subnets: tuple[Network, ...], where: str) -> Iterator[ErrorRecord]:
    for address in ip.addresses:
        nets = [net for net in subnets if net.version == address.version]
        if nets and not any(address.ip in net for net in nets):
            shown = ", ".join(map(str, nets))
            yield mistake(
                owner,
                f"{quoted(owner)} has the address {address}, which is outside its subnet {shown} of {where}",
                f"give it an address of {shown}",
            )


def subnets(model: LabModel) -> Iterator[ErrorRecord]:
    """Subnets that a router could not tell apart."""
    for network in model.networks:
        yield from _overlaps(network, network.subnets, network.subnets, "another of its subnets")
        if network.router:
            yield from _overlaps(network, network.subnets, model.internet.subnets, "the internet's subnet")
    for one, other in combinations(model.networks, 2):
        yield from _overlaps(other, _seen_outside(other), _seen_outside(one), f"that of network {quoted(one.name)}")


def _seen_outside(network: PhysicalNetwork) -> tuple[Network, ...]:
    router = network.router
    return tuple(net for net in network.subnets if router and not (router.nat and net.version == 4))


def _overlaps(
    network: PhysicalNetwork, mine: tuple[Network, ...], others: tuple[Network, ...], whose: str
) -> Iterator[ErrorRecord]:
    for at, net in enumerate(mine):
        for other in others[at + 1 :] if mine is others else others:
            if net.version == other.version and net.overlaps(other):
                yield mistake(
                    f"network {network.name}",
                    f"the subnet {net} of physical network {quoted(network.name)} overlaps {whose}, {other}",
                    "give each network addresses of its own",
                )
