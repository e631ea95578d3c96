"""Machines that tell those beside them that they are routers, and those that route."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lab.model.advertising import RouterAdvertisements
from lab.shell.export.writing import guarded, line


def forwarding_lines(on: bool) -> Iterator[str]:
    """Yield what makes a machine forward packets between its interfaces."""
    if on:
        yield line("Set-NetIPInterface", Forwarding="Enabled")


def advertising_lines(
    name: str, told: RouterAdvertisements | None, aliases: Iterable[tuple[str, str]]
) -> Iterator[str]:
    """Yield what makes a machine advertise itself; `aliases` are what the lab calls its interfaces, and it itself.

    What Windows cannot say of it follows for labs alone.
    """
    if told is None:
        return
    known = dict(aliases)
    words: dict[str, object] = {"AddressFamily": "IPv6", "Advertising": "Enabled"}
    if told.managed:
        words["ManagedAddressConfiguration"] = "Enabled"
    if told.other:
        words["OtherStatefulConfiguration"] = "Enabled"
    for alias in [known.get(each, each) for each in told.adapters] or known.values():
        yield line("Set-NetIPInterface", InterfaceAlias=alias, **words)
    fresh = RouterAdvertisements()
    more: dict[str, object] = {}
    if told.autonomous is not fresh.autonomous:
        more["Autonomous"] = told.autonomous
    if told.default_route is not fresh.default_route:
        more["AdvertiseDefaultRoute"] = told.default_route
    if list(told.adapters) != [each for each in known if each in told.adapters]:
        more["InterfaceAlias"] = list(told.adapters)
    elif not told.adapters:
        more["InterfaceAlias"] = []
    if more:
        yield from guarded([line("Set-LabRouterAdvertisement", Name=name, **more)])
