"""The controller: what it hears while traffic flows, how fast a change is in force, and what that costs others."""

from __future__ import annotations

import gc
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest

from controllers.compiler import compile_switch
from controllers.view import PortView, SwitchView
from lab.emulation import running
from lab.emulation.netns import Program, run_programs
from lab.emulation.observe import pids
from lab.engine.session import Session
from lab.intent import PortIntent, PortKind, SwitchIntent, SwitchType
from lab.model.acl import AclAction, AclDirection, AclSide, PortAcl
from lab.model.load import load
from lab.model.objects import LabModel
from tests.bench.conftest import ROUNDS, Record
from tests.bench.figures import Goal, compare
from tests.bench.labs import one_switch
from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.labs import RunningLab

QUIET_SECONDS = 60
TALKERS = 50
FLOOD = 60_000
PORTS = 200


def test_messages_to_the_controller(lab: LabOf, record: Record) -> None:
    """Everything that passes between switch and controller, by `ovs-ofctl snoop`; keep-alives are counted apart."""
    with lab(one_switch(TALKERS)) as office:
        model = load(office.file, name=office.name, parameters={})
        quiet, busy = running.work(office.pod, lambda step: None, lambda session: listen(session, office, model))
    assert kinds(busy), "a change was not heard: the measurement proves nothing"
    alive = [kind for kind in kinds(quiet) if "ECHO" in kind or "BARRIER" in kind]
    title = f"messages to the controller in {QUIET_SECONDS} s of traffic among {TALKERS} VMs"
    record(compare(title, "", [len(kinds(quiet)) - len(alive)], None, Goal(0)))
    record(compare("… keep-alives beside them", "", [len(alive)], None, None))


def kinds(heard: str) -> list[str]:
    """Return the kind of each message that `ovs-ofctl snoop` printed."""
    return re.findall(r"^(\w+) \(OF1\.3\)", heard, re.MULTILINE)


def listen(session: Session, office: RunningLab, model: LabModel) -> tuple[str, str]:
    """Return what passes while every VM pings its neighbour ten times a second, and what a change adds to it."""
    numbers = pids(office.pod)
    (socket,) = Path("/run/hvlab/ovs/hv1").glob("*.snoop")
    heard = Path("/run/hvlab/heard")
    with heard.open("w") as output:
        listener = subprocess.Popen(
            ("ovs-ofctl", "-O", "OpenFlow13", "snoop", f"unix:{socket}"),
            stderr=output, env=os.environ | {"OVS_RUNDIR": str(heard.parent)},
        )  # fmt: skip
    pings = [
        Program(numbers[f"vm{at}"], ("ping", "-q", "-i", "0.1", "-w", str(QUIET_SECONDS), f"10.0.0.{at + 2}"))
        for at in range(TALKERS - 1)
    ]
    answers = run_programs(pings, timeout_s=QUIET_SECONDS + 30)
    assert all(code == 0 for code, _ in answers), [text for code, text in answers if code]
    quiet = heard.read_text()
    session.apply(spoofing(model, on=True), str(office.file), {})
    busy = eventually(lambda: heard.read_text().removeprefix(quiet))
    listener.kill()
    listener.wait()
    return quiet, busy


@pytest.fixture(scope="module")
def large(lab: LabOf) -> Iterator[RunningLab]:
    with lab(one_switch(PORTS)) as found:
        yield found


def test_one_setting(large: RunningLab, record: Record) -> None:
    """MacAddressSpoofing of one adapter, changed in a session that is in the lab already: until acknowledged."""
    model = load(large.file, name=large.name, parameters={})

    def change(session: Session) -> float:
        """Change it twice, and return the seconds of one change."""
        began = time.monotonic()
        for on in (True, False):
            session.apply(spoofing(model, on=on), str(large.file), {})
        return (time.monotonic() - began) / 2

    def flooded(session: Session) -> int:
        """Return how many pings among others were lost meanwhile."""
        words = ("nsenter", "-t", str(pids(large.pod)["vm1"]), "-n", "ping", "-f", "-q", "-c", str(FLOOD), "10.0.0.3")
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as flood:
            changes = 0
            while flood.poll() is None:
                change(session)
                changes += 1
            sent, received = map(int, re.findall(r"(\d+) (?:packets transmitted|received)", flood.communicate()[0]))
        assert changes >= ROUNDS, f"only {changes} changes during {sent} pings"
        return sent - received

    def act(session: Session) -> tuple[list[float], int]:
        change(session)
        return [change(session) for _ in range(ROUNDS)], flooded(session)

    seconds, lost = running.work(large.pod, lambda step: None, act)
    title = f"one setting changed on a switch with {PORTS} ports, until acknowledged"
    record(compare(title, "ms", seconds, None, Goal(150)))
    record(compare("… lost of a flood ping among others meanwhile", "", [lost], None, Goal(0)))


LISTED, ENTRIES = 50, 200


def test_access_lists(large: RunningLab, record: Record) -> None:
    """Many entries, from nothing to acknowledged, and away again."""
    model = load(large.file, name=large.name, parameters={})
    host = model.hosts[0]
    entries = tuple(
        PortAcl(AclAction.DENY, AclDirection.INBOUND, AclSide.REMOTE, ip_network(f"10.77.{number}.0/24"))
        for number in range(ENTRIES)
    )
    vms = [replace(vm, adapters=(replace(vm.adapters[0], acls=entries),)) for vm in host.vms[:LISTED]]
    listed = replace(model, hosts=(replace(host, vms=(*vms, *host.vms[LISTED:])),))

    def act(session: Session) -> list[float]:
        seconds = []
        for _ in range(ROUNDS):
            began = time.monotonic()
            session.apply(listed, str(large.file), {})
            seconds.append(time.monotonic() - began)
            session.apply(model, str(large.file), {})
        return seconds

    seconds = running.work(large.pod, lambda step: None, act)
    title = f"{ENTRIES} ACL entries on each of {LISTED} adapters, until acknowledged"
    record(compare(title, "s", seconds, None, Goal(1)))


def spoofing(model: LabModel, *, on: bool) -> LabModel:
    """Return the model with MacAddressSpoofing of the first VM's adapter on or off."""
    host = model.hosts[0]
    vm = host.vms[0]
    adapter = replace(vm.adapters[0], mac_spoofing=on)
    return replace(model, hosts=(replace(host, vms=(replace(vm, adapters=(adapter,)), *host.vms[1:])),))


def test_compiler(record: Record) -> None:
    few, many = [], []
    small, large = switch(100), switch(1000)
    gc.freeze()  # as the controller does when it has started
    for _ in range(ROUNDS):
        few.append(seconds_of(lambda: compile_switch(small)))
        many.append(seconds_of(lambda: compile_switch(large)))
    record(compare("flows compiled for 1,000 ports / for 100 ports", "ms", many, few, Goal(12)))
    gc.unfreeze()


def switch(ports: int) -> SwitchView:
    """Return a switch with that many VMs."""
    views = tuple(
        PortView(
            number, f"port{number}",
            PortIntent(f"vm{number}", PortKind.VM, mac=f"02:00:00:00:{number // 250:02x}:{number % 250:02x}"),
        )
        for number in range(1, ports + 1)
    )  # fmt: skip
    return SwitchView(SwitchIntent("Private", "hv1", SwitchType.PRIVATE), views)


def seconds_of(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began
