"""New objects of .NET's types: ``[System.Collections.ArrayList]::new()``, ``New-Object System.Text.StringBuilder``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from lab.shell.casts import convert, exception
from lab.shell.dotnet.table import no_overload
from lab.shell.errors import ErrorRecord, ShellError
from lab.shell.objects import CUSTOM_OBJECT, Hashtable, PSObject
from lab.shell.scalars import ArrayList, Ordered, Queue, Stack
from lab.shell.text import to_text
from lab.shell.type_names import bases, full_name


def create(name: str, given: list[Any]) -> object:
    """Return a new object of a type, as its constructor makes it; ShellError if it has none for these arguments."""
    full = full_name(name) or name
    if "System.Exception" in bases(full):
        message = to_text(given[0]) if given else f"Exception of type '{full}' was thrown."
        return exception(full, message, given[1] if len(given) > 1 else None)
    make = CONSTRUCTORS.get(full)
    if make is None:
        from lab.shell.dotnet.table import called
        from lab.shell.statics import _STATICS

        table = _STATICS.get(full)
        entry = table.methods.get("new") if table else None
        if entry is None:
            raise no_overload("new" if full_name(name) else name, len(given))
        return called(entry, "new", given)
    return make(given)


def _list(kind: type[ArrayList], element: str = "") -> Callable[[list[Any]], object]:
    def make(given: list[Any]) -> object:
        items = given[0] if given and isinstance(given[0], list) else []
        return kind(items, element)

    return make


def _builder(given: list[Any]) -> PSObject:
    """Return a System.Text.StringBuilder."""
    parts = [to_text(given[0])] if given and isinstance(given[0], str) else []
    made = _Builder("System.Text.StringBuilder")

    def act(change: Callable[..., object]) -> Callable[..., object]:
        def changed(*arguments: object) -> object:
            change(*arguments)
            text = "".join(parts)
            parts[:] = [text]
            made.set("Length", len(text))
            made.text = text
            return made

        return changed

    def insert(at: object, text: object) -> None:
        whole = "".join(parts)
        position = int(convert(at, "int"))  # type: ignore[call-overload]
        parts[:] = [whole[:position] + to_text(text) + whole[position:]]

    def replace(old: object, new: object) -> None:
        parts[:] = ["".join(parts).replace(to_text(old), to_text(new))]

    def append_format(form: object, *values: object) -> None:
        from lab.shell.composite import composed

        parts.append(composed(to_text(form), values))

    made.set("Length", len("".join(parts)))
    made.text = "".join(parts)
    made.methods.update({
        "append": act(lambda text: parts.append(to_text(text))),
        "appendline": act(lambda text="": parts.append(f"{to_text(text)}\r\n")),
        "appendformat": act(append_format),
        "insert": act(insert),
        "replace": act(replace),
        "clear": act(parts.clear),
        "tostring": lambda: "".join(parts),
    })  # fmt: skip
    return made


class _Builder(PSObject):
    __slots__ = ()


def _set(_given: list[Any]) -> object:
    """Return a System.Collections.Generic.HashSet."""
    return ArrayList((), "System.Object")


def _random(_given: list[Any]) -> PSObject:
    from random import Random

    source = Random()

    def following(low: object = None, high: object = None) -> object:
        first = 0 if high is None else int(convert(low, "int"))  # type: ignore[call-overload]
        last = 2**31 - 1 if low is None else int(convert(low if high is None else high, "int"))  # type: ignore[call-overload]
        return source.randrange(first, max(last, first + 1))

    return PSObject("System.Random", methods={"Next": following, "NextDouble": source.random})


def _error_record(given: list[Any]) -> object:
    """Return an error record: an exception or its message, an id, a category and what it is about."""
    from lab.shell.error_objects import error_object

    if len(given) not in (2, 3, 4):
        raise no_overload("ErrorRecord", len(given))
    thrown = given[0]
    message = to_text(thrown.get("Message")) if isinstance(thrown, PSObject) else to_text(thrown)
    kind = thrown.type_name if isinstance(thrown, PSObject) else "System.Exception"
    category = to_text(given[2]) if len(given) > 2 else "NotSpecified"
    return error_object(ErrorRecord(message, category, to_text(given[1]), kind, given[3] if len(given) > 3 else None))


def _stopwatch(_given: list[Any]) -> object:
    from lab.shell.dotnet.system import stopwatch

    return stopwatch(running=False)


CONSTRUCTORS: Final[dict[str, Callable[[list[Any]], object]]] = {
    "System.Object": lambda given: PSObject("System.Object"),
    "System.Management.Automation.PSObject": lambda given: PSObject(CUSTOM_OBJECT),
    CUSTOM_OBJECT: lambda given: PSObject(CUSTOM_OBJECT),
    "System.Collections.Hashtable": lambda given: Hashtable(
        given[0] if given and isinstance(given[0], Hashtable) else ()
    ),
    "System.Collections.Generic.Dictionary`2": lambda given: Hashtable(),
    "System.Collections.Specialized.OrderedDictionary": lambda given: Ordered(),
    "System.Collections.ArrayList": _list(ArrayList),
    "System.Collections.Generic.List`1": _list(ArrayList, "System.Object"),
    "System.Collections.Stack": _list(Stack),
    "System.Collections.Queue": _list(Queue),
    "System.Collections.Generic.HashSet`1": _set,
    "System.Text.StringBuilder": _builder,
    "System.Random": _random,
    "System.Diagnostics.Stopwatch": _stopwatch,
    "System.Management.Automation.ErrorRecord": _error_record,
}


def unusable(name: str) -> ShellError:
    """Return the error of New-Object for a type that does not exist here."""
    return ShellError(
        ErrorRecord(
            f"Cannot find type [{name}]: verify that the assembly containing this type is loaded.", "InvalidType",
            "TypeNotFound", "PSArgumentException",
        )
    )  # fmt: skip
