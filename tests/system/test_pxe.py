"""Booting over the network by traffic: what is asked and got, what goes wrong how, and what a VM is afterwards."""

from __future__ import annotations

import hashlib
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest

from lab.emulation.network_boot import FIRMWARE
from lab.emulation.pxe import packets
from lab.emulation.pxe.images import image
from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.labs import TOPOLOGIES, RunningLab, edited

# An ordinary user starts the same programs, in test_topologies.py.
pytestmark = [pytest.mark.system, pytest.mark.switching]

FILE = next(path for path in TOPOLOGIES if path.stem == "pxe")
TEXT = FILE.read_text()
BIOS_FILE, UEFI_FILE = r"boot\x86\wdsnbp.com", r"boot\x64\wdsmgfw.efi"


@pytest.fixture(scope="module")
def running(lab: LabOf) -> Iterator[RunningLab]:
    with lab(FILE) as found:
        yield found


def boots(lab: RunningLab) -> dict[str, Any]:
    """Return what `hvlab pxe` tells of each VM."""
    return {each["vm"]: each for each in lab("pxe", "--json").json()}


def downloads(lab: RunningLab, server: str = "wds1") -> int:
    """Return how many files a TFTP server has sent."""
    log = Path(lab.pod.path(f"/run/hvlab/log/tftp-server@{server}.log"))
    return sum(" sent " in line for line in log.read_text().splitlines())


@pytest.mark.parametrize(
    ("vm", "file", "size", "architecture"),
    [("new1", UEFI_FILE, 716800, 7), ("new2", UEFI_FILE, 716800, 7), ("old1", BIOS_FILE, 31744, 0)],
)
def test_each_generation_boots_its_own_file(
    running: RunningLab, vm: str, file: str, size: int, architecture: int
) -> None:
    found = boots(running)[vm]
    record = found["record"]
    assert found["installed"] and record["error"] == ""
    assert (record["file"], record["size"], record["architecture"]) == (file, size, architecture)
    assert record["server"] == "10.0.1.3"
    assert record["sha256"] == hashlib.sha256(image(file, size)).hexdigest()
    path = f"/run/tftp/files/{file}".replace("\\", "/")
    assert running.exec("wds1", "sha256sum", path).out.split()[0] == record["sha256"]
    offers = {each["server"]: each for each in record["offers"]}
    assert offers["10.0.1.2"]["address"] == record["address"]
    assert offers["10.0.1.2"]["vendor_class"] == ""
    assert (offers["10.0.1.3"]["address"], offers["10.0.1.3"]["vendor_class"]) == ("", "PXEClient")


def test_an_installed_vm_has_its_addresses_and_nothing_of_its_boot_loader_s(running: RunningLab) -> None:
    running.agrees()
    status = {each["machine"]: each for each in running.status()["adapters"]}
    assert status["new2"]["addresses"] == ["10.0.1.12/24"]
    assert status["old1"]["addresses"] == ["10.0.1.11/24"]
    assert status["new1"]["addresses"][0].startswith("10.0.1.1")
    assert not [each for each in running.status()["processes"] if each["name"].startswith("network-boot")]


def test_nothing_is_installed_again_unless_it_is_asked_for(running: RunningLab) -> None:
    before, sent = boots(running), downloads(running)
    assert "nothing to do" in running.apply(TEXT).out
    line = next(each for each in TEXT.splitlines() if each.startswith('hv1.vm("new2"'))
    running.apply(edited(TEXT, (line, line.replace('boot_device="', 'running=False, boot_device="'))))
    assert boots(running)["new2"]["installed"]
    assert "starts" in running.apply(TEXT).out
    assert (boots(running), downloads(running)) == (before, sent)
    running.agrees()
    told = running("pxe", "boot", "new2", check=2).err
    assert 'VM "new2" is installed, and boots from its disk; say --reinstall' in told
    assert "installed" in running("pxe", "boot", "--reinstall", "new2").out
    assert downloads(running) == sent + 1
    assert boots(running)["new1"] == before["new1"]
    running.agrees()


def test_a_legacy_adapter_gives_way_to_a_synthetic_one_and_the_vm_stays_installed(running: RunningLab) -> None:
    sent = downloads(running)
    assert "replace its legacy adapter" in boots(running)["old1"]["advice"]
    assert "replace its legacy adapter" in running("status").out
    running.apply(edited(TEXT, ("generation=1, legacy=True", "generation=1")))
    found = boots(running)["old1"]
    assert found["installed"] and found["advice"] == ""
    assert downloads(running) == sent
    running.agrees()
    running.apply(TEXT)
    running.agrees()


