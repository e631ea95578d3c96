"""The stages, declared once and in order: what each does, may match, may write, and where it may send a frame.

Numbers come from the order here, so a stage is known by its name everywhere else. The compiler refuses a program that
breaks a declaration; ``python -m controllers describe`` prints them.

>>> stage_named("classify").number
0
>>> stage_numbered(0).name
'classify'
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from controllers.pipeline.reasons import DropReason


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the pipeline. ``masked`` fields may be matched in part; ``goes`` lists later stages only.

    ``returns`` marks a stage that is consulted: it may have nothing to say about a frame.
    """

    name: str
    does: str
    number: int = -1
    matches: frozenset[str] = frozenset()
    masked: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()
    goes: tuple[str, ...] = ()
    consults: tuple[str, ...] = ()
    learns_into: str = ""
    drops: tuple[DropReason, ...] = ()
    tags: bool = False
    teams: bool = False
    replicates: bool = False
    outputs: bool = False
    counts: bool = False
    polices: bool = False
    asks: bool = False
    returns: bool = False


_R = DropReason

_ADDRESSES = frozenset({"ipv4_src", "ipv4_dst", "ipv6_src", "ipv6_dst"})
_TRANSPORT = frozenset({"eth_type", "ip_proto", "tcp_src", "tcp_dst", "udp_src", "udp_dst"})


def _acls(way: str, port: str, after: str) -> tuple[Stage, ...]:
    """Return the stages of the access lists of one direction: `port` is the field that tells whose they are."""
    whose = "sender" if way == "out" else "receiver"
    return (
        Stage(
            name=f"acl_mac_{way}",
            does=f"lets frames without access lists at the {whose} pass; checks its port ACL's MAC entries",
            matches=frozenset({"in_port", port, "eth_src", "eth_dst"} | ({"mirrored"} if way == "in" else set())),
            goes=(f"acl_{way}", after),
            drops=(_R.SECURITY_POLICY,),
            returns=way == "in",
        ),
        Stage(
            name=f"acl_{way}",
            does=f"checks the IP entries of the {whose}'s port ACL, the longest prefix first",
            matches=frozenset({port, "eth_type", "ip_proto", "icmpv6_type"}) | _ADDRESSES,
            masked=_ADDRESSES,
            consults=("sessions",),
            goes=(f"ext_acl_{way}", f"meter_{way}", after),
            drops=(_R.SECURITY_POLICY,),
        ),
        Stage(
            name=f"ext_acl_{way}",
            does=f"checks the {whose}'s extended ACL, the largest weight first; answers of its connections pass",
            matches=frozenset({port, f"admitted_{way}"}) | _TRANSPORT | _ADDRESSES,
            masked=_ADDRESSES | {"tcp_src", "tcp_dst", "udp_src", "udp_dst"},
            goes=(f"meter_{way}",),
            learns_into="sessions",
            drops=(_R.SECURITY_POLICY,),
        ),
        Stage(
            name=f"meter_{way}",
            does=f"counts what the {whose}'s Meter entries ask for, the longest prefix first",
            matches=frozenset({port, "eth_type"}) | _ADDRESSES,
            masked=_ADDRESSES,
            goes=(after,),
            counts=True,
        ),
    )


