"""The whole script of a lab: host by host its hardware, then the guests, then what several of them do together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from lab.model.objects import HypervHost, LabModel, VirtualMachine
from lab.shell.export.dhcp import failover_lines, server_lines
from lab.shell.export.ground import head
from lab.shell.export.guests import can_run, guest_lines, lab_lines, last_lines
from lab.shell.export.hosts import host_settings, management_lines, nat_lines
from lab.shell.export.nlb import cluster_lines
from lab.shell.export.quoting import Raw
from lab.shell.export.serving import serving_lines
from lab.shell.export.switches import switch_lines
from lab.shell.export.vms import is_kept, starting, stopping, vm_creation, waiting
from lab.shell.export.writing import NOT_EXPRESSIBLE, block, line, section

_QUIET = " | Out-Null"

_PARAMETERS = (
    "param(",
    "    # The administrator of the hosts and of the VMs.",
    "    [pscredential] $Credential",
    ")",
    "",
    "if (-not $Credential -and -not (Get-Command Get-Lab -ErrorAction SilentlyContinue)) {",
    "    $Credential = Get-Credential",
    "}",
)


def script(model: LabModel) -> str:
    """Return a model as a script; what that cannot say is in lines of its own (see :func:`losses`)."""
    return "\n".join(_trimmed(_whole(model))) + "\n"


def losses(text: str) -> tuple[str, ...]:
    """Return what a script says that it leaves out."""
    found = (row.strip() for row in text.splitlines())
    return tuple(row.removeprefix(NOT_EXPRESSIBLE) for row in found if row.startswith(NOT_EXPRESSIBLE))


def _whole(model: LabModel) -> Iterator[str]:
    yield from head(model)
    yield ""
    yield from _PARAMETERS
    for host in model.hosts:
        yield from _on(model, host, f"Hyper-V host {host.name}", _hardware(host))
    for host in model.hosts:
        yield from _on(model, host, f"Inside the virtual machines of {host.name}", _guests(model, host))
    for host in model.hosts:
        yield from _on(model, host, f"Services of the virtual machines of {host.name}", _services(model, host))
    for host in model.hosts:
        yield from _on(model, host, f"What virtual machines of {host.name} do together with others",
                       _together(model, host))  # fmt: skip
    for host in model.hosts:
        yield from _on(model, host, f"Virtual machines of {host.name} at last", _at_last(model, host))


def _on(model: LabModel, host: HypervHost, title: str, lines: Iterable[str]) -> Iterator[str]:
    """Yield lines for a host under a title: the script runs on the first one, on others by remoting."""
    inside = list(lines)
    if model.hosts[0] != host:
        call = line("Invoke-Command", ComputerName=host.name, Credential=Raw("$Credential"))
        inside = list(block(f"{call} -ScriptBlock", inside))
    yield from section(f"--- {title}", inside)


def _hardware(host: HypervHost) -> Iterator[str]:
    for each in (host_settings(host), switch_lines(host), management_lines(host), nat_lines(host)):
        yield ""
        yield from map(_quietly, each)
    for vm in host.vms:
        yield ""
        yield from map(_quietly, vm_creation(vm))
    yield ""
    yield from starting([vm.name for vm in host.vms if vm.running])


def _quietly(command: str) -> str:
    """Return a command that outputs what it makes as one that does not."""
    quiet = command.startswith(("New-", "Add-NetNat")) and not command.endswith(_QUIET)
    return command + _QUIET if quiet else command


def _inside(model: LabModel, host: HypervHost, vm: VirtualMachine, lines: Iterable[str]) -> Iterator[str]:
    """Yield lines that run in a guest: by PowerShell Direct, from the host that the VM is on."""
    variable = "$Credential" if model.hosts[0] == host else "$using:Credential"
    call = line("Invoke-Command", VMName=vm.name, Credential=Raw(variable))
    yield from block(f"{call} -ScriptBlock", lines, _QUIET)


def _guests(model: LabModel, host: HypervHost) -> Iterator[str]:
    wanted = [vm for vm in host.vms if can_run(model, host, vm) and (_is_configured(model, vm) or is_kept(vm))]
    yield from starting([vm.name for vm in wanted if not vm.running])
    yield from waiting([vm for vm in wanted if _is_configured(model, vm)])
    for vm in host.vms:
        runs = can_run(model, host, vm)
        if runs and (inside := list(guest_lines(vm))):
            yield ""
            yield from _inside(model, host, vm, inside)
        yield from lab_lines(vm, runs=runs)


def _services(model: LabModel, host: HypervHost) -> Iterator[str]:
    yield from _each_guest(model, host, server_lines)
    for vm in host.vms:
        yield from serving_lines(vm, partial(_inside, model, host, vm))


def _together(model: LabModel, host: HypervHost) -> Iterator[str]:
    yield from _each_guest(model, host, partial(_shared, model))


def _shared(model: LabModel, vm: VirtualMachine) -> Iterator[str]:
    yield from cluster_lines(model, vm)
    yield from failover_lines(vm)


def _each_guest(model: LabModel, host: HypervHost, lines: Callable[[VirtualMachine], Iterable[str]]) -> Iterator[str]:
    for vm in host.vms:
        if can_run(model, host, vm):
            yield ""
            yield from _inside(model, host, vm, lines(vm))


def _at_last(model: LabModel, host: HypervHost) -> Iterator[str]:
    started = [vm for vm in host.vms if not vm.running and can_run(model, host, vm)]
    yield from stopping([vm for vm in started if _is_configured(model, vm) or is_kept(vm)])
    for vm in host.vms:
        yield from last_lines(vm)


def _is_configured(model: LabModel, vm: VirtualMachine) -> bool:
    return any(any(lines) for lines in (guest_lines(vm), server_lines(vm), _shared(model, vm)))


def _trimmed(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines without blanks at their ends."""
    for each in lines:
        yield from (row.rstrip() for row in each.split("\n"))
