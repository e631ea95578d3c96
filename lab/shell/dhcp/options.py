"""Values of options: where they are set, and as objects of the console."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from typing import Final

from lab.model.dhcp import ADDRESS_OPTIONS, NUMBER_OPTIONS, DhcpOption, DhcpPolicy, DhcpScope, DhcpServer
from lab.model.edit import Edit
from lab.shell.command import Call
from lab.shell.dhcp.definitions import LEASE, Definition
from lab.shell.dhcp.mistakes import NO_OPTION, NO_POLICY, NO_RESERVATION, cim_error, dhcp_error, instance, type_name
from lab.shell.dhcp.server import ServerRef, scope_edit, server_edit, the_scope
from lab.shell.objects import PSObject
from lab.shell.views import Column, show

VALUE: Final = "DhcpServerv4OptionValue"
Options = tuple[DhcpOption, ...]
_NUMBERS: Final = {"Byte": 1 << 8, "Word": 1 << 16, "DWord": 1 << 32}

show(
    type_name(VALUE), "table",
    Column("OptionId", align="left", width=10), Column("Name", width=15), Column("Type", width=10),
    Column("Value", width=20), Column("VendorClass", width=15), Column("UserClass", width=15),
    Column("PolicyName", width=15),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Level:
    """Where values are set: on the server, in a scope, for a reserved address, each of them for a policy or for all."""

    ref: ServerRef
    scope_id: IPv4Address | None = None
    reserved: IPv4Address | None = None
    policy: str = ""

    @property
    def options(self) -> Options:
        """What is set there, by number."""
        scope = self.ref.scope(self.scope_id) if self.scope_id else None
        found: Options = ()
        if scope is None:
            server = self.ref.model
            found = _policy_options(server.policies, self.policy) if self.policy else server.options
        elif self.reserved:
            found = next((each.options for each in scope.reservations if each.ip == self.reserved), ())
        elif self.policy:
            found = _policy_options(scope.policies, self.policy)
        else:
            found = scope.options
        return tuple(sorted(found, key=lambda each: each.id))

    @property
    def lease_s(self) -> int | None:
        """How long addresses are leased where that is shown as option 51: in a scope itself."""
        scope = self.ref.scope(self.scope_id) if self.scope_id and not (self.reserved or self.policy) else None
        return scope.lease_duration_s if scope else None

    def __str__(self) -> str:
        return str(self.reserved or self.scope_id or self.ref.name)

    @property
    def where(self) -> str:
        """What messages call it."""
        parts = [f"for policy {self.policy}"] if self.policy else []
        parts += [f"for reserved IP address {self.reserved}"] if self.reserved else []
        parts += [f"in scope {self.scope_id}"] if self.scope_id and not self.reserved else []
        return " ".join([*parts, f"on DHCP server {self.ref.name}"])


def level(call: Call, ref: ServerRef) -> Level:
    """Return where a cmdlet is to look or to set: by -ScopeId, -ReservedIP, -PolicyName; an error for what is not."""
    for name in ("UserClass", "VendorClass"):
        if call.get(name):
            what = f"Failed to find option values of {name} {call.get(name)} on DHCP server {ref.name}."
            raise cim_error(call, what, "WIN32 50", "NotImplemented", call.get(name),
                            "In a lab options are for everybody, or for a policy: -PolicyName.")  # fmt: skip
    policy, reserved = call.get("PolicyName") or "", call.get("ReservedIP")
    scope = the_scope(call, ref, call.get("ScopeId")) if "ScopeId" in call else None
    if reserved is not None:
        scope = next((each for each in ref.scopes if any(one.ip == reserved for one in each.reservations)), None)
        if scope is None:
            what = f"Failed to get reservation information for IP address {reserved} on DHCP server {ref.name}."
            raise dhcp_error(call, what, NO_RESERVATION, reserved)
    policies = scope.policies if scope else ref.model.policies
    known = next((each.name for each in policies if each.name.casefold() == policy.casefold()), "")
    if policy and not known:
        raise dhcp_error(call, f"Failed to get policy {policy} on DHCP server {ref.name}.", NO_POLICY, policy)
    return Level(ref, scope.id if scope else None, reserved, known)


def _policy_options(policies: Iterable[DhcpPolicy], name: str) -> Options:
    return next((each.options for each in policies if each.name == name), ())


def options_edit(at: Level, change: Callable[[Options], Options]) -> Edit:
    """Return the change of the values that are set somewhere."""

    def policies(found: tuple[DhcpPolicy, ...]) -> tuple[DhcpPolicy, ...]:
        return tuple(replace(each, options=change(each.options)) if each.name == at.policy else each for each in found)

    def scope(each: DhcpScope) -> DhcpScope:
        if at.reserved:
            mine = (
                replace(one, options=change(one.options)) if one.ip == at.reserved else one for one in each.reservations
            )
            return replace(each, reservations=tuple(mine))
        if at.policy:
            return replace(each, policies=policies(each.policies))
        return replace(each, options=change(each.options))

    def server(each: DhcpServer) -> DhcpServer:
        if at.policy:
            return replace(each, policies=policies(each.policies))
        return replace(each, options=change(each.options))

    return scope_edit(at.ref.name, at.scope_id, scope) if at.scope_id else server_edit(at.ref.name, server)


def with_options(before: Options, new: Options) -> Options:
    """Return options with some set, by number."""
    found = {each.id: each for each in (*before, *new)}
    return tuple(found[number] for number in sorted(found))


def option_of(call: Call, at: Level, definition: Definition, values: Iterable[object]) -> DhcpOption:
    """Return an option with values; an error if they are none of its type, or the lab's server cannot send it."""
    texts = tuple(str(each) for each in values)
    what = f"Failed to set option {definition.id} {at.where}."
    if definition.why_not:
        raise cim_error(call, what, "WIN32 50", "NotImplemented", definition.id, f"In a lab {definition.why_not}.")
    if not texts or (len(texts) > 1 and not definition.multi):
        raise cim_error(call, what, "WIN32 87", "InvalidArgument", definition.id, "Expected one value.")
    try:
        return DhcpOption(definition.id, tuple(_value(definition, text) for text in texts))
    except ValueError:
        remedy = f"'{', '.join(texts)}' is no value of type {definition.type}."
        raise cim_error(call, what, "WIN32 87", "InvalidArgument", definition.id, remedy) from None


