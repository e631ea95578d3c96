"""The programs that machines run for the lab: in all namespaces of their machine, and started again if they end.

What a program is told is in its arguments, its files' contents too (see :mod:`lab.emulation.launcher`): so the
arguments of a process tell whether it is the one that is wanted.
"""

from __future__ import annotations

import json
import shutil
import signal
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from lab.emulation import dhcp_servers, guest_files, name_server, network_boot, nlb, ovs
from lab.emulation.dhcp_servers import FOLDER as SERVER_FOLDER
from lab.emulation.dhcp_servers import SOCKET as SERVER_SOCKET
from lab.emulation.netns import network_of
from lab.emulation.nlb import guest, setup
from lab.emulation.nodes import HOSTS_FILE
from lab.emulation.ovs import LOGS
from lab.emulation.pod.init.child import PATH
from lab.emulation.pod.pod import Pod
from lab.emulation.pod.process import Process, ProcessState
from lab.emulation.service_process import in_machine, launched
from lab.engine import nlb_members
from lab.engine.dhcp6_config import FOLDER as SERVER6_FOLDER
from lab.engine.dhcp_config import HOOKS
from lab.engine.resources import Program, Service
from lab.engine.session import wait_until
from lab.errors import EnvironmentFault, LabFault
from lab.intent.leases import LEASES_KEY
from lab.model.names import bridge_device

CLIENT_TIMEOUT_S: Final = 30.0
PARTNERS_TIMEOUT_S: Final = 15.0
_PATIENCE_S: Final = 1.0
"""How long clients are waited for, of whom a server has answered none, before the next ones are started."""
_ANSWER_S: Final = 4.0
"""How long a server is left to answer all that ask at once; a client gives up before."""
AT_ONCE: Final = 20
"""How many services are started side by side: of 200 DHCP clients at once none would be answered before it gives up."""

STOP_TIMEOUT_S: Final = 5.0
"""How long a client has to give its address back."""
CLIENT_SCRIPT: Final = Path(__file__).with_name("dhcp_client.sh")
CLIENT_FOLDER: Final = "/run/dhcp"
"""Where a machine's DHCP clients write what they have got."""

NLB_MEMBER: Final = Path(nlb.__file__).with_name("__main__.py")
CLIENT6_PROGRAM: Final = Path(__file__).with_name("ipv6_client.py")
CLIENT6_SCRIPT: Final = Path(__file__).with_name("dhcp6_client.sh")
CLIENT6_FOLDER: Final = "/run/dhcp6"
"""Where a machine's IPv6 clients write what they have got."""

_KEA, _KEA6 = "kea-dhcp4", "kea-dhcp6"
_RADVD_FOLDER: Final = "/run/radvd"
_PACKAGES: Final[Mapping[Program, tuple[str, str]]] = {
    Program.DHCP_CLIENT: ("udhcpc", "udhcpc"),
    Program.DHCP_SERVER: (_KEA, "kea-dhcp4-server"),
    Program.DHCP_RELAY: ("dnsmasq", "dnsmasq-base"),
    Program.NAME_SERVER: ("dnsmasq", "dnsmasq-base"),
    Program.DHCP6_SERVER: (_KEA6, "kea-dhcp6-server"),
    Program.IPV6_CLIENT: ("dhclient", "isc-dhcp-client"),
    Program.ROUTER_ADVERTISEMENTS: ("radvd", "radvd"),
    Program.NLB: ("nft", "nftables"),
    Program.TFTP_SERVER: ("dnsmasq", "dnsmasq-base"),
    Program.REAL_MACHINE: ("qemu-system-x86_64", "qemu-system-x86"),
}
"""The program that each service needs, and the Debian package that has it."""

CLIENTS: Final = frozenset({Program.DHCP_CLIENT, Program.IPV6_CLIENT})

_ORDER: Final[tuple[frozenset[Program], ...]] = (
    frozenset({Program.NAME_SERVER, Program.DHCP_SERVER, Program.DHCP6_SERVER}),
    frozenset({Program.DHCP_RELAY, Program.ROUTER_ADVERTISEMENTS, Program.TFTP_SERVER, Program.PXE_RESPONDER}),
    CLIENTS,
    frozenset({Program.NETWORK_BOOT, Program.REAL_MACHINE}),
    frozenset({Program.NLB}),
)
"""Whoever serves others is started before them, and all of a group side by side."""


def require(services: Collection[Service]) -> None:
    """Raise EnvironmentFault if a program is missing on this machine that one of the services needs."""
    for program in sorted({each.program for each in services} & _PACKAGES.keys()):
        name, package = _PACKAGES[program]
        if shutil.which(name, path=PATH) is None:
            raise EnvironmentFault(f'the program "{name}" is missing', remedy=f"sudo apt install {package}")
    network_boot.require(services)


