"""What a user reads after each mistake: one small topology file per mistake, the text beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lab.errors import InputError
from lab.model.load import load

ERRORS = Path(__file__).parent / "errors"
FILES = sorted(ERRORS.glob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_mistake(file: Path, golden: Callable[[Path, str], None]) -> None:
    with pytest.raises(InputError) as caught:
        load(file)
    assert caught.value.exit_code == 2
    golden(file.with_suffix(".txt"), f"{caught.value}\n")


@pytest.mark.parametrize("text", sorted(ERRORS.glob("*.txt")), ids=lambda path: path.stem)
def test_every_text_belongs_to_a_file(text: Path) -> None:
    assert text.with_suffix(".py").exists()


@pytest.mark.parametrize("text", sorted(ERRORS.glob("*.txt")), ids=lambda path: path.stem)
def test_a_message_is_one_short_line_with_its_place(text: Path) -> None:
    for line in text.read_text(encoding="utf-8").splitlines():
        assert line.startswith(f"{text.stem}.py")
        assert line.isprintable()
        assert len(line) < 500
