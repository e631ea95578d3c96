"""Static members of System.IO: Path, File and Directory. What is called gets the frame first."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import Any

from lab.shell.dotnet.table import MANY, Refused, Table
from lab.shell.errors import ShellError
from lab.shell.files import is_windows, joined, split
from lab.shell.flow import NOTHING
from lab.shell.text import to_text

PATH = Table()
FILE = Table()
DIRECTORY = Table()


# Paths as texts


def _name(path: object) -> PurePosixPath:
    return PurePosixPath(split(to_text(path))[1])


def _combined(*given: object) -> str:
    found = ""
    for each in map(to_text, given):
        rooted = each.startswith(("/", "\\")) or each[1:2] == ":"
        found = each if rooted or not found else joined(found, each) if each else found
    return found


def _in_full(frame: Any, path: object) -> str:
    found: str = frame.session.files.shown(_file(frame, path))
    return found


def _with_extension(path: object, extension: object) -> str:
    text, new = to_text(path), to_text(extension).removeprefix(".")
    stem = text.removesuffix(_name(text).suffix)
    return f"{stem}.{new}" if text and new else stem


PATH.method("Combine", lambda _, *parts: _combined(*parts), 1, MANY)
PATH.method("GetFileName", lambda _, path: split(to_text(path))[1], 1)
PATH.method("GetFileNameWithoutExtension", lambda _, path: _name(path).stem, 1)
PATH.method("GetExtension", lambda _, path: _name(path).suffix, 1)
PATH.method("GetDirectoryName", lambda _, path: split(to_text(path))[0], 1)
PATH.method("GetFullPath", _in_full, 1)
PATH.method("GetTempPath", lambda frame: f"{frame.variable('TEMP', 'env')}\\")
PATH.method("IsPathRooted", lambda _, path: to_text(path).startswith(("/", "\\")) or to_text(path)[1:2] == ":", 1)
PATH.method("ChangeExtension", lambda _, path, extension: _with_extension(path, extension), 2)
PATH.prop("DirectorySeparatorChar", lambda frame: "\\" if is_windows(frame.session.files.here) else "/")
PATH.prop("PathSeparator", lambda _: ":")


# Files and directories


def _file(frame: Any, path: object) -> Path:
    try:
        found: Path = frame.session.files.written(to_text(path))
    except ShellError as error:
        raise Refused(error.record.message, error.record.exception.rpartition(".")[2]) from None
    return found


def _is(frame: Any, path: object, test: Any) -> bool:
    try:
        return bool(test(_file(frame, path)))
    except Refused:
        return False


def _read(frame: Any, path: object) -> str:
    try:
        return _file(frame, path).read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        text = f"Could not find file '{_in_full(frame, path)}'."
        raise Refused(text, "FileNotFoundException") from None


def _write(frame: Any, path: object, text: object, *_: object, mode: str) -> object:
    lines = text if isinstance(text, list) else [text]
    try:
        with _file(frame, path).open(mode, encoding="utf-8") as file:
            file.write("\n".join(to_text(each) for each in lines) + ("\n" if isinstance(text, list) else ""))
    except OSError as error:
        raise _refused(frame, error, path) from None
    return NOTHING


def _delete(frame: Any, path: object) -> object:
    try:
        _file(frame, path).unlink(missing_ok=True)
    except OSError as error:
        raise _refused(frame, error, path) from None
    return NOTHING


def _make(frame: Any, path: object) -> object:
    try:
        _file(frame, path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _refused(frame, error, path) from None
    from lab.shell.commands.items import file_object

    return file_object(frame.session.files, _file(frame, path))


def _refused(frame: Any, error: OSError, path: object) -> Refused:
    record = frame.session.files.refusal(error, _file(frame, path), "")
    return Refused(record.message, record.exception.rpartition(".")[2])


FILE.method("Exists", lambda frame, path: _is(frame, path, os.path.isfile), 1)
FILE.method("ReadAllText", lambda frame, path, *_: _read(frame, path), 1, 2)
FILE.method("ReadAllLines", lambda frame, path, *_: _read(frame, path).splitlines(), 1, 2)
FILE.method("WriteAllText", lambda *given: _write(*given, mode="w"), 2, 3)
FILE.method("WriteAllLines", lambda *given: _write(*given, mode="w"), 2, 3)
FILE.method("AppendAllText", lambda *given: _write(*given, mode="a"), 2, 3)
FILE.method("Delete", _delete, 1)
DIRECTORY.method("Exists", lambda frame, path: _is(frame, path, os.path.isdir), 1)
DIRECTORY.method("CreateDirectory", _make, 1)
