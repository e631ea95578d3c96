"""`netsh`: the forms that are in use for interfaces and their addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Interface, ip_address
from typing import Final

from lab.model.addresses import Address, Interface, IpSettings
from lab.shell.command import Call, Example, command
from lab.shell.net.addresses import LOOPBACK, LOOPBACK_METRIC, metric_of, with_leases
from lab.shell.net.dns import DNS, servers_of
from lab.shell.net.edits import changed, changed_ip, recorded
from lab.shell.net.interfaces import ALIAS, InterfaceRef, Kind, NetInterface, interfaces_of, named
from lab.shell.net.probes import is_address
from lab.shell.net.usage import ARGUMENTS

_MODULE: Final = "Windows"
_NO_INTERFACE: Final = "The filename, directory name, or volume label syntax is incorrect."
_METRIC: Final = 256


@command(
    "netsh",
    _MODULE,
    "Shows and changes the machine's interfaces.",
    ARGUMENTS,
    guest=True,
    examples=(
        Example("netsh interface ip show config", "Shows the addresses of the machine."),
        Example('netsh interface ip set address "Ethernet" static 10.0.0.2 255.255.255.0 10.0.0.1',
                "Gives an interface an address and a gateway."),
    ),
    remarks="Understands: interface ip|ipv4|ipv6 show config|addresses|dnsservers|interfaces, set address, "
    "add address, delete address, set dnsservers, add dnsservers; interface show interface; interface set interface.",
)  # fmt: skip
def netsh(call: Call) -> Iterator[str]:
    """Carry out a command of netsh's context `interface`."""
    words = list(call.get("Arguments", []))
    call.runtime.ended(0)
    context = words[0].lower() if words else ""
    if context in ("int", "interface"):
        yield from _interface(call, words[1:])
    elif context == "advfirewall":
        call.verbose("The machines of a lab have no firewall of their own.")
        yield from ("Ok.", "")
    else:
        yield _unknown(call, words)


def _unknown(call: Call, words: list[str]) -> str:
    call.runtime.ended(1)
    return f"The following command was not found: {' '.join(words)}."


def _interface(call: Call, words: list[str]) -> Iterator[str]:
    low = [word.lower() for word in words]
    match low[:3]:
        case [("ip" | "ipv4" | "ipv6") as family, "show", ("config" | "addresses" | "address" | "ipaddresses")]:
            yield from _config(call, _Given.of(words[3:]), version=6 if family == "ipv6" else 4)
        case ["ip" | "ipv4" | "ipv6", "show", "interfaces" | "interface"]:
            yield from _interfaces(call)
        case ["ip" | "ipv4" | "ipv6", "show", "dns" | "dnsservers"]:
            yield from _dns_servers(call, _Given.of(words[3:]))
        case ["ip" | "ipv4" | "ipv6", ("set" | "add") as verb, "address"]:
            yield from _on(call, _Given.of(words[3:]), _set_address if verb == "set" else _add_address)
        case ["ip" | "ipv4" | "ipv6", "delete" | "del", "address"]:
            yield from _on(call, _Given.of(words[3:]), _delete_address)
        case ["ip" | "ipv4" | "ipv6", ("set" | "add") as verb, "dns" | "dnsserver" | "dnsservers"]:
            yield from _on(call, _Given.of(words[3:]), _set_dns if verb == "set" else _add_dns)
        case ["show", "interface", *_]:
            yield from _list(call)
        case ["set", "interface", *_]:
            yield from _on(call, _Given.of(words[2:]), _switch)
        case _:
            yield _unknown(call, ["interface", *words])


@dataclass(slots=True)
class _Given:
    """The values of a command line: by name (``name=Ethernet``), or in their order."""

    named: dict[str, str]
    ordered: list[str]

    @classmethod
    def of(cls, words: list[str]) -> _Given:
        found = cls({}, [])
        for word in words:
            name, equals, value = word.partition("=")
            if equals and name.isalpha():
                found.named[name.lower()] = value.strip('"')
            else:
                found.ordered.append(word)
        return found

    def take(self, *names: str) -> str:
        """Return a value by one of its names, else the next in order; empty if there is none."""
        for name in names:
            if name in self.named:
                return self.named.pop(name)
        return self.ordered.pop(0) if self.ordered else ""


