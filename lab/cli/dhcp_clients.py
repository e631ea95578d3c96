"""`hvlab dhcp renew` and `hvlab dhcp release`: telling the clients of a machine, of IPv4 and of IPv6."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import click

from lab.errors import InputError, InvalidState, LabFault, UnknownName

if TYPE_CHECKING:
    from lab.emulation.pod.pod import Pod
    from lab.engine.leased import Lease
    from lab.engine.resources import Service
    from lab.model.objects import LabModel

_ANSWER_TIMEOUT_S: Final = 12.0


def renew(lab: str | None, client: str, version: int | None) -> bool:
    """Have the clients of a machine renew what they have, or ask for it; tell whether all of them have got it."""
    return _signal(lab, client, version, signal.SIGUSR1, _is_renewed)


def release(lab: str | None, client: str, version: int | None) -> bool:
    """Have the clients of a machine give back what they have leased; tell whether all of them did."""
    return _signal(lab, client, version, signal.SIGUSR2, lambda _, new: _is_released(new))


def _is_renewed(old: Lease, new: Lease) -> bool:
    from lab.engine.leased import ClientLease, ClientLease6

    if isinstance(new, ClientLease6) and isinstance(old, ClientLease6):
        return new.heard > old.heard and (not (new.managed or new.other) or new.obtained > old.obtained)
    assert isinstance(new, ClientLease)
    return new.state == "leased" and new.obtained > old.obtained


def _is_released(new: Lease) -> bool:
    from lab.engine.leased import ClientLease6

    return new.leased is None if isinstance(new, ClientLease6) else not new.addresses


def _signal(
    lab: str | None, client: str, version: int | None, number: int, done: Callable[[Lease, Lease], bool]
) -> bool:
    """Send the clients of a machine a signal, wait until it is done, and show what they have got."""
    from lab.cli.selection import finished_state, select
    from lab.emulation import leases
    from lab.emulation.observe import pids
    from lab.engine.session import wait_until

    pod = select(lab)
    everything, mine = _clients(finished_state(pod).model, client, version)

    def act() -> list[tuple[Lease, Lease]]:
        running = pids(pod)

        def read() -> list[Lease]:
            found = {(each.node, each.device, type(each).__name__): each for each in leases.read(everything, running)}
            return [_of(pod, service, found) for service in mine]

        old = read()
        pod.kill([service.name for service in mine], sig=number)
        new = wait_until(read, lambda found: all(map(done, old, found)), _ANSWER_TIMEOUT_S)
        return list(zip(old, new, strict=True))

    pairs = pod.run_inside(act)
    for _, new in pairs:
        addresses = " ".join(map(str, new.addresses))
        click.echo(f"{new.node} {new.device}: {f'{addresses} {new.told}' if addresses else 'no address'}")
    return all(done(*pair) for pair in pairs)


def _of(pod: Pod, service: Service, found: dict[tuple[str, str, str], Lease]) -> Lease:
    from lab.engine.resources import Program

    kind = "ClientLease6" if service.program is Program.IPV6_CLIENT else "ClientLease"
    if (service.node, service.device, kind) not in found:
        raise LabFault(f'"{service.node}" ended meanwhile in lab "{pod.name}"', target=service.node)
    return found[service.node, service.device, kind]


def _clients(model: LabModel, name: str, version: int | None) -> tuple[tuple[Service, ...], list[Service]]:
    """Return all services of the lab, and those that are the clients of a machine, or of one of its adapters."""
    from lab.engine.resources import Program
    from lab.engine.services import services

    everything = tuple(services(model))
    kinds = {4: Program.DHCP_CLIENT, 6: Program.IPV6_CLIENT}
    wanted = {kinds[version]} if version else set(kinds.values())
    known = [each for each in everything if each.program in wanted]
    node, _, device = name.partition("/")
    found = [each for each in known if each.node.casefold() == node.casefold() and device in ("", each.device)]
    devices = sorted({f"{each.node}/{each.device}" for each in found})
    if len(devices) == 1:
        return everything, found
    if found:
        what = f'"{name}" has DHCP clients on {len(devices)} adapters'
        raise InputError(what, remedy=f"say which: {', '.join(devices)}", target=name)
    if any(vm.name.casefold() == node.casefold() and not vm.running for _, vm in model.vms()):
        raise InvalidState(f'VM "{node}" is off, expected Running', target=node)
    raise UnknownName("DHCP client", name, sorted({each.node for each in known}))
