"""What would let a frame through: the Hyper-V setting, as the cmdlet that changes it.

The order of the questions is that of :mod:`lab.model.reachability`, so that a remedy belongs to the reason told.
"""

from __future__ import annotations

from typing import Final

from lab.intent import LearningMode, PortIntent, PortKind
from lab.model.acl import AclEntry, ExtendedAcl
from lab.model.addresses import Address
from lab.model.endpoints import Endpoint
from lab.model.interfaces import IpInterface, Segment, host_interfaces
from lab.model.isolation import NO_ISOLATION
from lab.model.kinds import SwitchType
from lab.model.names import hyperv_name
from lab.model.objects import HypervHost, LabModel, VirtualMachine
from lab.model.vlan import (
    UNTAGGED,
    VlanMode,
    VlanSettings,
    access,
    community,
    joined,
    obstacle,
    promiscuous,
    spans,
    trunk,
)

SENDERS: Final = frozenset({11, 16})
"""The drop reasons that MacAddressSpoofing On does away with at the sender."""

SECURITY_POLICY: Final = 12

GUARDS: Final = {17: "DhcpGuard", 18: "RouterGuard"}
"""The drop reasons that a setting of the sender's adapter is the cause of."""

HIDDEN: Final = "translates addresses"
"""What is said of a target behind a NAT."""

STORM_LIMIT: Final = 30
DESTINATION_FILTER_MISMATCH: Final = 34
NOT_ADMITTED: Final = 35
UNTAGGED_NOT_ALLOWED: Final = 36

_SET_ISOLATION: Final = "Set-VMNetworkAdapterIsolation"


def of_endpoint(model: LabModel, endpoint: Endpoint, version: int) -> str:
    """Return what would make an endpoint usable, empty if nothing is wrong with it."""
    found = next(((host, vm) for host, vm in model.vms() if vm.name == endpoint.node), None)
    if endpoint.why_down:
        if found:
            return _of_vm(*found, endpoint)
        if refused := _of_cluster(model, endpoint):
            return refused
        host = model.host(endpoint.node)
        return _of_host(host, endpoint) if host else ""
    if endpoint.address(version) is None:
        alias = f' -InterfaceAlias "{endpoint.interface}"' if endpoint.interface else ""
        return f"New-NetIPAddress{alias} -IPAddress ... inside {endpoint.node}"
    return ""


def _of_vm(host: HypervHost, vm: VirtualMachine, endpoint: Endpoint) -> str:
    if not vm.running:
        return f'Start-VM -Name "{vm.name}" (running=True in the topology)'
    if not vm.has_system and not vm.real_machine:
        return f"hvlab pxe tells why; then: hvlab pxe boot {vm.name}"
    adapter = next((each for each in vm.adapters if each.name == endpoint.interface), None)
    if adapter is None:
        return f'Add-VMNetworkAdapter -VMName "{vm.name}" -SwitchName ...'
    if not vm.has_driver(adapter):
        return (
            f"install integration services in {vm.name} (integration_services=True in the topology), or give it a "
            f'legacy adapter: Add-VMNetworkAdapter -VMName "{vm.name}" -IsLegacy $true'
        )
    if not adapter.enabled:
        return f"Enable-NetAdapter inside {vm.name}"
    switch = host.switches[0].name if host.switches else "..."
    return f'Connect-VMNetworkAdapter -VMName "{vm.name}" -Name "{adapter.name}" -SwitchName "{switch}"'


def _of_cluster(model: LabModel, endpoint: Endpoint) -> str:
    """Return what would let a node of a cluster have the cluster's MAC address."""
    for _, vm in model.vms():
        for adapter in vm.adapters:
            if adapter.nlb and endpoint.node == f"cluster {adapter.nlb.cluster}" and not adapter.mac_spoofing:
                return f'Set-VMNetworkAdapter -VMName "{vm.name}" -Name "{adapter.name}" -MacAddressSpoofing On'
    return ""


def _of_host(host: HypervHost, endpoint: Endpoint) -> str:
    if any(each.label == endpoint.interface and not each.enabled for each in host_interfaces(host)):
        return f'Enable-NetAdapter -Name "{endpoint.interface}"'
    bound = host.switch_of_nic(endpoint.interface)
    for adapter in host.adapters_on(bound.name) if bound else ():
        return f'talk to its management OS through "{host.management_id(adapter)}"'
    for switch in (bound,) if bound else host.switches:
        if switch.type is SwitchType.EXTERNAL and not host.adapters_on(switch.name):
            return share(switch.name)
    return "New-NetIPAddress -InterfaceAlias ... -IPAddress ..."


def share(switch: str) -> str:
    """Return the cmdlet that gives the management OS an adapter on a switch."""
    return f'Set-VMSwitch -Name "{switch}" -AllowManagementOS $true'


