"""What a script consists of: the nodes that the parser makes and the interpreter evaluates.

The names are those of PowerShell's own syntax tree (namespace System.Management.Automation.Language, without ``Ast``).
Operators are in lower case without their dash (``eq``, ``ceq``, ``notlike``, ``and``, ``f``), others as written
(``+``, ``..``, ``!``, ``++``). Every node knows the :class:`Extent` it was written in.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Extent:
    """A piece of a script: characters ``start`` to ``end`` of ``source``, from 0. ``file`` is empty for input."""

    source: str = ""
    start: int = 0
    end: int = 0
    file: str = ""

    @property
    def text(self) -> str:
        return self.source[self.start : self.end]

    @property
    def line(self) -> int:
        """The number of its first line, counted from 1."""
        return self.source.count("\n", 0, self.start) + 1

    @property
    def column(self) -> int:
        """The number of its first character in that line, counted from 1."""
        return self.start - self.source.rfind("\n", 0, self.start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Anything in a script."""

    extent: Extent = field(default=Extent(), compare=False, repr=False)


# Expressions


@dataclass(frozen=True, slots=True)
class Constant(Node):
    """A number, a string without anything to expand, or one of ``$true``, ``$false``, ``$null``.

    ``bare``: it was written as an argument without quotes. ``value`` is then what PowerShell makes of it (``10`` a
    number, ``web*`` a string), and the extent has how it was written.
    """

    value: object
    bare: bool = False


@dataclass(frozen=True, slots=True)
class ExpandableString(Node):
    """``"a $b $(c)"``: constants and expressions, whose values are put together. ``bare``: without quotes."""

    parts: tuple[Expression, ...]
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Variable(Node):
    """``$name``, ``$scope:name``, ``$env:name``, ``${any name}``. ``scope`` in lower case; empty if not given."""

    name: str
    scope: str = ""


@dataclass(frozen=True, slots=True)
class TypeName(Node):
    """``[int]``, ``[string[]]``, ``[System.Net.IPAddress]``: as written, without the outer brackets."""

    name: str


@dataclass(frozen=True, slots=True)
class Array(Node):
    """``1, 2, 3``."""

    elements: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class ArrayExpression(Node):
    """``@( … )``: whatever the statements give, as an array."""

    body: StatementBlock


@dataclass(frozen=True, slots=True)
class SubExpression(Node):
    """``$( … )``."""

    body: StatementBlock


@dataclass(frozen=True, slots=True)
class Paren(Node):
    """``( … )`` around a pipeline or an assignment."""

    pipeline: Statement


@dataclass(frozen=True, slots=True)
class Hashtable(Node):
    """``@{ key = value; … }``."""

    entries: tuple[tuple[Expression, Statement], ...]


