"""Network adapters: Get-, Rename-, Enable-, Disable-, Restart- and Set-NetAdapter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from lab.model import edit
from lab.model.addresses import parse_mac
from lab.model.edit import Edit
from lab.model.objects import HypervHost, NetworkAdapter, PhysicalNic, VlanInterface
from lab.shell.command import Call, Example, Impact, Parameter, Support, command
from lab.shell.errors import failure
from lab.shell.net.adapters import CLASS, adapter_object
from lab.shell.net.cim import refused, unsupported
from lab.shell.net.edits import changed, recorded
from lab.shell.net.interfaces import ALIAS, INDEX, InterfaceRef, Kind, NetInterface, named
from lab.shell.net.targets import BY_INDEX, WHICH, adapters, must_say
from lab.shell.recording import accepted, with_kept

_PASSTHRU: Final = Parameter("PassThru", "Switch", help="Outputs the adapter.")
_HIDDEN: Final = Parameter("IncludeHidden", "Switch", help="Also those that have no driver.")


@command(
    "Get-NetAdapter",
    "NetAdapter",
    "Gets the basic network adapter properties.",
    (
        *WHICH,
        Parameter("InterfaceIndex", "UInt32[]", sets=(BY_INDEX,), mandatory=True, aliases=("ifIndex",), pipe="P",
                  help="The number of the interface."),
        _HIDDEN,
        Parameter("Physical", "Switch", help="Only those that are hardware."),
    ),
    default_set="ByName",
    output="MSFT_NetAdapter",
    guest=True,
    examples=(
        Example("Get-NetAdapter", "Gets all network adapters that are not hidden."),
        Example('(Get-NetAdapter -Name "vEthernet (Lab)").ifIndex', "Tells the number of an interface."),
    ),
)  # fmt: skip
def get_netadapter(call: Call) -> Iterator[object]:
    """Output the interfaces of the machine."""
    for ref in adapters(call, hidden=call.is_on("IncludeHidden")):
        found = ref.now
        if found and (found.physical or not call.is_on("Physical")):
            yield adapter_object(ref)


@command(
    "Rename-NetAdapter",
    "NetAdapter",
    "Renames a network adapter.",
    (
        *must_say(many=False),
        Parameter("NewName", position=1, mandatory=True, help="The name that the interface is to have."),
        _HIDDEN,
        _PASSTHRU,
    ),
    default_set="ByName",
    confirms=True,
    output="MSFT_NetAdapter",
    guest=True,
    examples=(Example('Rename-NetAdapter -Name "Ethernet 2" -NewName Storage', "Gives an interface another name."),),
)  # fmt: skip
def rename_netadapter(call: Call) -> Iterator[object]:
    """Give interfaces another name in their machine; what Hyper-V calls a VM's adapter stays."""
    new = call.get("NewName")
    for ref in adapters(call, hidden=call.is_on("IncludeHidden")):
        found = ref.now
        other = named(ref.place, ref.machine, new)
        if found is None:
            continue
        if other is not None and other.key != found.key:
            text = (
                f"{{Object Exists}} An attempt was made to create an object and the object name already existed. {new}"
            )
            call.error(refused(CLASS, text, code=-1073741771, category="ResourceExists"))
        elif call.change(found.alias, _renamed(ref, found, new)):
            ref.name = new if ref.kind is Kind.NIC else ref.name
            if call.is_on("PassThru"):
                yield adapter_object(ref)


def _renamed(ref: InterfaceRef, found: NetInterface, new: str) -> Edit:
    if ref.kind is not Kind.NIC:
        return recorded(ref, **{ALIAS: new})
    old, mac = ref.name, ref.place.macs.get(f"{ref.machine.name}/{ref.name}", "")

    def nic(each: PhysicalNic) -> PhysicalNic:
        # It stays the same card: its MAC address and its number do not follow from its new name.
        return replace(each, name=new, mac=each.mac or mac, recorded=with_kept(each.recorded, INDEX, found.index))

    def adapter(each: NetworkAdapter) -> NetworkAdapter:
        return replace(each, team_mapping=new) if each.team_mapping == old else each

    def host(each: HypervHost) -> HypervHost:
        switches = (
            replace(switch, nics=tuple(new if name == old else name for name in switch.nics))
            for switch in each.switches
        )
        vms = (replace(vm, adapters=tuple(map(adapter, vm.adapters))) for vm in each.vms)
        return replace(
            each,
            nics=edit.replaced(each.nics, old, nic),
            switches=tuple(switches),
            management_adapters=tuple(map(adapter, each.management_adapters)),
            vms=tuple(vms),
        )

    return edit.host(ref.machine.host, host)


@command(
    "Disable-NetAdapter",
    "NetAdapter",
    "Disables a network adapter.",
    (*must_say(), _HIDDEN, _PASSTHRU),
    default_set="ByName",
    confirms=True,
    impact=Impact.HIGH,
    output="MSFT_NetAdapter",
    guest=True,
    examples=(Example("Disable-NetAdapter -Name Ethernet -Confirm:$false", "Disables an adapter without asking."),),
)
def disable_netadapter(call: Call) -> Iterator[object]:
    """Disable interfaces: they send and get nothing any more."""
    yield from _switched(call, adapters(call, hidden=call.is_on("IncludeHidden")), on=False)


@command(
    "Enable-NetAdapter",
    "NetAdapter",
    "Enables a network adapter.",
    (*must_say(), _HIDDEN, _PASSTHRU),
    default_set="ByName",
    confirms=True,
    output="MSFT_NetAdapter",
    guest=True,
    examples=(Example("Enable-NetAdapter -Name Ethernet", "Enables an adapter that was disabled."),),
)
def enable_netadapter(call: Call) -> Iterator[object]:
    """Enable interfaces that were disabled."""
    yield from _switched(call, adapters(call, hidden=call.is_on("IncludeHidden")), on=True)


