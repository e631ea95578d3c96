"""The nodes of load-balancing clusters, asked for their state and given orders. Runs inside the pod."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lab.emulation import guest_files
from lab.engine.nlb_members import control_socket
from lab.engine.trace.clusters import Acceptance
from lab.engine.trace.names import Ends
from lab.engine.trace.packet import Protocol
from lab.errors import printable
from lab.model.acl import CLIENT_PORT
from lab.model.interfaces import IpInterface, interfaces
from lab.model.names import quoted
from lab.model.nlb import NlbNode
from lab.model.objects import LabModel

_TIMEOUT_S: Final = 3.0
_LONGEST: Final = 1 << 20

OFF: Final = "VM is off"
SILENT: Final = "does not answer"


@dataclass(frozen=True, slots=True)
class NodeReport:
    """A node of a cluster, and how it is (Get-NlbClusterNode).

    ``state`` is that of Windows, or says that there is nobody to ask. ``refusal`` is why it cannot take part. ``view``
    are the host ids of those whom it hears, ``accepted`` its buckets of each port rule, ``history`` what happened to it
    and how many seconds ago.
    """

    cluster: str
    node: str
    interface: str
    host_id: int
    state: str
    refusal: str = ""
    mac: str = ""
    bound: bool = False
    connections: int = 0
    view: tuple[int, ...] = ()
    accepted: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    history: tuple[tuple[float, str], ...] = ()

    @property
    def converged(self) -> bool:
        return self.state.startswith("Converged")


def reports(model: LabModel, pids: Mapping[str, int]) -> list[NodeReport]:
    """Return every node of every cluster; ``pids``: a process of each machine."""
    running = {(each.node, each.label): each for each in interfaces(model) if each.nlb}
    found = []
    for _, vm in model.vms():
        for adapter in vm.adapters:
            if adapter.nlb:
                interface = running.get((vm.name, adapter.name))
                found.append(_report(vm.name, adapter.name, adapter.nlb, interface, pids))
    return sorted(found, key=lambda each: (each.cluster, each.host_id, each.node))


def accepted(
    model: LabModel, pids: Mapping[str, int], ends: Ends, protocol: Protocol, port: int
) -> tuple[Acceptance, ...]:
    """Ask the nodes of the cluster that a packet is for, if it is for one, who of them accepts it.

    The packet is the first one of a client, from its port CLIENT_PORT.
    """
    client = ends.source.address(4)
    members = ends.target.members if ends.target and client else ()
    nodes = {(each.node, each.label): each for each in interfaces(model)}
    question = {"op": "filter", "protocol": protocol.value, "client": str(client), "from": CLIENT_PORT, "port": port}
    found = []
    for each in members:
        said = _ask(nodes[each.node, each.interface], pids, question)
        found.append(Acceptance(each.node, bool(said.get("accepts")), str(said.get("why", SILENT))))
    return tuple(found)


def order(interface: IpInterface, pids: Mapping[str, int], what: str, timeout_s: float | None) -> str:
    """Give a node an order: start, stop, drainstop, suspend or resume; return why it does not obey, if it does not."""
    said = _ask(interface, pids, {"op": what} | ({"timeout_s": timeout_s} if timeout_s else {}))
    return str(said.get("error", "")) if said else f"node {quoted(interface.node)} {SILENT}"


def _report(vm: str, adapter: str, node: NlbNode, interface: IpInterface | None, pids: Mapping[str, int]) -> NodeReport:
    common = (node.cluster, vm, adapter, node.priority)
    if interface is None:
        return NodeReport(*common, OFF)
    said = _ask(interface, pids, {"op": "state"})
    if not said:
        return NodeReport(*common, SILENT if interface.has_driver else "no driver")
    try:
        return NodeReport(
            *common,
            state=printable(str(said["state"])),
            refusal=printable(str(said["refusal"])),
            mac=printable(str(said["mac"])),
            bound=bool(said["bound"]),
            connections=int(said["connections"]),
            view=tuple(map(int, said["view"])),
            accepted={printable(key): tuple(map(int, owned)) for key, owned in said["accepted"].items()},
            history=tuple((float(each["ago_s"]), printable(str(each["text"]))) for each in said["history"]),
        )
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError):
        return NodeReport(*common, SILENT)  # the guest's own program may say anything


def _ask(interface: IpInterface, pids: Mapping[str, int], question: Mapping[str, object]) -> dict[str, Any]:
    """Return what a node says, nothing if it does not answer, or what it says makes no sense."""
    text = json.dumps(question).encode() + b"\n"
    path = control_socket(interface.device)
    try:
        said = guest_files.ask(pids.get(interface.node, 0), path, text, timeout_s=_TIMEOUT_S, longest=_LONGEST)
        found = json.loads(said)
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
