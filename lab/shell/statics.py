"""Static members of types, and their constructors: ``[math]::Round(2.5)``, ``[version]::new('1.2')``."""

from __future__ import annotations

from typing import Any, Final

from lab.shell.casts import convert, truth
from lab.shell.constructors import CONSTRUCTORS, create
from lab.shell.dotnet.collections import ARRAYS
from lab.shell.dotnet.files import DIRECTORY, FILE, PATH
from lab.shell.dotnet.mathematics import CONVERT, MATHEMATICS
from lab.shell.dotnet.moments import MOMENTS, SPANS
from lab.shell.dotnet.strings import BOOLEAN, CHARACTER, TEXT
from lab.shell.dotnet.system import BITS, CONSOLE, ENVIRONMENT, STOPWATCH, THREAD
from lab.shell.dotnet.table import Refused, Table, called, failed
from lab.shell.dotnet.values import ADDRESSES, ENUMERATIONS, GUIDS, PATTERNS, VERSIONS
from lab.shell.enumerations import enumeration, is_enumeration
from lab.shell.errors import ErrorRecord, NotConverted, ShellError
from lab.shell.frames import Frame
from lab.shell.objects import PSObject
from lab.shell.scalars import INTEGERS
from lab.shell.text import to_text
from lab.shell.type_names import bases

_STATICS: Final[dict[str, Table]] = {
    "System.Math": MATHEMATICS,
    "System.String": TEXT,
    "System.Char": CHARACTER,
    "System.Boolean": BOOLEAN,
    "System.DateTime": MOMENTS,
    "System.TimeSpan": SPANS,
    "System.Net.IPAddress": ADDRESSES,
    "System.Guid": GUIDS,
    "System.Version": VERSIONS,
    "System.Text.RegularExpressions.Regex": PATTERNS,
    "System.Convert": CONVERT,
    "System.Array": ARRAYS,
    "System.Enum": ENUMERATIONS,
    "System.Environment": ENVIRONMENT,
    "System.IO.Path": PATH,
    "System.IO.File": FILE,
    "System.IO.Directory": DIRECTORY,
    "System.BitConverter": BITS,
    "System.Console": CONSOLE,
    "System.Diagnostics.Stopwatch": STOPWATCH,
    "System.Threading.Thread": THREAD,
}
_WITH_FRAME: Final = (CONSOLE, THREAD, ENVIRONMENT, PATH, FILE, DIRECTORY)
_REFUSED: Final = {
    "System.Net.Dns": "names are resolved on the lab's machines: use Resolve-DnsName",
    "System.Diagnostics.Process": "programs run on the lab's machines: call them by name",
}


def static_member(full: str, name: str, frame: Frame) -> object:
    """Return a static property or a constant of a type; $null if it has none of that name."""
    folded = name.casefold()
    if full in _REFUSED:
        raise _refused(full)
    if is_enumeration(full):
        return next((each for each in enumeration(full) if each.value.casefold() == folded), None)
    if full in INTEGERS and folded in ("maxvalue", "minvalue"):
        made, low, high, _ = INTEGERS[full]
        return made(high if folded == "maxvalue" else low)
    if full in ("System.Double", "System.Single", "System.Decimal"):
        return _limit(full, folded)
    table = _STATICS.get(full)
    read = table.properties.get(folded) if table else None
    return read(frame) if read else None


def _limit(full: str, name: str) -> object:
    from decimal import Decimal

    if full == "System.Decimal":
        top = Decimal("79228162514264337593543950335")
        return {"maxvalue": top, "minvalue": -top, "zero": Decimal(0), "one": Decimal(1)}.get(name)
    top_double = 1.7976931348623157e308 if full == "System.Double" else 3.40282347e38
    return {
        "maxvalue": top_double, "minvalue": -top_double, "nan": float("nan"), "positiveinfinity": float("inf"),
        "negativeinfinity": float("-inf"), "epsilon": 4.94065645841247e-324,
    }.get(name)  # fmt: skip


def call_static(full: str, name: str, given: list[Any], frame: Frame) -> object:
    """Call a static method of a type, or its constructor as ``new``."""
    folded = name.casefold()
    if full in _REFUSED:
        raise _refused(full)
    if folded == "tryparse" and 2 <= len(given) <= 4:
        return _try_parse(full, given)
    table = _STATICS.get(full)
    entry = table.methods.get(folded) if table else None
    if entry and table in _WITH_FRAME:
        return called(entry, name, given, (frame,))
    if entry:
        return called(entry, name, given)
    if folded == "new" and (full in CONSTRUCTORS or "System.Exception" in bases(full)):
        return create(full, given)
    if folded == "parse" and given:
        return _parse(full, name, given)
    if folded == "create" and full.endswith("ScriptBlock"):
        return convert(to_text(given[0]) if given else "", "scriptblock")
    raise ShellError(
        ErrorRecord(
            f"Method invocation failed because [{full}] does not contain a method named '{name}'.", "InvalidOperation",
            "MethodNotFound", "RuntimeException", name,
        )
    )  # fmt: skip


def _parse(full: str, name: str, given: list[Any]) -> object:
    try:
        return convert(to_text(given[0]), full)
    except NotConverted as error:
        why = error.record.message.partition('Error: "')[2].removesuffix('"') or error.record.message
        exception = "OverflowException" if "too large" in why else "FormatException"
        raise failed(name, len(given), why, exception) from None


def _try_parse(full: str, given: list[Any]) -> object:
    """``[int]::TryParse($text, [ref]$result)``."""
    target = given[-1]
    text = to_text(given[0])
    try:
        if not text.strip() or (full in INTEGERS and not text.strip().lstrip("+-").isdigit()):
            raise Refused("")
        found = convert(text, full)
        if full == "System.Boolean":
            found = truth(BOOLEAN.methods["parse"][0](text))
    except (NotConverted, Refused):
        return False
    if isinstance(target, PSObject):
        target.set("Value", found)
    return True


def _refused(full: str) -> ShellError:
    return ShellError(
        ErrorRecord(
            f"The type [{full}] cannot be used in this console.", "InvalidOperation", "TypeNotSupported",
            "RuntimeException", remedy=_REFUSED[full],
        )
    )  # fmt: skip
