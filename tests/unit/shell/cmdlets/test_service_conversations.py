"""What cmdlets about features, DHCP servers and Network Load Balancing show, and what they refuse."""

from __future__ import annotations

import pytest

from tests.unit.shell.cmdlets.transcripts import Line, answers, lines


@pytest.mark.parametrize("line", list(lines("features", "dhcp", "nlb")), ids=str)
def test_answer(line: Line) -> None:
    assert answers(line.file)[line.number] == line.expected, line.typed
