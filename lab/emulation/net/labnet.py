# ruff: noqa: N802, N803, N815 - the names are Mininet's
"""A running lab as a `mininet.net.Mininet`: its machines and switches are there to be used, not to be built."""

from __future__ import annotations

import select
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, NoReturn, Self

from lab.emulation.net.measure import Bandwidth, Ping, iperf, ping_all
from lab.emulation.net.nodes import LabHost
from lab.emulation.net.population import populate
from lab.emulation.net.substrate import Mininet, output, untouched
from lab.emulation.pod import pod as pods
from lab.emulation.pod.pod import Pod
from lab.engine import state as states
from lab.engine.state import STATE_FILE, State
from lab.errors import InputError, InvalidState, UnknownName
from lab.model.names import host_name

_TIMEOUT_MS = 800


class LabNet(Mininet):  # type: ignore[misc]
    """The machines and switches of one running lab, as they were when it was attached.

    ``hosts`` are all machines that are on, under their host names: VMs, management OSs (under the names of their
    Hyper-V hosts), physical computers, routers, hosts on the internet. ``switches`` are the virtual switches,
    ``networks`` the physical ones.
    """

    def __init__(self, pod: Pod) -> None:
        self.pod = pod
        self.model = _finished(pod).model
        with untouched():
            super().__init__(build=False, controller=None)
        found = populate(pod, _finished(pod))
        self.hosts, self.switches, self.networks, self.links = found.hosts, found.switches, found.networks, found.links
        self.nameToNode = {node.name: node for node in (*self.hosts, *self.switches, *self.networks)}
        self.built = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # Looking things up

    def __iter__(self) -> Iterator[str]:
        return (node.name for node in chain(self.hosts, self.switches, self.networks))

    def __len__(self) -> int:
        return len(self.nameToNode)

    def __getitem__(self, key: str) -> Any:
        name = key if key in self.nameToNode else host_name(str(key))
        if name not in self.nameToNode:
            raise self.missing(key)
        return self.nameToNode[name]

    def getNodeByName(self, *args: str) -> Any:
        """Return the node of a name, or a list of those of several; UnknownNode or InvalidState if there is none."""
        return self[args[0]] if len(args) == 1 else [self[name] for name in args]

    def missing(self, name: str) -> InputError:
        """Return what is wrong with a name that no node has: its VM is off, or there is nothing of that name."""
        if any(name in (vm.name, host_name(vm.name)) for _, vm in self.model.vms()):
            return InvalidState(
                f'VM "{name}" is off, expected Running',
                remedy="start it in the topology (running=True), run `hvlab apply`, and attach again",
                target=name,
            )
        return UnknownNode("machine or switch of this lab", str(name), self.nameToNode)

    # The end

    def start(self) -> None:
        """Do nothing: the lab runs."""

    build = start

    def stop(self) -> None:
        """End the shells and programs that were started through this object. The lab itself runs on."""
        for node in self.nameToNode.values():
            node.terminate()

    # Measuring

    def ping(self, hosts: Sequence[Any] | None = None, timeout: str | float | None = None) -> float:
        """Ping between all hosts, or those given, side by side; return and print the loss in percent.

        Without `hosts` these are all machines with an address. `timeout` in seconds.
        """
        chosen = list(hosts or self._addressed())
        if not hosts:
            output("*** Ping: testing ping reachability\n")
        answered = self._measure(chosen, timeout)
        for one in chosen:
            row = "".join(
                f"{other.name if answered[one, other] is not None else 'X'} " for other in chosen if one != other
            )
            output(f"{one.name} -> {row}\n")
        sent, received = len(answered), sum(time is not None for time in answered.values())
        if not sent:
            output("*** Warning: No packets sent\n")
            return 0
        loss = 100.0 * (sent - received) / sent
        output(f"*** Results: {loss:.0f}% dropped ({received}/{sent} received)\n")
        return loss

    def pingFull(self, hosts: Sequence[Any] | None = None, timeout: str | float | None = None) -> list[Any]:
        """Ping as `ping` does; return (source, target, (sent, received, min, average, max, deviation)) of each pair."""
        chosen = list(hosts or self._addressed())
        found = []
        for (one, other), time in self._measure(chosen, timeout).items():
            numbers = (1, 0, 0, 0, 0, 0) if time is None else (1, 1, time, time, time, 0)
            found.append((one, other, numbers))
            times = "/".join(f"{number:.3f}" for number in numbers[2:])
            output(f" {one}->{other}: 1/{numbers[1]}, rtt min/avg/max/mdev {times} ms\n")
        return found

    def _addressed(self) -> list[LabHost]:
        return [host for host in self.hosts if host.IP()]

    def _measure(self, hosts: list[Any], timeout: str | float | None) -> dict[tuple[Any, Any], float | None]:
        for host in hosts:
            if not isinstance(host, LabHost):
                raise InputError(f'"{host}" cannot ping: it is no machine', target=str(host))
        pairs = [(one, other) for one in hosts for other in hosts if one != other and other.IP()]
        pings = {pair: Ping(pair[0].place.machine, self._address(*pair)) for pair in pairs}
        times = ping_all(self.pod, pings.values(), timeout_ms=_milliseconds(timeout))
        return {pair: times[ping] for pair, ping in pings.items()}

    def _address(self, one: Any, other: Any) -> str:
        """Return the address of one machine that another would use: IPv6 if one of them has nothing else."""
        v6 = [intf.v6 for intf in other.intfList() if intf.v6] if ":" in (one.IP() or "") else []
        return str(v6[0] if v6 else other.IP())

    def pingPair(self) -> float:
        """Ping between the first two hosts."""
        return self.ping(self._addressed()[:2])

    def pingPairFull(self) -> list[Any]:
        """Ping between the first two hosts."""
        return self.pingFull(self._addressed()[:2])

    def iperf(  # noqa: PLR0913 - they are Mininet's
        self, hosts: Sequence[Any] | None = None, l4Type: str = "TCP", udpBw: str = "10M", fmt: str | None = None,
        seconds: float = 5, port: int = 5001,
    ) -> list[str]:  # fmt: skip
        """Measure the bandwidth from the first host to the last, or between those given: [server's, client's] words.

        With `l4Type="UDP"` the rate that was asked for comes first.
        """
        chosen = list(hosts or (self._addressed()[0], self._addressed()[-1]))
        if len(chosen) != 2 or l4Type not in ("TCP", "UDP"):
            raise InputError("expected two hosts, and TCP or UDP")
        client, server = chosen
        output(f"*** Iperf: testing {l4Type} bandwidth between {client} and {server}\n")
        udp = udpBw if l4Type == "UDP" else ""
        result = iperf(client, server, Bandwidth(self._address(client, server), port, seconds, udp, fmt or ""))
        result = [udp, *result] if udp else result
        output(f"*** Results: {result}\n")
        return result

    def monitor(self, hosts: Sequence[Any] | None = None, timeoutms: int = -1) -> Iterator[tuple[Any, str | None]]:
        """Yield (host, line) of what the shells of the hosts print, (None, None) when nothing came in time."""
        poller = select.poll()
        by_handle = {host.shell_output(): host for host in hosts or self.hosts}
        for handle in by_handle:
            poller.register(handle, select.POLLIN)
        while True:
            ready = poller.poll(timeoutms)
            for handle, _ in ready:
                line = by_handle[handle].readline()
                if line is not None:
                    yield by_handle[handle], line
            if not ready and timeoutms >= 0:
                yield None, None

    # Cables

    def configLinkStatus(self, src: str, dst: str, status: str) -> None:
        """Unplug ("down") or plug in ("up") the cables between two nodes, at the switch: addresses and routes stay."""
        links = self.linksBetween(self[src], self[dst])
        if not links:
            raise InputError(f'"{src}" and "{dst}" are not connected', remedy="`links` lists what is")
        for link in links:
            if not link.is_cable:
                raise InputError(f"{link} is not a cable, but an adapter of the management OS")
            link.intf2.plug(status)

    # What a running lab does not do

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise InvalidState(
            "the machines, switches and links of a running lab cannot be changed from Mininet",
            remedy="edit its topology and run `hvlab apply FILE`",
        )

    addHost = addSwitch = addController = addNAT = addLink = _refuse
    delNode = delHost = delSwitch = delController = delLink = delLinkBetween = __delitem__ = _refuse
    startTerms = stopXterms = _refuse

    def interact(self) -> None:
        """Start Mininet's console on this lab, and detach when it ends."""
        from lab.emulation.net.console import Console

        with self:
            Console(self).run()


