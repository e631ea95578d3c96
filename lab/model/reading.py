"""From what a user wrote to values: every function takes anything at all, and notes what it cannot be used as.

A value that cannot be used is replaced by one that causes no further mistakes, so that each mistake is reported once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from ipaddress import ip_address, ip_interface, ip_network
from typing import Any, TypeVar

from lab.model.addresses import Address, Interface, IpSettings, Network, parse_mac
from lab.model.extensions import ENABLED_BY_DEFAULT, SwitchExtension
from lab.model.isolation import NO_ISOLATION, IsolationMode, IsolationSettings
from lab.model.names import quoted
from lab.model.notes import Notes
from lab.model.vlan import UNTAGGED, VlanSettings, access

Choice = TypeVar("Choice", bound=Enum)

Texts = str | tuple[str, ...] | list[str] | None
WrittenExtensions = Sequence[SwitchExtension | str] | str

# The subnets known at a place; None if they are not known because of a mistake that has been noted already.
Subnets = tuple[Network, ...] | None


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads values for `notes`; messages call the thing that they belong to `owner`."""

    notes: Notes
    owner: str

    def name(self, kind: str, value: object, fallback: str) -> str:
        """Return a name as it was written (which names are allowed is for the validation to say)."""
        if isinstance(value, str):
            return value
        self.mistake(f"the {kind} name is {shown(value)}, expected text in quotes")
        return fallback

    def number(self, what: str, value: object, fallback: int) -> int:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        self.mistake(f"{self._whose(what)} is {shown(value)}, expected a whole number")
        return fallback

    def seconds(self, what: str, value: object, fallback: float) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return float(value)
        self.mistake(f"{self._whose(what)} is {shown(value)}, expected a number of seconds")
        return fallback

    def flag(self, what: str, value: object, fallback: bool) -> bool:
        if isinstance(value, bool):
            return value
        self.mistake(f"{self._whose(what)} is {shown(value)}, expected True or False")
        return fallback

    def choice(self, what: str, value: object, kind: type[Choice], fallback: Choice) -> Choice:
        """Return the member of an enumeration, given as such or as its text in any case."""
        for member in kind:
            if value is member or (isinstance(value, str) and value.casefold() == str(member.value).casefold()):
                return member
        known = " or ".join(str(member.value) for member in kind)
        self.mistake(f"{self._whose(what)} is {shown(value)}, expected {known}")
        return fallback

    def listed(self, what: str, value: object) -> list[Any]:
        """Return the members of a list, or of anything like one."""
        if isinstance(value, str) or not isinstance(value, Iterable):
            self.mistake(f"{self._whose(what)} is {shown(value)}, expected a list")
            return []
        return list(value)

    def extensions(self, value: object) -> tuple[SwitchExtension, ...]:
        """Return the extensions of a switch that are enabled, in their own order."""
        if not isinstance(value, str | tuple | list | set | frozenset):
            self.mistake(f"{self._whose('extensions')} is {shown(value)}, expected a list of names")
            return ENABLED_BY_DEFAULT
        written = [value] if isinstance(value, str) else list(value)
        found = [
            self.choice("extensions", each, SwitchExtension, SwitchExtension.FILTERING_PLATFORM) for each in written
        ]
        return tuple(sorted(found, key=list(SwitchExtension).index))

    def mac(self, value: object) -> str:
        """Return a MAC address, or an empty text for one that the lab chooses."""
        if value in ("", None):
            return ""
        try:
            return parse_mac(value if isinstance(value, str) else repr(value))
        except ValueError as error:
            self.mistake(f"{quoted(self.owner)}: {error}")
            return ""

    def vlan(self, value: object) -> VlanSettings:
        """Return a VLAN setting: an id means access mode, 0 and None mean untagged."""
        if isinstance(value, VlanSettings):
            return value if self._ids_are_numbers(value) else UNTAGGED
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return access(value) if value else UNTAGGED
        self.mistake(
            f"{self._whose('vlan')} is {shown(value)}, expected a VLAN id",
            'or trunk("10,20-29", native=1), isolated(100, 101), community(100, 102), promiscuous(100, "101-102")',
        )
        return UNTAGGED

    def isolation(self, value: object) -> IsolationSettings:
        """Return an isolation setting; None means that there is none."""
        if value is None:
            return NO_ISOLATION
        if not isinstance(value, IsolationSettings):
            example = 'isolation("Vlan", allow_untagged_traffic=True, default_isolation_id=10)'
            self.mistake(f"{self._whose('isolation')} is {shown(value)}, expected {example}")
            return NO_ISOLATION
        return IsolationSettings(
            self.choice("isolation mode", value.mode, IsolationMode, IsolationMode.NONE),
            self.flag("allow_untagged_traffic", value.allow_untagged_traffic, False),
            self.number("default_isolation_id", value.default_isolation_id, 0),
            self.flag("multi_tenant_stack", value.multi_tenant_stack, False),
        )

    def _ids_are_numbers(self, setting: VlanSettings) -> bool:
        for what in ("access_vlan_id", "native_vlan_id", "primary_vlan_id", "secondary_vlan_id"):
            found = getattr(setting, what)
            if not isinstance(found, int) or isinstance(found, bool):
                self.mistake(f"{self._whose(what)} is {shown(found)}, expected a whole number")
                return False
        return True

    def networks(self, values: tuple[object, ...]) -> Subnets:
        """Return subnets; None if one of them cannot be read."""
        found = tuple(self._network(value) for value in values)
        good = tuple(net for net in found if net)
        return good if len(good) == len(found) else None

    def interfaces(self, values: object, subnets: Subnets) -> tuple[Interface, ...]:
        """Return addresses with their prefix lengths, taken from `subnets` where they are not given."""
        return tuple(found for value in _texts(values) if (found := self._interface(value, subnets)))

    def settings(self, addresses: object, gateway: object, subnets: Subnets) -> IpSettings:
        """Return addresses and gateways; "dhcp" means IPv4 from a DHCP server, "auto" IPv6 as routers advertise."""
        gateways = tuple(found for value in _texts(gateway) if (found := self._gateway(value)))
        written = list(_texts(addresses))
        static = [value for value in written if not _is_word(value, "dhcp") and not _is_word(value, "auto")]
        dhcp, auto = (any(_is_word(value, word) for value in written) for word in ("dhcp", "auto"))
        return IpSettings(self.interfaces(static, subnets), gateways, dhcp, auto)

    def _interface(self, value: object, subnets: Subnets) -> Interface | None:
        try:
            found = ip_interface(_address_text(value))
        except ValueError:
            self.mistake(
                f"{quoted(self.owner)} has the address {shown(value)}, which is not an IP address",
                "write it like 192.168.1.10/24 or 2001:db8::10/64",
            )
            return None
        if "/" in str(value):
            return found
        return None if subnets is None else self._with_prefix(found, subnets)

    def _with_prefix(self, found: Interface, subnets: tuple[Network, ...]) -> Interface | None:
        has = f"{quoted(self.owner)} has the address {found.ip}"
        known = [net for net in subnets if net.version == found.version]
        if not known:
            self.mistake(
                f"{has} without a prefix length, and no subnet is known there",
                f"write it like {found.ip}/{24 if found.version == 4 else 64}",
            )
            return None
        inside = next((net for net in known if found.ip in net), None)
        if inside is None:
            nets = ", ".join(map(str, known))
            self.mistake(
                f"{has}, which is outside its subnet {nets}",
                f"give it an address of {nets}",
            )
            return None
        return ip_interface(f"{found.ip}/{inside.prefixlen}")

    def _gateway(self, value: object) -> Address | None:
        try:
            return ip_address(_address_text(value))
        except ValueError:
            self.mistake(
                f"{quoted(self.owner)} has the gateway {shown(value)}, which is not an IP address",
                "write it like 192.168.1.1, without a prefix length",
            )
            return None

    def _network(self, value: object) -> Network | None:
        try:
            return ip_network(_address_text(value))
        except ValueError as error:
            why = "it has host bits set" if "host bits" in str(error) else "it is not an IP network"
            self.mistake(
                f"{quoted(self.owner)} has the subnet {shown(value)}: {why}", f"write it like {_network_like(value)}"
            )
            return None

    def _whose(self, what: str) -> str:
        return f"{what} of {quoted(self.owner)}"

    def mistake(self, message: str, remedy: str = "") -> None:
        """Note a mistake in what was written for the owner."""
        self.notes.mistake(message, target=self.owner, remedy=remedy)


def _texts(values: object) -> Iterator[object]:
    """Yield one or several values; what is empty counts as none."""
    if isinstance(values, tuple | list):
        yield from (each for value in values for each in _texts(value))
    elif values not in ("", None):
        yield values


def _is_word(value: object, word: str) -> bool:
    return isinstance(value, str) and value.strip().casefold() == word


def _address_text(value: object) -> str:
    if isinstance(value, bool | int | float | bytes):  # numbers and bytes are addresses for the ipaddress module
        raise ValueError(value)
    return str(value).strip()


def _network_like(value: object) -> str:
    try:
        return str(ip_network(_address_text(value), strict=False))
    except ValueError:
        return "192.168.1.0/24"


def shown(value: object) -> str:
    """Return a value as messages show it: text in quotes, everything else with its type."""
    return quoted(value) if isinstance(value, str) else f"{quoted(value)[1:-1]} ({type(value).__name__})"