def test_what_a_client_asks_tells_its_firmware_and_is_seen_on_the_wire(running: RunningLab) -> None:
    with running.socket("wds1", socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800)) as wire:
        running("pxe", "boot", "--reinstall", "new1", "old1")
        asked = heard(wire)
    macs = {each["machine"]: each["mac"].lower() for each in running.status()["adapters"]}
    for vm, architecture in (("new1", 7), ("old1", 0)):
        mine = [each for each in asked if each.mac.hex() == macs[vm]]
        discover = next(each for each in mine if each.kind == packets.DISCOVER and each.is_pxe)
        options = discover.options
        assert options[packets.VENDOR_CLASS].decode() == f"PXEClient:Arch:{architecture:05}:UNDI:003016"
        assert options[packets.ARCHITECTURE] == architecture.to_bytes(2, "big")
        assert options[packets.UNDI] == bytes((1, 3, 16))
        assert len(options[packets.MACHINE]) == 17 and options[packets.MACHINE][0] == 0
        assert int.from_bytes(options[packets.LARGEST], "big") >= 1260
        assert {66, 67, 43} <= set(options[packets.PARAMETERS])
        assert any(each.kind == packets.REQUEST and each.ciaddr != IPv4Address(0) for each in mine)


def test_a_change_that_is_interrupted_while_a_vm_boots_is_completed(running: RunningLab) -> None:
    slow = edited(TEXT, ('"10.0.1.3/24")', '"10.0.1.3/24", maximum_bandwidth=2_000_000)'))
    running.apply(slow)
    line = 'hv1.vm("late1", "Internal", "10.0.1.21/24", boot_device="NetworkAdapter")'
    running.file.write_text(edited(slow, ("\nif __name__", f"{line}\n\nif __name__")))
    begun = running.hvlab.start("--lab", running.name, "apply", running.file, *running.settings)
    try:
        eventually(lambda: "network-boot-eth0@late1" in running.pod.processes(), timeout=20)
    finally:
        begun.kill()
        begun.wait()
    assert not Path(running.pod.path("/run/hvlab/boots/late1")).exists(), "it was over before it was interrupted"
    assert "it has been completed" in running("pxe").err
    assert boots(running)["late1"]["installed"]
    running.agrees()
    running.apply(TEXT)


def heard(wire: socket.socket) -> list[packets.Message]:
    """Return the DHCP messages of clients that a socket has got until now."""
    found = []
    wire.setblocking(False)
    while True:
        try:
            packet = wire.recv(65536)
        except BlockingIOError:
            return found
        for port in (packets.SERVER_PORT, packets.PROXY_PORT):
            payload = packets.payload_for(packet, port)
            if payload:
                found.append(packets.decode(payload))


def test_another_boot_file_and_another_role_are_in_force_at_once(running: RunningLab) -> None:
    text = edited(
        TEXT,
        (".wds_server()", r'.wds_server(boot_programs={7: "boot\\x64\\other.efi", 0: "boot\\x86\\wdsnbp.com"})'),
    )
    assert "boot programs" in running.apply(text).out
    running("pxe", "boot", "--reinstall", "new1")
    assert boots(running)["new1"]["record"]["file"] == r"boot\x64\other.efi"
    running.apply(TEXT)


WRONG = r"""
from lab import Lab, dhcp_policy, dhcp_scope, extended_deny

lab = Lab("wrong")
hv1 = lab.host("hv1")


def place(number, wds=True, ports=True, guard=False, server={}, **options):
    hv1.internal_switch(f"S{number}", f"10.0.{number}.1/24")
    scope = dhcp_scope(f"10.0.{number}.0/24", f"10.0.{number}.100", f"10.0.{number}.199", **options)
    hv1.vm(f"dhcp{number}", f"S{number}", f"10.0.{number}.2/24", dhcp_guard=guard).dhcp_server(scope, **server)
    if wds:
        hv1.vm(f"wds{number}", f"S{number}", f"10.0.{number}.3/24").wds_server(use_dhcp_ports=ports)


place(1, server={"vendor_class_id": "PXEClient"})
hv1.vm("option60", "S1", "dhcp", boot_device="NetworkAdapter")
place(2, guard=True, wds=False)
hv1.vm("guarded", "S2", "dhcp", boot_device="NetworkAdapter")
place(3, wds=False)
hv1.vm("nofile", "S3", "dhcp", boot_device="NetworkAdapter")
place(4, ports=False, boot_server="10.0.4.3", boot_file="boot\\x86\\wdsnbp.com")
hv1.vm("uefi", "S4", "10.0.4.11/24", boot_device="NetworkAdapter")
hv1.vm("bios", "S4", "10.0.4.12/24", generation=1, legacy=True, boot_device="LegacyNetworkAdapter")
place(5, ports=False, boot_server="10.0.5.3", boot_file="nothing.efi")
hv1.vm("missing", "S5", "dhcp", boot_device="NetworkAdapter")
place(6, wds=False, boot_server="10.0.6.77", boot_file="nothing.efi")
hv1.vm("silent", "S6", "dhcp", boot_device="NetworkAdapter")
hv1.vm("synthetic", "S6", "dhcp", generation=1, boot_device="LegacyNetworkAdapter")
hv1.vm("unplugged", boot_device="NetworkAdapter")
hv1.internal_switch("S7", "10.0.7.1/24")
hv1.vm("wds7", "S7", "10.0.7.3/24").wds_server()
hv1.vm("unserved", "S7", "dhcp", boot_device="NetworkAdapter")
place(8)
no_tftp = extended_deny(10, "Outbound", protocol="UDP", remote_port="69")
hv1.vm("denied", "S8", "dhcp", boot_device="NetworkAdapter", extended_acls=no_tftp)
"""


