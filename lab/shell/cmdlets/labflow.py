"""The OpenFlow flows of virtual switches: Get-LabFlow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lab.shell.command import Call, Example, Parameter, command
from lab.shell.labs.targets import MODULE, WHOSE, fits, listed, row_object, told_of
from lab.shell.views import Column, show

_FLOW: Final = {
    "host": "HostName", "switch": "SwitchName", "table": "Table", "stage": "TableName", "priority": "Priority",
    "match": "Match", "actions": "Actions", "feature": "Feature", "object": "Object", "setting": "Setting",
    "kind": "Kind", "reason": "Reason", "packets": "Packets", "bytes": "Bytes", "age_s": "AgeSeconds",
    "cookie": "Cookie", "openflow": "OpenFlow",
}  # fmt: skip

show(
    f"{MODULE}.LabFlow", "table", "TableName", "Priority", "Packets", "Feature", "Object",
    Column("Match", width=40), "Actions",
    group_by=(Column("Switch", lambda flow: f"{flow.get('HostName')}/{flow.get('SwitchName')}"),),
)  # fmt: skip


@command(
    "Get-LabFlow",
    MODULE,
    "Gets the OpenFlow flows that are installed in the virtual switches, and what each is for.",
    (
        Parameter("SwitchName", "String[]", position=0, pipe="VP", wildcards=True, complete="switch",
                  help="Of this virtual switch only; HOST/SWITCH where hosts have switches of one name."),
        *(each for each in WHOSE if each.name in ("Adapter", "VMSwitch")),
        Parameter("VMName", "String[]", pipe="P", wildcards=True, complete="vm",
                  help="Those that are there for an adapter of this machine only."),
        Parameter("Feature", "String[]", wildcards=True, help="Those of this feature only: guard, vlan, acl and more."),
        Parameter("TableName", "String[]", wildcards=True, aliases=("Stage",),
                  help="Those of this stage of the pipeline only: classify, guard_check, vlan_in and so on."),
    ),
    output="LabFlow",
    guest=True,
    examples=(
        Example("Get-LabFlow External -TableName vlan_in", "Shows how a switch finds a frame's VLAN."),
        Example("Get-LabFlow -VMName web1 | Where-Object Packets -gt 0", "Shows what web1's frames have met."),
        Example("Get-LabFlow -Feature guard | Format-List", "Shows what guards adapters, as OpenFlow has it, too."),
    ),
)  # fmt: skip
def get_labflow(call: Call) -> Iterator[object]:
    """Output the flows of switches, in the order in which a frame meets them."""
    for row in told_of(call, call.place.ask("flows")):
        if _is(call, "Feature", row["feature"]) and _is(call, "TableName", row["stage"]):
            yield row_object("LabFlow", row, _FLOW)


def _is(call: Call, parameter: str, value: str) -> bool:
    return parameter not in call or any(fits(value, each) for each in listed(call.get(parameter)))
