"""Statements of a script: conditions, loops, try, jumps (about_Language_Keywords)."""

from __future__ import annotations

import re
from abc import abstractmethod
from typing import Final

from lab.shell import syntax
from lab.shell.parse_switch import PARAMETER, Switches

_LABEL: Final = re.compile(r":([^\W\d]\w*)")
_OPENS: Final = re.compile(r"[^\r\n;|{]*\{")
_RESERVED: Final = ("from", "define", "var")
_UNKNOWN: Final = {
    "class": "use [PSCustomObject]@{ … } and functions instead",
    "enum": "use strings, or a hash table instead",
    "workflow": "use a function instead",
    "configuration": "use a function instead",
    "parallel": "write the commands one after the other instead",
    "sequence": "write the commands one after the other instead",
    "inlinescript": "write the commands one after the other instead",
    "trap": "use try { … } catch { … } instead",
    "data": "use a hash table in a variable instead",
    "using": "write the names of types in full instead",
}
_FOREACH_FORM: Final = "The correct form is: foreach ($a in $b) {...}"


class Statements(Switches):
    """Reads statements."""

    @abstractmethod
    def function(self, start: int, keyword: str) -> syntax.FunctionDefinition:
        """Read what follows ``function`` or ``filter``."""

    def statement(self) -> syntax.Statement | None:
        start = self.pos
        self.deeper(start)
        self.begin_element()
        label = _LABEL.match(self.text, start)
        if label and self.ends_token(label.end()):
            found = self._labelled(label)
        else:
            found = self._by_keyword(start, "") or self.pipeline()
        self.depth -= 1
        return found

    def _labelled(self, label: re.Match[str]) -> syntax.Statement | None:
        self.pos = label.end()
        self.skip_newlines()
        if self.keyword() not in ("switch", "foreach", "for", "while", "do"):
            self.pos = label.start()
            return self.pipeline()
        self.mark("keyword", label.start(), label.end())
        return self._by_keyword(label.start(), label[1])

    def _by_keyword(self, start: int, label: str) -> syntax.Statement | None:
        """Read a statement that begins with a keyword; None if none is here."""
        keyword = self.keyword()
        if keyword not in _KEYWORDS or (keyword in _UNKNOWN and self._is_command(keyword)):
            return None
        place = self.pos
        self.pos += len(keyword)
        self.mark("keyword", place)
        if keyword in _RESERVED:
            message = f"The '{keyword}' keyword is not supported in this version of the language."
            raise self.fail("ReservedKeywordNotAllowed", message, place, self.pos)
        if keyword in _UNKNOWN:
            raise self.unknown(f"'{keyword}'", place, self.pos, _UNKNOWN[keyword])
        if keyword in _JUMPS:
            return self._jump(start, keyword)
        if keyword in ("function", "filter"):
            return self.function(start, keyword)
        return _READERS[keyword](self, start, label)

    def _is_command(self, keyword: str) -> bool:
        """Tell whether a word that begins what is not known here, but could be a command, is one: nothing opens."""
        if keyword in ("trap", "class", "enum", "using"):
            return False
        return not _OPENS.match(self.text, self.pos + len(keyword))

    # Parts of statements

    def _open(self, keyword: str) -> int:
        """Go over the parenthesis after a keyword; return the place after it."""
        after = self.pos
        self.skip_newlines()
        if not self.take("("):
            if keyword in ("if", "elseif"):
                message = f"Missing '(' after '{keyword}' in if statement."
                raise self.missing("MissingOpenParenthesisInIfStatement", message, after)
            message = f"Missing opening '(' after keyword '{keyword}'."
            raise self.missing("MissingOpenParenthesisAfterKeyword", message, after)
        return self.pos

    def _close(self, keyword: str) -> None:
        self.skip_newlines()
        if not self.take(")"):
            message = f"Missing closing ')' after expression in '{keyword}' statement."
            raise self.missing("MissingEndParenthesisAfterStatement", message, self.pos)

    def _condition(self, keyword: str) -> syntax.Statement:
        """Read ``(condition)``."""
        after = self._open(keyword)
        self.skip_newlines()
        condition = self.pipeline()
        if condition is None:
            if keyword in ("if", "elseif"):
                message = f"Missing condition in if statement after '{keyword} ('."
                raise self.missing("IfStatementMissingCondition", message, after)
            raise self.missing("MissingExpressionAfterKeyword", f"Missing expression after '{keyword}' in loop.", after)
        self._close(keyword)
        return condition

    def _loop_body(self, keyword: str) -> syntax.StatementBlock:
        body = self.block()
        if body is None:
            raise self.missing("MissingLoopStatement", f"Missing statement body in {keyword} loop.", self.pos)
        return body

    # Conditions

    def _if(self, start: int, _label: str) -> syntax.Statement:
        clauses: list[tuple[syntax.Statement, syntax.StatementBlock]] = []
        otherwise = None
        keyword = "if"
        while True:
            condition = self._condition(keyword)
            body = self.block()
            if body is None:
                message = f"Missing statement block after {keyword} ( condition )."
                raise self.missing("MissingStatementBlock", message, self.pos - 1, self.pos)
            clauses.append((condition, body))
            place = self.pos
            self.skip_newlines()
            if self.take_keyword("elseif"):
                keyword = "elseif"
                continue
            if self.take_keyword("else"):
                otherwise = self.block()
                if otherwise is None:
                    message = "Missing statement block after 'else' keyword."
                    raise self.missing("MissingStatementBlockAfterElse", message, self.pos)
            else:
                self.pos = place
            return syntax.If(tuple(clauses), otherwise, extent=self.extent(start))

    # Loops

    def _while(self, start: int, label: str) -> syntax.Statement:
        condition = self._condition("while")
        return syntax.While(condition, self._loop_body("while"), label, extent=self.extent(start))

    def _do(self, start: int, label: str) -> syntax.Statement:
        body = self._loop_body("do")
        self.skip_newlines()
        keyword = self.keyword()
        if not self.take_keyword("while", "until"):
            message = "Missing while or until keyword in do loop."
            raise self.missing("MissingWhileOrUntilInDoWhile", message, body.extent.end)
        condition = self._condition(keyword)
        return syntax.DoLoop(body, condition, keyword == "until", label, extent=self.extent(start))

    def _for(self, start: int, label: str) -> syntax.Statement:
        self._open("for")
        parts: list[syntax.Statement | None] = []
        for index in range(3):
            self.skip_newlines()
            parts.append(self.pipeline())
            if index < 2:
                self.skip_space()
                self.take(";")
        self._close("for")
        body = self._loop_body("for")
        return syntax.For(parts[0], parts[1], parts[2], body, label, extent=self.extent(start))

    def _foreach(self, start: int, label: str) -> syntax.Statement:
        self.skip_newlines()
        parameter = PARAMETER.match(self.text, self.pos)
        if parameter:
            what = f"'foreach -{parameter[1].lower()}'"
            raise self.unknown(what, self.pos, parameter.end(), "write foreach ($a in $b) { … } instead")
        after = self._open("foreach")
        self.skip_newlines()
        variable = self.variable() if self.peek() == "$" else None
        if not isinstance(variable, syntax.Variable):
            message = f"Missing variable name after foreach.\n{_FOREACH_FORM}"
            raise self.missing("MissingVariableNameAfterForeach", message, after)
        self.skip_newlines()
        if not self.take_keyword("in"):
            message = f"Missing 'in' after variable in foreach loop.\n{_FOREACH_FORM}"
            raise self.missing("MissingInInForeach", message, variable.extent.end)
        after = self.pos
        self.skip_newlines()
        collection = self.pipeline()
        if collection is None:
            message = f"Missing expression in foreach loop.\n{_FOREACH_FORM}"
            raise self.missing("MissingForeachExpression", message, after)
        self.skip_newlines()
        if not self.take(")"):
            message = f"Missing closing ')' after expression part of foreach loop.\n{_FOREACH_FORM}"
            raise self.missing("MissingEndParenthesisAfterForeach", message, collection.extent.end)
        body = self.block()
        if body is None:
            message = f"Missing statement body in foreach loop.\n{_FOREACH_FORM}"
            raise self.missing("MissingForeachStatement", message, self.pos)
        return syntax.ForEach(variable, collection, body, label, extent=self.extent(start))

    # Errors and jumps

    def _try(self, start: int, _label: str) -> syntax.Statement:
        body = self.block()
        if body is None:
            message = "The Try statement is missing its statement block."
            raise self.missing("MissingTryStatementBlock", message, self.pos)
        catches: list[syntax.Catch] = []
        while (catch := self._catch()) is not None:
            if catches and not catches[-1].types:
                extent = catches[-1].extent
                message = "Catch block must be the last catch block."
                raise self.fail("EmptyCatchNotLast", message, extent.start, extent.start + len("catch"))
            catches.append(catch)
        place = self.pos
        self.skip_newlines()
        final = None
        if self.take_keyword("finally"):
            final = self.block()
            if final is None:
                message = "The Finally block is missing its statement block."
                raise self.missing("MissingFinallyStatementBlock", message, self.pos)
        else:
            self.pos = place
        if not catches and final is None:
            message = "The Try statement is missing its Catch or Finally block."
            raise self.missing("MissingCatchOrFinally", message, body.extent.end)
        return syntax.Try(body, tuple(catches), final, extent=self.extent(start))

    def _catch(self) -> syntax.Catch | None:
        place = self.pos
        self.skip_newlines()
        start = self.pos
        if not self.take_keyword("catch"):
            self.pos = place
            return None
        types = self._caught_types()
        body = self.block()
        if body is None:
            message = "The Catch block is missing its statement block."
            raise self.missing("MissingCatchHandlerBlock", message, self.pos)
        return syntax.Catch(types, body, extent=self.extent(start))

    def _caught_types(self) -> tuple[syntax.TypeName, ...]:
        types: list[syntax.TypeName] = []
        while True:
            after = self.pos
            self.skip_newlines()
            found = self.attribute() if self.peek() == "[" else None
            if not isinstance(found, syntax.TypeName):
                if types or found is not None:
                    raise self.missing("MissingTypeLiteralToken", "Missing type literal.", after)
                return ()
            types.append(found)
            self.skip_newlines()
            if not self.take(","):
                return tuple(types)

    def _jump(self, start: int, keyword: str) -> syntax.Statement:
        end = self.pos
        self.skip_space()
        label, value = "", None
        if keyword in ("break", "continue"):
            name = self.keyword()
            if name:
                label = self.text[self.pos : self.pos + len(name)]
                self.pos += len(name)
                self.mark("argument", self.pos - len(name))
            elif self.peek() in ("$", "'", '"', "("):
                raise self.unknown(f"'{keyword}' with a value as its label", start, end, "write the label as a word")
        else:
            value = self.pipeline()
        if label or value is not None:
            end = value.extent.end if value is not None else self.pos
        return syntax.Jump(keyword, label, value, extent=self.extent(start, end))


_JUMPS: Final = ("break", "continue", "return", "throw", "exit")
_READERS: Final = {
    "if": Statements._if,
    "switch": Statements.switch,
    "while": Statements._while,
    "do": Statements._do,
    "for": Statements._for,
    "foreach": Statements._foreach,
    "try": Statements._try,
}
_KEYWORDS: Final = frozenset((*_READERS, *_JUMPS, *_RESERVED, *_UNKNOWN, "function", "filter"))
"""The words that begin a statement. Others that are keywords elsewhere (``else``, ``process``) are commands here."""
