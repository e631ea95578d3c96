"""What holds whatever the program: nothing twice, undo is undo, what is installed reads back, death does no harm."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest

from controllers.compiler import PortView, SwitchView, compile_switch
from controllers.pipeline.checks import MAX_VISITS, worst_visits
from controllers.pipeline.registers import RECEIVER
from controllers.pipeline.tables import stage_named
from controllers.pipeline.values import UNTAGGED, Consult, Group, SetRegister
from lab.intent import SwitchIntent, decode_port, encode
from lab.model.kinds import LoadBalancing
from lab.model.vlan import isolated, promiscuous, trunk
from tests.dataplane.controller import Controller
from tests.dataplane.intents import BROADCAST, PINNED, SWITCH, external, mac, management, member, vm
from tests.dataplane.ovs import Bridge, OpenVSwitch
from tests.eventually import eventually


def changes(controller: Controller, bridge: Bridge) -> int:
    """Return how many changes the newest generation of a bridge took, as the controller logged it."""
    wanted = re.compile(rf"switch {bridge.name} generation {bridge.generation}: (\d+) changes")
    return int(eventually(lambda: wanted.findall(controller.log.read_text()))[-1])


def counters(bridge: Bridge) -> dict[str, tuple[float, int]]:
    """Return the age and the packet count of every flow that is not learned."""
    found = {}
    for line in bridge.ovs.ofctl("dump-flows", bridge.name).splitlines():
        values = re.search(r"(cookie=\S+) duration=([0-9.]+)s, (table=\S+) n_packets=(\d+).*?(priority.*)", line)
        if values:
            cookie, age, table, packets, rest = values.groups()
            found[f"{table} {rest} {cookie}"] = float(age), int(packets)
    return found


UNTAGGED_PORTS = [external(), management(), vm(1), vm(2, spoofing=True)]
VLAN_PORTS = [
    external(),
    vm(1, vlan=trunk("10,20-29", native=5)),
    vm(2, vlan=isolated(100, 101), spoofing=True),
    vm(3, vlan=promiscuous(100, "101-103")),
]
TEAM_PORTS = [member(1), member(2), vm(1), vm(2, spoofing=True, vlan=trunk("10,20-29", native=5))]
PRIORITY_PORTS = [
    external(),
    vm(1, vlan=trunk("10,20-29", native=5), priority=True),
    vm(2, priority=True),
    vm(3, vlan=promiscuous(5, "6-7"), priority=True),
]
POPULATIONS = {
    "Learning": (SWITCH, UNTAGGED_PORTS),
    "Pinned": (PINNED, UNTAGGED_PORTS),
    "Learning, VLANs": (SWITCH, VLAN_PORTS),
    "Pinned, VLANs": (PINNED, VLAN_PORTS),
    "Learning, team": (SWITCH, TEAM_PORTS),
    "Pinned, team": (replace(PINNED, load_balancing=LoadBalancing.DYNAMIC), TEAM_PORTS),
    "Learning, priorities": (SWITCH, PRIORITY_PORTS),
}


def populate(bridge: Bridge, switch: SwitchIntent, intents: list[str]) -> Bridge:
    names = [f"{bridge.name}p{number}" for number in range(1, 5)]
    bridge.create(encode(switch), dict(zip(names, intents, strict=True)))
    bridge.settled()
    bridge.send(names[0], "00:50:56:00:00:01", BROADCAST, "x")
    eventually(lambda: bridge.flows(), lambda flows: "hard_timeout=300, priority" in str(flows))
    return bridge


@pytest.fixture(params=POPULATIONS.values(), ids=POPULATIONS)
def anyhow(bridge: Bridge, request: pytest.FixtureRequest) -> Bridge:
    """A switch, whatever its ports are."""
    return populate(bridge, *request.param)


@pytest.fixture(params=[SWITCH, PINNED], ids=["Learning", "Pinned"])
def populated(bridge: Bridge, request: pytest.FixtureRequest) -> Bridge:
    """A switch whose ports all hear each other."""
    return populate(bridge, request.param, UNTAGGED_PORTS)


def test_same_intent_again_sends_nothing(anyhow: Bridge, controller: Controller) -> None:
    anyhow.transact()
    anyhow.settled()
    assert changes(controller, anyhow) == 0


def test_change_and_undo_leave_the_same_flows(anyhow: Bridge) -> None:
    flows, groups = anyhow.flows(), anyhow.groups()
    device = f"{anyhow.name}p5"
    anyhow.add_ports({device: vm(5)})
    anyhow.settled()
    assert anyhow.flows() != flows
    anyhow.remove_port(device)
    anyhow.settled()
    assert (anyhow.flows(), anyhow.groups()) == (flows, groups)


def test_what_is_installed_reads_back_as_what_was_compiled(anyhow: Bridge, controller: Controller) -> None:
    flows, before = anyhow.flows(), counters(anyhow)
    controller.restart()
    anyhow.reconnect()
    anyhow.transact()
    anyhow.settled()
    assert changes(controller, anyhow) == 0, "the new controller read the flows back and found no difference"
    assert anyhow.flows() == flows
    after = counters(anyhow)
    assert after.keys() == before.keys()
    for flow, (age, packets) in before.items():
        assert after[flow][0] > age, f"re-added: {flow}"
        assert after[flow][1] >= packets


def test_frames_pass_and_are_learned_while_the_controller_is_away(populated: Bridge, controller: Controller) -> None:
    controller.kill()
    populated.send(f"{populated.name}p3", mac(1), BROADCAST, "away")
    others = {f"{populated.name}p{number}" for number in (1, 2, 4)}
    eventually(lambda: populated.received("away"), lambda seen: seen == others)
    controller.start()
    populated.reconnect()
    populated.transact()
    populated.settled()


ISOLATE = stage_named("isolate").number


def test_foreign_flows_and_groups_are_removed_on_connection(populated: Bridge, controller: Controller) -> None:
    flows, groups = populated.flows(), populated.groups()
    controller.kill()
    management_socket = populated.ovs
    management_socket.ofctl("add-flow", populated.name, "table=3,priority=7,ip,nw_dst=10.0.0.1,actions=NORMAL")
    management_socket.ofctl("add-flow", populated.name, "table=200,cookie=0x77,actions=drop")
    management_socket.ofctl("add-group", populated.name, "group_id=99999,type=select,bucket=actions=output:1")
    management_socket.ofctl("del-flows", populated.name, f"table={ISOLATE}")
    controller.start()
    populated.reconnect()
    populated.transact()
    populated.settled()
    assert (populated.flows(), populated.groups()) == (flows, groups)


def test_switch_that_restarts_is_programmed_again(populated: Bridge, ovs: OpenVSwitch) -> None:
    ovs.announce("reconnect|Bad file|listening")
    flows = [flow for flow in populated.flows() if "hard_timeout=300, priority" not in flow]
    ovs.stop_switch()
    ovs.start_switch()
    populated.transact()
    populated.settled()
    eventually(lambda: populated.flows(), lambda seen: seen == flows)


def test_every_change_is_acknowledged_quickly(populated: Bridge, controller: Controller) -> None:
    for intent in (SWITCH, PINNED) * 5:
        populated.change(encode(intent))
        populated.settled()
    line = re.compile(rf"switch {populated.name} generation (\d+): \d+ changes, ([0-9.]+) ms")
    taken = {int(number): float(ms) for number, ms in line.findall(controller.log.read_text())}
    assert list(taken) == sorted(taken)
    assert all(later == earlier + 1 for earlier, later in pairwise(taken))
    assert sorted(taken.values())[len(taken) // 2] < 100, taken


def test_changes_lose_no_frame_of_others(populated: Bridge) -> None:
    """While another VM's settings and the learning mode change, what two VMs send one another arrives."""
    sender, receiver, other = (f"{populated.name}p{number}" for number in (3, 4, 5))
    populated.add_ports({other: vm(5)})
    populated.settled()
    sent = []
    for number in range(24):
        intents = encode(PINNED if number % 2 else SWITCH)
        populated.change(intents) if number % 3 else populated.change_port(other, vm(5, spoofing=number % 2 == 0))
        for part in range(6):  # some before, some while, some after it takes effect
            sent.append(f"frame {number}.{part}")
            populated.send(sender, mac(1), mac(2), sent[-1])
    populated.settled()
    eventually(
        lambda: [payload for payload in sent if receiver not in populated.received(payload)], lambda lost: not lost
    )


