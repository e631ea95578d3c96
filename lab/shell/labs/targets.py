"""Which things of a lab a cmdlet of module hvlab is told to act on.

By name, with wildcards. A name that nothing has is a non-terminating error, and the other names are still done; a
pattern that fits nothing is no error. VMs, computers and networks have names that no other has in the lab; switches and
NICs are those of the host that the cmdlet acts on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from lab.errors import UnknownName
from lab.model.names import hyperv_name
from lab.model.objects import HypervHost, LabModel
from lab.shell.command import Call, Parameter
from lab.shell.errors import ErrorRecord
from lab.shell.hyperv.refs import SwitchRef, VmRef
from lab.shell.objects import Live, PSObject
from lab.shell.place import Place, host_of
from lab.shell.wildcards import has_wildcards, matches

MODULE: Final = "hvlab"
PASSTHRU: Final = Parameter("Passthru", "Switch", help="Outputs the object.")


def fits(text: str, pattern: str) -> bool:
    """Tell whether a name is one that is asked for."""
    return matches(pattern, text)


def unknown(kind: str, name: str, known: Iterable[str]) -> ErrorRecord:
    """Return the error that nothing of a kind has a name."""
    record = UnknownName(kind, name, known).record
    message = f"{record.message[:1].upper()}{record.message[1:]}."
    return ErrorRecord(message, "ObjectNotFound", "UnknownName", "LabException", target=name, remedy=record.remedy)


def listed(value: Any) -> list[Any]:
    """Return the values of a parameter that is declared as one or as several."""
    return value if isinstance(value, list) else [] if value is None else [value]


def chosen(call: Call, kind: str, names: Iterable[str], parameter: str) -> Iterator[str]:
    """Yield those of some names that a parameter asks for, all if it was not given; a wrong name is an error."""
    known = list(names)
    if parameter not in call:
        yield from known
        return
    for wanted in listed(call.get(parameter)):
        found = [name for name in known if fits(name, wanted)]
        yield from found
        if not found and not has_wildcards(wanted):
            call.error(unknown(kind, wanted, known))


def one(kind: str, names: Iterable[str], wanted: str) -> str:
    """Return a name as it is written in the lab; UnknownName if nothing has it."""
    known = list(names)
    for name in known:
        if name.casefold() == wanted.casefold():
            return name
    raise UnknownName(kind, wanted, known)


def the_host(call: Call) -> HypervHost:
    """Return the Hyper-V host that a cmdlet acts on: where it runs, that of its VM, or that of -ComputerName."""
    return host_of(call.place.model, call.machine)


def lab_vms(call: Call, parameter: str = "VMName") -> Iterator[VmRef]:
    """Yield the VMs that a parameter names, on whatever host they are."""
    hosts = {vm.name: host.name for host, vm in call.place.model.vms()}
    for name in chosen(call, "VM of this lab", hosts, parameter):
        yield VmRef(call.place, hosts[name], name)


def lab_switches(call: Call, parameter: str = "Name") -> Iterator[SwitchRef]:
    """Yield the switches of the host that a parameter names, or that objects of Get-VMSwitch stand for."""
    if "VMSwitch" in call:
        yield from (item.source for item in listed(call.get("VMSwitch")))
        return
    host = the_host(call)
    names = (switch.name for switch in host.switches)
    for name in chosen(call, f'virtual switch of "{host.name}"', names, parameter):
        yield SwitchRef(call.place, host.name, name)


def live(
    place: Place, kind: str, read: Callable[[], Mapping[str, object] | None], *, text: str = "", source: Any = None
) -> Live:
    """Return an object of a type of this module, whose properties are what the lab has at the moment of reading."""
    return Live(f"{MODULE}.{kind}", read, lambda: place.model, source=source, text=text or None)


def machine_kinds(model: LabModel) -> Iterator[tuple[str, str, str]]:
    """Yield every machine with its kind and the host that it is on, or is."""
    for host in model.hosts:
        yield host.name, "HypervHost", host.name
        yield from ((vm.name, "VM", host.name) for vm in host.vms)
    for network in model.networks:
        yield from ((computer.name, "Computer", "") for computer in network.computers)
        if network.router:
            yield network.router.name, "Router", ""
    yield from ((computer.name, "InternetHost", "") for computer in model.internet.hosts)


# What commands of hvlab tell of adapters and switches

WHOSE: Final = (
    Parameter("VMName", "String[]", position=0, pipe="VP", wildcards=True, aliases=("MachineName",), complete="vm",
              help="Of this VM, or other machine, only."),
    Parameter("Adapter", "String[]", pipe="P", wildcards=True, aliases=("VMNetworkAdapterName",), complete="adapter",
              help='Of this adapter only: its name, or in full as in "web1/Network Adapter".'),
    Parameter("SwitchName", "String[]", pipe="P", wildcards=True, complete="switch",
              help="On this virtual switch only; HOST/SWITCH where hosts have switches of one name."),
    Parameter("VMSwitch", "VMSwitch[]", pipe="V", help="The same, as Get-VMSwitch outputs it."),
)  # fmt: skip
"""The parameters of cmdlets that tell something of many adapters."""


def told_of(call: Call, rows: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield those rows of a command of hvlab that are about what -VMName, -Adapter and -SwitchName name."""
    model = call.place.model
    machines = _asked(call, "VMName", "machine of this lab", model.node_names())
    on = [f"{host.name}/{switch.name}" for host in model.hosts for switch in host.switches]
    objects = {f"{item.source.host}/{item.source.name}" for item in listed(call.get("VMSwitch"))}
    switches = objects or _asked(call, "SwitchName", "virtual switch", on, lambda full: [full, full.partition("/")[2]])
    adapters = listed(call.get("Adapter")) if "Adapter" in call else None
    for row in rows:
        machine, _, adapter = str(row.get("adapter", row.get("object", ""))).partition("/")
        names = (adapter, hyperv_name(adapter), f"{machine}/{adapter}", f"{machine}/{hyperv_name(adapter)}")
        if machines is not None and machine not in machines:
            continue
        if switches is not None and f"{row['host']}/{row['switch']}" not in switches:
            continue
        if adapters is None or (adapter and any(fits(name, each) for name in names for each in adapters)):
            yield row


def _asked(
    call: Call,
    parameter: str,
    kind: str,
    names: Iterable[str],
    also: Callable[[str], list[str]] = lambda name: [name],
) -> set[str] | None:
    """Return those names that a parameter asks for, None if it was not given; a wrong name is an error."""
    if parameter not in call:
        return None
    known, found = list(names), set()
    for wanted in listed(call.get(parameter)):
        mine = {name for name in known if any(fits(each, wanted) for each in also(name))}
        if not mine and not has_wildcards(wanted):
            call.error(unknown(kind, wanted, known))
        found |= mine
    return found


def row_object(kind: str, row: Mapping[str, Any], names: Mapping[str, str]) -> PSObject:
    """Return a row of a command of hvlab as an object; `names` are its properties, by the row's keys."""
    return PSObject(f"{MODULE}.{kind}", {name: row[key] for key, name in names.items()})


def file_named(call: Call) -> Path:
    """Return the file that -Path names, in full; ShellError for a path that cannot be."""
    return Path(os.path.abspath(call.files.written(call.get("Path"))))
