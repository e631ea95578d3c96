"""The lab that the transcripts of features, DHCP and Network Load Balancing are about."""

from __future__ import annotations

from lab.model.builder import Lab
from lab.model.objects import LabModel


def services_lab() -> LabModel:
    """Return a lab with two servers for DHCP, a client, and three web servers that may change their MAC addresses."""
    lab = Lab("services")
    hv1 = lab.host("hv1")
    hv1.internal_switch("Internal", "10.0.1.1/24")
    hv1.vm("dc1", "Internal", ["10.0.1.2/24", "fd00:1::2/64"])
    hv1.vm("dc2", "Internal", "10.0.1.3/24")
    hv1.vm("bare", "Internal", "10.0.1.9/24")
    hv1.vm("client1", "Internal", "dhcp")
    for number in (1, 2, 3):
        hv1.vm(f"web{number}", "Internal", f"10.0.1.3{number}/24", mac_spoofing=True)
    hv1.vm("off1", "Internal", "10.0.1.20/24", running=False)
    return lab.model()
