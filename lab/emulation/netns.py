"""Acting inside the network namespace of another process, one command batch at a time.

The namespace of the calling thread is switched, the child process is started in it, and the thread goes back: a child
started this way needs no `nsenter` in between, and a hundred of them run side by side.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from lab.errors import LabFault

_CLONE_NEWNET: Final = 0x40000000
_LIBC: Final = ctypes.CDLL(None, use_errno=True)

TIMEOUT_S: Final = 30.0


@contextmanager
def network_of(pid: int) -> Iterator[None]:
    """Act in the network namespace of process `pid` until the end of the block."""
    here = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        _enter(f"/proc/{pid}/ns/net")
        try:
            yield
        finally:
            _setns(here)
    finally:
        os.close(here)


def _enter(path: str) -> None:
    try:
        there = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise LabFault(f"cannot enter the network namespace {path}: {error.strerror}") from error
    try:
        _setns(there)
    finally:
        os.close(there)


def _setns(fd: int) -> None:
    if _LIBC.setns(fd, _CLONE_NEWNET) != 0:
        code = ctypes.get_errno()
        raise LabFault(f"cannot enter a network namespace: {os.strerror(code)}")


@dataclass(frozen=True, slots=True)
class Batch:
    """A program that reads its commands from standard input, and where it is to run.

    ``may_fail``: for commands about what may be gone by itself meanwhile.
    """

    pid: int
    argv: Sequence[str]
    text: str
    may_fail: bool = False


def run_batches(batches: Sequence[Batch]) -> list[str]:
    """Run all batches side by side and return what each printed; LabFault with its words if one fails."""
    running: list[subprocess.Popen[str]] = []
    try:
        for batch in batches:
            with network_of(batch.pid):
                running.append(_start(batch.argv))
            _feed(running[-1], batch.text)
        return [_finish(process, batch) for process, batch in zip(running, batches, strict=True)]
    finally:
        _end(running)


def _start(argv: Sequence[str]) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen(list(argv), stdin=pipe, stdout=pipe, stderr=pipe, text=True, close_fds=False)


def _feed(process: subprocess.Popen[str], text: str) -> None:
    """Write a short text at once, so that the process works while others are started; a long one goes later."""
    assert process.stdin is not None
    if len(text) < 32768:
        try:
            process.stdin.write(text)
            process.stdin.close()
        except BrokenPipeError:
            return
        process.stdin = None


def _finish(process: subprocess.Popen[str], batch: Batch) -> str:
    try:
        out, err = process.communicate(batch.text if process.stdin else None, timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        raise LabFault(f"{batch.argv[0]} did not end within {TIMEOUT_S:g} s") from error
    if process.returncode != 0 and not batch.may_fail:
        raise LabFault(f"{' '.join(batch.argv)} failed: {_explain(err, batch.text)}")
    return out


def _explain(error: str, text: str) -> str:
    """Return the error with the command it is about: `ip -batch` tells only a line number."""
    message = " ".join(error.split()) or "no reason given"
    line = message.rpartition("Command failed -:")[2].strip()
    lines = text.splitlines()
    if line.isdigit() and 0 < int(line) <= len(lines):
        return f"{message} ({lines[int(line) - 1]})"
    return message


@dataclass(frozen=True, slots=True)
class Program:
    """A program without input, and where it is to run."""

    pid: int
    argv: Sequence[str]


def run_programs(programs: Sequence[Program], timeout_s: float = TIMEOUT_S) -> list[tuple[int, str]]:
    """Run all programs side by side; return the exit code of each and all that it printed."""
    running: list[subprocess.Popen[str]] = []
    try:
        for program in programs:
            with network_of(program.pid):
                running.append(
                    subprocess.Popen(
                        list(program.argv), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                        stderr=subprocess.STDOUT, text=True, close_fds=False,
                    )
                )  # fmt: skip
        return [_outcome(process, program, timeout_s) for process, program in zip(running, programs, strict=True)]
    finally:
        _end(running)


def _outcome(process: subprocess.Popen[str], program: Program, timeout_s: float) -> tuple[int, str]:
    try:
        out, _ = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired as error:
        raise LabFault(f"{program.argv[0]} did not end within {timeout_s:g} s") from error
    return process.returncode, out


def _end(running: Sequence[subprocess.Popen[str]]) -> None:
    for process in running:
        if process.poll() is None:
            process.kill()
            process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream and not stream.closed:
                stream.close()


def write_sysctls(pid: int, values: Mapping[str, str]) -> None:
    """Write network sysctls, given as paths below /proc/sys/net, in the namespace of `pid`."""
    with network_of(pid):
        for path, value in values.items():
            try:
                with open(f"/proc/sys/net/{path}", "w", encoding="ascii") as file:
                    file.write(value)
            except OSError as error:
                raise LabFault(f"cannot set net/{path} to {value}: {error.strerror}") from error
