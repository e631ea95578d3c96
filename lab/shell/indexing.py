"""Elements: ``$a[0]``, ``$a[-1]``, ``$a[1..3]``, ``$h['key']`` (about_Arrays, about_Hash_Tables)."""

from __future__ import annotations

from typing import Any

from lab.shell.arithmetic import integer
from lab.shell.errors import ErrorRecord, ShellError
from lab.shell.objects import Hashtable, PSObject
from lab.shell.scalars import ArrayList, Char, NamedList, Ordered
from lab.shell.text import to_text
from lab.shell.type_names import type_name


def item_at(target: object, index: object) -> object:
    """Return an element, or the elements of several indices; $null for what is beyond the end."""
    if target is None:
        raise _wrong("Cannot index into a null array.", "NullArray")
    if isinstance(target, Hashtable):
        return _of_table(target, index)
    if index is None:
        raise _wrong("Index operation failed; the array index evaluated to null.", "NullArrayIndex")
    if isinstance(target, NamedList) and isinstance(index, str):
        return target.named(index)
    if isinstance(index, list):
        return [found for each in index for found in _existing(target, each)]
    if isinstance(target, PSObject) and "item" in target.methods:
        return target.methods["item"](index)
    return _at(target, integer(index)) if isinstance(target, (list, tuple, str)) else _of_one(target, index)


def _at(target: list[Any] | tuple[Any, ...] | str, at: int) -> object:
    items: Any = target
    if not -len(items) <= at < len(items):
        if isinstance(target, ArrayList):
            raise _out_of_range("Index was out of range. Must be non-negative and less than the size of the collection."
                                "\nParameter name: index")  # fmt: skip
        return None
    found = items[at]
    return Char(found) if isinstance(target, str) else found


def _existing(target: object, index: object) -> list[object]:
    """Return the element of an index in a list with one, in a list without any if there is none."""
    if isinstance(target, (list, tuple, str)):
        return [item_at(target, index)] if -len(target) <= integer(index) < len(target) else []
    return [item_at(target, index)]


def _of_one(target: object, index: object) -> object:
    """Return the element of what is no array: itself is the first, and the last one."""
    if isinstance(index, str) and not index.lstrip("-").isdigit():
        raise ShellError(
            ErrorRecord(f"Unable to index into an object of type {type_name(target)}.", "InvalidOperation",
                        "CannotIndex", "RuntimeException", index)
        )  # fmt: skip
    return target if integer(index) in (0, -1) else None


def _of_table(target: Hashtable, index: object) -> object:
    if isinstance(index, list):
        return [target.get(each) for each in index]
    if index is None:
        raise _wrong("Index operation failed; the array index evaluated to null.", "NullArrayIndex")
    if isinstance(target, Ordered) and type(index) is int:
        values = list(target.values())
        if not -len(values) <= index < len(values):
            return None
        return values[index]
    return target.get(key_of(index))


def key_of(index: object) -> Any:
    """Return what can be a key in a hash table: what is no value of its own is one by its identity."""
    return id(index) if isinstance(index, (list, Hashtable)) else index


def set_item(target: object, index: object, value: object) -> None:
    """Set an element; ShellError if there is none of that index."""
    if target is None:
        raise _wrong("Cannot index into a null array.", "NullArray")
    if index is None:
        raise _wrong("Index operation failed; the array index evaluated to null.", "NullArrayIndex")
    if isinstance(target, Hashtable):
        if isinstance(target, Ordered) and type(index) is int and index not in target:
            keys = list(target)
            if not 0 <= index < len(keys):
                raise _out_of_range("Specified argument was out of the range of valid values.\nParameter name: index")
            index = keys[index]
        target[key_of(index)] = value
        return
    if isinstance(target, PSObject) and "set_item" in target.methods:
        target.methods["set_item"](index, value)
        return
    if not isinstance(target, list):
        raise ShellError(
            ErrorRecord(f"Unable to index into an object of type {type_name(target)}.", "InvalidOperation",
                        "CannotIndex", "RuntimeException", index)
        )  # fmt: skip
    at = integer(index)
    if not -len(target) <= at < len(target):
        if isinstance(target, ArrayList):
            raise _out_of_range("Index was out of range. Must be non-negative and less than the size of the collection."
                                "\nParameter name: index")  # fmt: skip
        raise ShellError(
            ErrorRecord("Index was outside the bounds of the array.", "OperationStopped",
                        "System.IndexOutOfRangeException", "System.IndexOutOfRangeException")
        )  # fmt: skip
    target[at] = value


def _wrong(message: str, error_id: str) -> ShellError:
    return ShellError(ErrorRecord(message, "InvalidOperation", error_id, "RuntimeException"))


def _out_of_range(message: str) -> ShellError:
    return ShellError(
        ErrorRecord(message, "OperationStopped", "System.ArgumentOutOfRangeException",
                    "System.ArgumentOutOfRangeException", to_text(""))
    )  # fmt: skip
