"""The lab that a script finds which names none: what a class has on its desks, with nothing configured yet.

One Hyper-V host HV1 with two NICs on an office network that has a computer, a router, and the internet behind it. What
the script makes is made there.
"""

from __future__ import annotations

from dataclasses import replace

from lab.model.builder import Lab
from lab.model.objects import HypervHost, LabModel


def desk(name: str) -> LabModel:
    """Return the lab, called `name`."""
    lab = Lab(name)
    lab.internet_host("internet", "203.0.113.80/24")
    office = lab.physical_network("office", "192.168.1.0/24", router="192.168.1.1")
    office.computer("pc1", "192.168.1.10")
    host = lab.host("HV1")
    host.nic("Ethernet", office, "192.168.1.20")
    host.nic("Ethernet 2", office)
    return lab.model()


def unconfigured(model: LabModel) -> LabModel:
    """Return a lab without what its Hyper-V hosts have been given: no VM, no NAT, no switch but the Default Switch."""
    return replace(model, hosts=tuple(map(_bare, model.hosts)))


def _bare(host: HypervHost) -> HypervHost:
    switches = tuple(switch for switch in host.switches if switch.is_default)
    adapters = tuple(each for switch in switches for each in host.adapters_on(switch.name))
    return HypervHost(host.name, nics=host.nics, switches=switches, management_adapters=adapters)
