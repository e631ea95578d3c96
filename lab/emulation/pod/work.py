"""What is done inside a lab: a Python function whose result or exception comes back, or a program."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from lab.emulation.pod.enter import Namespaces, call_inside
from lab.emulation.pod.init.child import PATH, find_program
from lab.emulation.pod.keeper import keep
from lab.errors import LabError, LabFault

T = TypeVar("T")

_NOT_FOUND, _NOT_EXECUTABLE = 127, 126


def call(namespaces: Namespaces, function: Callable[[], T], entered: Callable[[], None]) -> T:
    """Call a function inside and return what it returns, or raise what it raises; both must be picklable."""
    folder = Path.cwd()
    outcome = os.memfd_create("outcome")

    def work() -> int:
        _change_folder(folder)
        entered()
        with open(outcome, "wb", closefd=False) as stream:
            stream.write(_outcome(function))
        sys.stdout.flush()
        sys.stderr.flush()
        return 0

    try:
        code = call_inside(namespaces, work)
        os.lseek(outcome, 0, os.SEEK_SET)
        with open(outcome, "rb", closefd=False) as stream:
            said = stream.read()
    finally:
        os.close(outcome)
    if code != 0 or not said:
        killed = f"was ended by signal {-code}, as when the lab ends meanwhile,"
        how = killed if code < 0 else f"ended with status {code}"
        raise LabFault(f"the work inside the lab {how} and without a result")
    error, result = pickle.loads(said)  # noqa: S301 - written by our own child into memory nobody else can open
    if error is not None:
        raise _revived(*error)
    return result  # type: ignore[no-any-return]


def _outcome(function: Callable[[], object]) -> bytes:
    try:
        result = function()
    except BaseException as error:  # noqa: BLE001 - raised again by the caller
        return _packed_error(error)
    try:
        return pickle.dumps((None, result))
    except Exception as error:  # noqa: BLE001 - pickle raises whatever the object's own methods raise
        return _packed_error(LabFault(f"the result of the work inside the lab cannot be handed back: {error}"))


def _packed_error(error: BaseException) -> bytes:
    trace = "".join(traceback.format_exception(error))
    try:
        packed = pickle.dumps(((type(error), error.args, error.__dict__, trace), None))
        _revived(*pickle.loads(packed)[0])  # noqa: S301 - our own words of a line above
    except Exception:  # noqa: BLE001 - see above; and not every class can be made again from its arguments
        fault = LabFault(f"the work inside the lab failed: {type(error).__name__}: {error}")
        packed = pickle.dumps(((LabFault, fault.args, fault.__dict__, trace), None))
    return packed


def _revived(
    kind: type[BaseException], args: tuple[object, ...], state: dict[str, object], trace: str
) -> BaseException:
    # Not through the constructor: those of LabError's children take other arguments than they keep.
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    if not isinstance(error, (LabError, SystemExit, KeyboardInterrupt)):
        error.add_note(f"Inside the lab:\n{trace}")
    return error


def execute(namespaces: Namespaces, argv: tuple[str, ...], env: Mapping[str, str], where: str) -> int:
    """Run a program inside and return its exit code: 128 + N if signal N ended it, 127 or 126 if it cannot run."""
    folder = Path.cwd()
    environment = {**env, "PATH": _with_system_folders(env.get("PATH", ""))}

    def work() -> int:
        _change_folder(folder)
        for number in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        try:
            os.execve(find_program(argv[0], environment), argv, environment)
        except OSError as error:
            words = str(error.strerror) if error.filename is None else f'cannot run "{argv[0]}": {error.strerror}'
            os.write(2, f"hvlab: {words} in {where}\n".encode())
            return _NOT_FOUND if isinstance(error, FileNotFoundError) else _NOT_EXECUTABLE

    code = call_inside(namespaces, lambda: keep(work))
    return code if code >= 0 else 128 - code


def _with_system_folders(path: str) -> str:
    folders = [folder for folder in path.split(":") if folder]
    return ":".join([*folders, *(folder for folder in PATH.split(":") if folder not in folders)])


def _change_folder(folder: Path) -> None:
    try:
        os.chdir(folder)
    except OSError:
        os.chdir("/")
