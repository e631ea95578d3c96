"""The packet that a trace follows, and how it is put to Open vSwitch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address
from typing import Final

from lab.model import acl
from lab.model.acl import CLIENT_PORT, AclDirection
from lab.model.addresses import Address

_BROADCAST: Final = "ff:ff:ff:ff:ff:ff"
_SYN, _SYN_ACK = 0x02, 0x12
_ADVERTISEMENTS: Final = {4: 9, 6: 134}
"""The type of a router advertisement (RFC 1256, RFC 4861)."""


class Protocol(StrEnum):
    """What is traced."""

    ICMP = "ICMP"
    TCP = "TCP"
    UDP = "UDP"
    ADVERTISEMENT = "router advertisement"

    @property
    def is_icmp(self) -> bool:
        """Whether it has no ports."""
        return self in (Protocol.ICMP, Protocol.ADVERTISEMENT)

    @property
    def is_answered(self) -> bool:
        """Whether the receiver answers: nobody answers a router that advertises itself."""
        return self is not Protocol.ADVERTISEMENT


@dataclass(frozen=True, slots=True)
class Packet:
    """An IP packet. ``port`` is the one that was asked for, in both directions; ``reply`` tells the direction."""

    source: Address
    target: Address
    protocol: Protocol = Protocol.ICMP
    port: int = 0
    reply: bool = False
    ttl: int = 64

    @property
    def title(self) -> str:
        """Return what it is, in words."""
        if self.protocol is Protocol.ADVERTISEMENT:
            return "ICMP router advertisement"
        if self.protocol is Protocol.ICMP:
            return f"ICMP echo {'reply' if self.reply else 'request'}"
        if self.protocol is Protocol.TCP:
            return f"TCP {'SYN-ACK from' if self.reply else 'SYN to'} port {self.port}"
        return f"UDP datagram {'from' if self.reply else 'to'} port {self.port}"

    def seen(self, direction: AclDirection, source_mac: str, target_mac: str) -> acl.Packet:
        """Return what access lists see of it, where it leaves an adapter (Outbound) or comes to one."""
        number = acl.ICMP[self.target.version] if self.protocol.is_icmp else acl.PROTOCOLS[self.protocol]
        ports = (0, 0) if self.protocol.is_icmp else self._ports()
        ends = [(self.source, source_mac, ports[0]), (self.target, target_mac, ports[1])]
        local, remote = ends if direction is AclDirection.OUTBOUND else reversed(ends)
        return acl.Packet(local[0], remote[0], local[1], remote[1], number, local[2], remote[2])

    def flow(self, device: str, source_mac: str, target_mac: str, tag: int) -> str:
        """Return the flow that enters a switch at a device, with a VLAN tag unless that is 0."""
        ip6 = self.target.version == 6
        name = "ipv6" if ip6 else "nw"
        return ",".join(
            (
                f'in_port="{device}"',
                ("icmp" if self.protocol.is_icmp else self.protocol.lower()) + ("6" if ip6 else ""),
                f"dl_src={source_mac},dl_dst={target_mac}",
                *([f"dl_vlan={tag}"] if tag else []),
                f"{name}_src={self.source},{name}_dst={self.target},nw_ttl={self.ttl}",
                *self._transport(ip6),
            )
        )

    def _transport(self, ip6: bool) -> Iterator[str]:
        if self.protocol.is_icmp:
            kind = (129 if self.reply else 128) if ip6 else (0 if self.reply else 8)
            if self.protocol is Protocol.ADVERTISEMENT:
                kind = _ADVERTISEMENTS[6 if ip6 else 4]
            prefix = "icmpv6" if ip6 else "icmp"
            yield f"{prefix}_type={kind},{prefix}_code=0"
            return
        ports = self._ports()
        name = self.protocol.lower()
        yield f"{name}_src={ports[0]},{name}_dst={ports[1]}"
        if self.protocol is Protocol.TCP:
            yield f"tcp_flags={_SYN_ACK if self.reply else _SYN}"

    def _ports(self) -> tuple[int, int]:
        return (self.port, CLIENT_PORT) if self.reply else (CLIENT_PORT, self.port)


def who_has(address: Address, asker: Address, device: str, source_mac: str, tag: int = 0) -> str:
    """Return the flow of the question for the MAC address behind an IP address: ARP, or neighbour discovery."""
    vlan = f"dl_vlan={tag}," if tag else ""
    if isinstance(address, IPv6Address):
        last = address.packed[-3:].hex(":")
        group = IPv6Address(int(IPv6Address("ff02::1:ff00:0")) | int.from_bytes(address.packed[-3:], "big"))
        return (
            f'in_port="{device}",icmp6,dl_src={source_mac},dl_dst=33:33:ff:{last},{vlan}ipv6_src={asker},'
            f"ipv6_dst={group},nw_ttl=255,icmpv6_type=135,icmpv6_code=0,nd_target={address},nd_sll={source_mac}"
        )
    return (
        f'in_port="{device}",arp,dl_src={source_mac},dl_dst={_BROADCAST},{vlan}arp_op=1,'
        f"arp_spa={asker},arp_tpa={address},arp_sha={source_mac}"
    )
