"""`ipconfig`, and what else tells of a machine's interfaces in Windows' words: `getmac`, `hostname`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from ipaddress import IPv4Interface
from typing import Any, Final

from lab.shell.command import Call, Example, command
from lab.shell.net import machines
from lab.shell.net.adapters import guid_of
from lab.shell.net.addresses import with_leases
from lab.shell.net.dns import servers_of
from lab.shell.net.interfaces import Kind, NetInterface, interfaces_of
from lab.shell.net.targets import fits
from lab.shell.net.usage import ARGUMENTS

_MODULE: Final = "Windows"
_WIDTH: Final = 34
_TITLE: Final = "Windows IP Configuration"

_USAGE: Final = """
USAGE:
    ipconfig [/allcompartments] [/? | /all |
                                 /renew [adapter] | /release [adapter] |
                                 /renew6 [adapter] | /release6 [adapter] |
                                 /flushdns | /displaydns | /registerdns]

where
    adapter             Connection name
                       (wildcard characters * and ? allowed, see examples)

The default is to display only the IP address, subnet mask and
default gateway for each adapter bound to TCP/IP.
"""


@command(
    "ipconfig",
    _MODULE,
    "Shows the IP configuration of the machine; renews and releases what DHCP gave.",
    ARGUMENTS,
    guest=True,
    examples=(
        Example("ipconfig /all", "Shows everything."),
        Example("ipconfig /renew", "Has the machine's DHCP clients ask anew."),
    ),
)
def ipconfig(call: Call) -> Iterator[str]:
    """Yield the machine's IP configuration as Windows lays it out, or change what DHCP gave."""
    words = call.get("Arguments", [])
    option = words[0].lower().replace("/", "-", 1) if words else ""
    call.runtime.ended(0)
    match option:
        case "" | "-all":
            yield from _shown(call, everything=option == "-all")
        case "-renew" | "-release" | "-renew6" | "-release6":
            yield from _leased(call, option[1:], words[1] if len(words) > 1 else "*")
        case "-flushdns":
            yield from ("", _TITLE, "", "Successfully flushed the DNS Resolver Cache.")
        case "-displaydns":
            yield from ("", _TITLE)
        case "-registerdns":
            yield from ("", _TITLE, "", "Registration of the DNS resource records for all adapters of this computer has"
                        " been initiated. Any errors will be reported in the Event Viewer in 15 minutes.")  # fmt: skip
        case "-?":
            yield from _USAGE.rstrip("\n").split("\n")
        case _:
            call.runtime.ended(1)
            yield from ("", "Error: unrecognized or incomplete command line.", *_USAGE.rstrip("\n").split("\n"))


def _label(text: str) -> str:
    """Return a label as ipconfig has it: with a dot at every second column, up to the colon."""
    dots = "".join(" ."[at % 2 == 0] for at in range(len(text), _WIDTH))
    return f"   {text}{dots}: "


def _shown(call: Call, *, everything: bool) -> Iterator[str]:
    yield from ("", _TITLE, "")
    yield from _machine(call) if everything else ("",)
    leases = _Leases(call)
    for own, leased in with_leases(call.place, call.machine):
        yield from _interface(call, own, leased, leases, everything=everything)


def _machine(call: Call) -> Iterator[str]:
    found = machines.object_of(call.place.model, call.machine)
    forwards = bool(found and found.forwarding)
    yield _label("Host Name ") + call.machine.name
    yield _label("Primary Dns Suffix  ")
    yield _label("Node Type ") + "Hybrid"
    yield _label("IP Routing Enabled") + ("Yes" if forwards else "No")
    yield _label("WINS Proxy Enabled") + "No"
    yield ""


