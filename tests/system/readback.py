"""What the virtual switches of a lab really hold, beside what their published intent compiles to.

Run inside a pod: ``python -m tests.system.readback``. It asks each switch over its management socket, as a further
controller would, and prints JSON: for each switch the differences, and its program with port numbers made canonical,
so that programs before and after a change and its undoing can be compared.
"""

from __future__ import annotations

import json
import socket
import struct
import sys
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

from controllers.compiler import compile_switch
from controllers.diff import Installed, diff, holdings
from controllers.documents import PortDocument, SwitchDocuments, view_of
from controllers.framework import ofproto, parser, protocol
from controllers.listing import listing
from controllers.openflow import decode
from controllers.view import SwitchView
from lab.emulation.observe import read_tables
from lab.emulation.ovs import SWITCH_DIRECTORY, directory
from lab.emulation.ovsdb import as_list
from lab.intent import APPLIED_KEY, GENERATION_KEY, PORT_KEY, SWITCH_KEY

_HEADER = struct.Struct("!BBHI")


class Switch:
    """A conversation with one switch over its management socket."""

    def __init__(self, path: Path) -> None:
        self._protocol: Any = protocol()
        self._numbers = count(1)
        self._stream = socket.socket(socket.AF_UNIX)
        self._stream.settimeout(10)
        self._stream.connect(str(path))
        self._send(parser.OFPHello(self._protocol))
        self._next()

    def ask(self, request: Any) -> list[Any]:
        """Return the body of the answers to a multipart request."""
        self._send(request)
        body: list[Any] = []
        while True:
            message = self._next()
            if message.msg_type == ofproto.OFPT_ECHO_REQUEST or message.xid != request.xid:
                continue
            body.extend(message.body)
            if not message.flags & ofproto.OFPMPF_REPLY_MORE:
                return body

    def installed(self) -> Installed:
        """Return everything the switch holds."""
        flows = self.ask(parser.OFPFlowStatsRequest(self._protocol))
        groups = self.ask(parser.OFPGroupDescStatsRequest(self._protocol, 0))
        meters = self.ask(parser.OFPMeterConfigStatsRequest(self._protocol, 0, ofproto.OFPM_ALL))
        return decode.installed(flows, groups, meters)

    def close(self) -> None:
        self._stream.close()

    def _send(self, message: Any) -> None:
        message.set_xid(next(self._numbers))
        message.serialize()
        self._stream.sendall(bytes(message.buf))

    def _next(self) -> Any:
        head = self._exactly(_HEADER.size)
        version, kind, length, xid = _HEADER.unpack(head)
        text = head + self._exactly(length - _HEADER.size)
        if kind == ofproto.OFPT_HELLO:
            return None
        return parser.msg_parser(self._protocol, version, kind, length, xid, text)

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = self._stream.recv(size - len(data))
            if not more:
                raise EOFError("the switch closed the connection")
            data += more
        return data


def documents(host: str) -> list[SwitchDocuments]:
    """Return what the lab has published about the switches of a host."""
    tables = read_tables(host)
    found = []
    for name, bridge in sorted(tables.bridges.items()):
        rows = [
            tables.interfaces[port]
            for port, row in tables.ports.items()
            if row["_uuid"] in as_list(bridge["ports"]) and PORT_KEY in tables.interfaces[port]["external_ids"]
        ]
        ports = tuple(
            PortDocument(row["name"], next(iter(as_list(row["ofport"])), None), row["external_ids"][PORT_KEY])
            for row in sorted(rows, key=lambda row: row["name"])
        )
        ids = bridge["external_ids"]
        assert ids.get(APPLIED_KEY) == ids[GENERATION_KEY], f"{name} has not acknowledged: {ids}"
        found.append(SwitchDocuments(name, ids[GENERATION_KEY], ids[SWITCH_KEY], ports))
    return found


def canonical(view: SwitchView) -> SwitchView:
    """Number the ports by the names of their adapters."""
    ports = sorted(view.ports, key=lambda port: port.intent.adapter)
    return replace(view, ports=tuple(replace(port, ofport=at) for at, port in enumerate(ports, 1)))


def look(host: str, published: SwitchDocuments) -> dict[str, object]:
    """Compare what one switch holds with what its intent compiles to."""
    assert not published.waiting_for, f"ports without a number: {published.waiting_for}"
    view = view_of(published)
    program = compile_switch(view)
    switch = Switch(directory(host) / f"{published.bridge}.mgmt")
    try:
        found = switch.installed()
    finally:
        switch.close()
    wanted = holdings(program)
    differences = [str(change) for change in diff(found, program)]
    differences += [f"flow {flow} is not in the program" for flow in found.flows - wanted.flows]
    same_groups = dict(found.groups) == dict(wanted.groups)
    return {
        "differences": differences + ([] if same_groups else ["groups differ"]),
        "flows": len(found.flows),
        "program": listing(compile_switch(canonical(view))),
    }


def main() -> None:
    """Look at every switch of every host of the lab."""
    hosts = sorted(path.name for path in SWITCH_DIRECTORY.iterdir()) if SWITCH_DIRECTORY.exists() else []
    seen = {f"{host}/{each.bridge}": look(host, each) for host in hosts for each in documents(host)}
    json.dump(seen, sys.stdout)


if __name__ == "__main__":
    main()
