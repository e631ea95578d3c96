"""The two intent documents. Values only: no behaviour, nothing of OpenFlow or OVSDB."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lab.model.acl import ExtendedAcl, PortAcl
from lab.model.default_switch import LeasedSubnet
from lab.model.isolation import IsolationSettings
from lab.model.kinds import LearningMode, LoadBalancing, PortKind, PortMirroring, SwitchType
from lab.model.vlan import VlanSettings

INTENT_VERSION: Final = 2

SWITCH_KEY: Final = "hvlab-switch"
PORT_KEY: Final = "hvlab-port"
GENERATION_KEY: Final = "hvlab-generation"
APPLIED_KEY: Final = "hvlab-applied"
FAULT_KEY: Final = "hvlab-fault"

__all__ = [
    "APPLIED_KEY", "FAULT_KEY", "GENERATION_KEY", "INTENT_VERSION", "PORT_KEY", "SWITCH_KEY",
    "LearningMode", "PortIntent", "PortKind", "SwitchIntent", "SwitchType",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class SwitchIntent:
    """What one virtual switch is meant to do.

    ``switch`` and ``host`` are the user's names and appear in every explanation; ``ageing_s`` is how long a learned
    address lives after its last frame (seconds, 1 to 65535). ``load_balancing`` is that of its team, if it has one: a
    switch with several external ports. ``forwarding_extension`` names the extension that forwards in the switch's
    place, which without a network controller forwards nothing. ``default_switch`` is what a Default Switch leases: the
    controller answers its DHCP in the name of the management OS.
    """

    switch: str
    host: str
    type: SwitchType
    learning: LearningMode = LearningMode.LEARNING
    ageing_s: int = 300
    load_balancing: LoadBalancing = LoadBalancing.HYPERVPORT
    forwarding_extension: str = ""
    default_switch: LeasedSubnet | None = None
    version: int = INTENT_VERSION


@dataclass(frozen=True, slots=True)
class PortIntent:
    """What one port of a virtual switch is meant to do.

    ``adapter`` is the full name of what is connected, such as ``web1/Network Adapter``, ``hv1/vEthernet (External)``
    or ``hv1/Ethernet``. ``mac`` is the address assigned to the adapter (``00:15:5d:01:02:00``), empty for the external
    port; a team's members have those of their NICs. ``mac_spoofing`` is the adapter's MacAddressSpoofing: with it On, a
    port of a Pinned switch may send from any address, learns, and receives flooded unknown unicast. ``vlan`` is its
    VLAN setting, None where that is Untagged, ``isolation`` its isolation setting, None where the mode of that is None;
    it has one of the two at most. ``team_mapping`` is the full name of the member of the team that it is mapped to,
    such as ``hv1/Ethernet 2``.
    ``teaming_macs``: the addresses of its VM's other adapters, from which it may send (AllowTeaming).
    ``dhcp_guard`` and ``router_guard`` keep it from sending what servers and routers send. ``resource_metering`` counts
    everything, unless there are Meter entries among ``acls``, which then say what is counted. ``ieee_priority_tag``:
    frames keep their 802.1p priority on the way in and on the way out.
    """

    adapter: str
    kind: PortKind
    mac: str = ""
    mac_spoofing: bool = False
    vlan: VlanSettings | None = None
    dhcp_guard: bool = False
    router_guard: bool = False
    acls: tuple[PortAcl, ...] = ()
    extended_acls: tuple[ExtendedAcl, ...] = ()
    port_mirroring: PortMirroring = PortMirroring.NONE
    storm_limit: int = 0
    team_mapping: str = ""
    teaming_macs: tuple[str, ...] = ()
    resource_metering: bool = False
    isolation: IsolationSettings | None = None
    ieee_priority_tag: bool = False
    version: int = INTENT_VERSION
