"""`hvlab export` of topology files: what it writes, where, and what it says of what is left out."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from lab.cli.export import export
from lab.errors import InputError
from lab.model.load import load
from lab.shell.calls import read
from lab.shell.export.comparing import rebuilt
from lab.shell.export.script import script
from tests.unit.shell.export.rooms import worked_on

SCRIPT = "New-VM a; Set-VM a -Notes 'für Übungen'"
TOPOLOGIES = Path(__file__).parents[4] / "topologies"
UNLIKE = """
from lab import Lab, nlb_rule

lab = Lab("unlike")
hv1 = lab.host("hv1")
hv1.internal_switch("Lab", "10.0.0.1/24")
web = lab.nlb_cluster("web", "10.0.0.100/24", mode="Multicast")
hv1.vm("web1", "Lab", "10.0.0.11").nlb_node(web, priority=1)
hv1.vm("web2", "Lab", "10.0.0.12").nlb_node(web, priority=2, rules=[RULES])
"""


def run(*arguments: str | Path) -> tuple[int, str, str]:
    done = CliRunner().invoke(export, list(map(str, arguments)), standalone_mode=False)
    if done.exception:
        raise done.exception
    return done.return_value, done.stdout, done.stderr


def test_a_topology_is_written() -> None:
    file = TOPOLOGIES / "nat_switch.py"
    assert run(file) == (0, script(load(file)), "")


def test_a_topology_with_a_parameter_is_written_into_a_file(tmp_path: Path) -> None:
    file, output = TOPOLOGIES / "classroom.py", tmp_path / "it's.ps1"
    assert run(file, "--set", "vms=3", "-o", output) == (0, "", "")
    assert output.read_text(encoding="utf-8") == script(load(file, parameters={"vms": "3"}))
    assert output.read_bytes()[:1] == b"#"


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    file = tmp_path / "unlike.py"
    file.write_text(UNLIKE.replace("RULES", "nlb_rule(80, 80)"), encoding="utf-8")
    code, out, said = run(file)
    assert code == 1
    lost = "the node web2 of cluster web, which has other settings than the first one"
    assert f"# hvlab: not expressible: {lost}\n" in out.replace("    #", "#")
    assert said.splitlines()[0] == f"hvlab: not in the script: {lost}"


def test_what_nobody_has_foreseen_is_said_and_written_at_the_end(tmp_path: Path) -> None:
    file = tmp_path / "unlike.py"
    both = "nlb_rule(443, 443), nlb_rule(80, 80)"
    text = UNLIKE.replace('mode="Multicast"', f'mode="Multicast", rules=[{both}]').replace("RULES", both)
    file.write_text(text, encoding="utf-8")
    code, out, said = run(file)
    assert code == 1
    assert len(said.splitlines()) == 2
    for row in said.splitlines():
        assert row.startswith('hvlab: not in the script: change adapter "Network Adapter" of "web')
    assert out.splitlines()[-2:] == [
        row.replace("hvlab: not in the script", "# hvlab: not expressible") for row in said.splitlines()
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("x.py", "--lab", "y"), "say FILE or --lab LAB, not both"),
        (("--set", "a=1"), "--set is for the parameters of a topology FILE"),
    ],
)
def test_what_does_not_go_together_is_refused(arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(click.UsageError, match=message):
        run(*arguments)


def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        run(TOPOLOGIES / "nat_switch.py", "-o", tmp_path / "no" / "x.ps1")


def test_a_script_that_is_not_ascii_begins_with_a_mark_for_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "x.ps1"
    monkeypatch.setattr("lab.cli.export._model", lambda *_: worked_on(SCRIPT))
    assert run("-o", output)[0] == 0
    assert output.read_bytes()[:3] == b"\xef\xbb\xbf"
    model = worked_on(SCRIPT)
    assert rebuilt(model, read(output)) == (model, ())
