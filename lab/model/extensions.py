"""The extensions of a virtual switch (Get-VMSwitchExtension): those that come with Windows Server 2016 and later.

A forwarding extension takes the forwarding of frames over from the switch. The one that Windows has forwards what a
network controller tells it, and without one nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from lab.model.names import quoted


class ExtensionType(StrEnum):
    """What an extension may do with frames (Get-VMSwitchExtension, property ExtensionType)."""

    CAPTURE = "Capture"
    FILTER = "Filter"
    FORWARDING = "Forwarding"


class SwitchExtension(StrEnum):
    """The name of an extension."""

    NDIS_CAPTURE = "Microsoft NDIS Capture"
    FILTERING_PLATFORM = "Microsoft Windows Filtering Platform"
    AZURE_VFP = "Microsoft Azure VFP Switch Extension"


@dataclass(frozen=True, slots=True)
class Description:
    """What is known of an extension beside its name."""

    id: str
    type: ExtensionType
    vendor: str = "Microsoft"


DESCRIPTIONS: Final = {
    SwitchExtension.NDIS_CAPTURE: Description("EA24CD6C-D17A-4348-9190-09F0D5BE83DD", ExtensionType.CAPTURE),
    SwitchExtension.FILTERING_PLATFORM: Description("E7C3B2F0-F3C5-48DF-AF2B-10FED6D72E7A", ExtensionType.FILTER),
    SwitchExtension.AZURE_VFP: Description("E9B59CFA-2BE1-4B21-828F-B6FBDBDDC017", ExtensionType.FORWARDING),
}
ENABLED_BY_DEFAULT: Final = (SwitchExtension.FILTERING_PLATFORM,)


def forwarding_extension(enabled: Iterable[SwitchExtension]) -> SwitchExtension | None:
    """Return which of the enabled extensions has taken the forwarding over; None if it is the switch that forwards."""
    forwarding = (each for each in enabled if DESCRIPTIONS[each].type is ExtensionType.FORWARDING)
    return next(forwarding, None)


def forwards_nothing(switch: str, extension: str) -> str:
    """Say that a switch forwards nothing, and why."""
    return f"{switch} forwards nothing: its forwarding extension {quoted(extension)} has no policy"
