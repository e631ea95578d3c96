"""What PowerShell says of a value that does not become one of another type."""

from __future__ import annotations

from lab.shell.errors import ErrorRecord, NotConverted
from lab.shell.objects import Hashtable, PSObject
from lab.shell.text import to_text
from lab.shell.type_names import type_name


def refused(value: object, full: str) -> NotConverted:
    """Return the error for a value that has no way of becoming one of a type."""
    if value is None:
        return _failed(f'Cannot convert null to type "{full}".', "NullToTypeConversion")
    kind = type_name(value)
    shown = kind if isinstance(value, (list, Hashtable)) else to_text(value)
    message = f'Cannot convert the "{shown}" value of type "{kind}" to type "{full}".'
    return _failed(message, "ConvertToFinalInvalidCastException")


def invalid(value: object, full: str, why: str, error_id: str = "InvalidCastParseTargetInvocation") -> NotConverted:
    """Return the error for a value of which the conversion itself says what is wrong."""
    return _failed(f'Cannot convert value "{to_text(value)}" to type "{full}". Error: "{why}"', error_id)


def _failed(message: str, error_id: str) -> NotConverted:
    return NotConverted(ErrorRecord(message, "InvalidArgument", error_id, "RuntimeException"))


def unknown_type(name: str) -> NotConverted:
    """Return the error for a type that does not exist here."""
    return NotConverted(
        ErrorRecord(
            f"Unable to find type [{name}].", "InvalidOperation", "TypeNotFound", "RuntimeException",
            PSObject("System.Management.Automation.Language.TypeName", text=name),
        )
    )  # fmt: skip