PER_COPY = ("isolate", "acl_mac_in", "mirror_in", "output")
"""The stages that a copy for a receiver without access lists passes if it enters at the first of them."""

TWO = SwitchView(SWITCH, (PortView(1, "p1", decode_port(vm(1))), PortView(2, "p2", decode_port(vm(2)))))
BEFORE = worst_visits(compile_switch(TWO).flows, {}) - len(PER_COPY)
"""How many stages a frame passes before it is replicated."""

MOST = (MAX_VISITS - BEFORE) // len(PER_COPY)


@pytest.mark.parametrize("receivers", [MOST, MOST + 1])
def test_compiler_counts_like_open_vswitch(bridge: Bridge, ovs: OpenVSwitch, receivers: int) -> None:
    """A flood that the compiler finds one receiver too large is lost, one that it accepts is not."""
    ovs.announce("over max|resubmits|Too many")
    program = compile_switch(TWO)
    buckets = tuple((SetRegister(RECEIVER, number), Consult("isolate")) for number in range(1, receivers + 1))
    group = Group(UNTAGGED, "everyone", buckets)
    visits = worst_visits(program.flows, {group.group_id: group})
    assert visits == BEFORE + len(PER_COPY) * receivers
    ovs.vsctl("add-br", bridge.name, "--", "set", "Bridge", bridge.name, "fail_mode=secure", "datapath_type=dummy")
    last = BEFORE + len(PER_COPY) - 1
    forward = [number for number in range(last) if number != BEFORE - 1]
    steps = [f"table={number},actions=goto_table:{number + 1}" for number in forward]
    for step in (*steps, f"table={last},actions=local"):
        ovs.ofctl("add-flow", bridge.name, step)
    ovs.ofctl("add-group", bridge.name, "group_id=1,type=all" + f",bucket=actions=resubmit(,{BEFORE})" * receivers)
    ovs.ofctl("add-flow", bridge.name, f"table={BEFORE - 1},actions=group:1")
    trace = ovs.appctl("ofproto/trace", bridge.name, "in_port=1")
    assert ("over 4096 resubmit actions" in trace) == (visits > MAX_VISITS), trace[-400:]