@command(
    "Restart-NetAdapter",
    "NetAdapter",
    "Restarts a network adapter by disabling and then re-enabling the network adapter.",
    (*must_say(), _HIDDEN, _PASSTHRU),
    default_set="ByName",
    confirms=True,
    output="MSFT_NetAdapter",
    guest=True,
    examples=(Example('Restart-NetAdapter -Name "Ethernet 2"', "Disables an adapter, and enables it again."),),
)
def restart_netadapter(call: Call) -> Iterator[object]:
    """Disable interfaces and enable them again."""
    for ref in adapters(call, hidden=call.is_on("IncludeHidden")):
        found = ref.now
        if found is None or not call.agreed(found.alias):
            continue
        for on in (False, True):
            call.place.change(_set_enabled(ref, found, on=on))
            call.place.settle()
        if call.is_on("PassThru"):
            yield adapter_object(ref)


def _switched(call: Call, refs: Iterable[InterfaceRef], *, on: bool) -> Iterator[object]:
    for ref in refs:
        found = ref.now
        if (
            found
            and call.change(found.alias, _set_enabled(ref, found, on=on), settle=not on)
            and call.is_on("PassThru")
        ):
            yield adapter_object(ref)


def _set_enabled(ref: InterfaceRef, found: NetInterface, *, on: bool) -> Edit:
    if ref.kind not in (Kind.NIC, Kind.MANAGEMENT, Kind.ADAPTER):
        raise unsupported(
            f'The lab cannot disable the interface "{found.alias}" of "{ref.machine.name}".',
            "NICs of hosts, adapters of management operating systems and of VMs can be disabled.",
            found.alias,
        )
    return changed(ref, lambda each: replace(each, enabled=on))


@command(
    "Set-NetAdapter",
    "NetAdapter",
    "Sets the basic network adapter properties.",
    (
        *must_say(),
        Parameter("MacAddress", aliases=("LinkLayerAddress",),
                  help="The MAC address that the interface is to use; an empty one gives it its own back."),
        Parameter("VlanID", "UInt16", minimum=0, maximum=4094,
                  help="The VLAN whose tag the frames of a VM's adapter are to have: 0 for none."),
        _HIDDEN,
        Parameter("NoRestart", "Switch", support=Support.ACCEPTED, help="Does not restart the adapter."),
        _PASSTHRU,
    ),
    default_set="ByName",
    confirms=True,
    output="MSFT_NetAdapter",
    guest=True,
    examples=(
        Example("Set-NetAdapter -Name Ethernet -MacAddress 02-00-00-00-00-01",
                "Gives an adapter another MAC address; a VM's needs MacAddressSpoofing On."),
    ),
    remarks="In a VM another MAC address than the adapter's own needs Set-VMNetworkAdapter -MacAddressSpoofing On.",
)  # fmt: skip
def set_netadapter(call: Call) -> Iterator[object]:
    """Give interfaces another MAC address, or have a VM's guest use one VLAN by them."""
    accepted(call)
    for ref in adapters(call, hidden=call.is_on("IncludeHidden")):
        found = ref.now
        edits = [] if found is None else list(_settings(call, ref, found))
        done = found is not None and all(call.change(found.alias, each) for each in edits)
        if done and call.is_on("PassThru"):
            yield adapter_object(ref)


def _settings(call: Call, ref: InterfaceRef, found: NetInterface) -> Iterator[Edit]:
    if "MacAddress" in call:
        yield _with_mac(ref, found, call.get("MacAddress"))
    if "VlanID" in call:
        yield _with_vlan(ref, found, call.get("VlanID"))


def _with_mac(ref: InterfaceRef, found: NetInterface, text: str) -> Edit:
    if ref.kind not in (Kind.NIC, Kind.ADAPTER, Kind.MANAGEMENT, Kind.COMPUTER) or found.in_team:
        raise unsupported(f'The lab cannot give the interface "{found.alias}" another MAC address.', target=ref.name)
    try:
        mac = parse_mac(text) if text else ""
    except ValueError as error:
        raise failure(
            f"The MAC address cannot be set: {error}.",
            error_id="Windows System Error 87",
            exception="CimException",
            target=text,
        ) from error
    field = "guest_mac" if ref.kind is Kind.ADAPTER else "mac"
    return changed(ref, lambda each: replace(each, **{field: mac}))


def _with_vlan(ref: InterfaceRef, found: NetInterface, vlan: int) -> Edit:
    """Return the change by which a guest tags what it sends by an adapter: all of it, or nothing (VlanID 0)."""
    if ref.kind not in (Kind.ADAPTER, Kind.VLAN):
        raise unsupported(
            f'The lab knows no VLAN of the interface "{found.alias}" itself.',
            "Use Set-VMNetworkAdapterVlan -ManagementOS for an adapter of the management operating system.",
            ref.name,
        )
    of = InterfaceRef(ref.place, ref.machine, Kind.ADAPTER, ref.name)

    def tagged(each: NetworkAdapter) -> NetworkAdapter:
        made = next((one for one in each.vlan_interfaces if one.vlan_id == (ref.tag or one.vlan_id)), None)
        ip = made.ip if made else each.ip
        if vlan == 0:
            return replace(each, vlan_interfaces=(), ip=ip)
        if made is None:
            return replace(each, vlan_interfaces=(VlanInterface(vlan, ip or VlanInterface(vlan).ip),), ip=_no(each.ip))
        return replace(each, vlan_interfaces=(replace(made, vlan_id=vlan),))

    return changed(of, tagged)


def _no(ip: Any) -> Any:
    return None if ip is None else type(ip)()
