"""Tables of what a type has: properties and methods by their names, with how many arguments they take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from lab.shell.casts import convert
from lab.shell.errors import ErrorRecord, NotConverted, ShellError

MANY: Final = 1_000


class Refused(Exception):
    """What a method of .NET has against its arguments; ``exception`` is the name of what it throws."""

    def __init__(self, message: str, exception: str = "ArgumentException") -> None:
        super().__init__(message)
        self.message = message
        self.exception = exception


class Table:
    """The members of a type. Methods get the value first; those of a static table do not.

    ``names`` are those of the properties as they are written.
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self.properties: dict[str, Callable[[Any], object]] = {}
        self.methods: dict[str, tuple[Callable[..., object], int, int]] = {}

    def prop(self, name: str, read: Callable[[Any], object]) -> None:
        """Declare a property."""
        self.names.append(name)
        self.properties[name.casefold()] = read

    def method(self, names: str, call: Callable[..., object], least: int = 0, most: int | None = None) -> None:
        """Declare a method, under one or more names, which takes from `least` to `most` arguments."""
        for name in names.split():
            self.methods[name.casefold()] = (call, least, least if most is None else most)


def called(
    entry: tuple[Callable[..., object], int, int], name: str, given: list[Any], value: tuple[Any, ...] = ()
) -> object:
    """Call a method of a table; ShellError as PowerShell words what goes wrong (MethodInvocationException)."""
    call, least, most = entry
    if not least <= len(given) <= most:
        raise no_overload(name, len(given))
    try:
        return call(*value, *given)
    except Refused as error:
        raise failed(name, len(given), error.message, error.exception) from None
    except NotConverted as error:
        raise _argument(name, given, error) from None


def no_overload(name: str, count: int) -> ShellError:
    """Return the error for a method that never takes so many arguments."""
    message = f'Cannot find an overload for "{name}" and the argument count: "{count}".'
    return ShellError(ErrorRecord(message, "NotSpecified", "MethodCountCouldNotFindBest", "MethodException"))


def failed(name: str, count: int, why: str, exception: str) -> ShellError:
    """Return the error for a method that throws."""
    message = f'Exception calling "{name}" with "{count}" argument(s): "{why}"'
    return ShellError(ErrorRecord(message, "NotSpecified", exception, "MethodInvocationException"))


def _argument(name: str, given: list[Any], error: NotConverted) -> ShellError:
    _, marked, rest = error.record.message.partition('to type "')
    kind = rest.partition('"')[0] if marked else "System.Object"
    message = (
        f'Cannot convert argument "0", with value: "{_shown(given)}", for "{name}" to type "{kind}": '
        f'"{error.record.message}"'
    )
    return ShellError(
        ErrorRecord(message, "NotSpecified", "MethodArgumentConversionInvalidCastArgument", "MethodException")
    )


def _shown(given: list[Any]) -> str:
    from lab.shell.text import to_text

    return to_text(given[0]) if given else ""


def integer(value: object) -> int:
    """Return an argument that has to be an Int32."""
    found = convert(value, "int")
    assert isinstance(found, int)
    return int(found)


def elements(value: object) -> list[Any]:
    """Return an argument that has to be an array: what is none is one of a single element, $null is refused."""
    if value is None:
        raise Refused("Value cannot be null.\nParameter name: array", "ArgumentNullException")
    return value if isinstance(value, list) else [value]


def real(value: object) -> float:
    """Return an argument that has to be a Double."""
    found = convert(value, "double")
    assert isinstance(found, float)
    return found
