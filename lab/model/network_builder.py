"""How a topology script describes a physical network (see :mod:`lab.model.builder`)."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_interface

from lab.model.addresses import Interface, IpSettings, Network
from lab.model.advertising import RouterAdvertisements
from lab.model.advertising_builder import read_advertisements
from lab.model.names import quoted
from lab.model.notes import Notes
from lab.model.objects import Computer, PhysicalNetwork, Router
from lab.model.reading import Reader, Subnets, Texts


class NetworkBuilder:
    """A physical network under construction."""

    def __init__(  # noqa: PLR0913 - settings given by name
        self,
        notes: Notes,
        name: str,
        subnets: tuple[str, ...],
        *,
        router: Texts,
        nat: bool,
        mtu: int,
        igmp_snooping: bool,
        advertising: bool,
    ) -> None:
        self._notes = notes
        self.name = Reader(notes, "physical network").name("physical network", name, "network")
        notes.declare(f"network {self.name}")
        read = Reader(notes, self.name)
        self.subnets: Subnets = read.networks(subnets)
        self.mtu = read.number("mtu", mtu, 1500)
        self._nat = read.flag("nat", nat, True)
        self._igmp_snooping = read.flag("igmp_snooping", igmp_snooping, False)
        notes.declare(self._router_name)
        self._router = Reader(notes, self._router_name).interfaces(router, self.subnets)
        self._computers: list[Computer] = []
        self._advertisements: RouterAdvertisements | None = None
        if Reader(notes, self._router_name).flag("router_advertisements", advertising, False):
            self.router_advertisements()

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

    def router_advertisements(
        self, *, managed: bool = False, other: bool = False, autonomous: bool = True, default_route: bool = True
    ) -> None:
        """Have the network's router tell everybody on it the IPv6 subnets, and that it is their router (RFC 4861).

        ``managed``: they are to ask a DHCPv6 server for addresses; ``other``: for all but those; ``autonomous``: they
        may make themselves addresses.
        """
        read = Reader(self._notes, self._router_name)
        if not any(each.version == 6 for each in self._router):
            what = f"network {quoted(self.name)} has no router with an IPv6 address that could advertise itself"
            read.mistake(what, 'give it one: router="fd00:1::1"')
        self._advertisements = read_advertisements(
            read, managed=managed, other=other, autonomous=autonomous, default_route=default_route
        )

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
            router = Router(
                self._router_name, IpSettings(self._router), IpSettings(outside), self._nat, self._advertisements
            )
        computers = tuple(self._computers)
        return PhysicalNetwork(self.name, self.subnets or (), computers, router, self.mtu, self._igmp_snooping)

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
