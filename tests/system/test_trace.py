"""`hvlab trace` on running labs: what the switches say against the oracle, and against real packets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lab.emulation import ovs
from lab.emulation.netns import Program, run_programs
from lab.emulation.observe import pids
from lab.emulation.pod import pod as pods
from lab.emulation.tracing import ControllerGlossary, PodLab, control
from lab.engine import state as states
from lab.engine.resources import PHYSICAL
from lab.engine.state import STATE_FILE
from lab.engine.trace.names import Ends
from lab.engine.trace.tracer import Question, trace
from lab.model.reachability import Oracle, endpoints
from tests.eventually import eventually
from tests.system.commands import CommandLine, up
from tests.unit.test_topologies import FILES

pytestmark = [pytest.mark.system, pytest.mark.switching]

LEARNED = "cookie=0x4803000000000000/0xffff000000000000"
STRANGER = "02:00:00:00:00:99"


@pytest.fixture(scope="module")
def three_switches() -> Iterator[CommandLine]:
    with up("three_switches") as lab:
        yield lab


@pytest.fixture(scope="module")
def dedicated_nic() -> Iterator[CommandLine]:
    with up("dedicated_nic") as lab:
        yield lab


def disagreements(name: str) -> list[str]:
    """Trace every ordered pair of a running lab, and return those about which trace and oracle disagree."""
    pod = pods.get(name)
    state = states.read(pod.path(STATE_FILE))
    assert state
    model = state.model

    def inside() -> list[str]:
        lab, wrong = PodLab(pids(pod)), []
        for version in (4, 6):
            oracle = Oracle(model, version)
            for one in endpoints(model):
                for other in endpoints(model):
                    if one.node == other.node:
                        continue
                    question = Question(Ends(one, other, other.address(version), version))
                    found = trace(model, state.allocation, lab, ControllerGlossary(), question)
                    predicted = oracle.predict(one, other)
                    if (found.arrives, found.notes) != (predicted.reachable, ()):
                        wrong.append(f"{one.name} -> {other.name}, IPv{version}: {found.verdict}; {predicted}")
        return wrong

    return pod.run_inside(inside)


@pytest.mark.parametrize("topology", [file.stem for file in FILES])
def test_the_verdict_on_every_pair_is_the_oracles(topology: str) -> None:
    with up(topology, *(["--set", "vms=4"] if topology == "classroom" else [])) as lab:
        assert disagreements(lab.lab) == []


def forget(lab: CommandLine, host: str, bridge: str) -> None:
    """Let a switch forget what it learned."""
    pod = pods.get(lab.lab)
    socket = f"unix:{ovs.directory(host)}/{bridge}.mgmt"
    command = ["ovs-ofctl", "--timeout=10", "-OOpenFlow13", "del-flows", socket, LEARNED]
    ((code, output),) = pod.run_inside(lambda: run_programs([Program(pids(pod)[host], command)]))
    assert code == 0, output


def unlearned(lab: CommandLine, bridge: str, source: str, target: str) -> Any:
    """Return a trace to a machine that the switch does not know; it may send a frame of its own at any moment."""

    def attempt() -> Any:
        forget(lab, "hv1", bridge)
        return lab.json("trace", source, target)["request"]["hops"][0]["crossings"][0]

    return eventually(attempt, lambda crossing: "has not learned where" in crossing["decision"])


def test_an_address_is_unknown_until_its_owner_sends(three_switches: CommandLine) -> None:
    assert three_switches.run("exec", "db1", "--", "ping", "-c1", "-W2", "10.0.2.12").returncode == 0
    crossing = unlearned(three_switches, "sw.Private", "db1", "db2")
    assert crossing["receivers"] == ["db2/Network Adapter"]
    assert crossing["to"] == "db2/Network Adapter"
    assert three_switches.run("exec", "db1", "--", "ping", "-c1", "-W2", "10.0.2.12").returncode == 0

    def decision() -> str:
        # Frames that take a way which Open vSwitch has at hand are learned from when it looks after its ways.
        hops = three_switches.json("trace", "db1", "db2")["request"]["hops"]
        return str(hops[0]["crossings"][0]["decision"])

    eventually(decision, lambda found: "is learned at port 2, db2/Network Adapter" in found)


def test_an_unknown_address_reaches_every_other_port(three_switches: CommandLine) -> None:
    crossing = unlearned(three_switches, "sw.External", "web1", "web2")
    assert crossing["receivers"] == ["hv1/Ethernet (the wire)", "hv1/vEthernet (External)", "web2/Network Adapter"]
    assert "so every other port gets a copy" in crossing["decision"]
    assert crossing["to"] == "web2/Network Adapter"


def test_nothing_is_learned_from_a_trace(three_switches: CommandLine) -> None:
    pod = pods.get(three_switches.lab)

    def ask() -> str:
        lab = PodLab(pids(pod))
        frame = f"icmp,dl_src={STRANGER},dl_dst=ff:ff:ff:ff:ff:ff"
        assert lab.ask("hv1", "sw.External", f'in_port="web1-eth0",{frame}').outputs
        assert lab.ask(PHYSICAL, "net.office", f'in_port="pc1",{frame}').outputs
        return control(str(ovs.directory(PHYSICAL) / "ovs-vswitchd.ctl"), "fdb/show", "net.office")

    assert STRANGER not in pod.run_inside(ask)
    assert STRANGER.replace(":", "") not in str(three_switches.json("learned")).lower()


def test_a_trace_names_every_stage_and_whose_flow_decided(three_switches: CommandLine) -> None:
    found = three_switches.json("trace", "web1", "internet")
    first = found["request"]["hops"][0]["crossings"][0]
    assert [stage["name"] for stage in first["stages"]][:3] == ["classify", "guard_check", "guard_apply"]
    assert first["stages"][0]["object"] == "web1/Network Adapter"
    assert all(stage["does"] and stage["feature"] for stage in first["stages"])
    assert [hop["machine"] for hop in found["request"]["hops"]] == ["web1", "office-router"]
    assert found["arrives"]
    assert found["reply"]["lost"] is None


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["web1", "pc1"], 0, "✓ ICMP echo request arrives and is answered"),
        (["web1", "pc1", "--tcp", "80"], 0, "✓ TCP SYN to port 80 arrives"),
        (["hv1/External", "203.0.113.80", "--udp", "53"], 0, "translates the source 192.168.1.20"),
        (["db1", "web1"], 1, '✗ ICMP echo request does not arrive: switch "Private" of "hv1" is a private switch'),
        (["web1", "192.168.1.77"], 1, "nobody answers"),
        (["web1", "pc1", "-6"], 1, '"web1" has no IPv6 address'),
    ],
)
def test_the_last_line_is_the_verdict(three_switches: CommandLine, arguments: list[str], code: int, words: str) -> None:
    done = three_switches.run("trace", *arguments)
    assert (done.returncode, words in done.stdout) == (code, True), done.stdout + done.stderr


@pytest.mark.parametrize(
    "arguments",
    [["web1", "nobody"], ["web1", "web1"], ["web1", "web2", "--tcp", "0"], ["web1", "web2", "--icmp", "--tcp", "1"]],
)
def test_bad_input_is_one_clear_error(three_switches: CommandLine, arguments: list[str]) -> None:
    done = three_switches.run("trace", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_a_forged_address_is_dropped_as_spoofed(dedicated_nic: CommandLine) -> None:
    assert dedicated_nic.run("trace", "web1", "web2").returncode == 0
    dedicated_nic.said("exec", "web1", "--", "ip", "link", "set", "eth0", "address", STRANGER)
    done = dedicated_nic.run("trace", "web1", "web2")
    assert done.returncode == 1
    assert "was changed inside the machine to 020000000099" in done.stdout
    assert "dropped, reason 16: spoofed MAC" in done.stdout
    assert '-VMName "web1" -Name "Network Adapter" -MacAddressSpoofing On' in done.stdout
    assert dedicated_nic.run("exec", "web1", "--", "ping", "-c1", "-W1", "192.168.1.32").returncode != 0
    done = dedicated_nic.run("trace", "web2", "web1")
    assert "no adapter has 020000000099" in done.stdout
    assert "and not to web1/Network Adapter" in done.stdout


def test_a_port_that_nobody_listens_on_is_noted(dedicated_nic: CommandLine) -> None:
    note = "no program of pc1 listens on TCP port 8080"
    assert note in dedicated_nic.said("trace", "web2", "pc1", "--tcp", "8080")
    with dedicated_nic.started("exec", "pc1", "--", "python3", "-m", "http.server", "8080"):
        eventually(lambda: dedicated_nic.said("trace", "web2", "pc1", "--tcp", "8080"), lambda said: note not in said)
    assert "no program of pc1 listens on UDP port 53" in dedicated_nic.said("trace", "web2", "pc1", "--udp", "53")


def test_an_adapter_disabled_by_its_guest_is_named(dedicated_nic: CommandLine) -> None:
    dedicated_nic.said("exec", "web2", "--", "ip", "link", "set", "eth0", "down")
    done = dedicated_nic.run("trace", "pc1", "web2")
    assert done.returncode == 1
    assert "hvlab exec web2 -- ip link set eth0 up" in done.stdout
    dedicated_nic.said("exec", "web2", "--", "ip", "link", "set", "eth0", "up")
    assert dedicated_nic.run("trace", "pc1", "web2").returncode == 0
