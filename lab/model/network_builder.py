"""How a topology script describes a physical network (see :mod:`lab.model.builder`)."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_interface

from lab.model.addresses import Interface, IpSettings, Network
from lab.model.names import quoted
from lab.model.notes import Notes
from lab.model.objects import Computer, PhysicalNetwork, Router
from lab.model.reading import Reader, Subnets, Texts


class NetworkBuilder:
    """A physical network under construction."""

    def __init__(  # noqa: PLR0913 - settings given by name
        self, notes: Notes, name: str, subnets: tuple[str, ...], *, router: Texts, nat: bool, mtu: int
    ) -> None:
        self._notes = notes
        self.name = Reader(notes, "physical network").name("physical network", name, "network")
        notes.declare(f"network {self.name}")
        read = Reader(notes, self.name)
        self.subnets: Subnets = read.networks(subnets)
        self.mtu = read.number("mtu", mtu, 1500)
        self._nat = read.flag("nat", nat, True)
        notes.declare(self._router_name)
        self._router = Reader(notes, self._router_name).interfaces(router, self.subnets)
        self._computers: list[Computer] = []

    @property
    def _router_name(self) -> str:
        return f"{self.name}-router"

    def computer(self, name: str, *addresses: str, gateway: Texts = None, mac: str = "", vlan: int = 0) -> None:
        """Add a physical computer. Its gateway is the network's router unless given ("" for none).

        ``vlan`` is that of its port of the physical switch; 0 is none.
        """
        title = Reader(self._notes, "computer").name("computer", name, f"computer-{len(self._computers) + 1}")
        self._notes.declare(title)
        ip = self.settings(title, addresses, gateway)
        read = Reader(self._notes, title)
        self._computers.append(Computer(title, ip, read.mac(mac), self.mtu, read.number("vlan", vlan, 0)))

    def settings(self, owner: str, addresses: object, gateway: object) -> IpSettings:
        """Return the settings of something on this network; its router is the default gateway."""
        ip = Reader(self._notes, owner).settings(addresses, gateway, self.subnets)
        if gateway is not None:
            return ip
        found = {router.version: router.ip for router in reversed(self._router) if _reaches(ip, router)}
        return replace(ip, gateways=tuple(found[version] for version in sorted(found)))

    def value(self, at: int, internet: list[Network]) -> PhysicalNetwork:
        """Return the finished value; `at` numbers the networks, for their routers' outside addresses."""
        router = None
        if self._router:
            outside = tuple(found for net in internet if (found := self._outside(net, at)))
            router = Router(self._router_name, IpSettings(self._router), IpSettings(outside), nat=self._nat)
        return PhysicalNetwork(self.name, self.subnets or (), tuple(self._computers), router, self.mtu)

    def _outside(self, net: Network, at: int) -> Interface | None:
        """Return the router's address in a subnet of the internet: counted down from its end."""
        if net.num_addresses < at + 4:
            self._notes.mistake(
                f"the internet's subnet {net} has no address left for {quoted(self._router_name)}",
                target=self._router_name,
                remedy="give the internet host a shorter prefix, such as /24 or /64",
                where=self._notes.places[self._router_name],
            )
            return None
        return ip_interface(f"{net[net.num_addresses - 2 - at]}/{net.prefixlen}")


def _reaches(ip: IpSettings, router: Interface) -> bool:
    return any(router.ip in address.network and router.ip != address.ip for address in ip.addresses)
