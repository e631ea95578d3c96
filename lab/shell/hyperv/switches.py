"""Virtual switches as objects of the console (Get-VMSwitch)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from lab.model.bandwidth import ASSUMED_SPEED_BPS, default_flow
from lab.model.kinds import BandwidthReservationMode, SwitchType
from lab.model.objects import HypervHost, VirtualSwitch
from lab.model.recorded import setting
from lab.shell.hyperv.extensions import ORDER, ExtensionRef, extension_object
from lab.shell.hyperv.nics import TEAM, description
from lab.shell.hyperv.refs import SwitchRef, identity
from lab.shell.objects import Live
from lab.shell.views import show

TYPE: Final = "Microsoft.HyperV.PowerShell.VMSwitch"

show(TYPE, "table", "Name", "SwitchType", "NetAdapterInterfaceDescription")


def switch_object(ref: SwitchRef) -> Live:
    """Return a switch as the cmdlets output it."""
    return Live(
        TYPE, lambda: _properties(ref), lambda: ref.place.model, source=ref, text=f"VMSwitch (Name = '{ref.name}')"
    )


def _properties(ref: SwitchRef) -> Mapping[str, object] | None:
    host, switch = ref.place.model.host(ref.host), ref.model
    if host is None or switch is None:
        return None
    descriptions = [description(host, nic) for nic in switch.nics]
    mode = switch.bandwidth_reservation.resolved
    return {
        "Name": switch.name,
        "Id": ref.id,
        "Notes": json.loads(setting(switch.recorded, "Notes", '""')),
        "Extensions": [extension_object(ExtensionRef(ref, each)) for each in ORDER],
        "BandwidthReservationMode": mode,
        "PacketDirectEnabled": json.loads(setting(switch.recorded, "EnablePacketDirect", "false")),
        "EmbeddedTeamingEnabled": switch.embedded_teaming,
        "IovEnabled": json.loads(setting(switch.recorded, "EnableIov", "false")),
        "SwitchType": switch.type,
        "AllowManagementOS": bool(host.adapters_on(switch.name)),
        "NetAdapterInterfaceDescription": _nic(switch, descriptions),
        "NetAdapterInterfaceDescriptions": descriptions or None,
        "NetAdapterInterfaceGuid": [identity(ref.place, host.name, "nic", nic) for nic in switch.nics] or None,
        "BandwidthPercentage": 10 if mode is not BandwidthReservationMode.NONE else 0,
        "DefaultFlowMinimumBandwidthAbsolute": _flow(host, switch) if mode is BandwidthReservationMode.ABSOLUTE else 0,
        "DefaultFlowMinimumBandwidthWeight": switch.default_flow_minimum_bandwidth_weight
        if mode is BandwidthReservationMode.WEIGHT
        else 0,
        "ComputerName": host.name,
        "IsDeleted": False,
    }


def _nic(switch: VirtualSwitch, descriptions: list[str]) -> str | None:
    if switch.type is not SwitchType.EXTERNAL:
        return None
    return TEAM if switch.embedded_teaming else next(iter(descriptions), None)


def _flow(host: HypervHost, switch: VirtualSwitch) -> int:
    nic = host.nic(switch.nic)
    return default_flow(switch, (nic.speed if nic else 0) or ASSUMED_SPEED_BPS)
