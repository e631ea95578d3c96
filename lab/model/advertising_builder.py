"""How a topology script says that a machine advertises itself as a router (see :mod:`lab.model.advertising`).

>>> hv1.vm("router1", "Internal", "fd00:1::1/64", forwarding=True).router_advertisements(managed=True)
>>> office = lab.physical_network("office", "fd00:2::/64", router="fd00:2::1", router_advertisements=True)
"""

from __future__ import annotations

from collections.abc import Sequence

from lab.model.advertising import RouterAdvertisements
from lab.model.names import quoted
from lab.model.reading import Reader, shown


def read_advertisements(  # noqa: PLR0913 - settings given by name
    read: Reader,
    *,
    managed: object = False,
    other: object = False,
    autonomous: object = True,
    default_route: object = True,
    adapters: object = (),
) -> RouterAdvertisements:
    """Return what a router advertises, by the named adapters or by all; what cannot be read of it is a mistake."""
    names: Sequence[object] = [adapters] if isinstance(adapters, str) else []
    names = adapters if isinstance(adapters, tuple | list) else names
    if not isinstance(adapters, str | tuple | list) or not all(isinstance(each, str) for each in names):
        read.mistake(f"adapters of {quoted(read.owner)} is {shown(adapters)}, expected a list of names")
        names = ()
    return RouterAdvertisements(
        read.flag("managed", managed, False),
        read.flag("other", other, False),
        read.flag("autonomous", autonomous, True),
        read.flag("default_route", default_route, True),
        tuple(map(str, names)),
    )
