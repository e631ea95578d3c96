"""The DHCP Server role of a VM, as cmdlets of module DhcpServer make it inside the VM."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from lab.model.dhcp import (
    DNS_DOMAIN,
    DNS_SERVER,
    LEASE_DURATION_S,
    MAX_CLIENT_LEAD_TIME_S,
    ROUTER,
    WINS_SERVER,
    WPAD,
    DhcpOption,
    DhcpPolicy,
    DhcpReservation,
    DhcpScope,
    DhcpServer,
    FailoverMode,
)
from lab.model.objects import VirtualMachine
from lab.shell.dhcp.classes import CLASS
from lab.shell.dhcp.definitions import DEFINITION, STANDARD
from lab.shell.dhcp.failovers import FAILOVER
from lab.shell.dhcp.policies import POLICY
from lab.shell.dhcp.scopes import RESERVATION, SCOPE
from lab.shell.export.dhcp6 import scope6_lines
from lab.shell.export.recorded import span
from lab.shell.export.writing import ON, guarded, line, lost

_COMMON: Final = {
    ROUTER: "Router", DNS_SERVER: "DnsServer", DNS_DOMAIN: "DnsDomain", WINS_SERVER: "WinsServer", WPAD: "Wpad",
}  # fmt: skip
_KNOWN_NAMES: Final = {60: "PXEClient"}
_SWITCHES: Final = ("NapEnable",)
_PLAIN: Final = {
    "DhcpServerv4DnsSetting": "Set-DhcpServerv4DnsSetting",
    "DhcpServerSetting": "Set-DhcpServerSetting",
}
"""Recorded settings of the server whose names are the parameters of a cmdlet."""
_DOMAIN: Final = "DhcpServerInDC"
_GROUP: Final = "DhcpServerSecurityGroup"
_HANDLED: Final = (SCOPE, RESERVATION, POLICY, FAILOVER, "DhcpServerv6Scope", "DhcpServerv6Reservation")


def server_lines(vm: VirtualMachine) -> Iterator[str]:
    """Yield what makes a VM the DHCP server that it is, but for its failover relationship."""
    server = vm.dhcp_server
    if server is None:
        return
    kept = recorded_of(vm)
    yield line("Install-WindowsFeature", Name="DHCP", IncludeManagementTools=ON)
    yield from _server_settings(vm, kept)
    yield from _definitions(server, kept.get(DEFINITION, {}))
    yield from _classes(server, kept.get(CLASS, {}))
    for policy in server.policies:
        yield from _policy(policy, "0.0.0.0", {}, kept)
    yield from option_lines(server.options, {})
    for scope in server.scopes:
        yield ""
        yield from _scope(scope, kept)
    for six in server.scopes6:
        yield ""
        yield from scope6_lines(six, kept)


def recorded_of(vm: VirtualMachine) -> dict[str, Any]:
    """Return the recorded settings of a VM's DHCP server."""
    return {each.name: json.loads(each.value) for each in vm.recorded if each.name.startswith("DhcpServer")}


def _server_settings(vm: VirtualMachine, kept: dict[str, Any]) -> Iterator[str]:
    for address, name in kept.get(_DOMAIN, {}).items():
        yield line("Add-DhcpServerInDC", DnsName=name or None, IPAddress=address)
    for name, values in kept.items():
        kind, _, where = name.partition(" ")
        if name == _GROUP:
            yield "Add-DhcpServerSecurityGroup"
        elif name in _PLAIN:
            yield line(_PLAIN[name], **values)
        elif name not in (_DOMAIN, DEFINITION, CLASS) and (kind not in _HANDLED or not where):
            yield lost(f'the recorded setting {name} of VM "{vm.name}"')


def _definitions(server: DhcpServer, kept: dict[str, Any]) -> Iterator[str]:
    """Yield the definitions of options that Windows does not have at first."""
    needed = {option.id for option in _all_options(server)} - STANDARD.keys() - {WPAD}
    for number in sorted(needed | set(map(int, kept))):
        given = kept.get(str(number), {})
        yield line(
            "Add-DhcpServerv4OptionDefinition", OptionId=number,
            Name=given.get("Name", _KNOWN_NAMES.get(number, f"Option {number}")), Type=given.get("Type", "String"),
            MultiValued=ON if given.get("MultiValued") else None, Description=given.get("Description") or None,
        )  # fmt: skip


def _all_options(server: DhcpServer) -> Iterator[DhcpOption]:
    yield from server.options
    holders: list[DhcpPolicy | DhcpScope | DhcpReservation] = [*server.policies, *server.scopes]
    for scope in server.scopes:
        holders += [*scope.policies, *scope.reservations]
    for each in holders:
        yield from each.options


def _classes(server: DhcpServer, kept: dict[str, Any]) -> Iterator[str]:
    """Yield the vendor classes that policies are for."""
    for each in kept.values():
        words = {"Name": each["name"], "Type": each["type"], "Data": each["data"]}
        yield line("Add-DhcpServerv4Class", **words, Description=each.get("description") or None)
    known = {each["data"] for each in kept.values() if each["type"] == "Vendor"}
    policies = [*server.policies, *(each for scope in server.scopes for each in scope.policies)]
    for data in dict.fromkeys(map(_sent, policies)):
        if data and data not in known:
            yield line("Add-DhcpServerv4Class", Name=data, Type="Vendor", Data=data)


