"""Which machine, which of its adapters and which of its addresses a word on the command line means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_address

from lab.errors import InputError, InvalidState, UnknownName
from lab.model.addresses import Address
from lab.model.interfaces import IpInterface, host_interfaces, interfaces, router_interfaces, vm_interfaces
from lab.model.names import vethernet
from lab.model.objects import LabModel
from lab.model.reachability import Endpoint, Oracle, clusters, endpoints


@dataclass(frozen=True, slots=True)
class Ends:
    """Between what to trace. ``target`` is None if no machine of the lab, or several, have the address."""

    source: Endpoint
    target: Endpoint | None
    address: Address | None
    version: int
    notes: tuple[str, ...] = ()


def every_interface(model: LabModel) -> Iterator[IpInterface]:
    """Yield the interfaces of all machines, those of VMs that are off included."""
    yield from interfaces(model)
    for host, vm in model.vms():
        if not vm.running:
            yield from vm_interfaces(host, vm)


def find_machine(model: LabModel, name: str) -> str:
    """Return a machine's name as it is written in the lab; UnknownName if there is none."""
    names = list(model.node_names())
    found = [each for each in names if each.casefold() == name.casefold()]
    if not found:
        raise UnknownName("machine of this lab", name, names)
    return found[0]


def find_interface(model: LabModel, word: str) -> IpInterface:
    """Return the interface of a running machine that a word means, such as ``web1`` or ``hv1/vEthernet (External)``."""
    machine, mark, adapter = word.partition("/")
    node = find_machine(model, machine)
    _refuse_off(model, node)
    mine = [each for each in interfaces(model) if each.node == node]
    if mark:
        return _named(mine, adapter, node)
    teamed = {device for each in mine for device in each.members}
    adapters = [each for each in mine if not each.tag and each.device not in teamed]
    if len(adapters) != 1:
        known = ", ".join(f'"{each.full_name}"' for each in mine)
        count = f"{len(adapters)} network adapters" if mine else "no network adapter"
        raise InputError(f'"{node}" has {count}', remedy=f"say which one: {known}" if mine else "", target=node)
    return adapters[0]


def _refuse_off(model: LabModel, node: str) -> None:
    for _, vm in model.vms():
        if vm.name == node and not vm.running:
            raise InvalidState(
                f'VM "{node}" is off, expected Running: its adapters exist only while it runs',
                remedy="start it in the topology (running=True) and run `hvlab apply`",
                target=node,
            )


def _named(mine: Iterable[IpInterface], adapter: str, node: str) -> IpInterface:
    candidates = list(mine)
    wanted = {adapter.casefold(), vethernet(adapter).casefold()}
    for each in candidates:
        if each.label.casefold() in wanted or each.device == adapter:
            return each
    raise UnknownName(f'adapter of "{node}"', adapter, [each.label for each in candidates])


def choose(model: LabModel, source: str, target: str, version: int | None) -> Ends:
    """Return between which addresses to trace.

    Of several pairs the first that reaches the other by the shortest way is taken, as a note says.
    """
    sources = _candidates(model, source)
    address = _as_address(target)
    if address is not None:
        return _to_address(model, sources, address, version)
    targets = _cluster(model, target) or _candidates(model, target)
    if sources[0].node == targets[0].node and len(sources) == len(targets) == 1 and sources == targets:
        raise InputError(f'"{source}" and "{target}" are one and the same', remedy="name two machines")
    number = version or _common_version(sources, targets)
    one, other = _best(Oracle(model, number), sources, targets)
    notes = (*_choice(sources, one), *_choice(targets, other))
    return Ends(one, other, other.address(number), number, notes)


def _cluster(model: LabModel, word: str) -> list[Endpoint]:
    return [each for each in clusters(model) if each.node.casefold() == f"cluster {word}".casefold()]


def _as_address(text: str) -> Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _to_address(model: LabModel, sources: list[Endpoint], address: Address, version: int | None) -> Ends:
    if version not in (None, address.version):
        raise InputError(f"{address} is no IPv{version} address", remedy=f"leave out -{version}")
    number = address.version
    everybody = (*_everybody(model), *clusters(model))
    owners = [each for each in everybody if each.address(number) == address and each.node != sources[0].node]
    if len(owners) == 1:
        source, _ = _best(Oracle(model, number), sources, owners)
    else:
        source = next((each for each in sources if each.address(number)), sources[0])
    notes = tuple(_choice(sources, source))
    if len(owners) > 1:
        notes += (f"{len(owners)} machines have the address {address}: {', '.join(each.node for each in owners)}",)
    return Ends(source, owners[0] if len(owners) == 1 else None, address, number, notes)


def _everybody(model: LabModel) -> Iterator[Endpoint]:
    yield from endpoints(model)
    for network in model.networks:
        for interface in router_interfaces(network):
            yield _endpoint(interface, interface.full_name)


def _candidates(model: LabModel, word: str) -> list[Endpoint]:
    machine, mark, adapter = word.partition("/")
    node = find_machine(model, machine)
    mine = [each for each in _everybody(model) if each.node == node]
    if not mark:
        return mine
    interface = _named((each for each in _all_of(model, node)), adapter, node)
    for endpoint in mine:
        if endpoint.interface == interface.label:
            return [endpoint]
    off = next((each.why_down for each in mine if each.why_down), "")
    bound = f'"{interface.full_name}" is bound to switch "{interface.bound_to}" and has no protocol but the switch\'s'
    why = bound if interface.bound_to else interface.why_down or off
    return [replace(_endpoint(interface, interface.full_name), why_down=why)]


def _all_of(model: LabModel, node: str) -> Iterator[IpInterface]:
    host = model.host(node)
    yield from host_interfaces(host) if host else (each for each in every_interface(model) if each.node == node)


def _endpoint(interface: IpInterface, name: str) -> Endpoint:
    return Endpoint(
        name=name,
        node=interface.node,
        interface=interface.label,
        device=interface.device,
        v4=interface.ip.of_version(4),
        v6=interface.ip.of_version(6),
        why_down=interface.why_down,
    )


def _common_version(sources: list[Endpoint], targets: list[Endpoint]) -> int:
    for number in (4, 6):
        if any(one.address(number) for one in sources) and any(one.address(number) for one in targets):
            return number
    return 4


def _best(oracle: Oracle, sources: list[Endpoint], targets: list[Endpoint]) -> tuple[Endpoint, Endpoint]:
    pairs = [(one, other) for one in sources for other in targets if one != other] or [(sources[0], targets[0])]
    if len(pairs) == 1:
        return pairs[0]

    def rank(pair: tuple[Endpoint, Endpoint]) -> tuple[bool, int]:
        if pair[0].node == pair[1].node:
            return True, 0
        verdict = oracle.predict(*pair)
        return not verdict.reachable, len(verdict.path)

    return min(pairs, key=rank)


def _choice(candidates: list[Endpoint], taken: Endpoint) -> Iterator[str]:
    others = ", ".join(f'"{each.node}/{each.interface}"' for each in candidates if each != taken)
    if others:
        yield f'of "{taken.node}" the adapter "{taken.interface}" was taken; others are {others}'
