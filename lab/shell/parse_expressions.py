"""Operators in the expressions of a script, and how close they bind (about_Operators, about_Operator_Precedence)."""

from __future__ import annotations

import re
from abc import abstractmethod
from typing import Final

from lab.shell import syntax
from lab.shell.lexer import DASHES, NAME
from lab.shell.parse_operands import UNKNOWN_OPERATORS, Operands

_COMPARISONS: Final = (
    "eq", "ne", "ge", "gt", "lt", "le", "like", "notlike", "match", "notmatch", "replace", "contains", "notcontains",
    "in", "notin", "split",
)  # fmt: skip
_PRECEDENCE: Final = {
    **dict.fromkeys(("and", "or", "xor"), 1),
    **dict.fromkeys(("band", "bor", "bxor"), 2),
    **{case + name: 3 for name in _COMPARISONS for case in ("", "c")},
    **dict.fromkeys(("is", "isnot", "as", "join", "shl", "shr"), 3),
    **dict.fromkeys(("+", "-"), 4),
    **dict.fromkeys(("*", "/", "%"), 5),
    "f": 6,
    "..": 7,
}
"""How close operators bind, after about_Operator_Precedence; the comma binds closer than all of them."""

_PLAIN: Final = {f"i{name}": name for name in _COMPARISONS}
"""That operators know no case can be said, but is so anyway."""

_UNARY: Final = frozenset(("not", "bnot", "split", "csplit", "join", "-", "--"))
_OPERATOR: Final = re.compile(rf"\.\.|\*(?![=>])|[/%](?!=)|\+(?![+=])|[{DASHES}](?:[A-Za-z]+|(?![{DASHES}=]))")
_PREFIX: Final = re.compile(rf"[{DASHES}](?:[A-Za-z_?]+|[{DASHES}])?|\+\+?|!")
_STEP: Final = re.compile(rf"\+\+|[{DASHES}]{{2}}")


class Expressions(Operands):
    """Reads expressions."""

    @abstractmethod
    def typed(self) -> syntax.Expression | None:
        """Read what begins with types or attributes in square brackets."""

    # Operators

    def expression(self) -> syntax.Expression | None:
        """Read an expression; None if there is none. It may be followed by anything."""
        self.skip_space()
        first = self.list_of_operands()
        if first is None:
            return None
        operands = [first]
        operators: list[str] = []
        while operator := self._binary_operator():
            self._combine(operands, operators, _PRECEDENCE[operator])
            start = self.pos
            self.skip_newlines()
            operand = self.list_of_operands()
            if operand is None:
                written = self.text[self._operator_start : start]
                message = f"You must provide a value expression following the '{written}' operator."
                raise self.missing("ExpectedValueExpression", message, start)
            operators.append(operator)
            operands.append(operand)
        self._combine(operands, operators, 0)
        return operands[0]

    _operator_start = 0

    def _combine(self, operands: list[syntax.Expression], operators: list[str], precedence: int) -> None:
        """Put together the operands whose operators bind at least as close as the one that follows."""
        while operators and _PRECEDENCE[operators[-1]] >= precedence:
            right, left = operands.pop(), operands.pop()
            extent = self.extent(left.extent.start, right.extent.end)
            operands.append(syntax.Binary(operators.pop(), left, right, extent=extent))

    def _binary_operator(self) -> str:
        """Go over an operator between two operands, and return it; empty if there is none."""
        self.skip_space()
        start = self._operator_start = self.pos
        found = _OPERATOR.match(self.text, start)
        if found is None:
            self._refuse_unknown_operator()
            return ""
        operator = _name_of(found[0].lower())
        self.mark("operator", start, found.end())
        if operator not in _PRECEDENCE:
            raise self.unexpected()
        self.pos = found.end()
        return operator

    def _refuse_unknown_operator(self) -> None:
        if not self.text.startswith("?", self.pos):
            return
        for operator, remedy in UNKNOWN_OPERATORS.items():
            if self.text.startswith(operator, self.pos):
                message = f"Unexpected token '{operator}' in expression or statement."
                raise self.fail("UnexpectedToken", message, self.pos, self.pos + len(operator), remedy)

    def list_of_operands(self) -> syntax.Expression | None:
        """Read ``a, b, c``, or one operand alone."""
        start = self.pos
        first = self.unary()
        if first is None:
            return None
        self.skip_space()
        if not self.commas or self.peek() != ",":
            return first
        elements = [first]
        while self.take(","):
            after = self.pos
            self.skip_newlines()
            element = self.unary()
            if element is None:
                raise self.missing("MissingExpressionAfterToken", "Missing expression after ','.", after)
            elements.append(element)
            self.skip_space()
        return syntax.Array(tuple(elements), extent=self.extent(start, elements[-1].extent.end))

    def unary(self) -> syntax.Expression | None:
        """Read an operand with what is before and after it; None if there is none."""
        start = self.pos
        self.deeper(start)
        character = self.peek()
        found: syntax.Expression | None
        if character == "[":
            found = self.typed()
        elif character and character in "+!," + DASHES:
            found = self._prefixed()
        else:
            found = self.primary()
        self.depth -= 1
        if found is None:
            return None
        place = self.pos
        self.skip_space()
        step = _STEP.match(self.text, self.pos)
        if step is None:
            self.pos = place
            return found
        operator = "++" if step[0] == "++" else "--"
        self.mark("operator", self.pos, step.end())
        self.pos = step.end()
        return self._step(operator, found, start, postfix=True)

    def _prefixed(self) -> syntax.Expression | None:
        """Read an operand after an operator for one operand, or a number with a sign."""
        start = self.pos
        following = self.text[start + 1 : start + 2]
        if following and following in ".0123456789" and self.text[start] not in "!,":
            number = self.number()
            return None if number is None else self.member_access(number)
        operator = self._prefix_operator()
        if not operator:
            return None
        after = self.pos
        self.skip_newlines()
        operand = self.unary()
        if operand is None:
            message = f"Missing expression after unary operator '{self.text[start:after]}'."
            raise self.missing("MissingExpressionAfterOperator", message, after)
        if operator in ("++", "--"):
            return self._step(operator, operand, start)
        return syntax.Unary(operator, operand, extent=self.extent(start, operand.extent.end))

    def _prefix_operator(self) -> str:
        start = self.pos
        if self.text[start] == ",":
            self.pos += self.commas
            return "," if self.commas else ""
        found = _PREFIX.match(self.text, start)
        assert found is not None, "whoever calls this has seen how it begins"
        operator = found[0].lower()
        if operator == "!":
            following = NAME.match(self.text, start + 1)
            operator = "" if following else operator
        elif operator[0] in DASHES:
            operator = _name_of(operator)
            if operator not in _UNARY:
                return ""
        if operator:
            self.pos = found.end()
            self.mark("operator", start)
        return operator

    def _step(self, operator: str, operand: syntax.Expression, start: int, postfix: bool = False) -> syntax.Unary:
        target = operand.operand if isinstance(operand, syntax.Cast) else operand
        if not isinstance(target, syntax.Variable | syntax.Member | syntax.Index | syntax.Paren):
            message = f"The '{operator}' operator works only on variables or on properties."
            raise self.fail("OperatorRequiresVariableOrProperty", message, start, operand.extent.end)
        return syntax.Unary(operator, operand, postfix, extent=self.extent(start))


def _name_of(operator: str) -> str:
    """Return an operator without the dash before its name; a dash of any kind as ``-``."""
    name = operator.lstrip(DASHES)
    return _PLAIN.get(name, name) or "-" * len(operator)