_Act = Callable[[Call, InterfaceRef, NetInterface, _Given], str]


def _on(call: Call, given: _Given, act: _Act) -> Iterator[str]:
    name = given.take("name", "interface")
    found = named(call.place, call.machine, name)
    if found is None and name.isdigit():
        found = next((each for each in interfaces_of(call.place, call.machine) if each.index == int(name)), None)
    if found is None:
        call.runtime.ended(1)
        yield _NO_INTERFACE
    else:
        problem = act(call, found.at(call.place, call.machine), found, given)
        if problem:
            call.runtime.ended(1)
        yield problem
    yield ""


def _set_address(call: Call, ref: InterfaceRef, found: NetInterface, given: _Given) -> str:
    source = given.take("source", "type").lower()
    if is_address(source.partition("/")[0]):
        given.ordered.insert(0, source)
        source = "static"
    if source == "dhcp":
        call.place.change(
            changed_ip(ref, lambda ip: replace(ip, dhcp=True, addresses=_six(ip), gateways=_six_ways(ip)))
        )
        return ""
    address = _address(given)
    if source != "static" or address is None:
        return "The parameter is incorrect."
    gateway = given.take("gateway", "gw")
    way = ip_address(gateway) if is_address(gateway) else None

    def only(ip: IpSettings) -> IpSettings:
        ways = (*_six_ways(ip), *([way] if way else []))
        return replace(ip, dhcp=False, addresses=(*_six(ip), address), gateways=ways)

    call.place.change(changed_ip(ref, only))
    return ""


def _six(ip: IpSettings) -> tuple[Interface, ...]:
    return tuple(each for each in ip.addresses if each.version == 6)


def _six_ways(ip: IpSettings) -> tuple[Address, ...]:
    return tuple(each for each in ip.gateways if each.version == 6)


def _address(given: _Given) -> IPv4Interface | None:
    text = given.take("address", "addr")
    mask = given.take("mask") if "/" not in text else ""
    try:
        return IPv4Interface(f"{text}/{mask}" if mask else text)
    except ValueError:
        return None


def _add_address(call: Call, ref: InterfaceRef, found: NetInterface, given: _Given) -> str:
    address = _address(given)
    if address is None:
        return "The parameter is incorrect."
    if any(each.ip == address.ip for each in found.own.addresses):
        return "The object already exists."
    change = changed_ip(ref, lambda ip: replace(ip, dhcp=False, addresses=(*ip.addresses, address)))
    call.place.change(change)
    return ""


def _delete_address(call: Call, ref: InterfaceRef, found: NetInterface, given: _Given) -> str:
    text = given.take("address", "addr")
    if not any(str(each.ip) == text for each in found.own.addresses):
        return "Element not found."
    keep = tuple(each for each in found.own.addresses if str(each.ip) != text)
    call.place.change(changed_ip(ref, lambda ip: replace(ip, addresses=keep)))
    call.place.settle()
    return ""


def _set_dns(call: Call, ref: InterfaceRef, found: NetInterface, given: _Given) -> str:
    source = given.take("source", "type").lower()
    address = given.take("address", "addr")
    if source == "dhcp" or (source == "static" and address in ("", "none")):
        call.place.change(recorded(ref, **{DNS: None}))
        return ""
    if source != "static" or not is_address(address):
        return "The parameter is incorrect."
    call.place.change(recorded(ref, **{DNS: {"IPv4": [address], "IPv6": servers_of(ref, found, "IPv6")}}))
    return ""


def _add_dns(call: Call, ref: InterfaceRef, found: NetInterface, given: _Given) -> str:
    address = given.take("address", "addr")
    if not is_address(address):
        return "The parameter is incorrect."
    there = [*servers_of(ref, found, "IPv4"), address]
    call.place.change(recorded(ref, **{DNS: {"IPv4": there, "IPv6": servers_of(ref, found, "IPv6")}}))
    return ""


