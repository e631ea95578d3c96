"""Every process of a lab is killed, at rest and under traffic: what is lost, for how long, and what brings it back.

The processes are those that the pod has; a new one is covered as soon as it is there. Programs are restarted by the
lab's first process, machines are made again by `hvlab apply`, and the death of the first process is the lab's.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.faults.places import MORE, PAIR
from tests.system.faults.processes import belongings, is_machine, kill, listed
from tests.system.faults.traffic import Loss, path
from tests.system.labs import Hvlab, RunningLab, comm, difference, machine_leftovers, pinging
from tests.system.pods import processes_below

pytestmark = pytest.mark.system

Announce = Callable[[str], None]

HEALS_WITHIN_S = 10.0
FORWARDS_WITHIN_S = 2.0
DATABASE_WITHIN_S = 0.9
INSIDE, OUTSIDE = "from VM to VM", "from a VM to a physical computer"
# What Open vSwitch and the controller say of one another's death.
LOSS = (
    r"connection (closed|dropped|failed|attempt failed|reset)|Connection (refused|reset)|Broken pipe|"
    r"No such file or directory|is not connected|receive error|send error|End of file|Bad file descriptor|"
    r"Dropped \d+ log messages"
)
# What Open vSwitch says when a device goes that is still its port.
DEVICE_LOSS = r"\|(netdev_linux|dpif_netdev|bridge)\|(WARN|ERR)\|.*(Network is down|No such device)"

# What Open vSwitch says when `apply` ends what is left of it on a machine that has died.
ENDED = r"terminating with signal 15"


@pytest.fixture(scope="module")
def pair(lab: LabOf) -> Iterator[RunningLab]:
    """Every test leaves it as it was."""
    with lab(PAIR) as found:
        found.agrees()
        yield found


def programs(lab: RunningLab) -> list[str]:
    return [name for name in sorted(listed(lab)) if not is_machine(lab, name)]


def machines(lab: RunningLab) -> list[str]:
    return [name for name in sorted(listed(lab)) if is_machine(lab, name)]


def killed(lab: RunningLab, name: str) -> None:
    """Kill a program, and wait until it is running again."""
    restarts = lab.pod.processes()[name].restarts
    kill(lab, name)
    eventually(
        lambda: lab.pod.processes()[name],
        lambda now: now.restarts == restarts + 1 and now.state == "running",
        timeout=HEALS_WITHIN_S,
    )


# Programs


def test_there_are_programs_and_machines(pair: RunningLab) -> None:
    """Otherwise these tests would kill nothing."""
    assert {name.partition("@")[0] for name in programs(pair)} >= {"controller", "ovsdb-server", "ovs-vswitchd"}
    assert {"hv1", "web1", "web2", "pc1"} <= set(machines(pair))


@pytest.mark.alone
def test_what_the_death_of_each_program_costs(pair: RunningLab, announce: Announce) -> None:
    announce(LOSS)
    for name, losses in lost_by_programs(pair).items():
        program, _, node = name.partition("@")
        for where, loss in losses.items():
            said = f"{name}, {where}: {loss}"
            if program == "controller" or (node == "physical.networks" and where == INSIDE):
                assert loss.packets == 0, said
            # Left to itself, ovs-vswitchd would wait for a second before it looks for another database server.
            assert loss.silence_s < (DATABASE_WITHIN_S if program == "ovsdb-server" else FORWARDS_WITHIN_S), said
            assert loss.transfer_silence_s < 2 * FORWARDS_WITHIN_S, said


def lost_by_programs(lab: RunningLab) -> dict[str, dict[str, Loss]]:
    """Kill every program once under traffic, and return what each path lost by it; the transfers survive all of it."""
    found: dict[str, dict[str, Loss]] = {}
    with path(lab, "web1", "web2", "192.168.1.32") as inside, path(lab, "web1", "pc1", "192.168.1.10") as outside:
        paths = {INSIDE: inside, OUTSIDE: outside}
        for name in programs(lab):
            since = time.time()
            killed(lab, name)
            lab.healthy(timeout=HEALS_WITHIN_S)
            for each in paths.values():
                each.advance()
            found[name] = {where: each.lost(since) for where, each in paths.items()}
    lab.remember()
    return found


def test_every_program_comes_back_and_takes_commands_at_once(pair: RunningLab, announce: Announce) -> None:
    announce(LOSS)
    flows, settings = pair.switches(), pair.addresses()
    for name in programs(pair):
        kill(pair, name)
        pair.apply(MORE)
        pair.exec("web1", "ping", "-c1", "-W2", "192.168.1.33")
        kill(pair, name)
        pair.apply(PAIR)
        assert difference(flows, pair.switches())[:4] == [], name
        assert difference(settings, pair.addresses())[:4] == [], name
    pair.agrees()
    pair.healthy(timeout=HEALS_WITHIN_S)
    pair.remember()


def test_the_database_s_death_loses_no_packet(pair: RunningLab, announce: Announce) -> None:
    """While nothing is forwarded, packets wait in the sockets of the ports."""
    announce(LOSS)
    with pinging(pair, "web1", "192.168.1.10"):
        for name in programs(pair):
            if name.startswith("ovsdb-server"):
                killed(pair, name)
                pair.healthy(timeout=HEALS_WITHIN_S)


def test_the_controller_s_death_loses_no_packet_of_a_flood(pair: RunningLab, announce: Announce) -> None:
    announce(LOSS)
    with flooding(pair, "web1", "192.168.1.32"):
        for _ in range(2):
            killed(pair, "controller")
            # It takes commands again, which needs the connections to all switches.
            pair.apply(MORE)
            pair.apply(PAIR)


@contextlib.contextmanager
def flooding(lab: RunningLab, node: str, target: str) -> Iterator[None]:
    """`ping -f` as long as the block lasts; not one packet may be lost."""
    arguments = ("--lab", lab.name, "exec", node, "--", "ping", "-n", "-q", "-f", target)
    process = lab.hvlab.start(*arguments, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)

    def ping() -> int:
        return next((pid for pid in processes_below(process.pid) if comm(pid) == "ping"), 0)

    try:
        eventually(ping)
        yield
        os.kill(ping(), signal.SIGINT)
        out, _ = process.communicate(timeout=10)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    numbers = re.search(rb"(\d+) packets transmitted, (\d+) received", out)
    assert numbers, out
    sent, received = int(numbers[1]), int(numbers[2])
    assert sent > 500, out
    assert sent - received <= 1, f"{sent} sent, {received} received; only the last may be on its way"


# Machines


# Between which machines a ping must not lose a packet, and whose deaths it feels.
WATCHED = {
    ("web1", "192.168.1.32"): {"web1", "web2", "hv1"},
    ("web1", "192.168.1.10"): {"web1", "pc1", "hv1", "physical.networks"},
}


def test_a_machine_s_death_is_its_own_and_apply_brings_it_back(pair: RunningLab, announce: Announce) -> None:
    announce(f"{DEVICE_LOSS}|{LOSS}|{ENDED}")
    for name in machines(pair):
        unconcerned = [pings for pings, concerned in WATCHED.items() if name not in concerned]
        with pinging(pair, *unconcerned[0]) if unconcerned else contextlib.nullcontext():
            kill(pair, name)
            told = eventually(lambda: pair("status", check=None), lambda done: done.code == 1, timeout=5.0)
            assert f'hvlab: "{name}" has ended; `hvlab apply {pair.file}` starts it again' in told.err.splitlines()
            plan = pair("apply", pair.file, "--json").json()
            assert plan["changes"] == []
            assert any("missing in the running lab" in step["reason"] for step in plan["steps"]), name
        pair.agrees()
        pair.remember()
    assert pair("apply", pair.file).out.startswith("nothing to do")


def test_a_vm_that_has_died_is_missing_and_its_neighbours_are_not(pair: RunningLab, announce: Announce) -> None:
    announce(f"{DEVICE_LOSS}|{LOSS}")
    kill(pair, "web2")
    status = eventually(lambda: pair("status", "--json", check=None), lambda done: done.code == 1, timeout=5.0)
    assert {each["machine"] for each in status.json()["adapters"] if "missing" in each["status"]} == {"web2"}
    pair("apply", pair.file)
    assert pair.status()["state"] == "running"
    pair.remember()


def test_a_guest_cannot_end_its_vm_s_first_process(pair: RunningLab) -> None:
    before = pair.pod.processes()["web1"]
    pair.exec("web1", "kill", "-9", "1", check=None)
    assert pair.pod.processes()["web1"] == before


def test_what_somebody_broke_by_hand_is_repaired_by_apply(pair: RunningLab, announce: Announce) -> None:
    announce(DEVICE_LOSS)
    flows, settings = pair.switches(), pair.addresses()
    pair.exec("web1", "ip", "addr", "flush", "dev", "eth0")
    pair.exec("web2", "ip", "link", "set", "eth0", "down")
    pair.exec("hv1", "ip", "addr", "del", "192.168.1.20/24", "dev", "vE-External")
    pair.exec("pc1", "ip", "link", "del", "eth0")
    pair("matrix", check=1)
    plan = pair("apply", pair.file, "--json").json()
    assert plan["changes"] == []
    assert all("running lab" in step["reason"] or "goes with" in step["reason"] for step in plan["steps"]), plan
    pair.agrees()
    assert difference(flows, pair.switches())[:4] == []
    assert difference(settings, pair.addresses())[:4] == []


# The first process


def test_the_first_process_takes_the_whole_lab_along(hvlab: Hvlab, lab: LabOf) -> None:
    before = machine_leftovers()
    with lab(PAIR) as found:
        # Programs of guests, in sessions of their own, go too.
        found.exec("web1", "sh", "-c", "setsid sleep 1000 >/dev/null 2>&1 </dev/null &")
        found.remember()
        owned = belongings(found)
        assert len(owned.namespaces) > 10
        os.kill(found.pod.pid, signal.SIGKILL)
        eventually(found.survivors, lambda left: not left, timeout=HEALS_WITHIN_S)
        eventually(owned.left, lambda left: not left, timeout=HEALS_WITHIN_S)
        after = machine_leftovers()
        assert {kind: [each for each in after[kind] - before[kind] if found.name in each] for kind in after} == {
            "files": [], "mounts": [],
        }  # fmt: skip
        assert found.name not in Path("/proc/net/unix").read_text()
        assert found.name not in {each["name"] for each in hvlab("list", "--json").json()}
        assert hvlab("status", found.name, check=2).err.startswith(f'hvlab: no lab is called "{found.name}"')
        # The name is free.
        hvlab("up", found.file, "--name", found.name)
        hvlab("down", found.name)
