"""Load-balancing clusters in the system tests: servers on their nodes, many clients at once, connections that last.

A server says its machine's name to everybody who connects, and gives back what he says. The clients' addresses are on
the loopback device of one computer, which is the nodes' gateway: so nobody needs hundreds of neighbours.
"""

from __future__ import annotations

import itertools
import json
import socket
import struct
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from tests.eventually import eventually
from tests.system.labs import RunningLab

VIP = "192.168.1.100"
CLIENTS = tuple(f"10.9.{at // 250 + 1}.{at % 250 + 1}" for at in range(300))

_SERVER = """
import selectors, socket, sys
name, ports = sys.argv[1].encode() + b"\\n", sys.argv[2:]
known = selectors.DefaultSelector()
for port in ports:
    one = socket.create_server(("", int(port)), backlog=1024)
    known.register(one, selectors.EVENT_READ, True)
print("ready", flush=True)
while True:
    for key, _ in known.select():
        try:
            if key.data:
                made, _ = key.fileobj.accept()
                made.send(name)
                known.register(made, selectors.EVENT_READ, False)
                continue
            said = key.fileobj.recv(4096)
            key.fileobj.send(said)
        except OSError:
            said = b""
        if not said:
            known.unregister(key.fileobj)
            key.fileobj.close()
"""

_VISITS = """
import json, socket, sys
target, port, timeout, count = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
found = {}
for address in json.load(sys.stdin):
    for at in range(count):
        with socket.socket() as made:
            made.settimeout(timeout)
            try:
                made.bind((address, 0))
                made.connect((target, port))
                name = made.makefile().readline().strip()
            except OSError as error:
                name = f"error: {error}"
            answers = found.setdefault(address, {})
            answers[name] = answers.get(name, 0) + 1
print(json.dumps(found))
"""


@contextmanager
def servers(lab: RunningLab, nodes: Sequence[str], *ports: int) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Run the server on some machines, at ports."""
    words = [sys.executable, "-c", _SERVER]
    with ExitStack() as stack:
        running = {}
        for node in nodes:
            program = lab.hvlab.start(
                "--lab", lab.name, "exec", node, "--", *words, node, *map(str, ports),
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
            )  # fmt: skip
            stack.callback(_end, program)
            running[node] = program
        for program in running.values():
            assert program.stdout
            assert program.stdout.readline() == b"ready\n"
        yield running


def _end(program: subprocess.Popen[bytes]) -> None:
    program.terminate()
    program.communicate(timeout=10)


@contextmanager
def clients(lab: RunningLab, computer: str) -> Iterator[None]:
    """Give a computer the clients' addresses."""
    lines = "".join(f"address add {address}/32 dev lo\n" for address in CLIENTS)
    lab.exec(computer, "ip", "-batch", "-", stdin=lines)
    yield
    lab.exec(computer, "ip", "-batch", "-", stdin=lines.replace(" add ", " del "))


def visits(
    lab: RunningLab, computer: str, addresses: Sequence[str], count: int, port: int = 80, timeout_s: float = 5.0
) -> dict[str, Counter[str]]:
    """Connect to the cluster from addresses, so many times from each; return who answered each of them, how often."""
    words = (sys.executable, "-c", _VISITS, VIP, str(port), str(timeout_s), str(count))
    said = lab.exec(computer, *words, stdin=json.dumps(list(addresses))).json()
    return {address: Counter(answers) for address, answers in said.items()}


def total(found: Mapping[str, Counter[str]]) -> Counter[str]:
    """Return who answered how often in all."""
    return sum(found.values(), Counter())


@dataclass(slots=True)
class Conversation:
    """A connection to the cluster that lasts, and who is at its other end."""

    socket: socket.socket
    node: str

    def goes_on(self) -> bool:
        """Tell whether what is said comes back."""
        said = b"%08d" % next(_numbers)
        try:
            self.socket.sendall(said)
            heard = b""
            while len(heard) < len(said):
                more = self.socket.recv(len(said) - len(heard))
                if not more:
                    return False
                heard += more
        except OSError:
            return False
        return heard == said


_numbers = itertools.count()


def conversation(
    lab: RunningLab, computer: str, port: int = 80, timeout_s: float = 5.0, source: tuple[str, int] | None = None
) -> Conversation:
    """Return a connection to the cluster from a computer; OSError if there is none in time."""
    made = lab.socket(computer, socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.settimeout(timeout_s)
        if source:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind(source)
        made.connect((VIP, port))
        name = b""
        while not name.endswith(b"\n"):
            more = made.recv(1)
            if not more:
                raise ConnectionError("closed before it said who it is")
            name += more
    except OSError:
        made.close()
        raise
    return Conversation(made, name.decode().strip())


def answered_by(
    lab: RunningLab, computer: str, port: int = 80, source: tuple[str, int] | None = None, timeout_s: float = 5.0
) -> str:
    """Return who answers a connection to the cluster, empty if nobody does in time."""
    try:
        found = conversation(lab, computer, port, timeout_s, source)
    except OSError:
        return ""
    # Without the state that would keep the port from being used again.
    found.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    found.socket.close()
    return found.node


def nodes(lab: RunningLab) -> dict[str, Any]:
    """Return the nodes of all clusters as `hvlab nlb --json` shows them, by machine."""
    return {node["node"]: node for cluster in lab("nlb", "--json").json() for node in cluster["nodes"]}


def states(lab: RunningLab) -> dict[str, str]:
    """Return the state of each node."""
    return {name: node["state"] for name, node in nodes(lab).items()}


def buckets(lab: RunningLab, rule: str = "80-80 Tcp Multiple None") -> dict[str, set[int]]:
    """Return the buckets of each node, by a port rule."""
    return {name: set(node["accepted"].get(rule, ())) for name, node in nodes(lab).items()}


def converged(lab: RunningLab, *names: str, timeout: float = 15.0) -> dict[str, Any]:
    """Wait until these nodes have converged with one another, and nobody else, and return all nodes."""

    def settled(found: dict[str, Any]) -> bool:
        mine = [found[name] for name in names]
        hosts = sorted(each["host_id"] for each in mine)
        return all(each["state"].startswith("Converged") and each["view"] == hosts for each in mine)

    return eventually(lambda: nodes(lab), settled, timeout=timeout)
