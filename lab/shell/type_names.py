"""The .NET types that scripts can name: in full, in short, and what inherits from what."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address, IPv6Address
from re import Pattern
from typing import Final
from uuid import UUID

from lab.shell.objects import CUSTOM_OBJECT, Hashtable, PSObject, ScriptBlock, TypeValue, Version
from lab.shell.scalars import CLASSES, ArrayList, Char, Ordered, Queue, Single, Stack

_AUTOMATION: Final = "System.Management.Automation."

ACCELERATORS: Final = {
    "int": "System.Int32", "int32": "System.Int32", "long": "System.Int64", "int64": "System.Int64",
    "uint32": "System.UInt32", "uint64": "System.UInt64", "int16": "System.Int16", "uint16": "System.UInt16",
    "short": "System.Int16", "ushort": "System.UInt16", "uint": "System.UInt32", "ulong": "System.UInt64",
    "byte": "System.Byte", "sbyte": "System.SByte", "double": "System.Double", "float": "System.Single",
    "single": "System.Single", "decimal": "System.Decimal", "bool": "System.Boolean", "boolean": "System.Boolean",
    "string": "System.String", "char": "System.Char", "array": "System.Array", "object": "System.Object",
    "hashtable": "System.Collections.Hashtable", "ordered": "System.Collections.Specialized.OrderedDictionary",
    "pscustomobject": CUSTOM_OBJECT, "psobject": f"{_AUTOMATION}PSObject",
    "datetime": "System.DateTime", "timespan": "System.TimeSpan", "ipaddress": "System.Net.IPAddress",
    "guid": "System.Guid", "version": "System.Version", "scriptblock": f"{_AUTOMATION}ScriptBlock",
    "type": "System.Type", "switch": f"{_AUTOMATION}SwitchParameter", "regex": "System.Text.RegularExpressions.Regex",
    "void": "System.Void", "math": "System.Math", "convert": "System.Convert", "exception": "System.Exception",
    "switchparameter": f"{_AUTOMATION}SwitchParameter", "environment": "System.Environment",
    "pscredential": f"{_AUTOMATION}PSCredential", "securestring": "System.Security.SecureString",
    "mailaddress": "System.Net.Mail.MailAddress", "uri": "System.Uri",
    "cultureinfo": "System.Globalization.CultureInfo",
    "console": "System.Console", "bitconverter": "System.BitConverter", "random": "System.Random",
    "nullstring": f"{_AUTOMATION}Language.NullString", "ref": f"{_AUTOMATION}PSReference",
    "errorrecord": f"{_AUTOMATION}ErrorRecord", "stringcomparison": "System.StringComparison",
    "stringsplitoptions": "System.StringSplitOptions", "dayofweek": "System.DayOfWeek",
    "consolecolor": "System.ConsoleColor", "bigint": "System.Numerics.BigInteger", "enum": "System.Enum",
    "psvariable": f"{_AUTOMATION}PSVariable", "psnoteproperty": f"{_AUTOMATION}PSNoteProperty",
}  # fmt: skip
"""Short names of types, in lower case; those without ``System.`` among them."""

_OTHERS: Final = (
    "System.Collections.ArrayList", "System.Collections.Stack", "System.Collections.Queue", "System.ValueType",
    "System.Collections.IDictionary", "System.Collections.IEnumerable", "System.Collections.IList",
    "System.Collections.ICollection", "System.Collections.DictionaryEntry", "System.IComparable", "System.IO.Path",
    "System.IO.File", "System.IO.Directory", "System.Net.Dns", "System.Text.RegularExpressions.Match",
    "System.Text.RegularExpressions.Group", "System.Text.StringBuilder", "System.Text.Encoding",
    "System.Threading.Thread", "System.Diagnostics.Stopwatch", "System.Diagnostics.Process",
    "System.Text.RegularExpressions.RegexOptions", "System.Net.Sockets.AddressFamily",
    "System.Collections.Generic.List`1", "System.Collections.Generic.Dictionary`2",
    "System.Collections.Generic.HashSet`1", "System.Net.NetworkInformation.PhysicalAddress", "System.Char",
    f"{_AUTOMATION}ActionPreference", f"{_AUTOMATION}ErrorCategory", f"{_AUTOMATION}PSReference",
    "System.MidpointRounding", f"{_AUTOMATION}Host.ChoiceDescription",
)  # fmt: skip

EXCEPTIONS: Final = {
    "System.Exception": "System.Object",
    "System.SystemException": "System.Exception",
    "System.ApplicationException": "System.Exception",
    "System.ArgumentException": "System.SystemException",
    "System.ArgumentNullException": "System.ArgumentException",
    "System.ArgumentOutOfRangeException": "System.ArgumentException",
    "System.ArithmeticException": "System.SystemException",
    "System.DivideByZeroException": "System.ArithmeticException",
    "System.OverflowException": "System.ArithmeticException",
    "System.FormatException": "System.SystemException",
    "System.IndexOutOfRangeException": "System.SystemException",
    "System.InvalidCastException": "System.SystemException",
    "System.InvalidOperationException": "System.SystemException",
    "System.NotImplementedException": "System.SystemException",
    "System.NotSupportedException": "System.SystemException",
    "System.NullReferenceException": "System.SystemException",
    "System.OutOfMemoryException": "System.SystemException",
    "System.TimeoutException": "System.SystemException",
    "System.UnauthorizedAccessException": "System.SystemException",
    "System.OperationCanceledException": "System.SystemException",
    "System.Collections.Generic.KeyNotFoundException": "System.SystemException",
    "System.IO.IOException": "System.SystemException",
    "System.IO.FileNotFoundException": "System.IO.IOException",
    "System.IO.DirectoryNotFoundException": "System.IO.IOException",
    "System.ComponentModel.Win32Exception": "System.SystemException",
    "System.Net.WebException": "System.InvalidOperationException",
    "System.Net.Sockets.SocketException": "System.ComponentModel.Win32Exception",
    "System.Net.NetworkInformation.PingException": "System.InvalidOperationException",
    "System.Management.Automation.RuntimeException": "System.SystemException",
    "System.Management.Automation.CommandNotFoundException": "System.Management.Automation.RuntimeException",
    "System.Management.Automation.ParseException": "System.Management.Automation.RuntimeException",
    "System.Management.Automation.CmdletInvocationException": "System.Management.Automation.RuntimeException",
    "System.Management.Automation.ActionPreferenceStopException": "System.Management.Automation.RuntimeException",
    "System.Management.Automation.ParameterBindingException": "System.Management.Automation.RuntimeException",
    "System.Management.Automation.ParameterBindingValidationException":
        "System.Management.Automation.ParameterBindingException",
    "System.Management.Automation.ParameterBindingArgumentTransformationException":
        "System.Management.Automation.ParameterBindingException",
    "System.Management.Automation.PSInvalidCastException": "System.InvalidCastException",
    "System.Management.Automation.PSArgumentException": "System.ArgumentException",
    "System.Management.Automation.PSInvalidOperationException": "System.InvalidOperationException",
    "System.Management.Automation.PSNotSupportedException": "System.NotSupportedException",
    "System.Management.Automation.MetadataException": "System.Management.Automation.RuntimeException",
    "System.Management.Automation.ValidationMetadataException": "System.Management.Automation.MetadataException",
    "System.Management.Automation.ArgumentTransformationMetadataException":
        "System.Management.Automation.MetadataException",
    "System.Management.Automation.ExtendedTypeSystemException": "System.Management.Automation.RuntimeException",
    "System.Management.Automation.MethodException": "System.Management.Automation.ExtendedTypeSystemException",
    "System.Management.Automation.MethodInvocationException": "System.Management.Automation.MethodException",
    "System.Management.Automation.SetValueException": "System.Management.Automation.ExtendedTypeSystemException",
    "System.Management.Automation.SetValueInvocationException": "System.Management.Automation.SetValueException",
    "System.Management.Automation.PropertyNotFoundException":
        "System.Management.Automation.ExtendedTypeSystemException",
    "System.Management.Automation.SessionStateException": "System.Management.Automation.RuntimeException",
    "System.Management.Automation.SessionStateUnauthorizedAccessException":
        "System.Management.Automation.SessionStateException",
    "System.Management.Automation.ItemNotFoundException": "System.Management.Automation.SessionStateException",
    "System.Management.Automation.DriveNotFoundException": "System.Management.Automation.SessionStateException",
    "System.Management.Automation.ScriptCallDepthException": "System.SystemException",
    "System.Management.Automation.PipelineStoppedException": "System.Management.Automation.RuntimeException",
    "System.Management.Automation.Remoting.PSRemotingTransportException":
        "System.Management.Automation.RuntimeException",
    "Microsoft.PowerShell.Commands.WriteErrorException": "System.SystemException",
    "Microsoft.HyperV.PowerShell.VirtualizationException": "System.Exception",
    "Microsoft.HyperV.PowerShell.VirtualizationOperationFailedException":
        "Microsoft.HyperV.PowerShell.VirtualizationException",
    "Microsoft.Management.Infrastructure.CimException": "System.Exception",
    "Microsoft.PowerShell.Cmdletization.Cim.CimJobException": "System.SystemException",
}  # fmt: skip
"""Exceptions by the one that they inherit from."""

_KNOWN: Final = {
    name.casefold(): name for name in (*ACCELERATORS.values(), *_OTHERS, *EXCEPTIONS)
}  # fmt: skip
_SHORT_EXCEPTIONS: Final = {name.rpartition(".")[2].casefold(): name for name in EXCEPTIONS}
_REFUSED: Final = frozenset({"xml", "system.xml.xmldocument", "wmi", "wmiclass", "wmisearcher", "adsi", "cimsession"})

_INTERFACES: Final = {
    "System.Collections.Hashtable": ("System.Collections.IDictionary", "System.Collections.ICollection"),
    "System.Collections.Specialized.OrderedDictionary": (
        "System.Collections.IDictionary", "System.Collections.ICollection",
    ),
    "System.Collections.ArrayList": ("System.Collections.IList", "System.Collections.ICollection"),
}  # fmt: skip

_REFERENCES: Final = (
    str,
    list,
    Hashtable,
    PSObject,
    ScriptBlock,
    TypeValue,
    Version,
    Pattern,
    IPv4Address,
    IPv6Address,
)

_TYPES: Final[tuple[tuple[type, str], ...]] = (
    (bool, "System.Boolean"),
    (Char, "System.Char"),
    (Single, "System.Single"),
    (float, "System.Double"),
    (Decimal, "System.Decimal"),
    (Ordered, "System.Collections.Specialized.OrderedDictionary"),
    (Hashtable, "System.Collections.Hashtable"),
    (Stack, "System.Collections.Stack"),
    (Queue, "System.Collections.Queue"),
    (list, "System.Object[]"),
    (tuple, "System.Object[]"),
    (ScriptBlock, f"{_AUTOMATION}ScriptBlock"),
    (datetime, "System.DateTime"),
    (timedelta, "System.TimeSpan"),
    (IPv4Address, "System.Net.IPAddress"),
    (IPv6Address, "System.Net.IPAddress"),
    (UUID, "System.Guid"),
    (Version, "System.Version"),
    (TypeValue, "System.RuntimeType"),
    (Pattern, "System.Text.RegularExpressions.Regex"),
    (str, "System.String"),
    (bytes, "System.Byte[]"),
)


def full_name(name: str) -> str | None:
    """Return the full name of a type, however it is written; None if there is no such type here."""
    name = name.strip()
    if name.endswith("[]"):
        element = full_name(name[:-2])
        return None if element is None else f"{element}[]"
    generic, bracket, _ = name.partition("[")
    if bracket:
        return _generic(generic)
    folded = name.casefold()
    if folded in _REFUSED:
        return None
    for candidate in (folded, f"system.{folded}", f"{_AUTOMATION.casefold()}{folded}"):
        if found := _KNOWN.get(candidate):
            return found
    return ACCELERATORS.get(folded) or (_SHORT_EXCEPTIONS.get(folded) if folded.endswith("exception") else None)


def _generic(name: str) -> str | None:
    folded = name.strip().casefold().removeprefix("system.").removeprefix("collections.generic.").partition("`")[0]
    parameters = {"list": "List`1", "dictionary": "Dictionary`2", "hashset": "HashSet`1"}
    return f"System.Collections.Generic.{parameters[folded]}" if folded in parameters else None


def accelerator(full: str) -> str:
    """Return the short name that a type has in strings, or its full name."""
    return next((short for short, name in ACCELERATORS.items() if name == full), full)


def type_name(value: object) -> str:
    """Return the full name of a value's .NET type."""
    if isinstance(value, PSObject):
        return value.type_name
    if isinstance(value, int) and not isinstance(value, bool):
        return _integer_type(value)
    if isinstance(value, Enum):
        return enumeration_type(value)
    if isinstance(value, ArrayList) and not isinstance(value, (Stack, Queue)):
        return "System.Collections.Generic.List`1" if value.element else "System.Collections.ArrayList"
    return next((name for kind, name in _TYPES if isinstance(value, kind)), "System.Object")


