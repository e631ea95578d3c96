"""What virtual switches have dropped: Get-LabDrop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lab.shell.command import Call, Example, command
from lab.shell.labs.targets import MODULE, WHOSE, row_object, told_of
from lab.shell.views import show

_DROP: Final = {
    "adapter": "Adapter", "host": "HostName", "switch": "SwitchName", "reason": "Reason", "words": "ReasonText",
    "frames": "Count", "setting": "Setting", "remedy": "Remedy", "last": "LastFrame", "seconds_ago": "SecondsAgo",
}  # fmt: skip

show(
    f"{MODULE}.LabDrop",
    "list",
    "Adapter",
    "SwitchName",
    "Count",
    "Reason",
    "ReasonText",
    "Setting",
    "LastFrame",
    "Remedy",
)


@command(
    "Get-LabDrop",
    MODULE,
    "Gets what the virtual switches have dropped, and why.",
    WHOSE,
    output="LabDrop",
    guest=True,
    examples=(
        Example("Get-LabDrop", "Shows every drop with Hyper-V's reason, the setting, and what would change it."),
        Example("Get-LabDrop web1 | Format-List", "Shows those on account of web1, with the last frame of each."),
    ),
    remarks="Drops count since their setting was made. The last frame is known for ten seconds.",
)
def get_labdrop(call: Call) -> Iterator[object]:
    """Output what was dropped, by adapter and reason."""
    for row in told_of(call, call.place.ask("drops")):
        yield row_object("LabDrop", row, _DROP)
