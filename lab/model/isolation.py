"""The isolation setting of a network adapter (Set-VMNetworkAdapterIsolation), and what it means for frames.

The other way to put an adapter into a VLAN, which SCVMM and the SDN stack use; it excludes a VLAN setting
(:mod:`lab.model.vlan`), and neither shows the other. In mode Vlan the adapter's untagged frames belong to the VLAN
DefaultIsolationID, both ways, if AllowUntaggedTraffic is true, and are dropped if it is false (cmdlet page;
NDIS_SWITCH_PORT_PROPERTY_ISOLATION). With tags the adapter may send and get the isolation IDs of its routing domains
(Add-VMNetworkAdapterRoutingDomainMapping); it has none here, so a tagged frame is dropped, whatever its VLAN.
MultiTenantStack only tells the guest of those isolation IDs.

>>> isolation("Vlan", allow_untagged_traffic=True, default_isolation_id=10).membership().sends
10
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias, cast

from lab.model.vlan import NOTHING, UNTAGGED, Membership, VlanSettings, access


class IsolationMode(StrEnum):
    """The modes of Set-VMNetworkAdapterIsolation."""

    NONE = "None"
    NATIVE_VIRTUAL_SUBNET = "NativeVirtualSubnet"
    EXTERNAL_VIRTUAL_SUBNET = "ExternalVirtualSubnet"
    VLAN = "Vlan"


@dataclass(frozen=True, slots=True)
class IsolationSettings:
    """What Set-VMNetworkAdapterIsolation sets. ``default_isolation_id`` is a VLAN id, 0 for none."""

    mode: IsolationMode = IsolationMode.NONE
    allow_untagged_traffic: bool = False
    default_isolation_id: int = 0
    multi_tenant_stack: bool = False

    def __str__(self) -> str:
        if self.mode is IsolationMode.NONE:
            return str(self.mode)
        untagged = f" {self.default_isolation_id}" if self.allow_untagged_traffic else " without untagged traffic"
        return f"{self.mode}{untagged}{', MultiTenantStack' if self.multi_tenant_stack else ''}"

    @property
    def equivalent(self) -> VlanSettings | None:
        """The VLAN setting that does the same; None if there is none, as the adapter is cut off."""
        if self.mode is IsolationMode.NONE:
            return UNTAGGED
        lets = self.mode is IsolationMode.VLAN and self.allow_untagged_traffic
        return access(self.default_isolation_id) if lets else None

    @property
    def words(self) -> str:
        """What it is called within a sentence."""
        return f"isolation {self}"

    def membership(self) -> Membership:
        """Return what the setting means for frames."""
        equivalent = self.equivalent
        return equivalent.membership() if equivalent else NOTHING


NO_ISOLATION: Final = IsolationSettings()

VlanPolicy: TypeAlias = VlanSettings | IsolationSettings
"""What says in which VLANs an adapter's frames travel."""


def isolation(
    mode: IsolationMode | str = IsolationMode.VLAN,
    *,
    allow_untagged_traffic: bool = False,
    default_isolation_id: int = 0,
    multi_tenant_stack: bool = False,
) -> IsolationSettings:
    """Return the setting ``-IsolationMode -AllowUntaggedTraffic -DefaultIsolationID -MultiTenantStack``.

    A mode that is text is understood, or refused, where the topology is read.
    """
    written = cast(IsolationMode, mode)
    return IsolationSettings(written, allow_untagged_traffic, default_isolation_id, multi_tenant_stack)


def policy_of(vlan: VlanSettings, isolated_by: IsolationSettings) -> VlanPolicy:
    """Return which of an adapter's two settings says in which VLANs its frames travel."""
    return vlan if isolated_by == NO_ISOLATION else isolated_by
