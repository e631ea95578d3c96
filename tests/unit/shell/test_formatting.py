"""Tables and lists look as those of Windows PowerShell 5.1: a file for each case, with a script and its output."""

from pathlib import Path

import pytest

from lab.model.objects import LabModel
from lab.shell.formatting import Output, formatted
from lab.shell.host import BufferedHost
from lab.shell.interpreter import Interpreter
from lab.shell.objects import PSObject, custom
from lab.shell.place import Description, Machine
from lab.shell.views import Column, show

CASES = sorted((Path(__file__).parents[2] / "golden/shell/formatting").glob("*.txt"))


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_output(case: Path) -> None:
    script, _, expected = case.read_text(encoding="utf-8").partition("====\n")
    width = 119
    if script.startswith("width "):
        head, _, script = script.partition("\n")
        width = int(head.removeprefix("width "))
    ui = BufferedHost()
    found = Interpreter(Description(LabModel(name="lab")), Machine("lab"), ui).run(script)
    lines = [line + "|" for line in formatted(found, width)]
    assert not ui.errors
    assert lines == expected.splitlines()


def test_view_decides_about_columns_widths_and_groups() -> None:
    show("Test.Nic", "table", Column("Name", width=6), Column("Id", align="right", width=4), group_by=("VMName",))
    nics = [PSObject("Test.Nic", {"Name": f"nic{at}", "Id": at, "VMName": "web1"}) for at in (1, 20000)]
    assert list(formatted(nics, 80)) == [
        "", "", "   VMName: web1", "",
        "Name     Id",
        "----     --",
        "nic1      1",
        "nic... ...0",
        "", "",
    ]  # fmt: skip


def test_second_view_is_for_the_other_kind() -> None:
    show("Test.Switch", "table", "Name")
    show("Test.Switch", "list", "Name", Column("Kind", lambda item: "External"))
    from lab.shell.formatting.packets import Listed, Row
    from lab.shell.formatting.shaping import Shaper, Wishes

    item = PSObject("Test.Switch", {"Name": "Lab", "Id": 7})
    assert Row(("Lab",)) in list(Shaper(Wishes()).shaped(item))
    assert Listed((("Name", "Lab"), ("Kind", "External"))) in list(Shaper(Wishes("list")).shaped(item))


def test_rows_are_held_back_until_the_widths_are_known() -> None:
    output = Output(80)
    assert list(output.shown(custom(A="x"))) == [""]
    assert list(output.shown(custom(A="yyy"))) == []
    assert list(output.settled()) == ["A  ", "-  ", "x  ", "yyy"]
    assert list(output.shown(custom(A="zzzzz"))) == ["zzz"]
    assert list(output.ended()) == ["", ""]


def test_many_rows_are_not_all_held_back() -> None:
    output = Output(80)
    lines = [line for at in range(400) for line in output.shown(custom(A=at))]
    assert lines[:3] == ["", "  A", "  -"]
    assert lines[-1] == "399"
