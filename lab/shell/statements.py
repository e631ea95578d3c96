"""Executes statements: blocks, conditions, loops, switch, try, jumps (about_If, about_Foreach, about_Switch, …).

Each is a generator of what it puts into the pipeline, so that a pipeline that has got enough can stop it anywhere.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator

from lab.shell import syntax
from lab.shell.casts import truth
from lab.shell.comparison import equal
from lab.shell.error_objects import record_of, record_of_exception
from lab.shell.errors import ErrorRecord, ShellError
from lab.shell.evaluation import enumerated, evaluate, execute, executes, expression_of, gathered, value
from lab.shell.expressions import assigned
from lab.shell.flow import NOTHING, BreakLoop, ContinueLoop, Exit, Return, Thrown
from lab.shell.frames import Frame
from lab.shell.objects import PSObject, ScriptBlock
from lab.shell.operators import match
from lab.shell.patterns import pattern
from lab.shell.reporting import placed, settle, shown_of
from lab.shell.session import Function
from lab.shell.text import to_text
from lab.shell.type_names import exception_types, full_name
from lab.shell.wildcards import matches


@executes(syntax.StatementBlock)
def block(node: syntax.StatementBlock, frame: Frame) -> Iterator[object]:
    for statement in node.statements:
        try:
            yield from execute(statement, frame)
        except ShellError as error:
            settle(error, statement.extent, frame)


def condition(node: syntax.Statement, frame: Frame) -> bool:
    """Return whether a condition is true; an error in it is placed there."""
    try:
        found = assigned(node, frame) if isinstance(node, syntax.Assignment) else value(node, frame)
    except ShellError as error:
        raise placed(error, node.extent) from error.__cause__
    return found is not NOTHING and truth(found)


def items(node: syntax.Statement, frame: Frame) -> Iterator[object]:
    """Yield what a loop goes through: the elements of an array, nothing for $null."""
    try:
        if expression_of(node) is not None:
            found = value(node, frame)
        else:
            found = gathered(execute(node, frame))
    except ShellError as error:
        raise placed(error, node.extent) from error.__cause__
    if found is not None:
        yield from enumerated(found)


@executes(syntax.If)
def if_statement(node: syntax.If, frame: Frame) -> Iterator[object]:
    for test, body in node.clauses:
        if condition(test, frame):
            yield from execute(body, frame)
            return
    if node.otherwise:
        yield from execute(node.otherwise, frame)


# Loops


def _turn(body: syntax.StatementBlock, label: str, frame: Frame) -> Generator[object, None, bool]:
    """Execute the body of a loop once; return whether the loop is to end."""
    try:
        yield from execute(body, frame)
    except ContinueLoop as jump:
        if jump.label and jump.label != label.casefold():
            raise
    except BreakLoop as jump:
        if jump.label and jump.label != label.casefold():
            raise
        return True
    return False


@executes(syntax.While)
def while_loop(node: syntax.While, frame: Frame) -> Iterator[object]:
    while condition(node.condition, frame):
        if (yield from _turn(node.body, node.label, frame)):
            return


@executes(syntax.DoLoop)
def do_loop(node: syntax.DoLoop, frame: Frame) -> Iterator[object]:
    while True:
        if (yield from _turn(node.body, node.label, frame)):
            return
        if condition(node.condition, frame) == node.until:
            return


@executes(syntax.For)
def for_loop(node: syntax.For, frame: Frame) -> Iterator[object]:
    if node.initializer:
        deque(execute(node.initializer, frame), maxlen=0)
    while node.condition is None or condition(node.condition, frame):
        if (yield from _turn(node.body, node.label, frame)):
            return
        if node.iterator:
            deque(execute(node.iterator, frame), maxlen=0)


@executes(syntax.ForEach)
def foreach_loop(node: syntax.ForEach, frame: Frame) -> Iterator[object]:
    for item in items(node.collection, frame):
        frame.set_variable(node.variable.name, item, node.variable.scope)
        if (yield from _turn(node.body, node.label, frame)):
            return


# Switch


@executes(syntax.Switch)
def switch(node: syntax.Switch, frame: Frame) -> Iterator[object]:
    found = value(node.subject, frame)
    for item in [None] if found is None else enumerated(found):
        if (yield from _turn_of_switch(node, frame.but(item=item))):
            return


def _turn_of_switch(node: syntax.Switch, frame: Frame) -> Generator[object, None, bool]:
    """Execute all clauses that fit an element; return whether ``break`` has ended the statement."""
    hit = False
    try:
        for test, body in node.clauses:
            if _fits(node, test, frame):
                hit = True
                yield from execute(body, frame)
        if not hit and node.default:
            yield from execute(node.default, frame)
    except ContinueLoop as jump:
        if jump.label and jump.label != node.label.casefold():
            raise
    except BreakLoop as jump:
        if jump.label and jump.label != node.label.casefold():
            raise
        return True
    return False


def _fits(node: syntax.Switch, test: syntax.Expression, frame: Frame) -> bool:
    item, wanted = frame.item, evaluate(test, frame)
    if isinstance(wanted, ScriptBlock):
        from lab.shell.functions import run_block

        found = gathered(run_block(wanted, frame, item))
        return found is not NOTHING and truth(found)
    case = node.case_sensitive
    match_mode = node.mode.casefold()
    if match_mode == "wildcard":
        return matches(to_text(wanted), to_text(item), case=case)
    if match_mode == "regex":
        return _fits_pattern(to_text(wanted), item, case, frame)
    if item is None or wanted is None:
        return item is wanted
    return equal(item, wanted, case=case)


def _fits_pattern(wanted: str, item: object, case: bool, frame: Frame) -> bool:
    pattern(wanted, case=case)
    result, found = match("match", to_text(item), wanted, case)
    if found is not None:
        frame.scope.set("Matches", found)
    return bool(result)


# Errors


@executes(syntax.Try)
def try_statement(node: syntax.Try, frame: Frame) -> Iterator[object]:
    stopped = False
    try:
        try:
            yield from execute(node.body, frame.but(catching=True))
        except ShellError as error:
            shown = shown_of(error)
            frame.session.remember(shown)
            body = _catch(node, error, shown)
            if body is None:
                raise
            yield from execute(body, frame.but(item=shown, caught=error))
    except GeneratorExit:
        stopped = True
        raise
    finally:
        if node.finally_ and stopped:
            deque(execute(node.finally_, frame), maxlen=0)  # nobody takes what it yields
        elif node.finally_:
            yield from execute(node.finally_, frame)


def _catch(node: syntax.Try, error: ShellError, shown: PSObject) -> syntax.StatementBlock | None:
    """Return the block that takes an error: the first one with its very type, else one with a type that it inherits."""
    kinds = [kind.casefold() for kind in exception_types(error.record.exception)]
    if error.record.exception == "MethodInvocationException":  # its id is the exception that the method threw
        kinds += [kind.casefold() for kind in exception_types(error.record.error_id)]
    best: tuple[int, syntax.StatementBlock] | None = None
    for each in node.catches:
        if not each.types:
            return best[1] if best else each.body
        for kind in each.types:
            name = (full_name(kind.name) or kind.name).casefold()
            if name in kinds and (best is None or kinds.index(name) < best[0]):
                best = kinds.index(name), each.body
    return best[1] if best else None


# Jumps


@executes(syntax.Jump)
def jump(node: syntax.Jump, frame: Frame) -> Iterator[object]:
    match node.kind:
        case "break":
            raise BreakLoop(node.label)
        case "continue":
            raise ContinueLoop(node.label)
        case "return":
            if node.value:
                yield from execute(node.value, frame)
            raise Return
        case "exit":
            raise Exit(_exit_code(value(node.value, frame) if node.value else 0))
        case "throw":
            raise thrown(value(node.value, frame) if node.value else NOTHING, node, frame)


def _exit_code(found: object) -> int:
    if isinstance(found, int):
        return int(found)
    text = to_text(found).strip() if found is not NOTHING else ""
    return int(text) if text.lstrip("-").isdigit() else 0


def thrown(found: object, node: syntax.Jump, frame: Frame) -> ShellError:
    """Return the error that ``throw`` makes of a value: a record of it, or the one that was caught again."""
    if found is NOTHING and frame.caught:
        again = Thrown(frame.caught.record)
        again.placed = True
        return again
    if (record := record_of(found)) is not None:
        error = Thrown(record)
    elif isinstance(found, PSObject) and found.is_a("System.Exception"):
        inner = record_of(found.get("ErrorRecord"))
        error = Thrown(inner or record_of_exception(found))
    else:
        plain = None if found is NOTHING else found
        message = "ScriptHalted" if plain is None else to_text(plain)
        error = Thrown(ErrorRecord(message, "OperationStopped", message, "RuntimeException", plain))
    placed(error, node.extent)
    return error


@executes(syntax.FunctionDefinition)
def function(node: syntax.FunctionDefinition, frame: Frame) -> Iterator[object]:
    scope, name = frame.scope, node.name
    prefix, colon, rest = name.partition(":")
    if colon and prefix.casefold() in ("global", "script", "local", "private"):
        scope, name = scope.named(prefix.casefold()), rest
    scope.functions[name.casefold()] = Function(name, ScriptBlock(node.body), node.help)
    yield from ()
