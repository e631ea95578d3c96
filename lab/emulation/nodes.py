"""Machines: what the pod's first process is asked to start for each, and the files that all of them share."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Final

from lab.emulation import firewall, ovs
from lab.emulation.ovs import RUN
from lab.emulation.pod.process import OWN_RESOLV_CONF, Process
from lab.emulation.pod.process import node as machine
from lab.engine.leased import Lease
from lab.engine.resources import PHYSICAL, Blueprint, Node, Program, Role
from lab.model.names import host_name
from lab.model.nat import TIMEOUTS_S

HOSTS_FILE: Final = RUN / "etc" / "hosts"

_ALL_AND_DEFAULT: Final = ("all", "default")


def process(node: Node) -> Process:
    """Return what to spawn for a machine: namespaces of its own, and a first process that only waits."""
    if node.role is Role.PHYSICAL:
        return Process(name=node.name, argv=None, unshare=("net",), sysctls=_in_spawn(node))
    known_as = host_name(node.name)
    return machine(node.name, hostname=known_as, own_run=True, mounts=(OWN_RESOLV_CONF,), sysctls=_in_spawn(node))


def sysctls(node: Node) -> dict[str, str]:
    """Return the network settings of a machine, as paths below net/, whatever the real machine's are."""
    forwarding = "1" if node.forwarding else "0"
    values = {"ipv4/ip_forward": "1" if node.nats else forwarding, "ipv6/conf/all/forwarding": forwarding}
    for scope in _ALL_AND_DEFAULT:
        values |= {
            f"ipv4/conf/{scope}/rp_filter": "0",
            f"ipv4/conf/{scope}/accept_redirects": "0",
            f"ipv4/conf/{scope}/send_redirects": "0",
            f"ipv6/conf/{scope}/accept_dad": "0",
        }
    values |= {
        "ipv4/conf/all/arp_ignore": "1",
        "ipv4/conf/all/arp_announce": "2",
        # Open vSwitch takes an internal port down to give it another MAC address; Linux would drop what is static.
        "ipv6/conf/all/keep_addr_on_down": "1",
        # Only clients listen to routers, and have their own program ask for one (see ipv6_client.py): every question
        # goes to each port of the switch.
        "ipv6/conf/default/accept_ra": "0",
        "ipv6/conf/default/router_solicitations": "0",
    }
    # The switch's side of a cable must stay silent; a machine's own interfaces are given IPv6 one by one.
    silent = node.role in (Role.HOST, Role.PHYSICAL)
    values["ipv6/conf/default/disable_ipv6"] = "1" if silent else "0"
    return values


def nat_sysctls() -> dict[str, str]:
    """Return how long the kernel remembers the sessions of a NAT, as paths below net/."""
    transient = ("syn_sent", "syn_recv", "fin_wait", "close_wait", "last_ack", "time_wait")
    values = {f"tcp_timeout_{state}": TIMEOUTS_S["TcpTransientConnectionTimeout"] for state in transient}
    values |= {
        "icmp_timeout": TIMEOUTS_S["IcmpQueryTimeout"],
        "tcp_timeout_established": TIMEOUTS_S["TcpEstablishedConnectionTimeout"],
        "udp_timeout": TIMEOUTS_S["UdpIdleSessionTimeout"],
        "udp_timeout_stream": TIMEOUTS_S["UdpIdleSessionTimeout"],
    }
    return {f"netfilter/nf_conntrack_{name}": str(seconds) for name, seconds in values.items()}


def _in_spawn(node: Node) -> dict[str, str]:
    return {f"net/{path}": value for path, value in sysctls(node).items()}


def rules(node: Node, before: Node | None = None) -> str:
    """Return the nftables rules that a machine needs, or needs in place of those it had; empty for none."""
    text = ""
    if node.masquerade != (before.masquerade if before else ""):
        text += firewall.hide_behind(node.masquerade)
    nats, routes = (before.nats, before.forwarding) if before else ((), False)
    if (node.nats, node.forwarding) != (nats, routes) and (node.nats or nats):
        text += firewall.translate(node.nats, routes=node.forwarding)
    if node.strong_host != (before.strong_host if before else False):
        text += firewall.strong_host(node.strong_host)
    return text


def prepare_switch_directory(node: str) -> None:
    """Make the directory of a node's Open vSwitch: an empty database, and the way to the controller."""
    home = ovs.directory(node)
    home.mkdir(parents=True, mode=0o700)
    ovs.create_database(home / "conf.db")
    if node != PHYSICAL:
        # OVS takes a Unix socket for its controller only below its own run directory.
        (home / "controller.sock").symlink_to(ovs.CONTROLLER_SOCKET)


def write_names(blueprint: Blueprint, leases: Iterable[Lease] = ()) -> None:
    """Write /etc/hosts for all machines, so that `ping web2` works in every one of them."""
    lines = ["127.0.0.1 localhost", "::1 localhost"]
    for interface in blueprint.interfaces:
        lines += [f"{address.partition('/')[0]} {host_name(interface.node)}" for address in interface.addresses]
    lines += [f"{address.ip} {host_name(each.node)}" for each in leases for address in each.addresses]
    nodes = (each.options for each in blueprint.services if each.program is Program.NLB)
    lines += sorted({f"{told['vip']} {told['cluster']}" for told in nodes})
    text = "\n".join(lines) + "\n"
    # In place: the file is bind-mounted, so a new file would not be seen.
    fd = os.open(HOSTS_FILE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    with open(fd, "w", encoding="utf-8") as file:
        file.write(text)