def _switch(call: Call, ref: InterfaceRef, found: NetInterface, given: _Given) -> str:
    if "newname" in given.named:
        if ref.kind is Kind.NIC:
            list(call.runtime.call("Rename-NetAdapter", Name=found.alias, NewName=given.named["newname"]))
        else:
            call.place.change(recorded(ref, **{ALIAS: given.named["newname"]}))
        return ""
    admin = given.take("admin").lower()
    if not admin.startswith(("enable", "disable")):
        return "The parameter is incorrect."
    if ref.kind not in (Kind.NIC, Kind.MANAGEMENT, Kind.ADAPTER):
        return "This network connection does not exist."
    on = admin.startswith("enable")
    call.place.change(changed(ref, lambda each: replace(each, enabled=on)))
    call.place.settle()
    return ""


# -- showing ----------------------------------------------------------------------------------------------------------


def _line(label: str, value: object) -> str:
    return f"    {label + ':':<38}{value}"


def _config(call: Call, given: _Given, version: int) -> Iterator[str]:
    wanted = given.take("name", "interface").casefold()
    for own, leased in with_leases(call.place, call.machine):
        if wanted and wanted not in (own.alias.casefold(), str(own.index)):
            continue
        yield ""
        yield f'Configuration for interface "{own.alias}"'
        yield _line("DHCP enabled", "Yes" if own.own.dhcp else "No")
        for each in leased.own.addresses:
            if each.version == version:
                yield _line("IP Address", each.ip)
                mask = f" (mask {each.netmask})" if version == 4 else ""
                yield _line("Subnet Prefix", f"{each.network}{mask}")
        gateway = leased.own.gateway(version)
        if gateway:
            yield _line("Default Gateway", gateway)
            yield _line("Gateway Metric", 0 if own.own.dhcp else _METRIC)
        yield _line("InterfaceMetric", metric_of(own))
        yield from _servers(call, own, version)
    yield ""


def _servers(call: Call, own: NetInterface, version: int) -> Iterator[str]:
    servers = servers_of(own.at(call.place, call.machine), own, f"IPv{version}")
    how = (
        "Statically Configured DNS Servers"
        if own.kept(DNS) or not own.own.dhcp
        else "DNS servers configured through DHCP"
    )
    yield _line(how, servers[0] if servers else "None")
    for each in servers[1:]:
        yield " " * 42 + each
    yield _line("Register with which suffix", "Primary only")


def _dns_servers(call: Call, given: _Given) -> Iterator[str]:
    wanted = given.take("name", "interface").casefold()
    for own, _ in with_leases(call.place, call.machine):
        if not wanted or wanted in (own.alias.casefold(), str(own.index)):
            yield ""
            yield f'Configuration for interface "{own.alias}"'
            yield from _servers(call, own, 4)
    yield ""


def _interfaces(call: Call) -> Iterator[str]:
    yield ""
    yield "Idx     Met         MTU          State                Name"
    yield "---  ----------  ----------  ------------  ---------------------------"
    yield f"{1:>3}  {LOOPBACK_METRIC:>10}  {2**32 - 1:>10}  {'connected':<12}  {LOOPBACK}"
    for each in interfaces_of(call.place, call.machine):
        if each.has_ip:
            state = "connected" if each.up else "disconnected"
            yield f"{each.index:>3}  {metric_of(each):>10}  {each.mtu:>10}  {state:<12}  {each.alias}"
    yield ""


def _list(call: Call) -> Iterator[str]:
    yield ""
    yield "Admin State    State          Type             Interface Name"
    yield "-" * 73
    for each in interfaces_of(call.place, call.machine):
        if each.present:
            admin = "Enabled" if each.enabled else "Disabled"
            state = "Connected" if each.up else "Disconnected"
            yield f"{admin:<15}{state:<15}{'Dedicated':<17}{each.alias}"
    yield ""
