"""The enumerations of .NET that scripts name."""

from __future__ import annotations

from enum import Enum, StrEnum
from functools import cache
from typing import Final, cast

from lab.shell.errors import ErrorRecord, NotConverted

_VALUES: Final[dict[str, str]] = {
    "System.DayOfWeek": "Sunday Monday Tuesday Wednesday Thursday Friday Saturday",
    "System.ConsoleColor": "Black DarkBlue DarkGreen DarkCyan DarkRed DarkMagenta DarkYellow Gray DarkGray Blue Green "
    "Cyan Red Magenta Yellow White",
    "System.StringComparison": "CurrentCulture CurrentCultureIgnoreCase InvariantCulture InvariantCultureIgnoreCase "
    "Ordinal OrdinalIgnoreCase",
    "System.StringSplitOptions": "None RemoveEmptyEntries",
    "System.MidpointRounding": "ToEven AwayFromZero",
    "System.Management.Automation.ActionPreference": "SilentlyContinue Stop Continue Inquire Ignore Suspend",
    "System.Text.RegularExpressions.RegexOptions": "None IgnoreCase Multiline ExplicitCapture Compiled Singleline "
    "IgnorePatternWhitespace RightToLeft ECMAScript CultureInvariant",
    "System.Net.Sockets.AddressFamily": "InterNetwork InterNetworkV6",
    "System.Management.Automation.ErrorCategory": "NotSpecified OpenError CloseError DeviceError DeadlockDetected "
    "InvalidArgument InvalidData InvalidOperation InvalidResult InvalidType MetadataError NotImplemented NotInstalled "
    "ObjectNotFound OperationStopped OperationTimeout SyntaxError ParserError PermissionDenied ResourceBusy "
    "ResourceExists ResourceUnavailable ReadError WriteError FromStdErr SecurityError ProtocolError ConnectionError "
    "AuthenticationError LimitsExceeded QuotaExceeded NotEnabled",
}


def is_enumeration(full: str) -> bool:
    """Tell whether a type, named in full, is an enumeration."""
    return full in _VALUES


@cache
def enumeration(full: str) -> type[StrEnum]:
    """Return the enumeration of a name."""
    short = full.rpartition(".")[2]
    made = cast("type[StrEnum]", StrEnum(short, [(name, name) for name in _VALUES[full].split()]))
    made.dotnet = full  # type: ignore[attr-defined]
    return made


def enumerator(full: str, value: object, text: str) -> Enum:
    """Return the value of an enumeration that a name, the beginning of one or a number means; NotConverted if none."""
    kind = enumeration(full)
    members = list(kind)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(members):
        return members[value]
    wanted = text.strip().casefold()
    found = [each for each in members if each.value.casefold() == wanted]
    found = found or [each for each in members if wanted and each.value.casefold().startswith(wanted)]
    if len(found) == 1:
        return found[0]
    names = ", ".join(each.value for each in members)
    raise NotConverted(
        ErrorRecord(
            f'Cannot convert value "{text}" to type "{full}". Error: "Unable to match the identifier name {text} to a '
            f"valid enumerator name. Specify one of the following enumerator names and try again:\n{names}\"",
            "InvalidArgument", "InvalidCastFromStringToEnumeration", "RuntimeException",
        )
    )  # fmt: skip