@pytest.fixture(scope="module")
def wrong(lab: LabOf) -> Iterator[RunningLab]:
    with lab(WRONG) as found:
        yield found


@pytest.mark.parametrize(
    ("vm", "words"),
    [
        ("option60", "PXE-E55: proxyDHCP service did not reply to request on port 4011"),
        ("guarded", "PXE-E51: No DHCP or proxyDHCP offers were received"),
        ("unserved", "PXE-E52: proxyDHCP offers were received. No DHCP offers were received"),
        ("nofile", "PXE-E53: No boot filename received"),
        ("uefi", r'"boot\x86\wdsnbp.com" is a boot file for BIOS, this is UEFI x64 (architecture 7)'),
        ("missing", "PXE-T01: File not found, PXE-E3B: TFTP Error - File Not found"),
        ("silent", "PXE-E32: TFTP open timeout"),
        ("denied", "PXE-E32: TFTP open timeout"),
        ("synthetic", "Boot failure. Reboot and Select proper Boot device"),
        ("unplugged", "PXE-E61: Media test failure, check cable"),
    ],
)
def test_a_wrong_choice_fails_in_the_words_of_the_firmware(wrong: RunningLab, vm: str, words: str) -> None:
    found = boots(wrong)[vm]
    assert words in found["state"]
    assert not found["installed"]
    shown = wrong("pxe", "console", vm).out
    assert "Boot failure." in shown or "Virtual Machine Boot Summary" in shown
    told = wrong("status").err
    assert f'VM "{vm}" has not booted from the network' in told and words in told


@pytest.mark.switching
def test_a_vm_that_is_not_installed_runs_and_has_no_address(wrong: RunningLab) -> None:
    assert boots(wrong)["bios"]["installed"]
    wrong.agrees()
    assert not wrong.cells()["bios", "uefi"]
    told = wrong("trace", "bios", "uefi", check=1).out
    assert "no operating system yet" in told and "hvlab pxe boot uefi" in told
    assert wrong.exec("uefi", "ip", "-4", "-o", "addr", "show", "dev", "eth0").out == ""


@pytest.mark.switching
def test_what_stands_in_the_way_is_named_by_what_it_has_dropped(wrong: RunningLab) -> None:
    assert wrong.drops("dhcp2", 17)["frames"] >= 3
    assert wrong.drops("denied", 12)["frames"] >= 3
    assert "Remove-VMNetworkAdapterExtendedAcl" in wrong("drops", "denied").out


def test_what_is_put_right_boots(wrong: RunningLab) -> None:
    """Option 60 goes, the guard goes, boot files are by architecture, and a switch is there."""
    policies = (
        'ports=False, boot_server="10.0.4.3", policies=[dhcp_policy("BIOS", architecture=0, '
        r'boot_file="boot\\x86\\wdsnbp.com"), dhcp_policy("UEFI", architecture=7, boot_file="Boot\\x64\\WDSmgfw.efi")]'
    )
    text = edited(
        WRONG,
        ('place(1, server={"vendor_class_id": "PXEClient"})', "place(1)"),
        ("place(2, guard=True, wds=False)", "place(2)"),
        (r'ports=False, boot_server="10.0.4.3", boot_file="boot\\x86\\wdsnbp.com"', policies),
        ('hv1.vm("synthetic", "S6", "dhcp", generation=1', 'hv1.vm("synthetic", "S1", "dhcp", legacy=True, generation=1'),
        ('hv1.vm("unplugged", boot', 'hv1.vm("unplugged", "S1", "dhcp", boot'),
    )  # fmt: skip
    wrong.apply(text)
    found = boots(wrong)
    for vm in ("option60", "guarded", "uefi", "bios", "synthetic", "unplugged"):
        assert found[vm]["installed"], found[vm]
    assert not found["nofile"]["installed"]
    assert found["uefi"]["record"]["file"] == r"Boot\x64\WDSmgfw.efi"
    wrong.agrees()
    assert wrong("pxe", "boot", "nofile", check=1).code == 1


