"""What is bound to network adapters: Get-, Enable- and Disable-NetAdapterBinding.

An external virtual switch takes everything but its own protocol from its NIC (KB2486812); a team does so from its
members.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lab.shell.command import Call, Example, Parameter, Support, command
from lab.shell.net.cim import full_name, none_fits, type_names, unsupported
from lab.shell.net.edits import recorded
from lab.shell.net.interfaces import InterfaceRef, NetInterface
from lab.shell.net.targets import BY_DESCRIPTION, BY_NAME, OBJECT, WHICH, adapters, fits, listed, must_say
from lab.shell.objects import PSObject
from lab.shell.recording import recorded as say_recorded
from lab.shell.views import Column, show
from lab.shell.wildcards import has_wildcards

_CLASS: Final = "MSFT_NetAdapterBindingSettingData"
_SWITCH, _TEAM = "vms_pp", "ms_implat"

COMPONENTS: Final = {
    "ms_msclient": "Client for Microsoft Networks",
    "ms_server": "File and Printer Sharing for Microsoft Networks",
    "ms_pacer": "QoS Packet Scheduler",
    "ms_tcpip": "Internet Protocol Version 4 (TCP/IPv4)",
    _TEAM: "Microsoft Network Adapter Multiplexor Protocol",
    "ms_lldp": "Microsoft LLDP Protocol Driver",
    "ms_lltdio": "Link-Layer Topology Discovery Mapper I/O Driver",
    "ms_rspndr": "Link-Layer Topology Discovery Responder",
    "ms_tcpip6": "Internet Protocol Version 6 (TCP/IPv6)",
    _SWITCH: "Hyper-V Extensible Virtual Switch",
}

show(
    full_name(_CLASS), "table",
    Column("Name", width=30), Column("DisplayName", width=50), Column("ComponentID", width=20),
    Column("Enabled", width=8),
)  # fmt: skip

_COMPONENT: Final = (
    Parameter("ComponentID", "String[]", sets=(BY_NAME, BY_DESCRIPTION), wildcards=True, pipe="P",
              help="What is bound, as ms_tcpip or vms_pp."),
    Parameter("DisplayName", "String[]", sets=(BY_NAME, BY_DESCRIPTION), wildcards=True,
              help="The same by its name in words."),
    Parameter("AllBindings", "Switch", sets=(BY_NAME, BY_DESCRIPTION), support=Support.ACCEPTED),
    Parameter("IncludeHidden", "Switch", sets=(BY_NAME, BY_DESCRIPTION), help="Also those that have no driver."),
)  # fmt: skip


@command(
    "Get-NetAdapterBinding",
    "NetAdapter",
    "Gets a list of bindings for a network adapter.",
    (*WHICH, *_COMPONENT),
    default_set=BY_NAME,
    output="MSFT_NetAdapterBindingSettingData",
    guest=True,
    examples=(
        Example("Get-NetAdapterBinding -Name Ethernet", "Shows what is bound to an adapter."),
        Example("Get-NetAdapterBinding -ComponentID vms_pp", "Shows which adapters a virtual switch has taken."),
    ),
)
def get_netadapterbinding(call: Call) -> Iterator[object]:
    """Output what is bound to adapters, and what could be."""
    found = False
    for ref in adapters(call, hidden=call.is_on("IncludeHidden"), kind=_CLASS):
        for each in _bindings(call, ref):
            found = True
            yield each
    wanted = [(name, value) for name in ("ComponentID", "DisplayName") for value in listed(call.get(name))]
    if not found and wanted and not any(has_wildcards(value) for _, value in wanted):
        names = [("Name", value) for value in listed(call.get("Name"))]
        none_fits(call, _CLASS, [*names, *wanted])


def _bindings(call: Call, ref: InterfaceRef) -> Iterator[PSObject]:
    interface = ref.now
    for component, words in COMPONENTS.items() if interface else ():
        if "ComponentID" in call and not fits(component, call.get("ComponentID")):
            continue
        if "DisplayName" in call and not fits(words, call.get("DisplayName")):
            continue
        assert interface
        yield PSObject(
            type_names(_CLASS),
            {
                "Name": interface.alias,
                "ifAlias": interface.alias,
                "InterfaceAlias": interface.alias,
                "ifDesc": interface.description,
                "InterfaceDescription": interface.description,
                "DisplayName": words,
                "ComponentID": component,
                "Enabled": is_bound(interface, component),
            },
            source=_Binding(ref, component),
        )


class _Binding:
    """What an object of Get-NetAdapterBinding stands for."""

    __slots__ = ("component", "interface")

    def __init__(self, interface: InterfaceRef, component: str) -> None:
        self.interface = interface
        self.component = component


def is_bound(interface: NetInterface, component: str) -> bool:
    """Tell whether a component is bound to an interface."""
    if interface.bound_to or interface.in_team:
        return component == (_SWITCH if interface.bound_to else _TEAM)
    default = component not in (_SWITCH, _TEAM)
    return bool(interface.kept("Bindings", {}).get(component, default))


@command(
    "Enable-NetAdapterBinding",
    "NetAdapter",
    "Enables a binding to a network adapter.",
    (*must_say()[:2], OBJECT, *_COMPONENT, Parameter("PassThru", "Switch", help="Outputs the binding.")),
    default_set=BY_NAME,
    confirms=True,
    support=Support.RECORDED,
    guest=True,
    examples=(Example("Enable-NetAdapterBinding -Name Ethernet -ComponentID ms_tcpip6", "Binds IPv6 to an adapter."),),
    remarks="The lab records it: which addresses an adapter has is what counts.",
)
def enable_netadapterbinding(call: Call) -> Iterator[object]:
    """Record that components are bound."""
    yield from _set(call, on=True)


@command(
    "Disable-NetAdapterBinding",
    "NetAdapter",
    "Disables a binding to a network adapter.",
    (*must_say()[:2], OBJECT, *_COMPONENT, Parameter("PassThru", "Switch", help="Outputs the binding.")),
    default_set=BY_NAME,
    confirms=True,
    support=Support.RECORDED,
    guest=True,
    examples=(
        Example("Disable-NetAdapterBinding -Name Ethernet -ComponentID ms_tcpip6", "Takes IPv6 off an adapter."),
    ),
    remarks="The lab records it: which addresses an adapter has is what counts.",
)
def disable_netadapterbinding(call: Call) -> Iterator[object]:
    """Record that components are not bound."""
    yield from _set(call, on=False)


def _set(call: Call, *, on: bool) -> Iterator[object]:
    for each in _chosen(call):
        ref, component = each.source.interface, each.source.component
        interface = ref.now
        if interface is None:
            continue
        if component in (_SWITCH, _TEAM) or interface.bound_to or interface.in_team:
            owner = "virtual switches (New-VMSwitch)" if component != _TEAM else "teams (New-NetLbfoTeam)"
            raise unsupported(
                f'What is bound to "{interface.alias}" as {component} is settled by {owner}.', target=component
            )
        now = interface.kept("Bindings", {}) | {component: on}
        if call.change(interface.alias, recorded(ref, Bindings=now)):
            say_recorded(call, "what is bound to an adapter")
            if call.is_on("PassThru"):
                each.set("Enabled", on)
                yield each


def _chosen(call: Call) -> list[PSObject]:
    if "InputObject" in call:
        return [each for each in listed(call.get("InputObject")) if isinstance(each.source, _Binding)]
    refs = adapters(call, hidden=call.is_on("IncludeHidden"), kind=_CLASS)
    return [each for ref in refs for each in _bindings(call, ref)]