def of_separation(model: LabModel, ends: tuple[Endpoint, Endpoint], here: Segment | None, there: Segment | None) -> str:
    """Return what would join the segments of two endpoints that no machine connects."""
    if here is None or there is None:
        return ""
    segments = (here, there)
    private = [at for at in (0, 1) if _type(model, segments[at]) is SwitchType.PRIVATE]
    if private:
        return ", and ".join(_leave_private(model, ends[at], segments[at]) for at in private)
    for endpoint, segment in ((ends[0], there), (ends[1], here)):
        host = model.host(endpoint.node)
        if host and segment.host == endpoint.node and not host.adapters_on(segment.name):
            return share(segment.name)
    for segment in (there, here):
        if _type(model, segment) is SwitchType.INTERNAL:
            return (
                f'make it external (Set-VMSwitch -Name "{segment.name}" -NetAdapterName ...), or put a router between'
            )
    return ""


def _leave_private(model: LabModel, endpoint: Endpoint, segment: Segment) -> str:
    host = model.host(segment.host)
    switches = host.switches if host else ()
    other = next((switch.name for switch in switches if switch.type is SwitchType.EXTERNAL), "...")
    return f'Connect-VMNetworkAdapter -VMName "{endpoint.node}" -Name "{endpoint.interface}" -SwitchName "{other}"'


def _type(model: LabModel, segment: Segment) -> SwitchType | None:
    host = model.host(segment.host)
    switch = host.switch(segment.name) if host else None
    return switch.type if switch else None


def of_failure(failure: str, node: str, interface: str, target: Address | None) -> str:
    """Return what would help where IP got stuck, at a machine and the interface it would send from."""
    if HIDDEN in failure:
        return "let the machine behind the router ask first, or publish it: Add-NetNatStaticMapping"
    if "no gateway" in failure or "knows no way" in failure:
        anywhere = "::/0" if target and target.version == 6 else "0.0.0.0/0"
        alias = f' -InterfaceAlias "{interface}"' if interface else ""
        route = f"New-NetRoute -DestinationPrefix {anywhere}{alias} -NextHop ..."
        return f"in {node}: {route} (gateway=... in the topology)"
    if "forwarding is off" in failure:
        return f"in {node}: Set-NetIPInterface -Forwarding Enabled (forwarding=True in the topology)"
    return ""


def of_drop(reason: int, sender: PortIntent | None, receiver: PortIntent | None) -> str:
    """Return what would keep a switch from dropping a frame for a numbered reason."""
    if reason in SENDERS and sender:
        return allow_spoofing(sender)
    if reason == SECURITY_POLICY and receiver:
        return allow_spoofing(receiver)
    if reason in GUARDS and sender:
        return f"{_set_adapter(sender)} -{GUARDS[reason]} Off"
    if reason == STORM_LIMIT and sender:
        return f"{_set_adapter(sender)} -StormLimit 0"
    if reason == UNTAGGED_NOT_ALLOWED and sender:
        return f"{_SET_ISOLATION} {_selector(sender)} {_untagged_in('...')}"
    if reason == NOT_ADMITTED:
        return "see `hvlab status`: the switch has not put this adapter's policy into force"
    return ""


def of_denial(adapter: PortIntent, entry: AclEntry) -> str:
    """Return the cmdlet that takes away the entry of an access list that denies something."""
    whose = _selector(adapter)
    if isinstance(entry, ExtendedAcl):
        parameters = f"-Direction {entry.direction} -Weight {entry.weight}"
        return f"Remove-VMNetworkAdapterExtendedAcl {whose} {parameters}"
    action, direction, *address = str(entry).split()
    return f"Remove-VMNetworkAdapterAcl {whose} -Action {action} -Direction {direction} -{' '.join(address)}"


def _selector(adapter: PortIntent) -> str:
    """Return the parameters that select an adapter in the cmdlets about VLANs and access lists."""
    owner, _, name = adapter.adapter.partition("/")
    if adapter.kind is PortKind.VM:
        return f'-VMName "{owner}" -VMNetworkAdapterName "{name}"'
    return f'-ManagementOS -VMNetworkAdapterName "{hyperv_name(name)}"'


def of_wrong_port(learning: LearningMode | None, receiver: PortIntent | None) -> str:
    """Return what would make a switch send a frame to its receiver, and not elsewhere."""
    if learning is LearningMode.PINNED and receiver and receiver.kind is PortKind.VM:
        return f"give it its configured MAC address again, or {allow_spoofing(receiver)}"
    return "the next frame that the receiver sends corrects the MAC table"


def of_vlans(sender: IpInterface, target: IpInterface) -> str:
    """Return the cmdlet that would let two interfaces hear each other that VLAN or isolation settings keep apart."""
    for each in (sender, target):
        if obstacle(each.tagging):
            return of_obstacle(each)
    if sender.tag and target.tag:
        return (
            f"in {target.node}: an interface for VLAN {sender.tag} (vlan_interface({sender.tag}, ...) in the topology)"
        )
    if target.tag:
        sender, target = target, sender
    one, other = access(sender.tag) if sender.tag else _equivalent(sender), _equivalent(target)
    if one is None:
        return _set_vlan(sender, _fitting(other, other) if other else None)
    return _set_vlan(target, _fitting(one, other or one))