class _Leases:
    """What the machine's DHCP clients have been told; asked for when somebody wants to know."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._found: list[dict[str, Any]] | None = None

    def of(self, interface: NetInterface) -> dict[str, Any]:
        if not interface.own.dhcp:
            return {}
        if self._found is None:
            self._found = self._call.place.ask("dhcp")["clients"]
        here = (self._call.machine.name, interface.device)
        return next((each for each in self._found if (each["node"], each["device"]) == here), {})


def _interface(
    call: Call, own: NetInterface, leased: NetInterface, leases: _Leases, *, everything: bool
) -> Iterator[str]:
    lease = leases.of(own) if own.up else {}
    yield f"Ethernet adapter {own.alias}:"
    yield ""
    if not own.up:
        yield _label("Media State ") + "Media disconnected"
    yield _label("Connection-specific DNS Suffix  ") + str(lease.get("domain") or "")
    if everything:
        yield _label("Description ") + own.description
        yield _label("Physical Address") + own.mac
        yield _label("DHCP Enabled") + ("Yes" if own.own.dhcp else "No")
        yield _label("Autoconfiguration Enabled ") + "Yes"
    if own.up:
        yield from _addresses(call, own, leased, lease, everything=everything)
    yield ""


def _addresses(
    call: Call, own: NetInterface, leased: NetInterface, lease: dict[str, Any], *, everything: bool
) -> Iterator[str]:
    preferred = "(Preferred) " if everything else ""
    for each in leased.own.addresses:
        if each.version == 6:
            yield _label("IPv6 Address") + f"{each.ip}{preferred}"
    for each in leased.own.addresses:
        if isinstance(each, IPv4Interface):
            automatic = own.own.dhcp and each.is_link_local
            yield _label("Autoconfiguration IPv4 Address" if automatic else "IPv4 Address") + f"{each.ip}{preferred}"
            yield _label("Subnet Mask ") + str(each.netmask)
    if everything and lease.get("state") == "leased":
        obtained = datetime.fromtimestamp(float(lease["obtained"]))
        yield _label("Lease Obtained") + _moment(obtained)
        yield _label("Lease Expires ") + _moment(obtained + timedelta(seconds=int(lease["lease_s"])))
    gateways = sorted(leased.own.gateways, key=lambda gateway: -gateway.version)
    yield from _several("Default Gateway ", [str(each) for each in gateways])
    if everything:
        if lease.get("state") == "leased":
            yield _label("DHCP Server ") + str(lease["server"])
        ref = own.at(call.place, call.machine)
        servers = [text for family in ("IPv6", "IPv4") for text in servers_of(ref, own, family)]
        if servers:
            yield from _several("DNS Servers ", servers)
        yield _label("NetBIOS over Tcpip") + "Enabled"


def _moment(when: datetime) -> str:
    hour = when.hour % 12 or 12
    return f"{when:%A, %B} {when.day}, {when.year} {hour}:{when:%M:%S} {'AM' if when.hour < 12 else 'PM'}"


def _several(label: str, values: list[str]) -> Iterator[str]:
    yield _label(label) + (values[0] if values else "")
    for value in values[1:]:
        yield " " * (_WIDTH + 5) + value


def _leased(call: Call, what: str, pattern: str) -> Iterator[str]:
    """Have the machine's DHCP clients renew or release what they have, and show what they have then."""
    six = what.endswith("6")
    mine = [
        each
        for each in interfaces_of(call.place, call.machine)
        if each.has_ip and (each.own.auto if six else each.own.dhcp) and fits(each.alias, (pattern,))
    ]
    yield from ("", _TITLE, "")
    if not mine:
        call.runtime.ended(1)
        yield "The operation failed as no adapter is in the state permissible for "
        yield "this operation."
        return
    verb = what.rstrip("6")
    for each in mine:
        if not each.up:
            yield f"No operation can be performed on {each.alias} while it has its media disconnected."
            continue
        call.place.tell("dhcp", verb, f"{call.machine.name}/{each.device}", "-6" if six else "-4")
        lease = _Leases(call).of(each)
        if verb == "renew" and not six and lease.get("state") != "leased":
            call.runtime.ended(1)
            yield f"An error occurred while renewing interface {each.alias} : unable to contact your DHCP server. "
            yield "Request has timed out."
            yield ""
    yield from list(_shown(call, everything=False))[4:]


@command(
    "getmac",
    _MODULE,
    "Shows the MAC addresses of the machine.",
    ARGUMENTS,
    guest=True,
    examples=(Example("getmac /v", "Shows the MAC addresses with the names of the interfaces."),),
)
def getmac(call: Call) -> Iterator[str]:
    """Yield the MAC addresses of the machine's interfaces."""
    long = any(word.lower() in ("/v", "-v") for word in call.get("Arguments", []))
    call.runtime.ended(0)
    columns = [("Physical Address", 19), ("Transport Name", 58)]
    columns = [("Connection Name", 15), ("Network Adapter", 15), *columns] if long else columns
    yield ""
    yield " ".join(f"{title:<{width}}" for title, width in columns)
    yield " ".join("=" * width for _, width in columns)
    for each in interfaces_of(call.place, call.machine):
        if each.present and each.kind is not Kind.VLAN:
            way = f"\\Device\\Tcpip_{guid_of(each.at(call.place, call.machine))}" if each.up else "Media disconnected"
            row = [each.mac, way if each.enabled else "Disabled"]
            row = [each.alias, each.description, *row] if long else row
            pairs = zip(row, columns, strict=True)
            yield " ".join(f"{text[:width]:<{width}}" for text, (_, width) in pairs)


@command(
    "hostname",
    _MODULE,
    "Tells the name of the machine.",
    ARGUMENTS,
    guest=True,
    examples=(Example("hostname", "Tells the name of the machine."),),
)
def hostname(call: Call) -> Iterator[str]:
    """Yield the name of the machine."""
    call.runtime.ended(0)
    yield call.machine.name
