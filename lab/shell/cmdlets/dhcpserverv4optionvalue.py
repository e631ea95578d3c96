"""Options of DHCP: Set-, Get- and Remove-DhcpServerv4OptionValue, and their definitions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from lab.model.dhcp import DNS_DOMAIN, DNS_SERVER, ROUTER, WINS_SERVER, WPAD, DhcpOption
from lab.model.edit import Edit
from lab.shell.command import Call, Example, Parameter, Support, command
from lab.shell.dhcp.definitions import DEFINITION, LEASE, Definition, definition_object, definitions
from lab.shell.dhcp.mistakes import NO_OPTION, OPTION_EXISTS, cim_error, dhcp_error, told
from lab.shell.dhcp.options import (
    Level,
    level,
    missing,
    option_of,
    options_edit,
    shown_options,
    value_object,
    with_options,
)
from lab.shell.dhcp.server import ServerRef, both, kept_edit, scope_edit, the_server
from lab.shell.recording import accepted

_SCOPE: Final = Parameter("ScopeId", "IPAddress", position=3, pipe="P", help="In a scope; else on the server.")
_RESERVED: Final = Parameter("ReservedIP", "IPAddress", aliases=("IPAddress",), pipe="P",
                             help="For the client of a reservation.")  # fmt: skip
_POLICY: Final = Parameter("PolicyName", pipe="P", help="For the clients of a policy.")
_USER: Final = Parameter("UserClass", pipe="P", help="Not in a lab: options are for everybody, or for a policy.")
_VENDOR: Final = Parameter("VendorClass", pipe="P", help="Not in a lab: use a policy.")
_PASS: Final = Parameter("PassThru", "Switch", help="Outputs the values.")
_COMMON: Final = {"DnsDomain": DNS_DOMAIN, "DnsServer": DNS_SERVER, "Router": ROUTER, "WinsServer": WINS_SERVER,
                  "Wpad": WPAD}  # fmt: skip


@command(
    "Set-DhcpServerv4OptionValue",
    "DhcpServer",
    "Sets what a DHCP server tells its clients: gateway, DNS servers, domain, boot file.",
    (
        Parameter("OptionId", "UInt32", sets=("OptionIds",), position=1, mandatory=True, pipe="P",
                  help="The option's number: 3 router, 6 DNS servers, 15 domain, 66 boot server, 67 boot file."),
        Parameter("Value", "String[]", sets=("OptionIds",), position=2, mandatory=True, pipe="P", help="Its values."),
        Parameter("DnsDomain", sets=("CommonOptions",), pipe="P", help="Option 15."),
        Parameter("DnsServer", "IPAddress[]", sets=("CommonOptions",), pipe="P", help="Option 6."),
        Parameter("Router", "IPAddress[]", sets=("CommonOptions",), pipe="P", help="Option 3, the default gateway."),
        Parameter("WinsServer", "IPAddress[]", sets=("CommonOptions",), pipe="P", help="Option 44."),
        Parameter("Wpad", sets=("CommonOptions",), pipe="P", help="Option 252."),
        _SCOPE,
        _RESERVED,
        _POLICY,
        _USER,
        replace(_VENDOR, sets=("OptionIds",)),
        Parameter("Force", "Switch", support=Support.ACCEPTED, help="Does not ask the DNS servers."),
        _PASS,
    ),
    default_set="OptionIds",
    confirms=True,
    output="DhcpServerv4OptionValue",
    guest=True,
    examples=(
        Example("Set-DhcpServerv4OptionValue -ScopeId 10.0.1.0 -Router 10.0.1.1 -DnsServer 10.0.1.2",
                "Gives the clients of a scope a gateway and a DNS server."),
        Example("Set-DhcpServerv4OptionValue -OptionId 15 -Value class.example", "Sets the domain for all scopes."),
    ),
    remarks="The most specific value wins: of a reservation, a policy, the scope, the server. DNS servers are not "
    "asked: machines of a lab need not be any.",
)  # fmt: skip
def set_option_value(call: Call) -> Iterator[object]:
    """Set options; option 51 in a scope is its lease duration."""
    accepted(call)
    with told(call):
        ref = the_server(call)
        at = level(call, ref)
        known = definitions(ref)
        if "OptionId" in call:
            given = {int(call.get("OptionId")): call.get("Value")}
        else:
            given = {number: call.get(name) for name, number in _COMMON.items() if name in call}
        if not given:
            raise cim_error(call, f"Failed to set option values {at.where}.", "WIN32 87", "InvalidArgument", at,
                            "No option is given.")  # fmt: skip
        known.setdefault(WPAD, Definition(WPAD, "WPAD", "String"))
        new = tuple(_option(call, at, known, number, values) for number, values in given.items())
        if call.change(str(at), _setting(call, at, new)) and call.is_on("PassThru"):
            yield from (value_object(known[each.id], each, at.policy) for each in new)


def _option(call: Call, at: Level, known: dict[int, Definition], number: int, values: Any) -> DhcpOption:
    if number not in known:
        what = f"Failed to get option definition {number} on DHCP server {at.ref.name}."
        remedy = f"Define it first: Add-DhcpServerv4OptionDefinition -OptionId {number} -Name NAME -Type String."
        raise dhcp_error(call, what, NO_OPTION, number, remedy)
    return option_of(call, at, known[number], values if isinstance(values, list) else [values])


def _setting(call: Call, at: Level, new: tuple[DhcpOption, ...]) -> Edit:
    lease = next((each for each in new if each.id == LEASE), None)
    if lease is None:
        return options_edit(at, lambda before: with_options(before, new))
    if at.lease_s is None or at.scope_id is None:
        what = f"Failed to set option {LEASE} {at.where}."
        raise cim_error(call, what, "WIN32 50", "NotImplemented", at, "In a lab each scope has one lease duration.")
    return scope_edit(at.ref.name, at.scope_id, lambda scope: replace(scope, lease_duration_s=int(lease.values[0])))


@command(
    "Get-DhcpServerv4OptionValue",
    "DhcpServer",
    "Gets what a DHCP server tells its clients.",
    (
        replace(_SCOPE, position=2),
        Parameter("OptionId", "UInt32[]", position=1, pipe="P", help="Their numbers; all if none."),
        _RESERVED,
        _POLICY,
        _USER,
        _VENDOR,
        Parameter("All", "Switch", help="Also those that are set for policies."),
        Parameter("Brief", "Switch", support=Support.ACCEPTED),
    ),
    output="DhcpServerv4OptionValue",
    guest=True,
    examples=(
        Example("Get-DhcpServerv4OptionValue", "Gets what is set on the server."),
        Example("Get-DhcpServerv4OptionValue -ScopeId 10.0.1.0", "Gets what is set in a scope."),
    ),
)  # fmt: skip
def get_option_value(call: Call) -> Iterator[object]:
    """Output the values that are set at one level; what comes from others is not among them."""
    accepted(call)
    with told(call):
        ref = the_server(call)
        at = level(call, ref)
        levels = [at]
        if call.is_on("All") and not (at.policy or at.reserved):
            scope = ref.scope(at.scope_id) if at.scope_id else None
            levels += [replace(at, policy=each.name) for each in (scope.policies if scope else ref.model.policies)]
        yield from _values(call, ref, levels)


def _values(call: Call, ref: ServerRef, levels: list[Level]) -> Iterator[object]:
    known = definitions(ref)
    found = [(each, option) for each in levels for option in shown_options(each)]
    wanted = call.get("OptionId")
    for number in wanted or []:
        if not any(option.id == number for _, option in found):
            with told(call):
                raise missing(call, levels[0], number)
    for each, option in found:
        if wanted is None or option.id in wanted:
            yield value_object(known[option.id], option, each.policy)


@command(
    "Remove-DhcpServerv4OptionValue",
    "DhcpServer",
    "Removes options, so that clients are told what the next level has.",
    (
        Parameter("OptionId", "UInt32[]", position=1, mandatory=True, pipe="P", help="Their numbers."),
        replace(_SCOPE, position=2),
        _RESERVED,
        _POLICY,
        _USER,
        _VENDOR,
        _PASS,
    ),
    confirms=True,
    guest=True,
    examples=(Example("Remove-DhcpServerv4OptionValue 3 -ScopeId 10.0.1.0", "Removes the gateway of a scope."),),
)  # fmt: skip
def remove_option_value(call: Call) -> Iterator[object]:
    """Remove options; one that is not set is an error, and the others are removed."""
    with told(call):
        ref = the_server(call)
        at = level(call, ref)
        known, options = definitions(ref), {each.id: each for each in at.options}
        wanted = [int(each) for each in call.get("OptionId")]
        for number in wanted:
            if number not in options:
                what = f"Failed to delete option value {number} {at.where}."
                call.error(dhcp_error(call, what, NO_OPTION, number).record)
        gone = {number for number in wanted if number in options}
        change = options_edit(at, lambda before: tuple(each for each in before if each.id not in gone))
        if gone and call.change(str(at), change) and call.is_on("PassThru"):
            yield from (value_object(known[number], options[number], at.policy) for number in sorted(gone))


_ID: Final = Parameter("OptionId", "UInt32", position=2, mandatory=True, pipe="P", minimum=1, maximum=254,
                       help="Its number.")  # fmt: skip
_TYPES: Final = ("Byte", "Word", "DWord", "DWordDWord", "IPv4Address", "String", "BinaryData", "EncapsulatedData")


@command(
    "Get-DhcpServerv4OptionDefinition",
    "DhcpServer",
    "Gets the options that a DHCP server knows, with their names and types.",
    (
        Parameter("OptionId", "UInt32[]", position=1, pipe="P", help="Their numbers; all if none."),
        _VENDOR,
        Parameter("All", "Switch", support=Support.ACCEPTED),
    ),
    output="DhcpServerv4OptionDefinition",
    guest=True,
    examples=(Example("Get-DhcpServerv4OptionDefinition -OptionId 3, 6", "Gets the definitions of two options."),),
)  # fmt: skip
def get_option_definition(call: Call) -> Iterator[object]:
    """Output definitions by number."""
    accepted(call)
    with told(call):
        ref = the_server(call)
        known = definitions(ref)
        for number in call.get("OptionId", list(known)):
            if number in known:
                yield definition_object(known[number])
                continue
            what = f"Failed to get option definition {number} on DHCP server {ref.name}."
            call.error(dhcp_error(call, what, NO_OPTION, number).record)


@command(
    "Add-DhcpServerv4OptionDefinition",
    "DhcpServer",
    "Defines an option, so that values of it can be set.",
    (
        Parameter("Name", position=1, mandatory=True, pipe="P", help="Its name."),
        _ID,
        Parameter("Type", "String", position=3, mandatory=True, pipe="P", values=_TYPES, help="What its values are."),
        Parameter("Description", pipe="P", support=Support.RECORDED),
        Parameter("MultiValued", "Switch", pipe="P", help="It may have several values."),
        Parameter("DefaultValue", "String[]", pipe="P", support=Support.ACCEPTED),
        _VENDOR,
        _PASS,
    ),
    confirms=True,
    output="DhcpServerv4OptionDefinition",
    guest=True,
    examples=(Example("Add-DhcpServerv4OptionDefinition PXEClient 60 String", "Defines option 60."),),
)  # fmt: skip
def add_option_definition(call: Call) -> Iterator[object]:
    """Define an option."""
    accepted(call)
    with told(call):
        ref = the_server(call)
        number = int(call.get("OptionId"))
        what = f"Failed to add option definition {number} on DHCP server {ref.name}."
        if call.get("VendorClass"):
            raise cim_error(call, what, "WIN32 50", "NotImplemented", number, "A lab has no options of vendors.")
        if number in definitions(ref):
            raise dhcp_error(call, what, OPTION_EXISTS, number)
        new = Definition(
            number, call.get("Name"), call.get("Type"), call.is_on("MultiValued"), call.get("Description", "")
        )
        told_of = {"Name": new.name, "Type": new.type, "MultiValued": new.multi, "Description": new.description}
        change = kept_edit(ref.name, DEFINITION, "", {str(number): told_of})
        if call.change(str(number), change) and call.is_on("PassThru"):
            yield definition_object(new)


@command(
    "Remove-DhcpServerv4OptionDefinition",
    "DhcpServer",
    "Removes the definition of an option that was added.",
    (Parameter("OptionId", "UInt32[]", position=1, mandatory=True, pipe="P", help="Their numbers."), _VENDOR, _PASS),
    confirms=True,
    guest=True,
    examples=(Example("Remove-DhcpServerv4OptionDefinition 60", "Removes a definition."),),
)  # fmt: skip
def remove_option_definition(call: Call) -> Iterator[object]:
    """Remove definitions that were added here; those of Windows stay."""
    with told(call):
        ref = the_server(call)
        for number in call.get("OptionId"):
            added = ref.kept(DEFINITION, "")
            if str(number) not in added:
                what = f"Failed to delete option definition {number} on DHCP server {ref.name}."
                call.error(dhcp_error(call, what, NO_OPTION, number).record)
                continue
            shown = definition_object(definitions(ref)[int(number)])
            left = {key: value for key, value in added.items() if key != str(number)}
            change = both(kept_edit(ref.name, DEFINITION, "", None), kept_edit(ref.name, DEFINITION, "", left))
            if call.change(str(number), change) and call.is_on("PassThru"):
                yield shown