class UnknownNode(UnknownName, KeyError):
    """No machine or switch has this name; a KeyError as well, since Mininet raises that."""

    __str__ = Exception.__str__


def attach(name: str | None = None) -> LabNet:
    """Return the running lab of that name, or the only one that runs, as a Mininet network.

    >>> with attach() as net:  # doctest: +SKIP
    ...     print(net["web1"].cmd("ip address"))
    ...     net.pingAll()

    Neither root nor being inside the lab is needed. The lab runs on when the block, or the program, ends.
    """
    if name:
        return LabNet(pods.get(name))
    running = pods.find()
    if not running:
        raise InvalidState("no lab is running", remedy="start one: hvlab up topologies/three_switches.py")
    if len(running) > 1:
        names = ", ".join(pod.name for pod in running)
        raise InputError(f"{len(running)} labs are running: {names}", remedy='say which one: attach("NAME")')
    return LabNet(running[0])


def _finished(pod: Pod) -> State:
    state = states.read(pod.path(STATE_FILE))
    if state is None or state.starting:
        raise InvalidState(f'lab "{pod.name}" is still being started', remedy="wait for `hvlab up` to end")
    if state.interrupted and not state.failure:
        raise InvalidState(
            f'lab "{pod.name}" is between two states: a change is going on, or was interrupted',
            remedy=f"`hvlab status {pod.name}` completes one that was interrupted",
        )
    return state


def _milliseconds(timeout: str | float | None) -> int:
    if timeout in (None, ""):
        return _TIMEOUT_MS
    try:
        return max(1, round(float(timeout or 0) * 1000))
    except ValueError:
        raise InputError(f'the timeout "{timeout}" is not a number of seconds') from None
