"""What `ofproto/trace` prints, captured from Open vSwitch, and what is read from it."""

from __future__ import annotations

import pytest

from lab.engine.trace.text import TraceText, parse

KNOWN = """\
Flow: icmp,in_port="web1-eth0",vlan_tci=0x0000,dl_src=00:15:5d:01:15:00,dl_dst=02:90:40:58:da:87,nw_src=192.168.1.31,\
nw_dst=192.168.1.10,nw_tos=0,nw_ecn=0,nw_ttl=64,nw_frag=no,icmp_type=8,icmp_code=0

bridge("sw.External")
---------------------
 0. in_port="web1-eth0", priority 10000, cookie 0x4800010000000003
    goto_table:1
 4. in_port="web1-eth0", priority 10000, cookie 0x48020400012c0003
    learn(table=6,hard_timeout=300,priority=1000,delete_learned,cookie=0x48030400012c0003,NXM_NX_REG1[],\
NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],load:0x3->NXM_NX_REG0[])
     >> suppressing side effects, so learn action ignored
    goto_table:5
 5. priority 0, cookie 0x4800040000000000
    resubmit(,6)
     6. reg1=0,dl_dst=02:90:40:58:da:87, priority 1000, cookie 0x48030400012c0001
            load:0x1->NXM_NX_REG0[]
    goto_table:9
 9. reg0=0x1, priority 10000, cookie 0x4800060000000001
    output:Ethernet

Final flow: icmp,reg0=0x1,in_port="web1-eth0",vlan_tci=0x0000
Megaflow: recirc_id=0,eth,ip,in_port="web1-eth0",dl_src=00:15:5d:01:15:00,dl_dst=02:90:40:58:da:87,nw_frag=no
Datapath actions: Ethernet
"""

FLOOD = """\
 7. reg0=0,reg1=0,dl_dst=00:00:00:00:00:00/01:00:00:00:00:00, priority 10000, cookie 0x4800050000000000
    group:1
    bucket 0
            output:Ethernet
    bucket 1
            output:"vE-External"
    bucket 2
            output:"web1-eth0"
             >> skipping output to input port

Final flow: unchanged
Datapath actions: Ethernet,vE-External
"""

PHYSICAL = """\
bridge("net.office")
--------------------
 0. priority 0
    NORMAL
     -> forwarding to learned port

Final flow: unchanged
Datapath actions: office-r-f026b3
"""

DROP = """\
 2. reg2=0x1b,in_port="db1-eth0", priority 10000, cookie 0x48010200001b0001
    drop

Final flow: unchanged
Megaflow: recirc_id=0,eth,arp,in_port="db1-eth0"
Datapath actions: drop
"""

MISS = """\
 0. No match.
    drop

Datapath actions: drop
"""

TOO_MUCH = """\
 7. priority 0, cookie 0x4800050000000000
    group:1
     >>>> over 4096 resubmit actions <<<<

Datapath actions: drop
Translation failed (Too many resubmits), packet is dropped.
"""

SLOW = """\
 0. priority 0
    NORMAL
     -> multicast traffic, flooding

Datapath actions: push_vlan(vid=10,pcp=0),eth1,pop_vlan,clone(set(eth(dst=00:15:5d:01:15:00)),eth2),"eth3",ct(zone=1)
This flow is handled by the userspace slow path because it:
  - Sends "packet-in" messages to the OpenFlow controller.
"""


def test_tables_are_read_in_order_with_what_was_done_there() -> None:
    found = parse(KNOWN)
    assert [visit.table for visit in found.visits] == [0, 4, 5, 6, 9]
    assert found.visits[3].match == "reg1=0,dl_dst=02:90:40:58:da:87"
    assert found.visits[3].cookie == 0x48030400012C0001
    assert found.visits[3].actions[0] == "load:0x1->NXM_NX_REG0[]"
    assert found.visits[1].remarks == ("suppressing side effects, so learn action ignored",)
    assert (found.visits[2].match, found.visits[2].priority) == ("", 0)
    assert found.outputs == ("Ethernet",)


@pytest.mark.parametrize(
    ("text", "outputs", "remark"),
    [
        (FLOOD, ("Ethernet", "vE-External"), "skipping output to input port"),
        (PHYSICAL, ("office-r-f026b3",), "forwarding to learned port"),
        (SLOW, ("eth1", "eth2", "eth3"), "multicast traffic, flooding"),
    ],
    ids=["flood", "physical", "nested actions"],
)
def test_outputs_and_remarks_are_read(text: str, outputs: tuple[str, ...], remark: str) -> None:
    """Also those inside other actions; what changes a tag is none."""
    found = parse(text)
    assert found.outputs == outputs
    assert remark in found.remarks


def test_a_drop_has_no_output() -> None:
    assert parse(DROP).outputs == ()
    assert parse(DROP).visits[0].cookie == 0x48010200001B0001
    assert parse(MISS).visits[0].missed


def test_a_frame_that_takes_too_many_steps_says_so() -> None:
    found = parse(TOO_MUCH)
    assert found.failure == "Too many resubmits"
    assert found.remarks == ("over 4096 resubmit actions",)


@pytest.mark.parametrize("text", ["", "\n\n", "nonsense", "Datapath actions: ", "  indented before any table"])
def test_nothing_is_read_from_nothing(text: str) -> None:
    assert parse(text) == TraceText()
