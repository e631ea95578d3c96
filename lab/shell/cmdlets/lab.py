"""The lab as a whole: Get-Lab, Set-Lab and Get-LabMachine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

from lab.model.interfaces import interfaces
from lab.model.objects import LabModel
from lab.shell.command import Call, Example, Parameter, command
from lab.shell.labs.targets import MODULE, PASSTHRU, chosen, live, machine_kinds
from lab.shell.objects import PSObject
from lab.shell.place import Place, machine_of
from lab.shell.views import show

show(f"{MODULE}.Lab", "list", "Name", "State", "File", "Uptime", "Hosts", "Switches", "VMs", "Machines")
show(f"{MODULE}.LabMachine", "table", "Name", "Kind", "HostName", "State", "IPAddresses")


@command(
    "Get-Lab",
    MODULE,
    "Gets the lab that the console works on.",
    output="Lab",
    guest=True,
    examples=(
        Example("Get-Lab", "Shows the lab's name, its file, and what it consists of."),
        Example("(Get-Lab).VMs.Count", "Counts its VMs."),
    ),
)
def get_lab(call: Call) -> Iterator[object]:
    """Output the lab; whether it runs, and from which file, only a lab that has been started knows."""
    yield lab_object(call.place)


def lab_object(place: Place) -> PSObject:
    """Return a lab as the cmdlets output it."""
    model = place.model
    uptime = _uptime_s(place)
    row = _row(place) if uptime else {}
    state = str(row.get("state", "described"))
    return PSObject(
        f"{MODULE}.Lab",
        {
            "Name": model.name,
            "State": state.capitalize(),
            "File": row.get("file", ""),
            "Uptime": timedelta(seconds=int(uptime)),
            "Hosts": [host.name for host in model.hosts],
            "Switches": [f"{host.name}/{switch.name}" for host in model.hosts for switch in host.switches],
            "VMs": [vm.name for _, vm in model.vms()],
            "Machines": list(model.node_names()),
            "Networks": [network.name for network in model.networks],
            "Interruption": model.interruption_s,
        },
        text=model.name,
    )


def _uptime_s(place: Place) -> float:
    """Return for how long the lab has run; the machine that has run longest tells, as nobody starts it later."""
    model = place.model
    found = (machine_of(model, name) for name, kind, _ in machine_kinds(model) if kind != "VM")
    return max((place.started_s(machine) for machine in found if machine), default=0.0)


def _row(place: Place) -> Mapping[str, object]:
    return next((row for row in place.ask("list") if row["name"] == place.model.name), {})


@command(
    "Set-Lab",
    MODULE,
    "Changes what is true of the lab as a whole.",
    (
        Parameter("Interruption", "Double", mandatory=True,
                  help="For how many seconds a NIC is cut off when a switch takes or releases it; 2 unless set."),
        PASSTHRU,
    ),
    output="Lab",
    confirms=True,
    guest=True,
    examples=(Example("Set-Lab -Interruption 0", "Has switches take NICs without cutting them off."),),
)  # fmt: skip
def set_lab(call: Call) -> Iterator[object]:
    """Change the lab."""
    seconds = float(call.get("Interruption"))

    def changed(model: LabModel) -> LabModel:
        return replace(model, interruption_s=seconds)

    if call.change(call.place.model.name, changed) and call.is_on("Passthru"):
        yield lab_object(call.place)


@command(
    "Get-LabMachine",
    MODULE,
    "Gets every machine of the lab: Hyper-V hosts, VMs, physical computers, routers, and hosts of the internet.",
    (
        Parameter("Name", "String[]", position=0, pipe="VP", wildcards=True, help="The name of the machine."),
        Parameter("Kind", "LabMachineKind[]", values=("HypervHost", "VM", "Computer", "Router", "InternetHost"),
                  help="Machines of these kinds only."),
    ),
    output="LabMachine",
    guest=True,
    examples=(
        Example("Get-LabMachine", "Shows all machines with their addresses."),
        Example("Get-LabMachine -Kind Computer, Router", "Shows what there is on physical networks."),
    ),
)  # fmt: skip
def get_labmachine(call: Call) -> Iterator[object]:
    """Output machines."""
    kinds = {name: (kind, host) for name, kind, host in machine_kinds(call.place.model)}
    wanted = call.get("Kind")
    for name in chosen(call, "machine of this lab", kinds, "Name"):
        kind, host = kinds[name]
        if wanted is None or kind in wanted:
            yield machine_object(call.place, name, kind, host)


def machine_object(place: Place, name: str, kind: str, host: str) -> PSObject:
    """Return a machine as the cmdlets output it."""

    def properties() -> Mapping[str, object] | None:
        model = place.model
        if name not in model.node_names():
            return None
        runs = {vm.name: vm.running for _, vm in model.vms()}.get(name, True)
        return {
            "Name": name,
            "Kind": kind,
            "HostName": host,
            "State": "Running" if runs else "Off",
            "IPAddresses": _addresses(place, name),
        }

    return live(place, "LabMachine", properties, text=name)


def _addresses(place: Place, name: str) -> list[str]:
    """Return the addresses of a machine, those that it has from DHCP and of routers included; none while it is off."""
    model = place.model
    mine = [each.ip for each in interfaces(model) if each.node == name]
    if any(ip.dhcp or ip.auto for ip in mine) and _uptime_s(place):
        mine = [each.ip for each in interfaces(place.leased()) if each.node == name]
    return [str(address.ip) for ip in mine for address in ip.addresses]
