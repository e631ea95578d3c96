"""What arrays, lists and hash tables have."""

from __future__ import annotations

from typing import Any, Final

from lab.shell.casts import truth
from lab.shell.comparison import compare, equal
from lab.shell.dotnet.table import MANY, Refused, Table, elements, integer
from lab.shell.errors import ShellError
from lab.shell.flow import NOTHING
from lab.shell.indexing import key_of
from lab.shell.objects import Hashtable, PSObject
from lab.shell.scalars import ArrayList, Queue, Stack
from lab.shell.text import to_text

ARRAY: Final = Table()
LIST: Final = Table()
TABLE: Final = Table()
ENTRY: Final = "System.Collections.DictionaryEntry"


def _index_of(items: list[Any], wanted: object, *_: object) -> int:
    return next((at for at, each in enumerate(items) if equal(each, wanted, case=True)), -1)


def _has(items: list[Any], wanted: object) -> bool:
    return _index_of(items, wanted) >= 0


def _set_value(items: list[Any], value: object, at: object) -> object:
    index = integer(at)
    if not 0 <= index < len(items):
        raise Refused("Index was outside the bounds of the array.", "IndexOutOfRangeException")
    items[index] = value
    return NOTHING


def _get_value(items: list[Any], at: object) -> object:
    index = integer(at)
    if not 0 <= index < len(items):
        raise Refused("Index was outside the bounds of the array.", "IndexOutOfRangeException")
    return items[index]


def _fixed(*_: object) -> object:
    raise Refused("Collection was of a fixed size.", "NotSupportedException")


ARRAY.prop("Count", len)
ARRAY.prop("Length", len)
ARRAY.prop("LongLength", len)
ARRAY.prop("Rank", lambda _: 1)
ARRAY.prop("SyncRoot", lambda items: items)
ARRAY.prop("IsFixedSize", lambda items: not isinstance(items, ArrayList))
ARRAY.method("Contains", _has, 1)
ARRAY.method("IndexOf", _index_of, 1, 2)
ARRAY.method("GetValue Get", _get_value, 1)
ARRAY.method("SetValue", _set_value, 2)
ARRAY.method("GetLength", lambda items, _: len(items), 1)
ARRAY.method("GetUpperBound", lambda items, _: len(items) - 1, 1)
ARRAY.method("GetEnumerator", lambda items: list(items))
ARRAY.method("Clone", lambda items: list(items))
ARRAY.method("Add", _fixed, 1)
ARRAY.method("Remove RemoveAt", _fixed, 1)
ARRAY.method("Equals", lambda items, other: items is other, 1)


# Lists that grow


def _add(items: ArrayList, value: object) -> object:
    items.append(value)
    return NOTHING if items.element else len(items) - 1


def _void(act: Any) -> Any:
    def call(items: ArrayList, *given: Any) -> object:
        act(items, *given)
        return NOTHING

    return call


def _place(items: ArrayList, at: object, most: int) -> int:
    index = integer(at)
    if not 0 <= index < most:
        raise Refused(
            "Index was out of range. Must be non-negative and less than the size of the collection.\n"
            "Parameter name: index",
            "ArgumentOutOfRangeException",
        )
    return index


def _remove(items: ArrayList, wanted: object) -> object:
    at = _index_of(items, wanted)
    if at >= 0:
        del items[at]
    return at >= 0 if items.element else NOTHING


def _remove_at(items: ArrayList, at: object) -> object:
    del items[_place(items, at, len(items))]
    return NOTHING


def _remove_range(items: ArrayList, at: object, count: object) -> object:
    start = _place(items, at, len(items) + 1)
    del items[start : start + integer(count)]
    return NOTHING


def _insert(items: ArrayList, at: object, value: object) -> object:
    items.insert(_place(items, at, len(items) + 1), value)
    return NOTHING


def ordered(items: list[Any]) -> list[Any]:
    """Return elements in their order; Refused if two of them have none."""
    from functools import cmp_to_key

    try:
        return sorted(items, key=cmp_to_key(compare))
    except ShellError:
        raise Refused("Failed to compare two elements in the array.", "InvalidOperationException") from None


def _sort(items: list[Any]) -> object:
    items[:] = ordered(items)
    return NOTHING


