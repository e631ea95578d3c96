"""What a process that ran a script file ends with: what the script says, not what a program within it came to."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.cli.shell import run_file
from lab.model.objects import HypervHost, LabModel
from lab.shell.place import Description, Machine


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("'fine'", 0),
        ("exit 3", 3),
        ("ipconfig /frobnicate | Out-Null; 'fine'", 0),
        ("ipconfig /frobnicate | Out-Null; exit $LASTEXITCODE", 1),
        ("Get-NetNat nope; 'fine'", 0),
        ("throw 'no'", 1),
        ("& $PSScriptRoot/inner.ps1; 'fine'", 0),
        ("& $PSScriptRoot/inner.ps1; exit $LASTEXITCODE", 7),
    ],
)
def test_a_script_file_ends_with_what_it_says(script: str, code: int, tmp_path: Path) -> None:
    (tmp_path / "inner.ps1").write_text("exit 7")
    file = tmp_path / "script.ps1"
    file.write_text(script)
    place = Description(LabModel(name="lab", hosts=(HypervHost("hv1"),)))
    assert run_file(place, Machine("hv1", "hv1"), file, ()) == code
