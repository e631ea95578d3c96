"""A lab in a file: what it is described by, in the format of the state file, with a checksum.

What it does not hold is what a running lab has besides its description: leases, learned addresses, counters.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lab import codec
from lab.engine.state import STATE_VERSION
from lab.errors import InputError
from lab.model.objects import LabModel

_KIND: Final = "hvlab lab"
_AGAIN: Final = "save the lab again with this version of hvlab"


@dataclass(frozen=True, slots=True)
class SavedLab:
    """``checksum`` is that of the model as it stands in the file."""

    kind: str
    name: str
    checksum: str
    model: LabModel
    version: int = STATE_VERSION


def save(path: Path, model: LabModel) -> None:
    """Write a lab to a file, all or nothing; InputError if that cannot be."""
    text = codec.dumps(SavedLab(_KIND, model.name, _checksum(json.loads(codec.dumps(model))), model))
    new = path.with_name(f"{path.name}.new")
    try:
        with open(new, "w", encoding="utf-8") as file:
            file.write(f"{text}\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
    except OSError as error:
        with suppress(OSError):
            new.unlink()
        raise InputError(f'cannot write the lab to "{path}": {error.strerror}', target=str(path)) from error


def load(path: Path) -> LabModel:
    """Return the lab in a file; InputError if there is none, or none that is whole and of this version."""
    if path.exists() and not path.is_file():
        raise InputError(f'"{path}" is no file', target=str(path))
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f'cannot read the lab in "{path}": {error.strerror}', target=str(path)) from error
    content = _content(path, data)
    version = content.get("version")
    if version != STATE_VERSION:
        raise InputError(
            f'the lab in "{path}" was saved by another version of hvlab: its format is {version}, '
            f"expected {STATE_VERSION}",
            remedy=_AGAIN,
            target=str(path),
        )
    if content.get("checksum") != _checksum(content.get("model")):
        raise InputError(f'the lab in "{path}" is damaged: it is not what was saved', target=str(path))
    try:
        return codec.loads(SavedLab, data).model
    except codec.CodecError as error:
        raise InputError(
            f'the lab in "{path}" cannot be understood, as if another version of hvlab had saved it: {error}',
            remedy=_AGAIN,
            target=str(path),
        ) from error


def _content(path: Path, data: bytes) -> dict[str, Any]:
    """Return what a file says without understanding it."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        damaged = _KIND.encode() in data
        what = "is damaged: it is cut off, or not JSON any more" if damaged else "is none: it was not saved by Save-Lab"
        raise InputError(f'the lab in "{path}" {what}', target=str(path)) from error
    if not isinstance(found, dict) or found.get("kind") != _KIND:
        raise InputError(f'the lab in "{path}" is none: it was not saved by Save-Lab', target=str(path))
    return found


def _checksum(model: object) -> str:
    """Return the checksum of a model as JSON has it, however that was written."""
    text = json.dumps(model, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"
