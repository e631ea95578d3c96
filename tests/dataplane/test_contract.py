"""The contract in OVSDB: generations, faults and their end, ports that come late."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lab.intent import INTENT_VERSION, encode
from tests.dataplane.controller import Controller
from tests.dataplane.intents import BROADCAST, PINNED, SWITCH, mac, vm
from tests.dataplane.ovs import Bridge, OpenVSwitch
from tests.eventually import eventually

VERSION = f'"version":{INTENT_VERSION}'


@pytest.fixture
def ports(bridge: Bridge) -> list[str]:
    names = [f"{bridge.name}p{number}" for number in (1, 2)]
    bridge.create(encode(SWITCH), {name: vm(number) for number, name in enumerate(names, start=1)})
    bridge.settled()
    return names


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (encode(SWITCH).replace(VERSION, '"version":99'), f"SwitchIntent has version 99, expected {INTENT_VERSION}"),
        ("not json", "SwitchIntent is not JSON"),
        (encode(replace(SWITCH, ageing_s=0)), 'ageing time of switch "External" is 0 s, expected 1 to 65535'),
    ],
    ids=["version", "json", "range"],
)
def test_bad_switch_intent_is_a_fault_and_keeps_the_flows(
    bridge: Bridge, ports: list[str], document: str, words: str
) -> None:
    before = bridge.flows()
    bridge.change(document)
    assert words in bridge.faulted()
    assert bridge.state()["applied"] == str(bridge.generation - 1)
    assert bridge.flows() == before
    bridge.change(encode(SWITCH))
    bridge.settled()
    assert bridge.flows() == before


def test_bad_port_intent_names_the_port(bridge: Bridge, ports: list[str]) -> None:
    bridge.change_port(ports[1], vm(2).replace(VERSION, '"version":7'))
    assert f'port "{ports[1]}": PortIntent has version 7' in bridge.faulted()
    bridge.change_port(ports[1], vm(2))
    bridge.settled()


def test_fault_outlives_the_controller_and_ends_with_its_cause(
    bridge: Bridge, ports: list[str], controller: Controller
) -> None:
    bridge.change("{}")
    bridge.faulted()
    controller.restart()
    bridge.reconnect()
    bridge.change(encode(PINNED))
    bridge.settled()


def test_many_generations_end_at_the_newest(bridge: Bridge, ports: list[str]) -> None:
    for number in range(20):
        bridge.change(encode(PINNED if number % 2 else SWITCH))
    bridge.settled()
    assert f"dl_dst={mac(1)}" in str(bridge.flows()), "the last of them was Pinned"


def test_generation_waits_for_a_port_without_a_number(bridge: Bridge, ports: list[str], ovs: OpenVSwitch) -> None:
    ovs.announce("could not open network device .*nodev|could not set configuration|nodev")
    device = f"{bridge.name}nodev"
    bridge.add_ports({device: vm(3)})
    ovs.vsctl("--no-wait", "set", "Interface", device, "type=no-such-type")
    bridge.change(encode(PINNED))
    eventually(lambda: bridge.flows(), lambda flows: f"dl_dst={mac(1)}" in str(flows))
    assert bridge.state() == {"applied": str(bridge.generation - 2)} or bridge.state()["applied"] < str(
        bridge.generation
    )
    bridge.remove_port(device)
    bridge.settled()


def test_port_without_intent_is_not_connected(bridge: Bridge, ports: list[str], ovs: OpenVSwitch) -> None:
    stray = f"{bridge.name}p9"
    ovs.vsctl("add-port", bridge.name, stray, "--", "set", "Interface", stray, "type=dummy", "ofport_request=9")
    frame = f"in_port=9,dl_src={mac(9)},dl_dst={BROADCAST},dl_type=0x1234"
    assert "Datapath actions: drop" in ovs.appctl("ofproto/trace", bridge.name, frame)


def test_database_that_restarts_is_watched_again(bridge: Bridge, ports: list[str], ovs: OpenVSwitch) -> None:
    ovs.announce("reconnect|db.sock")
    ovs.restart_database()
    bridge.change(encode(PINNED))
    bridge.settled()


def test_new_instance_is_found_when_its_switch_connects(controller: Controller, ovs: OpenVSwitch) -> None:
    with OpenVSwitch(ovs.directory.parent / "hv2") as second:
        (second.directory / "of.sock").symlink_to(ovs.directory / "of.sock")
        bridge = Bridge(second, "second", f"unix:{second.directory / 'of.sock'}")
        bridge.create(encode(SWITCH), {"secondp1": vm(1)})
        bridge.settled()
        assert second.unannounced_warnings() == []


def test_refusal_names_the_flow_its_feature_and_its_object(bridge: Bridge, ports: list[str], ovs: OpenVSwitch) -> None:
    before = bridge.flows()
    limit = ["--", "--id=@t", "create", "Flow_Table", "flow_limit=3", "overflow_policy=refuse"]
    ovs.vsctl(*limit[1:], "--", "set", "Bridge", bridge.name, "flow_tables:0=@t")
    device = f"{bridge.name}p3"
    bridge.add_ports({device: vm(3)})
    fault = bridge.faulted()
    assert "the switch refused to add flow classify 10000 in_port=3 -> goto guard_check" in fault
    assert '(feature classify of "vm3/Network Adapter"): OFPET_FLOW_MOD_FAILED OFPFMFC_TABLE_FULL' in fault
    assert bridge.flows() == before, "all or nothing"
    ovs.vsctl("clear", "Bridge", bridge.name, "flow_tables")
    bridge.transact()
    bridge.settled()


def test_controller_has_no_tcp_socket(bridge: Bridge, ports: list[str], controller: Controller) -> None:
    descriptors = [_target(path) for path in Path(f"/proc/{controller.pid}/fd").iterdir()]
    own = {target[8:-1] for target in descriptors if target.startswith("socket:[")}
    tables = ("tcp", "tcp6", "udp", "udp6")
    inet = {line.split()[9] for table in tables for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]}
    assert own
    assert not own & inet


def _target(descriptor: Path) -> str:
    try:
        return str(descriptor.readlink())
    except FileNotFoundError:
        return ""  # it has been closed meanwhile
