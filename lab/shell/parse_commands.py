"""Commands of a script: their names, arguments and redirections (about_Parsing, about_Redirection)."""

from __future__ import annotations

import re
from typing import Final

from lab.shell import syntax
from lab.shell.lexer import DASHES, DOUBLE_QUOTES, SINGLE_QUOTES, Draft
from lab.shell.parse_types import Types

_PARAMETER: Final = re.compile(
    rf"[{DASHES}](?P<name>[^\W\d][^\s{{}}();,|&.\[:\0{SINGLE_QUOTES}{DOUBLE_QUOTES}]*"
    rf"|\?[^\s{{}}();,|&.\[:\0{SINGLE_QUOTES}{DOUBLE_QUOTES}]*)(?P<colon>:)?"
)
_REDIRECTION: Final = re.compile(r"(?P<stream>[1-6*])?(?P<operator>>>|>)(?P<merge>&[12])?|(?P<input><)")
_VARIABLE_ALONE: Final = re.compile(r"\$(?:[$?^](?=[\s&(){};,|\0]|$)|(?:[\w?]|:(?!:))+(?=[\s&(){};,|\0.\[=]|::|$))")
_BRACED_ALONE: Final = re.compile(r"\$\{(?:[^}`]|`.)*\}(?=[\s&(){};,|\0.\[]|$)", re.DOTALL)
_SPLAT: Final = re.compile(r"(?:\w|:(?!:))+")
_ENDS_COMMAND: Final = frozenset("\r\n;)}|&")
_STREAMS: Final = {
    "1": "output stream", "2": "error stream", "3": "warning stream", "4": "verbose stream", "5": "debug stream",
    "6": "information stream", "*": "* stream",
}  # fmt: skip

Argument = syntax.CommandParameter | syntax.Splat | syntax.Expression


