"""What adapters have sent and received: Get-LabCounter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lab.shell.command import Call, Example, command
from lab.shell.labs.targets import MODULE, WHOSE, row_object, told_of
from lab.shell.views import show

_COUNTER: Final = {
    "adapter": "Adapter", "host": "HostName", "switch": "SwitchName", "packets_sent": "PacketsSent",
    "bytes_sent": "BytesSent", "packets_received": "PacketsReceived", "bytes_received": "BytesReceived",
    "dropped_outgoing": "DroppedOutgoing", "dropped_incoming": "DroppedIncoming",
}  # fmt: skip

show(
    f"{MODULE}.LabCounter", "table", "Adapter", "SwitchName", "PacketsSent", "BytesSent", "PacketsReceived",
    "BytesReceived", "DroppedOutgoing", "DroppedIncoming",
)  # fmt: skip


@command(
    "Get-LabCounter",
    MODULE,
    "Gets what network adapters on virtual switches have sent and received.",
    WHOSE,
    output="LabCounter",
    guest=True,
    examples=(
        Example("Get-LabCounter web1", "Shows packets and bytes of web1's adapters."),
        Example("Get-LabCounter | Sort-Object BytesSent -Descending", "Shows who has sent most first."),
    ),
)
def get_labcounter(call: Call) -> Iterator[object]:
    """Output the counters of adapters."""
    for row in told_of(call, call.place.ask("counters")):
        yield row_object("LabCounter", row, _COUNTER)
