"""Limits as texts and files: what users may ask for, where control groups are, what is written into them, logs."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from lab.emulation.pod import limits
from lab.emulation.pod.init import admission, leftovers, logs
from lab.emulation.pod.init import limits as groups
from lab.emulation.pod.init.admission import Admission
from lab.errors import InputError

# What users ask for


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("2G", 2 << 30),
        ("512M", 512 << 20),
        ("1.5g", 3 << 29),
        ("64MB", 64 << 20),
        ("1GiB", 1 << 30),
        ("40000K", 40960000),
    ],
)
def test_a_size(text: str, size: int) -> None:
    assert limits.parse_memory(text) == size


@pytest.mark.parametrize("text", ["", "2", "G", "-1G", "2X", "2 G G", "1M", "31M", "9999999T", "1e9M", "٢G", "2G\n\0"])
def test_what_is_no_size_is_told_in_one_sentence(text: str) -> None:
    with pytest.raises(InputError) as caught:
        limits.parse_memory(text)
    assert str(caught.value).startswith(f'"{text}" cannot be the memory of a lab: expected a number with K, M, G or T')


@pytest.mark.parametrize(("text", "machines"), [("8", 0), ("500", 10), ("20", 10), ("4000000", 1)])
def test_a_number_of_processes(text: str, machines: int) -> None:
    assert limits.parse_processes(text, machines) == int(text)


@pytest.mark.parametrize(
    ("text", "machines"), [("7", 0), ("19", 10), ("0", 0), ("-5", 0), ("many", 0), ("1.5", 0), ("²", 0), ("9" * 40, 0)]
)
def test_too_few_processes_or_none(text: str, machines: int) -> None:
    with pytest.raises(
        InputError, match=f"of a lab of {machines} machines: expected {max(8, 2 * machines)} to 4000000"
    ):
        limits.parse_processes(text, machines)


def test_what_is_asked_for_is_required_and_the_rest_is_generous() -> None:
    usual = limits.default(10)
    assert usual.processes == 1024 + 320
    assert 0 < usual.memory < os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2
    assert limits.asked_for(None, None, 10) == usual
    asked = limits.asked_for("500", "2G", 10)
    assert (asked.processes, asked.memory, asked.required) == (500, 2 << 30, ("processes", "memory"))
    assert asked.arguments() == ("--processes", "500", "--memory", str(2 << 30))


@pytest.mark.parametrize(("size", "words"), [(2 << 30, "2G"), (3 << 29, "1.5G"), (1 << 20, "1M"), (1000, "1K")])
def test_a_size_in_words(size: int, words: str) -> None:
    assert limits.size_in_words(size) == words


def test_what_limits_a_lab_in_words() -> None:
    told = {"limits": {"processes": 500, "memory": 2 << 30}, "by": {"processes": "cgroup v2"}, "why_not": "none here"}
    found = limits.protection(told, {"processes": 12})
    assert str(found) == "processes 12 of 500 (cgroup v2), memory not limited (none here)"
    told["by"] = {"processes": "RLIMIT_NPROC", "memory": "cgroup v1"}
    assert str(limits.protection(told)) == (
        "processes at most 500 (RLIMIT_NPROC, with the lab's own), memory at most 2G (cgroup v1)"
    )


def test_a_lab_that_tells_nothing(tmp_path: Path) -> None:
    assert limits.read(str(tmp_path)) is None
    assert limits.directories(str(tmp_path)) == ()


# Where control groups are: texts of /proc/self/mountinfo and /proc/self/cgroup

V1 = """\
36 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd
"""
V1_OWN = "8:pids:/a/b\n4:memory:/\n2:cpu,cpuacct:/user.slice\n1:name=systemd:/x\n0::/y\n"


def places(mountinfo: str, own: str) -> dict[str, tuple[str, str]]:
    return {what: (place.version, place.directory) for what, place in groups.find(mountinfo, own).items()}


def test_version_1() -> None:
    assert places(V1, V1_OWN) == {
        "processes": (groups.V1, "/sys/fs/cgroup/pids/a/b"),
        "memory": (groups.V1, "/sys/fs/cgroup/memory"),
        "processor": (groups.V1, "/sys/fs/cgroup/cpu,cpuacct/user.slice"),
    }


def test_in_a_container_the_hierarchy_begins_further_down() -> None:
    mounted = "39 31 0:36 /docker/1f /sys/fs/cgroup/pids ro - cgroup cgroup rw,pids\n"
    assert places(mounted, "8:pids:/docker/1f/x\n") == {"processes": (groups.V1, "/sys/fs/cgroup/pids/x")}
    assert places(mounted, "8:pids:/docker/1f\n") == {"processes": (groups.V1, "/sys/fs/cgroup/pids")}
    for elsewhere in ("/docker/1f2", "/other", "/", "/../1f"):
        assert places(mounted, f"8:pids:{elsewhere}\n") == {}


def test_version_2_and_both(tmp_path: Path) -> None:
    odd = tmp_path / "c group"
    odd.mkdir()
    (odd / "cgroup.controllers").write_text("cpuset cpu io memory pids\n")
    line = f"30 24 0:26 / {tmp_path}/c\\040group rw shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
    found = places(line, "0::/user.slice/session-3.scope\n")
    assert found == dict.fromkeys(
        ("processes", "memory", "processor"), (groups.V2, f"{odd}/user.slice/session-3.scope")
    )
    (odd / "cgroup.controllers").write_text("io\n")
    assert places(V1 + line, V1_OWN) == places(V1, V1_OWN)
    (odd / "cgroup.controllers").write_text("memory\n")
    one = "39 31 0:36 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
    mixed = {"processes": (groups.V1, "/sys/fs/cgroup/pids/a"), "memory": (groups.V2, str(odd))}
    assert places(one + line, "8:pids:/a\n0::/\n") == places(line + one, "8:pids:/a\n0::/\n") == mixed


def test_without_control_groups() -> None:
    assert places("27 1 254:0 / / rw - ext4 /dev/vda rw\n", "") == {}


# What is written into them


def test_a_controller_is_handed_down_once(tmp_path: Path) -> None:
    file = tmp_path / "cgroup.subtree_control"
    file.write_text("cpu memory\n")
    assert groups._enable(str(tmp_path), "memory")
    assert file.read_text() == "cpu memory\n"
    assert groups._enable(str(tmp_path), "pids")
    assert file.read_text() == "+pids"
    assert not groups._enable(str(tmp_path / "none"), "pids")


@pytest.mark.parametrize(
    ("version", "what", "there", "written"),
    [
        (groups.V1, "processes", (), {"pids.max": "500"}),
        (groups.V1, "memory", (), {"memory.limit_in_bytes": "4096"}),
        (
            groups.V1, "memory", ("memory.memsw.limit_in_bytes",),
            {"memory.limit_in_bytes": "4096", "memory.memsw.limit_in_bytes": "4096"},
        ),
        (groups.V2, "memory", ("memory.swap.max",), {"memory.max": "4096", "memory.swap.max": "0"}),
        (groups.V2, "processes", (), {"pids.max": "500"}),
        (groups.V1, "processor", (), {"cpu.shares": "2048"}),
    ],
)  # fmt: skip
def test_a_limit_is_written(
    tmp_path: Path, version: str, what: str, there: tuple[str, ...], written: dict[str, str]
) -> None:
    for name in there:
        (tmp_path / name).touch()
    found = groups.Enclosure(500, 4096)
    groups._set(found, what, version, str(tmp_path))
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == written
    assert found.by == {what: version}


def test_in_version_2_machines_share_the_processor_in_groups_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "cgroup.subtree_control").touch()
    groups._set(groups.Enclosure(500, 4096), "processor", groups.V2, str(tmp_path))
    assert (tmp_path / "cpu.weight").read_text() == "200"
    assert (tmp_path / "cgroup.subtree_control").read_text() == "+cpu"
    assert (tmp_path / "idle").is_dir()


@pytest.mark.parametrize(("release", "counted"), [("5.10.0-30-amd64", 0), ("5.13", 0), ("5.14.0", 500), ("6.1.0", 500)])
def test_processes_are_counted_by_user_namespace_from_linux_5_14_on(release: str, counted: int) -> None:
    found = groups.Enclosure(500, 4096)
    found.count_by_user_namespace(release)
    assert found.nproc == counted
    assert found.by == ({"processes": groups.NPROC} if counted else {})


def test_groups_are_removed_with_those_in_them(tmp_path: Path) -> None:
    (tmp_path / "one" / "vm-a").mkdir(parents=True)
    (tmp_path / "busy" / "vm-a").mkdir(parents=True)
    (tmp_path / "busy" / "vm-a" / "somebody").touch()
    leftovers.remove([str(tmp_path / name) for name in ("one", "gone", "busy")])
    assert [path.name for path in tmp_path.iterdir()] == ["busy"]


# Getting in


def shown(folder: Path, text: str, *directories: str) -> str:
    """Make what a lab shows of its limits."""
    for directory in directories:
        (folder / directory).mkdir(parents=True)
        (folder / directory / ("cgroup.procs" if directory.startswith("machines") else "tasks")).touch()
    (folder / admission.ADMISSION).write_text(text)
    return str(folder)


def joined(folder: Path) -> dict[str, str]:
    files = [file for name in ("tasks", "cgroup.procs") for file in folder.rglob(name)]
    return {str(file.relative_to(folder)): file.read_text() for file in files if file.read_text()}


def test_a_program_of_a_machine_goes_into_all_groups(tmp_path: Path) -> None:
    folder = shown(tmp_path, "0 memory,processor ", "memory", "processor", "processor/vm-web1")
    Admission(folder, "web1").join()
    assert joined(tmp_path) == {"memory/tasks": "0", "processor/vm-web1/tasks": "0"}


def test_what_machines_begin_with_has_no_group_of_its_own(tmp_path: Path) -> None:
    Admission(shown(tmp_path, "0 memory,processor ", "memory", "processor")).join()
    assert joined(tmp_path) == {"memory/tasks": "0", "processor/tasks": "0"}


def test_in_version_2_only_the_leaves_have_processes(tmp_path: Path) -> None:
    folder = shown(tmp_path, "0 machines ", "machines", "machines/idle", "machines/vm-web1")
    Admission(folder).join()
    assert joined(tmp_path) == {"machines/idle/cgroup.procs": "0"}
    Admission(folder, "web1").join()
    assert joined(tmp_path) == {"machines/idle/cgroup.procs": "0", "machines/vm-web1/cgroup.procs": "0"}


def test_without_groups_there_is_nothing_to_join(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_NPROC)
    Admission(str(tmp_path / "none"), "web1").join()
    Admission(shown(tmp_path, "0  "), "web1").join()
    assert resource.getrlimit(resource.RLIMIT_NPROC) == before


# Logs


def test_a_long_log_is_cut_and_its_end_is_kept(tmp_path: Path) -> None:
    long, short, other = tmp_path / "long.log", tmp_path / "short.log", tmp_path / "other"
    lines = "".join(f"line {number}\n" for number in range(600_000))
    for file in (long, other):
        file.write_text(lines)
    short.write_text("a line\n")
    with long.open("a") as writer:
        logs.trim(str(tmp_path))
        writer.write("one more\n")
    assert long.read_text() == "one more\n"
    kept = (tmp_path / "long.log.1").read_text()
    assert lines.endswith(kept)
    assert kept.startswith("line ")
    assert 200_000 < len(kept) <= 256 << 10
    assert (tmp_path / "long.log.1").stat().st_mode & 0o777 == 0o600
    assert short.read_text() == "a line\n"
    assert other.read_text() == lines
    logs.trim(str(tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["long.log", "long.log.1", "other", "short.log"]
