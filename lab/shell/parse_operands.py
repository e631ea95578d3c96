"""Values in the expressions of a script, and what may follow them: members, elements, methods (about_Properties)."""

from __future__ import annotations

from abc import abstractmethod
from typing import Final

from lab.shell import syntax
from lab.shell.lexer import DOUBLE_QUOTES, NAME, SINGLE_QUOTES
from lab.shell.parse_literals import Literals

UNKNOWN_OPERATORS: Final = {
    "??": "write if ($null -eq $a) { $b } else { $a } instead",
    "?.": "write if ($null -ne $a) { … } instead",
    "?[": "write if ($null -ne $a) { … } instead",
    "?": "write if (…) { … } else { … } instead of … ? … : …",
}


class Operands(Literals):
    """Reads values; with ``argument`` as arguments of commands, which end earlier."""

    @abstractmethod
    def expression(self) -> syntax.Expression | None:
        """Read an expression; None if there is none."""

    @abstractmethod
    def pipeline(self) -> syntax.Statement | None:
        """Read a pipeline or an assignment; None if there is none."""

    @abstractmethod
    def statement_block(self, closing: str) -> syntax.StatementBlock:
        """Read statements up to a closing bracket."""

    @abstractmethod
    def script_block(self) -> syntax.Expression:
        """Read ``{ … }`` as a value."""

    @abstractmethod
    def hashtable(self) -> syntax.Expression:
        """Read ``@{ … }``."""

    def primary(self, argument: bool = False) -> syntax.Expression | None:
        """Read a value and the members, elements and methods that follow it; None if there is none."""
        value = self._value(argument)
        if value is None:
            return None
        if isinstance(value, syntax.Variable) and value.name[1:].endswith("?") and self.peek() in (".", "["):
            operator = f"?{self.peek()}"
            raise self.unknown(f"'{operator}'", self.pos - 1, self.pos + 1, UNKNOWN_OPERATORS[operator])
        return self.member_access(value, argument)

    def _value(self, argument: bool) -> syntax.Expression | None:
        character = self.peek()
        if character == "$":
            return self.sub_expression() if self.peek(2) == "$(" else self.variable()
        if character == "(":
            return self._paren()
        if character == "{":
            return self.script_block()
        if character == "@":
            return self._after_at()
        if character.isdecimal() or (character == "." and self.peek(2)[1:].isdecimal()):
            return self.number(argument)
        if character and character in SINGLE_QUOTES + DOUBLE_QUOTES:
            return self.string()
        return None

    def _after_at(self) -> syntax.Expression:
        start = self.pos
        following = self.peek(2)[1:]
        if following == "(":
            return self._array_expression()
        if following == "{":
            return self.hashtable()
        if following and following in SINGLE_QUOTES + DOUBLE_QUOTES:
            return self.here_string()
        name = NAME.match(self.text, start + 1)
        if name is None:
            raise self.fail("UnrecognizedToken", "Unrecognized token in source text.", start, start + 1)
        message = (
            f"The splatting operator '@' cannot be used to reference variables in an expression. '@{name[0]}' can be "
            f"used only as an argument to a command. To reference variables in an expression use '${name[0]}'."
        )
        raise self.fail("SplattingNotPermitted", message, start, name.end())

    def _paren(self) -> syntax.Expression:
        start = self.pos
        self.pos += 1
        commas, self.commas = self.commas, True
        self.skip_newlines()
        pipeline = self.pipeline()
        if pipeline is None:
            raise self.missing("ExpectedExpression", "An expression was expected after '('.", start + 1)
        self.skip_newlines()
        if not self.take(")"):
            message = "Missing closing ')' in expression."
            raise self.missing("MissingEndParenthesisInExpression", message, pipeline.extent.end)
        self.commas = commas
        return syntax.Paren(pipeline, extent=self.extent(start))

    def sub_expression(self) -> syntax.Expression:
        start = self.pos
        body = self._statements_in_brackets()
        return syntax.SubExpression(body, extent=self.extent(start))

    def _array_expression(self) -> syntax.Expression:
        start = self.pos
        body = self._statements_in_brackets()
        return syntax.ArrayExpression(body, extent=self.extent(start))

    def _statements_in_brackets(self) -> syntax.StatementBlock:
        self.pos += 2
        commas, self.commas = self.commas, True
        body = self.statement_block(")")
        if not self.take(")"):
            message = "Missing closing ')' in subexpression."
            raise self.missing("MissingEndParenthesisInSubexpression", message, self.pos)
        self.commas = commas
        return body

    # Members, elements, methods

    def member_access(self, target: syntax.Expression, argument: bool = False) -> syntax.Expression:
        """Read what follows a value without a blank: ``.name``, ``::name``, ``[index]``, ``.name(arguments)``."""
        while True:
            character = self.peek()
            if character == "[":
                target = self._index(target)
            elif character in (".", ":") and self._member_operator(argument):
                target = self._member(target)
            else:
                return target
            self._refuse_conditional_access()

    def _refuse_conditional_access(self) -> None:
        if self.peek() == "?" and self.peek(2) in UNKNOWN_OPERATORS and self.peek(2) != "??":
            raise self.unexpected(UNKNOWN_OPERATORS[self.peek(2)])

    def _member_operator(self, argument: bool) -> bool:
        operator = "::" if self.peek() == ":" else "."
        place = self.pos + len(operator)
        if not self.text.startswith(operator, self.pos) or (operator == "." and self.text.startswith(".", place)):
            return False
        return not (argument and (place >= self.length or self.text[place].isspace()))

    def _member(self, target: syntax.Expression) -> syntax.Expression:
        static = self.take("::")
        self.pos += not static
        start = target.extent.start
        after = self.pos
        self.skip_newlines()
        if self.notes is not None:
            self.notes.targets[self.pos] = target
        name = self._member_name(after)
        if self.peek() == "(":
            arguments = self._method_arguments()
        elif self.peek() == "{":
            arguments = (self.script_block(),)
        else:
            return syntax.Member(target, name, static, extent=self.extent(start))
        return syntax.MethodCall(target, name, arguments, static, extent=self.extent(start))

    def _member_name(self, after: int) -> syntax.Expression:
        found = NAME.match(self.text, self.pos)
        if found:
            self.pos = found.end()
            self.mark("member", found.start())
            return syntax.Constant(found[0], extent=self.extent(found.start()))
        name = self._value(argument=False)
        if name is None:
            message = "Missing property name after reference operator."
            raise self.missing("MissingPropertyName", message, after)
        return name

    def _method_arguments(self) -> tuple[syntax.Expression, ...]:
        start = self.pos
        self.pos += 1
        arguments: list[syntax.Expression] = []
        commas, self.commas = self.commas, False
        while True:
            after = self.pos
            self.skip_newlines()
            argument = self.expression()
            if argument is not None:
                arguments.append(argument)
            elif arguments:
                raise self.missing("MissingExpressionAfterToken", "Missing expression after ','.", after)
            self.skip_newlines()
            if argument is None or not self.take(","):
                break
        if not self.take(")"):
            end = arguments[-1].extent.end if arguments else start + 1
            raise self.missing("MissingEndParenthesisInMethodCall", "Missing ')' in method call.", end)
        self.commas = commas
        return tuple(arguments)

    def _index(self, target: syntax.Expression) -> syntax.Expression:
        after = self.pos + 1
        self.pos = after
        commas, self.commas = self.commas, True
        self.skip_newlines()
        index = self.expression()
        if index is None:
            message = "Array index expression is missing or not valid."
            raise self.missing("MissingArrayIndexExpression", message, after)
        self.skip_newlines()
        if not self.take("]"):
            message = "Missing ']' after array index expression."
            raise self.missing("MissingEndSquareBracket", message, index.extent.end)
        self.commas = commas
        return syntax.Index(target, index, extent=self.extent(target.extent.start))
