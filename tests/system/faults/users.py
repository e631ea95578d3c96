"""Labs of several users of one machine, and `hvlab` as each of them runs it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.system.labs import Done, command
from tests.system.pods import ROOT, processes_below

TOPOLOGY = """
from lab import Lab

lab = Lab("access", interruption_s=0)
lab.internet_host("internet", "203.0.113.80/24")
office = lab.physical_network("office", "192.168.1.0/24", router="192.168.1.1")
hv1 = lab.host("hv1")
hv1.nic("Ethernet", office, "192.168.1.20")
hv1.external_switch("External", nic="Ethernet")
hv1.vm("web1", "External", "192.168.1.31")
hv1.vm("web2", "External", "192.168.1.32")
"""

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become other users")
STUDENT, STRANGER, COLLEAGUE = 65534, 65533, 65532


def hvlab_as(
    uid: int, home: Path, *arguments: str | Path, hidden: bool = False, group: int = 0, check: int | None = 0
) -> Done:
    """Run `hvlab` as another user, who may have a `group` beside his own.

    `hidden`: on a machine that shows each user only his own processes.
    """
    hide = "mount -t proc -o hidepid=2 proc /proc && " if hidden else ""
    groups = f"--groups={group}" if group else "--clear-groups"
    become = f"setpriv --reuid={uid} --regid={uid} {groups} --inh-caps=-all"
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", f'{hide}exec {become} "$@"', "sh", *command(*arguments)],
        capture_output=True, text=True, timeout=90, check=False, cwd="/",
        env={"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    said = f"hvlab {' '.join(map(str, arguments))}: exit code {done.returncode}\n{done.stdout}{done.stderr}"
    assert check is None or done.returncode == check, said
    assert "Traceback" not in done.stderr, said
    return Done(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True, slots=True)
class Victim:
    """Somebody's lab."""

    uid: int
    name: str
    file: Path
    pid: int

    def pids(self) -> list[int]:
        return sorted(processes_below(self.pid))


@contextmanager
def lab_of_user(uid: int, home: Path, name: str, *options: str) -> Iterator[Victim]:
    """Start a lab as a user, and end it."""
    if hvlab_as(uid, home, "--version", check=None).code != 0:
        pytest.skip("other users cannot read this tree")
    file = home / "secret-exam.py"
    hvlab_as(uid, home, "up", file, "--name", name, *options)
    try:
        (row,) = (row for row in hvlab_as(uid, home, "list", "--json").json() if row["name"] == name)
        yield Victim(uid, name, file, row["pid"])
    finally:
        hvlab_as(uid, home, "down", name)
