"""The statement ``switch`` of a script (about_Switch)."""

from __future__ import annotations

import re
from typing import Final

from lab.shell import syntax
from lab.shell.lexer import DASHES
from lab.shell.parse_blocks import Blocks

PARAMETER: Final = re.compile(rf"[{DASHES}]([A-Za-z]+)")
_MODES: Final = {"regex": "regex", "wildcard": "wildcard", "exact": "exact", "casesensitive": ""}


class Switches(Blocks):
    """Reads ``switch``."""

    def switch(self, start: int, label: str) -> syntax.Statement:
        """Read what follows ``switch``."""
        mode, case_sensitive = self._switch_parameters()
        subject = self._switch_subject()
        clauses, default = self._switch_clauses()
        extent = self.extent(start)
        return syntax.Switch(subject, clauses, default, mode, case_sensitive, label, extent=extent)

    def _switch_parameters(self) -> tuple[str, bool]:
        mode, case_sensitive = "", False
        self.skip_newlines()
        while found := PARAMETER.match(self.text, self.pos):
            self.mark("parameter", self.pos, found.end())
            written = found[1].lower()
            for name in ("file", "parallel"):
                if name.startswith(written):
                    remedy = (
                        "read the lines beforehand, and give them in parentheses" if name == "file" else "leave it out"
                    )
                    raise self.unknown(f"'switch -{name}'", self.pos, found.end(), remedy)
            names = [name for name in _MODES if name.startswith(written)]
            if not names:
                message = f"The parameter {found[1]} is not valid for the switch statement."
                raise self.fail("InvalidSwitchFlag", message, self.pos, found.end())
            mode = _MODES[names[0]] or mode
            case_sensitive = case_sensitive or names[0] == "casesensitive"
            self.pos = found.end()
            self.skip_newlines()
        return mode, case_sensitive

    def _switch_subject(self) -> syntax.Statement:
        message = "A switch statement must have one of the following:  '-file file_name' or '( expression )'."
        if not self.take("("):
            raise self.missing("PipelineValueRequired", message, self.pos)
        after = self.pos
        self.skip_newlines()
        subject = self.pipeline()
        if subject is None:
            raise self.missing("PipelineValueRequired", message, after)
        self.skip_newlines()
        if not self.take(")"):
            message = "Missing ')' after expression in switch statement."
            raise self.missing("MissingEndParenthesisInSwitchStatement", message, subject.extent.end)
        return subject

    def _switch_clauses(
        self,
    ) -> tuple[tuple[tuple[syntax.Expression, syntax.StatementBlock], ...], syntax.StatementBlock | None]:
        after = self.pos
        self.skip_newlines()
        start = self.pos
        if not self.take("{"):
            raise self.missing("MissingCurlyBraceInSwitchStatement", "Missing '{' in switch statement.", after)
        clauses: list[tuple[syntax.Expression, syntax.StatementBlock]] = []
        default = None
        self.skip_newlines()
        while True:
            place = self.pos
            if self.take_keyword("default"):
                if default is not None:
                    message = "A switch statement can have only one default clause."
                    raise self.fail("MultipleSwitchDefaultClauses", message, place, self.pos)
                default = self._switch_block()
            else:
                clauses.append(self._switch_clause())
            self.skip_terminators()
            if self.take("}"):
                return tuple(clauses), default
            if self.at_end():
                message = "Missing closing '}' in statement block or type definition."
                raise self.unfinished("MissingEndCurlyBrace", message, start, start + 1)

    def _switch_clause(self) -> tuple[syntax.Expression, syntax.StatementBlock]:
        test = self.single_argument()
        if test is None:
            message = "Missing condition in switch statement clause."
            raise self.missing("MissingSwitchConditionExpression", message, self.pos)
        return test, self._switch_block()

    def _switch_block(self) -> syntax.StatementBlock:
        body = self.block()
        if body is None:
            message = "Missing statement block in switch statement clause."
            raise self.missing("MissingSwitchStatementClause", message, self.pos)
        return body
