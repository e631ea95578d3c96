"""Why Hyper-V's virtual switch drops a frame: its own numbers and words.

``DropReason(16).words`` is ``"spoofed MAC"``. The numbers are those a trace on Windows shows.
"""

from __future__ import annotations

from enum import IntEnum


class DropReason(IntEnum):
    """A numbered reason for a drop. :attr:`words` is how it is shown."""

    MEDIA_DISCONNECTED = 5
    FILTERED = 8
    VLAN_FILTERED = 9
    UNAUTHORISED_VLAN = 10
    UNAUTHORISED_MAC = 11
    SECURITY_POLICY = 12
    PVLAN = 13
    QOS = 14
    IPSEC = 15
    SPOOFED_MAC = 16
    DHCP_GUARD = 17
    ROUTER_GUARD = 18
    BRIDGE_INSIDE_VM = 19
    VIRTUAL_SUBNET_MISMATCH = 20
    REQUIRED_EXTENSION_MISSING = 21
    SWITCH_OVER_SWITCH = 22
    MTU_MISMATCH = 23
    NATIVE_FORWARDING_REQUIRED = 24
    VLAN_IN_ETHERNET_HEADER = 25
    NULL_DESTINATION_MAC = 26
    INVALID_SOURCE_MAC = 27
    FIRST_BUFFER_TOO_SMALL = 28
    FILTERED_BY_NETWORK_VIRTUALISATION = 29
    STORM_LIMIT = 30
    INJECTED_ICMP_REQUEST = 31
    DESTINATION_NIC_DISABLED = 33
    DESTINATION_FILTER_MISMATCH = 34
    DATA_FLOW_DISABLED = 35
    UNTAGGED_NOT_ALLOWED_BY_ISOLATION = 36

    @property
    def words(self) -> str:
        """Return the reason as it is shown to the user."""
        return _WORDS.get(self, self.name.replace("_", " ").lower())

    def __str__(self) -> str:
        return f"{self.words} ({self.value})"


_WORDS = {
    DropReason.UNAUTHORISED_VLAN: "unauthorised VLAN",
    DropReason.VLAN_FILTERED: "VLAN filtered",
    DropReason.UNAUTHORISED_MAC: "unauthorised MAC",
    DropReason.PVLAN: "PVLAN",
    DropReason.QOS: "QoS",
    DropReason.IPSEC: "IPsec",
    DropReason.SPOOFED_MAC: "spoofed MAC",
    DropReason.DHCP_GUARD: "DHCP guard",
    DropReason.BRIDGE_INSIDE_VM: "bridge inside VM",
    DropReason.MTU_MISMATCH: "MTU mismatch",
    DropReason.VLAN_IN_ETHERNET_HEADER: "VLAN in Ethernet header",
    DropReason.NULL_DESTINATION_MAC: "null destination MAC",
    DropReason.INVALID_SOURCE_MAC: "invalid source MAC",
    DropReason.INJECTED_ICMP_REQUEST: "ICMP request injected by the switch",
    DropReason.DESTINATION_NIC_DISABLED: "destination NIC disabled",
    DropReason.UNTAGGED_NOT_ALLOWED_BY_ISOLATION: "untagged traffic not allowed by isolation",
}
