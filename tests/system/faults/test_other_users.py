"""Who may touch a lab: its owner, and nobody else on the machine."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.conftest import LabOf
from tests.system.faults import intruder
from tests.system.faults.users import STRANGER, STUDENT, TOPOLOGY, Victim, hvlab_as, lab_of_user, only_root
from tests.system.labs import Hvlab, RunningLab, fresh_name
from tests.system.pods import execute

pytestmark = pytest.mark.system

RUN = Path("/run/hvlab")


@pytest.fixture(scope="module")
def running(lab: LabOf) -> Iterator[RunningLab]:
    with lab(TOPOLOGY) as found:
        yield found


@pytest.fixture(scope="module", params=[0, STUDENT], ids=["root-s", "student-s"])
def victim(request: pytest.FixtureRequest, home: Path) -> Iterator[Victim]:
    """A lab of root, in the machine's user namespace, and one of an ordinary user, in its own."""
    with lab_of_user(request.param, home, fresh_name()) as found:
        yield found


@only_root
@pytest.mark.parametrize("hidden", [False, True], ids=["ps-shows-all", "ps-shows-own"])
def test_another_user_gets_hold_of_nothing(victim: Victim, hidden: bool) -> None:
    """The owner can do every one of these things to every process of the lab, another user none, to none."""
    pids = victim.pids()
    request = {"first": victim.pid, "pids": pids, "words": [victim.name, victim.file.stem]}
    owners = intruder.as_user(victim.uid, request)
    # The name is in the environment of the first process; all that any user can read of a process says nothing of it.
    assert owners.pop("name or file", []) == [victim.pid]
    assert owners == dict.fromkeys(owners, pids)
    assert len(owners) > 20
    # That a process is there can be seen on any Linux machine, unless its /proc hides what is other people's.
    assert intruder.as_user(STRANGER, request, hidden=hidden) == ({} if hidden else {"exist": pids})


@only_root
def test_another_user_cannot_end_or_stop_it(victim: Victim, home: Path) -> None:
    pids = victim.pids()
    assert intruder.as_user(STRANGER, {"pids": pids}) == {}
    hvlab_as(victim.uid, home, "--lab", victim.name, "matrix")
    assert victim.pids() == pids


@only_root
def test_another_user_s_hvlab_knows_no_such_lab(victim: Victim, home: Path) -> None:
    assert hvlab_as(STRANGER, home, "list").out == "no lab is running\n"
    for words in ("status", "matrix", "capture web1", "exec web1 -- true", f"apply {victim.file}", "down"):
        done = hvlab_as(STRANGER, home, "--lab", victim.name, *words.split(), check=2)
        assert done.err.startswith(f'hvlab: no lab is called "{victim.name}"'), done
    hvlab_as(STRANGER, home, "down", "--all")
    hvlab_as(victim.uid, home, "--lab", victim.name, "exec", "web1", "--", "ping", "-c1", "-W2", "192.168.1.32")


@only_root
def test_two_users_have_labs_of_one_name(victim: Victim, home: Path) -> None:
    with lab_of_user(STRANGER, home, victim.name) as other:
        for each, rest in ((victim, other), (other, victim)):
            listed = {row["pid"] for row in hvlab_as(each.uid, home, "list", "--json").json()}
            assert each.pid in listed
            assert rest.pid not in listed
    hvlab_as(victim.uid, home, "--lab", victim.name, "matrix")


@only_root
def test_all_works_where_each_user_sees_only_his_own_processes(home: Path) -> None:
    name = fresh_name()
    hvlab_as(STUDENT, home, "up", home / "secret-exam.py", "--name", name, hidden=True)
    try:
        hvlab_as(STUDENT, home, "--lab", name, "status", hidden=True)
        hvlab_as(STUDENT, home, "--lab", name, "matrix", hidden=True)
    finally:
        hvlab_as(STUDENT, home, "down", name, hidden=True)


@only_root
def test_a_name_that_another_user_occupies_is_told(hvlab: Hvlab, home: Path) -> None:
    name = fresh_name()
    occupy = (
        "import os, socket, sys; os.setresuid(*[int(sys.argv[1])] * 3); s = socket.socket(socket.AF_UNIX);"
        "s.bind(sys.argv[2].replace('@', chr(0))); s.listen(); print(flush=True); sys.stdin.read()"
    )
    pipe = subprocess.PIPE
    arguments = (sys.executable, "-c", occupy, str(STRANGER), f"@hvlab-0-{name}")
    with subprocess.Popen(arguments, stdin=pipe, stdout=pipe) as squatter:
        assert squatter.stdout is not None
        squatter.stdout.readline()
        done = hvlab("up", home / "secret-exam.py", "--name", name, check=1)
        assert done.err == f'hvlab: user {STRANGER} of this machine occupies the lab name "{name}"\n'
        squatter.communicate(b"")
    hvlab("up", home / "secret-exam.py", "--name", name)
    hvlab("down", name)


# Files and sockets


def test_files_and_sockets_of_a_lab_are_its_owner_s_alone(running: RunningLab) -> None:
    top = Path(running.pod.path(str(RUN)))
    found = [top, *top.rglob("*")]
    assert sum(path.is_socket() for path in found) >= 8
    assert {path.lstat().st_uid for path in found} == {os.geteuid()}
    assert stat.S_IMODE(top.stat().st_mode) == 0o700  # which closes all that is in it
    # What names and settings are in, closed by itself as well.
    own = [path for path in found if path.suffix in (".log", ".json", ".sock", ".ctl", ".mgmt", ".snoop")]
    assert {path for path in own if not path.is_symlink() and path.stat().st_mode & 0o007} == set()


@only_root
def test_another_user_in_the_lab_s_own_namespaces_cannot_look_at_them(running: RunningLab) -> None:
    as_stranger = ("setpriv", f"--reuid={STRANGER}", f"--regid={STRANGER}", "--clear-groups", "--inh-caps=-all")
    assert execute(running.pod, None, "find", str(RUN)).stdout.count(b"\n") > 20
    done = execute(running.pod, None, *as_stranger, "find", str(RUN))
    assert (done.returncode, done.stdout) == (1, f"{RUN}\n".encode())
