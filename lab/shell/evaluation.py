"""The dispatcher of the interpreter: which function evaluates which kind of node.

Expressions have values, statements yield objects into their pipeline. The functions register themselves; the modules
that have them are imported by :mod:`interpreter`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from lab.shell import syntax
from lab.shell.flow import NOTHING
from lab.shell.frames import Frame

Evaluate = Callable[[Any, Frame], object]
Execute = Callable[[Any, Frame], Iterator[object]]
E = TypeVar("E", bound=Evaluate)
X = TypeVar("X", bound=Execute)

_EXPRESSIONS: dict[type, Evaluate] = {}
_STATEMENTS: dict[type, Execute] = {}


def evaluates(kind: type) -> Callable[[E], E]:
    """Register the function that evaluates a kind of expression."""

    def registered(function: E) -> E:
        _EXPRESSIONS[kind] = function
        return function

    return registered


def executes(kind: type) -> Callable[[X], X]:
    """Register the function that executes a kind of statement."""

    def registered(function: X) -> X:
        _STATEMENTS[kind] = function
        return function

    return registered


def raw(node: syntax.Expression, frame: Frame) -> object:
    """Return an expression's value; NOTHING where there is none at all."""
    return _EXPRESSIONS[type(node)](node, frame)


def evaluate(node: syntax.Expression, frame: Frame) -> object:
    """Return an expression's value."""
    found = _EXPRESSIONS[type(node)](node, frame)
    return None if found is NOTHING else found


def execute(node: syntax.Statement, frame: Frame) -> Iterator[object]:
    """Yield what a statement puts into its pipeline."""
    return _STATEMENTS[type(node)](node, frame)


def expression_of(node: syntax.Statement) -> syntax.Expression | None:
    """Return the expression that a statement consists of; None if it is more than one."""
    if isinstance(node, syntax.Pipeline) and len(node.elements) == 1:
        element = node.elements[0]
        if isinstance(element, syntax.CommandExpression) and not element.redirections:
            return element.expression
    return None


def value(node: syntax.Statement, frame: Frame) -> object:
    """Return what a statement gives as one value, as it is assigned; NOTHING if it gives nothing."""
    expression = expression_of(node)
    if expression is not None:
        return raw(expression, frame)
    return gathered(execute(node, frame))


def gathered(results: Iterable[object]) -> object:
    """Return the objects of a pipeline as one value: nothing, the only one, or an array."""
    found = list(results)
    if not found:
        return NOTHING
    return found[0] if len(found) == 1 else found


def enumerated(found: object) -> Iterator[object]:
    """Yield a value into a pipeline: an array by its elements."""
    if isinstance(found, (list, tuple)):
        yield from list(found)
    elif found is not NOTHING:
        yield found
