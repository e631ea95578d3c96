"""What a program in a machine may do to the machine it runs on: nothing; and to its own network: everything."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from lab.emulation.net import attach
from lab.emulation.pod.init.privileges import KEPT
from lab.emulation.pod.process import Process
from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.faults import attempts
from tests.system.labs import RunningLab
from tests.system.pods import ROOT, log_of, python

pytestmark = pytest.mark.system

TOPOLOGY = """
from lab import Lab

lab = Lab("privileges", interruption_s=0)
office = lab.physical_network("office", "192.168.1.0/24", router="192.168.1.1")
office.computer("pc1", "192.168.1.10")
hv1 = lab.host("hv1")
hv1.nic("Ethernet", office, "192.168.1.20")
hv1.external_switch("External", nic="Ethernet")
hv1.vm("web1", "External", "192.168.1.31")
hv1.vm("web2", "External", "192.168.1.32")
"""
NODES = ("web1", "hv1", "pc1", "office-router")
AS_ROOT = os.geteuid() == 0
SCRIPT = Path(attempts.__file__).read_text()
SHOW = ("sh", "-c", "grep -h Cap /proc/self/status; cat /proc/self/oom_score_adj")

# What works for whoever has entered a machine by himself, without hvlab's taking his rights away. That shows that the
# attempts are good ones. Kernels differ in the rest.
ONCE_ALLOWED = ("mount", "unmount /run", "unmount /proc", "unmount /sys", "make a mount namespace", "set the host name")
ONCE_ALLOWED_TO_ROOT = (
    "make a device file", "write the machine's settings", "open a file by its handle", "make a network",
    "set the clock", "raise its priority", "be served in real time",
)  # fmt: skip


@pytest.fixture(scope="module")
def running(lab: LabOf) -> Iterator[RunningLab]:
    with lab(TOPOLOGY) as found:
        yield found


@pytest.fixture(scope="module")
def tried(running: RunningLab) -> Any:
    """`tried(node)` is what became of each attempt in a machine."""

    @cache
    def attempt(node: str) -> dict[str, str]:
        found: dict[str, str] = json.loads(running.exec(node, sys.executable, "-c", SCRIPT).out)
        return found

    return attempt


@pytest.mark.parametrize("thing", attempts.REFUSED)
@pytest.mark.parametrize("node", NODES)
def test_no_program_of_a_machine_can(tried: Any, node: str, thing: str) -> None:
    assert tried(node)[thing]


@pytest.mark.parametrize("thing", attempts.NEEDED)
@pytest.mark.parametrize("node", NODES)
def test_a_program_of_a_machine_can(tried: Any, node: str, thing: str) -> None:
    assert tried(node)[thing] == ""


@pytest.mark.skipif(not AS_ROOT, reason="in an ordinary user's lab there is one user")
@pytest.mark.parametrize("thing", attempts.NEEDED_AMONG_USERS)
def test_in_root_s_lab_a_program_of_a_machine_can(tried: Any, thing: str) -> None:
    assert tried("web1")[thing] == ""


def test_it_is_hvlab_that_takes_the_rights_away(running: RunningLab) -> None:
    """Enter a machine that nobody was in as hvlab does, but for the last step, and try the same."""
    code = """
import os
from lab.emulation.pod import pod, work
from lab.emulation.pod.enter import Namespaces
lab = pod.get(sys.argv[1])
namespaces = Namespaces.of(lab.path(f"/proc/{lab.processes()['web2'].pid}"))
sys.exit(work.execute(namespaces, (sys.executable, "-c", sys.argv[2]), os.environ, "web2"))
"""
    command = python(code, running.name, SCRIPT)
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    expected = ONCE_ALLOWED + (ONCE_ALLOWED_TO_ROOT if AS_ROOT else ())
    assert {thing: found[thing] for thing in expected if found[thing]} == {}


# Every way in


def by_exec(running: RunningLab) -> str:
    return running.exec("web1", *SHOW).out


def by_run_inside(running: RunningLab) -> str:
    return running.run_inside(lambda: subprocess.run(SHOW, capture_output=True, text=True, check=True).stdout, "web1")


def by_mininet(running: RunningLab) -> str:
    with attach(running.name) as net:
        said: str = net.get("web1").popen(list(SHOW), text=True).communicate()[0]
        assert "".join(said.split()) == "".join(net.get("web1").cmd(shlex.join(SHOW)).split())
    return said


def by_spawn(running: RunningLab) -> str:
    process = Process(
        name="shown",
        argv=SHOW,
        enter=dict.fromkeys(("net", "mnt", "pid", "uts"), "web1"),
        log="/run/hvlab/log/shown.log",
    )
    running.pod.spawn([process])
    return eventually(lambda: log_of(running.pod, "shown"), lambda text: text.count("\n") == 6)


@pytest.mark.parametrize("way", [by_exec, by_run_inside, by_mininet, by_spawn], ids=lambda way: way.__name__[3:])
def test_whoever_gets_in_has_the_same_rights(running: RunningLab, way: Callable[[RunningLab], str]) -> None:
    *capabilities, score = way(running).splitlines()
    kept = sum(1 << number for number in KEPT)
    expected = {"CapInh": 0, "CapPrm": kept, "CapEff": kept, "CapBnd": kept, "CapAmb": 0}
    assert {line.partition(":")[0]: int(line.split()[1], 16) for line in capabilities} == expected
    # And the kernel, when memory runs out, takes it before it takes what holds the lab together.
    own = int(Path(f"/proc/{running.pod.pid}/oom_score_adj").read_text())
    assert int(score) == min(own + 500, 1000)


def test_the_documentation_names_the_capabilities_that_are_kept() -> None:
    text = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    chapter = text.partition("### What a VM may do")[2].partition("\n#")[0]
    assert set(re.findall(r"^\| `CAP_([A-Z_]+)`", chapter, re.MULTILINE)) == {name.upper() for name in KEPT.values()}
