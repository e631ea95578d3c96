"""The real controller as a process, on os-ken or on Ryu, with the socket kept by the test as the supervisor would."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def ryu_python() -> Path | None:
    """Return the interpreter that has Ryu 4.34, or None."""
    named = os.environ.get("HVLAB_RYU_PYTHON")
    path = Path(named) if named else ROOT / ".venv-ryu" / "bin" / "python"
    return path if path.exists() else None


_CLOCK = """
import time
real = time.time
def shifted():
    with open({path!r}) as file:
        return real() + float(file.read() or 0)
time.time = shifted
"""


class Controller:
    """The controller process. Its listening socket outlives it; its clock can be set, without the machine's."""

    def __init__(
        self, framework: str, pattern: str, socket_path: Path, log: Path, *, options: Sequence[str] = ()
    ) -> None:
        self._python = str(ryu_python()) if framework == "ryu" else sys.executable
        self._clock = log.with_name("clock")
        self.set_clock(0)
        customized = log.with_name("customized")
        customized.mkdir()
        (customized / "sitecustomize.py").write_text(_CLOCK.format(path=str(self._clock)))
        path = os.pathsep.join(map(str, (customized, ROOT)))
        self._env = {**os.environ, "HVLAB_OPENFLOW": framework, "PYTHONPATH": path}
        self._pattern = pattern
        self._options = options
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
        command += ["--ovsdb-glob", self._pattern, "--listen-fd", str(descriptor), *self._options]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, env=self._env, pass_fds=[descriptor], stderr=log)

    def set_clock(self, seconds: float) -> None:
        """Make the process think that it is so much later than it is."""
        self._clock.write_text(str(seconds))

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
