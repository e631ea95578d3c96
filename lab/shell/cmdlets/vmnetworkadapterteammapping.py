"""Which NIC of a team an adapter uses: Set-, Get- and Remove-VMNetworkAdapterTeamMapping."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lab.shell.command import Call, Example, Parameter, command
from lab.shell.errors import failure
from lab.shell.hyperv import adapter_parameters as by
from lab.shell.hyperv.adapter_parameters import PASSTHRU
from lab.shell.hyperv.adapters import common_properties, with_fields
from lab.shell.hyperv.outcomes import done
from lab.shell.hyperv.refs import AdapterRef, HostRef, identity
from lab.shell.hyperv.targets import given_adapters
from lab.shell.objects import PSObject
from lab.shell.views import show

_BY: Final = "VMNetworkAdapterName"
_TYPE: Final = "Microsoft.HyperV.PowerShell.VMNetworkAdapterTeamMappingSetting"
_ON: Final = Parameter("SwitchName", sets=(by.MANAGEMENT,), wildcards=True, complete="switch",
                       help="Means adapters of the management OS on this switch only.")  # fmt: skip

show(
    _TYPE,
    "list",
    *("NetAdapterName", "NetAdapterDeviceId", "ParentAdapter", "IsTemplate", "CimSession", "ComputerName", "IsDeleted"),
)


def _object(ref: AdapterRef) -> Iterator[PSObject]:
    """Yield an adapter's mapping, if it has one."""
    nic = ref.model.team_mapping if ref.model else ""
    if nic:
        device = "{" + str(identity(ref.place, ref.host, "nic", nic)).upper() + "}"
        properties = {"NetAdapterName": nic, "NetAdapterDeviceId": device, **common_properties(ref)}
        yield PSObject(_TYPE, properties, source=ref)


@command(
    "Set-VMNetworkAdapterTeamMapping",
    "Hyper-V",
    "Maps a virtual network adapter to a member of its switch's embedded team.",
    (
        *by.setting(many=False),
        Parameter("PhysicalNetAdapterName", mandatory=True, complete="nic", help="The NIC, a member of the team."),
        _ON,
        PASSTHRU,
    ),
    default_set=by.BY_NAME,
    confirms=True,
    output="VMNetworkAdapterTeamMappingSetting",
    examples=(
        Example('Set-VMNetworkAdapterTeamMapping -ManagementOS -VMNetworkAdapterName SMB1 -PhysicalNetAdapterName '
                '"Ethernet 2"', "Has an adapter of the management OS send by one NIC of the team."),
    ),
)  # fmt: skip
def set_vmnetworkadapterteammapping(call: Call) -> Iterator[object]:
    """Map adapters to a NIC of the team of their switch."""
    for ref in given_adapters(call, _BY):
        nic = _nic(ref, call.get("PhysicalNetAdapterName"))
        if done(call, ref.title, with_fields(ref, team_mapping=nic)) and call.is_on("Passthru"):
            yield from _object(ref)


def _nic(ref: AdapterRef, wanted: str) -> str:
    host = HostRef(ref.place, ref.host).model
    found = next((each.name for each in host.nics if each.name.casefold() == wanted.casefold()), None) if host else None
    if found is None:
        raise failure(
            f"No network adapter has the name '{wanted}'.",
            category="ObjectNotFound", error_id="ObjectNotFound", target=wanted,
        )  # fmt: skip
    return found


@command(
    "Get-VMNetworkAdapterTeamMapping",
    "Hyper-V",
    "Gets the members of embedded teams that virtual network adapters are mapped to.",
    (*by.getting(), _ON),
    default_set=by.BY_NAME,
    output="VMNetworkAdapterTeamMappingSetting",
    examples=(Example("Get-VMNetworkAdapterTeamMapping -ManagementOS", "Gets those of the management OS."),),
)
def get_vmnetworkadapterteammapping(call: Call) -> Iterator[object]:
    """Output the mappings of adapters that have one."""
    for ref in given_adapters(call, _BY):
        yield from _object(ref)


@command(
    "Remove-VMNetworkAdapterTeamMapping",
    "Hyper-V",
    "Removes the mapping of a virtual network adapter to a member of a team.",
    (*by.setting(many=False), _ON, PASSTHRU),
    default_set=by.BY_NAME,
    confirms=True,
    output="VMNetworkAdapterTeamMappingSetting",
    examples=(Example("Remove-VMNetworkAdapterTeamMapping -VMName web1", "Lets the switch choose the NIC again."),),
)
def remove_vmnetworkadapterteammapping(call: Call) -> Iterator[object]:
    """Let the switch choose by which NIC adapters send."""
    for ref in given_adapters(call, _BY):
        before = list(_object(ref))
        if done(call, ref.title, with_fields(ref, team_mapping=""), settle=True) and call.is_on("Passthru"):
            yield from before
