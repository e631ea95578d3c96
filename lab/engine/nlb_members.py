"""The nodes of load-balancing clusters, as programs that their machines run: what each of them is told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from lab.engine.resources import Program, Service
from lab.model.interfaces import IpInterface
from lab.model.nlb import NlbNode

SETUP: Final = "setup.json"
READY: Final = "ready."
"""How the name of the file begins that says that a program has begun its work."""


def folder(device: str) -> str:
    """Return where, in its machine, the program of an adapter has its files."""
    return f"/run/nlb/{device}"


def control_socket(device: str) -> str:
    """Return where, in its machine, the program of an adapter answers."""
    return f"{folder(device)}/control.sock"


def members(everything: Iterable[IpInterface], mac: Callable[[IpInterface], str]) -> Iterator[Service]:
    """Yield the program of each node of a cluster that runs; ``mac`` tells an adapter's own address."""
    for each in everything:
        if each.nlb and each.usable:
            settings = (("cluster", each.nlb.cluster), ("vip", str(each.nlb.address.ip)))
            setup = _setup(each, each.nlb, mac(each))
            # Another one for each setup: what a program has left that was told something else is not taken for its own.
            digest = hashlib.blake2s(json.dumps(setup, sort_keys=True).encode(), digest_size=8).hexdigest()
            text = json.dumps(setup | {"ready": f"{folder(each.device)}/{READY}{digest}"}, sort_keys=True)
            title = f'node of NLB cluster "{each.nlb.cluster}"'
            yield Service(each.node, Program.NLB, title, each.device, settings, ((SETUP, text),))


def _setup(interface: IpInterface, node: NlbNode, mac: str) -> dict[str, Any]:
    own = next((each for each in interface.ip.addresses if each.network == node.address.network), node.address)
    return {
        "cluster": node.cluster,
        "name": interface.node,
        "device": interface.device,
        "mac": mac,
        "mode": node.mode.value,
        "vip": str(node.address.ip),
        "prefix_length": node.address.network.prefixlen,
        "dedicated": str(own.ip),
        "priority": node.priority,
        "rules": [
            {
                "start": rule.start_port,
                "end": rule.end_port,
                "protocol": rule.protocol.value,
                "mode": rule.mode.value,
                "affinity": rule.affinity.value,
                "weight": node.weight_in(rule),
                "handling": node.handling_in(rule),
            }
            for rule in node.rules
        ],
        "control": control_socket(interface.device),
        "memory": f"{folder(interface.device)}/memory.json",
        "refused": interface.nlb_refused,
    }
