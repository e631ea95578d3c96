"""What virtual network adapters do and may do: Set-VMNetworkAdapter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from lab.model.bandwidth import rounded
from lab.model.edit import Edit
from lab.model.kinds import BandwidthReservationMode, PortMirroring
from lab.model.objects import NetworkAdapter
from lab.shell.command import Call, Example, Parameter, Support, command
from lab.shell.errors import ShellError, failure
from lab.shell.hyperv import adapter_parameters as by
from lab.shell.hyperv.acl_words import static_mac
from lab.shell.hyperv.adapter_changes import device_of, with_mac
from lab.shell.hyperv.adapter_parameters import PASSTHRU
from lab.shell.hyperv.adapters import adapter_edit, adapter_object, is_dynamic
from lab.shell.hyperv.outcomes import done, refuse
from lab.shell.hyperv.refs import AdapterRef
from lab.shell.hyperv.states import OFF, state_of
from lab.shell.hyperv.targets import given_adapters
from lab.shell.recording import recorded, recorded_parameters, with_all_kept

_NAMED: Final = (by.BY_NAME, by.BY_VM, by.MANAGEMENT)
_WITH_MAC: Final = (by.BY_NAME, by.BY_VM, by.BY_ADAPTER)
_PERCENT: Final = 100
_LARGEST_UINT32: Final = 2**32 - 1


def _on(value: object) -> bool:
    return value == "On"


_FIELDS: Final[Mapping[str, tuple[str, Callable[[Any], Any]]]] = {
    "AllowTeaming": ("allow_teaming", _on),
    "DhcpGuard": ("dhcp_guard", _on),
    "RouterGuard": ("router_guard", _on),
    "MacAddressSpoofing": ("mac_spoofing", _on),
    "IeeePriorityTag": ("ieee_priority_tag", _on),
    "PortMirroring": ("port_mirroring", PortMirroring),
    "StormLimit": ("storm_limit", int),
    "MaximumBandwidth": ("maximum_bandwidth", rounded),
    "MinimumBandwidthAbsolute": ("minimum_bandwidth_absolute", rounded),
    "MinimumBandwidthWeight": ("minimum_bandwidth_weight", int),
}
"""The parameters that a lab carries out: the fields of an adapter that they set, and how."""

_OF_VMS_ONLY: Final = ("AllowTeaming", "DhcpGuard", "RouterGuard", "MacAddressSpoofing", "StormLimit")
"""What a lab can only do at the port of a VM, and is nothing if it is Off or 0."""


def _kept(name: str, kind: str, text: str = "", **more: Any) -> Parameter:
    return Parameter(name, kind, support=Support.RECORDED, help=text, **more)


def _flag(name: str, text: str) -> Parameter:
    return Parameter(name, "OnOffState", values=("On", "Off"), help=text)


@command(
    "Set-VMNetworkAdapter",
    "Hyper-V",
    "Configures features of the virtual network adapter in a virtual machine or the management operating system.",
    (
        *by.vms(many=False),
        *by.adapters(many=False),
        Parameter("Name", sets=_NAMED, aliases=("VMNetworkAdapterName",), wildcards=True, complete="adapter",
                  help="The adapter's name; without it all adapters of the machine change."),
        _flag("MacAddressSpoofing", "Whether its guest may send from other MAC addresses, and learns by it."),
        _flag("DhcpGuard", "Drops what only DHCP servers send, from its guest."),
        _flag("RouterGuard", "Drops router advertisements and redirects from its guest."),
        _flag("AllowTeaming", "Whether its guest may make it a member of a team."),
        _flag("IeeePriorityTag", "Whether frames keep their 802.1p priority."),
        Parameter("PortMirroring", "VMNetworkAdapterPortMirroringMode", values=("None", "Destination", "Source"),
                  help="Copies what it sends and gets to the Destinations on its switch, or makes it one of them."),
        Parameter("StormLimit", "UInt32", minimum=0, maximum=_LARGEST_UINT32,
                  help="How many broadcast, multicast and unknown unicast packets it may send in a second; 0 is any."),
        Parameter("MaximumBandwidth", "Int64", minimum=0, help="What it may send, in bits per second; 0 is no limit."),
        Parameter("MinimumBandwidthWeight", "UInt32", minimum=0, maximum=_PERCENT,
                  help="Its share of its switch's NIC, where the switch is in mode Weight; 0 is none of its own."),
        Parameter("MinimumBandwidthAbsolute", "Int64", minimum=0,
                  help="The same in bits per second, where the switch is in mode Absolute."),
        Parameter("StaticMacAddress", sets=_WITH_MAC, help="Gives it this MAC address; its VM must be off."),
        Parameter("DynamicMacAddress", "Switch", sets=_WITH_MAC, help="Gives it one of the host's pool."),
        _kept("DeviceNaming", "OnOffState", "Tells the guest the adapter's name.", values=("On", "Off")),
        _kept("FixSpeed10G", "OnOffState", values=("On", "Off")),
        _kept("DynamicIPAddressLimit", "UInt32"),
        _kept("VirtualSubnetId", "UInt32", "Its virtual subnet; a lab has no network virtualization."),
        _kept("VmqWeight", "UInt32", "Whether virtual machine queues are used.", minimum=0, maximum=_PERCENT),
        _kept("IovWeight", "UInt32", "Whether SR-IOV is used.", minimum=0, maximum=_PERCENT),
        _kept("IovQueuePairsRequested", "UInt32"),
        _kept("IovInterruptModeration", "IovInterruptModerationValue",
              values=("Default", "Adaptive", "Off", "Low", "Medium", "High")),
        _kept("IPsecOffloadMaximumSecurityAssociation", "UInt32"),
        _kept("PacketDirectNumProcs", "UInt32"),
        _kept("PacketDirectModerationCount", "UInt32"),
        _kept("PacketDirectModerationInterval", "UInt32"),
        _kept("VrssEnabled", "Boolean"),
        _kept("VmmqEnabled", "Boolean"),
        _kept("VmmqQueuePairs", "UInt32"),
        _kept("MandatoryFeatureId", "String[]"),
        _kept("NotMonitoredInCluster", "Boolean"),
        _kept("ResourcePoolName", "String"),
        _kept("TestReplicaPoolName", "String"),
        _kept("TestReplicaSwitchName", "String"),
        PASSTHRU,
    ),
    default_set=by.BY_NAME,
    confirms=True,
    output="VMNetworkAdapter",
    examples=(
        Example("Set-VMNetworkAdapter -VMName web1 -MacAddressSpoofing On", "Lets a guest change its MAC address."),
        Example("Set-VMNetworkAdapter -VMName web1 -MaximumBandwidth 50000000", "Limits what a VM sends to 50 Mbit/s."),
        Example("Get-VMNetworkAdapter -All | Set-VMNetworkAdapter -VmqWeight 100", "Is recorded for all adapters."),
    ),
    remarks="Bandwidths are bits per second: -MaximumBandwidth 10MB is ten times 2^20 bits. A Source of port mirroring "
    "is copied to the Destinations on its own switch only.",
)  # fmt: skip
def set_vmnetworkadapter(call: Call) -> Iterator[object]:
    """Set features of adapters; without a name all adapters of the machine change."""
    mac = _mac(call)
    if kept := recorded_parameters(call):
        recorded(call, ", ".join(kept))
    for ref in given_adapters(call):
        if refused := _refused(call, ref, mac):
            refuse(call, refused)
        elif done(call, ref.title, _edit(call, ref, kept, mac)) and call.is_on("Passthru"):
            yield adapter_object(ref)


def _mac(call: Call) -> str | None:
    """Return the static MAC address that is asked for, empty for a dynamic one; None if none is.

    ShellError if parameters do not go together.
    """
    dynamic, static = call.is_on("DynamicMacAddress"), "StaticMacAddress" in call
    if dynamic and static:
        raise failure("A MAC address is either dynamic or static.", remedy="Specify one of the parameters.")
    if call.get("MinimumBandwidthWeight") and call.get("MinimumBandwidthAbsolute"):
        raise failure(
            "A minimum bandwidth is either a weight or absolute, as its switch has it (reason 48).",
            remedy="Specify one of the parameters.",
        )
    if static:
        return static_mac("StaticMacAddress", call.get("StaticMacAddress"))
    return "" if dynamic else None


def _refused(call: Call, ref: AdapterRef, mac: str | None) -> ShellError | None:
    """Return why an adapter cannot be what is asked for; None if nothing is known against it."""
    return (
        (_of_vms_only(call) if ref.vm is None else None)
        or _other_mode(call, ref)
        or (_running(ref) if mac is not None and ref.model and _changes(ref.model, mac) else None)
    )


def _of_vms_only(call: Call) -> ShellError | None:
    for name in _OF_VMS_ONLY:
        if call.get(name, "Off") not in ("Off", 0):
            why = " (reason 5)" if name == "MacAddressSpoofing" else ""
            return failure(
                f"-{name} is possible for network adapters of virtual machines only{why}.",
                category="InvalidOperation", error_id="OperationFailed", target=name,
            )  # fmt: skip
    return None


def _other_mode(call: Call, ref: AdapterRef) -> ShellError | None:
    """Return that a minimum bandwidth is not of the kind that the adapter's switch promises."""
    host = ref.place.model.host(ref.host)
    switch = host.switch(ref.model.switch) if host and ref.model else None
    for mode in (BandwidthReservationMode.WEIGHT, BandwidthReservationMode.ABSOLUTE):
        name = f"MinimumBandwidth{mode}"
        if call.get(name) and switch and (found := switch.bandwidth_reservation.resolved) is not mode:
            return failure(
                f"The bandwidth reservation mode of the virtual switch '{switch.name}' is {found}: a network adapter "
                f"on it cannot have the {name} {call.get(name)} (reason 48).",
                target=ref.shown,
                remedy=f"The mode is chosen when a switch is made: New-VMSwitch -MinimumBandwidthMode {mode}.",
            )
    return None


