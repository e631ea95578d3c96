"""VLAN settings that a switch refuses, with the number that it gives as its reason (NDIS port property status)."""

from __future__ import annotations

from collections.abc import Iterator

from lab.errors import ErrorRecord
from lab.model.kinds import AdapterKind
from lab.model.names import quoted, vlan_interface_name
from lab.model.objects import LabModel, NetworkAdapter, VirtualMachine
from lab.model.rules.mistakes import mistake
from lab.model.vlan import LARGEST, VlanMode, VlanSettings, spans

MAX_VLAN_INTERFACES = 64
"""hvlab's own limit for a VM: where the kernel has no VLAN devices, each of them has a program."""

_BOUNDS = f"expected 1 to {LARGEST}"

_FOREIGN = {
    "access_vlan_id": (33, (VlanMode.ACCESS,)),
    "native_vlan_id": (34, (VlanMode.TRUNK,)),
    "allowed_vlan_id_list": (34, (VlanMode.TRUNK,)),
    "primary_vlan_id": (37, (VlanMode.ISOLATED, VlanMode.COMMUNITY, VlanMode.PROMISCUOUS)),
    "secondary_vlan_id": (38, (VlanMode.ISOLATED, VlanMode.COMMUNITY)),
    "secondary_vlan_id_list": (38, (VlanMode.PROMISCUOUS,)),
}
"""The fields, the reason for which another mode refuses them, and the modes that have them."""


def vlans(model: LabModel) -> Iterator[ErrorRecord]:
    """VLAN ids out of bounds, and settings that contradict themselves."""
    for network in model.networks:
        for computer in network.computers:
            if not 0 <= computer.vlan <= LARGEST:
                who = f"computer {quoted(computer.name)}"
                yield mistake(computer.name, f"{who} is in VLAN {computer.vlan}", f"{_BOUNDS}, or 0 for none")
    for host in model.hosts:
        owned = [(f"{host.name}/{adapter.name}", adapter) for adapter in host.management_adapters]
        owned += [(vm.adapter_id(adapter), adapter) for vm in host.vms for adapter in vm.adapters]
        for owner, adapter in owned:
            yield from _setting(owner, adapter.vlan)


def vlan_interfaces(model: LabModel) -> Iterator[ErrorRecord]:
    """Interfaces that a guest cannot make itself. What the switch lets pass of their frames is not asked here."""
    for host in model.hosts:
        for each in host.management_adapters:
            if each.vlan_interfaces:
                owner = f"{host.name}/{each.name}"
                yield mistake(owner, f"adapter {quoted(owner)} of the management OS has VLAN interfaces", _USE_ADAPTERS)
    for _, vm in model.vms():
        count = sum(len(adapter.vlan_interfaces) for adapter in vm.adapters)
        if count > MAX_VLAN_INTERFACES:
            what = f"VM {quoted(vm.name)} has {count} VLAN interfaces"
            yield mistake(vm.name, what, f"expected at most {MAX_VLAN_INTERFACES}")
        for adapter in vm.adapters:
            yield from _vlan_interfaces(vm, adapter)


_USE_ADAPTERS = "only the guest of a VM makes some: add management adapters with a VLAN setting each"


def _vlan_interfaces(vm: VirtualMachine, adapter: NetworkAdapter) -> Iterator[ErrorRecord]:
    seen: set[int] = set()
    who = f"adapter {quoted(vm.adapter_id(adapter))}"
    for each in adapter.vlan_interfaces:
        owner = f"{vm.name}/{vlan_interface_name(adapter.name, each.vlan_id)}"
        if not 1 <= each.vlan_id <= LARGEST:
            yield mistake(owner, f"{who} has an interface for VLAN {each.vlan_id}", _BOUNDS)
        elif each.vlan_id in seen:
            yield mistake(owner, f"{who} has two interfaces for VLAN {each.vlan_id}", "give one all the addresses")
        elif adapter.kind is AdapterKind.LEGACY:
            remedy = "a legacy adapter does not carry VLAN ids (KB2844106): use a synthetic one"
            yield mistake(owner, f"{who} is a legacy adapter and has an interface for VLAN {each.vlan_id}", remedy)
        seen.add(each.vlan_id)


def _setting(owner: str, setting: VlanSettings) -> Iterator[ErrorRecord]:
    mode = setting.mode
    for field, (number, modes) in _FOREIGN.items():
        if mode not in modes and getattr(setting, field):
            title = field.replace("_", " ").replace("vlan id", "VLAN id")
            yield _refused(owner, f"has a {title} in VLAN mode {mode}", f"only {' and '.join(modes)} has one", number)
    if mode is VlanMode.ACCESS:
        yield from _id(owner, "access VLAN id", setting.access_vlan_id, 36)
    elif mode is VlanMode.TRUNK:
        yield from _id(owner, "native VLAN id", setting.native_vlan_id, 39, smallest=0)
        yield from _list(owner, "AllowedVlanIdList", setting.allowed_vlan_id_list, 36, smallest=0)
    elif mode.is_private:
        yield from _private(owner, setting)


def _private(owner: str, setting: VlanSettings) -> Iterator[ErrorRecord]:
    primary = setting.primary_vlan_id
    yield from _id(owner, "primary VLAN id", primary, 40)
    if setting.mode is VlanMode.PROMISCUOUS:
        mistakes = tuple(_list(owner, "SecondaryVlanIdList", setting.secondary_vlan_id_list, 41))
        yield from mistakes
        same = not mistakes and primary in setting.secondaries()
    else:
        yield from _id(owner, "secondary VLAN id", setting.secondary_vlan_id, 41)
        same = primary == setting.secondary_vlan_id
    if same:
        what = f"has {primary} as its primary and as a secondary VLAN id"
        yield _refused(owner, what, "they are different VLANs", 43)


def _id(owner: str, what: str, value: int, number: int, smallest: int = 1) -> Iterator[ErrorRecord]:
    if not smallest <= value <= LARGEST:
        yield _refused(owner, f"has the {what} {value}", f"expected {smallest} to {LARGEST}", number)


def _list(owner: str, what: str, text: str, number: int, smallest: int = 1) -> Iterator[ErrorRecord]:
    try:
        found = spans(text)
    except ValueError as error:
        yield _refused(owner, f"has the {what} {quoted(text)}: {error}", "write it like 10,20-29", number)
        return
    if found[0][0] < smallest or found[-1][1] > LARGEST:
        yield _refused(owner, f"has the {what} {quoted(text)}", _BOUNDS, number)


def _refused(owner: str, what: str, expected: str, number: int) -> ErrorRecord:
    return mistake(owner, f"adapter {quoted(owner)} {what}", f"{expected} (reason {number})")