class Commands(Types):
    """Reads commands; an argument is read in another way than an expression is."""

    def command(self) -> syntax.Command | None:
        """Read a command; None if there is none."""
        self.skip_space()
        start = self.pos
        invocation = self._invocation()
        self.skip_space()
        draft = Draft(start, None, [])
        if self.notes is not None:
            self.notes.drafts.append(draft)
        self.begin_element()
        name = self._command_name(bool(invocation))
        if name is None:
            if invocation:
                message = f"Missing expression after '{invocation}' in pipeline element."
                raise self.fail("MissingExpression", message, start, start + 1)
            draft.end = start
            return None
        draft.name = name
        redirections: list[syntax.Redirection] = []
        end = name.extent.end
        while not self._at_end_of_command():
            end = self._element(draft, redirections)
        draft.end = self.pos
        return syntax.Command(
            name, tuple(draft.arguments), invocation, tuple(redirections), extent=self.extent(start, end)
        )

    def _invocation(self) -> str:
        """Go over ``&`` or ``.`` before what is called."""
        character = self.peek()
        if character not in ("&", ".") or self.peek(2) == "&&":
            return ""
        if character == "." and not self.ends_token(self.pos + 1) and self.text[self.pos + 1] not in "$\"'":
            return ""
        self.pos += 1
        self.mark("operator", self.pos - 1)
        return character

    def _command_name(self, invoked: bool) -> syntax.Expression | None:
        character = self.peek()
        if not character or character in _ENDS_COMMAND or character == ",":
            return None
        if invoked:
            return self.single_argument("command")
        return self.generic("command", expand=False)

    def _at_end_of_command(self) -> bool:
        self.skip_space()
        return self.pos >= self.length or self.text[self.pos] in _ENDS_COMMAND

    def _element(self, draft: Draft, redirections: list[syntax.Redirection]) -> int:
        """Read an argument, a parameter or a redirection; return its end."""
        character = self.text[self.pos]
        if character == ",":
            raise self.fail("MissingArgument", "Missing argument in parameter list.", self.pos, self.pos + 1)
        redirection = self.redirection_here()
        if redirection:
            self.redirection(redirection, redirections)
            return redirections[-1].extent.end
        if character in DASHES and not draft.verbatim:
            if self._take_dashes(draft):
                return self.pos
            parameter = _PARAMETER.match(self.text, self.pos)
            if parameter and not self._quote_at(parameter.end()):
                draft.arguments.append(self._parameter_of_command(parameter, draft))
                return draft.arguments[-1].extent.end
        argument = self._bare_word("argument") if self._dashes_alone() else self.argument()
        assert argument is not None, "the ends of a command have been looked for"
        draft.arguments.append(argument)
        return argument.extent.end

    def _take_dashes(self, draft: Draft) -> bool:
        """Go over ``--``, after which nothing is a parameter."""
        if self.peek(3) == "--%" and self.ends_token(self.pos + 3):
            raise self.unknown("'--%'", self.pos, self.pos + 3, "put what follows in quotes")
        if not self._dashes_alone():
            return False
        self.pos += 2
        self.mark("operator", self.pos - 2)
        draft.verbatim = True
        return True

    def _quote_at(self, place: int) -> bool:
        return place < self.length and self.text[place] in SINGLE_QUOTES + DOUBLE_QUOTES

    def _parameter_of_command(self, found: re.Match[str], draft: Draft) -> syntax.CommandParameter:
        start = self.pos
        name = found["name"]
        self.pos = found.end()
        self.mark("parameter", start)
        if not found["colon"]:
            return syntax.CommandParameter(name, extent=self.extent(start))
        draft.pending = name
        self.skip_space()
        argument = None if self.peek() == "," else self.argument()
        if argument is None or isinstance(argument, syntax.Splat):
            message = f"Parameter {found[0]} requires an argument."
            raise self.fail("ParameterRequiresArgument", message, found.end())
        draft.pending = ""
        return syntax.CommandParameter(name, argument, extent=self.extent(start, argument.extent.end))

    # Arguments

    def argument(self) -> syntax.Splat | syntax.Expression | None:
        """Read an argument, or several with commas between them, which are an array; None if there is none."""
        start = self.pos
        if self.peek() == "@" and (splat := self._splat()):
            return splat
        first = self.single_argument()
        if first is None:
            return None
        elements = [first]
        place = self.pos
        self.skip_space()
        while self.take(","):
            after = self.pos
            self.skip_newlines()
            element = self.single_argument()
            if element is None:
                message = "Missing expression after ',' in pipeline element."
                raise self.missing("MissingExpression", message, after)
            elements.append(element)
            place = self.pos
            self.skip_space()
        self.pos = place
        return first if len(elements) == 1 else syntax.Array(tuple(elements), extent=self.extent(start))

    def _splat(self) -> syntax.Splat | None:
        """Read ``@name``."""
        start = self.pos
        name = _SPLAT.match(self.text, start + 1)
        if name is None:
            return None
        self.pos = name.end()
        self.mark("variable", start)
        if self.peek() in (".", "["):
            message = (
                f"Cannot expand the splatted variable '@{name[0]}'. Splatted variables cannot be used as part of a "
                "property or array expression. Assign the result of the expression to a temporary variable then splat "
                "the temporary variable instead."
            )
            raise self.fail("NoPropertiesInSplatting", message, start, self.pos)
        scope, colon, rest = name[0].partition(":")
        variable = syntax.Variable(rest, scope.lower()) if colon else syntax.Variable(name[0])
        return syntax.Splat(variable, extent=self.extent(start))

    def single_argument(self, kind: str = "argument") -> syntax.Expression | None:
        """Read one argument, without those that follow after a comma; None if there is none."""
        character = self.peek()
        if not character or character in _ENDS_COMMAND or character == ",":
            return None
        if self.redirection_here() or self._dashes_alone():
            return None
        if character in "({" or character in SINGLE_QUOTES + DOUBLE_QUOTES or character == "@":
            return self.primary(argument=True)
        if character == "$":
            alone = self.peek(2) == "$(" or _VARIABLE_ALONE.match(self.text, self.pos)
            if alone or _BRACED_ALONE.match(self.text, self.pos):
                return self.primary(argument=True)
            return self.generic(kind)
        if character.isdecimal() or (character == "." and self.peek(2)[1:].isdecimal()):
            number = self.number(argument=True)
            if number is not None:
                return number
        return self._bare_word(kind)

    def _dashes_alone(self) -> bool:
        two = self.peek(2)
        return len(two) == 2 and not two.strip(DASHES) and self.ends_token(self.pos + 2)

    def _bare_word(self, kind: str) -> syntax.Expression:
        if self.text[self.pos] == "]":
            self.pos += 1
            return syntax.Constant("]", bare=True, extent=self.extent(self.pos - 1))
        word = self.generic(kind)
        if word.extent.end == word.extent.start:
            self.pos += 1
            return syntax.Constant(self.text[self.pos - 1], bare=True, extent=self.extent(self.pos - 1))
        return word

    # Redirections

    def redirection_here(self) -> re.Match[str] | None:
        """Return the redirection that begins here; None if none does."""
        if self.pos < self.length and self.text[self.pos] in "123456*><":
            return _REDIRECTION.match(self.text, self.pos)
        return None

    def redirection(self, found: re.Match[str], known: list[syntax.Redirection]) -> None:
        """Read a redirection and add it to those of the same command."""
        start = self.pos
        self.pos = found.end()
        self.mark("operator", start)
        stream = found["stream"] or "1"
        if found["input"] or found["merge"] == "&2" or (found["merge"] and stream == "1"):
            message = f"The '{found[0]}' operator is reserved for future use."
            raise self.fail("RedirectionNotSupported", message, start, found.end())
        target = None
        if not found["merge"]:
            self.skip_space()
            target = self.single_argument()
            if target is None:
                message = "Missing file specification after redirection operator."
                raise self.fail("MissingFileSpecification", message, found.end())
        extent = self.extent(start)
        if any(each.stream == stream for each in known):
            message = f"The {_STREAMS[stream]} for this command is already redirected."
            raise self.fail("StreamAlreadyRedirected", message, start, extent.end)
        append = found["operator"] == ">>"
        known.append(syntax.Redirection(stream, target, append, bool(found["merge"]), extent=extent))
