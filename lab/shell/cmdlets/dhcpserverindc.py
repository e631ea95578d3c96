"""A DHCP server as a whole: authorisation, bindings, settings for DNS and the audit; saving it.

There is no Active Directory in a lab: authorisations and security groups are recorded, and every server serves.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Interface, ip_address
from typing import Any, Final

from lab.shell.command import Call, Example, Parameter, Support, command
from lab.shell.dhcp.interfaces import guest_names
from lab.shell.dhcp.mistakes import cim_error, instance, not_there, told, type_name
from lab.shell.dhcp.server import ServerRef, kept_edit, the_server
from lab.shell.place import machine_of
from lab.shell.recording import accepted, recorded, recorded_parameters
from lab.shell.views import Column, show

_IN_DC: Final = "DhcpServerInDC"
_BINDING: Final = "DhcpServerv4Binding"
_DNS: Final = "DhcpServerv4DnsSetting"
_SETTING: Final = "DhcpServerSetting"
_PASS: Final = Parameter("PassThru", "Switch", help="Outputs what was changed.")

show(type_name(_IN_DC), "table", Column("IPAddress", width=20), Column("DnsName"))
show(
    type_name(_BINDING), "table",
    Column("InterfaceAlias", width=20), Column("IPAddress", width=15), Column("SubnetMask", width=15),
    Column("BindingState", width=12),
)  # fmt: skip
show(
    type_name(_DNS), "list",
    "DynamicUpdates", "DeleteDnsRROnLeaseExpiry", "UpdateDnsRRForOlderClients", "DnsSuffix",
    "DisableDnsPtrRRUpdate", "NameProtection",
)  # fmt: skip
show(
    type_name(_SETTING), "list",
    "IsDomainJoined", "IsAuthorized", "DynamicBootp", "RestoreStatus", "ConflictDetectionAttempts",
    "NpsUnreachableAction", "NapEnabled", "ActivatePolicies",
)  # fmt: skip

_AUTHORISED: Final = (
    Parameter("DnsName", position=1, pipe="P", help="The server's name."),
    Parameter("IPAddress", "IPAddress", position=2, pipe="P", help="The server's address."),
    _PASS,
)


@command(
    "Get-DhcpServerInDC",
    "DhcpServer",
    "Gets the DHCP servers that are authorised.",
    (),
    output="DhcpServerInDC",
    guest=True,
    examples=(Example("Get-DhcpServerInDC", "Gets the servers that Add-DhcpServerInDC has recorded."),),
)  # fmt: skip
def get_in_dc(call: Call) -> Iterator[object]:
    """Output what is recorded about all servers of the lab."""
    for _, vm in call.place.model.vms():
        for text, name in ServerRef(call.place, vm.name).kept(_IN_DC, "").items():
            yield instance(_IN_DC, {"IPAddress": ip_address(text), "DnsName": name})


@command(
    "Add-DhcpServerInDC",
    "DhcpServer",
    "Authorises a DHCP server in Active Directory; in a lab that is recorded.",
    _AUTHORISED,
    confirms=True,
    output="DhcpServerInDC",
    guest=True,
    support=Support.RECORDED,
    examples=(Example("Add-DhcpServerInDC -DnsName dc1.class.example -IPAddress 10.0.1.2", "Authorises a server."),),
)  # fmt: skip
def add_in_dc(call: Call) -> Iterator[object]:
    """Record an authorisation."""
    with told(call):
        ref, address, name = _authorised(call)
        recorded(call, "authorisations: every DHCP server serves")
        if call.change(ref.name, kept_edit(ref.name, _IN_DC, "", {address: name})) and call.is_on("PassThru"):
            yield instance(_IN_DC, {"IPAddress": ip_address(address), "DnsName": name})


def _authorised(call: Call) -> tuple[ServerRef, str, str]:
    """Return the server that is meant, its address, and its name in DNS."""
    ref = the_server(call)
    wanted = [str(call.get(each)) for each in ("DnsName", "IPAddress") if each in call]
    found = [machine for each in wanted if (machine := machine_of(call.place.model, each)) and machine.is_vm]
    if wanted and not found:
        what = f"Failed to initialize directory service resources. The DHCP server {wanted[0]} is not found."
        raise cim_error(call, what, "DHCP 20070", "ObjectNotFound", wanted[0])
    server = ServerRef(call.place, found[0].name) if found else ref
    own = [str(each.ip) for each in _addresses(server)]
    address = str(call.get("IPAddress", own[0] if own else "127.0.0.1"))
    return server, address, call.get("DnsName", server.name)


def _addresses(ref: ServerRef) -> list[IPv4Interface]:
    found = (each for adapter in ref.vm.adapters if adapter.ip for each in adapter.ip.addresses)
    return [each for each in found if isinstance(each, IPv4Interface)]


@command(
    "Remove-DhcpServerInDC",
    "DhcpServer",
    "Takes back the authorisation of a DHCP server.",
    _AUTHORISED,
    confirms=True,
    guest=True,
    support=Support.RECORDED,
    examples=(Example("Remove-DhcpServerInDC -DnsName dc1.class.example", "Takes an authorisation back."),),
)  # fmt: skip
def remove_in_dc(call: Call) -> Iterator[object]:
    """Remove a recorded authorisation."""
    with told(call):
        ref, address, name = _authorised(call)
        if not ref.kept(_IN_DC, ""):
            what = f"Failed to remove DHCP server {name} from the list of authorized servers."
            raise cim_error(call, what, "DHCP 20074", "ObjectNotFound", name)
        if call.change(ref.name, kept_edit(ref.name, _IN_DC, "", None)) and call.is_on("PassThru"):
            yield instance(_IN_DC, {"IPAddress": ip_address(address), "DnsName": name})


@command(
    "Add-DhcpServerSecurityGroup",
    "DhcpServer",
    "Adds the groups DHCP Administrators and DHCP Users; in a lab that is recorded.",
    (_PASS,),
    confirms=True,
    guest=True,
    support=Support.RECORDED,
    examples=(Example("Add-DhcpServerSecurityGroup", "What scripts do after they have installed the role."),),
)  # fmt: skip
def add_security_group(call: Call) -> None:
    """Record that the groups were added."""
    with told(call):
        ref = the_server(call)
        recorded(call, "that there are security groups")
        call.change(ref.name, kept_edit(ref.name, "DhcpServerSecurityGroup", "", {"Added": True}))


@command(
    "Get-DhcpServerv4Binding",
    "DhcpServer",
    "Gets the interfaces on which a DHCP server serves.",
    (Parameter("InterfaceAlias", "String[]", position=1, pipe="P", help="Names of interfaces; all if none."),),
    output="DhcpServerv4Binding",
    guest=True,
    examples=(Example("Get-DhcpServerv4Binding", "Gets the interfaces with a static address."),),
)  # fmt: skip
def get_binding(call: Call) -> Iterator[object]:
    """Output interfaces with static addresses: a server of a lab serves on all of them."""
    with told(call):
        the_server(call)
        names = [each.casefold() for each in call.get("InterfaceAlias", [])]
        for alias, adapter in guest_names(call.place, call.machine).items():
            for each in adapter.ip.addresses if adapter.ip else ():
                if isinstance(each, IPv4Interface) and (not names or alias.casefold() in names):
                    properties: dict[str, object] = {
                        "InterfaceAlias": alias, "IPAddress": each.ip, "SubnetMask": each.netmask, "BindingState": True,
                    }  # fmt: skip
                    yield instance(_BINDING, properties)


@command(
    "Set-DhcpServerv4Binding",
    "DhcpServer",
    "Sets whether a DHCP server serves on an interface; in a lab it serves on all.",
    (
        Parameter("InterfaceAlias", "String[]", position=1, mandatory=True, pipe="P", help="Names of interfaces."),
        Parameter("BindingState", "Boolean", position=2, mandatory=True, pipe="P", help="Whether it serves there."),
        _PASS,
    ),
    confirms=True,
    guest=True,
    examples=(Example("Set-DhcpServerv4Binding Ethernet $true", "Serves on an interface, as it does anyway."),),
)  # fmt: skip
def set_binding(call: Call) -> None:
    """Accept what is so anyway; say that anything else is not there."""
    with told(call):
        ref = the_server(call)
        known = {each.casefold() for each in guest_names(call.place, call.machine)}
        for alias in call.get("InterfaceAlias"):
            if alias.casefold() not in known:
                what = f"Failed to get binding information for interface {alias} on DHCP server {ref.name}."
                call.error(cim_error(call, what, "WIN32 1168", "ObjectNotFound", alias).record)
            elif not call.get("BindingState"):
                why = "a DHCP server of a lab serves on every interface with a static address of one of its scopes"
                raise not_there(call, f"Failed to set the binding of interface {alias}", why)


_SETTINGS: Final = (
    Parameter("DynamicUpdates", "String", position=2, pipe="P", values=("Always", "Never", "OnClientRequest"),
              support=Support.RECORDED),
    Parameter("DeleteDnsRROnLeaseExpiry", "Boolean", pipe="P", support=Support.RECORDED),
    Parameter("UpdateDnsRRForOlderClients", "Boolean", pipe="P", support=Support.RECORDED),
    Parameter("DnsSuffix", pipe="P", support=Support.RECORDED),
    Parameter("DisableDnsPtrRRUpdate", "Boolean", pipe="P", support=Support.RECORDED),
    Parameter("NameProtection", "Boolean", pipe="P", support=Support.RECORDED),
)  # fmt: skip
_WHERE: Final = (
    Parameter("ScopeId", "IPAddress", position=1, pipe="P", help="Of a scope; else of the server."),
    Parameter("IPAddress", "IPAddress", aliases=("ReservedIP",), pipe="P", help="Of a reservation."),
    Parameter("PolicyName", pipe="P", help="Of a policy."),
)
_DNS_DEFAULTS: Final[dict[str, Any]] = {
    "DynamicUpdates": "OnClientRequest",
    "DeleteDnsRROnLeaseExpiry": True,
    "UpdateDnsRRForOlderClients": False,
    "DnsSuffix": "",
    "DisableDnsPtrRRUpdate": False,
    "NameProtection": False,
}


@command(
    "Get-DhcpServerv4DnsSetting",
    "DhcpServer",
    "Gets how a DHCP server updates DNS.",
    _WHERE,
    output="DhcpServerv4DnsSetting",
    guest=True,
    examples=(Example("Get-DhcpServerv4DnsSetting", "Gets the settings of the server."),),
)  # fmt: skip
def get_dns_setting(call: Call) -> Iterator[object]:
    """Output what is recorded."""
    with told(call):
        ref = the_server(call)
        yield instance(_DNS, {**_DNS_DEFAULTS, **ref.kept(_DNS, _key(call))})


def _key(call: Call) -> str:
    return " ".join(str(call.get(name)) for name in ("ScopeId", "IPAddress", "PolicyName") if name in call)


@command(
    "Set-DhcpServerv4DnsSetting",
    "DhcpServer",
    "Sets how a DHCP server updates DNS; in a lab that is recorded.",
    (*_SETTINGS, *_WHERE, _PASS),
    confirms=True,
    output="DhcpServerv4DnsSetting",
    guest=True,
    support=Support.RECORDED,
    examples=(Example("Set-DhcpServerv4DnsSetting -DynamicUpdates Always", "Records a setting."),),
)  # fmt: skip
def set_dns_setting(call: Call) -> Iterator[object]:
    """Record settings."""
    with told(call):
        ref = the_server(call)
        recorded(call, "how DNS would be updated")
        change = kept_edit(ref.name, _DNS, _key(call), recorded_parameters(call))
        if call.change(_key(call) or ref.name, change) and call.is_on("PassThru"):
            yield instance(_DNS, {**_DNS_DEFAULTS, **ref.kept(_DNS, _key(call))})


@command(
    "Get-DhcpServerSetting",
    "DhcpServer",
    "Gets the settings of a DHCP server.",
    (),
    output="DhcpServerSetting",
    guest=True,
    examples=(Example("Get-DhcpServerSetting", "Shows whether the server is authorised."),),
)  # fmt: skip
def get_setting(call: Call) -> Iterator[object]:
    """Output settings as a server outside a domain has them, and what is recorded."""
    with told(call):
        ref = the_server(call)
        authorised = bool(ref.kept(_IN_DC, ""))
        values: dict[str, object] = {
            "IsDomainJoined": authorised, "IsAuthorized": True, "DynamicBootp": True, "RestoreStatus": "Success",
            "ConflictDetectionAttempts": 0, "NpsUnreachableAction": "Full", "NapEnabled": False,
            "ActivatePolicies": True,
        }  # fmt: skip
        yield instance(_SETTING, {**values, **ref.kept(_SETTING, "")})


@command(
    "Set-DhcpServerSetting",
    "DhcpServer",
    "Sets the settings of a DHCP server; in a lab they are recorded.",
    (
        Parameter("ActivatePolicies", "Boolean", pipe="P", support=Support.RECORDED),
        Parameter("ConflictDetectionAttempts", "UInt32", pipe="P", minimum=0, maximum=5, support=Support.RECORDED),
        Parameter("DynamicBootp", "Boolean", pipe="P", support=Support.RECORDED),
        Parameter("NapEnabled", "Boolean", pipe="P", support=Support.RECORDED),
        _PASS,
    ),
    confirms=True,
    guest=True,
    support=Support.RECORDED,
    examples=(Example("Set-DhcpServerSetting -ConflictDetectionAttempts 2", "Records a setting."),),
)  # fmt: skip
def set_setting(call: Call) -> None:
    """Record settings."""
    with told(call):
        ref = the_server(call)
        recorded(call, "the settings of a server")
        call.change(ref.name, kept_edit(ref.name, _SETTING, "", recorded_parameters(call)))


_FILE: Final = Parameter("File", position=1, mandatory=True, complete="file", help="A file.")
_FOLDER: Final = Parameter("Path", position=1, mandatory=True, complete="file", help="A folder.")
_SAVING: Final = (
    Parameter("Leases", "Switch", help="The leases, too."), Parameter("Force", "Switch", help="Does not ask."),
    Parameter("BackupPath", position=2, help="Where the server's database is saved before."),
    Parameter("ScopeId", "IPAddress[]", help="Only these scopes."),
    Parameter("Prefix", "IPAddress[]", help="Only these scopes of IPv6."),
    Parameter("ScopeOverwrite", "Switch", help="Replaces scopes that there are."),
    Parameter("ServerConfigOnly", "Switch", help="The server's settings without its scopes."),
)  # fmt: skip
_INSTEAD: Final = "the configuration of a lab's servers is in its description, which hvlab saves"


def _refused(call: Call) -> None:
    accepted(call)
    with told(call):
        ref = the_server(call)
        verb = call.command.name.partition("-")[0].casefold()
        raise not_there(call, f"Failed to {verb} the configuration of DHCP server {ref.name}", _INSTEAD)


@command(
    "Export-DhcpServer", "DhcpServer", "Saves the configuration of a DHCP server; not in a lab.", (_FILE, *_SAVING),
    guest=True, support=Support.ACCEPTED, examples=(Example("Export-DhcpServer dhcp.xml -Leases", "Is refused."),),
)  # fmt: skip
def export_server(call: Call) -> None:
    """Say that a lab's description is saved otherwise."""
    _refused(call)


