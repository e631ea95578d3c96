"""Processes for booting over the network: boot loaders, TFTP servers, PXE responders; and what loaders write down."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from lab.emulation import guest_files, pxe
from lab.emulation.ovs import LOGS, RUN
from lab.emulation.pod.pod import Pod
from lab.emulation.pod.process import Process
from lab.emulation.service_process import in_machine
from lab.engine.boots import BootRecord, boot_statuses, console_text, read_console, read_record
from lab.engine.resources import Program, Service
from lab.engine.session import wait_until
from lab.errors import EnvironmentFault
from lab.model.objects import LabModel

BOOT_TIMEOUT_S: Final = 90.0
"""Longer than any attempt to boot takes."""

AT_ONCE: Final = 20
"""How many of them boot side by side."""

RECORDS: Final = RUN / "boots"
"""Where a lab keeps what came of the attempts, by VM."""

_LONGEST: Final = 1 << 20

FIRMWARE: Final[Mapping[int, tuple[str, ...]]] = {
    1: ("/usr/lib/ipxe/ipxe.lkrn",),
    2: ("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"),
}
"""What real machines of each generation boot with: iPXE, in place of a ROM on the card; and OVMF, which is UEFI."""

_PROGRAM: Final = str(Path(pxe.__file__).with_name("__main__.py"))
_FOLDER: Final = "/run/pxe"
_TFTP_FOLDER: Final = "/run/tftp"


def _boot_loader(service: Service) -> Process:
    options = service.options
    record = record_path(service)
    told: dict[str, Any] = {
        "adapter": options["adapter"],
        "architecture": int(options["architecture"]),
        "device": service.device,
        "generation": int(options["generation"]),
        "name": service.node,
        "record": record,
    }
    return in_machine(service, _python("boot", told), ready=record, ready_timeout_s=BOOT_TIMEOUT_S)


def _tftp_server(service: Service) -> Process:
    told = {
        "folder": _TFTP_FOLDER,
        "sizes": json.loads(service.options["sizes"]),
        "contents": dict(service.files),
    }
    ready = f"{_TFTP_FOLDER}/pid"
    words = ("--keep-in-foreground", "--conf-file=/dev/null", "--user=root", "--group=", "--port=0", "--log-facility=-")
    tftp = (
        "--enable-tftp",
        f"--tftp-root={_TFTP_FOLDER}/files",
        "--tftp-lowercase",
        "--tftp-max=1000",
        f"--pid-file={ready}",
    )
    return in_machine(service, _python("serve", told, "dnsmasq", *words, *tftp), ready=ready)


def _pxe_responder(service: Service) -> Process:
    options = {name: json.loads(value) for name, value in service.settings}
    ready = f"{_FOLDER}/responder.ready"
    told = {**options, "name": service.node, "ready": ready}
    return in_machine(service, _python("respond", told), ready=ready)


def _real_machine(service: Service) -> Process:
    ready, variables = f"{_FOLDER}/machine.ready", f"{_FOLDER}/variables.fd"
    words = [
        *("qemu-system-x86_64", "-name", service.node, "-nodefaults", "-no-user-config", "-accel", "tcg"),
        *("-machine", "pc,graphics=off", "-display", "none", "-monitor", "none", "-serial", "stdio"),
        *("-netdev", "tap,id=adapter,fd={fd}"),
    ]
    copies = {}
    if service.options["generation"] == "1":
        words += ["-m", "64", "-device", "tulip,netdev=adapter,mac={mac}", "-kernel", *FIRMWARE[1]]
    else:
        code, copies[variables] = FIRMWARE[2]
        words += ["-m", "256", "-device", "virtio-net-pci,netdev=adapter,mac={mac},romfile="]
        words += ["-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={code}"]
        words += ["-drive", f"if=pflash,format=raw,unit=1,file={variables}"]
        words += ["-fw_cfg", "name=opt/org.tianocore/IPv6PXESupport,string=n"]
    told = {"copies": copies, "device": service.device, "ready": ready}
    return in_machine(service, _python("run", told, *words), ready=ready)


PROCESSES: Final[Mapping[Program, Callable[[Service], Process]]] = {
    Program.NETWORK_BOOT: _boot_loader,
    Program.TFTP_SERVER: _tftp_server,
    Program.PXE_RESPONDER: _pxe_responder,
    Program.REAL_MACHINE: _real_machine,
}


def require(services: Iterable[Service]) -> None:
    """Raise EnvironmentFault if a firmware is missing that one of the services needs."""
    for each in services:
        if each.program is Program.REAL_MACHINE:
            generation = int(each.options["generation"])
            missing = [path for path in FIRMWARE[generation] if not Path(path).exists()]
            if missing:
                package = "ipxe" if generation == 1 else "ovmf"
                raise EnvironmentFault(f'the firmware "{missing[0]}" is missing', remedy=f"sudo apt install {package}")


def record_path(service: Service) -> str:
    """Return where a boot loader writes down what came of its attempt, as its machine sees it."""
    return f"{_FOLDER}/{service.device or 'none'}.json"


def boot_again(pod: Pod, services: Iterable[Service]) -> None:
    """Have boot loaders that run try again, as if somebody had pressed a key, and return when they have."""
    there = pod.processes()
    again = [_boot_loader(each) for each in services if each.program is Program.NETWORK_BOOT and each.name in there]
    for at in range(0, len(again), AT_ONCE):
        batch = again[at : at + AT_ONCE]
        pod.stop([each.name for each in batch])
        pod.spawn(batch, timeout_s=2 * BOOT_TIMEOUT_S)


def remember(pod: Pod, services: Iterable[Service]) -> frozenset[str]:
    """Keep what the boot loaders among some services have written down; return the names of the VMs that booted.

    One that is still at it is waited for: whoever started it may have been interrupted.
    """
    processes = pod.processes()
    running = {name: state.pid for name, state in processes.items() if state.pid is not None}
    loaders = [each for each in services if each.program is Program.NETWORK_BOOT and each.node in running]
    busy = [f"/proc/{running[each.node]}/root{record_path(each)}" for each in loaders if each.name in running]
    wait_until(lambda: None, lambda _: all(map(os.path.lexists, busy)), BOOT_TIMEOUT_S)
    written = {each.node: guest_files.read(running[each.node], record_path(each), _LONGEST) for each in loaders}
    found = {node: content for node, content in written.items() if content is not None}
    for node, content in found.items():
        RECORDS.mkdir(mode=0o700, exist_ok=True)
        new = RECORDS / f".{node}.new"
        new.write_bytes(content)
        os.replace(new, RECORDS / node)
    return frozenset(node for node, content in found.items() if not read_record(node, content).error)


def records(pod: Pod, model: LabModel) -> dict[str, BootRecord]:
    """Return what came of each VM's last attempt to boot over the network, by the VM's name."""
    found = {}
    for status in boot_statuses(model, {}):
        kept = pod.path(str(RECORDS / status.vm))
        for path, read in ((kept, read_record), (_console(pod, status.vm), read_console)):
            content = _written(path)
            if content is not None:
                found[status.vm] = read(status.vm, content)
    return found


def console(pod: Pod, vm: str) -> str:
    """Return what stands on the console of a real machine since it was started."""
    return console_text(_written(_console(pod, vm)) or b"")


def _console(pod: Pod, vm: str) -> str:
    return pod.path(f"{LOGS}/{Program.REAL_MACHINE}-eth0@{vm}.log")


def _written(path: str) -> bytes | None:
    """Return what is in a file, of which a guest may have made anything; None if that is no file, or none is there."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            return file.read(_LONGEST)
    except OSError:
        return None


def _python(what: str, told: Mapping[str, Any], *argv: str) -> tuple[str, ...]:
    return (sys.executable, "-I", "-S", "-E", _PROGRAM, what, json.dumps(told, sort_keys=True), *argv)
