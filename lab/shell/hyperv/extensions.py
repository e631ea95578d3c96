"""The extensions of virtual switches as objects of the console (Get-VMSwitchExtension)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lab.model.extensions import DESCRIPTIONS, SwitchExtension
from lab.shell.hyperv.refs import SwitchRef
from lab.shell.objects import Live, PSObject
from lab.shell.views import show

TYPE: Final = "Microsoft.HyperV.PowerShell.VMSwitchExtension"
SYSTEM_TYPE: Final = "Microsoft.HyperV.PowerShell.VMSystemSwitchExtension"
ORDER: Final = (SwitchExtension.FILTERING_PLATFORM, SwitchExtension.AZURE_VFP, SwitchExtension.NDIS_CAPTURE)
"""In the order in which Windows has them."""
_VERSION: Final = "10.0.17763.1"

show(
    TYPE, "list", "Id", "Name", "Vendor", "Version", "ExtensionType", "ParentExtensionId", "ParentExtensionName",
    "SwitchId", "SwitchName", "Enabled", "Running", "ComputerName",
)  # fmt: skip
show(SYSTEM_TYPE, "list", "Id", "Name", "Vendor", "Version", "ExtensionType", "ComputerName")


@dataclass(slots=True, eq=False)
class ExtensionRef:
    """An extension of a switch."""

    switch: SwitchRef
    name: SwitchExtension


def _facts(name: SwitchExtension, host: str) -> dict[str, object]:
    about = DESCRIPTIONS[name]
    return {
        "Id": about.id,
        "Name": name.value,
        "Vendor": about.vendor,
        "Version": _VERSION,
        "ExtensionType": about.type,
        "ParentExtensionId": "",
        "ParentExtensionName": "",
        "ComputerName": host,
    }


def extension_object(ref: ExtensionRef) -> Live:
    """Return an extension of a switch as the cmdlets output it."""
    return Live(TYPE, lambda: _properties(ref), lambda: ref.switch.place.model, source=ref, text=str(ref.name))


def _properties(ref: ExtensionRef) -> Mapping[str, object] | None:
    switch = ref.switch.model
    if switch is None:
        return None
    enabled = ref.name in switch.extensions
    return {
        **_facts(ref.name, ref.switch.host),
        "SwitchId": ref.switch.id,
        "SwitchName": switch.name,
        "Enabled": enabled,
        "Running": enabled,
        "IsDeleted": False,
    }


def system_extension(name: SwitchExtension, host: str) -> PSObject:
    """Return an extension that is installed on a host as the cmdlets output it."""
    return PSObject(SYSTEM_TYPE, _facts(name, host) | {"IsDeleted": False}, source=name, text=str(name))
