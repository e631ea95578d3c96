"""Talking to a lab's first process over its control socket."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Mapping, Sequence

from lab.errors import LabFault

Request = Mapping[str, object]
Reply = dict[str, object]


def ask(root: str, requests: Sequence[Request], timeout_s: float) -> list[Reply]:
    """Send requests in one line and return their replies, failures included.

    `root` is the lab's root directory as the caller sees it: "/" inside, `/proc/PID/root` outside.
    """
    line = json.dumps([dict(request) for request in requests]).encode() + b"\n"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as handle:
        # Blocking until it is connected: a socket with a timeout is refused, not queued, while many others ask.
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", max(1, int(timeout_s)), 0))
        try:
            handle.connect(f"{root.rstrip('/')}/run/hvlab/init.sock")
            handle.settimeout(timeout_s)
            handle.sendall(line)
            with handle.makefile("rb") as stream:
                answer = stream.readline()
        except (TimeoutError, BlockingIOError) as error:
            raise LabFault(f"the lab's first process did not answer within {timeout_s:g} s") from error
        except OSError as error:
            raise LabFault(f"the lab's first process cannot be reached: {error.strerror}") from error
    if not answer.endswith(b"\n"):
        raise LabFault("the lab ended while it was asked")
    replies = json.loads(answer)
    if not isinstance(replies, list):
        raise LabFault(f"the lab's first process answered: {replies}")
    return replies
