"""Booting over the network in the model: boot devices, boot servers, and VMs whose disks are empty."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lab import Lab
from lab.codec import dumps, loads
from lab.errors import TopologyError
from lab.model.boot import BootFile, BootProgram
from lab.model.interfaces import vm_interfaces
from lab.model.kinds import BootDevice
from lab.model.objects import LabModel, VirtualMachine
from lab.model.reachability import endpoints, predict


def model() -> LabModel:
    lab = Lab("boot")
    hv1 = lab.host("hv1")
    hv1.internal_switch("Internal", "10.0.1.1/24")
    hv1.vm("wds1", "Internal", "10.0.1.3").wds_server(files={r"Boot\BCD": "text", "boot.sdi": 4096})
    new = hv1.vm("new1", "Internal", "10.0.1.11", boot_device="NetworkAdapter").adapter(None)
    new.vlan_interface(5, "10.5.0.1/24").nlb_node(lab.nlb_cluster("web", "10.0.1.20/24"), priority=1)
    hv1.vm("real1", "Internal", generation=1, legacy=True, boot_device="legacynetworkadapter", real_machine=True)
    return lab.model()


def vm(found: LabModel, name: str) -> VirtualMachine:
    return next(each for _, each in found.vms() if each.name == name)


def test_wds_begins_with_a_boot_program_for_each_generation() -> None:
    server = vm(model(), "wds1").boot_server
    assert server and server.use_dhcp_ports and server.role == "Windows Deployment Services"
    assert server.programs == (BootProgram(0, r"boot\x86\wdsnbp.com"), BootProgram(7, r"boot\x64\wdsmgfw.efi"))
    assert server.files == (
        BootFile(r"boot\x86\wdsnbp.com", 31744),
        BootFile(r"boot\x64\wdsmgfw.efi", 716800),
        BootFile(r"Boot\BCD", content="text"),
        BootFile("boot.sdi", 4096),
    )
    assert [each.bytes for each in server.files[2:]] == [4, 4096]


def test_what_is_written_is_what_is_saved() -> None:
    found = model()
    assert loads(LabModel, dumps(found)) == found


def test_a_vm_boots_from_its_disk_unless_it_is_said_otherwise() -> None:
    found = model()
    assert vm(found, "wds1").has_system
    assert vm(found, "new1").boot_device is BootDevice.NETWORK_ADAPTER
    assert not vm(found, "new1").has_system
    assert replace(vm(found, "new1"), installed=True).has_system
    assert not replace(vm(found, "real1"), installed=True).has_system, "its guest is not ours"


def test_what_a_guest_makes_is_there_when_there_is_a_guest() -> None:
    found = model()
    host, new = found.hosts[0], vm(found, "new1")
    empty = list(vm_interfaces(host, new))
    assert [each.device for each in empty] == ["eth0", "eth1"]
    assert "no operating system yet" in empty[0].why_down
    assert "connected to no switch" in empty[1].why_down
    assert empty[0].nlb is None and empty[0].shared_mac == ""
    installed = list(vm_interfaces(host, replace(new, installed=True)))
    assert [each.device for each in installed] == ["eth0", "eth0.5", "eth1"]
    assert installed[0].up and installed[0].nlb


def test_a_firmware_needs_no_integration_services() -> None:
    found = model()
    new = replace(vm(found, "new1"), integration_services=False)
    assert new.has_driver(new.adapters[0])
    assert not replace(new, installed=True).has_driver(new.adapters[0])


@pytest.mark.parametrize(("name", "words"), [("new1", "no operating system yet"), ("real1", "is a real machine")])
def test_the_oracle_says_why_nobody_is_there(name: str, words: str) -> None:
    found = model()
    places = {each.node: each for each in endpoints(found)}
    assert words in predict(found, places["wds1"], places[name]).reason


def test_mistakes_of_a_guest_are_told_before_there_is_one() -> None:
    lab = Lab("boot")
    hv1 = lab.host("hv1")
    hv1.internal_switch("Internal", "10.0.1.1/24")
    hv1.vm("new1", "Internal", "10.0.1.1", boot_device="NetworkAdapter")
    with pytest.raises(TopologyError, match=r"10\.0\.1\.1"):
        lab.model()
