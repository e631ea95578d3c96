"""What cmdlets about network adapters show, and what they refuse."""

from __future__ import annotations

import pytest

from tests.unit.shell.cmdlets.conversation import Exchange, answers, exchanges

_FOLDER = "adapters"


@pytest.mark.parametrize("exchange", exchanges(_FOLDER), ids=str)
def test_answer(exchange: Exchange) -> None:
    assert answers(_FOLDER, exchange.file)[exchange.number - 1] == exchange.expected, exchange.typed
