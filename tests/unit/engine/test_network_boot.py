"""VMs that boot over the network, on a backend that only remembers: boot loaders, disks, and second attempts."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab import Lab, dhcp_scope6
from lab.engine.resources import Interface, Program, Service
from lab.engine.session import Session
from lab.engine.state import State
from lab.errors import LabFault
from lab.model.objects import LabModel

from .conftest import FakeBackend


def lab(*, spare: bool = False, **more: object) -> LabModel:
    """Return a lab with a VM that boots over the network; ``more`` are its settings, ``spare`` another switch."""
    made = Lab("boot")
    hv1 = made.host("hv1")
    hv1.internal_switch("Internal", "10.0.1.1/24")
    if spare:
        hv1.private_switch("Spare")
    hv1.vm("wds1", "Internal", "10.0.1.3").wds_server()
    settings = {"boot_device": "NetworkAdapter"} | more
    hv1.vm("new1", "Internal", "10.0.1.11", **settings)  # type: ignore[arg-type]
    return made.model()


def services(backend: FakeBackend, node: str = "new1") -> list[Program]:
    return [each.program for each in backend.resources.values() if isinstance(each, Service) and each.node == node]


def addresses(backend: FakeBackend) -> tuple[str, ...]:
    found = backend.resources["interface", "new1", "eth0"]
    assert isinstance(found, Interface)
    return found.addresses


def installed(session: Session) -> bool:
    return next(vm.installed for _, vm in session.state().model.vms() if vm.name == "new1")


def test_a_vm_that_cannot_boot_has_a_boot_loader_and_no_address(session: Session, backend: FakeBackend) -> None:
    session.up(lab(), "x", {})
    assert services(backend) == [Program.NETWORK_BOOT]
    assert addresses(backend) == ()
    assert services(backend, "wds1") == [Program.TFTP_SERVER, Program.PXE_RESPONDER]
    assert not installed(session)
    assert not session.plan(lab())
    assert backend.tried_again == frozenset(), "its first attempt is the start of its boot loader"


def test_a_vm_that_boots_is_installed_within_the_same_command(session: Session, backend: FakeBackend) -> None:
    backend.bootable = frozenset({"new1"})
    session.up(lab(), "x", {})
    assert services(backend) == []
    assert addresses(backend) == ("10.0.1.11/24",)
    assert installed(session)
    assert not session.plan(lab()), "the file does not say that it is installed, and does not say that it is not"
    assert not session.state().interrupted


@pytest.mark.parametrize(
    "later",
    [
        lab(spare=True),
        lab(running=False),
        lab(mac="00-15-5D-01-02-03"),
        lab(boot_device="VHD"),
    ],
    ids=["another change", "off", "another MAC address", "boots from its disk"],
)
def test_an_installed_vm_stays_so(session: Session, backend: FakeBackend, later: LabModel) -> None:
    backend.bootable = frozenset({"new1"})
    session.up(lab(), "x", {})
    backend.bootable = frozenset()
    session.apply(later, "x", {})
    session.apply(lab(), "x", {})
    assert installed(session)
    assert services(backend) == []
    assert addresses(backend) == ("10.0.1.11/24",)


def test_a_legacy_adapter_may_be_replaced(session: Session, backend: FakeBackend) -> None:
    legacy = {"generation": 1, "boot_device": "LegacyNetworkAdapter"}
    backend.bootable = frozenset({"new1"})
    session.up(lab(legacy=True, **legacy), "x", {})
    backend.bootable = frozenset()
    session.apply(lab(**legacy), "x", {})
    assert installed(session) and services(backend) == []
    assert addresses(backend) == ("10.0.1.11/24",)


def test_a_vm_with_a_system_keeps_it_when_it_is_to_boot_from_the_network(
    session: Session, backend: FakeBackend
) -> None:
    session.up(lab(boot_device="VHD"), "x", {})
    session.apply(lab(), "x", {})
    assert installed(session) and services(backend) == []


def test_a_vm_made_anew_has_an_empty_disk(session: Session, backend: FakeBackend) -> None:
    backend.bootable = frozenset({"new1"})
    session.up(lab(), "x", {})
    backend.bootable = frozenset()
    session.apply(lab(generation=1, legacy=True, boot_device="LegacyNetworkAdapter"), "x", {})
    assert not installed(session)
    assert services(backend) == [Program.NETWORK_BOOT]


def test_who_could_not_boot_tries_again_when_something_has_changed(session: Session, backend: FakeBackend) -> None:
    session.up(lab(), "x", {})
    session.apply(lab(), "x", {})
    assert backend.tried_again == frozenset()
    backend.bootable = frozenset({"new1"})
    session.apply(lab(spare=True), "x", {})
    assert backend.tried_again == {"new1"}
    assert installed(session)


def test_it_boots_again_when_it_is_asked_for(session: Session, backend: FakeBackend) -> None:
    session.up(lab(), "x", {})
    session.boot(frozenset({"new1"}), reinstall=False)
    assert backend.tried_again == {"new1"}
    backend.bootable = frozenset({"new1"})
    session.boot(frozenset({"new1"}), reinstall=False)
    assert installed(session)
    backend.bootable = frozenset()
    session.boot(frozenset({"new1"}), reinstall=True)
    assert not installed(session)
    assert backend.started and services(backend) == [Program.NETWORK_BOOT]
    assert addresses(backend) == ()


def test_what_is_interrupted_after_the_boot_is_completed(
    session: Session, backend: FakeBackend, tmp_path: Path
) -> None:
    session.up(lab(), "x", {})
    backend.bootable = frozenset({"new1"})
    backend.fail_after = 1
    with pytest.raises(LabFault):
        session.boot(frozenset({"new1"}), reinstall=False)
    state: State = session.state()
    assert state.interrupted
    backend.fail_after = None
    assert session.apply(lab(), "x", {}).plan
    assert installed(session)
    assert addresses(backend) == ("10.0.1.11/24",)
    assert not session.plan(lab())


def test_a_boot_server_has_a_system_before_it_serves(session: Session, backend: FakeBackend) -> None:
    made = Lab("boot")
    hv1 = made.host("hv1")
    hv1.internal_switch("Internal", "10.0.1.1/24")
    hv1.vm("wds1", "Internal", "10.0.1.3", boot_device="NetworkAdapter").wds_server()
    backend.bootable = frozenset({"wds1"})
    session.up(made.model(), "x", {})
    assert services(backend, "wds1") == [Program.TFTP_SERVER, Program.PXE_RESPONDER]


def test_a_server_of_ipv6_waits_for_its_system_and_leaves_wds_its_port(session: Session, backend: FakeBackend) -> None:
    made = Lab("boot")
    hv1 = made.host("hv1")
    hv1.internal_switch("Internal", "10.0.1.1/24")
    both = hv1.vm("both1", "Internal", "10.0.1.3", "fd00:1::3/64", boot_device="NetworkAdapter")
    both.wds_server().dhcp_server(dhcp_scope6("fd00:1::/64"))
    session.up(made.model(), "x", {})
    assert services(backend, "both1") == [Program.NETWORK_BOOT]
    backend.bootable = frozenset({"both1"})
    session.boot(frozenset({"both1"}), reinstall=False)
    assert set(services(backend, "both1")) == {Program.TFTP_SERVER, Program.PXE_RESPONDER, Program.DHCP6_SERVER}


def test_a_real_machine_is_neither_installed_nor_given_an_address(session: Session, backend: FakeBackend) -> None:
    made = Lab("boot")
    hv1 = made.host("hv1")
    hv1.internal_switch("Internal", "10.0.1.1/24")
    hv1.vm("real1", "Internal", generation=1, legacy=True, boot_device="LegacyNetworkAdapter", real_machine=True)
    backend.bootable = frozenset({"real1"})
    session.up(made.model(), "x", {})
    assert services(backend, "real1") == [Program.REAL_MACHINE]
