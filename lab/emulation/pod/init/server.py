"""The control socket: JSON lines in, JSON lines out; a line is one request, or a list of requests answered together."""

from __future__ import annotations

import json
import os
import signal
import socket

from . import spec
from .loop import READ, WRITE, Loop
from .supervisor import Supervisor, fault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Reply = dict[str, object]
    Answer = Callable[[Reply], None]

MOST_CLIENTS = 200
LONGEST_LINE = 32 << 20


def decode(line: bytes) -> tuple[list[dict[str, object]], bool]:
    """Return the requests of a line and whether it was a list; `BadRequest` in words if it is neither."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise spec.BadRequest(f"not JSON: {error}") from error
    requests = found if isinstance(found, list) else [found]
    for request in requests:
        if not isinstance(request, dict):
            raise spec.BadRequest(f"a request is {str(request)[:60]!r}, expected an object")
    return requests, isinstance(found, list)


class Line:
    """The answers to one line, sent when the last of them is there."""

    def __init__(self, count: int, batch: bool, send: Callable[[bytes], None]) -> None:
        self._replies: list[Reply | None] = [None] * count
        self._missing = count
        self._batch = batch
        self._send = send
        if not count:
            self._send(b"[]\n")

    def slot(self, index: int) -> Answer:
        def answer(reply: Reply) -> None:
            if self._replies[index] is None:
                self._replies[index] = reply
                self._missing -= 1
                if not self._missing:
                    self._send(json.dumps(self._replies if self._batch else self._replies[0]).encode() + b"\n")

        return answer


class Client:
    """One connection."""

    def __init__(self, server: Server, handle: socket.socket) -> None:
        self._server = server
        self._handle = handle
        self._inbox = bytearray()
        self._outbox = bytearray()
        self._unanswered = 0
        self._no_more_requests = False
        self._watch()

    def _watch(self) -> None:
        events = (0 if self._no_more_requests else READ) | (WRITE if self._outbox else 0)
        self._server.loop.watch(self._handle.fileno(), events, self._on_events)

    def _on_events(self, events: int) -> None:
        try:
            if events & READ and not self._no_more_requests:
                self._receive()
            elif events & ~(READ | WRITE):
                raise ConnectionResetError
            self._flush()
        except OSError:
            self.close()

    def _receive(self) -> None:
        received = self._handle.recv(1 << 18)
        if not received:
            self._no_more_requests = True
            return
        scanned = len(self._inbox)
        self._inbox += received
        while (end := self._inbox.find(b"\n", scanned)) >= 0:
            line = bytes(self._inbox[:end])
            del self._inbox[: end + 1]
            scanned = 0
            self._unanswered += 1
            self._server.handle(line, self._answered)
        if len(self._inbox) > LONGEST_LINE:
            raise ConnectionAbortedError

    def _answered(self, line: bytes) -> None:
        if self._handle.fileno() < 0:
            return
        self._unanswered -= 1
        self._outbox += line
        try:
            self._flush()
        except OSError:
            self.close()

    def _flush(self) -> None:
        while self._outbox:
            try:
                sent = self._handle.send(self._outbox, socket.MSG_NOSIGNAL)
            except BlockingIOError:
                break
            del self._outbox[:sent]
        if self._no_more_requests and not self._unanswered and not self._outbox:
            self.close()
        else:
            self._watch()

    def close(self) -> None:
        if self._handle.fileno() >= 0:
            self._server.loop.unwatch(self._handle.fileno())
            self._handle.close()
            self._server.gone(self)


class Server:
    """Accepts clients and turns their requests into calls of the supervisor."""

    def __init__(self, loop: Loop, supervisor: Supervisor, commit: Callable[[], None]) -> None:
        self.loop = loop
        self._supervisor = supervisor
        self._commit = commit
        self._clients: set[Client] = set()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        self._operations: dict[str, Callable[[dict[str, object], Answer], None]] = {
            "spawn": lambda raw, answer: supervisor.spawn(spec.Spec(raw), answer),
            "stop": self._stop,
            "kill": lambda raw, answer: supervisor.kill(spec.names(raw), spec.signal_number(raw, 15), answer),
            "list": lambda raw, answer: answer(
                supervisor.describe(spec.words(raw, "names") if "names" in raw else None)
            ),
            "commit": self._do_commit,
            "shutdown": lambda raw, answer: os._exit(0),
        }

    def start(self, path: str) -> None:
        old = os.umask(0o177)
        self._socket.bind(path)
        os.umask(old)
        self._socket.listen(1024)
        self._accepting(True)

    def _accepting(self, wanted: bool) -> None:
        if wanted:
            self.loop.watch(self._socket.fileno(), READ, self._accept)
        else:
            self.loop.unwatch(self._socket.fileno())

    def _accept(self, events: int) -> None:
        try:
            handle, _ = self._socket.accept()
        except OSError:
            return
        handle.setblocking(False)
        self._clients.add(Client(self, handle))
        if len(self._clients) >= MOST_CLIENTS:
            self._accepting(False)

    def gone(self, client: Client) -> None:
        self._clients.discard(client)
        self._accepting(True)

    def handle(self, line: bytes, send: Callable[[bytes], None]) -> None:
        """Carry out one line; every request gets exactly one answer."""
        try:
            requests, batch = decode(line)
        except spec.BadRequest as error:
            send(json.dumps(fault(str(error))).encode() + b"\n")
            return
        answers = Line(len(requests), batch, send)
        for index, request in enumerate(requests):
            self._request(request, answers.slot(index))

    def _request(self, request: dict[str, object], answer: Answer) -> None:
        operation = self._operations.get(str(request.get("op")))
        if operation is None:
            known = ", ".join(sorted(self._operations))
            answer(fault(f'"op" is {str(request.get("op"))[:60]!r}, expected one of {known}'))
            return
        try:
            operation(request, answer)
        except spec.BadRequest as error:
            answer(fault(str(error)))
        except OSError as error:
            answer(fault(str(error.strerror or error)))
        except Exception as error:
            # A fault of ours: the asker must not wait for ever, and the traceback belongs into the log.
            answer(fault(f"fault in the lab's first process: {error!r}"))
            raise

    def _stop(self, raw: dict[str, object], answer: Answer) -> None:
        number = spec.signal_number(raw, signal.SIGTERM)
        self._supervisor.stop(spec.names(raw), number, spec.seconds(raw, "timeout_s", 2.0), answer)

    def _do_commit(self, raw: dict[str, object], answer: Answer) -> None:
        self._commit()
        answer({"ok": True})
