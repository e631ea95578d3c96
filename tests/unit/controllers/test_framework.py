"""The framework shim: what ends the process, and what is refused as a place to listen."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from controllers import framework
from lab.errors import EnvironmentFault

ROOT = Path(__file__).resolve().parents[3]


def run(program: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a Python of its own."""
    command = [sys.executable, "-c", program]
    environment = {**os.environ, **env}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=20, check=False)


def test_exception_in_a_handler_ends_the_process_with_a_traceback() -> None:
    program = "from controllers import framework\nframework.guarded(lambda: 1 / 0)()\nprint('still here')"
    done = run(program)
    assert (done.returncode, done.stdout) == (framework.EXIT_SOFTWARE, "")
    assert "ZeroDivisionError" in done.stderr


def test_exception_beside_everything_else_ends_the_process_too() -> None:
    program = "from controllers import framework as f\nf.patch()\nf.spawn(lambda: 1 / 0)\nf.hub.sleep(10)"
    assert run(program).returncode == framework.EXIT_SOFTWARE


def test_loading_the_framework_says_nothing() -> None:
    done = run("import controllers.framework")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_unknown_framework_is_refused() -> None:
    done = run("import controllers.framework", HVLAB_OPENFLOW="pox")
    assert 'HVLAB_OPENFLOW is "pox", expected os_ken or ryu' in done.stderr


def test_only_a_unix_socket_that_listens_is_adopted(tmp_path: Path) -> None:
    with socket.socket() as tcp, socket.socket(socket.AF_UNIX) as silent:
        for wrong in (tcp, silent):
            with pytest.raises(EnvironmentFault, match="is not a Unix socket that listens"):
                framework.adopt(wrong.fileno())


def test_socket_in_use_is_refused_in_words(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with framework.listen(path), pytest.raises(EnvironmentFault, match="Address already in use; remove it"):
        framework.listen(path)


def test_tcp_options_do_not_reach_a_unix_socket() -> None:
    one, other = socket.socketpair()
    with one, other:
        stream = framework._UnixStream(one)
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        stream.sendall(b"x")
        assert other.recv(1) == b"x"
