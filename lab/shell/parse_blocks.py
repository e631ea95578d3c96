"""Blocks of statements in a script."""

from __future__ import annotations

from lab.shell import syntax
from lab.shell.parse_pipelines import Pipelines


class Blocks(Pipelines):
    """Reads statements one after the other."""

    def statements(self) -> syntax.StatementBlock:
        """Read statements as long as there are any."""
        start = self.pos
        found: list[syntax.Statement] = []
        self.skip_terminators()
        self.begin_element()
        while not self.at_end() and self.text[self.pos] not in ")}":
            statement = self.statement()
            if statement is None:
                break
            found.append(statement)
            end = self.pos
            self.skip_terminators()
            if self.text[end - 1] == "}" or self.text[end : self.pos].strip(" \t"):
                self.begin_element()
        extent = self.extent(found[0].extent.start, found[-1].extent.end) if found else self.extent(start, start)
        return syntax.StatementBlock(tuple(found), extent=extent)

    def statement_block(self, closing: str) -> syntax.StatementBlock:
        block = self.statements()
        if closing == "}" and not self.at_end() and self.peek() != closing:
            raise self.unexpected()
        return block

    def block(self) -> syntax.StatementBlock | None:
        """Read ``{ … }`` of a statement; None if there is none."""
        place = self.pos
        self.skip_newlines()
        start = self.pos
        if not self.take("{"):
            self.pos = place
            return None
        inner = self.statement_block("}")
        if not self.take("}"):
            message = "Missing closing '}' in statement block or type definition."
            raise self.missing("MissingEndCurlyBrace", message, start, start + 1)
        return syntax.StatementBlock(inner.statements, extent=self.extent(start))
