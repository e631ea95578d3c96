"""Assigns: to variables, typed and validated ones, to properties, elements, and to several at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from lab.shell import arithmetic, syntax
from lab.shell.casts import convert
from lab.shell.conversion_errors import unknown_type
from lab.shell.errors import ErrorRecord, NotConverted, ShellError
from lab.shell.evaluation import evaluate, executes, value
from lab.shell.flow import NOTHING
from lab.shell.frames import Frame
from lab.shell.indexing import set_item
from lab.shell.members import set_member
from lab.shell.scopes import Check, Variable
from lab.shell.text import to_text
from lab.shell.type_names import full_name
from lab.shell.validation import variable_check

_OPERATORS: Final = {
    "+=": arithmetic.add,
    "-=": arithmetic.subtract,
    "*=": arithmetic.multiply,
    "/=": arithmetic.divide,
    "%=": arithmetic.remainder,
}


@executes(syntax.Assignment)
def assignment(node: syntax.Assignment, frame: Frame) -> Iterator[object]:
    carry_out(node, frame)
    frame.session.ok = True
    return iter(())


def carry_out(node: syntax.Assignment, frame: Frame) -> None:
    """Carry out an assignment, with or without an operator."""
    if isinstance(node.right, syntax.Assignment):
        carry_out(node.right, frame)
        found = evaluate(_variable_of(node.right.left), frame)
    else:
        found = value(node.right, frame)
    if node.operator != "=":
        right = None if found is NOTHING else found
        found = _OPERATORS[node.operator](evaluate(_variable_of(node.left), frame), right)
    assign(node.left, found, frame)


def _variable_of(node: syntax.Expression) -> syntax.Expression:
    while isinstance(node, (syntax.Cast, syntax.Attributed)):
        node = node.operand
    return node


def assign(target: syntax.Expression, found: object, frame: Frame) -> None:
    """Assign a value to what stands on the left of ``=``."""
    plain = None if found is NOTHING else found
    match target:
        case syntax.Variable(name=name) if name.casefold() == "null":
            return
        case syntax.Variable():
            frame.set_variable(target.name, found, target.scope)
        case syntax.Cast() | syntax.Attributed():
            _constrain(target, plain, frame)
        case syntax.Member():
            if target.static:
                raise _unassignable(target)
            set_member(evaluate(target.target, frame), to_text(evaluate(target.name, frame)), plain)
        case syntax.Index():
            set_item(evaluate(target.target, frame), evaluate(target.index, frame), plain)
        case syntax.Array():
            _several(target, plain, frame)
        case syntax.Paren() if isinstance(target.pipeline, syntax.Pipeline):
            element = target.pipeline.elements[0]
            assert isinstance(element, syntax.CommandExpression)
            assign(element.expression, plain, frame)
        case _:
            raise _unassignable(target)


def _unassignable(target: syntax.Expression) -> ShellError:
    return ShellError(
        ErrorRecord(
            "The assignment expression is not valid. The input to an assignment operator must be an object that is "
            "able to accept assignments, such as a variable or a property.",
            "InvalidOperation", "InvalidLeftHandSide", "RuntimeException", extent=target.extent,
        )
    )  # fmt: skip


def _several(target: syntax.Array, found: object, frame: Frame) -> None:
    """Give each of several targets one element, and the last one what is left."""
    items = list(found) if isinstance(found, list) else [found]
    last = len(target.elements) - 1
    for at, each in enumerate(target.elements):
        if at < last or len(items) <= last + 1:
            assign(each, items[at] if at < len(items) else None, frame)
        else:
            assign(each, items[at:], frame)


def _constrain(target: syntax.Cast | syntax.Attributed, found: object, frame: Frame) -> None:
    """Declare a variable with a type or with conditions, which it keeps, and set it."""
    checks: list[Check] = []
    node: syntax.Expression = target
    while isinstance(node, (syntax.Cast, syntax.Attributed)):
        name = node.operand.name if isinstance(node.operand, syntax.Variable) else ""
        if isinstance(node, syntax.Cast):
            checks.append(type_check(node.type.name))
        else:
            checks += [
                type_check(each.name) if isinstance(each, syntax.TypeName) else variable_check(each, name, frame)
                for each in node.attributes
            ]
        node = node.operand
    if not isinstance(node, syntax.Variable):
        assign(node, found, frame)
        return
    checks.reverse()
    for check in checks:
        found = check(found)
    scope = frame.scope.named(node.scope) if node.scope else frame.scope
    frame.session.guard(node.name.casefold())
    known = scope.variables.get(node.name.casefold())
    if known is not None:
        known.set(found)
        known.checks = tuple(checks)
    else:
        scope.variables[node.name.casefold()] = Variable(node.name, found, tuple(checks))


def type_check(name: str) -> Check:
    """Return the condition of a variable that it be of a type; what it is set to is converted."""
    if full_name(name) is None and "." not in name:
        raise unknown_type(name)

    def check(found: object) -> object:
        try:
            return convert(found, name)
        except NotConverted as error:
            raise _transformation(error) from None

    return check


def _transformation(error: NotConverted) -> NotConverted:
    record = replace(
        error.record, category="MetadataError", error_id="RuntimeException",
        exception="ArgumentTransformationMetadataException",
    )  # fmt: skip
    return NotConverted(record)
