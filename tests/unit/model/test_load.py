"""Loading a topology file: in isolation, with parameters, and never with a traceback."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from lab import Lab
from lab.errors import InputError, LabError, TopologyError
from lab.model.load import MAX_BYTES, load
from tests.ordinary import ordinary_user

GOOD = """
from lab import Lab

lab = Lab("good")
hv1 = lab.host("hv1")
hv1.internal_switch("Internal", "10.0.1.1/24")
hv1.vm("app1", "Internal", "10.0.1.11")
"""

PARAMETERS = """
from lab import Lab

lab = Lab("given")
vms = lab.parameter("vms", 2, "number of VMs", minimum=1, maximum=9)
speed = lab.parameter("speed", 1.5)
title = lab.parameter("title", "x")
shared = lab.parameter("shared", True)
for number in range(vms):
    lab.host(f"hv{number}-{title}-{shared}-{speed:.0f}")
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    return tmp_path / "topology.py"


def test_a_good_file(script: Path) -> None:
    script.write_text(GOOD)
    model = load(script)
    assert model.name == "good"
    assert [vm.name for _, vm in model.vms()] == ["app1"]


def test_another_name(script: Path) -> None:
    script.write_text(GOOD)
    assert load(script, name="other").name == "other"
    with pytest.raises(TopologyError, match='the lab name "no good" is not allowed'):
        load(script, name="no good")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, 'topology file ".*topology.py" does not exist'),
        (lambda path: path.mkdir(), "is a directory; name a file in it"),
        (os.mkfifo, "is not a regular file"),
        (lambda path: path.symlink_to(path), "cannot be read: too many levels of symbolic links"),
        (lambda path: path.write_bytes(b"#" * (MAX_BYTES + 1)), "has more than 1048576 bytes"),
    ],
    ids=["missing", "directory", "pipe", "loop", "huge"],
)
def test_a_file_that_cannot_be_one(script: Path, make: object, message: str) -> None:
    make(script)  # type: ignore[operator]
    with pytest.raises(InputError, match=message):
        load(script)


def test_a_file_without_permission() -> None:
    with ordinary_user() as folder:
        script = folder / "lab.py"
        script.write_text(GOOD)
        load(script)
        script.chmod(0)
        with pytest.raises(InputError, match="cannot be read: permission denied"):
            load(script)


@pytest.mark.parametrize("name", ["a\0b", "x" * 70000, "new\nline"], ids=["nul", "64-kib", "newline"])
def test_a_hostile_file_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError) as caught:
        load(tmp_path / name)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


def test_the_neighbours_of_a_missing_file_are_named(script: Path) -> None:
    script.write_text(GOOD)
    with pytest.raises(InputError, match=r"there are: topology\.py"):
        load(script.with_name("topologi.py"))


