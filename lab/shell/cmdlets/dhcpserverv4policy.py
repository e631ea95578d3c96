"""Options for some clients: Add-, Get-, Set- and Remove-DhcpServerv4Policy, and the ranges of policies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from lab.model.dhcp import DhcpPolicy
from lab.shell.command import Call, Example, Parameter, Support, command
from lab.shell.dhcp.classes import class_named
from lab.shell.dhcp.mistakes import NO_CLASS, POLICY_EXISTS, cim_error, dhcp_error, not_there, told
from lab.shell.dhcp.policies import POLICY, Policies, Where, where
from lab.shell.dhcp.server import both, kept_edit, the_server

_OTHERS: Final = ("UserClass", "MacAddress", "ClientId", "RelayAgent", "CircuitId", "RemoteId", "SubscriberId", "Fqdn")
_MISSING: Final = "Not in a lab, where a policy is for one vendor class."
_NAME: Final = Parameter("Name", position=1, mandatory=True, pipe="P", help="Its name.")
_SCOPE: Final = Parameter("ScopeId", "IPAddress", position=2, pipe="P", help="In a scope; else on the server.")
_PASS: Final = Parameter("PassThru", "Switch", help="Outputs the policy.")
_SHARED: Final = (
    Parameter("VendorClass", "String[]", pipe="P",
              help="EQ and the name of a vendor class (Add-DhcpServerv4Class), which may end with *."),
    *(Parameter(name, "String[]", pipe="P", help=_MISSING) for name in _OTHERS),
    Parameter("Description", pipe="P", support=Support.RECORDED),
    Parameter("Enabled", "Boolean", pipe="P", help="Always $true in a lab."),
    Parameter("LeaseDuration", "TimeSpan", pipe="P", help=_MISSING),
    Parameter("ProcessingOrder", "UInt16", pipe="P", minimum=1, help="Its place among the policies, from 1."),
    _PASS,
)  # fmt: skip


@command(
    "Get-DhcpServerv4Policy",
    "DhcpServer",
    "Gets the policies of a DHCP server, or of a scope.",
    (replace(_NAME, type="String[]", mandatory=False), _SCOPE),
    output="DhcpServerv4Policy",
    guest=True,
    examples=(Example("Get-DhcpServerv4Policy -ScopeId 10.0.1.0", "Gets the policies of a scope."),),
)  # fmt: skip
def get_policy(call: Call) -> Iterator[object]:
    """Output policies in the order in which they are looked at."""
    with told(call):
        here = where(call, the_server(call))
        if "Name" not in call:
            yield from map(here.object, here.policies)
        for name in call.get("Name", []):
            with told(call):
                yield here.object(here.named(call, name))


@command(
    "Add-DhcpServerv4Policy",
    "DhcpServer",
    "Adds a policy: options for the clients of a vendor class.",
    (
        _NAME,
        Parameter("Condition", "String", position=2, mandatory=True, pipe="P", values=("And", "Or"),
                  help="How several conditions are combined; in a lab there is one."),
        replace(_SCOPE, position=None),
        *_SHARED,
    ),
    confirms=True,
    output="DhcpServerv4Policy",
    guest=True,
    examples=(
        Example('Add-DhcpServerv4Policy UEFI OR -ScopeId 10.0.1.0 -VendorClass EQ, "PXEClient (UEFI x64)*"',
                "For machines with UEFI that boot from the network, if the class has been added."),
        Example("Set-DhcpServerv4OptionValue 67 bootx64.efi -ScopeId 10.0.1.0 -PolicyName UEFI", "What they boot."),
    ),
)  # fmt: skip
def add_policy(call: Call) -> Iterator[object]:
    """Add a policy at the end, or where -ProcessingOrder says."""
    with told(call):
        ref = the_server(call)
        here, name = where(call, ref), call.get("Name")
        _refuse_others(call)
        if any(each.name.casefold() == name.casefold() for each in here.policies):
            raise dhcp_error(call, f"Failed to add policy {name} on DHCP server {ref.name}.", POLICY_EXISTS, name)
        if "VendorClass" not in call:
            what = f"Failed to add policy {name} on DHCP server {ref.name}."
            raise cim_error(call, what, "WIN32 87", "InvalidArgument", name, "Expected a condition: -VendorClass.")
        new = DhcpPolicy(name, vendor_class=_sent(call, here))
        change = both(
            here.edit(lambda before: _placed(before, new, call.get("ProcessingOrder"))),
            kept_edit(ref.name, POLICY, here.key(name), _extras(call)),
        )
        if call.change(name, change) and call.is_on("PassThru"):
            yield here.object(new)


def _extras(call: Call) -> dict[str, object]:
    return {name: call.get(name) for name in ("Condition", "Description", "VendorClass") if name in call}


def _refuse_others(call: Call) -> None:
    """Refuse what the policies of a lab cannot have."""
    name = call.get("Name")
    for other in (*_OTHERS, "LeaseDuration"):
        if other in call:
            why = f"in a lab a policy is for the clients of a vendor class, and has no {other}"
            raise not_there(call, f"Failed to set policy {name}", why)
    if call.get("Enabled") is False:
        raise not_there(call, f"Failed to disable policy {name}", "in a lab it can be removed only")


def _sent(call: Call, here: Where) -> str:
    """Return what the clients of the vendor class of -VendorClass send, or how that begins."""
    given = call.get("VendorClass")
    what = f"Failed to set the vendor class of policy {call.get('Name')} on DHCP server {here.ref.name}."
    if len(given) != 2 or given[0].upper() != "EQ":
        raise cim_error(call, what, "WIN32 87", "InvalidArgument", call.get("Name"),
                        "In a lab it is one: -VendorClass EQ, NAME*.")  # fmt: skip
    found = class_named(here.ref, given[1].removesuffix("*"))
    if found is None:
        raise dhcp_error(call, what, NO_CLASS, given[1], f"No vendor class is called {given[1].removesuffix('*')}.")
    if not given[1].endswith("*"):
        call.warn(f"A policy of a lab is for all clients whose vendor class begins with '{found.data}'.")
    return found.data


def _placed(before: Policies, new: DhcpPolicy, order: int | None) -> Policies:
    others = [each for each in before if each.name != new.name]
    at = next((at for at, each in enumerate(before) if each.name == new.name), len(others))
    others.insert(at if order is None else order - 1, new)
    return tuple(others)


@command(
    "Set-DhcpServerv4Policy",
    "DhcpServer",
    "Changes a policy.",
    (
        _NAME,
        _SCOPE,
        Parameter("NewName", pipe="P", help="The name that it is to have."),
        Parameter("Condition", "String", pipe="P", values=("And", "Or"),
                  help="How several conditions are combined; in a lab there is one."),
        *_SHARED,
    ),
    confirms=True,
    output="DhcpServerv4Policy",
    guest=True,
    examples=(Example("Set-DhcpServerv4Policy UEFI -ProcessingOrder 1", "It is looked at first."),),
)  # fmt: skip
def set_policy(call: Call) -> Iterator[object]:
    """Change a policy's name, vendor class or place."""
    with told(call):
        ref = the_server(call)
        here = where(call, ref)
        old = here.named(call, call.get("Name"))
        _refuse_others(call)
        new = replace(old, vendor_class=_sent(call, here), architecture=None) if "VendorClass" in call else old
        name = call.get("NewName", old.name)

        def changed(before: Policies) -> Policies:
            current = next((each for each in before if each.name == old.name), new)
            wanted = replace(new, options=current.options)
            return tuple(
                replace(each, name=name) if each.name == old.name else each
                for each in _placed(before, wanted, call.get("ProcessingOrder"))
            )

        extras = {**ref.kept(POLICY, here.key(old.name)), **_extras(call)}
        change = both(
            here.edit(changed),
            kept_edit(ref.name, POLICY, here.key(old.name), None),
            kept_edit(ref.name, POLICY, here.key(name), extras or None),
        )
        if call.change(old.name, change) and call.is_on("PassThru"):
            yield here.object(here.named(call, name))


