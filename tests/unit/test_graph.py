"""Pictures of labs: everything that can be in one, against golden files beside the topology that has it all.

``HVLAB_UPDATE_GOLDEN=1 pytest tests/unit/test_graph.py`` rewrites them.
"""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from click.testing import CliRunner

from lab.cli.graph import graph
from lab.engine.graph.dot import dot
from lab.engine.graph.dot import quoted as quoted_for_dot
from lab.engine.graph.mermaid import escaped, mermaid
from lab.engine.graph.scene import Box, Kind, Line, Scene, all_boxes, identifiers, scene
from lab.engine.graph.tree import tree
from lab.errors import EnvironmentFault, InputError
from lab.model.load import load
from lab.model.objects import LabModel

HERE = Path(__file__).parent / "graph"
EVERYTHING = HERE / "everything.py"
TOPOLOGIES = sorted(path for path in (Path(__file__).parents[2] / "topologies").glob("*.py") if path.stem != "__init__")

NASTY = 'a "quoted" #1 (b) <i>&amp;</i> [x] {y} |z| \\n `c`; end'


@pytest.fixture(scope="module")
def model() -> LabModel:
    return load(EVERYTHING)


@pytest.mark.parametrize("language", ["mermaid", "dot", "text"])
def test_everything(model: LabModel, language: str) -> None:
    drawn = {"mermaid": lambda: mermaid(scene(model)), "dot": lambda: dot(scene(model)), "text": lambda: tree(model)}
    text = drawn[language]()
    file = HERE / f"everything.{language}"
    if os.environ.get("HVLAB_UPDATE_GOLDEN"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


def test_names_in_mermaid_are_character_codes_where_they_would_mean_something() -> None:
    shown = escaped(NASTY)
    assert not re.search(r'["()<>\[\]{}|`\\]', shown)
    assert html.unescape(re.sub(r"#(\d+);", r"&#\1;", shown.replace("&", "&#38;"))) == NASTY


def test_names_in_dot_end_where_they_end() -> None:
    assert quoted_for_dot('a"b', "c\\") == '"a\\"b\\nc\\\\"'


@pytest.mark.skipif(not shutil.which("dot"), reason="graphviz is not installed; `make set-up-test` does it")
def test_graphviz_shows_the_names_as_they_are() -> None:
    picture = Scene(NASTY)
    picture.boxes = [Box(Kind.VM, NASTY, (NASTY, "10.0.0.1/24")), Box(Kind.SWITCH, NASTY, (NASTY,))]
    picture.lines = [Line(*picture.boxes, NASTY)]
    svg = subprocess.run(
        ["dot", "-Tsvg"], input=dot(picture), capture_output=True, text=True, check=True, timeout=60
    ).stdout
    texts = [node.text for node in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]
    assert sorted(filter(None, texts)) == sorted([NASTY, NASTY, NASTY, NASTY, "10.0.0.1/24"])


def test_identifiers_are_unique_and_plain() -> None:
    boxes = [Box(Kind.VM, key, (key,)) for key in ("a-b", "a_b", "a.b", "ü", "")]
    names = list(identifiers(boxes).values())
    assert len(set(names)) == len(boxes)
    assert all(re.fullmatch(r"[A-Za-z0-9_]+", name) for name in names)


@pytest.mark.parametrize("topology", TOPOLOGIES, ids=lambda path: path.stem)
def test_every_machine_and_switch_is_in_every_picture(topology: Path) -> None:
    model = load(topology)
    picture = scene(model)
    keys = {(box.kind, box.key) for box in all_boxes(picture)}
    assert len(keys) == len(all_boxes(picture)), "a box is there twice"
    for host in model.hosts:
        assert host.name in {group.name for group in picture.groups}
        assert {(Kind.SWITCH, f"{host.name}/{switch.name}") for switch in host.switches} <= keys
        assert {(Kind.VM, vm.name) for vm in host.vms} <= keys
        assert {(Kind.NIC, f"{host.name}/{nic.name}") for nic in host.nics} <= keys
    assert {box for line in picture.lines for box in (line.one, line.other)} <= set(all_boxes(picture))
    text = tree(model)
    assert all(name in text for name in model.node_names())


# The command


def test_the_format_follows_the_file(tmp_path: Path) -> None:
    for name, beginning in (
        ("a.mmd", "flowchart"),
        ("a.dot", "graph "),
        ("a.txt", "lab everything"),
        ("a", "flowchart"),
    ):
        done = CliRunner().invoke(graph, ["--file", str(EVERYTHING), "-o", str(tmp_path / name)])
        assert (done.exit_code, done.output) == (0, "")
        assert (tmp_path / name).read_text(encoding="utf-8").startswith(beginning)


def test_svg_needs_graphviz_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    done = CliRunner().invoke(graph, ["--file", str(EVERYTHING), "--format", "svg"])
    assert isinstance(done.exception, EnvironmentFault)
    assert "apt-get install graphviz" in str(done.exception)


@pytest.mark.skipif(not shutil.which("dot"), reason="graphviz is not installed; `make set-up-test` does it")
def test_svg() -> None:
    done = CliRunner().invoke(graph, ["--file", str(EVERYTHING), "--format", "svg"])
    assert done.exit_code == 0 and "</svg>" in done.output


def test_mistakes_of_the_command(tmp_path: Path) -> None:
    done = CliRunner().invoke(graph, ["--file", str(EVERYTHING), "-o", str(tmp_path / "no" / "folder.mmd")])
    assert isinstance(done.exception, InputError) and "cannot be written: No such file" in str(done.exception)
    done = CliRunner().invoke(graph, ["--file", str(EVERYTHING), "--lab", "x"])
    assert done.exit_code == 2 and "not both" in done.output
