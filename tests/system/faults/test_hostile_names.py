"""Hostile texts in a topology and on the command line, on a real lab: nothing is carried out, nothing is changed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.conftest import LabOf
from tests.system.labs import Hvlab, RunningLab

pytestmark = pytest.mark.system

# The worst that the rules accept: words of `ip` and `ovs-vsctl`, reserved devices, what looks like an option from its
# second letter on, what a shell would act upon in the names that may have such characters.
HOST, SWITCH, NIC, BACKUP, SECOND, VM, NETWORK = (
    "all", "default", "dev lo #1 (up)", "a -- add-br x", "x #(id) -h --help ..", "lo", "0--delete-all"
)  # fmt: skip
TOPOLOGY = f"""
from lab import Lab

lab = Lab("names", interruption_s=0)
office = lab.physical_network({NETWORK!r}, "192.168.1.0/24")
office.computer("help", "192.168.1.10")
host = lab.host({HOST!r})
host.nic({NIC!r}, office, "192.168.1.20")
host.external_switch({SWITCH!r}, nic={NIC!r})
host.management_adapter({BACKUP!r}, {SWITCH!r}, "192.168.1.21")
host.vm({VM!r}, {SWITCH!r}, "192.168.1.31").adapter({SWITCH!r}, "192.168.1.32", name={SECOND!r})
host.vm("init", {SWITCH!r}, "192.168.1.33")
"""

REFUSED = (
    "; touch CANARY",
    "-h",
    "-- add-br x",
    "a\nb",
    "a\0b",
    "web1,actions=drop",
    "\x1b[2J\x1b]0;x\x07\x9b2J\u202e",
)
"""As the name of a machine."""


@pytest.fixture(scope="module")
def running(lab: LabOf) -> Iterator[RunningLab]:
    with lab(TOPOLOGY) as found:
        yield found


@pytest.fixture
def canary(hvlab: Hvlab) -> Iterator[Path]:
    """A file that must not come into being, named so that it would be made wherever a command ran."""
    path = hvlab.workplace.home / f"canary-{os.getpid()}"
    yield path
    found = [
        folder
        for folder in (hvlab.workplace.home, Path("/"), Path("/tmp"), Path.cwd())
        if (folder / path.name).exists()
    ]
    assert not found


def shown(text: str) -> bool:
    """Tell whether a text has nothing that a terminal acts upon."""
    return all(line.isprintable() for line in text.splitlines())


def test_the_worst_allowed_names_are_names_and_nothing_else(running: RunningLab) -> None:
    """A lab runs with them as with any others, and every command gives them back as they were written."""
    running.agrees()
    running.switches()
    status = running.status()
    assert {switch["name"] for switch in status["switches"]} == {SWITCH}
    assert status["hosts"] == [HOST]
    adapters = {(row["machine"], row["name"]) for row in status["adapters"]}
    assert {(VM, SECOND), (HOST, f"vEthernet ({BACKUP})"), (HOST, f"vEthernet ({SWITCH})")} <= adapters, adapters
    assert running.exec(VM, "hostname").out == f"{VM}\n"
    for picture in ("text", "mermaid", "dot"):
        drawn = running("graph", "--format", picture).out
        assert all(name in drawn for name in (HOST, SWITCH, VM)), drawn
        assert shown(drawn)
    trace = running("trace", VM, "init", "--json").json()
    assert trace["source"].startswith(VM)
    assert running("trace", f"{VM}/{SECOND}", "help", check=None).code in (0, 1)
    assert {row["switch"] for row in running("learned", SWITCH, "--json").json()} == {SWITCH}
    assert shown(running("status").out)


@pytest.mark.parametrize("name", REFUSED, ids=ascii)
def test_a_refused_name_changes_nothing(running: RunningLab, canary: Path, name: str) -> None:
    """In a file, and as a word of the command line."""
    hostile = name.replace("CANARY", str(canary))
    before = running.shown()
    done = running.apply(TOPOLOGY.replace("'lo'", repr(hostile)), check=2)
    assert shown(done.err), done.err
    assert len(done.err.splitlines()) == 1
    running.file.write_text(TOPOLOGY, encoding="utf-8")
    assert running.shown() == before


WORDS = ("$(touch CANARY); touch CANARY", "-h", "\x1b[2J\x1b]0;x\x07\x9b2J\u202e")


@pytest.mark.parametrize("name", WORDS, ids=ascii)
def test_a_hostile_word_of_the_command_line_is_refused(running: RunningLab, canary: Path, name: str) -> None:
    hostile = name.replace("CANARY", str(canary))
    for words in (
        ("exec", hostile, "--", "true"), ("trace", hostile, VM), ("trace", VM, hostile), ("learned", hostile),
        ("capture", "-c", "1", hostile), ("graph", "--file", hostile), (hostile,),
    ):  # fmt: skip
        done = running(*words, check=None)
        asked_for_help = name in ("-h", "--") and done.code == 0
        assert done.code != 0 or asked_for_help, (words, done)
        assert shown(done.err) and shown(done.out), (words, done)
    running.healthy()


def test_hostile_parameters_and_files(hvlab: Hvlab, canary: Path, tmp_path: Path) -> None:
    """A parameter's value is a value; a file may be called anything, and is shown so that a terminal only shows it."""
    topology = tmp_path / "a\x1b[2J; touch x\n-h.py"
    text = 'lab.parameter("text", "none")'
    topology.write_text(f'from lab import Lab\nlab = Lab("x")\nlab.host({text})\n', encoding="utf-8")
    for value in (f"$(touch {canary})", f"; touch {canary}", "\x1b[2J", "-h", "{}%s"):
        done = hvlab("graph", "--format", "text", "--file", topology, "--lab", "", check=None)
        assert shown(done.err)
        done = hvlab("up", topology, "--set", f"text={value}", check=2)
        assert shown(done.err), done.err
    assert json.loads(hvlab("list", "--json").out) is not None