def _integer_type(value: int) -> str:
    if declared := CLASSES.get(type(value)):
        return declared
    if -(2**31) <= value < 2**31:
        return "System.Int32"
    return "System.Int64" if -(2**63) <= value < 2**63 else "System.UInt64"


def enumeration_type(value: Enum) -> str:
    """Return the .NET name of an enumeration: what its class says (``_type_name_``), or its class's name."""
    return str(getattr(type(value), "dotnet", type(value).__name__))


def short_type_name(value: object) -> str:
    """Return the name of a value's type without its namespace, as CategoryInfo shows it."""
    return type_name(value).rpartition(".")[2]


def bases(full: str) -> tuple[str, ...]:
    """Return the types that a type is, itself first."""
    if full in EXCEPTIONS or full.endswith("Exception"):
        return exception_types(full)
    found = [full]
    if full.endswith("[]"):
        found += ["System.Array", "System.Object[]", "System.Collections.IList", "System.Collections.ICollection"]
    found += _INTERFACES.get(full, ())
    if full.endswith("[]") or full.startswith("System.Collections."):
        found.append("System.Collections.IEnumerable")
    return (*found, "System.Object")


def exception_types(name: str) -> tuple[str, ...]:
    """Return the full names of an exception's types, the most special first."""
    full: str | None = _KNOWN.get(name.casefold()) or _SHORT_EXCEPTIONS.get(name.casefold(), name)
    found: list[str] = []
    while full and full != "System.Object":
        found.append(full)
        full = EXCEPTIONS.get(full, "System.Exception" if full != "System.Exception" else None)
    return (*found, "System.Object")


def is_a(value: object, wanted: str) -> bool:
    """Tell whether a value is of a type, or of one that inherits from it (``-is``)."""
    if value is None:
        return False
    full = full_name(wanted) or wanted
    if isinstance(value, PSObject) and (value.is_a(wanted) or value.is_a(full)):
        return True
    if isinstance(value, PSObject) and full.casefold() == f"{_AUTOMATION}PSObject".casefold():
        return True
    if full == "System.ValueType":
        return not isinstance(value, _REFERENCES)
    if full == "System.Type" and isinstance(value, TypeValue):
        return True
    if full.endswith("[]") and isinstance(value, list) and not isinstance(value, ArrayList):
        return full == "System.Object[]" or (bool(value) and all(is_a(each, full[:-2]) for each in value))
    wanted = full.casefold()
    return any(wanted in (each.casefold(), each.rpartition(".")[2].casefold()) for each in bases(type_name(value)))
