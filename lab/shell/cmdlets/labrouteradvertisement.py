"""Who tells the machines beside it that it is an IPv6 router: Get-, Set- and Remove-LabRouterAdvertisement."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from lab.model import edit
from lab.model.advertising import RouterAdvertisements
from lab.model.edit import Edit
from lab.model.objects import LabModel
from lab.shell.command import Call, Example, Parameter, command
from lab.shell.labs.settings import changed, given
from lab.shell.labs.targets import MODULE, PASSTHRU, chosen, listed, live
from lab.shell.objects import PSObject
from lab.shell.place import Place
from lab.shell.views import show

_NAME: Final = Parameter("Name", "String[]", position=0, mandatory=True, pipe="VP", aliases=("MachineName", "VMName"),
                         wildcards=True, help="The host, VM or router that is to advertise.")  # fmt: skip
_FIELDS: Final = {
    "ManagedAddressConfiguration": "managed", "OtherStatefulConfiguration": "other", "Autonomous": "autonomous",
    "AdvertiseDefaultRoute": "default_route",
}  # fmt: skip
_Change = Callable[[RouterAdvertisements | None], RouterAdvertisements | None]

show(f"{MODULE}.LabRouterAdvertisement", "list", "Name", *_FIELDS, "InterfaceAlias")


def advertisements(model: LabModel) -> Iterator[tuple[str, RouterAdvertisements | None]]:
    """Yield every machine that can advertise itself, with how it does; None if it does not."""
    for host in model.hosts:
        yield host.name, host.router_advertisements
        yield from ((vm.name, vm.router_advertisements) for vm in host.vms)
    yield from ((each.router.name, each.router.advertisements) for each in model.networks if each.router)


def advertisements_edit(name: str, change: _Change) -> Edit:
    """Return the change of what a machine advertises."""

    def whole(model: LabModel) -> LabModel:
        hosts = tuple(
            replace(
                host,
                router_advertisements=change(host.router_advertisements)
                if host.name == name
                else host.router_advertisements,
                vms=edit.replaced(
                    host.vms,
                    name,
                    lambda vm: replace(vm, router_advertisements=change(vm.router_advertisements)),
                ),
            )
            for host in model.hosts
        )
        networks = tuple(
            replace(each, router=replace(each.router, advertisements=change(each.router.advertisements)))
            if each.router and each.router.name == name
            else each
            for each in model.networks
        )
        return replace(model, hosts=hosts, networks=networks)

    return whole


def advertisement_object(place: Place, name: str) -> PSObject:
    """Return what a machine advertises, as the cmdlets output it."""

    def properties() -> Mapping[str, object] | None:
        found = dict(advertisements(place.model)).get(name)
        if found is None:
            return None
        settings = {shown: getattr(found, field) for shown, field in _FIELDS.items()}
        return {"Name": name, **settings, "InterfaceAlias": list(found.adapters)}

    return live(place, "LabRouterAdvertisement", properties, text=name)


@command(
    "Get-LabRouterAdvertisement",
    MODULE,
    "Gets who tells the machines beside it that it is an IPv6 router.",
    (replace(_NAME, mandatory=False),),
    output="LabRouterAdvertisement",
    guest=True,
    examples=(Example("Get-LabRouterAdvertisement", "Shows all routers that advertise themselves."),),
)
def get_labrouteradvertisement(call: Call) -> Iterator[object]:
    """Output what machines advertise."""
    found = dict(advertisements(call.place.model))
    for name in chosen(call, "machine that could advertise itself", found, "Name"):
        if found[name]:
            yield advertisement_object(call.place, name)


@command(
    "Set-LabRouterAdvertisement",
    MODULE,
    "Has a machine tell those beside it that it is an IPv6 router, and how.",
    (
        _NAME,
        Parameter("ManagedAddressConfiguration", "Boolean", help="Whether they are to ask a DHCPv6 server."),
        Parameter("OtherStatefulConfiguration", "Boolean", help="Whether they are to, for all but addresses."),
        Parameter("Autonomous", "Boolean", help="Whether they may make themselves addresses; $true unless given."),
        Parameter("AdvertiseDefaultRoute", "Boolean",
                  help="Whether it leads to everywhere else; $true unless given."),
        Parameter("InterfaceAlias", "String[]", help="The adapters on which it does; on all with IPv6 unless given."),
        PASSTHRU,
    ),
    confirms=True,
    output="LabRouterAdvertisement",
    guest=True,
    examples=(
        Example("Set-LabRouterAdvertisement router1", "Has it advertise its subnets to all its neighbours."),
        Example("Set-LabRouterAdvertisement router1 -Autonomous $false -ManagedAddressConfiguration $true",
                "Leaves addresses to a DHCPv6 server alone."),
    ),
    remarks="Set-NetIPInterface -Advertising does it for one interface; whether hosts may make themselves addresses is "
    "said by no cmdlet of Windows.",
)  # fmt: skip
def set_labrouteradvertisement(call: Call) -> Iterator[object]:
    """Change what machines advertise."""
    values = given(call, _FIELDS)
    if "InterfaceAlias" in call:
        values["adapters"] = tuple(listed(call.get("InterfaceAlias")))

    def each(old: RouterAdvertisements | None) -> RouterAdvertisements:
        return changed(old or RouterAdvertisements(), values)

    found = dict(advertisements(call.place.model))
    for name in chosen(call, "machine that could advertise itself", found, "Name"):
        if call.change(name, advertisements_edit(name, each)) and call.is_on("Passthru"):
            yield advertisement_object(call.place, name)


@command(
    "Remove-LabRouterAdvertisement",
    MODULE,
    "Has a machine no longer tell those beside it that it is an IPv6 router.",
    (_NAME,),
    confirms=True,
    guest=True,
    examples=(Example("Remove-LabRouterAdvertisement router1", "Has it be silent."),),
)
def remove_labrouteradvertisement(call: Call) -> None:
    """Have machines advertise nothing."""
    found = dict(advertisements(call.place.model))
    for name in chosen(call, "machine that could advertise itself", found, "Name"):
        call.change(name, advertisements_edit(name, lambda old: None), settle=True)
