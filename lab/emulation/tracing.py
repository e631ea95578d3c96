"""Asking the switches of a running lab where a frame would go, and the controller's names for what they answer.

The one place where the lab looks at the controller's declarations, which need no OpenFlow library: the numbers of
tables and registers, and the meaning of cookies.

Runs inside the pod. Open vSwitch is asked as `ovs-appctl ofproto/trace` does it, on each daemon's control socket but
without a process for each question. Without a packet to execute, a trace has no effect: nothing is learned from it.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from controllers.openflow.cookies import FlowKind, read
from controllers.pipeline.registers import ADMITTED_IN, ADMITTED_OUT, DATABASE
from controllers.pipeline.tables import stage_named, stage_numbered
from lab.emulation import ovs
from lab.engine.trace.hops import Device
from lab.engine.trace.passage import LEARNED, STATIC, Meaning
from lab.engine.trace.text import TraceText, parse
from lab.errors import LabFault
from lab.model.acl import AclDirection

TIMEOUT_S: Final = 10.0

MAC_TABLE: Final = stage_named("fdb").number
"""The OpenFlow table in which a virtual switch keeps its MAC table."""

VLAN_REGISTER: Final = DATABASE.openflow_name
"""The register in which the VLAN of a MAC table is."""

_ADMITTED: Final = {AclDirection.OUTBOUND: ADMITTED_OUT, AclDirection.INBOUND: ADMITTED_IN}
_UP: Final = 1  # IFF_UP
_LISTENING: Final = {"TCP": "0A", "UDP": "07"}  # TCP_LISTEN; a UDP socket without a peer is in TCP_CLOSE
_KINDS: Final = {FlowKind.STATIC: STATIC, FlowKind.LEARNED: LEARNED}


class ControllerGlossary:
    """The controller's names for tables and cookies."""

    def stage(self, table: int) -> tuple[str, str]:
        """Return the name of a table's stage, and the sentence that says what it does."""
        try:
            stage = stage_numbered(table)
        except IndexError:
            return f"table {table}", ""
        return stage.name, stage.does

    def meaning(self, cookie: int) -> Meaning | None:
        """Return what a cookie says, None for one that is not the controller's."""
        found = read(cookie)
        if found is None:
            return None
        reason, words = (int(found.reason), found.reason.words) if found.reason else (0, "")
        return Meaning(found.owner.feature, found.ofport, _KINDS.get(found.kind, ""), reason, words)


class PodLab:
    """The running lab, from inside its pod. ``pids`` are its processes by name."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._pids = pids

    def ask(self, node: str, bridge: str, flow: str, admitted: tuple[AclDirection, ...] = ()) -> TraceText:
        """Return what a switch would do with a frame; ``admitted``: in which directions extended ACLs let it pass."""
        flow += "".join(f",{_ADMITTED[direction].openflow_name}=1" for direction in admitted)
        path = ovs.directory(node) / "ovs-vswitchd.ctl"
        return parse(control(str(path), "ofproto/trace", bridge, flow, "--names"))

    def device(self, node: str, device: str) -> Device | None:
        """Return an interface as its machine has it, None if it does not exist."""
        if node not in self._pids:
            return None
        folder = Path(f"/proc/{self._pids[node]}/root/sys/class/net/{device}")
        try:
            mac = (folder / "address").read_text(encoding="ascii").strip()
            flags = int((folder / "flags").read_text(encoding="ascii"), 16)
        except FileNotFoundError:
            return None
        return Device(mac, bool(flags & _UP))

    def listens(self, node: str, protocol: str, port: int) -> bool:
        """Tell whether a program of a machine has a port open; `protocol` is TCP or UDP."""
        state = _LISTENING[protocol]
        for table in (protocol.lower(), f"{protocol.lower()}6"):
            path = Path(f"/proc/{self._pids[node]}/net/{table}")
            rows = path.read_text(encoding="ascii").splitlines()[1:] if path.exists() else []
            for row in rows:
                _, local, _, found, *_ = row.split()
                if found == state and int(local.rpartition(":")[2], 16) == port:
                    return True
        return False


def control(path: str, command: str, *arguments: str) -> str:
    """Send a command to an Open vSwitch daemon's control socket and return its answer; LabFault if it refuses."""
    request = json.dumps({"id": 0, "method": command, "params": list(arguments)}).encode()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(TIMEOUT_S)
        try:
            connection.connect(path)
            connection.sendall(request)
            answer = _answer(connection, path)
        except TimeoutError as error:
            raise LabFault(f'Open vSwitch at "{path}" did not answer within {TIMEOUT_S:g} s') from error
        except OSError as error:
            raise LabFault(
                f'Open vSwitch at "{path}" does not answer: {error.strerror}',
                remedy="a daemon that was killed is back within seconds: try again",
            ) from error
    if answer.get("error"):
        raise LabFault(f"Open vSwitch refused {command}: {str(answer['error']).strip()}")
    return str(answer.get("result", ""))


def _answer(connection: socket.socket, path: str) -> dict[str, object]:
    received = b""
    while True:
        chunk = connection.recv(1 << 16)
        if not chunk:
            raise LabFault(f'Open vSwitch at "{path}" closed the connection')
        received += chunk
        if received.rstrip().endswith(b"}"):
            try:
                found: dict[str, object] = json.loads(received)
            except ValueError:
                continue
            return found
