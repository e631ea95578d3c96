"""VLAN settings of network adapters: as objects of the console, and as cmdlets are given them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lab.model.vlan import VlanMode, VlanSettings, spans
from lab.shell.command import Call
from lab.shell.errors import ShellError, failure
from lab.shell.hyperv.adapters import common_properties
from lab.shell.hyperv.refs import AdapterRef
from lab.shell.objects import Live, PSObject
from lab.shell.views import Column, show

TYPE: Final = "Microsoft.HyperV.PowerShell.VMNetworkAdapterVlanSetting"

_FIELDS: Final = {
    "VlanId": "access_vlan_id",
    "NativeVlanId": "native_vlan_id",
    "AllowedVlanIdList": "allowed_vlan_id_list",
    "PrimaryVlanId": "primary_vlan_id",
    "SecondaryVlanId": "secondary_vlan_id",
    "SecondaryVlanIdList": "secondary_vlan_id_list",
}
_NEEDED: Final[Mapping[VlanMode, tuple[str, ...]]] = {
    VlanMode.UNTAGGED: (),
    VlanMode.ACCESS: ("VlanId",),
    VlanMode.TRUNK: ("AllowedVlanIdList", "NativeVlanId"),
    VlanMode.ISOLATED: ("PrimaryVlanId", "SecondaryVlanId"),
    VlanMode.COMMUNITY: ("PrimaryVlanId", "SecondaryVlanId"),
    VlanMode.PROMISCUOUS: ("PrimaryVlanId", "SecondaryVlanIdList"),
}
"""The parameters of each mode (Set-VMNetworkAdapterVlan)."""


def vlan_object(ref: AdapterRef) -> Live:
    """Return an adapter's VLAN setting as the cmdlets output it."""
    return Live(TYPE, lambda: _properties(ref), lambda: ref.place.model, source=ref)


def _properties(ref: AdapterRef) -> Mapping[str, object] | None:
    adapter = ref.model
    if adapter is None:
        return None
    vlan = adapter.vlan
    return {
        "OperationMode": "Private" if vlan.mode.is_private else vlan.mode.value,
        "AccessVlanId": vlan.access_vlan_id,
        "NativeVlanId": vlan.native_vlan_id,
        "AllowedVlanIdList": _ids(vlan.allowed_vlan_id_list),
        "AllowedVlanIdListString": vlan.allowed_vlan_id_list,
        "PrivateVlanMode": vlan.mode.value if vlan.mode.is_private else 0,
        "PrimaryVlanId": vlan.primary_vlan_id,
        "SecondaryVlanId": vlan.secondary_vlan_id,
        "SecondaryVlanIdList": _ids(vlan.secondary_vlan_id_list),
        "SecondaryVlanIdListString": vlan.secondary_vlan_id_list,
        **common_properties(ref),
    }


def _ids(text: str) -> list[int]:
    return [vlan for first, last in spans(text) for vlan in range(first, last + 1)] if text else []


def _setting_of(item: PSObject) -> VlanSettings:
    adapter = item.source.model
    return adapter.vlan if adapter is not None else VlanSettings()


def _mode(item: PSObject) -> str:
    return _setting_of(item).mode.value


def _list(item: PSObject) -> str:
    return str(_setting_of(item)).partition(" ")[2]


show(TYPE, "table", "VMName", "VMNetworkAdapterName", Column("Mode", _mode), Column("VlanList", _list))


def asked_for(call: Call) -> VlanMode | None:
    """Return the mode that a call gives, None if it gives none.

    ShellError if it gives several, leaves out what the mode needs, or gives what another mode has.
    """
    modes = [mode for mode in VlanMode if call.is_on(mode.value)]
    if len(modes) > 1:
        names = ", ".join(f"-{mode}" for mode in modes)
        raise _wrong(f"The VLAN modes exclude each other, and {names} are specified. Specify one of them.")
    given = [name for name in _FIELDS if name in call]
    if modes:
        _check(modes[0], given)
        return modes[0]
    if not given:
        raise _wrong("No VLAN mode is specified.", "Specify one of " + ", ".join(f"-{each}" for each in VlanMode) + ".")
    return None


def _check(mode: VlanMode, given: list[str]) -> None:
    needed = _NEEDED[mode]
    if missing := [name for name in needed if name not in given]:
        raise _wrong(f"The VLAN mode {mode} also requires {_dashed(missing)}.")
    if foreign := [name for name in given if name not in needed]:
        raise _wrong(f"The VLAN mode {mode} cannot be combined with {_dashed(foreign)}.")


def wanted(call: Call, mode: VlanMode | None, old: VlanSettings) -> VlanSettings:
    """Return the setting that an adapter is to have; without a mode its own stays, with the ids that are given.

    ShellError if the mode does not have these, or a list is none.
    """
    given = {name: call.get(name) for name in _FIELDS if name in call}
    if mode is None:
        before = {name: getattr(old, _FIELDS[name]) for name in _NEEDED[old.mode]}
        _check(old.mode, list(before | given))
        mode, given = old.mode, before | given
    for name in ("AllowedVlanIdList", "SecondaryVlanIdList"):
        if name in given:
            given[name] = _normal(name, str(given[name]))
    return VlanSettings(mode, **{_FIELDS[name]: value for name, value in given.items()})


def _normal(name: str, text: str) -> str:
    """Return a list as Hyper-V writes it: sorted, what follows one another as a range."""
    try:
        found = spans(text)
    except ValueError as error:
        raise _wrong(f"The {name} '{text}' is not valid: {error}.", "Write it like 10,20-29.") from None
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in found)


def _dashed(names: list[str]) -> str:
    return " and ".join(f"-{name}" for name in names)


def _wrong(message: str, remedy: str = "") -> ShellError:
    return failure(message, remedy=remedy)
