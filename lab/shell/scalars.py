"""Numbers, characters and collections of types that Python has no equal of.

A plain ``int`` is an Int32, or an Int64 if it needs to be; these are what ``[byte]``, ``[long]`` and the like make.
What is calculated from them is a plain number again, of the type that :mod:`operators` gives it.
"""

from __future__ import annotations

from typing import Any, Final

from lab.shell.objects import Hashtable


class Char(str):
    """One character."""

    __slots__ = ()


class Int64(int):
    """``[long]``."""


class UInt64(int):
    """``[uint64]``."""


class UInt32(int):
    """``[uint32]``."""


class Int16(int):
    """``[int16]``."""


class UInt16(int):
    """``[uint16]``."""


class Byte(int):
    """``[byte]``."""


class SByte(int):
    """``[sbyte]``."""


class Single(float):
    """``[single]``."""


class ArrayList(list[Any]):
    """A list that can grow: ``System.Collections.ArrayList``, or a generic list of elements of one type."""

    __slots__ = ("element",)

    def __init__(self, items: Any = (), element: str = "") -> None:
        super().__init__(items)
        self.element = element


class Ordered(Hashtable):
    """``[ordered]@{}``: its values can be had by their position, too."""

    __slots__ = ()


class Stack(ArrayList):
    """``System.Collections.Stack``; the last element is on top."""

    __slots__ = ()


class Queue(ArrayList):
    """``System.Collections.Queue``; the first element is next."""

    __slots__ = ()


INTEGERS: Final[dict[str, tuple[type[int], int, int, str]]] = {
    "System.Int32": (int, -(2**31), 2**31 - 1, "an Int32"),
    "System.Int64": (Int64, -(2**63), 2**63 - 1, "an Int64"),
    "System.UInt64": (UInt64, 0, 2**64 - 1, "a UInt64"),
    "System.UInt32": (UInt32, 0, 2**32 - 1, "a UInt32"),
    "System.Int16": (Int16, -(2**15), 2**15 - 1, "an Int16"),
    "System.UInt16": (UInt16, 0, 2**16 - 1, "a UInt16"),
    "System.Byte": (Byte, 0, 255, "an unsigned byte"),
    "System.SByte": (SByte, -128, 127, "a signed byte"),
}
"""The integer types: the class, the least and the greatest value, and what .NET's messages call it."""

CLASSES: Final = {made: name for name, (made, *_) in INTEGERS.items() if made is not int}


class NamedList(ArrayList):
    """A list whose elements can be had by a name, too: groups of a match, properties of an object."""

    __slots__ = ("names",)

    def __init__(self, items: Any = (), names: Any = ()) -> None:
        super().__init__(items)
        self.names = [str(each).casefold() for each in names]

    def named(self, name: str) -> object:
        """Return the element of a name; None if there is none."""
        folded = name.casefold()
        return self[self.names.index(folded)] if folded in self.names else None
