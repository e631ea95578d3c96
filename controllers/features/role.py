"""DHCP guard and router guard: an adapter so guarded may not send what DHCP servers, or routers, send.

DhcpGuard On drops DHCP messages to clients, and what comes from a server's port (RFC 2131, 4.1; IPv6: RFC 8415, 7.2);
what the adapter's own client sends passes. RouterGuard On drops ICMP redirects and router advertisements (RFC 792, RFC
1256) and those of IPv6 (RFC 4861, 4.2 and 4.5). It does not keep the VM from forwarding packets.
"""

from __future__ import annotations

from collections.abc import Iterator

from controllers.pipeline.priorities import Priority
from controllers.pipeline.reasons import DropReason
from controllers.pipeline.values import Drop, Flow, Goto, Group, Match, Owner, match
from controllers.view import PortView, SwitchView

NAME = "role"

_IPV4, _IPV6 = 0x0800, 0x86DD
_ICMP, _UDP, _ICMPV6 = 1, 17, 58


def build(view: SwitchView) -> tuple[tuple[Flow, ...], tuple[Group, ...]]:
    """Drop what guarded adapters may not send."""
    flows = (flow for port in view.sorted_ports() for flow in _of_port(port))
    others = Flow("role_check", Priority.FALLBACK, match(), (Goto("acl_mac_out"),), Owner(NAME))
    return (*flows, others), ()


def _of_port(port: PortView) -> Iterator[Flow]:
    for is_on, messages, reason in (
        (port.intent.dhcp_guard, _of_servers(port.ofport), DropReason.DHCP_GUARD),
        (port.intent.router_guard, _of_routers(port.ofport), DropReason.ROUTER_GUARD),
    ):
        for wanted in messages if is_on else ():
            yield Flow("role_check", Priority.ORDINARY, wanted, (Drop(reason),), Owner(NAME, port.ofport))


def _of_servers(ofport: int) -> Iterator[Match]:
    for eth_type, server, client in ((_IPV4, 67, 68), (_IPV6, 547, 546)):
        yield match(in_port=ofport, eth_type=eth_type, ip_proto=_UDP, udp_dst=client)
        yield match(in_port=ofport, eth_type=eth_type, ip_proto=_UDP, udp_src=server)


def _of_routers(ofport: int) -> Iterator[Match]:
    for kind in (5, 9):
        yield match(in_port=ofport, eth_type=_IPV4, ip_proto=_ICMP, icmpv4_type=kind)
    for kind in (134, 137):
        yield match(in_port=ofport, eth_type=_IPV6, ip_proto=_ICMPV6, icmpv6_type=kind)
