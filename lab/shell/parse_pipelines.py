"""Pipelines and assignments of a script (about_Pipelines, about_Assignment_Operators)."""

from __future__ import annotations

import re
from abc import abstractmethod
from typing import Final

from lab.shell import syntax
from lab.shell.lexer import DASHES, Draft
from lab.shell.parse_commands import Commands

_ASSIGNMENT: Final = re.compile(rf"[{DASHES}+*/%]?=")


class Pipelines(Commands):
    """Reads pipelines: expressions, commands, assignments."""

    @abstractmethod
    def statement(self) -> syntax.Statement | None:
        """Read a statement; None if there is none."""

    def pipeline(self) -> syntax.Statement | None:
        self.skip_space()
        start = self.pos
        self.begin_element()
        first = self._first_expression()
        elements: list[syntax.Command | syntax.CommandExpression] = []
        if first is not None:
            operator = _ASSIGNMENT.match(self.text, self.pos)
            if operator:
                return self._assignment(first, operator[0], start)
            elements.append(self._command_expression(first))
        else:
            command = self.command()
            if command is not None:
                elements.append(command)
            elif self.peek() != "|" or self.peek(2) == "||":
                self._check_end_of_pipeline()
                return None
            else:
                raise self._empty_element(start, start + 1)
        while self._take_pipe():
            elements.append(self._next_element())
        self._check_end_of_pipeline()
        return syntax.Pipeline(tuple(elements), extent=self.extent(start, elements[-1].extent.end))

    def _first_expression(self) -> syntax.Expression | None:
        if self.notes is None:
            found = self.expression()
            self.skip_space()
            return found
        draft = Draft(self.pos, None, [])
        self.notes.drafts.append(draft)
        found = self.expression()
        self.skip_space()
        draft.end = -1 if found is None else self.pos
        return found

    def _take_pipe(self) -> bool:
        self.skip_space()
        if self.peek() != "|" or self.peek(2) == "||":
            return False
        self.pos += 1
        self.mark("operator", self.pos - 1)
        return True

    def _next_element(self) -> syntax.Command:
        after = self.pos
        self.skip_newlines()
        start = self.pos
        self.begin_element()
        expression = self.expression()
        if expression is not None:
            message = "Expressions are only allowed as the first element of a pipeline."
            raise self.fail("ExpressionsMustBeFirstInPipeline", message, start, expression.extent.end)
        command = self.command()
        if command is None:
            raise self._empty_element(after)
        return command

    def _empty_element(self, start: int, end: int = -1) -> Exception:
        return self.missing("EmptyPipeElement", "An empty pipe element is not allowed.", start, end)

    def _check_end_of_pipeline(self) -> None:
        self.skip_space()
        character = self.peek()
        if not character or character in "\r\n;)}":
            return
        operator = self.peek(2)
        if operator in ("&&", "||"):
            remedy = "write a; if ($?) { b } instead" if operator == "&&" else "write a; if (-not $?) { b } instead"
            message = f"The token '{operator}' is not a valid statement separator in this version."
            raise self.fail("InvalidEndOfLine", message, self.pos, self.pos + 2, remedy)
        if character == "&":
            message = (
                "The ampersand (&) character is not allowed. The & operator is reserved for future use; wrap an "
                'ampersand in double quotation marks ("&") to pass it as part of a string.'
            )
            raise self.fail("AmpersandNotAllowed", message, self.pos, self.pos + 1)
        raise self.unexpected()

    def _command_expression(self, expression: syntax.Expression) -> syntax.CommandExpression:
        redirections: list[syntax.Redirection] = []
        while found := self.redirection_here():
            self.redirection(found, redirections)
            self.skip_space()
        end = redirections[-1].extent.end if redirections else expression.extent.end
        extent = self.extent(expression.extent.start, end)
        return syntax.CommandExpression(expression, tuple(redirections), extent=extent)

    # Assignments

    def _assignment(self, left: syntax.Expression, operator: str, start: int) -> syntax.Assignment:
        target = self._target(left)
        if target is None:
            message = (
                "The assignment expression is not valid. The input to an assignment operator must be an object that "
                "is able to accept assignments, such as a variable or a property."
            )
            raise self.fail("InvalidLeftHandSide", message, left.extent.start, left.extent.end)
        self.mark("operator", self.pos, self.pos + len(operator))
        self.pos += len(operator)
        after = self.pos
        self.skip_newlines()
        right = self.statement()
        if right is None:
            message = f"You must provide a value expression following the '{operator}' operator."
            raise self.missing("ExpectedValueExpression", message, after)
        operator = "-=" if operator[0] in DASHES else operator
        return syntax.Assignment(target, operator, right, extent=self.extent(start, right.extent.end))

    def _target(self, left: syntax.Expression) -> syntax.Expression | None:
        """Return what is assigned to; None if nothing can be assigned to it."""
        if isinstance(left, syntax.Constant) and left.extent.text.startswith("$"):
            return syntax.Variable(left.extent.text.strip("${}"), extent=left.extent)
        if isinstance(left, syntax.Array):
            elements = [self._target(each) for each in left.elements]
            known = tuple(each for each in elements if each is not None)
            return syntax.Array(known, extent=left.extent) if len(known) == len(elements) else None
        if isinstance(left, syntax.Cast):
            operand = self._target(left.operand)
            return None if operand is None else syntax.Cast(left.type, operand, extent=left.extent)
        if isinstance(left, syntax.Attributed):
            operand = self._target(left.operand)
            return None if operand is None else syntax.Attributed(left.attributes, operand, extent=left.extent)
        if isinstance(left, syntax.Paren):
            return self._target_in_parentheses(left)
        return left if isinstance(left, syntax.Variable | syntax.Member | syntax.Index) else None

    def _target_in_parentheses(self, left: syntax.Paren) -> syntax.Expression | None:
        elements = left.pipeline.elements if isinstance(left.pipeline, syntax.Pipeline) else ()
        if len(elements) == 1 and isinstance(elements[0], syntax.CommandExpression):
            return self._target(elements[0].expression)
        return None
