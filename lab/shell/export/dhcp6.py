"""The scopes of a DHCPv6 server, as cmdlets of module DhcpServer make them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from lab.model.dhcp6 import (
    DNS_SERVERS,
    DOMAIN_SEARCH_LIST,
    INFORMATION_REFRESH_TIME,
    PREFERRED_LIFETIME_S,
    SNTP_SERVERS,
    VALID_LIFETIME_S,
    DhcpOption6,
    DhcpScope6,
)
from lab.shell.dhcp.six import RESERVATION, SCOPE
from lab.shell.dhcp.six import dashed as duid_with_dashes
from lab.shell.export.recorded import span
from lab.shell.export.writing import guarded, line

_COMMON: Final = {
    DNS_SERVERS: "DnsServer", DOMAIN_SEARCH_LIST: "DomainSearchList", SNTP_SERVERS: "SntpServer",
    INFORMATION_REFRESH_TIME: "InfoRefreshTime",
}  # fmt: skip


def scope6_lines(scope: DhcpScope6, kept: dict[str, Any]) -> Iterator[str]:
    """Yield what makes a scope; `kept` are the recorded settings of its server."""
    where: dict[str, object] = {"Prefix": scope.id}
    preferred, valid = scope.preferred_lifetime_s, scope.valid_lifetime_s
    yield line(
        "Add-DhcpServerv6Scope", **where, Name=scope.name or str(scope.id),
        PreferredLifetime=span(preferred) if preferred != PREFERRED_LIFETIME_S else None,
        ValidLifetime=span(valid) if valid != VALID_LIFETIME_S else None,
        State=None if scope.active else "InActive", **kept.get(f"{SCOPE} {scope.id}", {}),
    )  # fmt: skip
    for each in scope.exclusions:
        yield line("Add-DhcpServerv6ExclusionRange", **where, StartRange=each.start, EndRange=each.end)
    yield from _options(scope.options, where)
    for reserved in scope.reservations:
        extras = {"Iaid": 0, **kept.get(f"{RESERVATION} {reserved.ip}", {})}
        yield line(
            "Add-DhcpServerv6Reservation", **where, IPAddress=reserved.ip, ClientDuid=duid_with_dashes(reserved.duid),
            Name=reserved.name or None, **extras,
        )  # fmt: skip
        yield from _options(reserved.options, {"ReservedIP": reserved.ip})
    if not scope.name:
        lines = [line("Set-DhcpServerv6Scope", **where, Name="")]
        yield from guarded(lines, command="Set-LabVM")


def _options(options: Iterable[DhcpOption6], where: dict[str, object]) -> Iterator[str]:
    for option in options:
        name = _COMMON.get(option.id)
        if name == "InfoRefreshTime" and len(option.values) == 1:
            yield line("Set-DhcpServerv6OptionValue", **where, InfoRefreshTime=int(option.values[0], 0))
        elif name:
            yield line("Set-DhcpServerv6OptionValue", **where, **{name: list(option.values)})
        else:
            yield line("Set-DhcpServerv6OptionValue", **where, OptionId=option.id, Value=list(option.values))
