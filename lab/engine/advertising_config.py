"""What radvd is told, for a machine that advertises itself as a router (radvd.conf(5), radvd 2.19 and later)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv6Network

from lab.model.serving import Advertiser

_LIFETIME_S = 1800
_PREFERRED_S, _VALID_S = 604800, 2592000
"""The defaults of RFC 4861, 6.2.1: AdvDefaultLifetime, AdvPreferredLifetime and AdvValidLifetime."""


def configuration(advertisers: Iterable[Advertiser]) -> str:
    """Return the file for one machine, by whose interfaces it advertises itself."""
    return "\n".join(line for each in advertisers for line in _interface(each)) + "\n"


def _interface(advertiser: Advertiser) -> Iterator[str]:
    settings = advertiser.settings
    yield f"interface {advertiser.interface.device} {{"
    yield "  AdvSendAdvert on;"
    yield f"  AdvManagedFlag {_switch(settings.managed)};"
    yield f"  AdvOtherConfigFlag {_switch(settings.other)};"
    yield f"  AdvDefaultLifetime {_LIFETIME_S if settings.default_route else 0};"
    for prefix in advertiser.prefixes:
        yield from _prefix(prefix, settings.autonomous)
    yield "};"


def _prefix(prefix: IPv6Network, autonomous: bool) -> Iterator[str]:
    yield f"  prefix {prefix} {{"
    yield f"    AdvOnLink on; AdvAutonomous {_switch(autonomous)};"
    yield f"    AdvPreferredLifetime {_PREFERRED_S}; AdvValidLifetime {_VALID_S};"
    yield "    DeprecatePrefix on;"
    yield "  };"


def _switch(on: bool) -> str:
    return "on" if on else "off"