def of_obstacle(interface: IpInterface) -> str:
    """Return the cmdlet that lets the frames of an interface that a guest has made through the port of its adapter."""
    if interface.not_taken:
        member = interface.not_taken.partition('"')[2].partition('"')[0].partition("/")[2]
        return f'Set-VMNetworkAdapter -VMName "{interface.node}" -Name "{member}" -AllowTeaming On'
    was, tag = _equivalent(interface) or UNTAGGED, interface.tag
    untagged = was.membership().sends if was.mode in (VlanMode.ACCESS, VlanMode.TRUNK) else 0
    had = spans(was.allowed_vlan_id_list) if was.mode is VlanMode.TRUNK else ()
    allowed = joined([*had, (tag, tag)])
    text = ",".join(f"{first}-{last}" if last > first else str(first) for first, last in allowed)
    return _set_vlan(interface, trunk(text, native=0 if untagged == tag else untagged))


def _equivalent(interface: IpInterface) -> VlanSettings | None:
    """Return the VLAN setting that does what the setting of an interface's port does; None if that cuts it off."""
    setting = interface.isolation.equivalent
    return interface.vlan if setting == UNTAGGED else setting


def _set_vlan(target: IpInterface, setting: VlanSettings | None) -> str:
    """Return what gives a port a VLAN setting, or the same by isolation where it has that; None is any VLAN."""
    if target.isolation == NO_ISOLATION and setting:
        return _set_vlan_mode(target, setting)
    isolate = f"{_SET_ISOLATION} {_selector_of(target)}"
    if setting is None or setting.mode is VlanMode.ACCESS:
        return f"{isolate} {_untagged_in(setting.access_vlan_id if setting else '...')}"
    free = f"{isolate} -IsolationMode None"
    return free if setting == UNTAGGED else f"{free}, and {_set_vlan_mode(target, setting)}"


def _set_vlan_mode(target: IpInterface, setting: VlanSettings) -> str:
    parameters = {
        VlanMode.UNTAGGED: "-Untagged",
        VlanMode.ACCESS: f"-Access -VlanId {setting.access_vlan_id}",
        VlanMode.TRUNK: f'-Trunk -AllowedVlanIdList "{setting.allowed_vlan_id_list}" '
        f"-NativeVlanId {setting.native_vlan_id}",
        VlanMode.COMMUNITY: f"-Community -PrimaryVlanId {setting.primary_vlan_id} "
        f"-SecondaryVlanId {setting.secondary_vlan_id}",
        VlanMode.PROMISCUOUS: f"-Promiscuous -PrimaryVlanId {setting.primary_vlan_id} "
        f"-SecondaryVlanIdList {setting.secondary_vlan_id_list}",
    }[setting.mode]
    if target.is_vm or (target.segment and target.segment.is_switch):
        return f"Set-VMNetworkAdapterVlan {_selector_of(target)} {parameters}"
    wanted = setting.access_vlan_id
    return f"put {target.node}'s port of the physical switch into VLAN {wanted} (vlan={wanted} in the topology)"


def _selector_of(interface: IpInterface) -> str:
    if interface.is_vm:
        return f'-VMName "{interface.node}" -VMNetworkAdapterName "{interface.adapter or interface.label}"'
    return f'-ManagementOS -VMNetworkAdapterName "{hyperv_name(interface.label)}"'


def _untagged_in(vlan: int | str) -> str:
    return f"-IsolationMode Vlan -AllowUntaggedTraffic $true -DefaultIsolationID {vlan}"


def _fitting(one: VlanSettings, other: VlanSettings) -> VlanSettings:
    """Return a setting for the other adapter with which it hears the one, and the one hears it."""
    match one.mode:
        case VlanMode.COMMUNITY | VlanMode.PROMISCUOUS if one.mode is VlanMode.COMMUNITY or other.mode is one.mode:
            return one
        case VlanMode.PROMISCUOUS:
            return community(one.primary_vlan_id, next(iter(one.secondaries())))
        case VlanMode.ISOLATED:
            return promiscuous(one.primary_vlan_id, str(one.secondary_vlan_id))
        case VlanMode.TRUNK:
            return access(one.native_vlan_id) if one.native_vlan_id else UNTAGGED
        case _:
            return one


def allow_spoofing(adapter: PortIntent) -> str:
    """Return the cmdlet that lets a VM's adapter use other addresses than its own; empty for other ports."""
    return f"{_set_adapter(adapter)} -MacAddressSpoofing On" if adapter.kind is PortKind.VM else ""


def of_extension(switch: str, extension: str) -> str:
    """Return the cmdlet that gives the forwarding back to a switch."""
    return f'Disable-VMSwitchExtension -VMSwitchName "{switch}" -Name "{extension}"'


def _set_adapter(adapter: PortIntent) -> str:
    vm, _, name = adapter.adapter.partition("/")
    return f'Set-VMNetworkAdapter -VMName "{vm}" -Name "{name}"'
