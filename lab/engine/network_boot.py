"""Booting over the network: boot loaders, the servers that they boot from, and which VMs have been installed so.

A VM that is to boot from its network adapter has an empty disk. Its boot loader is a service until it has got its boot
file; from then on the VM is installed, which the lab remembers in its model, whatever the topology's file says.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Set
from dataclasses import replace
from ipaddress import IPv4Interface

from lab.engine.resources import Program, Service
from lab.model.boot import BIOS, UEFI_X64, BootServer
from lab.model.interfaces import IpInterface
from lab.model.kinds import AdapterKind
from lab.model.objects import LabModel, NetworkAdapter, VirtualMachine


def boot_services(model: LabModel, everything: tuple[IpInterface, ...]) -> Iterator[Service]:
    """Yield the boot loaders of VMs that run with an empty disk, and the boot servers of those that have a system."""
    for _, vm in model.vms():
        mine = tuple(each for each in everything if each.node == vm.name)
        if vm.running and vm.real_machine:
            told = (("generation", str(vm.generation)),)
            where = str(mine[0].segment or "")
            yield Service(vm.name, Program.REAL_MACHINE, "machine", mine[0].device, settings=told, place=where)
        elif vm.running and not vm.has_system:
            yield _loader(vm, mine)
        elif vm.running and vm.boot_server:
            yield from _servers(vm, vm.boot_server, mine)


def booting_adapter(vm: VirtualMachine) -> NetworkAdapter | None:
    """Return the adapter that a VM's firmware can boot from; the first that is on a switch, if there is one.

    That of generation 1 knows legacy adapters only (plan-hyper-v-networking).
    """
    kind = AdapterKind.LEGACY if vm.generation == 1 else AdapterKind.SYNTHETIC
    found = [each for each in vm.adapters if each.kind is kind]
    return next((each for each in found if each.switch), next(iter(found), None))


def _loader(vm: VirtualMachine, mine: tuple[IpInterface, ...]) -> Service:
    adapter = booting_adapter(vm)
    interface = next((each for each in mine if adapter and each.label == adapter.name), None)
    told = {
        "adapter": adapter.name if adapter else "",
        "architecture": str(BIOS if vm.generation == 1 else UEFI_X64),
        "generation": str(vm.generation),
    }
    return Service(
        vm.name,
        Program.NETWORK_BOOT,
        "boot loader",
        interface.device if interface else "",
        settings=tuple(sorted(told.items())),
        place=str(interface.segment or "") if interface else "",
    )


def _servers(vm: VirtualMachine, server: BootServer, mine: tuple[IpInterface, ...]) -> Iterator[Service]:
    sizes = json.dumps({each.name: each.size for each in server.files if not each.content}, sort_keys=True)
    contents = tuple((each.name, each.content) for each in server.files if each.content)
    yield Service(vm.name, Program.TFTP_SERVER, "TFTP server", settings=(("sizes", sizes),), files=contents)
    if not server.programs:
        return
    addresses = [
        (each.device, str(address.ip))
        for each in mine
        for address in [next((found for found in each.ip.addresses if isinstance(found, IPv4Interface)), None)]
        if address and each.up
    ]
    programs = {str(each.architecture): each.file for each in server.programs}
    settings = (
        ("addresses", json.dumps(addresses)),
        ("ports", json.dumps([67, 4011] if server.use_dhcp_ports else [4011])),
        ("programs", json.dumps(programs, sort_keys=True)),
    )
    yield Service(vm.name, Program.PXE_RESPONDER, "PXE responder", settings=settings)


def disks_carried_over(old: LabModel, new: LabModel) -> LabModel:
    """Return `new` with those VMs installed that were before: a disk stays what it is when a VM is changed.

    A VM of the same name and generation is the same one.
    """
    before = {(vm.name, vm.generation) for _, vm in old.vms() if vm.has_system}
    empty = {vm.name for _, vm in new.vms() if not vm.has_system and (vm.name, vm.generation) in before}
    return with_disks(new, empty, installed=True)


def empty_vms(model: LabModel) -> frozenset[str]:
    """Return the names of the VMs that run and have not been installed."""
    return frozenset(vm.name for _, vm in model.vms() if vm.running and not vm.has_system and not vm.real_machine)


def with_disks(model: LabModel, names: Set[str], *, installed: bool) -> LabModel:
    """Return a model in which some VMs have an operating system on their disks, or none."""
    if not names:
        return model
    hosts = (
        replace(
            host, vms=tuple(replace(vm, installed=installed) if vm.name in names else vm for vm in host.vms)
        )
        for host in model.hosts
    )  # fmt: skip
    return replace(model, hosts=tuple(hosts))
