"""The DHCP server that a cmdlet acts on, and how its role is changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from typing import Any

from lab.engine.services import partnership
from lab.model.dhcp import DhcpScope, DhcpServer
from lab.model.edit import Edit
from lab.model.objects import HypervHost, LabModel, VirtualMachine
from lab.model.serving import served
from lab.shell.command import Call
from lab.shell.dhcp.mistakes import NO_SCOPE, cim_error, dhcp_error
from lab.shell.errors import ShellError
from lab.shell.place import Description, Place
from lab.shell.recording import kept, with_kept

Vm = Callable[[VirtualMachine], VirtualMachine]
Scope = Callable[[DhcpScope], DhcpScope]


@dataclass(frozen=True, slots=True)
class ServerRef:
    """A VM with the DHCP Server role."""

    place: Place
    name: str

    @property
    def vm(self) -> VirtualMachine:
        """The VM; it is there as long as the call lasts."""
        return next(vm for _, vm in self.place.model.vms() if vm.name == self.name)

    @property
    def model(self) -> DhcpServer:
        return self.vm.dhcp_server or DhcpServer()

    @property
    def scopes(self) -> tuple[DhcpScope, ...]:
        """The scopes that it serves, by their ids: its own, and those that a failover partner has given it."""
        return tuple(sorted(served(self.place.model, self.name), key=lambda each: each.id))

    def scope(self, scope_id: IPv4Address) -> DhcpScope | None:
        return next((each for each in self.scopes if each.id == scope_id), None)

    def kept(self, kind: str, key: object) -> dict[str, Any]:
        """Return what is recorded about something that the model knows less of than Windows."""
        found = kept(self.vm.recorded, f"{kind} {key}".strip(), {})
        return found if isinstance(found, dict) else {}


def the_server(call: Call) -> ServerRef:
    """Return the server that -ComputerName means, or the machine that the cmdlet runs on; an error if it is none."""
    machine = call.machine
    refusal = f"Failed to get version of the DHCP server {machine.name}."
    if not machine.is_vm:
        raise cim_error(call, refusal, "WIN32 1753", target=machine.name)
    ref = ServerRef(call.place, machine.name)
    if not ref.vm.running:
        raise cim_error(call, refusal, "WIN32 1722", target=machine.name, remedy=f'VM "{machine.name}" is off.')
    if ref.vm.dhcp_server is None:
        remedy = "Install the role there: Install-WindowsFeature DHCP -IncludeManagementTools."
        raise cim_error(call, refusal, "WIN32 1753", target=machine.name, remedy=remedy)
    return ref


def the_scope(call: Call, ref: ServerRef, scope_id: IPv4Address) -> DhcpScope:
    """Return one of a server's scopes; an error if there is none with that id."""
    return ref.scope(scope_id) or _no_scope(call, ref, scope_id)


def _no_scope(call: Call, ref: ServerRef, scope_id: IPv4Address) -> DhcpScope:
    raise no_scope(call, ref.name, scope_id)


def address4(call: Call, name: str) -> IPv4Address:
    """Return a parameter's IPv4 address; an error for one of IPv6."""
    value = call.get(name)
    if isinstance(value, IPv4Address):
        return value
    raise cim_error(call, f"{value} is not a valid IPv4 address.", "WIN32 87", "InvalidArgument", value)


def no_scope(call: Call, server: str, scope_id: object) -> ShellError:
    """Return the error for a scope that is not there."""
    what = f"Failed to get scope information for scope {scope_id} on DHCP server {server}."
    return dhcp_error(call, what, NO_SCOPE, scope_id)


def vm_edit(name: str, change: Vm) -> Edit:
    """Return the change of a VM, whatever host it is on."""

    def host(each: HypervHost) -> HypervHost:
        return replace(each, vms=tuple(change(vm) if vm.name == name else vm for vm in each.vms))

    return lambda model: replace(model, hosts=tuple(map(host, model.hosts)))


def server_edit(name: str, change: Callable[[DhcpServer], DhcpServer]) -> Edit:
    """Return the change of a VM's DHCP Server role."""
    return vm_edit(name, lambda vm: replace(vm, dhcp_server=change(vm.dhcp_server)) if vm.dhcp_server else vm)


def scope_edit(name: str, scope_id: IPv4Address, change: Scope) -> Edit:
    """Return the change of a scope on one server: on its failover partner it stays as it is until replication."""

    def changed(scopes: tuple[DhcpScope, ...]) -> tuple[DhcpScope, ...]:
        return tuple(change(each) if each.id == scope_id else each for each in scopes)

    def edit(model: LabModel) -> LabModel:
        owner = partnership(model, name)
        if owner is None or owner.name == name or owner.dhcp_server is None:
            return server_edit(name, lambda server: replace(server, scopes=changed(server.scopes)))(model)

        def partner(server: DhcpServer) -> DhcpServer:
            if server.failover is None:
                return server
            return replace(server, failover=replace(server.failover, replicated=changed(server.failover.replicated)))

        mine = server_edit(name, lambda server: replace(server, scopes=changed(server.scopes)))(model)
        return server_edit(owner.name, partner)(mine)

    return edit


def kept_edit(name: str, kind: str, key: object, values: dict[str, Any] | None) -> Edit:
    """Return the change of what is recorded about something; None takes all of it away."""
    label = f"{kind} {key}".strip()

    def change(vm: VirtualMachine) -> VirtualMachine:
        if values is None:
            return replace(vm, recorded=tuple(each for each in vm.recorded if each.name != label))
        before = kept(vm.recorded, label, {})
        return replace(vm, recorded=with_kept(vm.recorded, label, {**before, **values}))

    return vm_edit(name, change)


def both(*edits: Edit) -> Edit:
    """Return several changes as one."""

    def edit(model: LabModel) -> LabModel:
        for each in edits:
            model = each(model)
        return model

    return edit


def asked(place: Place, command: str) -> Any:
    """Return what ``hvlab COMMAND --json`` knows of a running lab; None of one that is only described."""
    return None if isinstance(place, Description) else place.ask(command)
