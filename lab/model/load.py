"""Run a topology file and return the lab it describes.

The file runs in a namespace of its own; what it prints goes to stderr, so that no list in JSON is spoilt. Whatever it
does wrong becomes an InputError with the file and the line.
"""

from __future__ import annotations

import contextlib
import io
import sys
import types
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.util import decode_source
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Final

from lab.errors import InputError, LabError, TopologyError, UnknownName
from lab.model.builder import Lab
from lab.model.names import quoted, visible
from lab.model.objects import LabModel
from lab.model.parameters import Loading, loading
from lab.model.validate import validate

MAX_BYTES: Final = 1 << 20

_MODULE: Final = "hvlab_topology"
_NONE: Final[Mapping[str, str]] = MappingProxyType({})


def load(path: Path, *, name: str | None = None, parameters: Mapping[str, str] = _NONE) -> LabModel:
    """Return the lab that a topology file describes, under another `name` if one is given.

    ``parameters`` are the values for the file's ``Lab.parameter`` calls. InputError has all mistakes
    of the file.
    """
    code = _compiled(path, _content(path))
    now = Loading(given=dict(parameters))
    token = loading.set(now)
    try:
        namespace = _run(path, code)
    finally:
        loading.reset(token)
    lab = _only_lab(path, namespace, now)
    for unknown in sorted(set(parameters) - set(now.known)):
        raise UnknownName("parameter", unknown, now.known, where=path.name)
    return _renamed(lab.model(), name)


def _content(path: Path) -> bytes:
    what = f'topology file "{visible(str(path), 160)}"'
    try:
        if path.is_dir():
            raise InputError(f"{what} is a directory", remedy="name a file in it")
        if path.exists() and not path.is_file():
            raise InputError(f"{what} is not a regular file")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise InputError(f"{what} does not exist", remedy=_neighbours(path)) from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(f"{what} cannot be read: {why[:1].lower()}{why[1:]}") from None
    if len(content) > MAX_BYTES:
        raise InputError(f"{what} has more than {MAX_BYTES} bytes, expected a short Python file")
    return content


def _neighbours(path: Path) -> str:
    with contextlib.suppress(OSError, ValueError):
        found = sorted(each.name for each in path.parent.glob("*.py") if each.name != "__init__.py")
        if found:
            return f"there are: {', '.join(map(_plain, found[:12]))}{', …' if len(found) > 12 else ''}"
    return "topology files are in topologies/"


def _plain(name: str) -> str:
    return visible(name, 60)


def _compiled(path: Path, content: bytes) -> types.CodeType:
    try:
        if b"\0" in content:
            raise InputError("not a Python file, but binary", where=_plain(path.name))
        return compile(decode_source(content), str(path), "exec", dont_inherit=True)
    except SyntaxError as error:
        raise _syntax_error(error, path) from None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(f"not valid Python, not {error.encoding} text", where=f"{_plain(path.name)}:{line}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise InputError(f"not valid Python, {str(error) or 'too deep'}", where=_plain(path.name)) from None


def _syntax_error(error: SyntaxError, path: Path) -> InputError:
    name = _plain(Path(error.filename or path).name)
    text = f": {visible(error.text.strip(), 80)}" if error.text and error.text.strip() else ""
    where = f"{name}:{error.lineno}" if error.lineno else name
    return InputError(f"not valid Python, {visible(error.msg, 120)}{text}", where=where)


def _run(path: Path, code: types.CodeType) -> dict[str, object]:
    module = types.ModuleType(_MODULE)
    module.__file__ = str(path)
    try:
        with _surroundings(path, module):
            exec(code, module.__dict__)  # noqa: S102 - to run the user's own program is the purpose
    except SystemExit as error:
        if error.code not in (None, 0):
            raise InputError(
                f"the script ended itself with exit status {quoted(error.code)}", where=_line(error.__traceback__, path)
            ) from None
    except SyntaxError as error:
        raise _syntax_error(error, path) from None
    except LabError as error:
        raise _located(error, path) from None
    except Exception as error:  # noqa: BLE001 - a topology is the user's own program: whatever it raises is its mistake
        raise InputError(_words(error), where=_line(error.__traceback__, path)) from None
    return module.__dict__


def _words(error: Exception) -> str:
    return visible(f"{type(error).__name__}: {error}", 200)


def _located(error: LabError, path: Path) -> InputError:
    where = _line(error.__traceback__, path)
    return TopologyError(record if record.where else replace(record, where=where) for record in error.records)


def _line(trace: TracebackType | None, path: Path) -> str:
    """Return the last line of the script itself that an exception passed."""
    line = 0
    while trace:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return f"{_plain(path.name)}:{line}"


@contextlib.contextmanager
def _surroundings(path: Path, module: types.ModuleType) -> Iterator[None]:
    """Let a script import its neighbours, keep them and it out of what is loaded next, and keep stdout clean."""
    folder = str(path.parent.resolve())
    before = set(sys.modules)
    old_path, old_argv, old_stdin = list(sys.path), list(sys.argv), sys.stdin
    sys.modules[module.__name__] = module
    sys.path.insert(0, folder)
    sys.argv = [str(path)]
    sys.stdin = io.StringIO()
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        sys.path[:], sys.argv, sys.stdin = old_path, old_argv, old_stdin
        for name in set(sys.modules) - before:
            file = getattr(sys.modules[name], "__file__", None)
            if name == module.__name__ or (file and Path(file).parent == Path(folder)):
                del sys.modules[name]


def _only_lab(path: Path, namespace: Mapping[str, object], now: Loading) -> Lab:
    named = {id(value): value for value in namespace.values() if isinstance(value, Lab)}
    labs = list(named.values()) or [each for each in now.labs if isinstance(each, Lab)]
    if not labs:
        raise InputError("the file builds no lab", remedy='expected lab = Lab("name")', where=_plain(path.name))
    if len(labs) > 1:
        found = ", ".join(quoted(lab.name) for lab in labs[:12])
        raise InputError(
            f"the file builds {len(labs)} labs: {found}", remedy="expected one lab per file", where=_plain(path.name)
        )
    return labs[0]


def _renamed(model: LabModel, name: str | None) -> LabModel:
    if name is None:
        return model
    renamed = replace(model, name=name)
    records = validate(renamed)
    if records:
        raise TopologyError(records)
    return renamed
