"""The processes of booting over the network, and what is said when something for them is missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab.emulation import network_boot, services
from lab.engine.resources import Program, Service
from lab.errors import EnvironmentFault


def real_machine(generation: int) -> Service:
    settings = (("generation", str(generation)),)
    return Service("real1", Program.REAL_MACHINE, "machine", "eth0", settings=settings)


@pytest.mark.parametrize(("generation", "package"), [(1, "ipxe"), (2, "ovmf")])
def test_missing_firmware_is_told_with_its_package(
    generation: int, package: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "there").touch()
    monkeypatch.setattr(network_boot, "FIRMWARE", {generation: (f"{tmp_path}/there", f"{tmp_path}/missing")})
    with pytest.raises(EnvironmentFault, match="missing") as error:
        network_boot.require([real_machine(generation)])
    assert error.value.records[0].remedy == f"sudo apt install {package}"
    (tmp_path / "missing").touch()
    network_boot.require([real_machine(generation)])


@pytest.mark.parametrize(("generation", "card"), [(1, "tulip,"), (2, "virtio-net-pci,")])
def test_a_real_machine_has_the_card_of_its_generation(generation: int, card: str) -> None:
    process = services.process(real_machine(generation))
    assert [word for word in process.argv or () if word.startswith(card)]
    assert "tcg" in (process.argv or ()), "not all machines have hardware virtualisation"
    assert dict(process.enter) == dict.fromkeys(("net", "mnt", "pid", "uts"), "real1")


def test_a_boot_loader_is_told_everything_in_its_arguments() -> None:
    settings = (("adapter", "Network Adapter"), ("architecture", "7"), ("generation", "2"))
    process = services.process(Service("new1", Program.NETWORK_BOOT, "boot loader", "eth0", settings=settings))
    told = json.loads((process.argv or ())[-1])
    assert told == {
        "adapter": "Network Adapter", "architecture": 7, "device": "eth0", "generation": 2, "name": "new1",
        "record": process.ready,
    }  # fmt: skip


def test_a_tftp_server_is_no_program_that_a_profile_of_the_machine_is_for() -> None:
    sizes = (("sizes", '{"a.efi": 7}'),)
    process = services.process(
        Service("wds1", Program.TFTP_SERVER, "TFTP server", settings=sizes, files=(("b", "text"),))
    )
    told = json.loads((process.argv or ())[6])
    assert (told["sizes"], told["contents"]) == ({"a.efi": 7}, {"b": "text"})
    assert "--group=" in (process.argv or ()), "an ordinary user's machine may not change its group"
