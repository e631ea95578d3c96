"""What Kea is told, in JSON, for a VM with the DHCP Server role (kea-dhcp4 2.2 and later)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any, Final

from lab.model.dhcp import (
    BOOT_FILE,
    BOOT_SERVER,
    DhcpOption,
    DhcpPolicy,
    DhcpRange,
    DhcpScope,
    DhcpServer,
    FailoverMode,
    ServerRole,
    encoded,
)

FAILOVER_PORT: Final = 647
"""The TCP port on which two servers talk (DHCP failover of Windows Server)."""

HOOKS: Final = "HOOKS"
"""Stands for the folder with Kea's hook libraries, which is where this machine's Debian has it."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two servers that serve some scopes together: names and addresses, the one that has the relationship first."""

    names: tuple[str, str]
    addresses: tuple[IPv4Address, IPv4Address]
    mode: FailoverMode
    role: ServerRole
    scopes: frozenset[IPv4Address]

    def roles(self) -> tuple[str, str]:
        """Return what Kea calls the two."""
        if self.mode is FailoverMode.LOAD_BALANCE:
            return "primary", "secondary"
        return ("primary", "standby") if self.role is ServerRole.ACTIVE else ("standby", "primary")


def configuration(name: str, server: DhcpServer, scopes: Iterable[DhcpScope], pair: Pair | None) -> str:
    """Return the file for the server called `name`, which serves `scopes`."""
    active = [scope for scope in scopes if scope.active]
    content: dict[str, Any] = {
        "interfaces-config": {"interfaces": ["*"], "dhcp-socket-type": "raw", "re-detect": True},
        "control-socket": {"socket-type": "unix", "socket-name": "/run/kea/control.sock"},
        "lease-database": {"type": "memfile", "persist": True, "name": "/run/kea/leases4.csv", "lfc-interval": 0},
        "authoritative": True,
        "calculate-tee-times": True,
        "t1-percent": 0.5,
        "t2-percent": 0.875,
        "host-reservation-identifiers": ["hw-address"],
        "expired-leases-processing": {"reclaim-timer-wait-time": 1, "hold-reclaimed-time": 86400},
        "multi-threading": {"enable-multi-threading": pair is not None},
        "hooks-libraries": list(_hooks(name, pair)),
        "option-data": _options(server.options),
        "subnet4": [_subnet(scope, server, pair) for scope in active],
        "loggers": [{"name": "kea-dhcp4", "severity": "WARN", "output_options": [{"output": "stdout"}]}],
        **_boot(server.options),
    }
    if classes := list(_classes(server, active)):
        content["client-classes"] = classes  # Kea takes no empty list
    return json.dumps({"Dhcp4": content}, indent=1, sort_keys=True)


def _hooks(name: str, pair: Pair | None) -> Iterator[dict[str, Any]]:
    yield {"library": f"{HOOKS}/libdhcp_lease_cmds.so"}
    if pair is None:
        return
    peers = [
        {"name": each, "url": f"http://{address}:{FAILOVER_PORT}/", "role": role, "auto-failover": True}
        for each, address, role in zip(pair.names, pair.addresses, pair.roles(), strict=True)
    ]
    relationship = {
        "this-server-name": name,
        "mode": "load-balancing" if pair.mode is FailoverMode.LOAD_BALANCE else "hot-standby",
        "heartbeat-delay": 1000,
        "max-response-delay": 3000,
        "max-ack-delay": 1000,
        "max-unacked-clients": 0,
        "sync-timeout": 5000,
        "multi-threading": {"enable-multi-threading": True, "http-dedicated-listener": True},
        "peers": peers,
    }
    yield {"library": f"{HOOKS}/libdhcp_ha.so", "parameters": {"high-availability": [relationship]}}


def _classes(server: DhcpServer, scopes: Iterable[DhcpScope]) -> Iterator[dict[str, Any]]:
    """Yield what gives options: a policy, a scope. A client is of several, and the first that it is of comes first."""
    for scope in scopes:
        for policy in scope.policies:
            yield _class(_policy_name(scope, policy), policy.options, _test(policy))
    for policy in server.policies:
        yield _class(_policy_name(None, policy), policy.options, _test(policy))
    for scope in scopes:
        yield _class(_scope_name(scope), scope.options, "'1' == '1'")


def _class(name: str, options: Iterable[DhcpOption], test: str) -> dict[str, Any]:
    found = tuple(options)
    return {"name": name, "test": test, "only-if-required": True, "option-data": _options(found), **_boot(found)}


def _policy_name(scope: DhcpScope | None, policy: DhcpPolicy) -> str:
    return f"policy {policy.name} of {scope.id if scope else 'the server'}"


def _scope_name(scope: DhcpScope) -> str:
    return f"scope {scope.id}"


def _test(policy: DhcpPolicy) -> str:
    tests = []
    if policy.architecture is not None:
        tests.append(f"option[93].hex == 0x{policy.architecture:04X}")
    if policy.vendor_class:
        tests.append(f"substring(option[60].hex, 0, {len(policy.vendor_class)}) == '{policy.vendor_class}'")
    return " and ".join(f"({test})" for test in tests)


def _subnet(scope: DhcpScope, server: DhcpServer, pair: Pair | None) -> dict[str, Any]:
    policies = [_policy_name(scope, each) for each in scope.policies]
    policies += [_policy_name(None, each) for each in server.policies]
    return {
        "id": int(scope.id) or 1,
        "subnet": str(scope.subnet),
        "pools": list(_pools(scope, pair)),
        "valid-lifetime": scope.lease_duration_s,
        "max-valid-lifetime": scope.lease_duration_s,
        "min-valid-lifetime": scope.lease_duration_s,
        "require-client-classes": [*policies, _scope_name(scope)],
        "reservations": [
            {
                "hw-address": each.client_id,
                "ip-address": str(each.ip),
                **({"hostname": each.name} if each.name else {}),
                "option-data": _options(each.options),
                **_boot(each.options),
            }
            for each in scope.reservations
        ],
    }


def _pools(scope: DhcpScope, pair: Pair | None) -> Iterator[dict[str, Any]]:
    shared = pair is not None and scope.id in pair.scopes and pair.mode is FailoverMode.LOAD_BALANCE
    for found in scope.ranges():
        if not shared or pair is None:
            yield {"pool": f"{found.start} - {found.end}"}
            continue
        middle = found.start + (len(found) + 1) // 2 - 1
        yield {"pool": f"{found.start} - {middle}", "client-class": f"HA_{pair.names[0]}"}
        if middle < found.end:
            rest = DhcpRange(middle + 1, found.end)
            yield {"pool": f"{rest.start} - {rest.end}", "client-class": f"HA_{pair.names[1]}"}


def _options(options: Iterable[DhcpOption]) -> list[dict[str, Any]]:
    return [{"code": each.id, "csv-format": False, "data": encoded(each).hex().upper()} for each in options]


def _boot(options: Iterable[DhcpOption]) -> dict[str, str]:
    """Return the fields of the header in which boot loaders look, beside options 66 and 67 (RFC 2132, 9.4 and 9.5)."""
    values = {each.id: each.values[0] for each in options}
    found = {}
    if BOOT_FILE in values:
        found["boot-file-name"] = values[BOOT_FILE]
    if BOOT_SERVER in values:
        found["server-hostname"] = values[BOOT_SERVER]
        try:
            found["next-server"] = str(IPv4Address(values[BOOT_SERVER]))
        except ValueError:
            pass  # a name, which the client looks up
    return found
