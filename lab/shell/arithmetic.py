"""Arithmetic, as PowerShell does it (about_Arithmetic_Operators): the left operand decides what it means.

What an integer type cannot hold becomes a Double; a Decimal makes the result one.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal, DivisionByZero, InvalidOperation, Overflow
from typing import Any, Final

from lab.shell.casts import convert
from lab.shell.comparison import as_number
from lab.shell.errors import ErrorRecord, ShellError
from lab.shell.objects import Hashtable
from lab.shell.scalars import Char, Ordered
from lab.shell.text import to_text
from lab.shell.type_names import type_name

Number = int | float | Decimal

_LONGEST: Final = 50_000_000
"""How long a string or an array may become by multiplication."""


def add(left: Any, right: Any) -> object:
    """``+``: of numbers, strings, arrays, hash tables, moments and durations."""
    match left:
        case None:
            return right
        case str() if not isinstance(left, Char):
            return str(left) + to_text(right)
        case list() | tuple():
            return [*left, *right] if isinstance(right, (list, tuple)) else [*left, right]
        case Hashtable():
            return _merged(left, right)
        case datetime() | timedelta():
            return _moved(left, right, operator.add)
        case Char() if isinstance(right, str):
            return str(left) + right
    return _calculate("op_Addition", left, right, operator.add)


def _merged(left: Hashtable, right: object) -> Hashtable:
    if not isinstance(right, Hashtable):
        raise _wrong("A hash table can only be added to another hash table.", "AddHashTableToNonHashTable")
    for key in right:
        if key in left:
            text = to_text(key)
            raise _wrong(
                f"Item has already been added. Key in dictionary: '{text}'  Key being added: '{text}'",
                "System.ArgumentException", "OperationStopped", "System.ArgumentException",
            )  # fmt: skip
    made = Ordered(left) if isinstance(left, Ordered) else Hashtable(left)
    made.update(right)
    return made


def _moved(left: datetime | timedelta, right: object, act: Callable[[Any, Any], Any]) -> object:
    if isinstance(right, (datetime, timedelta)):
        other: object = right
    elif isinstance(right, str) and isinstance(left, datetime) and act is operator.sub:
        other = convert(right, "datetime")
    else:
        other = convert(right, "timespan")
    try:
        return act(left, other)
    except TypeError:
        name = "op_Addition" if act is operator.add else "op_Subtraction"
        raise no_method(left, name) from None
    except OverflowError:
        raise _wrong(
            "The added or subtracted value results in an un-representable DateTime.",
            "ArgumentOutOfRangeException",
            "NotSpecified",
            "MethodInvocationException",
        ) from None


def subtract(left: Any, right: Any) -> object:
    """``-``: of numbers, moments and durations."""
    if isinstance(left, (datetime, timedelta)):
        return _moved(left, right, operator.sub)
    return _calculate("op_Subtraction", left, right, operator.sub)


def multiply(left: Any, right: Any) -> object:
    """``*``: of numbers; a string or an array is repeated."""
    if isinstance(left, (str, list)) and not isinstance(left, Char):
        times = convert(right, "int")
        assert isinstance(times, int)
        if times < 0:
            name = "times"
            raise _wrong(
                f"Specified argument was out of the range of valid values.\nParameter name: {name}",
                "System.ArgumentOutOfRangeException", "OperationStopped", "System.ArgumentOutOfRangeException",
            )  # fmt: skip
        if times * len(left) > _LONGEST:
            raise _wrong(
                "Exception of type 'System.OutOfMemoryException' was thrown.", "System.OutOfMemoryException",
                "OperationStopped", "System.OutOfMemoryException",
            )  # fmt: skip
        return str(left) * times if isinstance(left, str) else list(left) * times
    if isinstance(left, timedelta):
        return _times(left, right)
    return _calculate("op_Multiply", left, right, operator.mul)


def _times(span: timedelta, by: object) -> timedelta:
    try:
        return span * float(as_number(by))
    except (OverflowError, ValueError):
        raise _wrong(
            "TimeSpan overflowed because the duration is too long.", "System.OverflowException", "OperationStopped",
            "System.OverflowException",
        ) from None  # fmt: skip


def divide(left: Any, right: Any) -> object:
    """``/``: of integers an integer if nothing is left over, else a Double."""
    return _calculate("op_Division", left, right, _quotient)


def remainder(left: Any, right: Any) -> object:
    """``%``: what a division leaves, with the sign of the dividend."""
    return _calculate("op_Modulus", left, right, _rest)


def negative(value: object) -> object:
    """``-`` before a value."""
    return subtract(0, value)


def _quotient(left: Any, right: Any) -> Number:
    if isinstance(left, float) or isinstance(right, float):
        if right == 0:
            return (
                math.nan if left == 0 or math.isnan(left) else math.copysign(math.inf, left) * math.copysign(1, right)
            )
        return float(left / right)
    if right == 0:
        raise _by_zero()
    if isinstance(left, int) and isinstance(right, int):
        return left // right if left % right == 0 else left / right
    found: Decimal = left / right
    return _short(found)


def _short(value: Decimal) -> Decimal:
    """Return a quotient without the zeros at its end, which a division of decimals does not write."""
    short = value.normalize()
    return short.quantize(Decimal(1)) if short == short.to_integral() and abs(short) < 10**27 else short


def _rest(left: Any, right: Any) -> Number:
    if isinstance(left, float) or isinstance(right, float):
        return math.nan if right == 0 or math.isinf(left) else math.fmod(left, right)
    if right == 0:
        raise _by_zero()
    if isinstance(left, int) and isinstance(right, int):
        return int(math.copysign(1, left)) * (abs(left) % abs(right))
    return Decimal(left) % Decimal(right)


def _calculate(name: str, left: object, right: object, act: Callable[[Any, Any], Number]) -> object:
    if not isinstance(left, (bool, int, float, Decimal, str, type(None))):
        raise no_method(left, name)
    if isinstance(right, (list, Hashtable)) and not (isinstance(right, list) and len(right) == 1):
        raise no_method(right, name)
    one, other = as_number(left), as_number(right)
    long = any(type_name(each) in _LONG for each in (left, right, one, other))
    if isinstance(one, Decimal) or isinstance(other, Decimal):
        one, other = _decimal(one), _decimal(other)
    try:
        return _fitting(act(one, other), one, other, long)
    except (OverflowError, Overflow, InvalidOperation, DivisionByZero):
        return act(float(one), float(other))


_LONG: Final = ("System.Int64", "System.UInt64", "System.UInt32")


def _decimal(value: Number) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(repr(value) if isinstance(value, float) else int(value))


def _fitting(result: Number, one: Number, other: Number, long: bool) -> object:
    """Return a result in the type that it has: what does not fit into that of the operands becomes a Double."""
    if isinstance(result, (float, Decimal)) or isinstance(one, float):
        return result
    result = int(result)
    low, high = (-(2**63), 2**63 - 1) if long else (-(2**31), 2**31 - 1)
    if not low <= result <= high:
        return float(result)
    return _as_long(result) if long else result


def _as_long(result: int) -> int:
    from lab.shell.scalars import Int64

    return Int64(result)


def integer(value: object) -> int:
    """Return an operand of the operators on bits and of ``..``: an integer."""
    found = as_number(value)
    if isinstance(found, int):
        return found
    made = convert(found, "int" if -(2**31) <= found < 2**31 else "long")
    assert isinstance(made, int)
    return made


def bits(name: str, left: object, right: object) -> object:
    """``-band``, ``-bor``, ``-bxor``, ``-shl``, ``-shr``."""
    one, other = integer(left), integer(right)
    if name in ("shl", "shr"):
        wide = 63 if type_name(one) != "System.Int32" else 31
        other &= wide
        shifted = one << other if name == "shl" else one >> other
        return _wrapped(shifted, wide + 1)
    acts: dict[str, Callable[[int, int], int]] = {"band": operator.and_, "bor": operator.or_, "bxor": operator.xor}
    return acts[name](one, other)


def _wrapped(value: int, width: int) -> int:
    value &= (1 << width) - 1
    return value - (1 << width) if value >= 1 << (width - 1) else value


def no_method(value: object, name: str) -> ShellError:
    """Return the error for an operator or a method that a type does not have."""
    kind = type_name(value)
    message = f"Method invocation failed because [{kind}] does not contain a method named '{name}'."
    return ShellError(ErrorRecord(message, "InvalidOperation", "MethodNotFound", "RuntimeException", name))


def _by_zero() -> ShellError:
    return ShellError(
        ErrorRecord("Attempted to divide by zero.", "NotSpecified", "RuntimeException", "RuntimeException")
    )


def _wrong(
    message: str, error_id: str, category: str = "InvalidOperation", exception: str = "RuntimeException"
) -> ShellError:
    return ShellError(ErrorRecord(message, category, error_id, exception))