def test_prints_do_not_reach_stdout(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script.write_text(f"print('hello')\n{GOOD}")
    load(script)
    assert capsys.readouterr() == ("", "hello\n")


def test_a_script_may_end_itself_when_it_is_done(script: Path) -> None:
    script.write_text(f"{GOOD}\nimport sys\n\nsys.exit()\n")
    assert load(script).name == "good"


def test_main_does_nothing_while_a_file_is_loaded(script: Path) -> None:
    script.write_text(f"{GOOD}\nlab.main()\n")
    assert load(script).name == "good"


def test_a_script_is_not_main_and_leaves_nothing_behind(script: Path) -> None:
    script.with_name("helper_of_topology.py").write_text("NAME = 'app9'\n")
    script.write_text(
        f"{GOOD}\nimport sys\nfrom dataclasses import dataclass\nfrom helper_of_topology import NAME\n\n\n"
        "@dataclass\nclass Kind:\n    name: 'str'\n\n\n"
        "assert __name__ != '__main__'\nassert sys.argv == [__file__]\nhv1.vm(Kind(NAME).name, 'Internal')\n"
    )
    path, argv, modules = list(sys.path), list(sys.argv), set(sys.modules)
    assert [vm.name for _, vm in load(script).vms()] == ["app1", "app9"]
    assert (sys.path, sys.argv) == (path, argv)
    assert "helper_of_topology" not in sys.modules
    assert set(sys.modules) - modules <= {"dataclasses"}


def test_a_lab_made_in_a_function_is_found(script: Path) -> None:
    body = "\n".join(f"    {line}" for line in GOOD.strip().splitlines())
    script.write_text(f"def build():\n{body}\n\n\nbuild()\n")
    assert load(script).name == "good"


def test_an_imported_lab_is_found(script: Path) -> None:
    script.with_name("base_of_topology.py").write_text(GOOD)
    script.write_text("from base_of_topology import hv1, lab\n\nhv1.vm('app2', 'Internal', '10.0.1.12')\n")
    assert [vm.name for _, vm in load(script).vms()] == ["app1", "app2"]


def test_a_mistake_in_an_imported_file_names_that_file(script: Path) -> None:
    script.with_name("base_of_topology.py").write_text("def broken(:\n")
    script.write_text("import base_of_topology\n")
    with pytest.raises(InputError, match=r"^base_of_topology\.py:1: not valid Python"):
        load(script)


def test_an_interrupt_is_the_user_s(script: Path) -> None:
    script.write_text("raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        load(script)


def names(script: Path, **given: str) -> list[str]:
    return [host.name for host in load(script, parameters=given).hosts]


def test_parameters(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script.write_text(PARAMETERS)
    assert names(script) == ["hv0-x-True-2", "hv1-x-True-2"]
    assert names(script, vms="1", title="y", shared="no", speed="7") == ["hv0-y-False-7"]
    monkeypatch.setenv("HVLAB_VMS", "3")
    assert len(names(script)) == 3
    assert len(names(script, vms="1")) == 1
    monkeypatch.setenv("HVLAB_VMS", "")
    assert len(names(script)) == 2


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "vms",
            "ten",
            r'topology.py:5: the parameter "vms" \(number of VMs\) is "ten"; expected a whole number from 1',
        ),
        ("vms", "10", 'is "10"; expected a whole number from 1 up to 9'),
        ("vms", "1e400", "expected a whole number"),
        ("speed", "fast", 'the parameter "speed" is "fast"; expected a number'),
        ("shared", "maybe", "expected true or false"),
        ("vsm", "10", 'topology.py: no parameter is called "vsm"; did you mean "vms"?'),
        ("colour", "red", "known: shared, speed, title, vms"),
    ],
    ids=["text", "limit", "overflow", "number", "flag", "misspelt", "unknown"],
)
def test_a_parameter_that_cannot_be(script: Path, name: str, value: str, message: str) -> None:
    script.write_text(PARAMETERS)
    with pytest.raises(InputError, match=message):
        load(script, parameters={name: value})


def test_a_wrong_environment_is_named(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script.write_text(PARAMETERS)
    monkeypatch.setenv("HVLAB_VMS", "many")
    with pytest.raises(InputError, match='is "many", from HVLAB_VMS'):
        load(script)


def test_a_lab_error_raised_by_the_script_gets_its_line(script: Path) -> None:
    script.write_text("from lab.errors import InputError\n\nraise InputError('not today')\n")
    with pytest.raises(LabError, match=r"^topology\.py:3: not today$"):
        load(script)


def test_an_ipv4_address_in_ipv6_form_is_refused() -> None:
    lab = Lab("mapped")
    lab.host("hv1").vm("web1", None, "::ffff:10.0.0.1/96")
    with pytest.raises(
        TopologyError, match="which is an IPv4 address in IPv6 form"
    ):  # its text differs between Pythons
        lab.model()


def test_asking_twice_gives_the_same_answer() -> None:
    lab = Lab("twice")
    lab.internet_host("internet", "203.0.113.80/32")
    lab.physical_network("office", "10.0.0.0/24", router="10.0.0.1")
    answers = []
    for _ in range(2):
        with pytest.raises(TopologyError) as caught:
            lab.model()
        answers.append(str(caught.value))
    assert answers[0] == answers[1]
