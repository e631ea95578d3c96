"""docs/cmdlets.md is what the declarations of the commands say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lab.shell import registry
from lab.shell.reference import NOT_YET, document

DOCUMENT = Path(__file__).parents[3] / "docs" / "cmdlets.md"


def test_it_is_up_to_date(request: pytest.FixtureRequest) -> None:
    text = document()
    if request.config.getoption("--update-golden", default=False):
        DOCUMENT.write_text(text, encoding="utf-8")
    assert DOCUMENT.read_text(encoding="utf-8") == text, "make docs writes it anew"


def test_every_command_is_in_it_once() -> None:
    headings = re.findall(r"^### (\S+)$", document(), re.MULTILINE)
    assert sorted(headings) == sorted(each.name for each in registry.commands())


def test_what_is_here_is_not_said_to_be_missing() -> None:
    missing = [name for names in NOT_YET.values() for name in names.split()]
    assert len(set(missing)) == len(missing)
    assert [name for name in missing if registry.find(name)] == []
    assert all(re.fullmatch(r"[A-Z][a-z]+-[A-Z]\w+", name) for name in missing)


def test_what_a_parameter_does_is_told() -> None:
    lines = document().splitlines()
    assert "| -SizeBytes | `UInt64` |  | recorded | How large it is to be. |" in lines
    assert any(line.startswith("| -SwitchType | `{Internal \\| Private}`") for line in lines)


def test_its_links_lead_somewhere() -> None:
    text = document()
    headings = {title.casefold().replace(".", "").replace(" ", "-") for title in re.findall(r"^## (.+)$", text, re.M)}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= headings


def test_tables_have_as_many_cells_as_columns() -> None:
    for line in document().splitlines():
        if line.startswith("| -"):
            assert len(re.split(r"(?<!\\)\|", line)) == 7, line
