"""What Kea is told, in JSON, for a VM whose DHCP server has scopes of IPv6 (kea-dhcp6 2.2 and later)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv6Address
from typing import Any, Final

from lab.engine.dhcp_config import HOOKS
from lab.model.addresses import stable_mac
from lab.model.dhcp6 import DhcpOption6, DhcpRange6, DhcpScope6, duid_of_mac, encoded

FOLDER: Final = "/run/kea6"
"""Where a VM has its DHCPv6 server's files."""


def configuration(name: str, scopes: Iterable[DhcpScope6], devices: Mapping[DhcpScope6, str]) -> str:
    """Return the file for the server called `name`; ``devices`` are those at which it serves each scope.

    A scope of whose prefix the server has no address is served to nobody.
    """
    active = [scope for scope in scopes if scope.active and scope in devices]
    content: dict[str, Any] = {
        "interfaces-config": {"interfaces": sorted(set(devices.values())), "re-detect": True},
        "control-socket": {"socket-type": "unix", "socket-name": f"{FOLDER}/control.sock"},
        "lease-database": {"type": "memfile", "persist": True, "name": f"{FOLDER}/leases6.csv", "lfc-interval": 0},
        # Its own, for Kea would keep one of its making in /var/lib/kea, which all machines share.
        "server-id": {"type": "LL", "htype": 1, "identifier": _identifier(name), "persist": False},
        "mac-sources": ["duid", "ipv6-link-local"],
        "host-reservation-identifiers": ["duid"],
        "calculate-tee-times": True,
        "t1-percent": 0.5,
        "t2-percent": 0.8,
        "expired-leases-processing": {"reclaim-timer-wait-time": 1, "hold-reclaimed-time": 86400},
        "multi-threading": {"enable-multi-threading": False},
        "hooks-libraries": [{"library": f"{HOOKS}/libdhcp_lease_cmds.so"}],
        "subnet6": [_subnet(name, at, scope, devices[scope]) for at, scope in enumerate(active, 1)],
        "loggers": [{"name": "kea-dhcp6", "severity": "WARN", "output_options": [{"output": "stdout"}]}],
    }  # fmt: skip
    return json.dumps({"Dhcp6": content}, indent=1, sort_keys=True)


def server_duid(name: str) -> str:
    """Return the DUID of the server called `name`, as digits."""
    return duid_of_mac(_identifier(name))


def _identifier(name: str) -> str:
    return stable_mac(name, "dhcp6").replace(":", "")


def _subnet(server: str, at: int, scope: DhcpScope6, device: str) -> dict[str, Any]:
    return {
        "id": at,
        "subnet": str(scope.prefix),
        "interface": device,
        "pools": [{"pool": f"{each.start} - {each.end}"} for each in _pools(server, scope)],
        "preferred-lifetime": scope.preferred_lifetime_s,
        "valid-lifetime": scope.valid_lifetime_s,
        "min-preferred-lifetime": scope.preferred_lifetime_s,
        "max-preferred-lifetime": scope.preferred_lifetime_s,
        "min-valid-lifetime": scope.valid_lifetime_s,
        "max-valid-lifetime": scope.valid_lifetime_s,
        "option-data": _options(scope.options),
        "reservations": [
            {
                "duid": ":".join(each.duid[i : i + 2] for i in range(0, len(each.duid), 2)),
                "ip-addresses": [str(each.ip)],
                **({"hostname": each.name} if each.name else {}),
                "option-data": _options(each.options),
            }
            for each in scope.reservations
        ],
    }


def _pools(server: str, scope: DhcpScope6) -> Iterator[DhcpRange6]:
    """Yield what to lease of a scope: from an address on that depends on the server alone.

    Windows leases addresses at random. Kea begins with the first, which others have: the router, the server itself.
    Without any left from that address on it is the whole scope.
    """
    digest = hashlib.blake2s(f"{server} {scope.prefix}".encode(), digest_size=7).digest()
    start = IPv6Address(int(scope.prefix.network_address) + int.from_bytes(digest, "big") * 64)
    whole = list(scope.ranges())
    later = [DhcpRange6(max(each.start, start), each.end) for each in whole if each.end >= start]
    yield from later or whole


def _options(options: Iterable[DhcpOption6]) -> list[dict[str, Any]]:
    return [{"code": each.id, "csv-format": False, "data": encoded(each).hex().upper()} for each in options]