_DECLARED = (
    Stage(
        name="classify",
        does="admits frames from connected network adapters only; a team's members are one from here on",
        matches=frozenset({"in_port"}),
        writes=frozenset({"arrived"}),
        teams=True,
        goes=("guard_check",),
        drops=(_R.DATA_FLOW_DISABLED,),
    ),
    Stage(
        name="guard_check",
        does="checks the sender's MAC address and notes the reason if the frame must be dropped",
        matches=frozenset({"in_port", "eth_src"}),
        masked=frozenset({"eth_src"}),
        writes=frozenset({"verdict"}),
        goes=("guard_apply",),
    ),
    Stage(
        name="guard_apply",
        does="drops the frames for which a reason was noted, each adapter and reason counted by itself",
        matches=frozenset({"in_port", "verdict"}),
        goes=("role_check",),
        drops=(_R.UNAUTHORISED_MAC, _R.SECURITY_POLICY, _R.SPOOFED_MAC, _R.INVALID_SOURCE_MAC),
    ),
    Stage(
        name="role_check",
        does="drops what only DHCP servers, or routers, send, where an adapter is guarded from being one",
        matches=frozenset({"in_port", "eth_type", "ip_proto", "udp_src", "udp_dst", "icmpv4_type", "icmpv6_type"}),
        goes=("acl_mac_out",),
        drops=(_R.DHCP_GUARD, _R.ROUTER_GUARD),
    ),
    *_acls("out", "in_port", "vlan_in"),
    Stage(
        name="vlan_in",
        does="finds the VLAN in which the frame travels, and takes its tag off",
        matches=frozenset({"in_port", "tag"}),
        masked=frozenset({"tag"}),
        writes=frozenset({"vlan", "database", "pcp"}),
        goes=("team_in", "mirror_out"),
        drops=(
            _R.FILTERED,
            _R.UNAUTHORISED_VLAN,
            _R.VLAN_IN_ETHERNET_HEADER,
            _R.UNTAGGED_NOT_ALLOWED_BY_ISOLATION,
        ),
        tags=True,
    ),
    Stage(
        name="team_in",
        does="finds where the sender of what comes in by a team is known to be; drops what a member itself has sent",
        matches=frozenset({"eth_src"}),
        consults=("fdb",),
        goes=("team_source", "mirror_out"),
        drops=(_R.DESTINATION_FILTER_MISMATCH,),
        teams=True,
    ),
    Stage(
        name="team_source",
        does="drops what this switch itself has sent by another member of its team; finds the receiver of the rest",
        matches=frozenset({"receiver"}),
        writes=frozenset({"receiver"}),
        consults=("fdb",),
        goes=("team_member", "mirror_out"),
        drops=(_R.DESTINATION_FILTER_MISMATCH,),
    ),
    Stage(
        name="team_member",
        does="finds the member by which the receiver gets frames: the first of its own that has a link",
        matches=frozenset({"receiver", "eth_dst"}),
        writes=frozenset({"receiver", "member"}),
        goes=("team_check", "mirror_out"),
        teams=True,
    ),
    Stage(
        name="team_check",
        does="drops what has come in by another member: by the right one it comes, too",
        matches=frozenset({"arrived", "member"}),
        goes=("mirror_out",),
        drops=(_R.DESTINATION_FILTER_MISMATCH,),
    ),
    Stage(
        name="mirror_out",
        does="copies what a Source of port mirroring sends",
        matches=frozenset({"in_port"}),
        writes=frozenset({"mirrored"}),
        replicates=True,
        goes=("service", "learn"),
    ),
    Stage(
        name="service",
        does="gives the controller what adapters ask the switch itself: the DHCP of a Default Switch",
        matches=frozenset({"in_port", "vlan", "eth_dst", "eth_type", "ip_proto", "ipv4_dst", "udp_dst"}),
        goes=("learn",),
        polices=True,
        asks=True,
    ),
    Stage(
        name="learn",
        does="remembers behind which port the sender's MAC address is",
        matches=frozenset({"in_port", "eth_src"}),
        goes=("lookup",),
        learns_into="fdb",
    ),
    Stage(
        name="lookup",
        does="finds the receiver: one for a known address; broadcast, multicast and unknown addresses are replicated",
        matches=frozenset({"eth_dst"}),
        masked=frozenset({"eth_dst"}),
        consults=("fdb",),
        goes=("storm",),
    ),
    Stage(
        name="fdb",
        does="holds the addresses: those assigned to adapters, and those learned from the frames they sent",
        matches=frozenset({"database", "eth_dst"}),
        masked=frozenset({"database"}),
        writes=frozenset({"receiver"}),
        returns=True,
    ),
    Stage(
        name="storm",
        does="drops what an adapter sends to many, or to unknown addresses, more often than its storm limit allows",
        matches=frozenset({"in_port", "receiver"}),
        goes=("replicate",),
        polices=True,
    ),
    Stage(
        name="replicate",
        does="gives a frame without one known receiver to every port it may reach, never back to its sender",
        matches=frozenset({"in_port", "vlan", "eth_dst", "receiver"}),
        masked=frozenset({"eth_dst", "vlan"}),
        goes=("isolate",),
        drops=(_R.FILTERED, _R.VLAN_FILTERED, _R.SECURITY_POLICY, _R.PVLAN),
        replicates=True,
    ),
    Stage(
        name="isolate",
        does="decides whether this receiver gets the frames of this sender, and of this VLAN",
        matches=frozenset({"in_port", "receiver", "vlan"}),
        masked=frozenset({"vlan"}),
        goes=("acl_mac_in",),
        drops=(_R.FILTERED, _R.VLAN_FILTERED, _R.PVLAN),
    ),
    *_acls("in", "receiver", "mirror_in"),
    Stage(
        name="mirror_in",
        does="copies what a Source of port mirroring gets",
        matches=frozenset({"receiver", "mirrored"}),
        replicates=True,
        goes=("output",),
    ),
    Stage(
        name="mirror",
        does="hands a copy to a Destination of port mirroring that hears its VLAN, once",
        matches=frozenset({"receiver", "vlan", "mirrored"}),
        masked=frozenset({"vlan"}),
        goes=("output",),
        returns=True,
    ),
    Stage(
        name="sessions",
        does="holds the answers that stateful entries of extended ACLs wait for",
        matches=frozenset({"in_port", "receiver", "tcp_flags"}) | _TRANSPORT | _ADDRESSES,
        masked=frozenset({"tcp_flags"}),
        writes=frozenset({"admitted_out", "admitted_in"}),
        returns=True,
    ),
    Stage(
        name="output",
        does="hands the frame to its receiver, with a tag where the receiver wants it",
        matches=frozenset({"receiver", "vlan", "pcp"}),
        consults=("uplink",),
        tags=True,
        drops=(_R.MEDIA_DISCONNECTED,),
        outputs=True,
    ),
    Stage(
        name="uplink",
        does="chooses the member of a team by which a frame leaves: of those that have a link",
        matches=frozenset({"in_port", "eth_dst", "eth_type", "ip_proto", "icmpv6_type"}),
        masked=frozenset({"eth_dst"}),
        writes=frozenset({"member", "own_member"}),
        goes=("leave",),
        drops=(_R.MEDIA_DISCONNECTED,),
        teams=True,
        returns=True,
    ),
    Stage(
        name="leave",
        does="hands a frame to the member that was chosen, from the NIC's own address where it is not the sender's own",
        matches=frozenset({"member", "own_member"}),
        drops=(_R.MEDIA_DISCONNECTED,),
        teams=True,
        outputs=True,
    ),
)

STAGES: Final[tuple[Stage, ...]] = tuple(replace(stage, number=number) for number, stage in enumerate(_DECLARED))
_BY_NAME: Final = {stage.name: stage for stage in STAGES}

PER_RECEIVER: Final = ("isolate", "acl_mac_in", "mirror", "output", "uplink")
"""The stages a frame may enter once per receiver, from a bucket."""


def stage_named(name: str) -> Stage:
    """Return the stage called `name`; KeyError if there is none."""
    return _BY_NAME[name]


def stage_numbered(number: int) -> Stage:
    """Return the stage whose OpenFlow table has `number`; IndexError if the pipeline does not use it."""
    if number < 0:
        raise IndexError(number)
    return STAGES[number]
