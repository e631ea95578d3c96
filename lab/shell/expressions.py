"""Evaluates expressions (about_Expressions): constants, variables, operators, members, sub-expressions."""

from __future__ import annotations

from decimal import Decimal

from lab.shell import arithmetic, syntax
from lab.shell.assignments import assign
from lab.shell.casts import convert, truth
from lab.shell.comparison import as_number
from lab.shell.conversion_errors import unknown_type
from lab.shell.errors import ErrorRecord, ShellError
from lab.shell.evaluation import evaluate, evaluates, execute, expression_of, gathered, raw, value
from lab.shell.flow import NOTHING
from lab.shell.frames import Frame
from lab.shell.indexing import item_at
from lab.shell.members import call_method, member
from lab.shell.objects import Hashtable, ScriptBlock, TypeValue
from lab.shell.operators import binary, join, match, split, split_words
from lab.shell.scalars import Ordered
from lab.shell.statics import call_static, static_member
from lab.shell.text import to_text
from lab.shell.type_names import full_name, type_name


@evaluates(syntax.Constant)
def constant(node: syntax.Constant, _frame: Frame) -> object:
    return node.value


@evaluates(syntax.ExpandableString)
def expandable(node: syntax.ExpandableString, frame: Frame) -> object:
    separator = frame.variable("OFS")
    between = " " if separator is None else to_text(separator)
    return "".join(to_text(evaluate(part, frame), between) for part in node.parts)


@evaluates(syntax.Variable)
def variable(node: syntax.Variable, frame: Frame) -> object:
    return frame.raw_variable(node.name, node.scope)


@evaluates(syntax.TypeName)
def type_value(node: syntax.TypeName, _frame: Frame) -> object:
    return TypeValue(known_type(node.name))


def known_type(name: str) -> str:
    """Return the full name of a type; ShellError (TypeNotFound) if there is none."""
    found = full_name(name)
    if found is None:
        raise unknown_type(name)
    return found


@evaluates(syntax.Array)
def array(node: syntax.Array, frame: Frame) -> object:
    return [evaluate(each, frame) for each in node.elements]


@evaluates(syntax.ArrayExpression)
def array_expression(node: syntax.ArrayExpression, frame: Frame) -> object:
    return list(execute(node.body, frame))


@evaluates(syntax.SubExpression)
def sub_expression(node: syntax.SubExpression, frame: Frame) -> object:
    return gathered(execute(node.body, frame))


@evaluates(syntax.Paren)
def paren(node: syntax.Paren, frame: Frame) -> object:
    if isinstance(node.pipeline, syntax.Assignment):
        return assigned(node.pipeline, frame)
    expression = expression_of(node.pipeline)
    if isinstance(expression, syntax.Unary) and expression.operator in ("++", "--"):
        return stepped(expression, frame)
    return value(node.pipeline, frame)


@evaluates(syntax.Hashtable)
def hashtable(node: syntax.Hashtable, frame: Frame) -> object:
    return filled(node, frame, Hashtable())


def filled(node: syntax.Hashtable, frame: Frame, made: Hashtable) -> Hashtable:
    """Return a hash table with the entries that are written; ShellError for a key that is there twice, or $null."""
    for key_node, statement in node.entries:
        key = evaluate(key_node, frame)
        if key is None:
            raise ShellError(
                ErrorRecord("A null key is not allowed in a hash literal.", "InvalidOperation",
                            "InvalidNullKey", "RuntimeException")
            )  # fmt: skip
        if key in made:
            text = to_text(key)
            raise ShellError(
                ErrorRecord(
                    f"Item has already been added. Key in dictionary: '{text}'  Key being added: '{text}'",
                    "OperationStopped", "System.ArgumentException", "System.ArgumentException",
                )
            )  # fmt: skip
        found = value(statement, frame)
        made[key] = None if found is NOTHING else found
    return made


@evaluates(syntax.ScriptBlockExpression)
def script_block(node: syntax.ScriptBlockExpression, _frame: Frame) -> object:
    return ScriptBlock(node.body)


@evaluates(syntax.Cast)
def cast(node: syntax.Cast, frame: Frame) -> object:
    name = node.type.name.strip().casefold()
    if name == "ordered" and isinstance(node.operand, syntax.Hashtable):
        return filled(node.operand, frame, Ordered())
    full = known_type(node.type.name)
    found = evaluate(node.operand, frame)
    return NOTHING if full == "System.Void" else convert(found, node.type.name)