@dataclass(frozen=True, slots=True)
class ScriptBlockExpression(Node):
    """``{ … }`` as a value."""

    body: ScriptBlock


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """``-``, ``+``, ``!``, ``not``, ``bnot``, ``,`` (array of one), ``split``, ``join``; ``++``, ``--`` on one side."""

    operator: str
    operand: Expression
    postfix: bool = False


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """Two operands and an operator."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Cast(Node):
    """``[type] operand``."""

    type: TypeName
    operand: Expression


@dataclass(frozen=True, slots=True)
class Member(Node):
    """``target.name`` or, ``static``, ``[type]::name``."""

    target: Expression
    name: Expression
    static: bool = False


@dataclass(frozen=True, slots=True)
class MethodCall(Node):
    """``target.name(arguments)`` or, ``static``, ``[type]::name(arguments)``."""

    target: Expression
    name: Expression
    arguments: tuple[Expression, ...]
    static: bool = False


@dataclass(frozen=True, slots=True)
class Index(Node):
    """``target[index]``."""

    target: Expression
    index: Expression


@dataclass(frozen=True, slots=True)
class Attributed(Node):
    """``[ValidateSet('a')]`` and the like before a variable."""

    attributes: tuple[Attribute | TypeName, ...]
    operand: Expression


# Commands and pipelines


@dataclass(frozen=True, slots=True)
class CommandParameter(Node):
    """``-Name``; ``argument`` is given only where it was written as ``-Name:argument``."""

    name: str
    argument: Expression | None = None


@dataclass(frozen=True, slots=True)
class Splat(Node):
    """``@name`` as an argument."""

    variable: Variable


@dataclass(frozen=True, slots=True)
class Redirection(Node):
    """``stream`` (``1``, ``2``, … or ``*``) into a file, or, with ``merge``, into stream 1 (``2>&1``)."""

    stream: str
    target: Expression | None = None
    append: bool = False
    merge: bool = False


@dataclass(frozen=True, slots=True)
class Command(Node):
    """A command and its arguments. ``invocation`` is ``&``, ``.`` or empty; the first element is what is called.

    Without ``invocation`` the name is a Constant (bare), or an ExpandableString.
    """

    name: Expression
    arguments: tuple[CommandParameter | Splat | Expression, ...] = ()
    invocation: str = ""
    redirections: tuple[Redirection, ...] = ()


@dataclass(frozen=True, slots=True)
class CommandExpression(Node):
    """An expression as the first element of a pipeline."""

    expression: Expression
    redirections: tuple[Redirection, ...] = ()


@dataclass(frozen=True, slots=True)
class Pipeline(Node):
    """One or more commands; only the first may be an expression."""

    elements: tuple[Command | CommandExpression, ...]


# Statements


@dataclass(frozen=True, slots=True)
class Assignment(Node):
    """``left = right``; ``operator`` is ``=``, ``+=``, ``-=``, ``*=``, ``/=`` or ``%=``.

    ``left`` is a Variable, Member, Index, an Array of such, or a Cast or Attributed around a Variable.
    """

    left: Expression
    operator: str
    right: Statement


@dataclass(frozen=True, slots=True)
class StatementBlock(Node):
    """Statements one after the other."""

    statements: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True)
class If(Node):
    """The clauses in their order, and what is done if none applies."""

    clauses: tuple[tuple[Statement, StatementBlock], ...]
    otherwise: StatementBlock | None = None


@dataclass(frozen=True, slots=True)
class While(Node):
    """``while (condition) { … }``."""

    condition: Statement
    body: StatementBlock
    label: str = ""


@dataclass(frozen=True, slots=True)
class DoLoop(Node):
    """``do { … } while (condition)``, or ``until``."""

    body: StatementBlock
    condition: Statement
    until: bool = False
    label: str = ""


@dataclass(frozen=True, slots=True)
class For(Node):
    """``for (initializer; condition; iterator) { … }``."""

    initializer: Statement | None
    condition: Statement | None
    iterator: Statement | None
    body: StatementBlock
    label: str = ""


@dataclass(frozen=True, slots=True)
class ForEach(Node):
    """``foreach ($variable in collection) { … }``."""

    variable: Variable
    collection: Statement
    body: StatementBlock
    label: str = ""


@dataclass(frozen=True, slots=True)
class Switch(Node):
    """``switch -mode (subject) { test { … } default { … } }``.

    ``mode`` is empty (equal), ``wildcard``, ``regex`` or ``exact``.
    """

    subject: Statement
    clauses: tuple[tuple[Expression, StatementBlock], ...]
    default: StatementBlock | None = None
    mode: str = ""
    case_sensitive: bool = False
    label: str = ""


@dataclass(frozen=True, slots=True)
class Catch(Node):
    """``catch [type], [type] { … }``; no types: any error."""

    types: tuple[TypeName, ...]
    body: StatementBlock


@dataclass(frozen=True, slots=True)
class Try(Node):
    """``try { … } catch { … } finally { … }``."""

    body: StatementBlock
    catches: tuple[Catch, ...] = ()
    finally_: StatementBlock | None = None


@dataclass(frozen=True, slots=True)
class Jump(Node):
    """``break``, ``continue``, ``return``, ``throw`` or ``exit``; a label (of the first two) or a value after it."""

    kind: str
    label: str = ""
    value: Statement | None = None


@dataclass(frozen=True, slots=True)
class Attribute(Node):
    """``[Parameter(Mandatory, Position = 0)]``: a named argument without a value is ``$true``."""

    name: str
    positional: tuple[Expression, ...] = ()
    named: tuple[tuple[str, Expression], ...] = ()


@dataclass(frozen=True, slots=True)
class Parameter(Node):
    """One parameter of a function or script; ``type`` is its type constraint."""

    name: str
    type: TypeName | None = None
    default: Expression | None = None
    attributes: tuple[Attribute, ...] = ()


@dataclass(frozen=True, slots=True)
class ScriptBlock(Node):
    """The body of a script, a function or ``{ … }``.

    Without named blocks everything is in ``end`` (a filter: in ``process``). ``attributes`` are the param block's.
    ``requires`` are the lines ``#Requires …``, without that word.
    """

    parameters: tuple[Parameter, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    begin: StatementBlock | None = None
    process: StatementBlock | None = None
    end: StatementBlock | None = None
    requires: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FunctionDefinition(Node):
    """``function name { … }`` or ``filter name { … }``. ``help`` is the comment-based help before or in it, if any."""

    name: str
    body: ScriptBlock
    help: str = ""


Expression = (
    Constant
    | ExpandableString
    | Variable
    | TypeName
    | Array
    | ArrayExpression
    | SubExpression
    | Paren
    | Hashtable
    | ScriptBlockExpression
    | Unary
    | Binary
    | Cast
    | Member
    | MethodCall
    | Index
    | Attributed
)

Statement = (
    Pipeline
    | Assignment
    | StatementBlock
    | If
    | While
    | DoLoop
    | For
    | ForEach
    | Switch
    | Try
    | Jump
    | FunctionDefinition
)
