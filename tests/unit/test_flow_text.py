"""What `ovs-ofctl dump-flows` prints, captured from Open vSwitch, and how it is told."""

from __future__ import annotations

import pytest

from lab.emulation.flow_text import DumpedFlow, FlowWords, dumped, split
from lab.errors import LabFault

START = " cookie={cookie}, duration=1.479s, table={table}, n_packets=0, n_bytes=0, {rest}"
WORDS = FlowWords({1: "hv1/Ethernet", 3: "web1/Network Adapter"})


def one(rest: str, cookie: str = "0x4800010000000003", table: int = 0) -> DumpedFlow:
    (found,) = dumped("OFPST_FLOW reply (OF1.3) (xid=0x2):\n" + START.format(cookie=cookie, table=table, rest=rest))
    return found


def test_a_line_is_taken_apart() -> None:
    line = " cookie=0x48030500012c0001, duration=25.363s, table=17, n_packets=37, n_bytes=3458, hard_timeout=300, "
    (found,) = dumped(line + "priority=1000,reg2=0,dl_dst=02:18:c5:8d:0c:e9 actions=load:0x1->NXM_NX_REG0[]")
    assert found == DumpedFlow(
        0x48030500012C0001, 17, 1000, "reg2=0,dl_dst=02:18:c5:8d:0c:e9", "load:0x1->NXM_NX_REG0[]", 37, 3458, 25.363
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rest", "priority", "fits"),
    [
        ("priority=0 actions=drop", 0, ""),
        ("in_port=3 actions=drop", 32768, "in_port=3"),
        (" actions=drop", 32768, ""),
        ("idle_timeout=5, hard_timeout=9, send_flow_rem priority=7,tcp,tp_dst=80 actions=drop", 7, "tcp,tp_dst=80"),
    ],
)
def test_priority_and_match_are_found_behind_whatever_else_is_said(rest: str, priority: int, fits: str) -> None:
    found = one(rest)
    assert (found.priority, found.match) == (priority, fits)


def test_what_is_no_flow_is_not_guessed_at() -> None:
    with pytest.raises(LabFault, match='cannot be read: "cookie=nothing"'):
        list(dumped(" cookie=nothing"))


def test_commas_in_parentheses_divide_nothing() -> None:
    assert split("learn(a=b,c(d,e)),goto_table:16,drop") == ["learn(a=b,c(d,e))", "goto_table:16", "drop"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ""),
        ("in_port=3", "in_port=web1/Network Adapter"),
        ("in_port=9", "in_port=port 9"),
        ("in_port=LOCAL", "in_port=LOCAL"),
        ("reg0=0x1,reg1=0xa", "receiver=hv1/Ethernet, vlan=10"),
        ("reg0=0", "receiver=0"),
        ("reg3=0x1b", "verdict=27"),
        ("reg1=0x10/0xff0", "vlan=16/0xff0"),
        ("reg15=0x2", "reg15=2"),
        ("dl_vlan=10", "tag=10"),
        ("vlan_tci=0x0000/0x1fff", "tag=none"),
        ("vlan_tci=0x1002/0x1ffe", "tag=2/0xffe"),
        ("vlan_tci=0x100a/0x1fff", "tag=10"),
        ("tcp,nw_src=10.0.1.0/24,tp_dst=80", "tcp, nw_src=10.0.1.0/24, tp_dst=80"),
        ("dl_src=01:00:00:00:00:00/01:00:00:00:00:00", "dl_src=01:00:00:00:00:00/01:00:00:00:00:00"),
    ],
)
def test_a_match_is_told_with_the_names_of_registers_and_adapters(text: str, told: str) -> None:
    assert WORDS.match(text) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("goto_table:1", "goto guard_check"),
        ("goto_table:200", "goto table 200"),
        ("resubmit(,17),goto_table:18", "consult fdb, goto storm"),
        ("output:3", "output web1/Network Adapter"),
        ("output:LOCAL", "output LOCAL"),
        ("group:1", "replicate to everyone in VLAN 0"),
        ("meter:3,goto_table:19", "police web1/Network Adapter, goto replicate"),
        ("meter:65539", "police questions of web1/Network Adapter"),
        ("set_field:0x1b->reg3", "verdict:=27"),
        ("set_field:0->reg0", "receiver:=0"),
        ("set_field:02:00:00:00:00:01->eth_src", "eth_src:=02:00:00:00:00:01"),
        ("set_field:10.0.0.1->ip_src", "ip_src:=10.0.0.1"),
        ("load:0x1->NXM_NX_REG0[]", "receiver:=hv1/Ethernet"),
        ("load:0x1->OXM_OF_IN_PORT[]", "enter by hv1/Ethernet"),
        ("load:0x1->NXM_NX_REG6[]", "admitted_in:=1"),
        (
            "move:OXM_OF_VLAN_VID[]->NXM_NX_REG1[0..11],pop_vlan",
            "vlan:=tag, untag",
        ),
        ("push_vlan:0x8100,move:NXM_NX_REG1[0..11]->OXM_OF_VLAN_VID[]", "tag, tag:=vlan"),
        ("push:NXM_OF_ETH_SRC[],pop:NXM_OF_ETH_DST[]", "push eth_src, pop eth_dst"),
        (
            "bundle_load(symmetric_l3l4+udp,0,active_backup,ofport,NXM_NX_REG8[],members:3,1)",
            "member:=first of web1/Network Adapter and hv1/Ethernet with a link",
        ),
        (
            "bundle_load(symmetric_l3l4+udp,0,hrw,ofport,NXM_NX_REG8[],members:3,1)",
            "member:=one by flow of web1/Network Adapter and hv1/Ethernet with a link",
        ),
        (
            "learn(table=17,hard_timeout=300,priority=1000,delete_learned,cookie=0x48030500012c0003,NXM_NX_REG2[],"
            "NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],load:0x3->NXM_NX_REG0[]),goto_table:16",
            "learn sender at web1/Network Adapter for 300 s, goto lookup",
        ),
        (
            "learn(table=27,idle_timeout=255,priority=1000,delete_learned,cookie=0x48060902d6cc0003,reg0=0x3,"
            "eth_type=0x800,nw_proto=6,NXM_OF_IP_DST[]=NXM_OF_IP_SRC[],load:0x1->NXM_NX_REG6[])",
            "admit answers to web1/Network Adapter for 255 s",
        ),
        ("learn(table=17,NXM_OF_ETH_DST[])", "learn(table=17,NXM_OF_ETH_DST[])"),
        ("CONTROLLER:65535", "ask controller"),
        ("normal", "normal"),
    ],
)
def test_actions_are_told_in_the_words_of_the_pipeline(text: str, told: str) -> None:
    assert WORDS.actions(one(f"priority=1 actions={text}")) == told


@pytest.mark.parametrize(
    ("cookie", "table", "told"),
    [
        ("0x4801021b00000003", 2, "drop: invalid source MAC (27)"),
        ("0x4800050000000000", 17, "return"),
        ("0x4800050000000000", 0, "drop"),
        ("0x1", 17, "drop"),
    ],
)
def test_a_flow_without_actions_drops_for_a_reason_or_returns(cookie: str, table: int, told: str) -> None:
    assert WORDS.actions(one("priority=0 actions=drop", cookie, table)) == told
