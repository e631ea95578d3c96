"""The head of a script: what it makes, and the physical world that has to be there before, which it does not make."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from lab.model.addresses import IpSettings
from lab.model.names import visible
from lab.model.objects import Computer, HypervHost, LabModel, PhysicalNetwork, PhysicalNic

_LONGEST: Final = 500


def head(model: LabModel) -> Iterator[str]:
    """Yield the comments at the beginning of a script."""
    hosts = ", ".join(host.name for host in model.hosts)
    yield f"# Lab {model.name}: virtual switches and virtual machines of {hosts or 'no Hyper-V host'}."
    yield "#"
    yield "# Written by `hvlab export`. It is for Hyper-V hosts on which nothing is configured yet"
    if model.hosts:
        others = (
            f", and {model.hosts[0].name} reaches the others by PowerShell remoting" if len(model.hosts) > 1 else ""
        )
        yield f"# and runs on {model.hosts[0].name}{others}; or in a lab:"
        yield "#     hvlab up SCRIPT.ps1 --on TOPOLOGY.py"
    yield "# The VMs are made without disks: for real hosts give each New-VM -VHDPath with a disk of Windows Server"
    yield "# in place of -NoVHD. What stands in if (Get-Command ...-Lab...) is for labs alone: Windows has no such"
    yield "# cmdlets."
    yield "#"
    yield "# What has to be there before:"
    for each in _things(model):
        yield f"# {visible(each, _LONGEST)}"


def _things(model: LabModel) -> Iterator[str]:
    for network in model.networks:
        yield from _network(network)
    for computer in model.internet.hosts:
        yield f"- on the internet: {_computer(computer)}"
    for host in model.hosts:
        yield f"- Hyper-V host {host.name}{_nics(host)}"
        if host.default_switch:
            yield f"  with the {host.default_switch.name} of client Windows"


def _network(network: PhysicalNetwork) -> Iterator[str]:
    subnets = ", ".join(map(str, network.subnets))
    yield f"- network {network.name}" + (f" ({subnets})" if subnets else "")
    for computer in network.computers:
        yield f"  with the computer {_computer(computer)}"
    if network.router:
        inside = _addresses(network.router.inside) or "no address"
        nat = ", which translates addresses" if network.router.nat else ""
        yield f"  with the router {network.router.name} ({inside}){nat}"


def _computer(computer: Computer) -> str:
    vlan = f", in VLAN {computer.vlan}" if computer.vlan else ""
    return f"{computer.name} ({_addresses(computer.ip) or 'no address'}){vlan}"


def _addresses(ip: IpSettings) -> str:
    found = [*map(str, ip.addresses), *(["DHCP"] if ip.dhcp else []), *(["router discovery"] if ip.auto else [])]
    found += [f"gateway {each}" for each in ip.gateways]
    return ", ".join(found)


def _nics(host: HypervHost) -> str:
    found = "; ".join(map(_nic, host.nics))
    return f" with {found}" if found else " without a NIC"


def _nic(nic: PhysicalNic) -> str:
    words: Iterable[str] = (
        f'NIC "{nic.name}"',
        f"on network {nic.network}" if nic.network else "on no network",
        f"({_addresses(nic.ip)})" if nic.ip != IpSettings() else "",
        "" if nic.connected else "with its cable pulled out",
    )
    return " ".join(filter(None, words))
