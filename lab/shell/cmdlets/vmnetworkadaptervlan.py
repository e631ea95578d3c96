"""VLANs of virtual network adapters: Get- and Set-VMNetworkAdapterVlan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lab.model.vlan import LARGEST
from lab.shell.command import Call, Example, Parameter, command
from lab.shell.hyperv.adapter_parameters import PASSTHRU, getting, setting
from lab.shell.hyperv.adapters import with_fields
from lab.shell.hyperv.outcomes import done
from lab.shell.hyperv.targets import given_adapters
from lab.shell.hyperv.vlans import asked_for, vlan_object, wanted

_BY: Final = "VMNetworkAdapterName"


@command(
    "Get-VMNetworkAdapterVlan",
    "Hyper-V",
    "Gets the virtual LAN settings configured on a virtual network adapter.",
    getting(),
    default_set="VMName",
    output="VMNetworkAdapterVlanSetting",
    examples=(
        Example("Get-VMNetworkAdapterVlan", "Gets the VLAN settings of the adapters of all VMs."),
        Example("Get-VMNetworkAdapterVlan -ManagementOS", "Gets those of the management OS."),
    ),
)
def get_vmnetworkadaptervlan(call: Call) -> Iterator[object]:
    """Output the VLAN settings of adapters, of all VMs unless it is told of which."""
    for ref in given_adapters(call, _BY):
        yield vlan_object(ref)


@command(
    "Set-VMNetworkAdapterVlan",
    "Hyper-V",
    "Configures the virtual LAN settings for the traffic through a virtual network adapter.",
    (
        *setting(),
        Parameter("Untagged", "Switch", aliases=("u",), help="Puts the adapter into no VLAN."),
        Parameter("Access", "Switch", aliases=("a",), help="Puts it into one VLAN, of which its guest knows nothing."),
        Parameter("VlanId", "Int32", aliases=("AccessVlanId",), minimum=0, maximum=LARGEST,
                  help="The VLAN of mode Access, 1 to 4094."),
        Parameter("Trunk", "Switch", aliases=("t",), help="Lets its guest send and get frames with tags."),
        Parameter("NativeVlanId", "Int32", minimum=0, maximum=LARGEST,
                  help="The VLAN of frames without a tag in mode Trunk; 0 is none."),
        Parameter("AllowedVlanIdList", help="The tags of mode Trunk, such as 10,20-29, in quotation marks."),
        Parameter("Isolated", "Switch", aliases=("i",), help="Lets it reach promiscuous adapters only."),
        Parameter("Community", "Switch", aliases=("c",), help="Lets it reach promiscuous ones and its community."),
        Parameter("Promiscuous", "Switch", aliases=("p",), help="Lets it reach the secondary VLANs that are listed."),
        Parameter("PrimaryVlanId", "Int32", minimum=0, maximum=LARGEST, help="The primary VLAN of a private one."),
        Parameter("SecondaryVlanId", "Int32", minimum=0, maximum=LARGEST,
                  help="The secondary VLAN of modes Isolated and Community."),
        Parameter("SecondaryVlanIdList", help="The secondary VLANs of mode Promiscuous, such as 100,200-210."),
        PASSTHRU,
    ),
    default_set="VMName",
    confirms=True,
    output="VMNetworkAdapterVlanSetting",
    examples=(
        Example("Set-VMNetworkAdapterVlan -VMName web1 -Access -VlanId 10", "Puts a VM's adapters into VLAN 10."),
        Example('Set-VMNetworkAdapterVlan -VMName gw -Trunk -AllowedVlanIdList "10,20" -NativeVlanId 0',
                "Lets a router VM send and get the tags of two VLANs."),
        Example("Get-VM web1 | Set-VMNetworkAdapterVlan -Untagged", "Takes a VM's adapters out of their VLANs."),
    ),
    remarks="The adapter is selected by -VMNetworkAdapterName, not by -Name; without it all adapters of the machine "
    "change. A setting made here excludes one of Set-VMNetworkAdapterIsolation.",
)  # fmt: skip
def set_vmnetworkadaptervlan(call: Call) -> Iterator[object]:
    """Set the VLAN mode of adapters; parameters that do not go together are refused before anything is changed."""
    mode = asked_for(call)
    found = [(ref, wanted(call, mode, ref.model.vlan)) for ref in given_adapters(call, _BY) if ref.model]
    for ref, vlan in found:
        if done(call, ref.title, with_fields(ref, vlan=vlan)) and call.is_on("Passthru"):
            yield vlan_object(ref)