def _value(definition: Definition, text: str) -> str:
    """Return a value in the model's writing; ValueError if it is not of the option's type."""
    if definition.id in ADDRESS_OPTIONS:
        return str(IPv4Address(text.strip()))
    if definition.id in NUMBER_OPTIONS or definition.id == LEASE:
        number = int(text, 0)
        most = _NUMBERS["DWord"] if definition.id == LEASE else 256 ** NUMBER_OPTIONS[definition.id]
        if not 0 <= number < most:
            raise ValueError(text)
        return str(number)
    if not 0 < len(text.encode()) <= 255:
        raise ValueError(text)
    return text


def value_object(definition: Definition, option: DhcpOption, policy: str) -> PSObject:
    """Return the value of an option as the cmdlets output it."""
    return instance(
        VALUE,
        {
            "OptionId": option.id,
            "Name": definition.name,
            "Type": definition.type,
            "Value": list(option.values),
            "VendorClass": "",
            "UserClass": "",
            "PolicyName": policy,
        },
    )


def shown_options(at: Level) -> Options:
    """Return what is set somewhere, with the lease duration of a scope as option 51."""
    lease_s = at.lease_s
    own = () if lease_s is None else (DhcpOption(LEASE, (str(lease_s),)),)
    return with_options(at.options, own)


def missing(call: Call, at: Level, option_id: int) -> Exception:
    """Return the error for an option that is not set."""
    return dhcp_error(call, f"Failed to get option value {option_id} {at.where}.", NO_OPTION, option_id)
