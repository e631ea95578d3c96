"""Has a database server connect at once to a daemon that has just been started.

Run by the pod's first process as `python3 -I -S -E …/rejoin.py FOLDER` after it has restarted an ovs-vswitchd, and
called when an Open vSwitch is created. The server connects to the daemon, not the other way round, because a daemon
without a database forwards nothing, and would wait for a second before it tried again to connect to a server that had
died. A server that starts connects at once; one that has no daemon waits too, unless it is told to begin anew.
"""

from __future__ import annotations

import glob
import json
import shutil
import socket
import subprocess
import sys
import time

DAEMON_SOCKET = "daemon.sock"
FLOWS = ".flows"
"""How the name of a file ends that holds the flows of a bridge, which the daemon itself does not keep."""
_TIMEOUT_S = 10.0
_PAUSE_S = 0.002


def rejoin(folder: str) -> None:
    """Bring the two programs together whose sockets are in this folder; OSError if one of them does not answer."""
    # It listens for its database before it answers anything.
    _ask(f"{folder}/ovs-vswitchd.ctl", "version")
    if _is_connected(f"{folder}/{DAEMON_SOCKET}"):
        return
    for method in ("remove-remote", "add-remote"):
        _ask(f"{folder}/ovsdb-server.ctl", f"ovsdb-server/{method}", remote_of(folder))


def restore(folder: str) -> None:
    """Give bridges their flows again; TimeoutError if one does not come back in time."""
    program = shutil.which("ovs-ofctl", path="/usr/bin:/usr/sbin:/bin:/sbin:/usr/local/bin:/usr/local/sbin")
    deadline = time.monotonic() + _TIMEOUT_S
    for file in sorted(glob.glob(f"{folder}/*{FLOWS}")) if program else ():
        while subprocess.run(
            flows_command(program or "", file), capture_output=True, timeout=_TIMEOUT_S, check=False
        ).returncode:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{file} cannot be given to its bridge")
            time.sleep(10 * _PAUSE_S)


def flows_command(program: str, file: str) -> list[str]:
    """Return the command that gives a bridge the flows in a file, in place of those it has."""
    return [program, "-OOpenFlow13", "--timeout=5", "replace-flows", f"unix:{file.removesuffix(FLOWS)}.mgmt", file]


def remote_of(folder: str) -> str:
    """Return what the database server calls its daemon."""
    return f"unix:{folder}/{DAEMON_SOCKET}"


def _is_connected(path: str) -> bool:
    """Tell whether a server has connected by itself. The kernel lists its connection here, and the listener there."""
    with open("/proc/net/unix", encoding="utf-8", errors="replace") as sockets:
        return any(line.rstrip().endswith(f" {path}") for line in sockets)


def _ask(path: str, method: str, *parameters: str) -> None:
    question = json.dumps({"id": 0, "method": method, "params": parameters}).encode()
    with _connected(path) as program:
        program.sendall(question)
        answer = b""
        # It ends with the object, of whose members none is an object.
        while not answer.endswith(b"}"):
            more = program.recv(4096)
            if not more:
                raise ConnectionError(f"{path} closed the connection")
            answer += more


def _connected(path: str) -> socket.socket:
    """Return a connection to a program that may be about to listen."""
    deadline = time.monotonic() + _TIMEOUT_S
    while True:
        found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        found.settimeout(_TIMEOUT_S)
        try:
            found.connect(path)
        except (FileNotFoundError, ConnectionRefusedError):
            found.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE_S)
        else:
            return found


if __name__ == "__main__":
    rejoin(sys.argv[1])
    restore(sys.argv[1])
