"""The objects and the errors of Windows' network modules, which all come from CIM classes in ROOT/StandardCimv2."""

from __future__ import annotations

from typing import Final

from lab.shell.command import Call
from lab.shell.errors import ErrorRecord, ShellError
from lab.shell.objects import PSObject

_BASE: Final = "Microsoft.Management.Infrastructure.CimInstance"


def type_names(name: str, namespace: str = "ROOT/StandardCimv2") -> tuple[str, ...]:
    """Return the types of an object of a CIM class (``MSFT_NetAdapter``)."""
    return f"{_BASE}#{namespace}/{name}", f"{_BASE}#{name}", _BASE


def full_name(name: str) -> str:
    """Return the type by which objects of a CIM class are shown."""
    return type_names(name)[0]


def none_has(call: Call, name: str, wanted: str, value: object) -> None:
    """Report, as a non-terminating error, that no object of a CIM class has a property with a value."""
    call.error(
        ErrorRecord(
            f"No {name} objects found with property '{wanted}' equal to '{value}'.  "
            "Verify the value of the property and retry.",
            "ObjectNotFound", f"CmdletizationQuery_NotFound_{wanted}", "CimJobException", value,
        )
    )  # fmt: skip


def none_fits(call: Call, name: str, conditions: list[tuple[str, object]]) -> None:
    """Report that no object of a CIM class fits: in other words for a single condition than for several."""
    if len(conditions) == 1:
        none_has(call, name, *conditions[0])
        return
    where = " AND ".join(f"(({wanted} {_compared(value)}))" for wanted, value in conditions)
    call.error(
        ErrorRecord(
            f"No matching {name} objects found by CIM query for instances of the ROOT/StandardCimv2/{name} class on "
            f"the  CIM server: SELECT * FROM {name}  WHERE {where}. Verify query parameters and retry.",
            "ObjectNotFound", "CmdletizationQuery_NotFound", "CimJobException", name,
        )
    )  # fmt: skip


def _compared(value: object) -> str:
    return f"= {value}" if isinstance(value, int) else f"LIKE '{value}'"


def refused(  # noqa: PLR0913 - settings given by name
    name: str,
    message: str,
    *,
    code: int = 87,
    category: str = "InvalidArgument",
    target: object = None,
    remedy: str = "",
) -> ErrorRecord:
    """Return the error of a CIM method; ``code`` is Windows' (87: ERROR_INVALID_PARAMETER)."""
    return ErrorRecord(
        message, category, f"Windows System Error {code}", "CimException",
        PSObject(f"ROOT/StandardCimv2/{name}", text=name) if target is None else target, remedy=remedy,
    )  # fmt: skip


def unsupported(what: str, remedy: str = "", target: object = None) -> ShellError:
    """Return the terminating error for what a lab cannot do."""
    return ShellError(
        ErrorRecord(what, "NotImplemented", "NotSupported", "NotSupportedException", target, remedy=remedy)
    )


def no_element(name: str, remedy: str = "") -> ErrorRecord:
    """Return the error of a CIM method about something that is not there (ERROR_NOT_FOUND)."""
    return refused(name, "Element not found.", code=1168, category="ObjectNotFound", remedy=remedy)


def exists(name: str, what: str = "") -> ErrorRecord:
    """Return the error of a CIM method that is to make what there is already."""
    return refused(name, f"Instance {what or name} already exists")