LIST.methods.update(ARRAY.methods)
LIST.properties.update(ARRAY.properties)
del LIST.properties["length"], LIST.properties["longlength"], LIST.properties["rank"]
LIST.prop("Capacity", lambda items: max(4, len(items)))
LIST.method("Add", _add, 1)
LIST.method("AddRange", _void(lambda items, more: items.extend(more if isinstance(more, list) else [more])), 1)
LIST.method("Insert", _insert, 2)
LIST.method("Remove", _remove, 1)
LIST.method("RemoveAt", _remove_at, 1)
LIST.method("RemoveRange", _remove_range, 2)
LIST.method("Clear", _void(lambda items: items.clear()))
LIST.method("Reverse", _void(lambda items: items.reverse()))
LIST.method("Sort", _sort)
LIST.method("ToArray", lambda items: list(items))
LIST.method("TrimToSize", lambda _: NOTHING)


def _taken(items: ArrayList, at: int, *, keep: bool) -> object:
    if not items:
        kind = "Stack" if isinstance(items, Stack) else "Queue"
        raise Refused(f"{kind} empty.", "InvalidOperationException")
    return items[at] if keep else items.pop(at)


LIST.method("Push", lambda items, value: _void(ArrayList.append)(items, value), 1)
LIST.method("Pop", lambda items: _taken(items, -1, keep=False))
LIST.method("Enqueue", lambda items, value: _void(ArrayList.append)(items, value), 1)
LIST.method("Dequeue", lambda items: _taken(items, 0, keep=False))
LIST.method("Peek", lambda items: _taken(items, 0 if isinstance(items, Queue) else -1, keep=True))


# Hash tables


def entry(key: object, value: object) -> PSObject:
    """Return a key with its value, as an enumerator gives them."""
    return PSObject(ENTRY, {"Name": key, "Key": key, "Value": value})


def _add_key(table: Hashtable, key: Any, value: object) -> object:
    if key is None:
        raise Refused("Key cannot be null.\nParameter name: key", "ArgumentNullException")
    if key_of(key) in table:
        text = to_text(key)
        raise Refused(f"Item has already been added. Key in dictionary: '{text}'  Key being added: '{text}'")
    table[key_of(key)] = value
    return NOTHING


def _remove_key(table: Hashtable, key: Any) -> object:
    if key is None:
        raise Refused("Key cannot be null.\nParameter name: key", "ArgumentNullException")
    table.pop(key_of(key), None)
    return NOTHING


def _set_key(table: Hashtable, key: Any, value: object) -> object:
    table[key_of(key)] = value
    return NOTHING


def _clear(table: Hashtable) -> object:
    table.clear()
    return NOTHING


TABLE.prop("Count", len)
TABLE.prop("Keys", list)
TABLE.prop("Values", lambda table: list(table.values()))
TABLE.prop("IsReadOnly", lambda _: False)
TABLE.prop("IsFixedSize", lambda _: False)
TABLE.prop("SyncRoot", lambda table: table)
TABLE.method("Add", _add_key, 2)
TABLE.method("Remove", _remove_key, 1)
TABLE.method("ContainsKey Contains", lambda table, key: key_of(key) in table, 1)
TABLE.method("ContainsValue", lambda table, value: any(equal(each, value, case=True) for each in table.values()), 1)
TABLE.method("Clear", _clear)
TABLE.method("Clone", lambda table: type(table)(table))
TABLE.method("GetEnumerator", lambda table: [entry(key, value) for key, value in table.items()])
TABLE.method("Item get_Item", lambda table, key: table.get(key_of(key)), 1)
TABLE.method("set_Item", _set_key, 2)

ARRAYS: Final = Table()
"""Static members of System.Array."""


def _reverse(items: object, *_: object) -> object:
    elements(items).reverse()
    return NOTHING


ARRAYS.method("Reverse", _reverse, 1, 3)
ARRAYS.method("Sort", lambda items: _sort(elements(items)), 1)
ARRAYS.method("IndexOf", lambda items, wanted, *_: _index_of(elements(items), wanted), 2, 4)
ARRAYS.method("Contains", lambda items, wanted: truth(_has(elements(items), wanted)), 2)
ARRAYS.method("Empty", lambda *_: [], 0, MANY)