def _changes(adapter: NetworkAdapter, mac: str) -> bool:
    return not is_dynamic(adapter) if not mac else adapter.mac != mac


def _running(ref: AdapterRef) -> ShellError | None:
    """Return that a VM is not off: the address of a port is fixed while it is there."""
    vm = ref.vm.model if ref.vm else None
    if vm is None or ref.model is None or state_of(vm) == OFF:
        return None
    return failure(
        f"Failed to modify device '{device_of(ref.model.kind)}'.\n"
        "The operation cannot be performed while the virtual machine is in its current state.",
        category="InvalidOperation", error_id="InvalidState", target=vm.name,
        remedy="Turn the virtual machine off: its MAC address can be changed then.",
    )  # fmt: skip


def _edit(call: Call, ref: AdapterRef, kept: Mapping[str, Any], mac: str | None) -> Edit:
    """Return what a call changes of an adapter."""
    fields = {field: read(call.get(name)) for name, (field, read) in _FIELDS.items() if name in call}

    def changed(adapter: NetworkAdapter) -> NetworkAdapter:
        new = replace(adapter, recorded=with_all_kept(adapter.recorded, dict(kept)), **fields)
        return with_mac(mac)(new) if mac is not None and _changes(adapter, mac) else new

    return adapter_edit(ref, changed)
