"""Where every walk begins."""

from __future__ import annotations

from lab import Lab
from tests.walks.switches import is_team


def beginning(name: str = "walk") -> Lab:
    """Return where every walk begins: two hosts, two switches, a computer, a way to the internet.

    The second host has a Default Switch besides, and keeps it.
    """
    lab = Lab(name, interruption_s=0)
    lab.internet_host("internet", "203.0.113.80/24", "2001:db8:ffff::80/64")
    office = lab.physical_network(
        "office", "192.168.1.0/24", "2001:db8:1::/64", router=("192.168.1.1", "2001:db8:1::1")
    )
    office.computer("pc1", "192.168.1.10", "2001:db8:1::10")
    for number in (1, 2):
        host = lab.host(f"hv{number}")
        host.nic("Ethernet", office, f"192.168.1.{2 * number}", f"2001:db8:1::{2 * number}")
        host.nic("Ethernet 2", office, f"192.168.1.{2 * number + 1}")
        host.external_switch("S1", nic="Ethernet", embedded_teaming=is_team("S1"))
        host.internal_switch("S2", "10.0.1.1/24")
        host.vm(f"vm{number}", "S1", f"192.168.1.{10 + number}", f"2001:db8:1::{10 + number}")
        host.vm(f"vm{number + 2}", "S2", f"10.0.1.{10 + number}", gateway="10.0.1.1")
    host.default_switch("172.20.16.0/20")
    return lab
