"""Physical computers, on physical networks and on the internet: Get-, New-, Set- and Remove-LabComputer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from lab.model import edit
from lab.model.addresses import NO_IP
from lab.model.edit import Edit
from lab.model.objects import DEFAULT_MTU, Computer, Internet, LabModel, PhysicalNetwork
from lab.shell.command import Call, Example, Parameter, command
from lab.shell.labs.ip import IP, MAC, ip_settings, mac_given, network_named, shown
from lab.shell.labs.settings import changed, given
from lab.shell.labs.targets import MODULE, PASSTHRU, chosen, live
from lab.shell.objects import PSObject
from lab.shell.place import Place
from lab.shell.views import show

_FIELDS: Final = {"Mtu": "mtu", "VlanId": "vlan"}
_NAME: Final = Parameter("Name", "String[]", position=0, mandatory=True, pipe="VP", wildcards=True,
                         help="The name of the computer.")  # fmt: skip
_SETTINGS: Final = (
    MAC,
    Parameter("Mtu", "Int32", help="Its MTU in bytes; that of its network unless given."),
    Parameter("VlanId", "Int32", minimum=0, maximum=4094,
              help="The VLAN of its port of the physical switch; 0 is none."),
)  # fmt: skip

show(f"{MODULE}.LabComputer", "table", "Name", "Network", "IPAddress", "DefaultGateway", "VlanId", "Mtu")


def computers(model: LabModel) -> Iterator[tuple[str, Computer]]:
    """Yield every physical computer with its network; that of the internet's has no name."""
    for network in model.networks:
        yield from ((network.name, computer) for computer in network.computers)
    yield from (("", computer) for computer in model.internet.hosts)


def computer_object(place: Place, name: str) -> PSObject:
    """Return a computer as the cmdlets output it."""

    def properties() -> Mapping[str, object] | None:
        found = next(((on, each) for on, each in computers(place.model) if each.name == name), None)
        if found is None:
            return None
        on, computer = found
        return {
            "Name": name,
            "Network": on,
            "IsInternet": not on,
            **shown(computer.ip),
            "VlanId": computer.vlan,
            "Mtu": computer.mtu,
            "MacAddress": computer.mac.replace(":", "").upper(),
        }

    return live(place, "LabComputer", properties, text=name)


@command(
    "Get-LabComputer",
    MODULE,
    "Gets the physical computers of the lab.",
    (replace(_NAME, mandatory=False),),
    output="LabComputer",
    guest=True,
    examples=(Example("Get-LabComputer", "Shows the computers on physical networks, and the hosts of the internet."),),
)
def get_labcomputer(call: Call) -> Iterator[object]:
    """Output computers."""
    for name in chosen(call, "physical computer", (each.name for _, each in computers(call.place.model)), "Name"):
        yield computer_object(call.place, name)


@command(
    "New-LabComputer",
    MODULE,
    "Puts a physical computer on a physical network, or on the internet.",
    (
        Parameter("Name", position=0, mandatory=True, help="The name of the computer."),
        Parameter("Network", sets=("Network",), position=1, mandatory=True,
                  help="The physical network that it is plugged into."),
        Parameter("Internet", "Switch", sets=("Internet",), mandatory=True, help="It is a host of the internet."),
        *IP, *_SETTINGS,
    ),
    default_set="Network",
    confirms=True,
    output="LabComputer",
    guest=True,
    examples=(
        Example("New-LabComputer pc2 office -IPAddress 192.168.1.11", "Puts a computer on a network."),
        Example("New-LabComputer web -Internet -IPAddress 203.0.113.81/24", "Puts a host on the internet."),
    ),
    remarks="Its default gateway is the router of the network, unless -DefaultGateway is given.",
)  # fmt: skip
def new_labcomputer(call: Call) -> Iterator[object]:
    """Create a computer."""
    name = call.get("Name")
    network = network_named(call.place.model, call.get("Network")) if "Network" in call else None
    ip, mtu = ip_settings(call, NO_IP, network), network.mtu if network else DEFAULT_MTU
    computer = changed(Computer(name, ip, mac_given(call), mtu), given(call, _FIELDS))
    if call.change(name, _added(network.name, computer) if network else _on_internet(computer)):
        yield computer_object(call.place, name)


def _added(network: str, computer: Computer) -> Edit:
    def plugged(each: PhysicalNetwork) -> PhysicalNetwork:
        return replace(each, computers=(*each.computers, computer))

    return lambda model: replace(model, networks=edit.replaced(model.networks, network, plugged))


def _on_internet(computer: Computer) -> Edit:
    """Return the change that adds a host of the internet, which is in the subnets of its hosts."""

    def added(model: LabModel) -> LabModel:
        subnets = list(model.internet.subnets)
        subnets += [each.network for each in computer.ip.addresses if each.network not in subnets]
        return replace(model, internet=Internet(tuple(subnets), (*model.internet.hosts, computer)))

    return added


def computer_edit(name: str, change: Callable[[Computer], Any]) -> Edit:
    """Return the change of a computer, wherever it is."""

    def changed_in(model: LabModel) -> LabModel:
        networks = tuple(
            replace(each, computers=edit.replaced(each.computers, name, change)) for each in model.networks
        )
        hosts = edit.replaced(model.internet.hosts, name, change)
        return replace(model, networks=networks, internet=replace(model.internet, hosts=hosts))

    return changed_in


@command(
    "Set-LabComputer",
    MODULE,
    "Changes a physical computer.",
    (_NAME, *IP, *_SETTINGS, PASSTHRU),
    confirms=True,
    output="LabComputer",
    guest=True,
    examples=(Example("Set-LabComputer pc1 -VlanId 10", "Plugs it into a port of VLAN 10."),),
)
def set_labcomputer(call: Call) -> Iterator[object]:
    """Change computers."""
    values = given(call, _FIELDS)
    on = {each.name: network for network, each in computers(call.place.model)}
    for name in chosen(call, "physical computer", on, "Name"):
        network = call.place.model.network(on[name])

        def each(computer: Computer, network: PhysicalNetwork | None = network) -> Computer:
            ip, mac = ip_settings(call, computer.ip, network), mac_given(call, computer.mac)
            return changed(replace(computer, ip=ip, mac=mac), values)

        if call.change(name, computer_edit(name, each)) and call.is_on("Passthru"):
            yield computer_object(call.place, name)


@command(
    "Remove-LabComputer",
    MODULE,
    "Takes a physical computer away.",
    (_NAME,),
    confirms=True,
    guest=True,
    examples=(Example("Remove-LabComputer pc2", "Takes a computer away from its network."),),
)
def remove_labcomputer(call: Call) -> None:
    """Remove computers."""
    for name in chosen(call, "physical computer", (each.name for _, each in computers(call.place.model)), "Name"):

        def without(model: LabModel, name: str = name) -> LabModel:
            networks = (replace(each, computers=edit.without(each.computers, name)) for each in model.networks)
            internet = replace(model.internet, hosts=edit.without(model.internet.hosts, name))
            return replace(model, networks=tuple(networks), internet=internet)

        call.change(name, without, settle=True)
