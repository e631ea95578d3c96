"""How fast NICs are, and how what leaves a host by one is divided among its adapters, as resources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lab.engine.allocation import Allocation
from lab.engine.resources import PHYSICAL, Cable, Relay, Share
from lab.model.bandwidth import promises
from lab.model.interfaces import IpInterface, interfaces
from lab.model.names import device_name
from lab.model.objects import HypervHost, LabModel, PhysicalNic


def nic_cables(host: HypervHost, nic: PhysicalNic) -> Iterator[Cable]:
    """Yield the cable of a NIC, or the two that lead to the relay and from it where the NIC has a speed."""
    device, plug = device_name(nic.name), device_name(host.name, nic.name)
    if not nic.speed:
        yield Cable(host.name, device, PHYSICAL, plug, nic.mtu, plugged=nic.has_link)
        return
    near, far = _relay_devices(host, nic)
    yield Cable(host.name, device, PHYSICAL, near, nic.mtu, plugged=nic.has_link)
    yield Cable(PHYSICAL, far, PHYSICAL, plug, nic.mtu, plugged=nic.has_link)


def relays(model: LabModel, allocation: Allocation) -> Iterator[Relay]:
    """Yield a relay for each NIC that has a speed."""
    if not any(nic.speed for host in model.hosts for nic in host.nics):
        return
    adapters = {interface.full_name: interface for interface in interfaces(model)}
    for host in model.hosts:
        for nic in host.nics:
            if nic.speed:
                yield _relay(host, nic, allocation, adapters)


def _relay(host: HypervHost, nic: PhysicalNic, allocation: Allocation, adapters: Mapping[str, IpInterface]) -> Relay:
    switch = host.switch_of_nic(nic.name)
    rest, promised = promises(host, switch, nic.speed) if switch else (nic.speed, {})
    shares = (Share(name, allocation.mac(adapters[name]), rate) for name, rate in promised.items())
    name = f"{host.name}/{nic.name}"
    return Relay(PHYSICAL, name, *_relay_devices(host, nic), nic.mtu, nic.speed, rest, tuple(shares))


def _relay_devices(host: HypervHost, nic: PhysicalNic) -> tuple[str, str]:
    """Return the names of the relay's devices, on the host's side and on the wire's."""
    near, far = (device_name(side, host.name, nic.name, separator=".") for side in ("host", "wire"))
    return near, far
