"""The commands, and the manual generated from the declarations."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from controllers.__main__ import main, view_from_json
from controllers.compiler import compile_switch
from controllers.listing import listing
from controllers.pipeline.reasons import DropReason
from controllers.pipeline.registers import REGISTERS
from controllers.pipeline.tables import STAGES, stage_named, stage_numbered
from lab.intent import IntentError
from tests.unit.controllers.views import VIEWS

ROOT = Path(__file__).resolve().parents[3]


def test_manual(golden: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["describe"]) == 0
    golden("manual.md", capsys.readouterr().out)


def test_compile_command_prints_the_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    view = VIEWS["pinned"]
    ports = [{"ofport": p.ofport, "device": p.device, "intent": asdict(p.intent)} for p in view.ports]
    description = tmp_path / "switch.json"
    description.write_text(json.dumps({"switch": asdict(view.intent), "ports": ports}))
    assert main(["compile", str(description)]) == 0
    assert capsys.readouterr().out == listing(compile_switch(view))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"switch": {}, "ports": []}', '{"switch": 1, "ports": 2}'])
def test_compile_command_refuses_what_is_no_switch(text: str) -> None:
    with pytest.raises(IntentError):
        view_from_json(text)


def test_run_needs_somewhere_to_listen(capsys: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, "-m", "controllers", "run"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("controllers: nowhere to listen")


def test_numbers_and_names_of_stages_agree() -> None:
    assert [stage.number for stage in STAGES] == list(range(len(STAGES)))
    assert all(stage_named(stage.name) is stage_numbered(stage.number) is stage for stage in STAGES)
    with pytest.raises(IndexError):
        stage_numbered(-1)


def test_registers_live_forwards() -> None:
    assert len({register.number for register in REGISTERS}) == len(REGISTERS)
    assert all(stage_named(register.born).number <= stage_named(register.dies).number for register in REGISTERS)


def test_reasons_have_hyper_v_words() -> None:
    assert str(DropReason(16)) == "spoofed MAC (16)"
    assert DropReason(12).words == "security policy"
    assert all(reason.words for reason in DropReason)


def test_pure_part_needs_no_openflow_library() -> None:
    program = "import sys, controllers.compiler, controllers.diff, controllers.listing, controllers.pipeline.manual\n"
    program += "import controllers.openflow.cookies\n"
    program += "sys.exit(str([m for m in ('os_ken', 'ryu', 'eventlet', 'ovs') if m in sys.modules] or ''))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=20, check=False
    )
    assert done.stderr.strip() == ""
