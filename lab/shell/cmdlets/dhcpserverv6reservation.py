"""Reservations and options of IPv6 scopes: the cmdlets of DhcpServerv6Reservation and DhcpServerv6OptionValue."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import IPv6Address
from typing import Any, Final

from lab.model.addresses import parse_mac
from lab.model.dhcp6 import (
    ADDRESS_OPTIONS,
    DNS_SERVERS,
    DOMAIN_SEARCH_LIST,
    INFORMATION_REFRESH_TIME,
    KEPT_OPTIONS,
    NAMES_OPTIONS,
    SNTP_SERVERS,
    DhcpOption6,
    DhcpReservation6,
    DhcpScope6,
    duid_of_mac,
    encoded,
)
from lab.model.edit import Edit
from lab.shell.command import Call, Example, Parameter, Support, command
from lab.shell.dhcp.mistakes import (
    NO_OPTION,
    NO_RESERVATION,
    RESERVATION_EXISTS,
    cim_error,
    dhcp_error,
    instance,
    not_there,
    told,
)
from lab.shell.dhcp.server import ServerRef, both, kept_edit, the_server
from lab.shell.dhcp.six import OPTION_NAMES, RESERVATION, VALUE, reservation6_object, scope6_edit, the_scope6
from lab.shell.objects import PSObject
from lab.shell.recording import accepted, recorded_parameters

_DUID: Final = re.compile(r"[0-9a-f]{2}([:-]?[0-9a-f]{2}){2,129}", re.IGNORECASE)
_PASS: Final = Parameter("PassThru", "Switch", help="Outputs what was changed.")
_PREFIX: Final = Parameter("Prefix", "IPAddress", position=1, mandatory=True, pipe="P", help="The scope: fd00:1::.")
_ADDRESS: Final = Parameter("IPAddress", "IPAddress", position=2, mandatory=True, aliases=("ReservedIP",), pipe="P",
                            help="The address.")  # fmt: skip


@command(
    "Get-DhcpServerv6Reservation",
    "DhcpServer",
    "Gets the reservations of an IPv6 scope.",
    (
        replace(_PREFIX, sets=("Prefix",)),
        Parameter("IPAddress", "IPAddress[]", sets=("IPAddress",), mandatory=True, aliases=("ReservedIP",), pipe="P",
                  help="The addresses."),
    ),
    default_set="Prefix",
    output="DhcpServerv6Reservation",
    guest=True,
    examples=(Example("Get-DhcpServerv6Reservation fd00:1::", "Gets the reservations of a scope."),),
)  # fmt: skip
def get_reservation6(call: Call) -> Iterator[object]:
    """Output reservations by address."""
    with told(call):
        ref = the_server(call)
        if "Prefix" in call:
            scope = the_scope6(call, ref, call.get("Prefix"))
            found = sorted(scope.reservations, key=lambda each: each.ip)
            yield from (reservation6_object(ref, scope, each) for each in found)
        for address in call.get("IPAddress", []):
            with told(call):
                yield reservation6_object(ref, *_reserved(call, ref, address))


def _reserved(call: Call, ref: ServerRef, address: object) -> tuple[DhcpScope6, DhcpReservation6]:
    for scope in ref.model.scopes6:
        for each in scope.reservations:
            if each.ip == address:
                return scope, each
    what = f"Failed to get reservation information for IP address {address} on DHCP server {ref.name}."
    raise dhcp_error(call, what, NO_RESERVATION, address)


@command(
    "Add-DhcpServerv6Reservation",
    "DhcpServer",
    "Reserves an IPv6 address for one client.",
    (
        _PREFIX,
        _ADDRESS,
        Parameter("ClientDuid", position=3, mandatory=True, pipe="P", help="The client's DUID, with dashes."),
        Parameter("Iaid", "UInt32", position=4, pipe="P", support=Support.RECORDED, help="In a lab any one."),
        Parameter("Name", aliases=("HostName",), pipe="P", help="The name of the client."),
        Parameter("Description", pipe="P", support=Support.RECORDED),
        _PASS,
    ),
    confirms=True,
    output="DhcpServerv6Reservation",
    guest=True,
    examples=(
        Example("Add-DhcpServerv6Reservation fd00:1:: fd00:1::50 00-03-00-01-00-15-5D-01-02-03 0",
                "The client with this DUID gets this address."),
    ),
)  # fmt: skip
def add_reservation6(call: Call) -> Iterator[object]:
    """Reserve an address for a client that is known by its DUID, or by its MAC address."""
    with told(call):
        ref = the_server(call)
        scope = the_scope6(call, ref, call.get("Prefix"))
        address = call.get("IPAddress")
        what = f"Failed to reserve IP address {address} in scope {scope.id} on DHCP server {ref.name}."
        if not isinstance(address, IPv6Address):
            raise cim_error(call, what, "WIN32 87", "InvalidArgument", address, "It is no IPv6 address.")
        new = DhcpReservation6(address, _duid(call), call.get("Name", ""))
        if any(each.ip == new.ip or each.duid == new.duid for each in scope.reservations):
            raise dhcp_error(call, what, RESERVATION_EXISTS, address)
        change = both(
            scope6_edit(ref.name, scope.id, lambda each: replace(each, reservations=(*each.reservations, new))),
            kept_edit(ref.name, RESERVATION, address, _extras(call) or None),
        )
        if call.change(str(address), change) and call.is_on("PassThru"):
            yield reservation6_object(ref, scope, new)


def _extras(call: Call) -> dict[str, Any]:
    """Return what is only recorded of a reservation: not an IAID of 0, which every one has unless it is given."""
    return {name: value for name, value in recorded_parameters(call).items() if (name, value) != ("Iaid", 0)}


def _duid(call: Call) -> str:
    """Return a DUID as digits; an error for what is neither one nor a MAC address."""
    text = call.get("ClientDuid")
    digits = re.sub("[:-]", "", text)
    if _DUID.fullmatch(text) and len(digits) != 12:
        return digits.lower()
    try:
        return duid_of_mac(parse_mac(text))
    except ValueError:
        what = f"The client DUID {text} is not valid."
        raise cim_error(call, what, "WIN32 87", "InvalidArgument", text) from None


@command(
    "Remove-DhcpServerv6Reservation",
    "DhcpServer",
    "Deletes reservations of IPv6 addresses.",
    (
        Parameter("IPAddress", "IPAddress[]", mandatory=True, aliases=("ReservedIP",), pipe="P", position=1,
                  help="The addresses."),
        _PASS,
    ),
    confirms=True,
    guest=True,
    examples=(Example("Remove-DhcpServerv6Reservation fd00:1::50", "Deletes a reservation."),),
)  # fmt: skip
def remove_reservation6(call: Call) -> Iterator[object]:
    """Delete reservations."""
    with told(call):
        ref = the_server(call)
        for address in call.get("IPAddress"):
            with told(call):
                scope, old = _reserved(call, ref, address)
                shown = reservation6_object(ref, scope, old)
                change = both(_unreserved(ref, scope, old), kept_edit(ref.name, RESERVATION, address, None))
                if call.change(str(address), change) and call.is_on("PassThru"):
                    yield shown


def _unreserved(ref: ServerRef, scope: DhcpScope6, old: DhcpReservation6) -> Edit:
    return scope6_edit(
        ref.name,
        scope.id,
        lambda each: replace(each, reservations=tuple(one for one in each.reservations if one.ip != old.ip)),
    )


Options = tuple[DhcpOption6, ...]
_WHERE: Final = (
    Parameter("Prefix", "IPAddress", position=3, pipe="P", help="The scope; a lab has no options of the server."),
    Parameter("ReservedIP", "IPAddress", aliases=("IPAddress",), pipe="P", help="For the client of a reservation."),
)
_COMMON: Final = {"DnsServer": DNS_SERVERS, "DomainSearchList": DOMAIN_SEARCH_LIST, "SntpServer": SNTP_SERVERS,
                  "InfoRefreshTime": INFORMATION_REFRESH_TIME}  # fmt: skip


@command(
    "Set-DhcpServerv6OptionValue",
    "DhcpServer",
    "Sets what a DHCP server tells its IPv6 clients.",
    (
        Parameter("OptionId", "UInt32", sets=("OptionIds",), position=1, mandatory=True, pipe="P",
                  help="The option's number: 23 DNS servers, 24 domain search list."),
        Parameter("Value", "String[]", sets=("OptionIds",), position=2, mandatory=True, pipe="P", help="Its values."),
        Parameter("DnsServer", "IPAddress[]", sets=("CommonOptions",), pipe="P", help="Option 23."),
        Parameter("DomainSearchList", "String[]", sets=("CommonOptions",), pipe="P", help="Option 24."),
        Parameter("SntpServer", "IPAddress[]", sets=("CommonOptions",), pipe="P", help="Option 31."),
        Parameter("InfoRefreshTime", "UInt32", sets=("CommonOptions",), pipe="P", help="Option 32, in seconds."),
        *_WHERE,
        Parameter("Force", "Switch", support=Support.ACCEPTED, help="Does not ask the DNS servers."),
        _PASS,
    ),
    default_set="OptionIds",
    confirms=True,
    output="DhcpServerv6OptionValue",
    guest=True,
    examples=(Example("Set-DhcpServerv6OptionValue -Prefix fd00:1:: -DnsServer fd00:1::2", "Sets a DNS server."),),
)  # fmt: skip
def set_option_value6(call: Call) -> Iterator[object]:
    """Set options of a scope, or of a reservation."""
    accepted(call)
    with told(call):
        ref = the_server(call)
        scope, reserved, _ = _level(call, ref)
        if "OptionId" in call:
            given = {int(call.get("OptionId")): call.get("Value")}
        else:
            given = {number: call.get(name) for name, number in _COMMON.items() if name in call}
        new = tuple(_option(call, number, values) for number, values in given.items())

        def changed(before: Options) -> Options:
            found = {each.id: each for each in (*before, *new)}
            return tuple(found[number] for number in sorted(found))

        if call.change(str(reserved or scope.id), _edit(ref, scope, reserved, changed)) and call.is_on("PassThru"):
            yield from map(_object, new)


def _option(call: Call, number: int, values: Any) -> DhcpOption6:
    texts = tuple(str(each) for each in (values if isinstance(values, list) else [values]))
    option = DhcpOption6(number, texts)
    try:
        good = number not in KEPT_OPTIONS and 0 < number < 0xFFFF and 0 < len(encoded(option)) <= 1000
    except (ValueError, OverflowError):
        good = False
    if good:
        return option
    what = f"Failed to set option {number}: {', '.join(texts)} is no value of it."
    raise cim_error(call, what, "WIN32 87", "InvalidArgument", number)


def _level(call: Call, ref: ServerRef) -> tuple[DhcpScope6, IPv6Address | None, Options]:
    """Return the scope, the reserved address if one is given, and the options that are set there."""
    if "ReservedIP" in call:
        scope, reserved = _reserved(call, ref, call.get("ReservedIP"))
        return scope, reserved.ip, reserved.options
    if "Prefix" not in call:
        what = f"Failed to find option values of DHCP server {ref.name}"
        raise not_there(call, what, "in a lab IPv6 options are those of a scope: use -Prefix")
    scope = the_scope6(call, ref, call.get("Prefix"))
    return scope, None, scope.options


def _edit(
    ref: ServerRef, scope: DhcpScope6, reserved: IPv6Address | None, change: Callable[[Options], Options]
) -> Edit:
    def one(each: DhcpReservation6) -> DhcpReservation6:
        return replace(each, options=change(each.options)) if each.ip == reserved else each

    def changed(each: DhcpScope6) -> DhcpScope6:
        if reserved:
            return replace(each, reservations=tuple(map(one, each.reservations)))
        return replace(each, options=change(each.options))

    return scope6_edit(ref.name, scope.id, changed)


def _object(option: DhcpOption6) -> PSObject:
    kind = "IPv6Address" if option.id in ADDRESS_OPTIONS else "String" if option.id in NAMES_OPTIONS else "DWord"
    kind = kind if option.id in OPTION_NAMES else "String"
    properties: dict[str, object] = {
        "OptionId": option.id, "Name": OPTION_NAMES.get(option.id, f"Option {option.id}"), "Type": kind,
        "Value": list(option.values), "VendorClass": "", "UserClass": "",
    }  # fmt: skip
    return instance(VALUE, properties)


@command(
    "Get-DhcpServerv6OptionValue",
    "DhcpServer",
    "Gets what a DHCP server tells its IPv6 clients.",
    (
        Parameter("OptionId", "UInt32[]", position=1, pipe="P", help="Their numbers; all if none."),
        replace(_WHERE[0], position=2),
        _WHERE[1],
    ),
    output="DhcpServerv6OptionValue",
    guest=True,
    examples=(Example("Get-DhcpServerv6OptionValue -Prefix fd00:1::", "Gets what is set in a scope."),),
)  # fmt: skip
def get_option_value6(call: Call) -> Iterator[object]:
    """Output the values that are set at one level; a server has none of its own."""
    with told(call):
        ref = the_server(call)
        if "Prefix" not in call and "ReservedIP" not in call:
            return
        _, _, options = _level(call, ref)
        wanted = call.get("OptionId")
        for number in wanted or []:
            if all(option.id != number for option in options):
                what = f"Failed to get option value {number} on DHCP server {ref.name}."
                call.error(dhcp_error(call, what, NO_OPTION, number).record)
        yield from (_object(each) for each in options if wanted is None or each.id in wanted)


@command(
    "Remove-DhcpServerv6OptionValue",
    "DhcpServer",
    "Removes options of an IPv6 scope.",
    (
        Parameter("OptionId", "UInt32[]", position=1, mandatory=True, pipe="P", help="Their numbers."),
        replace(_WHERE[0], position=2),
        _WHERE[1],
        _PASS,
    ),
    confirms=True,
    guest=True,
    examples=(Example("Remove-DhcpServerv6OptionValue 23 -Prefix fd00:1::", "Removes the DNS servers of a scope."),),
)  # fmt: skip
def remove_option_value6(call: Call) -> Iterator[object]:
    """Remove options; one that is not set is an error, and the others are removed."""
    with told(call):
        ref = the_server(call)
        scope, reserved, options = _level(call, ref)
        wanted = {int(each) for each in call.get("OptionId")}
        gone = [each for each in options if each.id in wanted]
        for number in sorted(wanted - {each.id for each in gone}):
            what = f"Failed to delete option value {number} on DHCP server {ref.name}."
            call.error(dhcp_error(call, what, NO_OPTION, number).record)
        change = _edit(ref, scope, reserved, lambda before: tuple(each for each in before if each.id not in wanted))
        if gone and call.change(str(reserved or scope.id), change) and call.is_on("PassThru"):
            yield from map(_object, gone)
