"""Syntax trees in one line, for tests: every node in brackets that say what it is, ``$x`` a variable, ``'x'`` a string.

``Get-VM -Name a`` is ``{Get-VM -Name ~a}``: braces around a command, ``~`` before what was written without quotes.
"""

from __future__ import annotations

from decimal import Decimal

from lab.shell import syntax as s
from lab.shell.parser import parse


def tree(text: str) -> str:
    """Return the tree of a script: its statements, one after the other."""
    return body(parse(text))


def body(block: s.ScriptBlock) -> str:
    parts = [show(each) for each in block.attributes]
    if block.parameters:
        parts.append(f"param({', '.join(parameter(each) for each in block.parameters)})")
    for name in ("begin", "process", "end"):
        inner = getattr(block, name)
        if inner is not None and (name != "end" or block.begin or block.process):
            parts.append(f"{name}{{{statements(inner)}}}")
        elif inner is not None:
            parts.append(statements(inner))
    return " ".join(part for part in parts if part)


def statements(block: s.StatementBlock | None) -> str:
    return "; ".join(show(each) for each in block.statements) if block else "-"


def parameter(each: s.Parameter) -> str:
    attributes = "".join(show(attribute) for attribute in each.attributes)
    kind = show(each.type) if each.type else ""
    default = f" = {show(each.default)}" if each.default else ""
    return f"{attributes}{kind}${each.name}{default}"


def constant(value: object, bare: bool) -> str:
    if value is None or isinstance(value, bool):
        return f"${str(value).lower().replace('none', 'null')}"
    if isinstance(value, str):
        return f"~{value}" if bare else repr(value)
    return f"{'~' if bare else ''}{value}{'d' if isinstance(value, Decimal) else ''}"


def show(node: object) -> str:  # noqa: C901, PLR0911, PLR0912, PLR0915 - one case for each kind of node
    match node:
        case None:
            return "-"
        case s.Constant():
            return constant(node.value, node.bare)
        case s.ExpandableString():
            return f'{"~" if node.bare else ""}"{" ".join(map(show, node.parts))}"'
        case s.Variable():
            return f"${node.scope}:{node.name}" if node.scope else f"${node.name}"
        case s.TypeName():
            return f"[{node.name}]"
        case s.Array():
            return f"<{', '.join(map(show, node.elements))}>"
        case s.ArrayExpression():
            return f"@({statements(node.body)})"
        case s.SubExpression():
            return f"$({statements(node.body)})"
        case s.Paren():
            return f"({show(node.pipeline)})"
        case s.Hashtable():
            return f"@{{{'; '.join(f'{show(key)}={show(value)}' for key, value in node.entries)}}}"
        case s.ScriptBlockExpression():
            return f"{{{{{body(node.body)}}}}}"
        case s.Unary():
            return (
                f"[{show(node.operand)} {node.operator}]" if node.postfix else f"[{node.operator} {show(node.operand)}]"
            )
        case s.Binary():
            return f"[{show(node.left)} {node.operator} {show(node.right)}]"
        case s.Cast():
            return f"[as {node.type.name} {show(node.operand)}]"
        case s.Member():
            return f"{show(node.target)}{'::' if node.static else '.'}{show(node.name)}"
        case s.MethodCall():
            name = f"{'::' if node.static else '.'}{show(node.name)}"
            return f"{show(node.target)}{name}({', '.join(map(show, node.arguments))})"
        case s.Index():
            return f"{show(node.target)}[{show(node.index)}]"
        case s.Attributed():
            return f"[with {''.join(map(show, node.attributes))} {show(node.operand)}]"
        case s.Attribute():
            named = [f"{name}={show(value)}" for name, value in node.named]
            return f"[{node.name}({', '.join([*map(show, node.positional), *named])})]"
        case s.CommandParameter():
            return f"-{node.name}" + (f":{show(node.argument)}" if node.argument is not None else "")
        case s.Splat():
            return f"@{show(node.variable)}"
        case s.Redirection():
            operator = ">&1" if node.merge else ">>" if node.append else ">"
            return f"{node.stream}{operator}" + (show(node.target) if node.target is not None else "")
        case s.Command():
            name = show(node.name).removeprefix("~") if not node.invocation else f"{node.invocation} {show(node.name)}"
            return f"{{{' '.join([name, *map(show, node.arguments), *map(show, node.redirections)])}}}"
        case s.CommandExpression():
            return " ".join([show(node.expression), *map(show, node.redirections)])
        case s.Pipeline():
            return " | ".join(map(show, node.elements))
        case s.Assignment():
            return f"{show(node.left)} {node.operator} {show(node.right)}"
        case s.If():
            clauses = " elseif ".join(f"{show(test)} {{{statements(then)}}}" for test, then in node.clauses)
            return f"if {clauses}" + (f" else {{{statements(node.otherwise)}}}" if node.otherwise else "")
        case s.While():
            return f"{label(node)}while {show(node.condition)} {{{statements(node.body)}}}"
        case s.DoLoop():
            word = "until" if node.until else "while"
            return f"{label(node)}do {{{statements(node.body)}}} {word} {show(node.condition)}"
        case s.For():
            parts = f"{show(node.initializer)}; {show(node.condition)}; {show(node.iterator)}"
            return f"{label(node)}for {parts} {{{statements(node.body)}}}"
        case s.ForEach():
            return f"{label(node)}foreach {show(node.variable)} in {show(node.collection)} {{{statements(node.body)}}}"
        case s.Switch():
            clauses = [f"{show(test)} {{{statements(then)}}}" for test, then in node.clauses]
            clauses += [f"default {{{statements(node.default)}}}"] if node.default else []
            mode = (f" -{node.mode}" if node.mode else "") + (" -casesensitive" if node.case_sensitive else "")
            return f"{label(node)}switch{mode} {show(node.subject)} {{{' '.join(clauses)}}}"
        case s.Try():
            catches = "".join(
                f" catch{''.join(map(show, each.types))} {{{statements(each.body)}}}" for each in node.catches
            )
            final = f" finally {{{statements(node.finally_)}}}" if node.finally_ else ""
            return f"try {{{statements(node.body)}}}{catches}{final}"
        case s.Jump():
            return " ".join(
                [node.kind, *([node.label] if node.label else []), *([show(node.value)] if node.value else [])]
            )
        case s.FunctionDefinition():
            return f"function {node.name} {{{body(node.body)}}}"
    raise AssertionError(f"no such node: {node!r}")


def label(node: s.While | s.DoLoop | s.For | s.ForEach | s.Switch) -> str:
    return f":{node.label} " if node.label else ""
