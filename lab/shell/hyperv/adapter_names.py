"""What network adapters are called: on Windows several of a machine may have one name, in a lab each has its own.

So an adapter whose name is taken, or has characters that a lab's names cannot have, gets the nearest name that is free
(``Network Adapter 2``); the name that it was given is recorded beside, and it is that one which cmdlets of module
Hyper-V show and look for. In everything else of the lab, from `hvlab status` to `vEthernet (…)`, it has its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Final

from lab.model.names import device_name, is_display_name, is_node_name, vethernet_device
from lab.model.objects import HypervHost, NetworkAdapter, VirtualMachine
from lab.model.recorded import with_setting
from lab.shell.recording import kept, with_kept

SYNTHETIC: Final = "Network Adapter"
LEGACY: Final = "Legacy Network Adapter"
"""The names of adapters that are given none (Add-VMNetworkAdapter)."""

_NAME: Final = "Name"
_UNFIT: Final = re.compile(r"[^A-Za-z0-9 _.#()-]+")
_LONGEST_STEM: Final = 58
"""A name has at most 64 characters, with its number."""


def shown(adapter: NetworkAdapter) -> str:
    """Return the name that an adapter has in Hyper-V."""
    return str(kept(adapter.recorded, _NAME, adapter.name))


def called(adapter: NetworkAdapter, key: str, name: str) -> NetworkAdapter:
    """Return an adapter with its own name in the lab, and the one that it has in Hyper-V."""
    other = with_kept(adapter.recorded, _NAME, name) if key != name else with_setting(adapter.recorded, _NAME, None)
    return replace(adapter, name=key, recorded=other)


def free_in_vm(vm: VirtualMachine, name: str, but: str = "") -> str:
    """Return the lab's name for an adapter of a VM that is to have a name; the one called `but` is of no account."""
    taken = {each.name.casefold() for each in vm.adapters if each.name != but}
    taken |= {vm.team.name.casefold()} if vm.team else set()
    return _free(name, lambda key: key.casefold() not in taken)


def free_in_host(host: HypervHost, name: str) -> str:
    """Return the same for an adapter of the management OS, whose device must differ from those of the others, too."""
    taken = {each.name.casefold() for each in host.management_adapters}
    devices = {vethernet_device(each.name) for each in host.management_adapters}
    devices |= {device_name(each.name) for each in host.nics}
    switches: Collection[str] = {each.name for each in host.switches}
    return _free(
        name,
        lambda key: key.casefold() not in taken and vethernet_device(key) not in devices,
        lambda key: key in switches,
    )


def _free(name: str, is_free: Callable[[str], bool], also: Callable[[str], bool] = lambda key: False) -> str:
    """Return the first of a name and its numbered variants that is free; `also` permits names that are not usual."""
    allowed = is_display_name(name) or is_node_name(name) or also(name)
    if allowed and is_free(name):
        return name
    stem = _UNFIT.sub("_", name).strip(" _-.")[:_LONGEST_STEM].rstrip(" -")
    if not is_display_name(stem):
        stem = SYNTHETIC
    at = 1
    while not is_free(found := stem if at == 1 else f"{stem} {at}"):
        at += 1
    return found