@command(
    "Remove-DhcpServerv4Policy",
    "DhcpServer",
    "Removes policies.",
    (replace(_NAME, type="String[]"), _SCOPE, _PASS),
    confirms=True,
    guest=True,
    examples=(Example("Remove-DhcpServerv4Policy UEFI -ScopeId 10.0.1.0", "Removes a policy of a scope."),),
)  # fmt: skip
def remove_policy(call: Call) -> Iterator[object]:
    """Remove policies, with their options."""
    with told(call):
        ref = the_server(call)
        here = where(call, ref)
        for name in call.get("Name"):
            with told(call):
                old = here.named(call, name)
                shown = here.object(old)
                change = both(here.edit(_without(old.name)), kept_edit(ref.name, POLICY, here.key(old.name), None))
                if call.change(old.name, change) and call.is_on("PassThru"):
                    yield shown


def _without(name: str) -> Callable[[Policies], Policies]:
    return lambda before: tuple(each for each in before if each.name != name)


_RANGE: Final = (
    _NAME,
    Parameter("ScopeId", "IPAddress", position=2, mandatory=True, pipe="P", help="The scope."),
    Parameter("StartRange", "IPAddress", position=3, mandatory=True, pipe="P", help="The first address."),
    Parameter("EndRange", "IPAddress", position=4, mandatory=True, pipe="P", help="The last address."),
    _PASS,
)


@command(
    "Add-DhcpServerv4PolicyIPRange",
    "DhcpServer",
    "Gives a policy a range of its own; not in a lab.",
    _RANGE,
    confirms=True,
    guest=True,
    support=Support.ACCEPTED,
    examples=(
        Example("Add-DhcpServerv4PolicyIPRange UEFI 10.0.1.0 10.0.1.100 10.0.1.150", "Is refused."),
        Example("Add-DhcpServerv4Reservation 10.0.1.0 10.0.1.50 00-15-5D-01-02-03", "What a lab has instead."),
    ),
    remarks="In a lab a policy has options, and no range.",
)  # fmt: skip
def add_policy_range(call: Call) -> None:
    """Say that policies of a lab have no ranges."""
    with told(call):
        here = where(call, the_server(call))
        here.named(call, call.get("Name"))
        raise not_there(call, f"Failed to add an IP range to policy {call.get('Name')}",
                        "in a lab a policy has options, and no range of addresses")  # fmt: skip


@command(
    "Get-DhcpServerv4PolicyIPRange",
    "DhcpServer",
    "Gets the ranges of policies, of which a lab has none.",
    (
        Parameter("ScopeId", "IPAddress", position=1, mandatory=True, pipe="P", help="The scope."),
        Parameter("Name", "String[]", position=2, pipe="P", help="The policies."),
    ),
    guest=True,
    examples=(Example("Get-DhcpServerv4PolicyIPRange 10.0.1.0", "Outputs nothing in a lab."),),
)  # fmt: skip
def get_policy_range(call: Call) -> None:
    """Output nothing, but errors for a scope or policies that are not there."""
    with told(call):
        here = where(call, the_server(call))
        for name in call.get("Name", []):
            with told(call):
                here.named(call, name)
