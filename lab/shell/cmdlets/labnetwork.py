"""Physical networks and their routers: Get-, New-, Set- and Remove-LabNetwork."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from ipaddress import ip_interface
from typing import Any, Final

from lab.errors import InputError
from lab.model import edit
from lab.model.addresses import Interface, IpSettings, Network
from lab.model.objects import LabModel, PhysicalNetwork, Router
from lab.shell.command import Call, Example, Parameter, command
from lab.shell.labs.ip import interfaces, networks
from lab.shell.labs.settings import changed, given
from lab.shell.labs.targets import MODULE, PASSTHRU, chosen, live
from lab.shell.objects import PSObject
from lab.shell.place import Place
from lab.shell.views import show

_NAME: Final = Parameter("Name", "String[]", position=0, mandatory=True, pipe="VP", wildcards=True,
                         help="The name of the network.")  # fmt: skip
_SETTINGS: Final = (
    Parameter("Subnet", "String[]", help="Its subnets, such as 192.168.1.0/24."),
    Parameter("Router", "String[]", help="The addresses that its router to the internet has on it; @() for no router."),
    Parameter("RouterName", help="What its router is called: NETWORK-router unless given."),
    Parameter("OutsideAddress", "String[]",
              help="The addresses that its router has on the internet; free ones unless given."),
    Parameter("Nat", "Boolean", help="Whether its router hides IPv4 addresses behind its own; $true unless given."),
    Parameter("Mtu", "Int32", help="The MTU of the network in bytes, 576 to 9000; its computers follow."),
    Parameter("IgmpSnooping", "Boolean",
              help="Whether its switch gives what is for a multicast group to those who have joined only."),
)  # fmt: skip

show(f"{MODULE}.LabNetwork", "table", "Name", "Subnet", "Router", "Nat", "Mtu", "IgmpSnooping", "Computers")


def network_object(place: Place, name: str) -> PSObject:
    """Return a network as the cmdlets output it."""

    def properties() -> Mapping[str, object] | None:
        found = place.model.network(name)
        if found is None:
            return None
        router = found.router
        return {
            "Name": name,
            "Subnet": list(map(str, found.subnets)),
            "RouterName": router.name if router else "",
            "Router": list(map(str, router.inside.addresses)) if router else [],
            "OutsideAddress": list(map(str, router.outside.addresses)) if router else [],
            "Nat": bool(router and router.nat),
            "Mtu": found.mtu,
            "IgmpSnooping": found.igmp_snooping,
            "Computers": [computer.name for computer in found.computers],
        }

    return live(place, "LabNetwork", properties, text=name)


def _names(call: Call) -> Iterator[str]:
    yield from chosen(call, "physical network", (each.name for each in call.place.model.networks), "Name")


@command(
    "Get-LabNetwork",
    MODULE,
    "Gets the physical networks of the lab.",
    (replace(_NAME, mandatory=False),),
    output="LabNetwork",
    guest=True,
    examples=(Example("Get-LabNetwork", "Shows the networks, their subnets and routers."),),
)
def get_labnetwork(call: Call) -> Iterator[object]:
    """Output networks."""
    for name in _names(call):
        yield network_object(call.place, name)


@command(
    "New-LabNetwork",
    MODULE,
    "Creates a physical network: a switch for cables, with a router to the internet if it is to have one.",
    (Parameter("Name", position=0, mandatory=True, help="The name of the network."), *_SETTINGS),
    confirms=True,
    output="LabNetwork",
    guest=True,
    examples=(
        Example("New-LabNetwork lan -Subnet 192.168.2.0/24 -Router 192.168.2.1", "Creates a network with a router."),
        Example("New-LabNetwork backbone", "Creates one without subnet or router."),
    ),
)
def new_labnetwork(call: Call) -> Iterator[object]:
    """Create a network."""
    name = call.get("Name")
    if call.place.model.network(name):
        raise InputError(f'there is a physical network "{name}" already', target=name)

    def added(model: LabModel) -> LabModel:
        return replace(model, networks=(*model.networks, _changed(call, model, PhysicalNetwork(name))))

    if call.change(name, added):
        yield network_object(call.place, name)


@command(
    "Set-LabNetwork",
    MODULE,
    "Changes a physical network and its router.",
    (_NAME, *_SETTINGS, PASSTHRU),
    confirms=True,
    output="LabNetwork",
    guest=True,
    examples=(
        Example("Set-LabNetwork office -Nat $false", "Has the router let through what comes from the internet."),
        Example("Set-LabNetwork office -IgmpSnooping $true", "Has the switch keep multicast from those not asking."),
    ),
)
def set_labnetwork(call: Call) -> Iterator[object]:
    """Change networks."""
    for name in _names(call):

        def whole(model: LabModel, name: str = name) -> LabModel:
            return replace(
                model, networks=edit.replaced(model.networks, name, lambda each: _changed(call, model, each))
            )

        if call.change(name, whole) and call.is_on("Passthru"):
            yield network_object(call.place, name)


def _changed(call: Call, model: LabModel, network: PhysicalNetwork) -> PhysicalNetwork:
    """Return a network with the parameters applied; computers that have its MTU keep having it."""
    values: dict[str, Any] = given(call, {"Mtu": "mtu", "IgmpSnooping": "igmp_snooping"})
    if "Subnet" in call:
        values["subnets"] = networks(call, "Subnet")
    new = changed(network, values)
    if new.mtu != network.mtu:
        follow = (replace(each, mtu=new.mtu) if each.mtu == network.mtu else each for each in new.computers)
        new = replace(new, computers=tuple(follow))
    return replace(new, router=_router(call, model, new))


def _router(call: Call, model: LabModel, network: PhysicalNetwork) -> Router | None:
    inside = interfaces(call, "Router", network.subnets) if "Router" in call else None
    if inside == () or (inside is None and network.router is None):
        return None
    router = network.router or Router(f"{network.name}-router", outside=IpSettings(tuple(_outside(model))))
    values: dict[str, Any] = given(call, {"RouterName": "name", "Nat": "nat"})
    if inside is not None:
        values["inside"] = replace(router.inside, addresses=inside)
    if "OutsideAddress" in call:
        values["outside"] = replace(
            router.outside, addresses=interfaces(call, "OutsideAddress", model.internet.subnets)
        )
    return changed(router, values)


def _outside(model: LabModel) -> Iterator[Interface]:
    """Yield addresses for another router on the internet: the last ones that are free."""
    taken = {each.ip for network in model.networks if network.router for each in network.router.outside.addresses}
    taken |= {each.ip for host in model.internet.hosts for each in host.ip.addresses}
    for subnet in model.internet.subnets:
        yield from _last_free(subnet, taken)


def _last_free(subnet: Network, taken: set[Any]) -> Iterator[Interface]:
    for at in range(subnet.num_addresses - 2, 0, -1):
        if subnet[at] not in taken:
            yield ip_interface(f"{subnet[at]}/{subnet.prefixlen}")
            return
    raise InputError(f"the internet's subnet {subnet} has no address left", remedy="say which: -OutsideAddress")


@command(
    "Remove-LabNetwork",
    MODULE,
    "Removes a physical network with its computers and its router.",
    (_NAME,),
    confirms=True,
    guest=True,
    examples=(Example("Remove-LabNetwork lan", "Removes it; no NIC may be plugged into it."),),
)
def remove_labnetwork(call: Call) -> None:
    """Remove networks."""
    for name in _names(call):

        def without(model: LabModel, name: str = name) -> LabModel:
            return replace(model, networks=edit.without(model.networks, name))

        call.change(name, without, settle=True)
