"""The MAC tables of virtual switches: Get-LabLearnedAddress."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lab.shell.command import Call, Example, Parameter, command
from lab.shell.labs.targets import MODULE, WHOSE, row_object, told_of
from lab.shell.views import Column, show

_LEARNED: Final = {
    "host": "HostName", "switch": "SwitchName", "vlan": "VlanId", "mac": "MacAddress", "port": "Port",
    "adapter": "Adapter", "owner": "Owner", "how": "How", "age_s": "AgeSeconds", "forgotten_in_s": "ForgottenInSeconds",
}  # fmt: skip

show(
    f"{MODULE}.LabLearnedAddress", "table", "SwitchName", Column("VLAN", "VlanId"), "MacAddress", "Port", "Adapter",
    "Owner", "How", Column("Age(s)", "AgeSeconds"), Column("ForgottenIn(s)", "ForgottenInSeconds"),
)  # fmt: skip


@command(
    "Get-LabLearnedAddress",
    MODULE,
    "Gets the MAC tables of the virtual switches.",
    (
        Parameter("SwitchName", "String[]", position=0, pipe="VP", wildcards=True, complete="switch",
                  help="Of this virtual switch only; HOST/SWITCH where hosts have switches of one name."),
        *(each for each in WHOSE if each.name in ("Adapter", "VMSwitch")),
    ),
    output="LabLearnedAddress",
    guest=True,
    examples=(Example("Get-LabLearnedAddress External", "Shows which address is behind which port of a switch."),),
)  # fmt: skip
def get_lablearnedaddress(call: Call) -> Iterator[object]:
    """Output the addresses that switches know."""
    for row in told_of(call, call.place.ask("learned")):
        yield row_object("LabLearnedAddress", row, _LEARNED)
