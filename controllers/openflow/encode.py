"""Values to OpenFlow 1.3 messages. The counterpart is ``decode``: what is encoded here reads back as the same value.

Changes of flows, of which there are many, become octets in ``flow_mods``.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from controllers.diff import (
    AddGroup,
    DeleteAlien,
    DeleteGroup,
    DeleteMeter,
    ForgetLearned,
    GroupChange,
    MeterChange,
    ModifyGroup,
    PutMeter,
)
from controllers.framework import nicira_ext, ofproto, parser
from controllers.openflow.cookies import admitted_cookie, learned_cookie
from controllers.pipeline.fields import FIELDS, mac_text
from controllers.pipeline.priorities import Priority
from controllers.pipeline.registers import ADMITTED_IN, ADMITTED_OUT, DATABASE, RECEIVER
from controllers.pipeline.tables import stage_named
from controllers.pipeline.values import (
    OUT,
    Action,
    Actions,
    Admit,
    AskController,
    Choose,
    Consult,
    Count,
    Drop,
    EnterBy,
    Goto,
    Group,
    Learn,
    Output,
    Police,
    Pop,
    PopTag,
    Push,
    PushTag,
    ReadPcp,
    ReadTag,
    Replicate,
    SetRegister,
    SetSource,
    Tagging,
    Teaming,
    WritePcp,
    WriteTag,
)

DELETE_LEARNED = 1 << 1
"""NX_LEARN_F_DELETE_LEARNED: the switch deletes what a rule learned when the rule goes."""
TAG, VLAN_ID_BITS, DOT1Q = "vlan_vid", 12, 0x8100
TAG_PCP, PCP_BITS = "vlan_pcp", 3
VERSIONS = {4: (0x0800, "ipv4", 32), 6: (0x86DD, "ipv6", 128)}
PORTS = {6: "tcp", 17: "udp"}
METER_FLAGS = ofproto.OFPMF_PKTPS | ofproto.OFPMF_STATS
STACKED = {"eth_src": "eth_src_nxm", "eth_dst": "eth_dst_nxm"}
"""The fields that can be put aside, by the names with which Open vSwitch gives such actions back."""
HASH_ENDS = 3
"""NX_HASH_FIELDS_SYMMETRIC_L3L4_UDP: addresses of IP and ports of TCP and UDP; unknown to the libraries."""
ALL_32_BITS = 31
"""Bits 0 to 31 of a field, as Nicira's actions spell it: the first one, and how many less one."""
ALL_BITS = 0xFFFFFFFFFFFFFFFF


RareChange: TypeAlias = DeleteAlien | ForgetLearned | GroupChange | MeterChange


def message_of(change: RareChange, datapath: Any) -> Any:
    """Return the message that makes one change."""
    match change:
        case DeleteAlien(alien):
            return _delete(datapath, alien.message)
        case ForgetLearned(cookie):
            return _forget(datapath, cookie)
        case AddGroup(group):
            return _group_mod(datapath, group, ofproto.OFPGC_ADD)
        case ModifyGroup(group):
            return _group_mod(datapath, group, ofproto.OFPGC_MODIFY)
        case PutMeter() | DeleteMeter():
            return _meter_mod(datapath, change)
        case DeleteGroup(group_id):
            return parser.OFPGroupMod(datapath, ofproto.OFPGC_DELETE, ofproto.OFPGT_ALL, group_id, [])


def _delete(datapath: Any, stats: Any) -> Any:
    return parser.OFPFlowMod(
        datapath,
        table_id=stats.table_id,
        command=ofproto.OFPFC_DELETE_STRICT,
        priority=stats.priority,
        match=stats.match,
        out_port=ofproto.OFPP_ANY,
        out_group=ofproto.OFPG_ANY,
    )


def _forget(datapath: Any, cookie: int) -> Any:
    return parser.OFPFlowMod(
        datapath,
        cookie=cookie,
        cookie_mask=ALL_BITS,
        table_id=ofproto.OFPTT_ALL,
        command=ofproto.OFPFC_DELETE,
        out_port=ofproto.OFPP_ANY,
        out_group=ofproto.OFPG_ANY,
    )


def _group_mod(datapath: Any, group: Group, command: int) -> Any:
    buckets = [parser.OFPBucket(actions=_actions(bucket)) for bucket in group.buckets]
    return parser.OFPGroupMod(datapath, command, ofproto.OFPGT_ALL, group.group_id, buckets)


def _meter_mod(datapath: Any, change: PutMeter | DeleteMeter) -> Any:
    match change:
        case PutMeter(meter, is_new):
            command = ofproto.OFPMC_ADD if is_new else ofproto.OFPMC_MODIFY
            bands = [parser.OFPMeterBandDrop(rate=meter.packets_per_s, burst_size=0)]
            return parser.OFPMeterMod(datapath, command, METER_FLAGS, meter.number, bands)
        case DeleteMeter(number):
            return parser.OFPMeterMod(datapath, ofproto.OFPMC_DELETE, METER_FLAGS, number, [])


def instructions(actions: Actions) -> list[Any]:
    """Return what makes a switch carry out a flow's actions."""
    applied = _actions(tuple(action for action in actions if not isinstance(action, Goto | Drop | Count | Police)))
    found = [parser.OFPInstructionMeter(action.number) for action in actions if isinstance(action, Police)]
    if applied:
        found.append(parser.OFPInstructionActions(ofproto.OFPIT_APPLY_ACTIONS, applied))
    found += [
        parser.OFPInstructionGotoTable(stage_named(action.stage).number)
        for action in actions
        if isinstance(action, Goto)
    ]
    return found