def start(pod: Pod, services: Iterable[Service], *, patient: bool = True) -> None:
    """Start services, and return when each has begun its work: a DHCP client has an address then.

    Unless `patient` it does not wait for clients.
    """
    wanted = sorted(services, key=lambda each: each.key)
    for programs in _ORDER:
        begun = [each for each in wanted if each.program in programs]
        if programs is CLIENTS:
            _start_clients(pod, begun, patient=patient)
            continue
        for batch in batched([process(each) for each in begun], AT_ONCE):
            pod.spawn(batch, timeout_s=2 * network_boot.BOOT_TIMEOUT_S)
        if Program.DHCP_SERVER in programs:
            _await_partners(pod, [each for each in wanted if each.program is Program.DHCP_SERVER])


def _start_clients(pod: Pod, clients: Sequence[Service], *, patient: bool) -> None:
    """Start clients, no more at once than a server answers in time; where nobody answers none waits for another."""
    if not clients:
        return
    machines = {name: state.pid for name, state in pod.processes({each.node for each in clients}).items()}

    def asking(some: Iterable[Service]) -> list[Service]:
        paths = {each.name: process(each).ready or "" for each in some}
        return [each for each in some if not _has(machines.get(each.node), paths[each.name])]

    patience_s = _PATIENCE_S
    for at in range(0, len(clients), AT_ONCE):
        some = clients[at : at + AT_ONCE]
        pod.spawn([replace(process(each), ready=None) for each in some])
        if wait_until(lambda some=some: len(asking(some)) < len(some), bool, patience_s):  # type: ignore[misc]
            wait_until(lambda some=some: asking(some), lambda left: not left, _ANSWER_S)  # type: ignore[misc]
        else:
            patience_s = _PATIENCE_S / 10  # where nobody answers, the next ones need not be held back for long
    if patient and (left := wait_until(lambda: asking(clients), lambda left: not left, CLIENT_TIMEOUT_S)):
        names = ", ".join(f'"{each.name}"' for each in left)
        raise LabFault(f"{names} began no work within {CLIENT_TIMEOUT_S:g} s")


def _has(pid: int | None, path: str) -> bool:
    return pid is not None and guest_files.read(pid, path, 0) is not None


def batched(processes: Sequence[Process], size: int) -> Iterator[Sequence[Process]]:
    """Yield some processes in parts of at most `size`."""
    yield from (processes[at : at + size] for at in range(0, len(processes), size))


def _await_partners(pod: Pod, servers: Iterable[Service]) -> None:
    """Wait until servers with a failover relationship have found each other, or found that they are alone."""
    names = [each.node for each in servers if each.options.get("failover")]
    if names:
        running = {name: state.pid for name, state in pod.processes(names).items() if state.pid is not None}
        wait_until(
            lambda: dhcp_servers.ask(names, running),
            lambda found: all(each.failover in dhcp_servers.SERVING for each in found.values()),
            PARTNERS_TIMEOUT_S,
        )


def stop(pod: Pod, services: Iterable[Service]) -> None:
    """Stop those of the services that are there."""
    there = pod.processes()
    if names := [each.name for each in services if each.name in there]:
        pod.stop(names, timeout_s=STOP_TIMEOUT_S)


def names_changed(pod: Pod, services: Iterable[Service]) -> None:
    """Have the name servers among the services read the lab's names again."""
    there = {name for name, state in pod.processes().items() if state.pid is not None}
    names = [each.name for each in services if each.program is Program.NAME_SERVER and each.name in there]
    if names:
        pod.kill(names, sig=signal.SIGHUP)


def undo(services: Iterable[Service], pids: Mapping[str, int]) -> None:
    """Take back what services have left in machines that go on; ``pids``: a process of each machine."""
    for each in services:
        if each.program is Program.NLB and each.node in pids:
            member = setup.parse(dict(each.files)[nlb_members.SETUP])
            with network_of(pids[each.node]):
                guest.unbind(member)
            guest_files.remove(pids[each.node], nlb_members.folder(each.device))


def observed(known: Iterable[Service], processes: Mapping[str, ProcessState]) -> tuple[Service, ...]:
    """Return those services that run; one that was told something else has no place."""
    found = []
    for each in known:
        state = processes.get(each.name)
        if state and state.pid is not None:
            found.append(each if state.argv == process(each).argv else replace(each, place="?"))
        elif each.program is Program.NLB and (machine := processes.get(each.node)) and machine.pid is not None:
            # Its program has ended, and what it has done to its adapter is still there.
            folder = nlb_members.folder(each.device)
            found += [replace(each, place="?")] if guest_files.has_folder(machine.pid, folder) else []
    return tuple(found)


def process(service: Service) -> Process:
    """Return what to run for a service."""
    return _PROCESSES[service.program](service)


def _dhcp_client(service: Service) -> Process:
    options = service.options
    return in_machine(
        service,
        ("/bin/sh", str(CLIENT_SCRIPT), "start", service.device, options["host_name"], options["table"], service.place),
        ready=f"{CLIENT_FOLDER}/{service.device}.ready",
        ready_timeout_s=CLIENT_TIMEOUT_S,
    )


