"""The language: what expressions and statements give in PowerShell, case by case (tests/golden/shell/language).

A case is ``PS> source`` (further lines of it: ``>> ``) and what comes of it: lines of output, ``|`` before what is
written to the host, ``!`` before an error's first line and, in the next one, before its FullyQualifiedErrorId.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.shell.error_objects import record_of
from lab.shell.flow import Exit
from lab.shell.formatting import formatted
from tests.unit.shell.sessions import session

CASES = Path(__file__).parents[2] / "golden" / "shell" / "language"


@dataclass(frozen=True)
class Case:
    name: str
    source: str
    expected: str


def cases() -> Iterator[Case]:
    for path in sorted(CASES.glob("*.txt")):
        for at, block in enumerate(path.read_text(encoding="utf-8").split("PS> ")[1:]):
            lines = block.split("\n")
            count = next((at for at, line in enumerate(lines[1:], 1) if not line.startswith(">> ")), len(lines))
            source = "\n".join([lines[0], *(line[3:] for line in lines[1:count])])
            expected = "\n".join(line.rstrip() for line in lines[count:]).rstrip("\n")
            yield Case(f"{path.stem}-{at + 1}", source, expected)


def result(source: str) -> str:
    """Return what comes of a source, in the order output, host, errors."""
    shell = session()
    objects: list[object] = []
    try:
        objects.extend(shell.interpreter.run(source))
    except Exit as end:
        shell.interpreter.session.exit_code = end.code
    lines = list(formatted(objects, 120))
    lines += [f"|{line}" for line in shell.host.text.splitlines()]
    for shown in reversed(shell.shown):
        record = record_of(shown)
        assert record is not None
        assert any(record.message in text for text in shell.host.errors)
        lines += [f"!{record.message.split(chr(10))[0]}", f"!{record.error_id}"]
    return "\n".join(line.rstrip() for line in lines).rstrip("\n")


@pytest.mark.parametrize("case", [pytest.param(each, id=each.name) for each in cases()])
def test_a_script_gives_what_it_gives_in_powershell(case: Case) -> None:
    assert result(case.source) == case.expected, case.source


def test_there_are_as_many_cases_as_promised() -> None:
    assert len(list(cases())) > 300