@command(
    "Import-DhcpServer", "DhcpServer", "Loads the configuration of a DHCP server; not in a lab.", (_FILE, *_SAVING),
    guest=True, support=Support.ACCEPTED, examples=(Example("Import-DhcpServer dhcp.xml .", "Is refused."),),
)  # fmt: skip
def import_server(call: Call) -> None:
    """Say that a lab's description is loaded otherwise."""
    _refused(call)


@command(
    "Backup-DhcpServer", "DhcpServer", "Saves the database of a DHCP server; not in a lab.", (_FOLDER,),
    guest=True, support=Support.ACCEPTED, examples=(Example("Backup-DhcpServer C:\\Backup", "Is refused."),),
)  # fmt: skip
def backup_server(call: Call) -> None:
    """Say that a lab's description is saved otherwise."""
    _refused(call)


@command(
    "Restore-DhcpServer", "DhcpServer", "Loads the database of a DHCP server; not in a lab.",
    (_FOLDER, Parameter("Force", "Switch", help="Does not ask.")),
    guest=True, support=Support.ACCEPTED, examples=(Example("Restore-DhcpServer C:\\Backup", "Is refused."),),
)  # fmt: skip
def restore_server(call: Call) -> None:
    """Say that a lab's description is loaded otherwise."""
    _refused(call)
