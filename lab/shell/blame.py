"""Which argument an error of binding is about: PowerShell marks that one, and not the whole command."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from lab.shell.argument import Argument
from lab.shell.errors import ErrorRecord
from lab.shell.syntax import Extent
from lab.shell.text import to_text

_ABOUT_NAME: Final = ("NamedParameterNotFound", "AmbiguousParameter", "MissingArgument", "ParameterAlreadyBound")
_ABOUT_VALUE: Final = (
    "CannotConvertArgument", "ParameterArgumentTransformationError", "ParameterArgumentValidationError",
)  # fmt: skip


def blamed(record: ErrorRecord, arguments: Sequence[Argument]) -> Extent | None:
    """Return the place of the argument that an error is about; None if it is about the whole command."""
    found = re.search(r"parameter (?:name )?'(\w+)'", record.message)
    name = found[1].casefold() if found else ""
    error_id = record.error_id.partition(",")[0]
    at = next((at for at, each in enumerate(arguments) if each.name and name.startswith(each.name.casefold())), None)
    if error_id in _ABOUT_NAME:
        return arguments[at].extent if at is not None else None
    if not error_id.startswith(_ABOUT_VALUE):
        return None
    if at is not None:
        value = arguments[at] if arguments[at].given else next(iter(arguments[at + 1 : at + 2]), arguments[at])
        return value.extent
    return next((each.extent for each in arguments if each.name is None and _told(record, each.value)), None)


def _told(record: ErrorRecord, value: object) -> bool:
    text = to_text(value)
    return bool(text) and re.search(rf"(?<!\w){re.escape(text)}(?!\w)", record.message) is not None