def _actions(actions: Actions) -> list[Any]:
    return [action_of(action) for action in actions]


def action_of(action: Action) -> Any:
    """Return an action as OpenFlow has it; TypeError for one that is an instruction."""
    match action:
        case SetRegister(register, value):
            return parser.OFPActionSetField(**{register.openflow_name: value})
        case ReadTag() | PopTag() | PushTag() | WriteTag() | ReadPcp() | WritePcp():
            return _tagging(action)
        case EnterBy() | Push() | Pop() | Choose() | SetSource():
            return teaming_action(action)
        case Consult(stage):
            return parser.NXActionResubmitTable(
                in_port=ofproto.OFPP_IN_PORT & 0xFFFF, table_id=stage_named(stage).number
            )
        case Output() | AskController():
            return _output(action)
        case Replicate(group_id):
            return parser.OFPActionGroup(group_id)
        case Learn():
            return learn_action(action)
        case Admit():
            return admit_action(action)
    raise TypeError(f"{action} is not an action that can be applied")


def _output(action: Output | AskController) -> Any:
    if isinstance(action, Output):
        return parser.OFPActionOutput(action.ofport)
    return parser.OFPActionOutput(ofproto.OFPP_CONTROLLER, ofproto.OFPCML_NO_BUFFER)


def _tagging(action: Tagging) -> Any:
    match action:
        case ReadTag(register):
            return _move(TAG, register.openflow_name, VLAN_ID_BITS)
        case PopTag():
            return parser.OFPActionPopVlan()
        case PushTag():
            return parser.OFPActionPushVlan(DOT1Q)
        case WriteTag(register):
            return _move(register.openflow_name, TAG, VLAN_ID_BITS)
        case ReadPcp(register):
            return _move(TAG_PCP, register.openflow_name, PCP_BITS)
        case WritePcp(register):
            return _move(register.openflow_name, TAG_PCP, PCP_BITS)


def teaming_action(action: Teaming) -> Any:
    """Return the action that does something for a team of NICs."""
    match action:
        case EnterBy(ofport):
            return parser.NXActionRegLoad(ofs_nbits=ALL_32_BITS, dst="in_port", value=ofport)
        case Push(field):
            return parser.NXActionStackPush(field=STACKED[field], start=0, end=FIELDS[field].bits)
        case Pop(field):
            return parser.NXActionStackPop(field=STACKED[field], start=0, end=FIELDS[field].bits)
        case Choose(register, ofports, by_flow):
            return parser.NXActionBundleLoad(
                algorithm=nicira_ext.NX_BD_ALG_HRW if by_flow else nicira_ext.NX_BD_ALG_ACTIVE_BACKUP,
                fields=HASH_ENDS,
                basis=0,
                slave_type=nicira_ext.NXM_OF_IN_PORT,
                n_slaves=len(ofports),
                ofs_nbits=ALL_32_BITS,
                dst=register.openflow_name,
                slaves=list(ofports),
            )
        case SetSource(mac):
            return parser.OFPActionSetField(eth_src=mac_text(mac))


def _move(source: str, target: str, n_bits: int) -> Any:
    return parser.NXActionRegMove(src_field=source, dst_field=target, n_bits=n_bits)


def learn_action(learn: Learn) -> Any:
    """Return the action that writes ``database, eth_dst=<sender>: receiver:=<port>`` into the table of addresses."""
    return parser.NXActionLearn(
        table_id=stage_named(stage_named("learn").learns_into).number,
        specs=[
            parser.NXFlowSpecMatch(src=(DATABASE.openflow_name, 0), dst=(DATABASE.openflow_name, 0), n_bits=32),
            parser.NXFlowSpecMatch(src=("eth_src_nxm", 0), dst=("eth_dst_nxm", 0), n_bits=48),
            parser.NXFlowSpecLoad(src=learn.ofport, dst=(RECEIVER.openflow_name, 0), n_bits=32),
        ],
        hard_timeout=learn.ageing_s,
        priority=int(Priority.LEARNED),
        cookie=learned_cookie(learn.ofport, learn.ageing_s),
        flags=DELETE_LEARNED,
    )


def admit_action(admit: Admit) -> Any:
    """Return the action that writes ``<the packet's ends, swapped>: admitted_in:=1`` (or out) into the sessions."""
    eth_type, ip, bits = VERSIONS[admit.version]
    transport = PORTS[admit.protocol]
    out = admit.way == OUT
    port = ("in_port_nxm", 16) if out else (RECEIVER.openflow_name, 32)
    admitted = ADMITTED_OUT if out else ADMITTED_IN
    fixed = (port, admit.ofport), (("eth_type_nxm", 16), eth_type), (("ip_proto_nxm", 8), admit.protocol)
    swapped = [
        parser.NXFlowSpecMatch(src=(f"{name}_{one}_nxm", 0), dst=(f"{name}_{other}_nxm", 0), n_bits=size)
        for name, size in ((ip, bits), (transport, 16))
        for one, other in (("src", "dst"), ("dst", "src"))
    ]
    return parser.NXActionLearn(
        table_id=stage_named("sessions").number,
        specs=[
            *(parser.NXFlowSpecMatch(src=value, dst=(name, 0), n_bits=size) for (name, size), value in fixed),
            *swapped,
            parser.NXFlowSpecLoad(src=1, dst=(admitted.openflow_name, 0), n_bits=32),
        ],
        idle_timeout=admit.idle_s,
        priority=int(Priority.LEARNED),
        cookie=admitted_cookie(admit),
        flags=DELETE_LEARNED,
    )
