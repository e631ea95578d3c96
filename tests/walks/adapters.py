"""Moves of a VM's adapter: where it is connected, its addresses, its settings."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Interface, ip_network
from itertools import product
from random import Random

from lab.model.acl import TCP, AclAction, AclDirection, AclSide, ExtendedAcl, PortAcl
from lab.model.isolation import NO_ISOLATION, isolation
from lab.model.kinds import AdapterKind, PortMirroring
from lab.model.nlb import NlbMode, NlbNode
from lab.model.objects import HypervHost, NetworkAdapter, VlanInterface
from lab.model.vlan import UNTAGGED, trunk
from tests.walks.addresses import MACS, VLANS, some_ip, some_place, type_of
from tests.walks.picking import Move, some_adapter

# What fits few addresses, and what fits all.
_PREFIXES = (None, *map(ip_network, ("192.168.1.0/28", "192.168.1.11", "10.0.1.0/24", "2001:db8::/32")))
_ACLS = (
    *(PortAcl(*each) for each in product((AclAction.ALLOW, AclAction.DENY), AclDirection, AclSide, _PREFIXES)),
    *(PortAcl(AclAction.METER, direction, AclSide.REMOTE) for direction in AclDirection),
    *(PortAcl(AclAction.DENY, direction, AclSide.REMOTE, mac="00:15:5d:77:00:01") for direction in AclDirection),
)
_EXTENDED_ACLS = (
    *(ExtendedAcl(*each) for each in product((1, 20, 65535), (AclAction.ALLOW, AclAction.DENY), AclDirection)),
    *(ExtendedAcl(10, AclAction.DENY, each, remote_ip=_PREFIXES[1]) for each in AclDirection),
    *(ExtendedAcl(30, AclAction.ALLOW, each, protocol=1) for each in AclDirection),
    *(ExtendedAcl(40, AclAction.DENY, each, protocol=58) for each in AclDirection),
    *(ExtendedAcl(50, AclAction.ALLOW, each, protocol=TCP, stateful=True) for each in AclDirection),
)
_ISOLATIONS = (
    NO_ISOLATION,
    isolation(),
    *(isolation(allow_untagged_traffic=True, default_isolation_id=vlan) for vlan in (10, 10, 11)),
)
_MTUS = (1400, 1500, 1500, 4000)


def _connect(random: Random, host: HypervHost, adapter: NetworkAdapter) -> NetworkAdapter:
    return replace(adapter, switch=some_place(random, host))


def _connect_and_renumber(random: Random, host: HypervHost, adapter: NetworkAdapter) -> NetworkAdapter:
    place = some_place(random, host)
    return replace(adapter, switch=place, ip=some_ip(random, type_of(host, place)))


def _renumber(random: Random, host: HypervHost, adapter: NetworkAdapter) -> NetworkAdapter:
    return replace(adapter, ip=some_ip(random, type_of(host, adapter.switch)))


def _spoof(_: Random, __: HypervHost, adapter: NetworkAdapter) -> NetworkAdapter:
    return replace(adapter, mac_spoofing=not adapter.mac_spoofing)


def _allow_teaming(_: Random, __: HypervHost, adapter: NetworkAdapter) -> NetworkAdapter:
    return replace(adapter, allow_teaming=not adapter.allow_teaming)


def _guard(random: Random, _: HypervHost, adapter: NetworkAdapter) -> NetworkAdapter:
    return replace(adapter, dhcp_guard=random.random() < 0.5, router_guard=random.random() < 0.5)


def _other_acls(random: Random, _: HypervHost, adapter: NetworkAdapter) -> NetworkAdapter:
    plain, extended = random.choice(((0, 0), (1, 0), (3, 0), (0, 1), (0, 3), (2, 2)))
    return replace(
        adapter,
        acls=tuple(random.sample(_ACLS, plain)),
        extended_acls=tuple(random.sample(_EXTENDED_ACLS, extended)),
    )


def _mirror(random: Random, _: HypervHost, adapter: NetworkAdapter) -> NetworkAdapter:
    return replace(adapter, port_mirroring=random.choice(tuple(PortMirroring)))


def _trust_priority(_: Random, __: HypervHost, adapter: NetworkAdapter) -> NetworkAdapter:
    return replace(adapter, ieee_priority_tag=not adapter.ieee_priority_tag)


def _limit(random: Random, _: HypervHost, adapter: NetworkAdapter) -> NetworkAdapter:
    return replace(
        adapter, maximum_bandwidth=random.choice((0, 10**8, 10**9)), storm_limit=random.choice((0, 1000, 5000))
    )


def _map_to_nic(random: Random, host: HypervHost, adapter: NetworkAdapter) -> NetworkAdapter:
    switch = host.switch(adapter.switch)
    team = switch.nics if switch and switch.embedded_teaming else ()
    return replace(adapter, team_mapping=random.choice(("", *team)))


def _other_vlan(random: Random, _: HypervHost, adapter: NetworkAdapter) -> NetworkAdapter:
    return replace(adapter, vlan=random.choice(VLANS))


def _other_vlan_interfaces(random: Random, host: HypervHost, adapter: NetworkAdapter) -> NetworkAdapter:
    """Of the guest; the switch may let all of their frames pass, or some, or one way only, or none."""
    kept = tuple(each for each in adapter.vlan_interfaces if random.random() < 0.5)
    ids = {*random.sample((10, 11, 12, 13), random.choice((0, 1, 2)))} - {each.vlan_id for each in kept}
    more = tuple(VlanInterface(each, some_ip(random, type_of(host, adapter.switch))) for each in sorted(ids))
    vlan = random.choice((adapter.vlan, trunk("10-12", native=0), trunk("10-12", native=0), trunk("10,12", native=12)))
    return replace(adapter, vlan_interfaces=kept + more, vlan=vlan)


def _other_isolation(random: Random, _: HypervHost, adapter: NetworkAdapter) -> NetworkAdapter:
    return replace(adapter, isolation=random.choice(_ISOLATIONS), vlan=UNTAGGED)


def _other_mac(random: Random, _: HypervHost, adapter: NetworkAdapter) -> NetworkAdapter:
    return replace(adapter, mac=random.choice(MACS))


def _other_mtu(random: Random, _: HypervHost, adapter: NetworkAdapter) -> NetworkAdapter:
    return replace(adapter, mtu=random.choice(_MTUS))


def _other_kind(random: Random, _: HypervHost, adapter: NetworkAdapter) -> NetworkAdapter:
    return replace(adapter, kind=random.choice(tuple(AdapterKind)))


def _share_an_address(random: Random, _: HypervHost, adapter: NetworkAdapter) -> NetworkAdapter:
    """An adapter becomes a node of a load-balancing cluster, or ceases to be one; unicast needs to spoof."""
    if adapter.nlb:
        return replace(adapter, nlb=None)
    mode, subnet = random.choice(tuple(NlbMode)), random.choice(("192.168.1.{}/24", "10.0.1.{}/24"))
    number = 240 + tuple(NlbMode).index(mode)
    name = f"farm-{number}-{subnet[:2]}"
    node = NlbNode(name, IPv4Interface(subnet.format(number)), mode, priority=random.randint(1, 6))
    return replace(adapter, nlb=node, mac_spoofing=adapter.mac_spoofing or random.random() < 0.7)


OFTEN: tuple[Move, ...] = (
    some_adapter(_connect),
    some_adapter(_connect_and_renumber),
    some_adapter(_other_vlan),
    some_adapter(_other_vlan_interfaces),
    some_adapter(_renumber),
)
SOMETIMES: tuple[Move, ...] = (
    some_adapter(_spoof),
    some_adapter(_share_an_address),
    some_adapter(_share_an_address),
    some_adapter(_allow_teaming),
    some_adapter(_guard),
    some_adapter(_mirror),
    some_adapter(_limit),
    some_adapter(_trust_priority),
    some_adapter(_map_to_nic),
    some_adapter(_other_acls),
    some_adapter(_other_acls),
    some_adapter(_other_isolation),
    some_adapter(_other_isolation),
    some_adapter(_other_mac),
    some_adapter(_other_mtu),
    some_adapter(_other_kind),
)
