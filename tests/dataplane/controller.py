"""The real controller as a process, on os-ken or on Ryu, with the socket kept by the test as the supervisor would."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def ryu_python() -> Path | None:
    """Return the interpreter that has Ryu 4.34, or None."""
    named = os.environ.get("HVLAB_RYU_PYTHON")
    path = Path(named) if named else ROOT / ".venv-ryu" / "bin" / "python"
    return path if path.exists() else None


class Controller:
    """The controller process. Its listening socket outlives it."""

    def __init__(self, framework: str, pattern: str, socket_path: Path, log: Path) -> None:
        self._python = str(ryu_python()) if framework == "ryu" else sys.executable
        self._env = {**os.environ, "HVLAB_OPENFLOW": framework, "PYTHONPATH": str(ROOT)}
        self._pattern = pattern
        self.log = log
        self.target = f"unix:{socket_path}"
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(socket_path))
        self._listener.listen(16)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process."""
        assert not self.is_running
        descriptor = self._listener.fileno()
        command = [self._python, "-m", "controllers", "run"]
        command += ["--ovsdb-glob", self._pattern, "--listen-fd", str(descriptor)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, env=self._env, pass_fds=[descriptor], stderr=log)

    def kill(self) -> None:
        """Kill the process: SIGKILL, no goodbye."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        return self._process.poll() if self._process is not None else None

    def restart(self) -> None:
        """Kill and start."""
        self.kill()
        self.start()

    def close(self) -> None:
        """Kill the process and close its socket."""
        self.kill()
        self._listener.close()