SAME = r"""
from lab import Lab, dhcp_scope

lab = Lab("same")
hv1 = lab.host("hv1")
hv1.internal_switch("Servers", "10.0.2.1/24")
hv1.private_switch("Clients")
scope = dhcp_scope("10.0.2.0/24", "10.0.2.100", "10.0.2.199", vendor_class_id="PXEClient")
hv1.vm("both", "Servers", "10.0.2.2/24").dhcp_server(scope).wds_server(use_dhcp_ports=False)
hv1.vm("beside", "Servers", "dhcp", boot_device="NetworkAdapter")
"""

RELAYED = r"""
from lab import Lab, dhcp_scope

lab = Lab("relayed")
hv1 = lab.host("hv1")
hv1.internal_switch("Servers", "10.0.2.1/24")
hv1.private_switch("Clients")
scope = dhcp_scope("10.0.3.0/24", "10.0.3.100", "10.0.3.199", router="10.0.3.1")
hv1.vm("dhcp1", "Servers", "10.0.2.2/24", gateway="10.0.2.9").dhcp_server(scope)
hv1.vm("wds1", "Servers", "10.0.2.3/24", gateway="10.0.2.9").wds_server()
router = hv1.vm("router1", "Servers", "10.0.2.9/24", forwarding=True)
router.adapter("Clients", "10.0.3.1/24").dhcp_relay("10.0.2.2", "10.0.2.3")
hv1.vm("far", "Clients", "dhcp", boot_device="NetworkAdapter")
"""


def test_on_one_machine_option_60_leads_to_port_4011(lab: LabOf) -> None:
    with lab(SAME) as running:
        found = boots(running)["beside"]
        assert found["installed"], found
        assert [each["vendor_class"] for each in found["record"]["offers"]] == ["PXEClient"]
        assert found["record"]["file"] == UEFI_FILE
        assert "0.0.0.0:4011" in running.exec("both", "ss", "-Hlun").out.replace("%eth0", "")
        text = edited(SAME, (', vendor_class_id="PXEClient"', ""))
        running.apply(text)
        assert "PXE-E53" in running("pxe", "boot", "--reinstall", "beside", check=1).out


def test_a_relay_agent_leads_to_both_servers_in_another_subnet(lab: LabOf) -> None:
    with lab(RELAYED) as running:
        found = boots(running)["far"]
        assert found["installed"], found
        assert found["record"]["server"] == "10.0.2.3"
        running.agrees()


REAL = (
    """
hv1.vm("real1", "Internal", generation=1, legacy=True, boot_device="LegacyNetworkAdapter", real_machine=True)
""",
    """
hv1.vm("real2", "Internal", boot_device="NetworkAdapter", real_machine=True)
""",
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("generation", "file", "words"), [(1, BIOS_FILE, "using ds21142"), (2, UEFI_FILE, "BdsDxe: starting Boot")]
)
def test_real_firmware_boots_by_its_network_card(
    lab: LabOf, announce: Callable[[str], None], generation: int, file: str, words: str
) -> None:
    needed = (shutil.which("qemu-system-x86_64"), *(each for each in FIRMWARE[generation] if Path(each).exists()))
    if len([each for each in needed if each]) < 1 + len(FIRMWARE[generation]):
        pytest.skip(f"needs QEMU and firmware: apt install qemu-system-x86 {'ipxe' if generation == 1 else 'ovmf'}")
    announce("iPXE initialising devices")
    vm, switch = f"real{generation}", 'hv1.internal_switch("Internal", "10.0.1.1/24"'
    text = edited(
        TEXT, ("\nif __name__", f"{REAL[generation - 1]}\nif __name__"), (switch, f'{switch}, learning="Pinned"')
    )
    begun = time.monotonic()
    with lab(text) as running:
        said = eventually(lambda: boots(running)[vm], lambda each: "runs" in each["state"], timeout=60)
        assert time.monotonic() - begun < 60
        assert said["state"] == f"hvlab: {file} runs", "its processor has run what came over the network"
        record = said["record"]
        size = {BIOS_FILE: 31744, UEFI_FILE: 716800}[file]
        assert (record["file"], record["size"], record["server"]) == (file, size, "10.0.1.3")
        status = {each["machine"]: each for each in running.status()["adapters"]}
        assert record["mac"].replace(":", "").upper() == status[vm]["mac"]
        assert words in running("pxe", "console", vm).out
        leases = running("dhcp", "--json").json()["leases"]
        assert record["address"] in str(leases)
        running.agrees()
