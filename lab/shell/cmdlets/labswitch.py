"""What a virtual switch does that no cmdlet of Windows sets: Get- and Set-LabSwitch, New-LabDefaultSwitch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from ipaddress import IPv4Network

from lab.errors import InputError
from lab.model import edit
from lab.model.addresses import IpSettings
from lab.model.default_subnets import placed
from lab.model.default_switch import DEFAULT_SWITCH, host_address
from lab.model.kinds import LearningMode, SwitchType
from lab.model.objects import HypervHost, LabModel, NetworkAdapter, VirtualSwitch
from lab.shell.command import Call, Example, Parameter, command
from lab.shell.hyperv.refs import SwitchRef
from lab.shell.hyperv.switches import switch_object
from lab.shell.labs.ip import networks
from lab.shell.labs.settings import changed, given
from lab.shell.labs.targets import MODULE, PASSTHRU, lab_switches, live, the_host
from lab.shell.objects import PSObject
from lab.shell.views import Column, show

_FIELDS = {"LearningMode": "learning", "AgeingTime": "ageing_s"}

show(
    f"{MODULE}.LabSwitch", "table", "Name", "HostName", "SwitchType", "LearningMode",
    Column("AgeingTime(s)", "AgeingTime"),
)  # fmt: skip


def labswitch_object(ref: SwitchRef) -> PSObject:
    """Return a switch as the cmdlets of this module output it."""

    def properties() -> Mapping[str, object] | None:
        switch = ref.model
        if switch is None:
            return None
        return {
            "Name": switch.name,
            "HostName": ref.host,
            "SwitchType": switch.type,
            "LearningMode": switch.learning,
            "AgeingTime": switch.ageing_s,
            "IsDefaultSwitch": switch.is_default,
        }

    return live(ref.place, "LabSwitch", properties, source=ref, text=ref.name)


@command(
    "Get-LabSwitch",
    MODULE,
    "Gets what virtual switches do that Get-VMSwitch does not show.",
    (
        Parameter("Name", "String[]", sets=("Name",), position=0, pipe="P", aliases=("SwitchName",), wildcards=True,
                  complete="switch", help="The name of the switch."),
        Parameter("VMSwitch", "VMSwitch[]", sets=("VMSwitch",), mandatory=True, pipe="V", help="The switch."),
    ),
    default_set="Name",
    output="LabSwitch",
    guest=True,
    examples=(Example("Get-LabSwitch", "Shows how the switches of the host learn addresses."),),
)  # fmt: skip
def get_labswitch(call: Call) -> Iterator[object]:
    """Output switches."""
    yield from map(labswitch_object, lab_switches(call))


@command(
    "Set-LabSwitch",
    MODULE,
    "Changes how a virtual switch learns addresses.",
    (
        Parameter("Name", "String[]", sets=("Name",), position=0, mandatory=True, pipe="P", aliases=("SwitchName",),
                  wildcards=True, complete="switch", help="The name of the switch."),
        Parameter("VMSwitch", "VMSwitch[]", sets=("VMSwitch",), mandatory=True, pipe="V", help="The switch."),
        Parameter("LearningMode", "LearningMode", values=("Learning", "Pinned"),
                  help="Learning: an address is sought at every port until it has been learned. "
                       "Pinned: each adapter has its own, and others are sought on the wire."),
        Parameter("AgeingTime", "Int32", help="After how many seconds a learned address is forgotten; 1 to 65535."),
        PASSTHRU,
    ),
    default_set="Name",
    confirms=True,
    output="LabSwitch",
    guest=True,
    examples=(
        Example("Set-LabSwitch External -LearningMode Pinned", "Has it do what Windows Server 2008 R2 and later do."),
        Example("Set-LabSwitch External -AgeingTime 10", "Has it forget addresses after ten seconds."),
    ),
)  # fmt: skip
def set_labswitch(call: Call) -> Iterator[object]:
    """Change switches."""
    values = given(call, _FIELDS)
    if "learning" in values:
        values["learning"] = LearningMode(values["learning"])
    for ref in lab_switches(call):
        done = call.change(ref.name, edit.switch(ref.host, ref.name, lambda each: changed(each, values)))
        if done and call.is_on("Passthru"):
            yield labswitch_object(ref)


@command(
    "New-LabDefaultSwitch",
    MODULE,
    "Gives a host the Default Switch of client Windows: it leases addresses, answers names and translates.",
    (Parameter("Subnet", help="Its subnet, a /20 of 172.16.0.0/12; one that nothing else uses unless given."),),
    confirms=True,
    output="VMSwitch",
    guest=True,
    examples=(Example("New-LabDefaultSwitch", "Makes the host one of client Windows."),),
    remarks="Windows makes it by itself, and nobody can rename, delete or reconfigure it.",
)
def new_labdefaultswitch(call: Call) -> Iterator[object]:
    """Create the Default Switch of a host."""
    host = the_host(call)
    if host.default_switch:
        raise InputError(f'host "{host.name}" has the Default Switch already', target=host.name)
    subnet = next(iter(networks(call, "Subnet")), None)
    if subnet is not None and not isinstance(subnet, IPv4Network):
        raise InputError(f"the Default Switch has the subnet {subnet}", remedy="expected IPv4")
    ip = IpSettings((host_address(subnet),)) if subnet else IpSettings()

    def created(each: HypervHost) -> HypervHost:
        return replace(
            each,
            switches=(*each.switches, VirtualSwitch(DEFAULT_SWITCH, SwitchType.INTERNAL, is_default=True)),
            management_adapters=(*each.management_adapters, NetworkAdapter(DEFAULT_SWITCH, DEFAULT_SWITCH, ip=ip)),
        )

    def whole(model: LabModel) -> LabModel:
        return placed(edit.host(host.name, created)(model))

    if call.change(DEFAULT_SWITCH, whole):
        yield switch_object(SwitchRef(call.place, host.name, DEFAULT_SWITCH))