def _dhcp_server(service: Service) -> Process:
    # A copy: profiles of AppArmor are for the machine's own Kea, with its files in /etc and /var, and go by the name.
    environment = dict.fromkeys(_KEA_FOLDERS, SERVER_FOLDER)
    program = f"{SERVER_FOLDER}/{_KEA}"
    files = tuple((name, content.replace(HOOKS, _hooks_folder())) for name, content in service.files)
    service = replace(service, files=files)
    return in_machine(
        service,
        launched(service, SERVER_FOLDER, environment, {program: _KEA}, (program, "-c", f"{SERVER_FOLDER}/dhcp4.json")),
        ready=SERVER_SOCKET,
    )


def _hooks_folder() -> str:
    """Return where this machine has Kea's hook libraries."""
    found = [*Path("/usr").glob("lib*/kea/hooks"), *Path("/usr").glob("lib*/*/kea/hooks")]
    return str(found[0]) if found else "/usr/lib/kea/hooks"


_KEA_FOLDERS: Final = (
    "KEA_PIDFILE_DIR",
    "KEA_LOCKFILE_DIR",
    "KEA_DHCP_DATA_DIR",
    "KEA_CONTROL_SOCKET_DIR",
    "KEA_LOG_FILE_DIR",
)


def _dhcp6_server(service: Service) -> Process:
    environment = dict.fromkeys(_KEA_FOLDERS, SERVER6_FOLDER)
    program = f"{SERVER6_FOLDER}/{_KEA6}"
    files = tuple((name, content.replace(HOOKS, _hooks_folder())) for name, content in service.files)
    service = replace(service, files=files)
    argv = (program, "-c", f"{SERVER6_FOLDER}/dhcp6.json")
    return in_machine(
        service,
        launched(service, SERVER6_FOLDER, environment, {program: _KEA6}, argv),
        ready=dhcp_servers.SOCKET6,
    )


def _router_advertisements(service: Service) -> Process:
    pid_file = f"{_RADVD_FOLDER}/radvd.pid"
    argv = ("radvd", "-n", "-m", "stderr", "-C", f"{_RADVD_FOLDER}/radvd.conf", "-p", pid_file)
    return in_machine(service, launched(service, _RADVD_FOLDER, {}, {}, argv), ready=pid_file)


def _ipv6_client(service: Service) -> Process:
    options = service.options
    told = (service.device, options["host_name"], options["table"], str(CLIENT6_SCRIPT), service.place, options["mac"])
    return in_machine(
        service,
        (sys.executable, "-I", "-S", "-E", str(CLIENT6_PROGRAM), *told),
        ready=f"{CLIENT6_FOLDER}/{service.device}.ready",
        ready_timeout_s=CLIENT_TIMEOUT_S,
    )


_DNSMASQ: Final = (
    *("dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--pid-file=", "--log-facility=-"),
    *("--user=root", "--group="),  # in a user namespace nobody can change his groups
)


def _dhcp_relay(service: Service) -> Process:
    relays = tuple(f"--dhcp-relay={local},{server}" for local, server in service.settings)
    return in_machine(service, (*_DNSMASQ, "--port=0", *relays))


def _name_server(service: Service) -> Process:
    options, folder = service.options, ovs.directory(service.node) / "names"  # which goes with the host
    told = {
        "database": str(ovs.directory(service.node) / "db.sock"),
        "bridge": bridge_device(options["bridge"]),
        "key": LEASES_KEY,
        "names": str(HOSTS_FILE),
        "merged": str(folder / "hosts"),
        "copy": str(folder / "dnsmasq"),
        "address": options["address"],
        "ready": str(folder / "ready"),
    }
    words = (
        *_DNSMASQ, "--no-resolv", "--no-poll", "--no-hosts", f"--addn-hosts={folder / 'hosts'}",
        f"--domain={options['suffix']}", "--expand-hosts", "--localise-queries", "--local=//", "--local=/#/",
        "--local-ttl=1", "--bind-interfaces", "--except-interface=lo", f"--listen-address={options['address']}",
    )  # fmt: skip
    return Process(
        name=service.name,
        argv=(sys.executable, "-I", "-S", "-E", name_server.__file__, json.dumps(told, sort_keys=True), *words),
        enter={"net": service.node},
        restart=True,
        log=f"{LOGS}/{service.name}.log",
        ready=told["ready"],
    )


def _nlb(service: Service) -> Process:
    folder = nlb_members.folder(service.device)
    program = (sys.executable, "-I", "-S", "-E", str(NLB_MEMBER), f"{folder}/{nlb_members.SETUP}")
    ready = setup.parse(dict(service.files)[nlb_members.SETUP]).ready
    return in_machine(service, launched(service, folder, {}, {}, program), ready=ready)


_PROCESSES: Final[Mapping[Program, Callable[[Service], Process]]] = {
    Program.DHCP_CLIENT: _dhcp_client,
    Program.DHCP_SERVER: _dhcp_server,
    Program.DHCP_RELAY: _dhcp_relay,
    Program.NAME_SERVER: _name_server,
    Program.NLB: _nlb,
    **network_boot.PROCESSES,
    Program.DHCP6_SERVER: _dhcp6_server,
    Program.IPV6_CLIENT: _ipv6_client,
    Program.ROUTER_ADVERTISEMENTS: _router_advertisements,
}
