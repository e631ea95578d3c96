"""What a switch itself answers: the DHCP of a Default Switch (RFC 2131).

Clients' messages to the server of this switch, and nothing else, are given to the controller: a copy of what they
broadcast, which goes on to everybody else as well, so that a VM with a DHCP server of its own hears it; and what they
send to the server alone. Its answers come back as if the management OS had sent them. An adapter that asks too often is
cut short by a meter of its own, so that it takes nothing from the others.
"""

from __future__ import annotations

from collections.abc import Iterator

from controllers.pipeline.priorities import Priority
from controllers.pipeline.values import (
    UNTAGGED,
    AskController,
    Flow,
    Goto,
    Group,
    Limit,
    Match,
    Owner,
    Police,
    match,
)
from controllers.view import PortView, SwitchView
from lab.model.default_switch import LeasedSubnet

NAME = "service"

_IPV4, _UDP, _SERVER_PORT = 0x0800, 17, 67
_EVERY_MAC, _EVERY_IP = 0xFFFFFFFFFFFF, 0xFFFFFFFF


def build(view: SwitchView) -> tuple[tuple[Flow, ...], tuple[Group, ...]]:
    """Give the controller what clients ask; a switch without the service has nothing of it."""
    server, leased = view.server(), view.intent.default_switch
    if server is None or leased is None:
        return (), ()
    others = Flow("service", Priority.FALLBACK, match(), (Goto("learn"),), Owner(NAME))
    return (*_questions(view, server, leased), others), ()


def _questions(view: SwitchView, server: PortView, leased: LeasedSubnet) -> Iterator[Flow]:
    for client in view.clients():
        ask = Police(client.ofport, Limit.QUESTIONS), AskController()
        for wanted, then in (
            (_dhcp(client, _EVERY_MAC, _EVERY_IP), (Goto("learn"),)),
            (_dhcp(client, server.mac, int(leased.address.ip)), ()),
        ):
            yield Flow("service", Priority.ORDINARY, wanted, (*ask, *then), Owner(NAME, client.ofport))


def _dhcp(client: PortView, mac: int, ip: int) -> Match:
    return match(
        in_port=client.ofport, vlan=UNTAGGED, eth_dst=mac,
        eth_type=_IPV4, ip_proto=_UDP, ipv4_dst=ip, udp_dst=_SERVER_PORT,
    )  # fmt: skip