def _sent(policy: DhcpPolicy) -> str:
    """Return how what the clients of a policy send as their vendor class begins."""
    return policy.vendor_class or ("" if policy.architecture is None else f"PXEClient:Arch:{policy.architecture:05}")


def _policy(policy: DhcpPolicy, scope: str, where: dict[str, object], kept: dict[str, Any]) -> Iterator[str]:
    extras = kept.get(f"{POLICY} {scope} {policy.name}", {})
    sent = _sent(policy)
    if not sent or (policy.architecture is not None and policy.vendor_class):
        yield lost(f'the DHCP policy "{policy.name}", which is not for the clients of one vendor class')
        return
    classes = kept.get(CLASS, {}).values()
    name = next((each["name"] for each in classes if each["type"] == "Vendor" and each["data"] == sent), sent)
    yield line(
        "Add-DhcpServerv4Policy", Name=policy.name, **where, Condition=extras.get("Condition", "Or"),
        VendorClass=extras.get("VendorClass", ["EQ", f"{name}*"]), Description=extras.get("Description"),
    )  # fmt: skip
    yield from option_lines(policy.options, {**where, "PolicyName": policy.name})


def option_lines(options: Iterable[DhcpOption], where: dict[str, object]) -> Iterator[str]:
    """Yield what sets options; those that have parameters of their own are set together."""
    common: dict[str, object] = {}
    for option in options:
        single = option.id in (DNS_DOMAIN, WPAD)
        if option.id in _COMMON and not (single and len(option.values) != 1):
            common[_COMMON[option.id]] = option.values[0] if single else list(option.values)
    if common:
        force = ON if "DnsServer" in common else None
        yield line("Set-DhcpServerv4OptionValue", **where, **common, Force=force)
    for option in options:
        if option.id not in _COMMON or _COMMON[option.id] not in common:
            yield line("Set-DhcpServerv4OptionValue", **where, OptionId=option.id, Value=list(option.values))


def _scope(scope: DhcpScope, kept: dict[str, Any]) -> Iterator[str]:
    extras = dict(kept.get(f"{SCOPE} {scope.id}", {}))
    for name in _SWITCHES:
        if name in extras:
            extras[name] = ON if extras[name] else None
    lease = span(scope.lease_duration_s) if scope.lease_duration_s != LEASE_DURATION_S else None
    yield line(
        "Add-DhcpServerv4Scope", Name=scope.name or str(scope.id), StartRange=scope.start, EndRange=scope.end,
        SubnetMask=scope.subnet.netmask, LeaseDuration=lease, State=None if scope.active else "InActive", **extras,
    )  # fmt: skip
    where: dict[str, object] = {"ScopeId": scope.id}
    for each in scope.exclusions:
        yield line("Add-DhcpServerv4ExclusionRange", **where, StartRange=each.start, EndRange=each.end)
    for policy in scope.policies:
        yield from _policy(policy, str(scope.id), where, kept)
    yield from option_lines(scope.options, where)
    for reserved in scope.reservations:
        yield line(
            "Add-DhcpServerv4Reservation", **where, IPAddress=reserved.ip,
            ClientId=reserved.client_id.replace(":", "-").upper(), Name=reserved.name or None,
            **kept.get(f"{RESERVATION} {reserved.ip}", {}),
        )  # fmt: skip
        yield from option_lines(reserved.options, {"ReservedIP": reserved.ip})
    if not scope.name:
        # On Windows a scope has a name; a lab's may have none.
        yield from guarded([line("Set-DhcpServerv4Scope", **where, Name="")], command="Set-LabVM")


def failover_lines(vm: VirtualMachine) -> Iterator[str]:
    """Yield what makes a DHCP server's relationship with another one."""
    failover = vm.dhcp_server.failover if vm.dhcp_server else None
    if failover is None:
        return
    extras = dict(recorded_of(vm).get(f"{FAILOVER} {failover.name}", {}))
    if extras.pop("EnableAuth", False):
        extras["SharedSecret"] = "secret"
        yield "# The secret of the two servers is not known here: replace it."
    if "StateSwitchInterval" in extras:
        extras["StateSwitchInterval"] = span(extras["StateSwitchInterval"])
    standby: dict[str, object] = {}
    if failover.mode is FailoverMode.HOT_STANDBY:
        standby = {"ServerRole": failover.server_role.value, "ReservePercent": failover.reserve_percent}
    lead = failover.max_client_lead_time_s
    yield line(
        "Add-DhcpServerv4Failover", Name=failover.name, PartnerServer=failover.partner,
        ScopeId=list(map(str, failover.scope_ids)), **standby,
        MaxClientLeadTime=span(lead) if lead != MAX_CLIENT_LEAD_TIME_S else None, **extras,
    )  # fmt: skip
    server = vm.dhcp_server
    assert server
    if failover.replicated != tuple(scope for each in failover.scope_ids if (scope := server.scope(each))):
        yield lost(f"what the DHCP server {failover.partner} has of older settings of the scopes of {vm.name}")
