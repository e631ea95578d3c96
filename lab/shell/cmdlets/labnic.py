"""Physical NICs and their cables: Get-, New-, Set- and Remove-LabNic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from lab.errors import InputError
from lab.model import edit
from lab.model.addresses import NO_IP
from lab.model.objects import DEFAULT_MTU, HypervHost, PhysicalNic
from lab.shell.command import Call, Example, Impact, Parameter, command
from lab.shell.labs.ip import IP, MAC, ip_settings, mac_given, network_named, shown
from lab.shell.labs.settings import changed, given, speed
from lab.shell.labs.targets import MODULE, PASSTHRU, chosen, live, the_host
from lab.shell.objects import PSObject
from lab.shell.place import Place
from lab.shell.views import show

_NAME: Final = Parameter("Name", "String[]", position=0, mandatory=True, pipe="VP", aliases=("InterfaceAlias",),
                         wildcards=True, complete="nic", help="The name of the NIC.")  # fmt: skip
_SETTINGS: Final = (
    MAC,
    Parameter("Mtu", "Int32", help="Its MTU in bytes, 576 to 9000."),
    Parameter("Connected", "Boolean", help="Whether its cable is plugged in; without, it has no link."),
    Parameter("Speed", help='Its speed: "1 Gbps", or bits per second; 0 is as fast as the machine.'),
)

show(f"{MODULE}.LabNic", "table", "Name", "HostName", "Network", "Connected", "Speed", "Mtu", "IPAddress")


@dataclass(slots=True, eq=False)
class NicRef:
    """A physical NIC of a host."""

    place: Place
    host: str
    name: str

    @property
    def model(self) -> PhysicalNic | None:
        host = self.place.model.host(self.host)
        return host.nic(self.name) if host else None


def nic_object(ref: NicRef) -> PSObject:
    """Return a NIC as the cmdlets output it."""

    def properties() -> Mapping[str, object] | None:
        nic = ref.model
        if nic is None:
            return None
        return {
            "Name": nic.name,
            "HostName": ref.host,
            "Network": nic.network,
            "Connected": nic.connected,
            "Speed": nic.speed,
            "Mtu": nic.mtu,
            "MacAddress": nic.mac.replace(":", "").upper(),
            **shown(nic.ip),
        }

    return live(ref.place, "LabNic", properties, source=ref, text=ref.name)


def _nics(call: Call) -> Iterator[NicRef]:
    host = the_host(call)
    for name in chosen(call, f'NIC of "{host.name}"', (nic.name for nic in host.nics), "Name"):
        yield NicRef(call.place, host.name, name)


@command(
    "Get-LabNic",
    MODULE,
    "Gets the physical NICs of a Hyper-V host, with what they are plugged into.",
    (replace(_NAME, mandatory=False),),
    output="LabNic",
    guest=True,
    examples=(Example("Get-LabNic", "Shows the NICs of the host, their networks and cables."),),
)
def get_labnic(call: Call) -> Iterator[object]:
    """Output NICs."""
    yield from map(nic_object, _nics(call))


@command(
    "New-LabNic",
    MODULE,
    "Puts a physical NIC into a Hyper-V host.",
    (
        Parameter("Name", position=0, mandatory=True, aliases=("InterfaceAlias",), help="The name of the NIC."),
        Parameter("Network", position=1, help="The physical network that it is plugged into; none unless given."),
        *IP, *_SETTINGS,
    ),
    confirms=True,
    output="LabNic",
    guest=True,
    examples=(
        Example('New-LabNic "Ethernet 3" -Network office', "Gives the host another NIC on a network."),
        Example('New-LabNic "Ethernet 3" office -Speed "1 Gbps" -IPAddress 192.168.1.21', "With a speed and address."),
    ),
    remarks="Its default gateway is the router of the network, unless -DefaultGateway is given.",
)  # fmt: skip
def new_labnic(call: Call) -> Iterator[object]:
    """Create a NIC."""
    host, name, title = the_host(call), call.get("Name"), call.get("Network", "")
    if host.nic(name):
        raise InputError(f'host "{host.name}" has a NIC "{name}" already', target=name)
    network = network_named(call.place.model, title) if title else None
    nic = PhysicalNic(
        name, network.name if network else "", ip_settings(call, NO_IP, network), mac_given(call),
        mtu=network.mtu if network else DEFAULT_MTU,
    )  # fmt: skip
    nic = changed(nic, _values(call))

    def added(each: HypervHost) -> HypervHost:
        return replace(each, nics=(*each.nics, nic))

    if call.change(name, edit.host(host.name, added)):
        yield nic_object(NicRef(call.place, host.name, name))


def _values(call: Call) -> dict[str, Any]:
    values = given(call, {"Mtu": "mtu", "Connected": "connected"})
    return values | ({"speed": speed(call.get("Speed"))} if "Speed" in call else {})


@command(
    "Set-LabNic",
    MODULE,
    "Changes a physical NIC, what it is plugged into, and how fast it is.",
    (
        _NAME,
        Parameter("Network", help='The physical network that it is plugged into; "" for none.'),
        *IP, *_SETTINGS, PASSTHRU,
    ),
    confirms=True,
    output="LabNic",
    guest=True,
    examples=(
        Example("Set-LabNic Ethernet -Connected $false", "Pulls its cable out."),
        Example('Set-LabNic Ethernet -Speed "1 Gbps"', "Makes it one of 1 Gbit/s, in each direction."),
    ),
)  # fmt: skip
def set_labnic(call: Call) -> Iterator[object]:
    """Change NICs."""
    values = _values(call)
    title = call.get("Network", "")
    network = network_named(call.place.model, title) if title else None
    if "Network" in call:
        values["network"] = network.name if network else ""

    def each(nic: PhysicalNic) -> PhysicalNic:
        on = network or call.place.model.network(nic.network)
        return changed(replace(nic, ip=ip_settings(call, nic.ip, on), mac=mac_given(call, nic.mac)), values)

    for ref in _nics(call):
        # A cable that is pulled out is noticed at once.
        done = call.change(ref.name, nic_edit(ref.host, ref.name, each), settle="connected" in values)
        if done and call.is_on("Passthru"):
            yield nic_object(ref)


def nic_edit(of: str, name: str, change: Any) -> edit.Edit:
    """Return the change of a NIC."""
    return edit.host(of, lambda host: replace(host, nics=edit.replaced(host.nics, name, change)))


@command(
    "Remove-LabNic",
    MODULE,
    "Takes a physical NIC out of a Hyper-V host.",
    (_NAME,),
    confirms=True,
    impact=Impact.MEDIUM,
    guest=True,
    examples=(Example('Remove-LabNic "Ethernet 3"', "Takes it out; no switch may be bound to it."),),
)
def remove_labnic(call: Call) -> None:
    """Remove NICs."""
    for ref in _nics(call):

        def without(host: HypervHost, name: str = ref.name) -> HypervHost:
            return replace(host, nics=edit.without(host.nics, name))

        call.change(ref.name, edit.host(ref.host, without), settle=True)
