"""`hvlab` as a user runs it: whole labs from topology files, each under a name of its own, ended with the test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.system.pods import ROOT, fresh_name


@dataclass(frozen=True)
class CommandLine:
    """The command line, for one running lab."""

    lab: str

    def run(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command on the lab and return how it ended."""
        return hvlab(command, "--lab", self.lab, *arguments)

    def said(self, command: str, *arguments: str) -> str:
        """Run a command that succeeds and return what it printed."""
        done = self.run(command, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def json(self, command: str, *arguments: str) -> Any:
        """Run a command with --json, whatever its exit code, and return what it printed."""
        done = self.run(command, *arguments, "--json")
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    @contextmanager
    def started(self, command: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """Yield a running command, in a process group of its own, with pipes for its output and its errors."""
        line = [*program(), command, "--lab", self.lab, *arguments]
        pipe = subprocess.PIPE
        process = subprocess.Popen(line, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, process_group=0)
        with process:
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.kill()


def program() -> list[str]:
    return [sys.executable, "-m", "lab"]


def hvlab(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `hvlab`."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HVLAB_")}
    return subprocess.run(
        [*program(), *arguments], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip


@contextmanager
def up(topology: str, *options: str) -> Iterator[CommandLine]:
    """Yield a lab made from one of the topologies that come with hvlab, and end it."""
    name = fresh_name()
    file = Path(ROOT) / "topologies" / f"{topology}.py"
    done = hvlab("up", str(file), "--name", name, *options)
    assert done.returncode == 0, done.stderr
    try:
        yield CommandLine(name)
    finally:
        ended = hvlab("down", name)
        assert ended.returncode == 0, ended.stderr
