"""Types, attributes and parameters in a script (about_Type_Conversion, about_Functions_Advanced_Parameters)."""

from __future__ import annotations

import re
from typing import Final

from lab.shell import syntax
from lab.shell.lexer import Notes
from lab.shell.parse_expressions import Expressions

_TYPE_NAME: Final = re.compile(r"[\w.+`\\#]+")
_GENERIC: Final = ("list", "dictionary", "hashset")
_ELEMENTS: Final = re.compile(r"\[\s*[\w.]+(?:\[\])?(?:\s*,\s*[\w.]+(?:\[\])?)?\s*\]")
_DIMENSIONS: Final = re.compile(r"\[[\s,]*\]")
_ARGUMENT_NAME: Final = re.compile(r"([^\W\d]\w*)\s*(=(?!=)|(?=[,)]))?")


class Types(Expressions):
    """Reads what is in square brackets before a value or a parameter, and lists of parameters."""

    def __init__(self, text: str, file: str = "", notes: Notes | None = None) -> None:
        super().__init__(text, file, notes)
        self._attributes: dict[int, tuple[syntax.Attribute | syntax.TypeName, int]] = {}

    def typed(self) -> syntax.Expression | None:
        start = self.pos
        found = self.attributes(in_expression=True)
        if not found:
            return None
        last = found[-1]
        operand: syntax.Expression | None
        if isinstance(last, syntax.Attribute):
            self.skip_newlines()
            operand = self.unary()
            if operand is None:
                message = f"Unexpected attribute '{last.name}'."
                raise self.missing("UnexpectedAttribute", message, last.extent.start, last.extent.end)
        else:
            found.pop()
            operand = self._after_type(last)
        return self._with_attributes(found, operand, start)

    def _after_type(self, kind: syntax.TypeName) -> syntax.Expression:
        """Read what is converted to a type, or one of its static members; otherwise it is a value itself."""
        if self.peek() == "." or self.peek(2) == "::":
            return self.member_access(kind)
        place = self.pos
        self.skip_space()
        operand = self.unary() if self.peek() not in ("", "\r", "\n", ",") else None
        if operand is None:
            self.pos = place
            return kind
        return self._cast(kind, operand)

    def _cast(self, kind: syntax.TypeName, operand: syntax.Expression) -> syntax.Expression:
        if kind.name.lower() == "ref":
            raise self.unknown("'[ref]'", kind.extent.start, operand.extent.end, "return the value instead")
        return syntax.Cast(kind, operand, extent=self.extent(kind.extent.start, operand.extent.end))

    def _with_attributes(
        self, found: list[syntax.Attribute | syntax.TypeName], operand: syntax.Expression, start: int
    ) -> syntax.Expression:
        """Put types and attributes around a value, the last of them innermost."""
        attributes: list[syntax.Attribute | syntax.TypeName] = []
        end = operand.extent.end
        for each in reversed(found):
            if isinstance(each, syntax.Attribute):
                attributes.insert(0, each)
                continue
            if attributes:
                extent = self.extent(attributes[0].extent.start, end)
                operand = syntax.Attributed(tuple(attributes), operand, extent=extent)
                attributes = []
            operand = self._cast(each, operand)
        if attributes:
            operand = syntax.Attributed(tuple(attributes), operand, extent=self.extent(start, end))
        return operand

    # What is in brackets

    def attributes(self, in_expression: bool = False) -> list[syntax.Attribute | syntax.TypeName]:
        """Read types and attributes as long as there are any. Between them may be blanks, and line ends."""
        found: list[syntax.Attribute | syntax.TypeName] = []
        while True:
            place = self.pos
            if not in_expression or (found and isinstance(found[-1], syntax.Attribute)):
                self.skip_newlines()
            else:
                self.skip_space()
            if self.peek() != "[":
                self.pos = place
                return found
            found.append(self.attribute())

    def attribute(self) -> syntax.Attribute | syntax.TypeName:
        """Read a type or an attribute, which begins here."""
        start = self.pos
        known = self._attributes.get(start)
        if known is None:
            known = self._attributes[start] = (self._read_attribute(), self.pos)
        self.pos = known[1]
        return known[0]

    def _read_attribute(self) -> syntax.Attribute | syntax.TypeName:
        start = self.pos
        self.pos += 1
        self.skip_newlines()
        name = self._type_name(start)
        self.skip_space()
        if self.peek() == "(":
            return self._read_arguments(name, start)
        if not self.take("]"):
            message = "Missing ] at end of attribute or type literal."
            raise self.missing("EndSquareBracketExpectedAtEndOfAttribute", message, self.pos)
        return syntax.TypeName(name, extent=self.extent(start))

    def _type_name(self, start: int) -> str:
        found = _TYPE_NAME.match(self.text, self.pos)
        if found is None:
            raise self.missing("MissingTypename", "Missing type name after '['.", start + 1)
        self.pos = found.end()
        self.mark("type", found.start())
        name = found[0]
        while self.peek() == "[":
            generic = name.rpartition(".")[2].casefold() in _GENERIC
            dimension = (_ELEMENTS if generic else _DIMENSIONS).match(self.text, self.pos)
            if dimension is None:
                if self.text[self.pos + 1 :].strip() == "":
                    message = "Missing ] at end of type token."
                    raise self.unfinished("EndSquareBracketExpectedAtEndOfType", message, self.pos + 1)
                remedy = "write @() for a list, @{} for a dictionary instead"
                raise self.unknown(f"generic types such as [{name}[…]]", found.start(), found.end(), remedy)
            name += dimension[0]
            self.pos = dimension.end()
        return name

    def _read_arguments(self, name: str, start: int) -> syntax.Attribute:
        positional: list[syntax.Expression] = []
        named: list[tuple[str, syntax.Expression]] = []
        commas, self.commas = self.commas, False
        self.pos += 1
        after_comma = -1
        while True:
            self.skip_newlines()
            self._read_argument(positional, named, after_comma)
            self.skip_newlines()
            if not self.take(","):
                break
            after_comma = self.pos
        if not self.take(")"):
            message = "Missing closing ')' in expression."
            raise self.missing("MissingEndParenthesisInExpression", message, self.pos)
        self.skip_newlines()
        if not self.take("]"):
            message = "Missing ] at end of attribute or type literal."
            raise self.missing("EndSquareBracketExpectedAtEndOfAttribute", message, self.pos)
        self.commas = commas
        return syntax.Attribute(name, tuple(positional), tuple(named), extent=self.extent(start))

    def _read_argument(
        self, positional: list[syntax.Expression], named: list[tuple[str, syntax.Expression]], after_comma: int
    ) -> None:
        found = _ARGUMENT_NAME.match(self.text, self.pos)
        if found is None:
            value = self.expression()
            if value is not None:
                positional.append(value)
            elif after_comma >= 0:
                raise self.missing("MissingExpressionAfterToken", "Missing expression after ','.", after_comma)
            return
        start = self.pos
        self.pos = found.end()
        self.mark("member", start, found.end(1))
        if any(found[1].lower() == name.lower() for name, _ in named):
            message = f"Duplicate named arguments '{found[1]}' are not allowed."
            raise self.fail("DuplicateNamedArgument", message, start, found.end(1))
        if not found[2]:
            named.append((found[1], syntax.Constant(True, extent=self.extent(start, found.end(1)))))
            return
        after = self.pos
        self.mark("operator", after - 1)
        self.skip_newlines()
        value = self.expression()
        if value is None:
            message = "Missing statement after '=' in named argument."
            raise self.missing("MissingExpressionInNamedArgument", message, after)
        named.append((found[1], value))

    # Parameters

    def parameters(self) -> tuple[syntax.Parameter, ...]:
        """Read the parameters in parentheses, whose first is here."""
        start = self.pos
        self.pos += 1
        commas, self.commas = self.commas, False
        found: list[syntax.Parameter] = []
        while True:
            after = self.pos
            parameter = self._parameter()
            if parameter is not None:
                self._refuse_duplicate(parameter, found)
                found.append(parameter)
            elif found:
                raise self.missing("MissingExpressionAfterToken", "Missing expression after ','.", after)
            self.skip_newlines()
            if parameter is None or not self.take(","):
                break
        if not self.take(")"):
            end = found[-1].extent.end if found else start + 1
            message = "Missing ')' in function parameter list."
            raise self.missing("MissingEndParenthesisInFunctionParameterList", message, end)
        self.commas = commas
        return tuple(found)

    def _refuse_duplicate(self, parameter: syntax.Parameter, known: list[syntax.Parameter]) -> None:
        if any(parameter.name.lower() == each.name.lower() for each in known):
            message = f"Duplicate parameter ${parameter.name} in parameter list."
            extent = parameter.extent
            raise self.fail("DuplicateFormalParameter", message, extent.start, extent.end)

    def _parameter(self) -> syntax.Parameter | None:
        self.skip_newlines()
        start = self.pos
        attributes = self.attributes()
        self.skip_newlines()
        variable = self.variable() if self.peek() == "$" else None
        if not isinstance(variable, syntax.Variable):
            if attributes or variable is not None:
                message = (
                    "Parameter declarations are a comma-separated list of variable names with optional initializer "
                    "expressions."
                )
                raise self.missing("InvalidFunctionParameter", message, self.pos)
            return None
        default = self._default()
        types = [each for each in attributes if isinstance(each, syntax.TypeName)]
        for each in types:
            if each.name.lower() == "ref":
                raise self.unknown("'[ref]'", each.extent.start, each.extent.end, "return the value instead")
        return syntax.Parameter(
            f"{variable.scope}:{variable.name}" if variable.scope else variable.name,
            types[-1] if types else None,
            default,
            tuple(each for each in attributes if isinstance(each, syntax.Attribute)),
            extent=self.extent(start, default.extent.end if default else variable.extent.end),
        )

    def _default(self) -> syntax.Expression | None:
        place = self.pos
        self.skip_newlines()
        if not self.take("="):
            self.pos = place
            return None
        after = self.pos
        self.mark("operator", after - 1)
        self.skip_newlines()
        default = self.expression()
        if default is None:
            raise self.missing("MissingExpressionAfterToken", "Missing expression after '='.", after)
        return default
