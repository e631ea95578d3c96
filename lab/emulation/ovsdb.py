"""A client for OVSDB's ``transact`` (RFC 7047), for the lab's side.

The `ovs` library's IDL replicates a whole database and imports eventlet (190 ms), which the command line cannot afford:
a command reads a few tables and commits one transaction. The controller, which follows changes, uses the IDL.
"""

from __future__ import annotations

import json
import socket
import time
from types import TracebackType
from typing import Any, Self

from lab.errors import LabFault

Operation = dict[str, Any]
Row = dict[str, Any]

DATABASE = "Open_vSwitch"
TIMEOUT_S = 10.0
RESTART_S = 2.0
"""How long a server may be away: one that has died is restarted at once."""


class OvsdbClient:
    """A connection to one ovsdb-server; a context manager. Every call has a timeout."""

    def __init__(self, path: str, timeout_s: float = TIMEOUT_S) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._socket: socket.socket | None = None
        self._received = b""
        self._id = 0

    def __enter__(self) -> Self:
        deadline = time.monotonic() + RESTART_S
        while True:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._socket.settimeout(self._timeout_s)
            try:
                self._socket.connect(self._path)
                return self
            except OSError as error:
                self._socket.close()
                if time.monotonic() > deadline:
                    raise LabFault(f'no answer from the Open vSwitch database at "{self._path}": {error}') from error
            time.sleep(0.01)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._socket:
            self._socket.close()
            self._socket = None

    def transact(self, *operations: Operation) -> list[Any]:
        """Carry out the operations as one transaction and return their results.

        Raises LabFault if any of them fails; then none has an effect.
        """
        results = self._call("transact", [DATABASE, *operations])
        for at, result in enumerate(results):
            if isinstance(result, dict) and result.get("error"):
                raise self._refusal(operations[at] if at < len(operations) else {"op": "commit"}, result)
        return list(results)

    def _refusal(self, operation: Operation, result: dict[str, Any]) -> LabFault:
        if operation["op"] == "wait" and result["error"] == "timed out":
            late = f"{operation['timeout'] / 1000:g} s"
            return LabFault(
                f'Open vSwitch has not done within {late} what its database "{self._path}" tells it',
                remedy="`hvlab status` says whether it still answers",
            )
        what = f"{operation['op']} on {operation.get('table', 'the transaction')}"
        why = f"{result['error']} {result.get('details', '')}".rstrip()
        return LabFault(f"the Open vSwitch database refused {what}: {why}")

    def rows(self, *selects: Operation) -> list[list[Row]]:
        """Return the rows that each of the ``select`` operations finds, as plain Python values."""
        results = self.transact(*selects)
        return [[{name: plain(value) for name, value in row.items()} for row in each["rows"]] for each in results]

    def _call(self, method: str, params: list[Any]) -> Any:
        assert self._socket is not None, "used outside its with statement"
        self._id += 1
        self._socket.sendall(json.dumps({"method": method, "params": params, "id": self._id}).encode())
        while True:
            message = self._message()
            if message.get("method") == "echo":
                reply = {"result": message["params"], "error": None, "id": message["id"]}
                self._socket.sendall(json.dumps(reply).encode())
            elif message.get("id") == self._id:
                if message.get("error"):
                    raise LabFault(f"the Open vSwitch database refused {method}: {message['error']}")
                return message["result"]

    def _message(self) -> Any:
        """Return the next JSON text of the stream; texts follow one another without any mark between them."""
        assert self._socket is not None
        decoder = json.JSONDecoder()
        while True:
            text = self._received.decode(errors="strict") if _complete(self._received) else ""
            if text.strip():
                try:
                    value, end = decoder.raw_decode(text.lstrip())
                except ValueError:
                    pass
                else:
                    self._received = text.lstrip()[end:].encode()
                    return value
            try:
                chunk = self._socket.recv(1 << 20)
            except TimeoutError as error:
                raise LabFault(
                    f'the Open vSwitch database at "{self._path}" did not answer within {self._timeout_s:g} s'
                ) from error
            if not chunk:
                raise LabFault(f'the Open vSwitch database at "{self._path}" closed the connection')
            self._received += chunk


def _complete(received: bytes) -> bool:
    """Tell whether the bytes can be the end of a message: it saves decoding a long answer at every piece of it."""
    return received.endswith(b"}")


def plain(value: Any) -> Any:
    """Return a database value in Python's terms: a set as a list, a map as a dict, a UUID as a string."""
    if isinstance(value, list) and len(value) == 2 and value[0] in ("uuid", "named-uuid"):
        return value[1]
    if isinstance(value, list) and len(value) == 2 and value[0] == "set":
        return [plain(each) for each in value[1]]
    if isinstance(value, list) and len(value) == 2 and value[0] == "map":
        return {plain(key): plain(each) for key, each in value[1]}
    return value


def uuids(identifiers: list[str]) -> list[Any]:
    return ["set", [["uuid", each] for each in identifiers]]


def as_map(content: dict[str, str]) -> list[Any]:
    return ["map", [[key, content[key]] for key in sorted(content)]]


def as_list(value: Any) -> list[Any]:
    """Return a set column as a list; OVSDB writes a set of one element as the element itself."""
    return value if isinstance(value, list) else [value]
