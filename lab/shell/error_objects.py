"""Errors as scripts see them: ``$_`` in a catch block, ``$Error[0]`` (System.Management.Automation.ErrorRecord)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from lab.shell.casts import exception
from lab.shell.error_text import category_text, position_text, said
from lab.shell.errors import ErrorRecord
from lab.shell.objects import PSObject
from lab.shell.text import to_text
from lab.shell.type_names import exception_types, short_type_name

ERROR_RECORD: Final = "System.Management.Automation.ErrorRecord"


def error_object(record: ErrorRecord) -> PSObject:
    """Return a record as an object."""
    message = said(record)
    thrown = exception(exception_types(record.exception)[0], message)
    thrown.set("ErrorRecord", None)
    return PSObject(
        (ERROR_RECORD, "System.Object"),
        {
            "Exception": thrown,
            "TargetObject": record.target,
            "CategoryInfo": _category(record),
            "FullyQualifiedErrorId": record.error_id,
            "ErrorDetails": None,
            "InvocationInfo": invocation(record),
            "ScriptStackTrace": _trace(record),
        },
        source=record,
        text=message,
    )


def record_of(value: object) -> ErrorRecord | None:
    """Return the record that an object stands for; None if it is no error."""
    if isinstance(value, PSObject) and isinstance(value.source, ErrorRecord):
        return value.source
    return None


def record_of_exception(value: PSObject, category: str = "OperationStopped") -> ErrorRecord:
    """Return the record of an exception that a script throws."""
    message = to_text(value.get("Message"))
    return ErrorRecord(message, category, message, value.type_name)


def _category(record: ErrorRecord) -> PSObject:
    reason = exception_types(record.exception)[0].rpartition(".")[2]
    return PSObject(
        "System.Management.Automation.ErrorCategoryInfo",
        {
            "Category": record.category,
            "Activity": record.activity,
            "Reason": reason,
            "TargetName": to_text(record.target),
            "TargetType": "" if record.target is None else short_type_name(record.target),
        },
        text=category_text(record),
    )


def invocation(record: ErrorRecord) -> PSObject:
    """Return where an error comes from (System.Management.Automation.InvocationInfo)."""
    extent = record.extent
    source = extent.source.splitlines()[extent.line - 1 : extent.line] if extent else []
    command = PSObject("System.Management.Automation.CommandInfo", {"Name": record.activity}, text=record.activity)
    return PSObject(
        "System.Management.Automation.InvocationInfo",
        {
            "MyCommand": command if record.activity else None,
            "ScriptLineNumber": extent.line if extent else 0,
            "OffsetInLine": extent.column if extent else 0,
            "ScriptName": extent.file if extent else "",
            "Line": source[0] if source else "",
            "PositionMessage": position_text(extent),
            "InvocationName": record.activity,
        },
    )


def _trace(record: ErrorRecord) -> str:
    where = record.extent
    if where is None:
        return ""
    return f"at <ScriptBlock>, {where.file or '<No file>'}: line {where.line}"


def with_message(record: ErrorRecord, message: str) -> ErrorRecord:
    """Return a record with another message."""
    return replace(record, message=message, remedy="")