@evaluates(syntax.Attributed)
def attributed(node: syntax.Attributed, frame: Frame) -> object:
    return raw(node.operand, frame)


# Operators


@evaluates(syntax.Unary)
def unary(node: syntax.Unary, frame: Frame) -> object:
    if node.operator in ("++", "--"):
        stepped(node, frame)
        return NOTHING
    found = evaluate(node.operand, frame)
    match node.operator:
        case "!" | "not":
            return not truth(found)
        case "-":
            return arithmetic.negative(found)
        case "+":
            return as_number(found)
        case "bnot":
            return ~arithmetic.integer(found)
        case ",":
            return [found]
        case "split" | "isplit" | "csplit":
            return split_words(found)
        case "join":
            return join(found)
    raise AssertionError(node.operator)


def stepped(node: syntax.Unary, frame: Frame) -> object:
    """Add one to a variable, or take it away; return its value before (``$i++``) or after (``++$i``)."""
    before = evaluate(node.operand, frame)
    if not isinstance(before, (int, float, Decimal, type(None))) or isinstance(before, bool):
        raise ShellError(
            ErrorRecord(
                f"The '{node.operator}' operator works only on numbers. The operand is a '{type_name(before)}'.",
                "InvalidOperation", "OperatorRequiresNumber", "RuntimeException", node.operator,
            )
        )  # fmt: skip
    before = before or 0
    after = arithmetic.add(before, 1) if node.operator == "++" else arithmetic.subtract(before, 1)
    assign(node.operand, after, frame)
    return before if node.postfix else after


@evaluates(syntax.Binary)
def operation(node: syntax.Binary, frame: Frame) -> object:
    left = evaluate(node.left, frame)
    match node.operator:
        case "and":
            return truth(left) and truth(evaluate(node.right, frame))
        case "or":
            return truth(left) or truth(evaluate(node.right, frame))
        case "xor":
            return truth(left) != truth(evaluate(node.right, frame))
    right = evaluate(node.right, frame)
    base = node.operator.removeprefix("not") if node.operator.startswith("not") else node.operator
    if base in ("match", "imatch", "cmatch", "inotmatch", "cnotmatch"):
        result, found = match(_plain(node.operator), left, right, node.operator[0] == "c")
        if found is not None:
            frame.scope.set("Matches", found)
        return result
    if node.operator in ("split", "isplit", "csplit"):
        from lab.shell.functions import run_block

        return split(
            left, right, node.operator == "csplit", lambda block, item: gathered(run_block(block, frame, item))
        )
    return binary(node.operator, left, right)


def _plain(operator: str) -> str:
    return operator if operator in ("match", "notmatch") else operator[1:]


# Members


@evaluates(syntax.Member)
def property_of(node: syntax.Member, frame: Frame) -> object:
    if node.static:
        return static_member(_static_target(node.target, frame), _name(node.name, frame), frame)
    return member(evaluate(node.target, frame), _name(node.name, frame), frame)


@evaluates(syntax.MethodCall)
def method_call(node: syntax.MethodCall, frame: Frame) -> object:
    if node.static:
        target: object = _static_target(node.target, frame)
        name = _name(node.name, frame)
        return call_static(str(target), name, [evaluate(each, frame) for each in node.arguments], frame)
    target = evaluate(node.target, frame)
    name = _name(node.name, frame)
    return call_method(target, name, [evaluate(each, frame) for each in node.arguments], frame)


def _name(node: syntax.Expression, frame: Frame) -> str:
    return to_text(evaluate(node, frame))


def _static_target(node: syntax.Expression, frame: Frame) -> str:
    if isinstance(node, syntax.TypeName):
        return known_type(node.name)
    found = evaluate(node, frame)
    return found.name if isinstance(found, TypeValue) else type_name(found)


@evaluates(syntax.Index)
def index(node: syntax.Index, frame: Frame) -> object:
    return item_at(evaluate(node.target, frame), evaluate(node.index, frame))


# Assignments as values


def assigned(node: syntax.Assignment, frame: Frame) -> object:
    """Carry out an assignment and return what was assigned."""
    from lab.shell.assignments import carry_out

    carry_out(node, frame)
    return evaluate(node.left, frame) if not isinstance(node.left, (syntax.Cast, syntax.Attributed)) else evaluate(
        node.left.operand, frame
    )  # fmt: skip
