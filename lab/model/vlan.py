"""The VLAN setting of a network adapter (Set-VMNetworkAdapterVlan), and what it means for frames.

A switch has no VLANs of its own: every adapter says by its mode in which VLAN the frames travel that it sends, and of
which VLANs it gets frames (Set-VMNetworkAdapterVlan; for private VLANs NDIS_SWITCH_PORT_PROPERTY_VLAN):

=============  =================================  ==========================================
mode           sends in                           gets, the tag removed unless it says so
=============  =================================  ==========================================
Untagged       no VLAN (0)                        0
Access         its VLAN                           its VLAN
Trunk          untagged: the native VLAN;         the native VLAN;
               tagged: that, if it is allowed     the allowed ones, with their tags
Isolated       its secondary VLAN                 the primary VLAN
Community      its secondary VLAN                 the primary VLAN and its secondary VLAN
Promiscuous    the primary VLAN                   the primary VLAN and the secondaries listed
=============  =================================  ==========================================

>>> trunk("10,20-29", native=1).membership().tagged
((10, 10), (20, 29))
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final, Protocol

LARGEST: Final = 4094
"""The largest VLAN id; 0 is untagged, 4095 is reserved (IEEE 802.1Q, table 9-2)."""

UNTAGGED_VLAN: Final = 0

NO_VLAN: Final = -1
"""Where the frames are that no port takes."""

Span = tuple[int, int]
"""The first and the last of some consecutive VLAN ids."""

Ids = str | int | Iterable[int]
"""A list of VLAN ids, as text like ``10,20-29`` or as numbers."""

_NOTHING_TAGGED: Final = (UNTAGGED_VLAN, UNTAGGED_VLAN)
_ALL_TAGS: Final = (1, LARGEST)

_ITEM = re.compile(r"\s*([0-9]{1,5})(?:\s*-\s*([0-9]{1,5}))?\s*")


class VlanMode(StrEnum):
    """The modes of Set-VMNetworkAdapterVlan, which exclude one another."""

    UNTAGGED = "Untagged"
    ACCESS = "Access"
    TRUNK = "Trunk"
    ISOLATED = "Isolated"
    COMMUNITY = "Community"
    PROMISCUOUS = "Promiscuous"

    @property
    def is_private(self) -> bool:
        return self in (VlanMode.ISOLATED, VlanMode.COMMUNITY, VlanMode.PROMISCUOUS)


@dataclass(frozen=True, slots=True)
class Membership:
    """What a setting means: the VLAN that untagged frames come from, those of tagged ones, and what is delivered.

    ``untagged`` are the VLANs whose frames are delivered without a tag, ``tagged`` those delivered with it; ``accepts``
    are the tags that may be sent. ``database`` is the VLAN in which the addresses of those who send untagged frames are
    learned: of a private VLAN the primary one. Both are NO_VLAN where untagged frames may not be sent.
    """

    sends: int
    untagged: tuple[Span, ...]
    tagged: tuple[Span, ...] = ()
    accepts: tuple[Span, ...] = ()
    database: int = 0

    @property
    def hears(self) -> tuple[Span, ...]:
        """The VLANs whose frames are delivered at all."""
        return self.untagged + self.tagged


class Tagging(Protocol):
    """In which VLANs an interface is: by a setting of its port alone, or by the tag that its guest puts on."""

    @property
    def words(self) -> str:
        """What it is called within a sentence."""

    def membership(self) -> Membership:
        """Return what it means for frames; ValueError if a list cannot be read."""


@dataclass(frozen=True, slots=True)
class VlanSettings:
    """A mode with its ids; those of other modes are 0 or empty. Lists are written like ``10,20-29``."""

    mode: VlanMode = VlanMode.UNTAGGED
    access_vlan_id: int = 0
    native_vlan_id: int = 0
    allowed_vlan_id_list: str = ""
    primary_vlan_id: int = 0
    secondary_vlan_id: int = 0
    secondary_vlan_id_list: str = ""

    def __str__(self) -> str:
        """Return it as Get-VMNetworkAdapterVlan shows it: the mode, and its list."""
        shown = {
            VlanMode.ACCESS: f" {self.access_vlan_id}",
            VlanMode.TRUNK: f" {self.native_vlan_id},{self.allowed_vlan_id_list}",
            VlanMode.ISOLATED: f" {self.primary_vlan_id},{self.secondary_vlan_id}",
            VlanMode.COMMUNITY: f" {self.primary_vlan_id},{self.secondary_vlan_id}",
            VlanMode.PROMISCUOUS: f" {self.primary_vlan_id},{self.secondary_vlan_id_list}",
        }
        return f"{self.mode.value}{shown.get(self.mode, '')}"

    @property
    def words(self) -> str:
        """What it is called within a sentence."""
        return f"mode {self}"

    def membership(self) -> Membership:
        """Return what the setting means for frames; ValueError if a list cannot be read."""
        # Most settings are this one, and it takes longer to look one up than to see that.
        return _UNTAGGED_MEMBERSHIP if self.mode is VlanMode.UNTAGGED else _membership(self)

    def secondaries(self) -> Iterable[int]:
        """Yield the secondary VLANs that the setting names."""
        if self.mode is VlanMode.PROMISCUOUS:
            for first, last in spans(self.secondary_vlan_id_list):
                yield from range(first, last + 1)
        elif self.mode.is_private:
            yield self.secondary_vlan_id


UNTAGGED: Final = VlanSettings()


@dataclass(frozen=True, slots=True)
class GuestVlan:
    """What an interface is in that a guest has made for one VLAN, behind a port with a setting of its own.

    The guest tags what it sends with ``vlan_id``, and the interface gets what the port delivers with that tag.
    """

    port: Tagging
    vlan_id: int

    def __str__(self) -> str:
        return f"tag {self.vlan_id} on {self.port}"

    @property
    def words(self) -> str:
        """What it is called within a sentence."""
        return str(self)

    def membership(self) -> Membership:
        """Return which VLANs the interface hears and sends in; ValueError if a list of the port cannot be read."""
        port = self.port.membership()
        sends = self.vlan_id if contains(port.accepts, self.vlan_id) else NO_VLAN
        hears = (_one(self.vlan_id),) if contains(port.tagged, self.vlan_id) else ()
        return Membership(sends, hears, database=sends)


@dataclass(frozen=True, slots=True)
class NotTaken:
    """What an interface is in whose frames its port does not take; ``reason`` says why, in words."""

    reason: str

    def __str__(self) -> str:
        return "no VLAN"

    @property
    def words(self) -> str:
        """What it is called within a sentence."""
        return str(self)

    def membership(self) -> Membership:
        """Return that it hears nothing and sends nowhere."""
        return Membership(NO_VLAN, ())


_UNTAGGED_MEMBERSHIP: Final = Membership(UNTAGGED_VLAN, (_NOTHING_TAGGED,))

EVERYTHING: Final = Membership(UNTAGGED_VLAN, (_NOTHING_TAGGED,), (_ALL_TAGS,), (_ALL_TAGS,), UNTAGGED_VLAN)
"""What the external port of a switch is: it carries all VLANs, and untagged frames as they are."""

NOTHING: Final = Membership(NO_VLAN, (), database=NO_VLAN)
"""What an adapter is that neither sends nor gets anything."""


def obstacle(tagging: Tagging) -> str:
    """Return why a port does not let the tagged frames of its guest pass both ways, in words; empty if it does."""
    if isinstance(tagging, NotTaken):
        return tagging.reason
    if not isinstance(tagging, GuestVlan):
        return ""
    port, vlan = tagging.port.membership(), tagging.vlan_id
    if not contains(port.accepts, vlan):
        return f"a port in {tagging.port.words} takes no frames with the tag of VLAN {vlan}"
    if not contains(port.tagged, vlan):
        return f"a port in {tagging.port.words} delivers the frames of VLAN {vlan} without a tag"
    return ""


def access(vlan_id: int) -> VlanSettings:
    """Return the setting ``-Access -VlanId``."""
    return VlanSettings(VlanMode.ACCESS, access_vlan_id=vlan_id)


def trunk(allowed: Ids, *, native: int) -> VlanSettings:
    """Return the setting ``-Trunk -AllowedVlanIdList -NativeVlanId``."""
    return VlanSettings(VlanMode.TRUNK, native_vlan_id=native, allowed_vlan_id_list=_listed(allowed))


def isolated(primary: int, secondary: int) -> VlanSettings:
    """Return the setting ``-Isolated -PrimaryVlanId -SecondaryVlanId``."""
    return VlanSettings(VlanMode.ISOLATED, primary_vlan_id=primary, secondary_vlan_id=secondary)


def community(primary: int, secondary: int) -> VlanSettings:
    """Return the setting ``-Community -PrimaryVlanId -SecondaryVlanId``."""
    return VlanSettings(VlanMode.COMMUNITY, primary_vlan_id=primary, secondary_vlan_id=secondary)


def promiscuous(primary: int, secondaries: Ids) -> VlanSettings:
    """Return the setting ``-Promiscuous -PrimaryVlanId -SecondaryVlanIdList``."""
    return VlanSettings(VlanMode.PROMISCUOUS, primary_vlan_id=primary, secondary_vlan_id_list=_listed(secondaries))


def _listed(ids: Ids) -> str:
    return ",".join(map(str, ids)) if isinstance(ids, Iterable) and not isinstance(ids, str) else str(ids)


def spans(text: str) -> tuple[Span, ...]:
    """Return the ids of a list like ``10,20-29``, sorted, what overlaps or touches joined; ValueError if it is none."""
    found: list[Span] = []
    for item in text.split(","):
        read = _ITEM.fullmatch(item)
        if read is None:
            raise ValueError(f'"{item.strip()[:40]}" is not a VLAN id or a range of them')
        first, last = int(read[1]), int(read[2] or read[1])
        if last < first:
            raise ValueError(f'"{item.strip()}" ends before it begins')
        found.append((first, last))
    return joined(found)


def joined(found: Iterable[Span]) -> tuple[Span, ...]:
    """Return spans sorted, with those that overlap or touch made one."""
    result: list[Span] = []
    for first, last in sorted(found):
        if result and first <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(last, result[-1][1]))
        else:
            result.append((first, last))
    return tuple(result)


def contains(found: Iterable[Span], vlan: int) -> bool:
    """Tell whether a VLAN is in one of some spans."""
    return any(first <= vlan <= last for first, last in found)


def meet(mine: Membership, theirs: Membership, listeners: Iterable[Membership] = ()) -> bool:
    """Tell whether two interfaces of one Ethernet can be confused: one hears the other, or a listener cannot tell them.

    One that gets the frames of both with their tags can.
    """
    if NO_VLAN in (mine.sends, theirs.sends):
        return False
    if mine.database == theirs.database or contains(mine.hears, theirs.sends) or contains(theirs.hears, mine.sends):
        return True
    both = (mine.sends, theirs.sends)
    return any(all(contains(each.untagged, vlan) for vlan in both) for each in listeners)


def _one(vlan: int) -> Span:
    return vlan, vlan


@cache
def _membership(setting: VlanSettings) -> Membership:
    primary, secondary = setting.primary_vlan_id, setting.secondary_vlan_id
    match setting.mode:
        case VlanMode.UNTAGGED:
            return _UNTAGGED_MEMBERSHIP
        case VlanMode.ACCESS:
            vlan = setting.access_vlan_id
            return Membership(vlan, (_one(vlan),), database=vlan)
        case VlanMode.TRUNK:
            # 0 in the list is no tag that a frame could have, and is taken as the cmdlet takes it.
            native, allowed = setting.native_vlan_id, _without(spans(setting.allowed_vlan_id_list), UNTAGGED_VLAN)
            return Membership(native, (_one(native),), _without(allowed, native), allowed, native)
        case VlanMode.ISOLATED:
            return Membership(secondary, (_one(primary),), database=primary)
        case VlanMode.COMMUNITY:
            return Membership(secondary, joined([_one(primary), _one(secondary)]), database=primary)
        case VlanMode.PROMISCUOUS:
            listed = spans(setting.secondary_vlan_id_list)
            return Membership(primary, joined([_one(primary), *listed]), database=primary)


def _without(found: tuple[Span, ...], vlan: int) -> tuple[Span, ...]:
    parts = [part for first, last in found for part in ((first, min(last, vlan - 1)), (max(first, vlan + 1), last))]
    return joined({part for part in parts if part[0] <= part[1]})
