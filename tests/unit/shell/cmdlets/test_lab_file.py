"""Save-Lab and Restore-Lab: what comes back, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lab import dhcp_scope
from lab.engine import saved
from lab.model.builder import Lab
from lab.model.objects import LabModel
from lab.shell.place import Description
from tests.unit.shell.cmdlets.lab_console import Console, office_lab


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


CHANGES = (
    "Set-LabNic Ethernet -Connected $false; Set-LabVM web1 -Forwarding $true; Remove-LabComputer pc1; "
    "Set-LabSwitch External -LearningMode Pinned; Remove-LabHost hv2 -Force; Set-Lab -Interruption 0"
)


@pytest.mark.parametrize("machine", ["hv1", "web1"])
def test_a_lab_comes_back_as_it_was(machine: str) -> None:
    console = Console(machine=machine)
    assert console.said(f"Save-Lab before.lab; {CHANGES}") == []
    assert console.model != office_lab()
    assert console.said("Restore-Lab -Path before.lab") == []
    assert console.model == office_lab()


def test_it_comes_back_in_a_lab_of_another_name_which_keeps_it() -> None:
    Console().said("Save-Lab before.lab")
    other = Console(Description(replace(office_lab(), name="other", networks=(), hosts=office_lab().hosts[:1])))
    other.said("Restore-Lab before.lab")
    assert other.model == replace(office_lab(), name="other")


def test_what_a_host_cannot_become_is_made_anew() -> None:
    """BandwidthReservationMode is fixed when a switch is made, and nobody can delete a Default Switch."""
    console = Console()
    console.said("Save-Lab before.lab; New-LabDefaultSwitch; Remove-VMSwitch Private -Force")
    console.said("New-VMSwitch Private -SwitchType Private -MinimumBandwidthMode Absolute")
    console.said("Restore-Lab before.lab")
    assert console.model == office_lab()


def test_other_hosts_go_too_where_they_cannot_be_without() -> None:
    """The host with the Default Switch goes, and has the partner of a DHCP server that would stay."""
    lab = Lab("failover")
    office = lab.physical_network("lan", "10.0.0.0/24")
    for number, name in enumerate(("hv1", "hv2"), start=1):
        host = lab.host(name)
        host.nic("Ethernet", office)
        host.external_switch("External", "Ethernet", allow_management_os=False)
        server = host.vm(f"dc{number}", "External", f"10.0.0.{number}").dhcp_server(
            *([dhcp_scope("10.0.0.0/24", "10.0.0.100", "10.0.0.200")] if number == 1 else [])
        )
        if number == 1:
            server.dhcp_failover("both", "dc2")
    console = Console(Description(lab.model()))
    console.said("Save-Lab before.lab; New-LabDefaultSwitch -ComputerName hv2; Restore-Lab before.lab")
    assert console.model == lab.model()


def test_whatif_tells_what_would_be_done() -> None:
    console = Console()
    console.said("Save-Lab before.lab; Set-LabVM web1 -Forwarding $true")
    before = console.model
    said = console.said("Restore-Lab before.lab -WhatIf")
    assert said[0] == 'What if: Performing the operation "Restore-Lab" on target "office".'
    assert any("web1" in line for line in said[1:])
    assert console.model == before


def test_whatif_also_tells_where_a_host_would_be_made_anew() -> None:
    console = Console()
    console.said("Save-Lab before.lab; New-LabDefaultSwitch")
    assert any("Default Switch" in line for line in console.said("Restore-Lab before.lab -WhatIf"))
    assert console.model != office_lab()


def test_saving_with_whatif_writes_nothing(folder: Path) -> None:
    Console().said("Save-Lab before.lab -WhatIf")
    assert list(folder.iterdir()) == []


def test_nothing_but_the_file_is_left(folder: Path) -> None:
    Console().said("Save-Lab before.lab; Save-Lab before.lab")
    assert [each.name for each in folder.iterdir()] == ["before.lab"]
    assert saved.load(folder / "before.lab") == office_lab()


def document(change: Callable[[dict[str, Any]], None]) -> str:
    saved.save(Path("good.lab"), office_lab())
    content = json.loads(Path("good.lab").read_text(encoding="utf-8"))
    change(content)
    return json.dumps(content)


def resealed(change: Callable[[dict[str, Any]], None]) -> str:
    """Return a document that was changed by somebody who knows how checksums are made."""

    def both(content: dict[str, Any]) -> None:
        change(content["model"])
        content["checksum"] = saved._checksum(content["model"])

    return document(both)


REFUSED: dict[str, tuple[Callable[[], str | bytes], str]] = {
    "version": (
        lambda: document(lambda content: content.update(version=1)),
        "was saved by another version of hvlab: its format is 1, expected",
    ),
    "no version": (lambda: document(lambda content: content.pop("version")), "its format is None, expected"),
    "a changed value": (
        lambda: document(lambda content: content["model"].update(interruption_s=3)), "is damaged: it is not what was saved",
    ),
    "no checksum": (lambda: document(lambda content: content.pop("checksum")), "is damaged"),
    "no model": (lambda: document(lambda content: content.pop("model")), "is damaged"),
    "another shape": (
        lambda: resealed(lambda model: model.update(colour="red")),
        "cannot be understood, as if another version of hvlab had saved it: SavedLab.model has other keys than expected",
    ),
    "an impossible value": (
        lambda: resealed(lambda model: model.update(interruption_s=99)), "Interruption_s is 99.0. Expected 0 to 60 s.",
    ),
    "cut off": (lambda: document(lambda content: None)[:-40], "is damaged: it is cut off, or not JSON any more"),
    "not text": (lambda: b"\xff\xfe\x00\x01", "is none: it was not saved by Save-Lab"),
    "something else": (lambda: '{"name": "office"}', "is none: it was not saved by Save-Lab"),
    "a list": (lambda: "[]", "is none: it was not saved by Save-Lab"),
    "nothing": (lambda: "", "is none: it was not saved by Save-Lab"),
    "too deep": (lambda: "[" * 100_000, "is none: it was not saved by Save-Lab"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_a_file_that_is_no_whole_lab_of_this_version_changes_nothing(what: str, folder: Path) -> None:
    make, message = REFUSED[what]
    content = make()
    (folder / "bad.lab").write_bytes(content if isinstance(content, bytes) else content.encode())
    console = Console()
    console.said("Set-LabVM web1 -Forwarding $true")
    before = console.model
    assert message in console.error("Restore-Lab bad.lab")
    assert console.model == before


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("Restore-Lab nix.lab", 'Cannot read the lab in "'),
        ("Restore-Lab .", '" is no file.'),
        ("Restore-Lab /dev/zero", '"/dev/zero" is no file.'),
        ("Save-Lab nowhere/x.lab", "No such file or directory"),
        ("Save-Lab there.lab -NoClobber", "already. Leave out -NoClobber to replace it."),
        (r"Save-Lab D:\labs\x.lab", "Cannot find drive. A drive with the name 'D' does not exist."),
    ],
)
def test_a_file_that_cannot_be_used_is_told(script: str, message: str, folder: Path) -> None:
    (folder / "there.lab").write_text("kept", encoding="utf-8")
    assert message in Console().error(script)
    assert sorted(each.name for each in folder.iterdir()) == ["there.lab"]


def test_an_older_name_in_the_file_is_only_told() -> None:
    saved.save(Path("a.lab"), LabModel("elsewhere", hosts=office_lab().hosts[:1], networks=office_lab().networks))
    console = Console()
    console.said("Restore-Lab a.lab")
    assert console.model.name == "office"
